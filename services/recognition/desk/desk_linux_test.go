package desk

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rempart/rempart/services/recognition/pop"
)

// runs starts a program for the length of a test and gives the first line that it writes.
func runs(t *testing.T, first bool, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	c := exec.Command(name, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	if !first {
		return ""
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s said nothing: %v", name, err)
	}
	return strings.TrimSpace(line)
}

// session is a desktop: a display, a bus, and a notification service.
func session(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("dunst"); err != nil {
		t.Skip("dunst is not installed")
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "800x600x24", "-nolisten", "tcp")
	x.ExtraFiles, x.SysProcAttr = []*os.File{write}, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := x.Start(); err != nil {
		t.Skipf("Xvfb: %v", err)
	}
	t.Cleanup(func() { _ = x.Process.Kill(); _ = x.Wait() })
	write.Close()
	display, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb gave no display: %v", err)
	}
	t.Setenv("DISPLAY", ":"+strings.TrimSpace(display))
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", runs(t, true, "dbus-daemon", "--session", "--nofork", "--print-address=1"))
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	runs(t, false, "dunst")
	until(t, "dunst is there", func() bool { return exec.Command("dunstctl", "is-paused").Run() == nil })
}

func displayed(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("dunstctl", "count", "displayed").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestANoticeIsShownAndItsButtonsActWithDunst plays a call on a real desktop: the notice appears, a click opens the card, and when
// somebody answers it goes.
func TestANoticeIsShownAndItsButtonsActWithDunst(t *testing.T) {
	session(t)
	n, err := OpenNotifier("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	rings, opened := make(chan Ring), make(chan string, 1)
	a := &Agent{
		Platform: &stream{rings: rings}, Notifier: n, Keep: signedIn(t, "https://trust.example.org"), Log: silence,
		Open: func(address string) error { opened <- address; return nil },
	}
	ended := make(chan error, 1)
	ctx := t.Context()
	go func() { ended <- a.Run(ctx) }()
	ring := Ring{
		Call: "c1", State: "ringing", Pop: true, Live: true, Title: "Marie Durand", Body: "Société : <b>Durand & fils</b>\n+33 6 12 34 56 78",
		Actions: []pop.Action{{Script: "s1", Title: "Open the card", Kind: pop.Open, URL: "https://crm.example.org/c/12"}, {Script: "s2", Title: "Ignore", Kind: pop.Call, By: pop.ByPlatform}},
	}
	began := time.Now()
	rings <- ring
	until(t, "the notice is shown", func() bool { return displayed(t) == "1" })
	t.Logf("shown %v after the call was told, two calls of dunstctl included", time.Since(began).Round(time.Millisecond))
	rings <- ring // told again after a reconnection
	if got := displayed(t); got != "1" {
		t.Errorf("%s notices for one call", got)
	}
	if err := exec.Command("dunstctl", "action", "0").Run(); err != nil {
		t.Fatal(err)
	}
	select {
	case address := <-opened:
		if address != "https://crm.example.org/c/12" {
			t.Errorf("opened %q", address)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a click on the notice does nothing")
	}
	ring.State, ring.Pop, ring.Call = "ringing", true, "c2"
	rings <- ring
	until(t, "the second notice is shown", func() bool { return displayed(t) != "0" })
	ring.State, ring.Pop = "answered", false
	rings <- ring
	until(t, "the notice goes when somebody answers", func() bool { return displayed(t) == "0" })
	history, err := exec.Command("dbus-send", "--session", "--print-reply=literal", "--dest=org.freedesktop.Notifications", // dunstctl asks a program of systemd for it
		"/org/freedesktop/Notifications", "org.dunstproject.cmd0.NotificationListHistory").Output()
	if err != nil {
		t.Fatal(err)
	}
	if text := string(history); !strings.Contains(text, "Marie Durand") || !strings.Contains(text, "Durand &amp; fils") && !strings.Contains(text, "Durand & fils") || strings.Contains(text, "<b>Durand") {
		t.Errorf("dunst showed %s", text)
	}
}

// TestLinksOfTelephonesLeadHere: after the installation, what opens links opens them with the program, as one argument.
func TestLinksOfTelephonesLeadHere(t *testing.T) {
	for _, needed := range []string{"xdg-mime", "xdg-open"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skipf("%s is not installed", needed)
		}
	}
	session(t)
	home := t.TempDir()
	for name, folder := range map[string]string{"HOME": home, "XDG_DATA_HOME": filepath.Join(home, "data"), "XDG_CONFIG_HOME": filepath.Join(home, "config"), "XDG_CURRENT_DESKTOP": "", "DESKTOP_SESSION": ""} {
		t.Setenv(name, folder)
	}
	_ = os.MkdirAll(filepath.Join(home, "config"), 0o700)
	said := filepath.Join(home, "said")
	program := filepath.Join(home, "program") // xdg-open itself cannot start one whose path has a space
	if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s|' \"$@\" > '"+said+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := InstallHandler(program, "desk", "dial"); err != nil {
		t.Fatal(err)
	}
	for _, scheme := range schemes {
		out, err := exec.Command("xdg-mime", "query", "default", "x-scheme-handler/"+scheme).Output()
		if err != nil || strings.TrimSpace(string(out)) != desktopName+".desktop" {
			t.Errorf("%s: is opened by %q (%v)", scheme, out, err)
		}
	}
	if validate, err := exec.LookPath("desktop-file-validate"); err == nil {
		if out, err := exec.Command(validate, filepath.Join(home, "data/applications", desktopName+".desktop")).CombinedOutput(); err != nil {
			t.Errorf("the desktop entry is not valid: %s", out)
		}
	}
	if out, err := exec.Command("xdg-open", "tel:+33612345678").CombinedOutput(); err != nil {
		t.Fatalf("xdg-open: %v: %s", err, out)
	}
	until(t, "the program was called", func() bool { b, _ := os.ReadFile(said); return len(b) > 0 })
	if b, _ := os.ReadFile(said); string(b) != "desk|dial|--|tel:+33612345678|" {
		t.Errorf("it was called with %q", b)
	}
	if err := errors.Join(RemoveHandler(), RemoveHandler()); err != nil {
		t.Error(err)
	}
}

func TestWhatWasCopiedIsRead(t *testing.T) {
	if _, err := exec.LookPath("xclip"); err != nil {
		t.Skip("xclip is not installed")
	}
	session(t)
	c := exec.Command("xclip", "-in", "-selection", "clipboard")
	c.Stdin = strings.NewReader("06 12 34 56 78\n")
	err := c.Run()
	if err != nil {
		t.Fatal(err)
	}
	var text string
	until(t, "what was copied is there to be read", func() bool { text, err = Copied(false); return err == nil })
	if number, err := NumberIn(text); err != nil || number != "0612345678" {
		t.Errorf("copied %q gives %q (%v)", text, number, err)
	}
}

func TestOneAgentAtATime(t *testing.T) {
	folder := t.TempDir()
	release, err := Alone(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Alone(folder); !errors.Is(err, ErrTwice) {
		t.Errorf("a second one: %v", err)
	}
	release()
	again, err := Alone(folder)
	if err != nil {
		t.Fatalf("after the first ended: %v", err)
	}
	again()
}

func link(to string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(to), Mode: os.ModeSymlink} }
func text(s string) *fstest.MapFile  { return &fstest.MapFile{Data: []byte(s)} }

// TestUnknownIsNeverTakenForGood: each protection says good only where the system says so.
func TestUnknownIsNeverTakenForGood(t *testing.T) {
	const devices = "sys/devices/virtual/block/"
	root := "21 1 254:0 / / rw - ext4 /dev/x rw\n"
	disks := map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"nothing to read": {fstest.MapFS{}, unknown},
		"in clear": {fstest.MapFS{
			"proc/self/mountinfo": text(root), "sys/dev/block/254:0": link("../../devices/virtual/block/vda1"), devices + "vda1/size": text("1"),
		}, bad},
		"LVM on LUKS": {fstest.MapFS{
			"proc/self/mountinfo": text(root), "sys/dev/block/254:0": link("../../devices/virtual/block/dm-1"), devices + "dm-1/dm/uuid": text("LVM-abc"),
			devices + "dm-1/slaves/dm-0": link("../../dm-0"), devices + "dm-0/dm/uuid": text("CRYPT-LUKS2-abc"),
		}, good},
		"LVM on a disk and on LUKS": {fstest.MapFS{
			"proc/self/mountinfo": text(root), "sys/dev/block/254:0": link("../../devices/virtual/block/dm-1"), devices + "dm-1/dm/uuid": text("LVM-abc"),
			devices + "dm-1/slaves/dm-0": link("../../dm-0"), devices + "dm-0/dm/uuid": text("CRYPT-LUKS2-abc"), devices + "dm-1/slaves/vda2": link("../../vda2"), devices + "vda2/size": text("1"),
		}, bad},
		"no device of its own": {fstest.MapFS{"proc/self/mountinfo": text("21 1 0:31 / / rw - overlay overlay rw\n")}, unknown},
	}
	for name, c := range disks {
		if got := (look{root: c.files}).disk(); got != c.want {
			t.Errorf("disk, %s: %s, want %s", name, got, c.want)
		}
	}
}

