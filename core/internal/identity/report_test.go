package identity

import (
	"slices"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var qTestReports = db.SQL(`SELECT id FROM identity_report ORDER BY id`)

// TestAReportIsForgottenTwelveMonthsAfterItWasHandled: and one that nobody handled is never forgotten by age.
func TestAReportIsForgottenTwelveMonthsAfterItWasHandled(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		begun := h.clock.Now()
		h.must(h.db.Write(t.Context(), func(tx core.Tx) error {
			for id, handled := range map[string]int64{"open": 0, "early": clock.Micros(begun), "late": clock.Micros(begun.AddDate(0, 6, 0))} {
				if _, err := tx.Exec(t.Context(), qReportAdd, id, "max", "link", "", clock.Micros(begun.AddDate(-3, 0, 0)), []byte{}); err != nil {
					return err
				}
				if handled > 0 {
					if _, err := tx.Exec(t.Context(), qReportHandle, id, handled, "stan", []byte{}); err != nil {
						return err
					}
				}
			}
			return nil
		}))
		left := func() (ids []string) {
			before := h.clock.Now().AddDate(-1, 0, 0)
			h.must(h.db.Write(t.Context(), func(tx core.Tx) error {
				_, err := h.Expire(t.Context(), tx, core.Expiry{Rule: "12m", Org: core.Platform, Before: before, Beyond: before, Limit: 100})
				return err
			}))
			h.must(h.db.Read(t.Context(), func(tx core.Tx) (err error) {
				ids, err = db.All(t.Context(), tx, qTestReports, db.Value[string])
				return err
			}))
			return ids
		}
		for _, c := range []struct {
			months, days int
			want         []string
		}{{12, -1, []string{"early", "late", "open"}}, {12, 1, []string{"late", "open"}}, {18, 1, []string{"open"}}, {1200, 0, []string{"open"}}} {
			h.clock.Set(begun.AddDate(0, c.months, c.days))
			if got := left(); !slices.Equal(got, c.want) {
				t.Errorf("after %d months and %d days: %v, want %v", c.months, c.days, got, c.want)
			}
		}
	})
}
