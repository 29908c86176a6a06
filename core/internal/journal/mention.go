package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// mentions counts the entries of a log that a person did, and those that they are the subject of, the ones that the index lacks
// included.
func (m *Module) mentions(ctx context.Context, tx core.Tx, l *logState, person core.ID) (n int64, err error) {
	for _, f := range []Filter{{Actor: person}, {Subject: person}} {
		for _, alternatives := range f.keys() {
			for _, key := range alternatives {
				some, err := indexed(ctx, tx, l, key)
				if err != nil {
					return 0, err
				}
				n += some
			}
		}
	}
	fresh, err := m.fresh(ctx, tx, l, person)
	return n + fresh, err
}

func indexed(ctx context.Context, tx core.Tx, l *logState, key string) (n int64, err error) {
	if l.indexed == 0 {
		return 0, nil
	}
	_, err = db.All(ctx, tx, qPlaces, func(scan db.Scan) (struct{}, error) {
		var block uint64
		var b []byte
		err := scan(&block, &b)
		for ; len(b) >= 2; b = b[2:] {
			if block+uint64(binary.BigEndian.Uint16(b)) >= l.pruned {
				n++
			}
		}
		return struct{}{}, err
	}, l.log, key, int64(l.indexed)-1, int64(math.MaxInt32))
	return n, err
}

// fresh counts those that the index lacks: an id stands as it is in the text of an entry, so that what does not hold it is not cut out.
func (m *Module) fresh(ctx context.Context, tx core.Tx, l *logState, person core.ID) (n int64, err error) {
	var cut fields
	var entries []packed
	for from, to := max(l.indexed, l.pruned), l.size; to > from; {
		rows, err := db.All(ctx, tx, qNewest, scanBatch, place(l.log, from), place(l.log, to), tileSize)
		if err != nil || len(rows) == 0 {
			return n, err
		}
		for _, b := range rows {
			to = min(to, seqOf(b.pos))
			if !bytes.Contains(b.body, []byte(person)) {
				continue
			}
			if entries, err = unpackAll(entries[:0], b.body); err != nil {
				m.log.Warn("stored entries cannot be read", "log", l.org, "from", seqOf(b.pos)+uint64(len(entries)))
			}
			for _, p := range entries {
				if !cut.cut(p.text) {
					continue
				}
				if string(cut[fActor]) == string(person) {
					n++
				}
				if string(cut[fSubject]) == string(person) {
					n++
				}
			}
		}
	}
	return n, nil
}
