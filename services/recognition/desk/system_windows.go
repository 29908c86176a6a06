package desk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// OpenPage opens an address in the person's browser.
func OpenPage(address string) error {
	if !isPage(address) {
		return errAddress
	}
	verb, file := windows.StringToUTF16Ptr("open"), windows.StringToUTF16Ptr(address)
	return windows.ShellExecute(0, verb, file, nil, nil, windows.SW_SHOWNORMAL)
}

var (
	user32      = windows.NewLazySystemDLL("user32.dll")
	kernel32    = windows.NewLazySystemDLL("kernel32.dll")
	openClip    = user32.NewProc("OpenClipboard")
	closeClip   = user32.NewProc("CloseClipboard")
	getClip     = user32.NewProc("GetClipboardData")
	globalLock  = kernel32.NewProc("GlobalLock")
	globalUnlok = kernel32.NewProc("GlobalUnlock")
	globalSize  = kernel32.NewProc("GlobalSize")
)

const unicodeText = 13 // CF_UNICODETEXT

// Copied gives what was copied. Windows has no selection apart from it.
func Copied(selected bool) (string, error) {
	if selected {
		return "", errors.New("desk: this system does not tell what is selected: copy it")
	}
	if ok, _, err := openClip.Call(0); ok == 0 {
		return "", err
	}
	defer closeClip.Call() //nolint:errcheck // nothing to do
	h, _, _ := getClip.Call(unicodeText)
	if h == 0 {
		return "", ErrNoNumber
	}
	p, _, err := globalLock.Call(h)
	if p == 0 {
		return "", err
	}
	defer globalUnlok.Call(h) //nolint:errcheck // as above
	size, _, _ := globalSize.Call(h)
	units := min(int(size)/2, 2048)
	//nolint:govet // the address is the system's and stays until it is unlocked
	text := unsafe.Slice((*uint16)(*(*unsafe.Pointer)(unsafe.Pointer(&p))), units)
	return windows.UTF16ToString(text), nil
}

var schemes = []string{"tel", "callto", "sip"}

const (
	progID       = `Rempart.Call`
	capabilities = `Software\Rempart\Desk\Capabilities`
)

func set(path string, values map[string]string) error {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, path, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	for name, value := range values {
		if err := k.SetStringValue(name, value); err != nil {
			return err
		}
	}
	return nil
}

// InstallHandler offers this program for tel:, callto: and sip: links, for this person only. Windows has the person choose it once. A link
// stands behind "--": one that closes the quotation begins no option.
func InstallHandler(program string, args ...string) error {
	command := `"` + program + `"`
	for _, a := range args {
		command += " " + syscall.EscapeArg(a)
	}
	links := map[string]string{}
	for _, s := range schemes {
		links[s] = progID
	}
	for _, step := range []struct {
		path   string
		values map[string]string
	}{
		{`Software\Classes\` + progID, map[string]string{"": "Rempart", "URL Protocol": ""}},
		{`Software\Classes\` + progID + `\shell\open\command`, map[string]string{"": command + ` -- "%1"`}},
		{capabilities, map[string]string{"ApplicationName": "Rempart", "ApplicationDescription": "Telephone"}},
		{capabilities + `\URLAssociations`, links},
		{`Software\RegisteredApplications`, map[string]string{"Rempart Desk": capabilities}},
	} {
		if err := set(step.path, step.values); err != nil {
			return err
		}
	}
	return nil
}

// RemoveHandler takes the offer back.
func RemoveHandler() error {
	if k, err := registry.OpenKey(registry.CURRENT_USER, `Software\RegisteredApplications`, registry.SET_VALUE); err == nil {
		_ = k.DeleteValue("Rempart Desk")
		_ = k.Close()
	}
	for _, path := range []string{
		capabilities + `\URLAssociations`, capabilities, `Software\Rempart\Desk`,
		`Software\Classes\` + progID + `\shell\open\command`, `Software\Classes\` + progID + `\shell\open`, `Software\Classes\` + progID + `\shell`, `Software\Classes\` + progID,
	} {
		if err := registry.DeleteKey(registry.CURRENT_USER, path); err != nil && !errors.Is(err, registry.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Alone makes sure that one agent works in a folder: the file is opened for nobody else.
func Alone(folder string) (release func(), err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	name, err := windows.UTF16PtrFromString(filepath.Join(folder, "desk.lock"))
	if err != nil {
		return nil, err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil, windows.OPEN_ALWAYS, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		return nil, ErrTwice
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = windows.CloseHandle(h) }, nil
}

// OpenNotifier has nothing to offer on this system yet: the installed page of the platform shows who is calling there.
func OpenNotifier() (Notifier, error) { return nil, ErrNoNotices }

// LookAtSystem tells how this workstation is protected, as far as the registry tells anybody. Whether the disk is encrypted, only an
// administrator is told: unknown.
func LookAtSystem() Posture {
	host, _ := os.Hostname()
	return Posture{Name: host, System: product(), States: map[string]string{"disk": unknown, "firewall": firewall(), "updates": updates(), "screen": screen()}}
}

func product() string {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows NT\CurrentVersion`, registry.QUERY_VALUE)
	if err != nil {
		return "Windows"
	}
	defer k.Close()
	name, _, _ := k.GetStringValue("ProductName")
	build, _, _ := k.GetStringValue("CurrentBuild")
	return strings.TrimSpace(name + " " + build)
}

func firewall() string {
	for _, profile := range []string{"DomainProfile", "StandardProfile", "PublicProfile"} {
		k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\`+profile, registry.QUERY_VALUE)
		if err != nil {
			return unknown
		}
		on, _, err := k.GetIntegerValue("EnableFirewall")
		_ = k.Close()
		if err != nil {
			return unknown
		}
		if on == 0 {
			return bad
		}
	}
	return good
}

// updates: one that waits for a restart is missing; whether others wait, the registry does not tell.
func updates() string {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired`, registry.QUERY_VALUE)
	if err != nil {
		return unknown
	}
	_ = k.Close()
	return bad
}

// screen: the policy of the machine first, then the person's own screen saver. Neither set tells nothing.
func screen() string {
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
