package boot

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/terms"
	"github.com/rempart/rempart/kit/db"
)

// entry are the probes of people and of the way in.
func entry(p *core.Probe) bool {
	room, _, _ := strings.Cut(p.ID, ".")
	return slices.Contains([]string{"session", "signin", "password", "account"}, room)
}

// TestProbesOfEntryHoldOnALiveHouseAndLeaveNothing runs them beside people who are signed in, on every engine.
func TestProbesOfEntryHoldOnALiveHouseAndLeaveNothing(t *testing.T) {
	slowOnly(t)
	onEachEngine(t, func(t *testing.T, w *town) { w.runProbes(t, entry) })
}

// TestProbesOfEntryHoldWhereMuchIsDemanded runs them where everyone needs a second factor, few attempts pass, and there are
// terms to accept.
func TestProbesOfEntryHoldWhereMuchIsDemanded(t *testing.T) {
	slowOnly(t)
	w := newTown(t, "")
	for name := range w.cookies {
		w.begin(name)
	}
	w.do("demands", func(ctx context.Context, tx core.Tx) error {
		text := core.Text{FR: "Texte", EN: "Text"}
		if _, err := w.terms.Add(ctx, tx, core.Platform, terms.Draft{Title: text, Text: text, Required: true}); err != nil {
			return err
		}
		return w.settings.Put(ctx, tx, core.Platform, map[string]string{
			"signin.second_factor": "true", "signin.attempts": "3", "session.idle": "30", "session.lock": "5", "password.history": "24",
			"password.min_length": "8", "password.upper": "true", "password.lower": "true", "password.digit": "true", "password.special": "true",
			"password.specials": "#?!@$%^&*-",
		})
	})
	w.runProbes(t, entry)
}

func slowOnly(t *testing.T) {
	if testing.Short() || coretest.RaceDetector {
		t.Skip("signs in some two hundred times; what it looks for is no race")
	}
}

// runProbes runs probes beside the people of the town: each must hold, and leave nothing.
func (w *town) runProbes(t *testing.T, wanted func(*core.Probe) bool) {
	t.Helper()
	for _, org := range []core.ID{core.Canaries, core.Strangers} {
		w.must("canaries", w.openCanaries(w.system(), org))
	}
	before, began, n := w.rowsPerTable(), time.Now(), 0
	for _, p := range w.Probes() {
		if !wanted(p) {
			continue
		}
		n++
		start := time.Now()
		seen, err := w.Play(t.Context(), p)
		if err != nil || !seen.Held || seen.Why.FR == "" || seen.Why.EN == "" {
			t.Errorf("%s: %s, %v", p.ID, seen.Why.EN, err)
		}
		if p.Kind == core.BehaviourProbe && len(seen.Entries) == 0 && !slices.Contains([]string{"signin.unknown", "password.breached", "account.none"}, p.ID) {
			t.Errorf("%s: no entry of the journal bears witness", p.ID)
		}
		t.Logf("%-24s %5d ms  %s", p.ID, time.Since(start).Milliseconds(), seen.Why.EN)
	}
	t.Logf("%d probes in %s", n, time.Since(began).Round(time.Millisecond))
	if n < 30 {
		t.Errorf("only %d probes were found", n)
	}
	for table, rows := range w.rowsPerTable() {
		if rows != before[table] && table != "restraint_turn" {
			t.Errorf("%s: %d rows before, %d after", table, before[table], rows)
		}
	}
	for who := range w.cookies {
		if r := w.ask(who, "GET", "/me/security", ""); r.Code != 200 && who != "a.extra" { // who is suspended
			t.Errorf("%s was signed out: %d", who, r.Code)
		}
	}
}

var (
	qTablesSQLite   = db.SQLOn(db.SQLite, `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'`)
	qTablesPostgres = db.SQLOn(db.PostgreSQL, `SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()`)
)

// rowsPerTable counts the rows of every table, but for the journal, counters that run out by themselves, and sign-ins under
// way for accounts that do not exist.
func (w *town) rowsPerTable() map[string]int64 {
	w.t.Helper()
	rows := map[string]int64{}
	w.must("count", w.db.Read(w.t.Context(), func(tx core.Tx) error {
		ctx := context.Background()
		q := qTablesSQLite
		if w.db.Engine() == db.PostgreSQL {
			q = qTablesPostgres
		}
		tables, err := db.All(ctx, tx, q, db.Value[string])
		if err != nil {
			return err
		}
		for _, name := range tables {
			if strings.HasPrefix(name, "journal_") || strings.HasPrefix(name, "abuse_") || strings.HasPrefix(name, "vault_") || name == "ground_notice" || name == "signin_flow" {
				continue
			}
			n, _, err := db.One(ctx, tx, db.SQL(`SELECT COUNT(*) FROM `+name), db.Value[int64])
			if err != nil {
				return err
			}
			rows[name] = n
		}
		return nil
	}))
	return rows
}
