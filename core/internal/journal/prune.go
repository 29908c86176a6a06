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
	qPrune      = db.SQL(`DELETE FROM journal_entry WHERE pos >= $1 AND pos < $2`)
	qPruneNamed = db.SQL(`DELETE FROM journal_subject WHERE pos >= $1 AND pos < $2`)
	qPruned     = db.SQL(`UPDATE journal_log SET pruned = $2 WHERE log = $1 AND pruned < $2`)
	qTrimmed    = db.SQL(`UPDATE journal_log SET trimmed = $2 WHERE log = $1 AND trimmed < $2`)
	qTrim       = db.SQL(`UPDATE journal_entry SET sealed = $2 WHERE pos = $1`)
	qToTrim     = db.SQL(`SELECT pos, at, sealed FROM journal_entry WHERE pos >= $1 AND pos < $2 ORDER BY pos`)
	qNewestIn   = db.SQL(`SELECT MAX(at) FROM journal_entry WHERE pos >= $1 AND pos < $2`)
)

// Prune removes the entries of a log that are older than before and keeps their leaf hashes, so that what remains still
// verifies. It goes by full tiles: up to 255 entries stay longer than asked. It gives the number of entries removed.
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
		if err != nil || !found || l.pruned+tileSize > l.front.Size {
			return err
		}
		from, to := place(l.log, l.pruned), place(l.log, l.pruned+tileSize)
		newest, found, err := db.One(ctx, tx, qNewestIn, func(scan db.Scan) (at *int64, err error) {
			err = scan(&at)
			return at, err
		}, from, to)
		if err != nil || !found || newest == nil || *newest >= clock.Micros(before) {
			return err
		}
		// The tile must hold the hashes before the entries go.
		if _, err := tileAt(ctx, tx, l.log, 0, l.pruned/tileSize); err != nil {
			return err
		}
		if n, err = tx.Exec(ctx, qPrune, from, to); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qPruneNamed, from, to); err != nil {
			return err
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
		type old struct {
			pos, at int64
			sealed  []byte
		}
		rows, err := db.All(ctx, tx, qToTrim, func(scan db.Scan) (o old, err error) {
			err = scan(&o.pos, &o.at, &o.sealed)
			return o, err
		}, place(l.log, from), place(l.log, min(from+500, l.front.Size)))
		if err != nil {
			return err
		}
		to := from
		for _, o := range rows {
			if o.at >= clock.Micros(before) {
				break
			}
			parts, err := verify.DecodeParts(o.sealed)
			if err != nil {
				return err
			}
			if dropped := dropAddress(parts); dropped {
				if _, err := tx.Exec(ctx, qTrim, o.pos, verify.EncodeParts(parts)); err != nil {
					return err
				}
				n++
			}
			to = seqOf(o.pos) + 1
		}
		more = len(rows) > 0 && to == seqOf(rows[len(rows)-1].pos)+1
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

func dropAddress(parts []verify.Part) (dropped bool) {
	for i := range parts {
		if parts[i].Kind == verify.Address && !parts[i].Dropped {
			parts[i].Drop()
			dropped = true
		}
	}
	return dropped
}
