package erasure

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// lastID is above every id.
const lastID = core.ID("~")

// List gives the orders, newest first, from after one; next is "" at the end.
func (m *Module) List(ctx context.Context, from core.ID, limit int) (list []Order, next core.ID, err error) {
	if from == "" {
		from = lastID
	}
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Read, Org: core.Platform}, func(tx core.Tx) error {
		list, err = db.All(ctx, tx, qAll, scanOrder, from, limit+1)
		return err
	})
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID
	}
	return list, next, err
}

// Sheet is one order with everything that happened to it.
type Sheet struct {
	Order
	Names   map[core.ID]string // of those who decided; nobody erased has one
	Steps   []Passed
	Lines   []Line
	Notices []Notice
	Holds   []personal.Hold
	Batch   int // orders that wait for the same approval, this one included
}

// Of gives the lines of a phase.
func (s *Sheet) Of(phase string) (out []Line) {
	for _, l := range s.Lines {
		if l.Phase == phase {
			out = append(out, l)
		}
	}
	return out
}

// Get gives one order.
func (m *Module) Get(ctx context.Context, id core.ID) (s Sheet, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Read, Org: core.Platform, Resource: id}, func(tx core.Tx) error {
		s, err = m.sheet(ctx, tx, id)
		return err
	})
	return s, err
}

func (m *Module) sheet(ctx context.Context, tx core.Tx, id core.ID) (s Sheet, err error) {
	if s.Order, err = m.order(ctx, tx, id); err != nil {
		return s, err
	}
	if s.Steps, err = db.All(ctx, tx, qSteps, scanPassed, id); err != nil {
		return s, err
	}
	if s.Lines, err = linesOf(ctx, tx, id, ""); err != nil {
		return s, err
	}
	if s.Notices, err = db.All(ctx, tx, qNoticesOf, scanNotice, id); err != nil {
		return s, err
	}
	if s.State == Ordered || s.State == Waiting {
		if s.Holds, err = m.held(ctx, tx, s.Org, s.Person); err != nil {
			return s, err
		}
		batch, err := db.All(ctx, tx, qBatch, db.Value[core.ID], s.By, s.Reason)
		if err != nil {
			return s, err
		}
		s.Batch = len(batch)
	}
	people, err := m.needs.People.People(ctx, tx, s.By, s.Judge)
	s.Names = map[core.ID]string{}
	for id, p := range people {
		s.Names[id] = p.Name()
	}
	return s, err
}

// Receipt gives the signed receipt of an order that is done.
func (m *Module) Receipt(ctx context.Context, id core.ID) (receipt string, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Read, Org: core.Platform, Resource: id}, func(tx core.Tx) error {
		o, err := m.order(ctx, tx, id)
		if err == nil && o.Receipt == "" {
			err = errAbsent
		}
		receipt = o.Receipt
		return err
	})
	return receipt, err
}

// ForOrg gives what an organization was told.
func (m *Module) ForOrg(ctx context.Context, org core.ID) (list []Notice, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Consult, Org: org}, func(tx core.Tx) error {
		list, err = db.All(ctx, tx, qNotices, scanNotice, org)
		return err
	})
	return list, err
}

// Handle notes that an organization erased its own copies.
func (m *Module) Handle(ctx context.Context, org, notice core.ID) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: Handle, Org: org, Resource: notice}, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qHandled, org, notice, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		if err == nil && n == 0 {
			err = errAbsent
		}
		return err
	})
}
