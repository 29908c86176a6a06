package control

import (
	"context"
	"fmt"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const (
	observationDays = 400 // a year of history, and the time to write its report
	sweepTurn       = 500 // forgotten per transaction: others write in between
)

var (
	qOldSeen = db.SQL(`SELECT o.id FROM control_observation o WHERE o.ended_at < $1
		AND o.id < (SELECT MAX(n.id) FROM control_observation n WHERE n.probe = o.probe)
		AND NOT EXISTS (SELECT 1 FROM control_probe p WHERE p.last = o.id)
		AND NOT EXISTS (SELECT 1 FROM control_alert a WHERE a.observation = o.id OR a.mended_by = o.id) ORDER BY o.id`)
	qForgetSeen = db.SQL(`DELETE FROM control_observation WHERE id = $1`)
)

// Sweep forgets observations older than 400 days, but the newest of each probe and those that a break began or ended with.
func (m *Module) Sweep(ctx context.Context) error {
	var old []core.ID
	err := m.needs.Reader.Read(db.Long(ctx), func(tx core.Tx) (err error) {
		old, err = db.All(ctx, tx, qOldSeen, db.Value[core.ID], clock.Micros(m.needs.Clock.Now().AddDate(0, 0, -observationDays)))
		return err
	})
	if err != nil {
		return fmt.Errorf("control: sweep: %w", err)
	}
	for turn := range slices.Chunk(old, sweepTurn) {
		err := m.needs.Gate.Keep(ctx, dutySweep, func(tx core.Tx) error {
			for _, id := range turn {
				if _, err := tx.Exec(ctx, qForgetSeen, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("control: sweep: %w", err)
		}
	}
	return nil
}
