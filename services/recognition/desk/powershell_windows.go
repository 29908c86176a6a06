package desk

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"
)

// powershell runs a constant script of ours by the PowerShell of the system, without a window. What a script is about comes in the
// environment; what it writes to its errors may be about persons and is dropped.
func powershell(ctx context.Context, script string, env ...string) (string, error) {
	system, err := windows.GetSystemDirectory()
	if err != nil {
		return "", err
	}
	c := exec.CommandContext(ctx, filepath.Join(system, `WindowsPowerShell\v1.0\powershell.exe`), "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", script)
	c.Env = append(os.Environ(), env...)
	c.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
	var out bytes.Buffer
	c.Stdout = &limited{&out, 64 << 10}
	if err := c.Run(); err != nil {
		return out.String(), fmt.Errorf("desk: PowerShell: %w", err) // what it said until then stands
	}
	return out.String(), nil
}
