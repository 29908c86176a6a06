package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qAbout = db.SQL(`SELECT id FROM journal_entry WHERE log = $1 AND at >= $2 AND action = $3 AND (actor = $4 OR subject = $4 OR resource = $4)
		ORDER BY at, pos LIMIT 1000`)
	qAboutPending = db.SQL(`SELECT id FROM journal_pending WHERE org = $1 AND at >= $2 AND action = $3 AND (actor = $4 OR subject = $4 OR resource = $4)
		ORDER BY id LIMIT 1000`)
)

// EntriesAbout gives the entries since a moment on one act that a person did or was the subject of, in these journals:
// ids alone, for who names the witnesses of what was seen.
func (m *Module) EntriesAbout(ctx context.Context, person core.ID, action core.Permission, since time.Time, orgs ...core.ID) (found []core.ID, err error) {
	err = m.db.Read(ctx, func(tx core.Tx) error {
		found = nil
		logs, err := allLogs(ctx, tx)
		if err != nil {
			return err
		}
		for _, org := range orgs {
			for _, l := range logs {
				if l.org != org {
					continue
				}
				placed, err := db.All(ctx, tx, qAbout, db.Value[core.ID], l.log, clock.Micros(since), string(action), person)
				if err != nil {
					return err
				}
				found = append(found, placed...)
			}
			waiting, err := db.All(ctx, tx, qAboutPending, db.Value[core.ID], org, clock.Micros(since), string(action), person)
			if err != nil {
				return err
			}
			found = append(found, waiting...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("journal: entries about: %w", err)
	}
	return found, nil
}
