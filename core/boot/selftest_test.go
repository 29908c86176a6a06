package boot

import (
	"context"
	"flag"
	"fmt"
	"path"
	"syscall"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/services"
)

var someProbes = flag.String("probes", "", "only the probes of this pattern (session.*)")

// TestSelfTestKillsEveryFault is slow: it plants each fault of each probe. It promises a time, so the race detector is
// not for it.
func TestSelfTestKillsEveryFault(t *testing.T) {
	if testing.Short() || coretest.RaceDetector {
		t.Skip("plants every fault, in a promised time: run it without -short and without -race")
	}
	var wanted func(*core.Probe) bool
	if *someProbes != "" {
		wanted = func(p *core.Probe) bool { ok, _ := path.Match(*someProbes, p.ID); return ok }
	}
	before := worked(t)
	r, err := SelfTest(t.Context(), services.All, wanted)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d probes, %d faults, %d seen (%.0f %%) in %s", r.Probes, r.Faults, r.Killed, 100*r.Rate(), r.Took)
	for _, f := range r.Seen {
		t.Logf("%s: %s", f.Fault, f.Why)
	}
	for _, f := range r.Survivors {
		t.Errorf("%s survives: %s", f.Fault, f.Why)
	}
	for _, f := range r.Alarms {
		t.Errorf("%s is red on a sound instance: %s", f.Probe, f.Why)
	}
	for _, f := range r.Unseen {
		t.Errorf("%s %s: nothing could be seen: %s", f.Probe, f.Fault, f.Why)
	}
	for _, id := range r.Toothless {
		t.Errorf("%s has no fault", id)
	}
	// A minute on two processors, whatever else this machine does at the moment.
	if cpu := worked(t) - before; cpu > 2*time.Minute {
		t.Errorf("took %s of processors, %s in all", cpu, r.Took)
	}
}

// worked is the time of processors that this process has used.
func worked(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestSelfTestTellsWhatHappened is the test of the self-test.
func TestSelfTestTellsWhatHappened(t *testing.T) {
	for _, c := range []struct {
		name                           string
		run                            func(broken bool) (core.Sight, error)
		killed, survivors, unseen, red int
	}{
		{"seen", func(broken bool) (core.Sight, error) { return core.Sight{Held: !broken}, nil }, 1, 0, 0, 0},
		{"a probe that always says held", func(bool) (core.Sight, error) { return core.Sight{Held: true}, nil }, 0, 1, 0, 0},
		{"a probe that always says broken", func(bool) (core.Sight, error) { return core.Sight{}, nil }, 1, 0, 0, 1},
		{"a probe that cannot look", func(bool) (core.Sight, error) { return core.Sight{}, fmt.Errorf("dark") }, 0, 0, 2, 0},
		{"a probe that breaks", func(bool) (core.Sight, error) { panic("broken") }, 0, 0, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTown(t, "")
			broken := false
			p := &core.Probe{
				ID:  "test.self",
				Run: func(context.Context, core.Stage) (core.Sight, error) { return c.run(broken) },
				Faults: []core.PlantedFault{{ID: "test.self/off", Plant: func(context.Context, core.Saboteur) error {
					broken = true
					return nil
				}}},
			}
			var run trials
			run.judge(t.Context(), w.House, p)
			run.plant(t.Context(), w.House, p, p.Faults[0])
			r := run.result
			if len(r.Seen) != c.killed || len(r.Survivors) != c.survivors || len(r.Unseen) != c.unseen || len(r.Alarms) != c.red {
				t.Errorf("the report says %+v", r)
			}
		})
	}
}
