package lossy

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
)

func TestWhatWasSyncedStaysAndTheRestMayGo(t *testing.T) {
	lostData, lostName, keptData := 0, 0, 0
	for seed := range uint64(200) {
		d := New()
		a, _ := d.create("a")
		d.write(a, 0, []byte(strings.Repeat("1", 2048)))
		if e := d.sync(a); e != 0 {
			t.Fatal(e)
		}
		d.write(a, 512, []byte(strings.Repeat("2", 1024)))
		b, _ := d.create("b")
		d.write(b, 0, []byte("never synced"))
		after := d.Cut(rand.New(rand.NewPCG(seed, 0)))
		got := string(after.names["a"].now)
		if len(got) != 2048 || strings.Trim(got[:512], "1") != "" || strings.Trim(got[1536:], "1") != "" {
			t.Fatalf("seed %d: synced bytes changed", seed)
		}
		if strings.Contains(got, "1"+strings.Repeat("2", 512)+"1") {
			lostData++ // one of the two sectors: torn
		}
		if strings.Contains(got, strings.Repeat("2", 1024)) {
			keptData++
		}
		if after.names["b"] == nil {
			lostName++
		}
	}
	if lostData == 0 || lostName == 0 || keptData == 0 {
		t.Fatalf("torn %d, kept %d, names lost %d of 200: not random", lostData, keptData, lostName)
	}
}

func TestNothingAnswersWithoutPower(t *testing.T) {
	d := New()
	f, _ := d.create("a")
	d.CutAfter(1)
	if e := d.write(f, 0, []byte("x")); e != 0 {
		t.Fatal(e)
	}
	if e := d.sync(f); e != syscall.EIO {
		t.Fatalf("got %v", e)
	}
	if !d.Dead() {
		t.Fatal("still alive")
	}
}

func TestAFullDiskSaysSo(t *testing.T) {
	d := New()
	d.Room(1000)
	f, _ := d.create("a")
	if e := d.write(f, 0, make([]byte, 900)); e != 0 {
		t.Fatal(e)
	}
	if e := d.write(f, 900, make([]byte, 200)); e != syscall.ENOSPC {
		t.Fatalf("got %v", e)
	}
	if e := d.write(f, 0, make([]byte, 900)); e != 0 {
		t.Fatalf("overwriting needs no room: %v", e)
	}
}
