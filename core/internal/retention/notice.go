package retention

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/probe"
)

// grace is how many days pass between the notice and the erasure of an account that belongs nowhere any more (CTI-4).
const grace = 30

// Farewell tells those who belong nowhere any more that their account ends, and orders its erasure when the time has come. Who
// joined an organization again in between is spared. A job runs it each hour.
func (m *Module) Farewell(ctx context.Context) error {
	for after := core.ID(""); ; {
		var list []core.ID
		err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
			list, err = m.needs.Places.Gone(ctx, tx, after, 200)
			return err
		})
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		after = list[len(list)-1]
		if err := m.Warn(ctx, list...); err != nil {
			return err
		}
	}
	return m.forget(ctx)
}

// Warn tells persons whose last organization has ended that their account ends, each once.
func (m *Module) Warn(ctx context.Context, list ...core.ID) error {
	for _, person := range list {
		_, told, err := one(ctx, m.needs.Reader, qNoticed, func(scan db.Scan) (p core.ID, err error) {
			var at, due int64
			var order core.ID
			err = scan(&p, &at, &due, &order)
			return p, err
		}, person)
		if err != nil {
			return err
		}
		if told {
			continue
		}
		now := m.now()
		due := now.AddDate(0, 0, grace)
		err = m.needs.Gate.Change(ctx, &core.Act{Def: Warn, Org: core.Platform, Resource: person, Subject: person}, func(tx core.Tx) error {
			people, err := m.needs.People.People(ctx, tx, person)
			if p, there := people[person]; err != nil || !there || p.IsCanary() {
				return err
			}
			if _, err := tx.Exec(ctx, qNotice, person, clock.Micros(now), clock.Micros(due)); err != nil {
				return err
			}
			return m.needs.People.Send(ctx, tx, person, "account.ending", probe.Text(tEnding), probe.Text(tEndingText, day(due), m.needs.Origin))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forget orders the erasures that are due.
func (m *Module) forget(ctx context.Context) error {
	eraser := m.needs.Eraser()
	if eraser == nil {
		return nil
	}
	var due []core.ID
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		due, err = db.All(ctx, tx, qNoticesDue, db.Value[core.ID], clock.Micros(m.now()))
		return err
	})
	if err != nil {
		return err
	}
	for _, person := range due {
		act := &core.Act{Def: Forget, Org: core.Platform, Resource: person, Subject: person}
		err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
			back, err := m.needs.Places.Memberships(ctx, tx, person)
			if err != nil {
				return err
			}
			if len(back) > 0 {
				act.Fail("account.spared")
				_, err := tx.Exec(ctx, qSpared, person)
				return err
			}
			if held, err := m.Held(ctx, tx, "", person); err != nil || len(held) > 0 {
				if len(held) > 0 {
					act.Fail("account.held")
				}
				return err
			}
			order, err := eraser.Order(ctx, tx, personal.ErasureOrder{Person: person, Reason: "retention"})
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, qOrdered, person, order)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Leave tells those of a list who belong nowhere any more that their account ends.
func (m *Module) Leave(ctx context.Context, persons ...core.ID) error {
	var alone []core.ID
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		alone = nil
		for _, p := range persons {
			places, err := m.needs.Places.Memberships(ctx, tx, p)
			if err != nil {
				return err
			}
			if len(places) == 0 {
				alone = append(alone, p)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.Warn(ctx, alone...)
}
