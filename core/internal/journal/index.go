package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var (
	qIndex   = db.SQL(`UPDATE journal_entry SET indexed = 1 WHERE pos >= $1 AND pos < $2 AND indexed = 0`)
	qIndexTo = db.SQL(`UPDATE journal_log SET indexed = $2 WHERE log = $1 AND indexed < $2`)
)

const indexBatch = 512

// index puts the entries that have their place since the last time into the indexes. It takes a fifth of the writer's
// time at most: under a burst the indexes follow later, and the explorer reads what they lack from the entries.
func (m *Module) index(ctx context.Context) error {
	var logs []logState
	err := m.db.Read(ctx, func(tx core.Tx) (err error) {
		logs, err = allLogs(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for i := range logs {
		for l := &logs[i]; l.indexed < l.front.Size; {
			began := time.Now()
			to := min(l.indexed+indexBatch, l.front.Size)
			err := m.db.Write(ctx, func(tx core.Tx) error {
				if _, err := tx.Exec(ctx, qIndex, place(l.log, l.indexed), place(l.log, to)); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, qIndexTo, l.log, int64(to))
				return err
			})
			if err != nil {
				return fmt.Errorf("journal: index: %w", err)
			}
			l.indexed = to
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(4 * time.Since(began)):
			}
		}
	}
	return nil
}
