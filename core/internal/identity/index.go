package identity

import (
	"bytes"
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// remarked is how many rows one transaction indexes anew: signing in waits no longer than that takes.
const remarked = 100

var (
	qMarked      = db.SQL(`SELECT id, profile, mark FROM identity_person WHERE id > $1 ORDER BY id LIMIT $2`)
	qPersonMark  = db.SQL(`UPDATE identity_person SET mark = $2 WHERE id = $1`)
	qAccountMark = db.SQL(`UPDATE identity_account SET mark = $2 WHERE person = $1`)
)

// IndexName names the index of sign-in addresses, for whoever changes its secret.
func (*Module) IndexName() string { return emailField.Name }

// Reindex writes the index of the sign-in addresses of some people after one anew, and tells after whom to go on; "" at the end.
// Whoever's key is gone has no address any more, and keeps an index that nothing leads to.
func (m *Module) Reindex(ctx context.Context, _ core.ID, after string) (next string, err error) {
	type marked struct {
		row
		mark []byte
	}
	err = m.needs.Gate.Keep(ctx, &indexing, func(tx core.Tx) error {
		next = ""
		list, err := db.All(ctx, tx, qMarked, func(scan db.Scan) (r marked, err error) {
			err = scan(&r.ID, &r.profile, &r.mark)
			return r, err
		}, after, remarked)
		if err != nil {
			return err
		}
		for _, r := range list {
			p, err := m.opened(ctx, r.row)
			if err != nil {
				return err
			}
			if p.Email == "" {
				continue
			}
			mark, err := m.mark(ctx, p.Email)
			if err != nil {
				return err
			}
			if bytes.Equal(mark, r.mark) {
				continue
			}
			for _, q := range []string{qPersonMark, qAccountMark} {
				if _, err := tx.Exec(ctx, q, p.ID, mark); err != nil {
					return err
				}
			}
		}
		if len(list) == remarked {
			next = string(list[len(list)-1].ID)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("identity: index anew: %w", err)
	}
	return next, nil
}
