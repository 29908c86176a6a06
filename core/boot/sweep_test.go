package boot

import (
	"context"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// TestOldObservationsAreForgotten: after 400 days, but never the newest of a probe nor those that a break began or ended with.
func TestOldObservationsAreForgotten(t *testing.T) {
	for _, kind := range dbtest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			fake := &clock.Fake{}
			b := newBoard(t, newTown(t, dbtest.Config(t, kind, nil).URL), fake)
			b.publish("1")
			seen := func(held bool) core.ID {
				b.red.set(held, "seen", nil)
				fake.Advance(time.Second)
				return b.run("lamp.red")[0].ID
			}
			plain, broke, still, mended := seen(true), seen(false), seen(false), seen(true)
			alone := b.run("lamp.blue")[0].ID
			fake.Advance(390 * 24 * time.Hour)
			recent := seen(true)
			kept := func(what string, want map[core.ID]bool) {
				t.Helper()
				b.must("sweep", b.Module.Sweep(b.system()))
				for name, id := range map[string]core.ID{"plain": plain, "broke": broke, "still": still, "mended": mended, "alone": alone, "recent": recent} {
					_, err := b.Observation(b.as("provider.auditor"), id)
					if (err == nil) != want[id] {
						t.Errorf("%s: %s: kept %v, want %v", what, name, err == nil, want[id])
					}
				}
			}
			kept("before", map[core.ID]bool{plain: true, broke: true, still: true, mended: true, alone: true, recent: true})
			fake.Advance(11 * 24 * time.Hour)
			kept("after 401 days", map[core.ID]bool{broke: true, mended: true, alone: true, recent: true})
			fake.Advance(4000 * 24 * time.Hour)
			kept("after years", map[core.ID]bool{broke: true, mended: true, alone: true, recent: true})
		})
	}
}

// TestEverySweepRunsByName: what rooms forget in time is work of this node, under its own name, and finds nothing young.
func TestEverySweepRunsByName(t *testing.T) {
	w := newTown(t, "")
	for _, name := range []string{"retention.sweep", "account.farewell", "offboarding.finish", "control.sweep"} {
		w.must(name, w.House.Sweep(context.Background(), name))
	}
}
