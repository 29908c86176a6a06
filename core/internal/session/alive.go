package session

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var qRowByID = db.SQL(`SELECT id, pace, generation, moved_at, person, account, staff, aal, browser, began_at, used_at, proved_at,
	locked_at, ended_at, reason FROM session_session WHERE id = $1`)

// Alive tells whether a session that was checked once still stands: by every rule of Check, but as no use of it. What lasts longer than a
// request asks it again and again, and a page left open alone does not keep a session alive.
func (m *Module) Alive(ctx context.Context, actor core.Actor) error {
	return m.needs.Store.Read(ctx, func(tx core.Tx) error {
		r, found, err := db.One(ctx, tx, qRowByID, scanRow, actor.Session)
		if err != nil {
			return err
		}
		if !found || r.person != actor.ID {
			return errUnknown
		}
		if !r.ended.IsZero() {
			return endedBecause(r.reason)
		}
		now := m.needs.Clock.Now()
		p, err := m.rules(ctx, tx, r, actor, now)
		if err == nil && (!r.locked.IsZero() || p.Lock > 0 && now.Sub(r.used) >= p.Lock) {
			err = errLocked
		}
		return err
	})
}
