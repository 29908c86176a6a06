//go:build faults

package faults

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rempart/rempart/tests/faults/lossy"
)

const cuts = 50

// cutPower mounts disk, runs a house on it, lets the power go after so many writes and syncs, and gives the disk as it
// is found again.
func cutPower(t *testing.T, disk *lossy.Disk, r *runner, after int, seed uint64) *lossy.Disk {
	t.Helper()
	r.data = filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(r.data, 0o700); err != nil {
		t.Fatal(err)
	}
	unmount, err := lossy.Mount(disk, r.data)
	if err != nil {
		t.Fatal(err)
	}
	p := r.start(t)
	disk.CutAfter(after)
	for !disk.Dead() {
		if !p.until(2*time.Millisecond, func() bool { return p.failed != "" }) {
			select {
			case <-p.gone:
			default:
				continue
			}
		}
		break
	}
	died := disk.Dead()
	p.kill(t)
	left := disk.Cut(rand.New(rand.NewPCG(seed, 1)))
	if err := unmount(); err != nil {
		t.Fatal(err)
	}
	if !died {
		t.Fatalf("the house failed with the power on: %s", p.failed)
	}
	return left
}

// TestFiftyPowerCutsOnSQLite: forty on a disk with a history, ten during the very first start.
func TestFiftyPowerCutsOnSQLite(t *testing.T) {
	if err := lossy.Available(); err != nil {
		t.Skipf("power cuts need FUSE: %v", err)
	}
	t.Parallel()
	began := time.Now()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	disk, r := lossy.New(), newRunner(t, "", "")
	for n := range cuts - 10 {
		disk = cutPower(t, disk, r, 150+random.IntN(1500), seed+uint64(n))
	}
	onDisk(t, disk, r, func() { r.last(t) })
	long := r.acked
	if long < cuts {
		t.Fatalf("only %d acts: nothing was tested", long)
	}
	for n := range 10 {
		r := newRunner(t, "", "")
		most := 60 // while keys are made
		if n >= 5 {
			most = 2500 // while tables are
		}
		first := cutPower(t, lossy.New(), r, random.IntN(most), seed+uint64(100+n))
		onDisk(t, first, r, func() { r.last(t) })
	}
	t.Logf("%d power cuts, %d acts acknowledged, none lost, %v", cuts, long, time.Since(began).Round(time.Millisecond))
}

// TestADiskThatLiesIsNoticed is the test of the tests: when fsync promises what it does not do, acts are lost, and the
// check after the power cut says so.
func TestADiskThatLiesIsNoticed(t *testing.T) {
	if err := lossy.Available(); err != nil {
		t.Skipf("power cuts need FUSE: %v", err)
	}
	t.Parallel()
	disk, r := lossy.New(), newRunner(t, "", "")
	onDisk(t, disk, r, func() {
		p := r.start(t)
		p.ready(t)
		disk.Lie(true)
		if !p.until(10*time.Second, func() bool { return len(p.ids) > 200 }) {
			t.Fatalf("no acts: %s", p.failed)
		}
		disk.CutAfter(0)
		p.kill(t)
	})
	onDisk(t, disk.Cut(rand.New(rand.NewPCG(3, 4))), r, func() {
		p := r.start(t)
		p.until(30*time.Second, func() bool { return p.checked != "" || p.failed != "" })
		p.kill(t)
		if p.failed == "" {
			t.Fatalf("acts were lost and nobody noticed: checked %s", p.checked)
		}
		t.Logf("noticed: %s", p.failed)
	})
}

func onDisk(t *testing.T, disk *lossy.Disk, r *runner, f func()) {
	t.Helper()
	r.data = filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(r.data, 0o700); err != nil {
		t.Fatal(err)
	}
	unmount, err := lossy.Mount(disk, r.data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unmount(); err != nil {
			t.Error(err)
		}
	}()
	f()
}

// TestADiskThatFailsToSync: nothing is acknowledged while fsync answers EIO, and the house resumes by itself.
func TestADiskThatFailsToSync(t *testing.T) {
	if err := lossy.Available(); err != nil {
		t.Skipf("a failing disk needs FUSE: %v", err)
	}
	t.Parallel()
	disk, r := lossy.New(), newRunner(t, "", "")
	onDisk(t, disk, r, func() {
		p := r.start(t)
		p.ready(t)
		for round := range 3 {
			before := p.count()
			if !p.until(10*time.Second, func() bool { return len(p.ids) > before+20 }) {
				t.Fatalf("round %d: no act is acknowledged on a healthy disk: %v %s", round, p.refusals(), p.failed)
			}
			disk.FailSync(true)
			time.Sleep(300 * time.Millisecond) // what was under way ends
			stuck := p.count()
			time.Sleep(500 * time.Millisecond)
			if n := p.count(); n != stuck {
				t.Fatalf("%d acts were acknowledged by a disk that cannot sync", n-stuck)
			}
			if p.refusals()["db.storage"] == 0 {
				t.Fatalf("no clear refusal: %v", p.refusals())
			}
			disk.FailSync(false)
			if !p.until(10*time.Second, func() bool { return len(p.ids) > stuck+20 }) {
				t.Fatalf("the house does not resume by itself: %v %s", p.refusals(), p.failed)
			}
		}
		onlyRefusals(t, p, "db.storage", "vault.", "journal.")
		p.kill(t)
		r.last(t)
	})
	// And the same again when the power goes right after the failure.
	t.Run("then the power goes", func(t *testing.T) {
		r := newRunner(t, "", "")
		disk := lossy.New()
		onDisk(t, disk, r, func() {
			p := r.start(t)
			p.ready(t)
			p.until(10*time.Second, func() bool { return len(p.ids) > 50 })
			disk.FailSync(true)
			p.until(5*time.Second, func() bool { return len(p.refused) > 0 })
			disk.FailSync(false)
			p.until(5*time.Second, func() bool { return p.failed != "" || len(p.ids) > 80 })
			disk.CutAfter(rand.IntN(40))
			time.Sleep(100 * time.Millisecond)
			p.kill(t)
		})
		onDisk(t, disk.Cut(rand.New(rand.NewPCG(1, 2))), r, func() { r.last(t) })
	})
}

func (p *process) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.ids)
}

func (p *process) refusals() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[string]int{}
	for k, n := range p.refused {
		all[k] = n
	}
	return all
}
