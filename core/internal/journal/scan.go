package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"sort"
	"strconv"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

// worker checks runs of tiles in a snapshot of its own: entries never change, so snapshots need not be the same.
type worker struct {
	c       *check
	calls   nodeCounts
	index   indexSums
	entries uint64
	pruned  uint64
	part    bool // entries outside the range were not read
	cut     fields
	list    []packed
}

func (w *worker) done() {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	w.c.part = w.c.part || w.part
	w.c.rep.Entries += w.entries
	w.c.rep.Pruned += w.pruned
	if w.c.calls == nil {
		w.c.calls = nodeCounts{}
	}
	w.c.calls.join(w.calls)
	w.index.closeTile(w.c)
	w.c.index.join(&w.index)
}

// chunk reads the stored tiles and the entries of some tiles and compares them.
func (w *worker) chunk(ctx context.Context, tx core.Tx, first, last int) error {
	st := &w.c.st
	stored := make([][]byte, last-first)
	_, err := db.All(ctx, tx, qTilesOf, func(scan db.Scan) (struct{}, error) {
		var idx int64
		var b []byte
		err := scan(&idx, &b)
		if err == nil && len(b) == 32*tileSize {
			stored[int(idx)-first] = b
		}
		return struct{}{}, err
	}, st.log, first, last)
	if err != nil {
		return err
	}
	if last*tileSize > int(st.size) { // the unfinished tile is told by the leaves beside the entries
		if stored[last-1-first], err = w.openTile(ctx, tx); err != nil {
			return err
		}
	}
	if w.skip(first, last, stored) {
		return nil
	}
	return w.entriesOf(ctx, tx, first, last, stored)
}

// openTile reads the hashes beside the entries of the unfinished tile, and the roots that its batches give.
func (w *worker) openTile(ctx context.Context, tx core.Tx) ([]byte, error) {
	st := &w.c.st
	from := st.size &^ (tileSize - 1)
	tail := make([]byte, 32*(st.size-from))
	_, err := db.All(ctx, tx, qLeaves, func(scan db.Scan) (struct{}, error) {
		var pos int64
		var count uint64
		var leaves, root []byte
		if err := scan(&pos, &count, &leaves, &root); err != nil {
			return struct{}{}, err
		}
		at := seqOf(pos)
		if i := 32 * (at - from); i < uint64(len(tail)) {
			copy(tail[i:min(uint64(len(tail)), i+32*count)], leaves)
		}
		w.c.ends = append(w.c.ends, batchEnd{at, at + count, root})
		return struct{}{}, nil
	}, place(st.log, from), place(st.log, st.size))
	return tail, err
}

// skip takes the stored hashes of full tiles outside the range asked for as they are: the tree is checked with them, their
// entries are not read.
func (w *worker) skip(first, last int, stored [][]byte) bool {
	c := w.c
	lo, hi := uint64(first)*tileSize, uint64(last)*tileSize
	if hi > c.st.size || hi > c.from && lo <= c.to {
		return false
	}
	for _, b := range stored {
		if len(b) != 32*tileSize {
			return false
		}
	}
	for i, b := range stored {
		leaves, err := hashes(b)
		if err != nil {
			return false
		}
		t := &c.tiles[first+i]
		if c.pointInside(uint64(first + i)) {
			t.leaves = append([]verify.Hash(nil), leaves...)
		}
		t.root = verify.TreeRoot(leaves)
	}
	w.part = true
	return true
}

