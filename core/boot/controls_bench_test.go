package boot

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/policies"
)

const aYear = 100_000 // observations

var (
	qPlantSeen = db.SQL(`INSERT INTO control_observation (id, probe, outcome, why_fr, why_en, population, sample, settings, entries, began_at, ended_at, expires_at, version, node, log, entry, position, signature)
		VALUES ($1, $2, 'held', 'Trois comptes témoins refusés.', 'Three canaries refused.', 40, 3, '{"session.idle":"60"}', '', $3, $3, $4, '1.4.0', 'n1', 'platform', $1, $5, $6)`)
	qPlantLast = db.SQL(`INSERT INTO control_probe (probe, last, due_at, runner, lease, alert) VALUES ($1, $2, $3, '', 0, '')
		ON CONFLICT (probe) DO UPDATE SET last = excluded.last, due_at = excluded.due_at`)
	qPlantDay = db.SQL(`INSERT INTO control_day (pack, clause, day, held, broken, other) VALUES ($1, $2, $3, $4, $5, 0)
		ON CONFLICT (pack, clause, day) DO UPDATE SET held = excluded.held`)
)

// fivePolicies is a town where the five policies are in force; probes are those that their clauses name.
func fivePolicies(b *testing.B) (w *town, probes []string) {
	b.Helper()
	w = newTown(b, "")
	seen := map[string]bool{}
	for _, p := range policies.Embedded() {
		if p.Baseline {
			continue
		}
		_, err := w.control.Publish(w.system(), control.Order{Pack: p.ID, Tighten: true, Reason: "bench"})
		w.must("publish "+p.ID, err)
		for i := range p.Clauses {
			for _, id := range p.Clauses[i].Probes {
				if !seen[id] {
					seen[id] = true
					probes = append(probes, id)
				}
			}
		}
	}
	w.must("tell", w.control.Tell(w.system()))
	return w, probes
}

// aYearOfControls is that town with a year of observations behind each of the clauses.
func aYearOfControls(b *testing.B) *town {
	b.Helper()
	w, probes := fivePolicies(b)
	w.do("a year of observations", func(ctx context.Context, tx core.Tx) error { return plantYear(ctx, tx, probes) })
	w.must("refresh", w.control.Refresh(core.WithActor(b.Context(), core.System("bench"))))
	return w
}

func plantYear(ctx context.Context, tx core.Tx, probes []string) error {
	now := time.Now()
	began := now.AddDate(-1, 0, 0)
	last := map[string]core.ID{}
	for i := range aYear {
		at := began.Add(now.Sub(began) * time.Duration(i) / aYear)
		probe := probes[i%len(probes)]
		last[probe] = ids.At(at)
		if _, err := tx.Exec(ctx, qPlantSeen, last[probe], probe, clock.Micros(at), clock.Micros(at.AddDate(0, 1, 0)), i, make([]byte, 64)); err != nil {
			return err
		}
	}
	for probe, id := range last {
		if _, err := tx.Exec(ctx, qPlantLast, probe, id, clock.Micros(now.Add(time.Hour))); err != nil {
			return err
		}
	}
	for _, p := range policies.Embedded() {
		for i := range p.Clauses {
			for day := range 365 {
				whole, broken := (24 * time.Hour).Microseconds(), int64(0)
				if day%97 == i%97 {
					broken = time.Minute.Microseconds()
				}
				n := now.Unix()/86400 - int64(day) - 1
				if _, err := tx.Exec(ctx, qPlantDay, p.ID, p.Clauses[i].ID, n, whole-broken, broken); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// BenchmarkControls measures the pages of controls, whole (session, decision, reading, drawing), with the five policies in
// force and a year of observations (100,000). The promise is 50 ms of CPU for the dashboard.
func BenchmarkControls(b *testing.B) {
	w := aYearOfControls(b)
	const base = "/provider/controls"
	for _, page := range []struct{ name, who, path string }{
		{"dashboard", "provider.admin", base},
		{"dashboard-year", "provider.admin", base + "?days=365"},
		{"dashboard-filter", "provider.admin", base + "?status=held&q=session"},
		{"client", "a.admin", "/o/" + string(w.a) + "/controls"},
		{"clause", "provider.admin", base + "/clauses/callcenterrate/ACC-8.2"},
		{"observations", "provider.admin", base + "/observations"},
		{"annex", "a.admin", "/o/" + string(w.a) + "/controls/annex"},
	} {
		b.Run(page.name, func(b *testing.B) {
			before, bytes := cpu(b), 0
			for range b.N {
				r := w.ask(page.who, http.MethodGet, page.path, "")
				if r.Code != http.StatusOK {
					b.Fatal(fmt.Sprint(page.path, " answers ", r.Code))
				}
				bytes = r.Body.Len()
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(time.Millisecond)/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(bytes)/1024, "KiB/page")
		})
	}
}

// BenchmarkProbes runs every probe of the five policies on a live house. The promise is 30 s for all of them.
func BenchmarkProbes(b *testing.B) {
	w, probes := fivePolicies(b)
	before, green := cpu(b), 0
	for b.Loop() {
		seen, err := w.control.Run(w.system(), probes...)
		w.must("run", err)
		green = 0
		for _, o := range seen {
			if o.Failed == "" && o.Held {
				green++
			}
		}
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(time.Second)/float64(b.N), "cpu-s/op")
	b.ReportMetric(float64(len(probes)), "probes")
	b.ReportMetric(float64(green), "held")
}
