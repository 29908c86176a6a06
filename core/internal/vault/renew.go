package vault

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// A field is indexed anew in three steps, each told by the age of its newest secret alone, so that nodes need no agreement:
//
//   - until settled, rows are looked up under both secrets and written under the older: a node that has not heard of the newer
//     one writes what all the others look for. No node remembers the secrets of a field for longer than remembered.
//   - from then on rows are written under the newer.
//   - from twice settled, when no node writes under the older any more, rows are written anew, batch by batch; then the older
//     secret is destroyed.
//
// Clocks of nodes differ by less than settled - remembered.
const (
	settled    = 5 * time.Minute
	remembered = time.Minute
)

// IndexLife is how long a secret of an index serves before it is changed: whoever once learned it can guess at values no longer
// than that, and each change writes every row of the field once.
const IndexLife = 365 * 24 * time.Hour

// Refill writes the newest index in some rows of an organization, those after a place in the order of their keys ("" is the
// beginning), and tells after which to go on: "" once none is left.
type Refill func(ctx context.Context, org core.ID, after string) (next string, err error)

// Renewed tells what Renew did.
type Renewed struct{ Begun, Ended int }

var (
	qFields = db.SQL(`SELECT s.org, s.generation, s.made, s.reached, (SELECT count(*) FROM vault_index o WHERE o.org = s.org AND o.field = s.field AND o.destroyed = 0)
		FROM vault_index s WHERE s.field = $1 AND s.destroyed = 0
		AND s.generation = (SELECT MAX(n.generation) FROM vault_index n WHERE n.org = s.org AND n.field = s.field) ORDER BY s.org`)
	qReached   = db.SQL(`UPDATE vault_index SET reached = $4 WHERE org = $1 AND field = $2 AND generation = $3`)
	qEndSecret = db.SQL(`UPDATE vault_index SET wrapped = NULL, destroyed = $4 WHERE org = $1 AND field = $2 AND generation < $3 AND destroyed = 0`)
)

// renewal is where a field of an organization stands.
type renewal struct {
	name             indexName
	generation, made int64
	reached          string
	live             int64
}

// Renew brings the secrets of a field forward, in each organization that has one: it makes the next secret of those whose own is
// IndexLife old (asked: of all that have one alone), has the rows of those whose next one has settled written anew, and destroys
// what is older. Whatever ends it, the next call goes on from the last batch.
func (v *Vault) Renew(ctx context.Context, field string, asked bool, refill Refill) (done Renewed, err error) {
	var list []renewal
	err = v.db.Read(ctx, func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qFields, func(scan db.Scan) (r renewal, err error) {
			r.name.field = field
			err = scan(&r.name.org, &r.generation, &r.made, &r.reached, &r.live)
			return r, err
		}, field)
		return err
	})
	if err != nil {
		return done, fmt.Errorf("vault: indexes: %w", err)
	}
	for _, r := range list {
		age := time.Duration(v.now()-r.made) * time.Microsecond
		switch {
		case r.live == 1 && (asked || age >= IndexLife):
			err = v.makeSecret(ctx, r.name, r.generation+1)
			done.Begun++
		case r.live > 1 && age >= 2*settled:
			err = v.refill(ctx, r, refill)
			done.Ended++
		default:
			continue
		}
		if err == nil {
			err = v.tell(ctx, "")
		}
		if err != nil {
			return done, fmt.Errorf("vault: index %s: %w", field, err)
		}
	}
	return done, nil
}

// refill has the rows of a field written anew, and destroys its older secrets.
func (v *Vault) refill(ctx context.Context, r renewal, refill Refill) error {
	for {
		next, err := refill(ctx, r.name.org, r.reached)
		if err != nil {
			return err
		}
		r.reached = next
		err = v.db.Write(ctx, func(tx core.Tx) error {
			if next != "" {
				_, err := tx.Exec(ctx, qReached, r.name.org, r.name.field, r.generation, next)
				return err
			}
			_, err := tx.Exec(ctx, qEndSecret, r.name.org, r.name.field, r.generation, v.now())
			return err
		})
		if err != nil || next == "" {
			return err
		}
	}
}
