package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

func (m *Module) syncHealth(ctx context.Context, org, link core.ID) (h SyncHealth, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: &SyncSee, Org: org, Resource: link}, func(tx core.Tx) error {
		if _, err := m.LinkIn(ctx, tx, org, link); err != nil {
			return err
		}
		row, found, err := m.syncOf(ctx, tx, org, link)
		if err != nil {
			return err
		}
		if !found {
			row = syncRow{org: org, link: link}
		}
		h = row.health(m.now())
		return nil
	})
	return h, err
}

func (m *Module) waiting(ctx context.Context, org core.ID) (all []SyncHealth, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: &SyncSee, Org: org}, func(tx core.Tx) error {
		rows, err := db.All(ctx, tx, qSyncs, scanSync(org), org)
		for i := range rows {
			all = append(all, rows[i].health(m.now()))
		}
		return err
	})
	return all, err
}

// decideSync changes a session that waits for a person.
func (m *Module) decideSync(ctx context.Context, org, link core.ID, act *core.Act, fn func(core.Tx, *syncRow) error) error {
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		row, found, err := m.syncOf(ctx, tx, org, link)
		if err == nil && (!found || row.state != SyncWaiting) {
			err = errNothing
		}
		if err != nil {
			return err
		}
		if err := fn(tx, &row); err != nil {
			return err
		}
		return row.put(ctx, tx)
	})
}

func (m *Module) approve(ctx context.Context, org, link core.ID) error {
	act := &core.Act{Def: &SyncApprove, Org: org, Resource: link}
	return m.decideSync(ctx, org, link, act, func(tx core.Tx, r *syncRow) error {
		act.Changed("decision", "", "approved")
		r.state, r.fault = syncApproved, ""
		return m.enqueueSettle(ctx, tx, *r)
	})
}

func (m *Module) refuse(ctx context.Context, org, link core.ID) error {
	act := &core.Act{Def: &SyncApprove, Org: org, Resource: link}
	return m.decideSync(ctx, org, link, act, func(tx core.Tx, r *syncRow) error {
		act.Changed("decision", "", "refused")
		return m.dropSession(ctx, tx, r)
	})
}
