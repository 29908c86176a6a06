//go:build faults

package faults

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// onlyRefusals fails when a caller was told anything but one of these codes: a failing disk is said clearly.
func onlyRefusals(t *testing.T, p *process, prefixes ...string) {
	t.Helper()
	for code, n := range p.refusals() {
		clear := false
		for _, prefix := range prefixes {
			clear = clear || strings.HasPrefix(code, prefix)
		}
		if !clear {
			t.Errorf("%d callers were told %q", n, code)
		}
	}
}

// TestAFullDisk: acts are refused as long as there is no room, what was acknowledged stays, and the house resumes by
// itself once there is room.
func TestAFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
		t.Skipf("a small disk needs the right to mount a tmpfs: %v", err)
	}
	t.Parallel()
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	fillUp := func() {
		f, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		chunk := make([]byte, 64<<10)
		for {
			if _, err := f.Write(chunk); err != nil {
				return
			}
		}
	}
	r := newRunner(t, dir, "")
	p := r.start(t)
	p.ready(t)
	for round := range 3 {
		before := p.count()
		if !p.until(10*time.Second, func() bool { return len(p.ids) > before+20 }) {
			t.Fatalf("round %d: no act is acknowledged with room left: %v %s", round, p.refusals(), p.failed)
		}
		refused := p.refusals()["db.full"]
		fillUp()
		if !p.until(20*time.Second, func() bool { return p.refused["db.full"] > refused+10 }) {
			t.Fatalf("round %d: a full disk is not said clearly: %v %s", round, p.refusals(), p.failed)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		stuck := p.count()
		if !p.until(10*time.Second, func() bool { return len(p.ids) > stuck+20 }) {
			t.Fatalf("round %d: the house does not resume by itself: %v %s", round, p.refusals(), p.failed)
		}
	}
	onlyRefusals(t, p, "db.full", "db.storage")
	// A house that starts on a full disk says so, and starts once there is room.
	fillUp()
	p.until(5*time.Second, func() bool { return p.refused["db.full"] > 0 })
	p.kill(t)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	r.last(t)
	t.Logf("%d acts acknowledged, none lost, refusals: %v", r.acked, p.refusals())
}
