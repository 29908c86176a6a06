package desk

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows/registry"
)

// LookAtSystem tells how this workstation is protected, as far as Windows tells anybody who is no administrator.
func LookAtSystem() Posture {
	host, _ := os.Hostname()
	words := told(askSystem())
	return Posture{Name: host, System: product(), States: map[string]string{
		"disk": bitLocker(words), "firewall": windowsFirewall(number), "updates": windowsUpdates(words, restart()), "screen": screenLock(),
	}}
}

// askSystem asks about the drive that the person's files stand on. Counting updates takes Windows a while.
func askSystem() string {
	home, _ := os.UserHomeDir()
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	out, _ := powershell(ctx, postureScript, postureDrive+"="+filepath.VolumeName(home))
	return out
}

func number(path, name string) (uint64, bool) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return 0, false
	}
	defer k.Close()
	n, _, err := k.GetIntegerValue(name)
	return n, err == nil
}

func product() string {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows NT\CurrentVersion`, registry.QUERY_VALUE)
	if err != nil {
		return windowsName("", "")
	}
	defer k.Close()
	name, _, _ := k.GetStringValue("ProductName")
	build, _, _ := k.GetStringValue("CurrentBuild")
	return windowsName(name, build)
}

// restart tells whether an update waits for one.
func restart() bool {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired`, registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	_ = k.Close()
	return true
}

// screenLock: the policy of the machine first, then the person's own screen saver. Neither set tells nothing.
func screenLock() string {
	if k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`, registry.QUERY_VALUE); err == nil {
		seconds, _, err := k.GetIntegerValue("InactivityTimeoutSecs")
		_ = k.Close()
		if err == nil && seconds > 0 {
			return good
		}
	}
	k, err := registry.OpenKey(registry.CURRENT_USER, `Control Panel\Desktop`, registry.QUERY_VALUE)
	if err != nil {
		return unknown
	}
	defer k.Close()
	secure, _, err := k.GetStringValue("ScreenSaverIsSecure")
	if err != nil {
		return unknown
	}
	active, _, _ := k.GetStringValue("ScreenSaveActive")
	return either(secure == "1" && active == "1")
}
