package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"sort"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

// worker checks runs of tiles in a snapshot of its own: entries never change, so snapshots need not be the same.
type worker struct {
	c       *check
	calls   nodeCounts
	others  int64
	entries uint64
	pruned  uint64
	part    bool // entries outside the range were not read
}

func (w *worker) done() {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	w.c.others += w.others
	w.c.part = w.c.part || w.part
	w.c.rep.Entries += w.entries
	w.c.rep.Pruned += w.pruned
	if w.c.calls == nil {
		w.c.calls = nodeCounts{}
	}
	w.c.calls.join(w.calls)
}

// hidden tells an entry that the indexes do not show though they should.
func (w *worker) hidden(seq uint64) {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	w.c.rep.Add(verify.Misindexed, seq, seq, "the entry was taken out of the indexes")
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
	if last*tileSize > int(st.front.Size) { // the unfinished tile is told by the leaves beside the entries
		from := st.front.Size &^ (tileSize - 1)
		tail := make([]byte, 32*(st.front.Size-from))
		_, err := db.All(ctx, tx, qLeaves, func(scan db.Scan) (struct{}, error) {
			var pos int64
			var leaf []byte
			err := scan(&pos, &leaf)
			if i := seqOf(pos) - from; err == nil && len(leaf) == 32 && i < uint64(len(tail)/32) {
				copy(tail[32*i:], leaf)
			}
			return struct{}{}, err
		}, place(st.log, from), place(st.log, st.front.Size))
		if err != nil {
			return err
		}
		stored[last-1-first] = tail
	}
	if w.skip(first, last, stored) {
		return nil
	}
	return w.entriesOf(ctx, tx, first, last, stored)
}

// skip takes the stored hashes of full tiles outside the range asked for as they are: the tree is checked with them, their
// entries are not read.
func (w *worker) skip(first, last int, stored [][]byte) bool {
	c := w.c
	lo, hi := uint64(first)*tileSize, uint64(last)*tileSize
	if hi > c.st.front.Size || hi > c.from && lo <= c.to {
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
	end := min(uint64(last)*tileSize, st.front.Size)
	run := newTileRun(w, uint64(first)*tileSize, end, stored)
	if begin := max(uint64(first)*tileSize, st.pruned); begin < end {
		rows, err := tx.Query(ctx, qTexts, "\n", place(st.log, begin), place(st.log, end))
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		var pos, indexed int64
		var sealed []byte
		var text string
		for rows.Next() {
			if err := rows.Scan(&pos, &indexed, &sealed, &text); err != nil {
				return err
			}
			if indexed != 1 && seqOf(pos) < st.indexed {
				w.hidden(seqOf(pos))
			}
			run.entry(seqOf(pos), sealed, text)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	run.finish()
	return nil
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
	text   string
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
	b.text, b.sealed = strings.Clone(b.text), bytes.Clone(b.sealed)
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

func (r *tileRun) leaf(seq uint64, sealed []byte, text string) (h verify.Hash, dropped verify.PartKind, err error) {
	h, dropped, r.buf, err = leafOf(r.buf, r.head, seq, sealed, text)
	return h, dropped, err
}

// leafOf computes the hash of an entry at a place; head is how every text of the log begins, buf is working space.
func leafOf(buf, head []byte, seq uint64, sealed []byte, text string) (verify.Hash, verify.PartKind, []byte, error) {
	b := strconv.AppendUint(append(append(buf[:0], 0), head...), seq, 10)
	b = append(append(append(b, '\n'), text...), '\n')
	b, dropped, err := verify.AppendPartsHash(b, sealed)
	if err != nil {
		return verify.Hash{}, 0, buf, err
	}
	b = append(b, '\n')
	return sha256.Sum256(b), dropped, b, nil
}

func (r *tileRun) entry(seq uint64, sealed []byte, text string) {
	r.missingUntil(seq)
	got, dropped, err := r.leaf(seq, sealed, text)
	r.w.entries++
	if dropped != 0 && (dropped != verify.Address || seq >= r.w.c.st.trimmed) {
		r.w.c.add(verify.Changed, seq, "a sealed part was taken out")
	}
	r.w.note(seq, text)
	if want, known := r.want(seq); err != nil || known && got != want {
		r.w.c.fault(badEntry{seq: seq, want: want, text: text, sealed: sealed})
		if known {
			got = want
		}
	}
	r.push(got)
}

// missingUntil goes over entries that are not there: pruned ones keep their hash, others are missing.
func (r *tileRun) missingUntil(seq uint64) {
	for r.next < seq && r.next < r.end {
		want, known := r.want(r.next)
		if r.next < r.w.c.st.pruned && known {
			r.w.pruned++
		} else {
			r.w.c.fault(badEntry{seq: r.next, want: want, gone: true})
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

// note keeps what the checks of indexes and counters need: the persons named, the process and its number.
func (w *worker) note(seq uint64, text string) {
	if others := text[strings.LastIndexByte(text, '\n')+1:]; others != "" {
		w.others += int64(strings.Count(others, ",")) + 1
	}
	_, rest := line(text) // id
	when, rest := line(rest)
	node, rest := line(rest)
	number, rest := line(rest)
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return
	}
	at, _ := strconv.ParseInt(when, 10, 64)
	w.calls.add(node, n, seq, at)
	if kind, rest := line(rest); kind == "system" {
		_, rest = line(rest) // actor
		action, rest := line(rest)
		if action == voidAction {
			_, rest = line(rest) // verb
			_, rest = line(rest) // type
			resource, _ := line(rest)
			w.calls.void(resource)
		}
	}
}

func line(s string) (first, rest string) {
	i := strings.IndexByte(s, '\n')
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}
