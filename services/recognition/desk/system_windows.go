package desk

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
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
	consoleList = kernel32.NewProc("GetConsoleProcessList")
	freeConsole = kernel32.NewProc("FreeConsole")
)

const unicodeText = 13 // CF_UNICODETEXT

// Copied gives what was copied. Windows has no selection apart from it.
func Copied(selected bool) (string, error) {
	if selected {
		return "", errors.New("desk: this system does not tell what is selected: copy it")
	}
	runtime.LockOSThread() // the clipboard is open for a thread
	defer runtime.UnlockOSThread()
	if err := openClipboard(); err != nil {
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

// openClipboard waits for a program that has it open just now.
func openClipboard() error {
	for try := 0; ; try++ {
		ok, _, err := openClip.Call(0)
		if ok != 0 || try == 10 {
			if ok == 0 {
				return err
			}
			return nil
		}
		time.Sleep(30 * time.Millisecond)
	}
}

var schemes = []string{"tel", "callto", "sip"}

const (
	progID       = `Rempart.Call`
	capabilities = `Software\Rempart\Desk\Capabilities`
)

const opens = `\shell\open\command`

// opener is the command line that opens a link.
func opener(program string, args []string) string {
	command := `"` + program + `"`
	for _, a := range args {
		command += " " + syscall.EscapeArg(a)
	}
	return command + ` -- "%1"`
}

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
	links := map[string]string{}
	for _, s := range schemes {
		links[s] = progID
	}
	for _, step := range []struct {
		path   string
		values map[string]string
	}{
		{`Software\Classes\` + progID, map[string]string{"": "Rempart", "URL Protocol": ""}},
		{`Software\Classes\` + progID + opens, map[string]string{"": opener(program, args)}},
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

// RemoveHandler takes the offer back, and what notices need.
func RemoveHandler() error {
	if k, err := registry.OpenKey(registry.CURRENT_USER, `Software\RegisteredApplications`, registry.SET_VALUE); err == nil {
		_ = k.DeleteValue("Rempart Desk")
		_ = k.Close()
	}
	paths := []string{capabilities + `\URLAssociations`, capabilities, `Software\Rempart\Desk`, appKey}
	for _, class := range []string{progID, choiceScheme} {
		for _, below := range []string{opens, `\shell\open`, `\shell`, ``} {
			paths = append(paths, `Software\Classes\`+class+below)
		}
	}
	for _, path := range paths {
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

// SystemLanguage is the language in which Windows speaks to the person: "fr-FR".
func SystemLanguage() string {
	names, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil || len(names) == 0 {
		return ""
	}
	return names[0]
}

// LeaveConsole closes the window that Windows opened for this program alone, at the start of a session; one that others use stays.
func LeaveConsole() {
	var processes [2]uint32
	if n, _, _ := consoleList.Call(uintptr(unsafe.Pointer(&processes[0])), uintptr(len(processes))); n == 1 {
		_, _, _ = freeConsole.Call()
	}
}
