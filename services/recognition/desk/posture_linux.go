package desk

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// LookAtSystem tells how this workstation is protected, as far as its system tells anybody.
func LookAtSystem() Posture {
	host, _ := os.Hostname()
	l := look{root: os.DirFS("/"), unit: unitState, run: runQuietly, desktop: os.Getenv("XDG_CURRENT_DESKTOP")}
	return Posture{Name: host, System: l.system(), States: map[string]string{
		"disk": l.disk(), "firewall": l.firewall(), "updates": l.updates(time.Now()), "screen": l.screen(),
	}}
}

// look reads a system; the fields are what it reads, so that tests can show it others.
type look struct {
	root    fs.FS
	unit    func(name string) string                                // "active", "inactive", "" when nobody tells
	run     func(name string, args ...string) (out string, ok bool) // a program that only tells
	desktop string                                                  // XDG_CURRENT_DESKTOP
}

func (l look) file(name string) (string, bool) {
	b, err := fs.ReadFile(l.root, name)
	return string(b), err == nil
}

func (l look) system() string {
	text, _ := l.file("etc/os-release")
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return "Linux"
}

// disk looks at what the files of people stand on: /home where it is a file system of its own, else /. A device of dm-crypt somewhere
// below counts; a disk that encrypts itself does not tell.
func (l look) disk() string {
	text, ok := l.file("proc/self/mountinfo")
	if !ok {
		return unknown
	}
	device, home := "", false
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 5 || f[4] != "/" && f[4] != "/home" || home && f[4] == "/" {
			continue
		}
		device, home = f[2], f[4] == "/home"
	}
	if device == "" || strings.HasPrefix(device, "0:") {
		return unknown // a file system without a device of its own
	}
	target, err := fs.ReadLink(l.root, "sys/dev/block/"+device)
	if err != nil {
		return unknown
	}
	return l.encrypted(path.Join("sys/dev/block", target), 0)
}

// encrypted walks down the devices that one stands on.
func (l look) encrypted(dir string, depth int) string {
	if uuid, ok := l.file(dir + "/dm/uuid"); ok && strings.HasPrefix(uuid, "CRYPT-") {
		return good
	}
	below, err := fs.ReadDir(l.root, dir+"/slaves")
	if err != nil && !strings.Contains(dir, "/dm-") {
		return bad // a partition: it stands on nothing but the disk
	}
	all := bad
	for _, d := range below {
		target, err := fs.ReadLink(l.root, dir+"/slaves/"+d.Name())
		if err != nil || depth > 8 {
			return unknown
		}
		if all = l.encrypted(path.Join(dir, "slaves", target), depth+1); all != good {
			return all // one part in clear is enough
		}
	}
	return all
}

// firewall asks who usually keeps one. Rules that somebody loads by hand are nobody's to read without rights: unknown.
func (l look) firewall() string {
	if text, ok := l.file("etc/ufw/ufw.conf"); ok && strings.Contains(strings.ToLower(strings.ReplaceAll(text, " ", "")), "enabled=yes") {
		return good
	}
	told := false
	for _, unit := range []string{"firewalld.service", "nftables.service", "ufw.service"} {
		switch l.unit(unit) {
		case "active":
			if unit != "ufw.service" { // that one is active whether or not it is enabled
				return good
			}
		case "":
			continue
		}
		told = true
	}
	if !told {
		return unknown
	}
	return bad
}

// unitState asks systemd.
func unitState(name string) string {
	bus, err := dbus.ConnectSystemBus()
	if err != nil {
		return ""
	}
	defer bus.Close()
	var unit dbus.ObjectPath
	const manager = "org.freedesktop.systemd1.Manager"
	if bus.Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1").Call(manager+".LoadUnit", 0, name).Store(&unit) != nil {
		return ""
	}
	state, err := bus.Object("org.freedesktop.systemd1", unit).GetProperty("org.freedesktop.systemd1.Unit.ActiveState")
	if err != nil {
		return ""
	}
	text, _ := state.Value().(string)
	return text
}

// updates asks apt what it would install, without a network; other systems do not tell without rights.
func (l look) updates(now time.Time) string {
	if _, err := fs.Stat(l.root, "run/reboot-required"); err == nil {
		return bad
	}
	lists, err := fs.Stat(l.root, "var/lib/apt/lists")
	if err != nil || now.Sub(lists.ModTime()) > staleLists {
		return unknown
	}
	out, ok := l.run("apt-get", "--simulate", "--no-download", "-q", "upgrade")
	if !ok {
		return unknown
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "Inst ") && strings.Contains(strings.ToLower(line), "security") {
			return bad
		}
	}
	return good
}

// screen asks GNOME and its kin, while one of them runs; other desktops do not tell in one way.
func (l look) screen() string {
	if !strings.Contains(l.desktop, "GNOME") && !strings.Contains(l.desktop, "Unity") {
		return unknown
	}
	lock, ok := l.run("gsettings", "get", "org.gnome.desktop.screensaver", "lock-enabled")
	if !ok {
		return unknown
	}
	idle, ok := l.run("gsettings", "get", "org.gnome.desktop.session", "idle-delay")
	if !ok {
		return unknown
	}
	return either(strings.TrimSpace(lock) == "true" && strings.TrimSpace(idle) != "uint32 0")
}

// runQuietly runs a program that only tells, for at most a quarter of a minute.
func runQuietly(name string, args ...string) (string, bool) {
	ctx, stop := context.WithTimeout(context.Background(), 15*time.Second)
	defer stop()
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), "LC_ALL=C")
	var out bytes.Buffer
	c.Stdout = &limited{&out, 1 << 20}
	err := c.Run()
	return out.String(), err == nil
}
