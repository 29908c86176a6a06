package erasure

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// tombstone says who was erased.
type tombstone struct {
	id, org, person core.ID
	reason          string
	at              time.Time
}

func scanTombstone(scan db.Scan) (t tombstone, err error) {
	var at int64
	err = scan(&t.id, &t.org, &t.person, &t.reason, &at)
	t.at = clock.FromMicros(at)
	return t, err
}

// Replay does again every erasure whose order the data do not know as done: they were restored from before it. It is called
// before the house serves its first request, and tells how many it did.
func (m *Module) Replay(ctx context.Context) (n int, err error) {
	ctx = core.WithActor(ctx, core.System("erasure.replay"))
	for last := core.ID(""); ; {
		var list []tombstone
		err := m.needs.Keys.Read(ctx, func(tx core.Tx) (err error) { list, err = db.All(ctx, tx, qTombs, scanTombstone, last); return err })
		if err != nil || len(list) == 0 {
			return n, err
		}
		for _, t := range list {
			last = t.id
			state, err := m.known(ctx, t.id)
			if err != nil {
				return n, err
			}
			switch State(state) {
			case Done:
				continue
			case Running: // killed on the way: it goes on
				err = m.Advance(ctx, t.id)
			default:
				err = m.again(ctx, t)
			}
			// What is still there is said on the officer's page, and tried again; the person's key is gone.
			if err != nil && core.CodeOf(err) != errLeft.Code {
				return n, fmt.Errorf("erasure: replay %s: %w", t.id, err)
			}
			n++
		}
	}
}

func (m *Module) known(ctx context.Context, id core.ID) (state string, err error) {
	err = m.needs.Rows.Read(ctx, func(tx core.Tx) error {
		state, _, err = db.One(ctx, tx, qState, db.Value[string], id)
		return err
	})
	return state, err
}

// again writes the order anew, from its tombstone, and carries it out.
func (m *Module) again(ctx context.Context, t tombstone) error {
	scope := ScopePerson
	if t.org != "" {
		scope = ScopeMember
	}
	if err := m.needs.Vault.MakeKeys(ctx, t.id); err != nil {
		return err
	}
	done := &core.Act{Def: replay, Org: core.Platform, Resource: t.id}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		done.Changed("ordered", "", t.at.UTC().Format(time.RFC3339))
		_, err := tx.Exec(ctx, qReplay, t.id, t.org, t.person, t.reason, scope, StepBury, clock.Micros(t.at), clock.Micros(m.now()))
		return err
	})
	if err != nil {
		return err
	}
	return m.Advance(ctx, t.id)
}
