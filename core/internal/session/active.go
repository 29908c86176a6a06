package session

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var qActive = db.SQL(`SELECT id, person, device, browser, system, address, aal, began_at, used_at, proved_at, locked_at, ended_at, reason
	FROM session_session WHERE ended_at = 0 AND used_at >= $1 AND person IN
	(SELECT s.person FROM session_session s WHERE s.ended_at = 0 AND s.used_at >= $1 GROUP BY s.person HAVING count(*) > 1) ORDER BY person, id LIMIT 20000`)

// ActiveTogether gives the sessions used since a moment by whoever used more than one: for the room that looks for shared
// accounts (ACC-2.2). It shows nothing to anybody.
func (m *Module) ActiveTogether(ctx context.Context, tx core.Tx, since time.Time) ([]View, error) {
	all, err := db.All(ctx, tx, qActive, scanKept, clock.Micros(since))
	if err != nil {
		return nil, err
	}
	out := make([]View, len(all))
	for i, k := range all {
		out[i] = m.view(ctx, k, core.SessionPolicy{}, "")
	}
	return out, nil
}
