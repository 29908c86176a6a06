//go:build !linux && !windows

package desk

import "errors"

var errElsewhere = errors.New("desk: this system is not served yet")

// OpenPage opens nothing here.
func OpenPage(string) error { return errElsewhere }

// Copied reads nothing here.
func Copied(bool) (string, error) { return "", errElsewhere }

// InstallHandler installs nothing here.
func InstallHandler(string, ...string) error { return errElsewhere }

// RemoveHandler removes nothing here.
func RemoveHandler() error { return errElsewhere }

// Alone cannot tell here.
func Alone(string) (func(), error) { return nil, errElsewhere }

// OpenNotifier shows nothing here.
func OpenNotifier(string, string, ...string) (Notifier, error) { return nil, ErrNoNotices }

// LeaveConsole leaves nothing here.
func LeaveConsole() {}

// SystemLanguage is not told here.
func SystemLanguage() string { return "" }

// LookAtSystem knows nothing here.
func LookAtSystem() Posture {
	return Posture{System: "unknown", States: map[string]string{"disk": unknown, "firewall": unknown, "updates": unknown, "screen": unknown}}
}
