package organization

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var qPersons = db.SQL(`SELECT person FROM organization_member WHERE org = $1 AND person > $2 AND state <> 'left' AND state = 'active'
	ORDER BY person LIMIT $3`)

// PersonsOf lists the persons who are active members of an organization, by id, after one, at most limit: for rooms
// that walk over everyone (sessions, tokens). It shows no personal datum.
func (m *Module) PersonsOf(ctx context.Context, tx core.Tx, org, after core.ID, limit int) ([]core.ID, error) {
	return db.All(ctx, tx, qPersons, func(scan db.Scan) (id core.ID, err error) { err = scan(&id); return id, err }, org, after, limit)
}
