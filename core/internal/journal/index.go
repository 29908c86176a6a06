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

const (
	indexTick = 100 * time.Millisecond
	// burst is how many entries in one tick make the indexes wait, so that nobody's act waits for them.
	burst = 200
	// lag is how many entries may wait for the indexes even so: the explorer reads those from the end of the log.
	lag = 200_000
	// An index page takes as many entries at once as there are in a batch: a large batch is many times cheaper, a small one
	// holds the writer for a moment only.
	smallBatch, quietBatch, largeBatch = 256, 2048, 8192
)

// indexQuietly puts one batch of the entries that have their place into the indexes, when the writer is not busy with acts.
func (m *Module) indexQuietly(ctx context.Context) error {
	m.flushed.Store(0)
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(indexTick / 2):
	}
	busy, done := m.flushed.Load() >= burst, false
	return m.index(ctx, func(behind uint64) uint64 {
		switch {
		case done: // what is flushed while a batch holds the writer says nothing: look again first
			return 0
		case !busy:
			done = true
			return quietBatch
		case behind > lag:
			done = true
			return smallBatch
		}
		return 0
	})
}

// Index puts every entry that has its place into the indexes now.
func (m *Module) Index(ctx context.Context) error {
	return m.index(ctx, func(uint64) uint64 { return largeBatch })
}

// index works through every log; next says how many entries to take, 0 to stop.
func (m *Module) index(ctx context.Context, next func(behind uint64) uint64) error {
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
			batch := next(l.front.Size - l.indexed)
			if batch == 0 {
				return nil
			}
			to := min(l.indexed+batch, l.front.Size)
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
		}
	}
	return nil
}
