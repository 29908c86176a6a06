package identity

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var qEveryone = db.SQL(`SELECT id FROM identity_person ORDER BY id`)

// Everyone gives the id of each person there is.
func (m *Module) Everyone(ctx context.Context, tx core.Tx) ([]core.ID, error) {
	return db.All(ctx, tx, qEveryone, db.Value[core.ID])
}
