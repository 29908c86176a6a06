package access

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var dutySweep = core.Duty{
	Name: "access.sweep",
	Why:  "Forgets uses of permissions older than 12 months, and roles and suspensions that ended 7 years ago, as the manifest says; their own acts were journaled.",
}

var (
	qOldUsage = db.SQL(`DELETE FROM access_usage WHERE last_day < $1`)

	qOldLines = db.SQL(`DELETE FROM access_assignment
WHERE (revoked_at > 0 AND revoked_at < $1) OR (revoked_at = 0 AND until_at > 0 AND until_at < $2)`)

	qOldSuspensions = db.SQL(`DELETE FROM access_suspension
WHERE (lifted_at > 0 AND lifted_at < $1) OR (lifted_at = 0 AND until_at > 0 AND until_at < $2)`)
)

// Sweep forgets what is past its time: uses of permissions after 12 months, roles and suspensions 7 years after their end.
// What has no end stays.
func (m *Module) Sweep(ctx context.Context) error {
	now := m.Needs.Clock.Now()
	ended := clock.Micros(now.AddDate(-7, 0, 0))
	return m.Needs.Gate.Keep(ctx, &dutySweep, func(tx core.Tx) error {
		if _, err := tx.Exec(ctx, qOldUsage, dayOf(now.AddDate(-1, 0, 0))); err != nil {
			return fmt.Errorf("access: sweep: %w", err)
		}
		for _, old := range []string{qOldLines, qOldSuspensions} {
			if _, err := tx.Exec(ctx, old, ended, ended); err != nil {
				return fmt.Errorf("access: sweep: %w", err)
			}
		}
		return nil
	})
}
