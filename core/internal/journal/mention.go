package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

var (
	// Every log is asked in one statement, each by its own key.
	qMentions  = db.SQL(`SELECT i.log, i.block, i.places FROM journal_log l JOIN journal_index i ON i.log = l.log AND i.key IN ($1, $2) WHERE l.indexed > 0`)
	qMentioned = db.SQL(`SELECT DISTINCT l.log FROM journal_log l JOIN journal_index i ON i.log = l.log AND i.key IN ($1, $2) WHERE l.indexed > 0`)
	qSince     = db.SQL(`SELECT pos, count, root, body FROM journal_batch WHERE pos >= $1 AND pos < $2 ORDER BY pos LIMIT $3`)
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
		if w := of.named[string(person)]; w != nil {
			n += w.n
		}
	}
	return n, nil
}

// atOnce is how many batches that do not stand together are read by one statement, near how far apart those are that do.
const (
	atOnce = 16
	near   = 3
)

var qThese = db.SQL(`SELECT pos, count, body FROM journal_batch WHERE pos IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ORDER BY pos`)

// fresh gives the entries that a person did or is the subject of and that the index of a log lacks, the newest first, some at a time.
func (m *Module) fresh(ctx context.Context, tx core.Tx, l *logState, person core.ID, do func([]*Row) error) error {
	m.recent.Lock()
	of, err := m.recent.upTo(ctx, tx, m, l)
	var at []uint32
	if err == nil && of.named[string(person)] != nil {
		at = of.named[string(person)].at // others only append
	}
	m.recent.Unlock()
	if err != nil {
		return err
	}
	for len(at) > 0 && of.from+uint64(at[len(at)-1]) >= l.size { // this snapshot is older than what is known
		at = at[:len(at)-1]
	}
	s := &seeker{m: m, tx: tx, l: l, f: Filter{Person: person}}
	for len(at) > 0 {
		rows, left, err := newestOf(ctx, tx, place(l.log, of.from), at)
		if err != nil {
			return err
		}
		for _, b := range slices.Backward(rows) {
			if err := s.whole(b); err != nil {
				return err
			}
		}
		if err := do(s.rows); err != nil {
			return err
		}
		s.rows, at = s.rows[:0], left
	}
	return nil
}

// newestOf reads some of the last batches of a list, and gives the list without them.
func newestOf(ctx context.Context, tx core.Tx, from int64, at []uint32) (rows []batch, left []uint32, err error) {
	begin, last := len(at)-1, at[len(at)-1]
	for begin > 0 && at[begin]-at[begin-1] <= near && last-at[begin-1] < tileSize {
		begin--
	}
	if len(at)-begin >= atOnce {
		rows, err = db.All(ctx, tx, qBatches, scanBatch, from+int64(at[begin]), from+int64(last)+1)
		return rows, at[:begin], err
	}
	begin = max(0, len(at)-atOnce)
	these := make([]any, atOnce)
	for i := range these {
		these[i] = from + int64(at[min(begin+i, len(at)-1)])
	}
	rows, err = db.All(ctx, tx, qThese, scanBatch, these...)
	return rows, at[:begin], err
}

// whole keeps what fits of one batch, the last entry first.
func (s *seeker) whole(b batch) error {
	if err := s.take(b); err != nil {
		return err
	}
	for i := len(s.batch) - 1; i >= 0; i-- {
		if err := s.one(s.from+uint64(i), s.batch[i]); err != nil {
			return err
		}
	}
	return nil
}

// mentioned tells in which logs the index knows entries that a person did or is the subject of.
func mentioned(ctx context.Context, tx core.Tx, person core.ID) (map[int64]bool, error) {
	in := map[int64]bool{}
	_, err := db.All(ctx, tx, qMentioned, func(scan db.Scan) (struct{}, error) {
		var log int64
		err := scan(&log)
		in[log] = true
		return struct{}{}, err
	}, string(byActor)+string(person), string(bySubject)+string(person))
	return in, err
}

// recent remembers, for each log, whom the entries that the index lacks name, and where: exports and erasures one after the other
// read each entry once. Entries never change, and the root of the tree tells that they are still those of the log.
type recent struct {
	sync.Mutex
	logs map[int64]*latest
	held int // bytes in all of them, about
}

// who is what is remembered of one person in one log.
type who struct {
	n  int64    // entries that they did, and those that they are the subject of
	at []uint32 // the batches that hold them, each once, from the first entry that is remembered
}

// latest is what is remembered of one log.
type latest struct {
	from, to uint64
	last     int64       // place of the newest batch
	root     verify.Hash // of the tree after it
	named    map[string]*who
	held     int
}

// recentBytes bounds what is remembered.
const recentBytes = 6 << 20

// upTo gives who is named by the entries that the index of a log lacks.
func (r *recent) upTo(ctx context.Context, tx core.Tx, m *Module, l *logState) (of *latest, err error) {
	from := max(l.indexed, l.pruned)
	switch of = r.logs[l.log]; {
	case of == nil || of.from < from || of.to == l.size && of.root != l.root:
		of = r.anew(l.log, from)
	case of.from > from: // this snapshot is older than the index that is known
		of = &latest{from: from, to: from, last: place(l.log, from), named: map[string]*who{}}
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
		r.held -= old.held
	}
	if r.logs == nil || r.held > recentBytes {
		r.logs, r.held = map[int64]*latest{}, 0
	}
	of := &latest{from: from, to: from, last: place(log, from), named: map[string]*who{}}
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
	had, at := of.held, uint32(seqOf(b.pos)-of.from)
	for _, p := range entries {
		if !cut.cut(p.text) {
			continue
		}
		for _, id := range [...][]byte{cut[fActor], cut[fSubject]} {
			if len(id) > 0 {
				of.note(id, at)
			}
		}
	}
	if r.logs[l.log] == of {
		r.held += of.held - had
	}
	of.to, of.last = seqOf(b.pos)+uint64(b.count), b.pos
	copy(of.root[:], b.root)
}

// note remembers that somebody is named by an entry of a batch.
func (of *latest) note(id []byte, at uint32) {
	w := of.named[string(id)]
	if w == nil {
		w = &who{}
		of.named[string(id)] = w
		of.held += 120
	}
	w.n++
	if k := len(w.at); k == 0 || w.at[k-1] != at {
		w.at = append(w.at, at)
		of.held += 4
	}
}