// TestAFirewallIsSeenWhereItTells so.
func TestAFirewallIsSeenWhereItTells(t *testing.T) {
	units := func(states map[string]string) func(string) string { return func(u string) string { return states[u] } }
	for name, c := range map[string]struct {
		files  fstest.MapFS
		states map[string]string
		want   string
	}{
		"nobody tells":     {fstest.MapFS{}, nil, unknown},
		"firewalld":        {fstest.MapFS{}, map[string]string{"firewalld.service": "active"}, good},
		"ufw enabled":      {fstest.MapFS{"etc/ufw/ufw.conf": text("# x\nENABLED=yes\n")}, nil, good},
		"ufw not enabled":  {fstest.MapFS{"etc/ufw/ufw.conf": text("ENABLED=no\n")}, map[string]string{"ufw.service": "active", "nftables.service": "inactive"}, bad},
		"all are inactive": {fstest.MapFS{}, map[string]string{"ufw.service": "inactive", "nftables.service": "inactive", "firewalld.service": "inactive"}, bad},
	} {
		if got := (look{root: c.files, unit: units(c.states)}).firewall(); got != c.want {
			t.Errorf("firewall, %s: %s, want %s", name, got, c.want)
		}
	}
}

// TestUpdatesAndScreensAreSeenWhereTheyTell so.
func TestUpdatesAndScreensAreSeenWhereTheyTell(t *testing.T) {
	now := time.Now()
	lists := fstest.MapFS{"var/lib/apt/lists/x": {ModTime: now}, "var/lib/apt/lists": {Mode: os.ModeDir, ModTime: now.Add(-time.Hour)}}
	stale := fstest.MapFS{"var/lib/apt/lists": {Mode: os.ModeDir, ModTime: now.Add(-30 * 24 * time.Hour)}}
	says := func(out string, ok bool) func(string, ...string) (string, bool) {
		return func(string, ...string) (string, bool) { return out, ok }
	}
	for name, c := range map[string]struct {
		look look
		want string
	}{
		"no apt":     {look{root: fstest.MapFS{}, run: says("", true)}, unknown},
		"old lists":  {look{root: stale, run: says("", true)}, unknown},
		"apt fails":  {look{root: lists, run: says("", false)}, unknown},
		"none waits": {look{root: lists, run: says("0 upgraded\n", true)}, good},
		"one waits":  {look{root: lists, run: says("Inst openssl [3.0.1] (3.0.2 Debian-Security:12/stable-security [amd64])\n", true)}, bad},
		"a restart":  {look{root: fstest.MapFS{"run/reboot-required": text("")}, run: says("", true)}, bad},
	} {
		if got := c.look.updates(now); got != c.want {
			t.Errorf("updates, %s: %s, want %s", name, got, c.want)
		}
	}
	if got := (look{run: says("true\n", true), desktop: ""}).screen(); got != unknown {
		t.Errorf("the defaults of a desktop that does not run say %s", got)
	}
	if got := (look{run: says("", false), desktop: "GNOME"}).screen(); got != unknown {
		t.Errorf("a desktop that does not answer says %s", got)
	}
	var b bytes.Buffer
	if n, err := (&limited{&b, 3}).Write([]byte("12345")); n != 5 || err != nil || b.String() != "123" {
		t.Errorf("what programs say is not bounded: %q", b.String())
	}
	for check, state := range LookAtSystem().States {
		if state != good && state != bad && state != unknown {
			t.Errorf("this machine says %q of its %s", state, check)
		}
	}
}
