package archive

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// Likeness is whose archive can be taken now, for a test environment; nothing of what is in it.
type Likeness struct {
	Person   core.ID
	Portable bool
}

var qLikenesses = db.SQL(`SELECT person, portable FROM archive_archive WHERE state = 'ready' AND made_at > $1 ORDER BY id`)

// Likenesses gives the archives that can be taken.
func (m *Module) Likenesses(ctx context.Context, tx core.Tx) ([]Likeness, error) {
	return db.All(ctx, tx, qLikenesses, func(scan db.Scan) (l Likeness, err error) {
		var portable int64
		err = scan(&l.Person, &portable)
		l.Portable = portable == 1
		return l, err
	}, clock.Micros(m.now().Add(-Life)))
}

// Imitate makes an archive of what is kept of an invented person.
func (m *Module) Imitate(ctx context.Context, person core.ID, portable bool) error {
	act := &core.Act{Def: &AskOwn, Org: core.Platform, Subject: person}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		act.Resource, err = m.Prepare(ctx, tx, person, "", portable)
		return err
	})
	if err != nil {
		return err
	}
	return m.BuildOne(ctx, act.Resource)
}