// entriesOf walks the entries of tiles first to last-1 and closes each tile.
func (w *worker) entriesOf(ctx context.Context, tx core.Tx, first, last int, stored [][]byte) error {
	st := &w.c.st
	end := min(uint64(last)*tileSize, st.size)
	run := newTileRun(w, uint64(first)*tileSize, end, stored)
	if begin := max(uint64(first)*tileSize, st.pruned); begin < end {
		rows, err := tx.Query(ctx, qBatches, place(st.log, begin), place(st.log, end))
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		var b batch
		for rows.Next() {
			if err := rows.Scan(&b.pos, &b.count, &b.body); err != nil {
				return err
			}
			run.batch(&b)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	run.finish()
	return nil
}

// batch goes through the entries of a row.
func (r *tileRun) batch(b *batch) {
	first := seqOf(b.pos)
	list, err := unpackAll(r.w.list[:0], b.body)
	r.w.list = list
	over := first < r.next
	for i := range list {
		seq := first + uint64(i)
		if seq < r.next || seq >= r.end {
			over = true
			continue
		}
		r.entry(seq, &list[i])
	}
	switch n := uint64(len(list)); {
	case err != nil:
		to := max(first+n, min(first+uint64(max(b.count, 0)), r.end)-1)
		r.w.c.span(verify.Changed, first+n, to, "the stored entries cannot be read from here on")
		r.keepUntil(to + 1)
	case over:
		r.w.c.add(verify.Inserted, first, "the batch reaches over the place of another")
	case b.count != len(list):
		r.w.c.add(verify.Changed, first, "the batch says that it holds %d entries, it holds %d", b.count, n)
	}
}

// tileRun goes through consecutive entries, tile by tile.
type tileRun struct {
	w      *worker
	next   uint64
	end    uint64
	first  uint64
	stored [][]byte
	leaves []verify.Hash
	head   []byte // version, log and a newline: how every text begins
	buf    []byte
}

// badEntry is an entry whose hash is not the one in the tree.
type badEntry struct {
	seq    uint64
	want   verify.Hash // what the tree holds at its place
	text   []byte
	sealed []byte
	gone   bool
}

// maxBad bounds how many are kept to be judged.
const maxBad = 4096

func (c *check) fault(b badEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.bad) >= maxBad {
		c.more++
		return
	}
	b.text, b.sealed = bytes.Clone(b.text), bytes.Clone(b.sealed)
	c.bad = append(c.bad, b)
}

func newTileRun(w *worker, from, end uint64, stored [][]byte) *tileRun {
	return &tileRun{
		w: w, next: from, end: end, first: from / tileSize, stored: stored, leaves: make([]verify.Hash, 0, tileSize),
		head: w.c.textHead(), buf: make([]byte, 0, 2048),
	}
}

func (c *check) textHead() []byte { return []byte(verify.Version + "\n" + string(c.st.org) + "\n") }

// want is what the tree holds at a sequence.
func (r *tileRun) want(seq uint64) (h verify.Hash, known bool) {
	b := r.stored[seq/tileSize-r.first]
	if i := 32 * (seq % tileSize); uint64(len(b)) >= i+32 {
		copy(h[:], b[i:])
		return h, true
	}
	return h, false
}

// leafOf computes the hash of an entry at a place; head is how every text of the log begins, buf is working space.
func leafOf(buf, head []byte, seq uint64, sealed, text []byte) (verify.Hash, verify.PartKind, []byte, error) {
	b := strconv.AppendUint(append(append(buf[:0], 0), head...), seq, 10)
	b = append(append(append(b, '\n'), text...), '\n')
	b, dropped, err := verify.AppendPartsHash(b, sealed)
	if err != nil {
		return verify.Hash{}, 0, buf, err
	}
	b = append(b, '\n')
	return sha256.Sum256(b), dropped, b, nil
}

func (r *tileRun) entry(seq uint64, p *packed) {
	r.missingUntil(seq)
	got, dropped, buf, err := leafOf(r.buf, r.head, seq, p.sealed, p.text)
	r.buf = buf
	r.w.entries++
	if dropped != 0 && (dropped != verify.Address || seq >= r.w.c.st.trimmed) {
		r.w.c.add(verify.Changed, seq, "a sealed part was taken out")
	}
	r.w.note(seq, p.text)
	if want, known := r.want(seq); err != nil || known && got != want {
		r.w.c.fault(badEntry{seq: seq, want: want, text: p.text, sealed: p.sealed})
		if known {
			got = want
		}
	}
	r.push(got)
}

// manyGone is how many missing entries in a row are told as one run.
const manyGone = tileSize

// missingUntil goes over entries that are not there: pruned ones keep their hash, others are missing.
func (r *tileRun) missingUntil(seq uint64) {
	seq = min(seq, r.end)
	if from := max(r.next, r.w.c.st.pruned); seq > from && seq-from > manyGone {
		r.w.c.span(verify.Removed, from, seq-1, "the entries are not there")
		r.keepUntil(seq)
	}
	for r.next < seq {
		want, known := r.want(r.next)
		if r.next < r.w.c.st.pruned && known {
			r.w.pruned++
		} else {
			r.w.c.fault(badEntry{seq: r.next, want: want, gone: true})
		}
		r.push(want)
	}
}

// keepUntil takes the hashes that the tree holds for entries of which enough was said.
func (r *tileRun) keepUntil(seq uint64) {
	for r.next < min(seq, r.end) {
		want, known := r.want(r.next)
		if r.next < r.w.c.st.pruned && known {
			r.w.pruned++
		}
		r.push(want)
	}
}

func (r *tileRun) push(h verify.Hash) {
	r.leaves = append(r.leaves, h)
	if r.next++; r.next%tileSize == 0 {
		r.close()
	}
}

func (r *tileRun) finish() {
	r.missingUntil(r.end)
	if len(r.leaves) > 0 {
		r.close()
	}
}

// close judges a tile and keeps its root.
func (r *tileRun) close() {
	idx := (r.next - 1) / tileSize
	t := &r.w.c.tiles[idx]
	if len(r.leaves) < tileSize || r.w.c.pointInside(idx) {
		t.leaves = append([]verify.Hash(nil), r.leaves...)
	}
	if len(r.leaves) == tileSize {
		t.root = verify.TreeRoot(r.leaves)
	}
	r.leaves = r.leaves[:0]
}

func (c *check) pointInside(tile uint64) bool {
	i := sort.Search(len(c.points), func(i int) bool { return c.points[i].size > tile*tileSize })
	return i < len(c.points) && c.points[i].size < (tile+1)*tileSize
}

// note keeps what the checks of the index and of the counters need.
func (w *worker) note(seq uint64, text []byte) {
	f := &w.cut
	if !f.cut(text) {
		return
	}
	at := f.at()
	w.calls.add(f[fNode], decimal(f[fCounter]), seq, at)
	w.index.entry(w.c, seq, at, f)
	if string(f[fKind]) == "system" && string(f[fAction]) == voidAction {
		w.calls.void(string(f[fResource]))
	}
}
