package boot

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

// looked are the probes of rights, organizations, the journal, settings and data; those of the machine (its disk, its TLS,
// where checkpoints go) say what this test's machine is.
func looked(p *core.Probe) bool {
	room, _, _ := strings.Cut(p.ID, ".")
	return slices.Contains([]string{"access", "member", "organization", "terms", "settings", "journal", "data"}, room) && p.ID != "journal.outside" && p.ID != "organization.support" ||
		slices.Contains([]string{"outside.plain", "outside.headers", "outside.limits", "contact.published"}, p.ID)
}

// TestProbesOfRightsAndDataHoldOnALiveHouseAndLeaveNothing plays them beside people who are signed in, on every engine.
func TestProbesOfRightsAndDataHoldOnALiveHouseAndLeaveNothing(t *testing.T) {
	slowOnly(t)
	onEachEngine(t, func(t *testing.T, w *town) {
		for _, org := range []core.ID{core.Canaries, core.Strangers} {
			w.must("canaries", w.openCanaries(w.system(), org))
		}
		w.do("contact", func(ctx context.Context, tx core.Tx) error {
			return w.settings.Put(ctx, tx, core.Platform, map[string]string{"contact.security": "security@example.org"})
		})
		before, n := w.rowsPerTable(), 0
		var all time.Duration
		for _, p := range w.Probes() {
			if !looked(p) {
				continue
			}
			began := time.Now()
			seen, err := w.Play(t.Context(), p)
			took := time.Since(began)
			if n, all = n+1, all+took; err != nil || !seen.Held || seen.Sample == 0 {
				t.Errorf("%s: %s, %v", p.ID, seen.Why.EN, err)
			}
			if said := seen.Why.FR + seen.Why.EN; strings.Contains(said, "%!") || strings.Contains(said, "@") {
				t.Errorf("%s says %q", p.ID, said)
			}
			t.Logf("%-22s %5d ms %d/%d %s", p.ID, took.Milliseconds(), seen.Sample, seen.Population, seen.Why.EN)
		}
		t.Logf("%d probes in %s", n, all.Round(time.Millisecond))
		if n < 30 {
			t.Errorf("only %d probes were found", n)
		}
		for table, rows := range w.rowsPerTable() {
			if rows != before[table] && table != "mail_outbox" && table != "access_usage" && table != "restraint_turn" { // held mail ends by itself; uses are noted later; a counter
				t.Errorf("%s: %d rows before, %d after", table, before[table], rows)
			}
		}
	})
}

// TestListenersAreNoted: the probes of the outside know where this process serves while it serves.
func TestListenersAreNoted(t *testing.T) {
	w := newTown(t, "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Serve(ctx, l) }()
	for len(w.served.all()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if got := w.served.all()[0]; got.Address != l.Addr().String() || got.TLS || got.Metrics {
		t.Errorf("noted %+v", got)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if left := w.served.all(); len(left) != 0 {
		t.Errorf("still noted: %v", left)
	}
}
