package access

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qTestLines = db.SQL(`SELECT id FROM access_assignment ORDER BY id`)
	qTestLine  = db.SQL(`INSERT INTO access_assignment (org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
					VALUES ('acme', $1, $1, 'member', '', '', '', '', '', 1, 0, $2, $3, '', '')`)
	qTestBlock = db.SQL(`INSERT INTO access_suspension (id, decided_in, acts_in, scope, target, reason, explanation, declared_by, from_at, until_at, lifted_at, lifted_by, lift_reason)
					VALUES ($1, 'acme', 'acme', 'person', $1, 'departure', '', '', 1, $2, $3, '', '')`)
	qTestUse    = db.SQL(`INSERT INTO access_usage (org, person, permission, last_day) VALUES ('acme', 'max', 'room.read', $1)`)
	qTestBlocks = db.SQL(`SELECT id FROM access_suspension ORDER BY id`)
	qTestUses   = db.SQL(`SELECT person FROM access_usage`)
)

// TestWhatIsPastItsTimeIsForgotten: uses go after 12 months, lines and suspensions 7 years after their end, and what is in
// force stays however old it is.
func TestWhatIsPastItsTimeIsForgotten(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		begun := w.clock.Now()
		var before int
		w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
			before = len(w.column(ctx, tx, qTestLines))
			for id, end := range map[string][2]int64{ // revoked, until
				"z-lives": {0, 0}, "z-revoked": {clock.Micros(begun), 0}, "z-ended": {0, clock.Micros(begun)},
				"z-both": {clock.Micros(begun.AddDate(2, 0, 0)), clock.Micros(begun)},
			} {
				w.exec(ctx, tx, qTestLine, id, end[1], end[0])
				w.exec(ctx, tx, qTestBlock, id, end[1], end[0])
			}
			w.exec(ctx, tx, qTestUse, dayOf(begun))
		})
		for _, c := range []struct {
			later time.Time
			uses  int
			kept  []string
		}{
			{begun.AddDate(1, 0, -1), 1, []string{"z-both", "z-ended", "z-lives", "z-revoked"}},
			{begun.AddDate(1, 0, 2), 0, []string{"z-both", "z-ended", "z-lives", "z-revoked"}},
			{begun.AddDate(7, 0, -4), 0, []string{"z-both", "z-ended", "z-lives", "z-revoked"}},
			{begun.AddDate(7, 0, 1), 0, []string{"z-both", "z-lives"}},
			{begun.AddDate(9, 0, 1), 0, []string{"z-lives"}},
		} {
			w.clock.Set(c.later)
			w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
				for rule, days := range map[string]int{"12m": 365, "7y": 7 * 365} {
					if _, err := w.Expire(ctx, tx, core.Expiry{Rule: rule, Org: "acme", Before: c.later.AddDate(0, 0, -days), Limit: 100}); err != nil {
						t.Fatal(err)
					}
				}
			})
			w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
				lines := w.column(ctx, tx, qTestLines)
				kept := slices.DeleteFunc(slices.Clone(lines), func(id string) bool { return id[0] != 'z' })
				if !slices.Equal(kept, c.kept) || len(lines)-len(kept) != before {
					t.Errorf("%s: lines %v, want %v and the %d in force", c.later.Format(time.DateOnly), lines, c.kept, before)
				}
				if got := w.column(ctx, tx, qTestBlocks); !slices.Equal(got, c.kept) {
					t.Errorf("%s: suspensions %v, want %v", c.later.Format(time.DateOnly), got, c.kept)
				}
				if got := w.column(ctx, tx, qTestUses); len(got) != c.uses {
					t.Errorf("%s: %d uses, want %d", c.later.Format(time.DateOnly), len(got), c.uses)
				}
			})
		}
	})
}

func (w *world) exec(ctx context.Context, tx core.Tx, query string, args ...any) {
	w.t.Helper()
	if _, err := tx.Exec(ctx, query, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) column(ctx context.Context, tx core.Tx, query string) []string {
	w.t.Helper()
	list, err := db.All(ctx, tx, query, db.Value[string])
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}
