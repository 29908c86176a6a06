package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

var (
	qPrune   = db.SQL(`DELETE FROM journal_batch WHERE pos >= $1 AND pos < $2`)
	qUnindex = db.SQL(`DELETE FROM journal_index WHERE log = $1 AND block >= $2 AND block < $3`)
	qPruned  = db.SQL(`UPDATE journal_log SET pruned = $2 WHERE log = $1 AND pruned < $2`)
	qTrimmed = db.SQL(`UPDATE journal_log SET trimmed = $2 WHERE log = $1 AND trimmed < $2`)
	qTrim    = db.SQL(`UPDATE journal_batch SET body = $2 WHERE pos = $1`)
	qLast    = db.SQL(`SELECT MAX(pos) FROM journal_batch WHERE pos >= $1 AND pos < $2`)
)

// Prune removes the entries of a log that are older than before and keeps their leaf hashes, so that what remains still
// verifies. It goes by full tiles and leaves the last batch, which says where the log stands: up to 319 entries stay
// longer than asked. It gives the number of entries removed.
//
// Prune and Trim are retention duties: call them from a job, with the policy in force of each organization.
func (m *Module) Prune(ctx context.Context, org core.ID, before time.Time) (int64, error) {
	var removed int64
	for {
		n, more, err := m.pruneTile(ctx, org, before)
		removed += n
		if err != nil || !more {
			return removed, err
		}
	}
}

func (m *Module) pruneTile(ctx context.Context, org core.ID, before time.Time) (n int64, more bool, err error) {
	err = m.db.Write(ctx, func(tx core.Tx) error {
		n, more = 0, false
		l, found, err := findLog(ctx, tx, org)
		if err != nil || !found || l.pruned+tileSize > l.size {
			return err
		}
		from, to := place(l.log, l.pruned), place(l.log, l.pruned+tileSize)
		last, found, err := db.One(ctx, tx, qLast, db.Value[int64], from, place(l.log+1, 0))
		if err != nil || !found || last < to {
			return err
		}
		newest, n0, err := newestIn(ctx, tx, from, to)
		if err != nil || newest >= clock.Micros(before) {
			return err
		}
		// The tile must hold the hashes before the entries go.
		if _, err := tileAt(ctx, tx, l.log, 0, l.pruned/tileSize); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qPrune, from, to); err != nil {
			return err
		}
		n = n0
		if end := l.pruned + tileSize; end%m.block == 0 {
			if _, err := tx.Exec(ctx, qUnindex, l.log, int64(end-m.block), int64(end)); err != nil {
				return err
			}
		}
		more = true
		_, err = tx.Exec(ctx, qPruned, l.log, int64(l.pruned+tileSize))
		return err
	})
	if err != nil {
		return n, false, fmt.Errorf("journal: prune: %w", err)
	}
	return n, more, nil
}

// newestIn gives the latest time of the entries between two places, and how many there are.
func newestIn(ctx context.Context, tx core.Tx, from, to int64) (newest, n int64, err error) {
	rows, err := db.All(ctx, tx, qBatches, scanBatch, from, to)
	var f fields
	for _, b := range rows {
		list, err := unpackAll(nil, b.body)
		if err != nil {
			return 0, 0, err
		}
		for _, p := range list {
			if !f.cut(p.text) {
				return 0, 0, errBody
			}
			newest, n = max(newest, f.at()), n+1
		}
	}
	return newest, n, err
}

// Trim drops the full addresses of entries older than before (ACC-11.1); the network without its last digits stays in
// another part, and every proof holds: the dropped part leaves its hash. It gives the number of entries trimmed.
func (m *Module) Trim(ctx context.Context, org core.ID, before time.Time) (int64, error) {
	var trimmed int64
	for {
		n, more, err := m.trimWindow(ctx, org, before)
		trimmed += n
		if err != nil || !more {
			return trimmed, err
		}
	}
}

func (m *Module) trimWindow(ctx context.Context, org core.ID, before time.Time) (n int64, more bool, err error) {
	err = m.db.Write(ctx, func(tx core.Tx) error {
		n, more = 0, false
		l, found, err := findLog(ctx, tx, org)
		if err != nil || !found {
			return err
		}
		from := max(l.trimmed, l.pruned)
		tile := from &^ (tileSize - 1)
		rows, err := db.All(ctx, tx, qBatches, scanBatch, place(l.log, tile), place(l.log, min(tile+2*tileSize, l.size)))
		if err != nil {
			return err
		}
		to := from
		more = len(rows) > 0
		for _, b := range rows {
			t := trimming{from: from, to: to, before: clock.Micros(before)}
			body, err := t.body(b)
			if err != nil {
				return err
			}
			if t.trimmed > 0 {
				if _, err := tx.Exec(ctx, qTrim, b.pos, body); err != nil {
					return err
				}
			}
			n, to = n+t.trimmed, t.to
			if t.young {
				more = false
				break
			}
		}
		more = more && to < l.size
		if to == from {
			return nil
		}
		_, err = tx.Exec(ctx, qTrimmed, l.log, int64(to))
		return err
	})
	if err != nil {
		return n, false, fmt.Errorf("journal: trim: %w", err)
	}
	return n, more, nil
}

// trimming goes through the entries of a batch.
type trimming struct {
	from, to uint64 // entries before from are done; to is where it came
	before   int64
	trimmed  int64
	young    bool // it met an entry that keeps its address
}

// body writes the entries of a batch without the addresses that are due.
func (t *trimming) body(b batch) ([]byte, error) {
	list, err := unpackAll(nil, b.body)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(b.body))
	var f fields
	for i, p := range list {
		seq := seqOf(b.pos) + uint64(i)
		if !f.cut(p.text) {
			return nil, errBody
		}
		t.young = t.young || seq >= t.from && f.at() >= t.before
		if seq >= t.from && !t.young {
			parts, err := verify.DecodeParts(p.sealed)
			if err != nil {
				return nil, err
			}
			if dropAddress(parts) {
				p.sealed = verify.EncodeParts(parts)
				t.trimmed++
			}
			t.to = seq + 1
		}
		out = verify.AppendStored(out, p.text, p.sealed)
	}
	return out, nil
}

func dropAddress(parts []verify.Part) (dropped bool) {
	for i := range parts {
		if parts[i].Kind == verify.Address && !parts[i].Dropped {
			parts[i].Drop()
			dropped = true
		}
	}
	return dropped
}
