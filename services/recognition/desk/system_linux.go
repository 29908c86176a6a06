package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const desktopName = "rempart-desk"

// OpenPage opens an address in the person's browser.
func OpenPage(address string) error {
	if !isPage(address) {
		return errAddress
	}
	return start("xdg-open", []string{address})
}

// readers are the programs that give what was copied, by session: Wayland's, then X11's. None belongs to this one.
var readers = map[bool][][]string{
	false: {{"wl-paste", "--no-newline"}, {"xclip", "-out", "-selection", "clipboard"}, {"xsel", "--output", "--clipboard"}},
	true:  {{"wl-paste", "--no-newline", "--primary"}, {"xclip", "-out", "-selection", "primary"}, {"xsel", "--output", "--primary"}},
}

// Copied gives what was copied, or what is selected.
func Copied(selected bool) (string, error) {
	for _, r := range readers[selected] {
		if r[0] == "wl-paste" && os.Getenv("WAYLAND_DISPLAY") == "" {
			continue
		}
		path, err := exec.LookPath(r[0])
		if err != nil {
			continue
		}
		ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
		defer stop()
		var out bytes.Buffer
		c := exec.CommandContext(ctx, path, r[1:]...)
		c.Stdout = &limited{&out, 4096}
		err = c.Run()
		return out.String(), err
	}
	return "", errors.New("desk: nothing here reads the clipboard: install wl-clipboard, xclip or xsel")
}

// schemes are the links that lead to the agent.
var schemes = []string{"tel", "callto", "sip"}

func applications() (string, error) {
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "applications"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "applications"), err
}

// InstallHandler makes this program the one that opens tel:, callto: and sip: links (Desktop Entry Specification 1.5). A link stands
// behind "--": whatever it holds, it is no option.
func InstallHandler(program string, args ...string) error {
	folder, err := applications()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // other programs of the person read it
		return err
	}
	command := []string{quoted(program)}
	for _, a := range args {
		command = append(command, quoted(a))
	}
	entry := "[Desktop Entry]\nType=Application\nName=Rempart\nGenericName=Telephone\nGenericName[fr]=Téléphone\nNoDisplay=true\nTerminal=false\n" +
		"Exec=" + strings.Join(command, " ") + " -- %u\nMimeType=x-scheme-handler/" + strings.Join(schemes, ";x-scheme-handler/") + ";\n"
	file := filepath.Join(folder, desktopName+".desktop")
	if err := os.WriteFile(file, []byte(entry), 0o644); err != nil { //nolint:gosec // as above
		return err
	}
	for _, s := range schemes {
		if out, err := exec.Command("xdg-mime", "default", desktopName+".desktop", "x-scheme-handler/"+s).CombinedOutput(); err != nil { //nolint:noctx // short
			return fmt.Errorf("desk: xdg-mime: %w: %s", err, bytes.TrimSpace(out))
		}
	}
	return nil
}

// RemoveHandler takes the entry away; another program opens such links then.
func RemoveHandler() error {
	folder, err := applications()
	if err != nil {
		return err
	}
	err = os.Remove(filepath.Join(folder, desktopName+".desktop"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// quoted writes an argument of an Exec line.
func quoted(arg string) string {
	if !strings.ContainsAny(arg, " \t\n\"'\\><~|&;$*?#()`%") {
		return arg
	}
	return `"` + strings.NewReplacer(`\`, `\\\\`, `"`, `\\"`, "`", "\\\\`", "$", `\\$`, "%", "%%").Replace(arg) + `"`
}

// Alone makes sure that one agent works in a folder; it holds until the returned function is called or the program ends.
func Alone(folder string) (release func(), err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(folder, "desk.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(ErrTwice, f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// SystemLanguage is not told here but by the environment.
func SystemLanguage() string { return "" }

// LeaveConsole has nothing to leave: a session opens no window for a program.
func LeaveConsole() {}
