package journal

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// The index holds, for each value that can be searched and each block of entries, the places that have it. It is made
// from the entries, block by block, beside the acts; the explorer shows what the entries say and never what the index
// says, and Verify compares the two.

// Blocks are long enough that frequent values take few rows, short enough that what comes after the last whole one can be
// read by every page.
const fullBlock = 64 * tileSize

// What a key of the index begins with: which field the rest is the value of.
const (
	byActor    = 'a'
	byAction   = 'c'
	byNamed    = 'n' // a further person concerned
	byOutcome  = 'o' // anything but success
	byResource = 'r'
	bySubject  = 's' // the first person concerned
	byTime     = 't' // no value: the earliest and latest time of each tile of the block
)

// postings are the keys of a block.
type postings struct {
	places map[string][]byte
	times  []byte // for each tile: earliest, latest
	key    []byte
}

func newPostings() *postings { return &postings{places: map[string][]byte{}} }

// add takes the values of the entry at a place of the block.
func (p *postings) add(within int, f *fields) {
	each(f, func(kind byte, value []byte) {
		p.key = append(append(p.key[:0], kind), value...)
		p.places[string(p.key)] = binary.BigEndian.AppendUint16(p.places[string(p.key)], uint16(within))
	})
	p.times = stretch(p.times, within/tileSize, f.at())
}

// each calls f with what an entry is searched by.
func each(f *fields, found func(kind byte, value []byte)) {
	found(byActor, f[fActor])
	found(byAction, f[fAction])
	if string(f[fOutcome]) != "success" {
		found(byOutcome, f[fOutcome])
	}
	if len(f[fResource]) > 0 {
		found(byResource, f[fResource])
	}
	if len(f[fSubject]) > 0 {
		found(bySubject, f[fSubject])
	}
	for rest := f[fOthers]; len(rest) > 0; {
		one := rest
		rest = nil
		if i := slices.Index(one, ','); i >= 0 {
			one, rest = one[:i], one[i+1:]
		}
		found(byNamed, one)
	}
}

// stretch makes the times of a tile include at.
func stretch(times []byte, tile int, at int64) []byte {
	for len(times) < 16*(tile+1) {
		times = binary.BigEndian.AppendUint64(times, 1<<63-1)
		times = binary.BigEndian.AppendUint64(times, 1<<63)
	}
	t := times[16*tile:]
	if at < int64(binary.BigEndian.Uint64(t)) {
		binary.BigEndian.PutUint64(t, uint64(at))
	}
	if at > int64(binary.BigEndian.Uint64(t[8:])) {
		binary.BigEndian.PutUint64(t[8:], uint64(at))
	}
	return times
}

var (
	qIndex = db.SQL(`INSERT INTO journal_index (log, key, block, places) VALUES ($1, $2, $3, $4)
		ON CONFLICT (log, key, block) DO UPDATE SET places = excluded.places`)
	qIndexTo = db.SQL(`UPDATE journal_log SET indexed = $2 WHERE log = $1 AND indexed < $2`)
)

const (
	indexTick = 100 * time.Millisecond
	// burst is how many entries in one tick make the index wait, so that nobody's act waits for it.
	burst = 200
	// lag is how many entries may wait for the index even so.
	lag = 16 * fullBlock
	// indexRows is how many rows are written in one transaction: acts wait no longer than that takes.
	indexRows = 200
)

// indexQuietly puts one block of entries into the index, when the writer is not busy with acts.
func (m *Module) indexQuietly(ctx context.Context) error {
	m.flushed.Store(0)
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(indexTick / 2):
	}
	busy, done := m.flushed.Load() >= burst, false
	m.pace.tick(busy)
	return m.indexWhile(ctx, func(behind uint64) bool {
		if done || busy && behind < lag { // what is flushed while a block is written says nothing: look again first
			return false
		}
		done = true
		return true
	})
}

// Index puts every whole block of entries into the index now.
func (m *Module) Index(ctx context.Context) error {
	return m.indexWhile(ctx, func(uint64) bool { return true })
}

// indexWhile works through every log, block by block, as long as more says so.
func (m *Module) indexWhile(ctx context.Context, more func(behind uint64) bool) error {
	var logs []logState
	err := m.db.Read(ctx, func(tx core.Tx) (err error) {
		logs, err = allLogs(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for i := range logs {
		for l := &logs[i]; l.indexed+m.block <= l.size; l.indexed += m.block {
			if !more(l.size - l.indexed) {
				return nil
			}
			if err := m.indexBlock(ctx, l); err != nil {
				return fmt.Errorf("journal: index: %w", err)
			}
		}
	}
	return nil
}

// indexBlock writes the rows of the block after the indexed ones, and then says that it is indexed.
func (m *Module) indexBlock(ctx context.Context, l *logState) error {
	var p *postings
	err := m.db.Read(ctx, func(tx core.Tx) (err error) {
		p, err = m.postingsOf(ctx, tx, l, l.indexed)
		return err
	})
	if err != nil {
		return err
	}
	p.places[string(byTime)] = p.times
	keys := slices.Sorted(maps.Keys(p.places))
	for len(keys) > 0 {
		n := min(indexRows, len(keys))
		err := m.db.Write(ctx, func(tx core.Tx) error {
			for _, key := range keys[:n] {
				if _, err := tx.Exec(ctx, qIndex, l.log, key, int64(l.indexed), p.places[key]); err != nil {
					return err
				}
			}
			if n < len(keys) {
				return nil
			}
			_, err := tx.Exec(ctx, qIndexTo, l.log, int64(l.indexed+m.block))
			return err
		})
		if err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// postingsOf reads the keys of a block from its entries.
func (m *Module) postingsOf(ctx context.Context, tx core.Tx, l *logState, from uint64) (*postings, error) {
	p := newPostings()
	var f fields
	var list []packed
	for at := from; at < from+m.block; at += tileSize {
		rows, err := db.All(ctx, tx, qBatches, scanBatch, place(l.log, at), place(l.log, min(at+tileSize, from+m.block)))
		if err != nil {
			return nil, err
		}
		for _, b := range rows {
			first := seqOf(b.pos)
			if list, err = unpackAll(list[:0], b.body); err != nil && len(list) == 0 {
				continue // what cannot be read cannot be found; Verify tells
			}
			for i, e := range list {
				if within := first + uint64(i) - from; within < m.block && f.cut(e.text) {
					p.add(int(within), &f)
				}
			}
		}
	}
	return p, nil
}
