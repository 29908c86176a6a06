package access

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var (
	qDropAssignments = db.SQL(`DELETE FROM access_assignment WHERE person = $1`)
	qDropSuspensions = db.SQL(`DELETE FROM access_suspension WHERE target = $1`)
)

// DropCanary removes even what the erasure of a person keeps: nobody ever has to prove what a canary was permitted.
func (m *Module) DropCanary(ctx context.Context, tx core.Tx, canary core.ID) error {
	for _, q := range []string{qDropAssignments, qDropSuspensions} {
		if _, err := tx.Exec(ctx, q, canary); err != nil {
			return err
		}
	}
	return nil
}
