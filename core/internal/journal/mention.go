package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

var (
	// Every log is asked in one statement, each by its own key.
	qMentions = db.SQL(`SELECT i.log, i.block, i.places FROM journal_log l JOIN journal_index i ON i.log = l.log AND i.key IN ($1, $2) WHERE l.indexed > 0`)
	qSince    = db.SQL(`SELECT pos, count, root, body FROM journal_batch WHERE pos >= $1 AND pos < $2 ORDER BY pos LIMIT $3`)
)

// mentions counts the entries of every log that a person did, and those that they are the subject of, the ones that the index lacks
// included.
func (m *Module) mentions(ctx context.Context, tx core.Tx, person core.ID) (n int64, err error) {
	logs, err := allLogs(ctx, tx)
	if err != nil {
		return 0, err
	}
	at := make(map[int64]*logState, len(logs))
	for i := range logs {
		at[logs[i].log] = &logs[i]
	}
	_, err = db.All(ctx, tx, qMentions, func(scan db.Scan) (struct{}, error) {
		var log int64
		var block uint64
		var b []byte
		err := scan(&log, &block, &b)
		for l := at[log]; l != nil && len(b) >= 2; b = b[2:] {
			if seq := block + uint64(binary.BigEndian.Uint16(b)); seq >= l.pruned && seq < l.indexed {
				n++
			}
		}
		return struct{}{}, err
	}, string(byActor)+string(person), string(bySubject)+string(person))
	if err != nil {
		return 0, err
	}
	m.recent.Lock()
	defer m.recent.Unlock()
	for i := range logs {
		of, err := m.recent.upTo(ctx, tx, m, &logs[i])
		if err != nil {
			return 0, err
		}
		n += of.named[string(person)]
	}
	return n, nil
}

// recent remembers, for each log, whom the entries that the index lacks name: erasures one after the other read each entry once.
// Entries never change, and the root of the tree tells that they are still those of the log.
type recent struct {
	sync.Mutex
	logs  map[int64]*latest
	names int // in all of them
}

// latest is what is remembered of one log.
type latest struct {
	from, to uint64
	last     int64       // place of the newest batch
	root     verify.Hash // of the tree after it
	named    map[string]int64
}

// recentNames bounds what is remembered to a few megabytes.
const recentNames = 50_000

// upTo gives who is named by the entries that the index of a log lacks.
func (r *recent) upTo(ctx context.Context, tx core.Tx, m *Module, l *logState) (of *latest, err error) {
	from := max(l.indexed, l.pruned)
	switch of = r.logs[l.log]; {
	case of == nil || of.from < from || of.to == l.size && of.root != l.root:
		of = r.anew(l.log, from)
	case of.from > from: // this snapshot is older than the index that is known
		of = &latest{from: from, to: from, last: place(l.log, from), named: map[string]int64{}}
	}
	for of.to < l.size {
		rows, err := db.All(ctx, tx, qSince, scanRooted, of.last, place(l.log, l.size), tileSize)
		if err != nil {
			return nil, err
		}
		if of.to > of.from {
			if len(rows) == 0 || rows[0].pos != of.last || !bytes.Equal(rows[0].root, of.root[:]) {
				of = r.anew(l.log, from) // not the log that was read
				continue
			}
			rows = rows[1:]
		}
		if len(rows) == 0 {
			break
		}
		for i := range rows {
			r.add(m, l, of, &rows[i])
		}
	}
	return of, nil
}

// anew forgets what is known of a log.
func (r *recent) anew(log int64, from uint64) *latest {
	if old := r.logs[log]; old != nil {
		r.names -= len(old.named)
	}
	if r.logs == nil || r.names > recentNames {
		r.logs, r.names = map[int64]*latest{}, 0
	}
	of := &latest{from: from, to: from, last: place(log, from), named: map[string]int64{}}
	r.logs[log] = of
	return of
}

// rooted is a batch with the root of the tree after it.
type rooted struct {
	batch
	root []byte
}

func scanRooted(scan db.Scan) (b rooted, err error) {
	err = scan(&b.pos, &b.count, &b.root, &b.body)
	return b, err
}

// add counts who is named by a batch.
func (r *recent) add(m *Module, l *logState, of *latest, b *rooted) {
	var cut fields
	entries, err := unpackAll(nil, b.body)
	if err != nil {
		m.log.Warn("stored entries cannot be read", "log", l.org, "from", seqOf(b.pos)+uint64(len(entries)))
	}
	had := len(of.named)
	for _, p := range entries {
		if !cut.cut(p.text) {
			continue
		}
		for _, who := range [][]byte{cut[fActor], cut[fSubject]} {
			if len(who) > 0 {
				of.named[string(who)]++
			}
		}
	}
	if r.logs[l.log] == of {
		r.names += len(of.named) - had
	}
	of.to, of.last = seqOf(b.pos)+uint64(b.count), b.pos
	copy(of.root[:], b.root)
}
