package rights

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// replaced is how many requests one transaction indexes anew.
const replaced = 100

var (
	qToPlace = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE org = $1 AND id > $2 AND (state = 'open' OR trial = 1) ORDER BY id LIMIT $3`)
	qPlaceIt = db.SQL(`UPDATE rights_request SET place = $3 WHERE org = $1 AND id = $2`)
)

// placed gives the two indexes under which the requests of an address may stand while they are indexed anew, the one to write
// first; the same one twice otherwise.
func (m *Module) placed(ctx context.Context, org core.ID, address string) (place, other []byte, err error) {
	all, err := m.needs.Index.Indexes(ctx, org, byPlace, address)
	if err != nil {
		return nil, nil, err
	}
	return all[0], all[len(all)-1], nil
}

// IndexName names the index of requesters' addresses, for whoever changes its secret.
func (*Module) IndexName() string { return byPlace.Name }

// Reindex writes the index of some open requests of an organization after one anew, and tells after which to go on; "" at the
// end. What is closed is found by its address no more.
func (m *Module) Reindex(ctx context.Context, org core.ID, after string) (next string, err error) {
	err = m.needs.Gate.Keep(ctx, Indexing, func(tx core.Tx) error {
		next = ""
		list, err := db.All(ctx, tx, qToPlace, scanRequest, org, after, replaced)
		if err != nil {
			return err
		}
		for i := range list {
			r := &list[i]
			if err := m.unseal(ctx, r); err != nil {
				return err
			}
			if r.Erased || r.Email == "" {
				continue
			}
			place, _, err := m.placed(ctx, org, r.Email)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, qPlaceIt, org, r.ID, place); err != nil {
				return err
			}
		}
		if len(list) == replaced {
			next = string(list[len(list)-1].ID)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("rights: index anew: %w", err)
	}
	return next, nil
}
