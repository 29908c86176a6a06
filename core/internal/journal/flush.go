package journal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/transparency-dev/merkle/compact"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/verify"
)

const (
	tileSize = 256
	// rowSize is how many entries one row holds at most: a page of the explorer reads one row per entry that it shows.
	rowSize = 64
)

// flushState belongs to the flush hook, which one transaction at a time runs.
type flushState struct {
	mu     sync.Mutex
	node   string
	names  int    // names given out: each log's run of numbers has its own
	undone uint64 // db.Undone when the tails were read
	tails  map[core.ID]*tail
	groups []group
	batcher
}

// tail is the end of a log. A flush leaves it for the next one, which trusts it as long as every commit succeeded and
// nobody else took the next place.
type tail struct {
	log    int64
	node   string
	count  uint64 // entries numbered under this name
	front  verify.Frontier
	leaves []verify.Hash // of the unfinished tile
	since  time.Time
}

// trusted is how long a tail is believed without reading the log again: no batch written by another process is pruned
// within it, so that the next place is still taken.
const trusted = 10 * time.Minute

// group is the entries of one log in a flush.
type group struct {
	org   core.ID
	items []*item
}

// flush gives the entries of a group commit their places (SQLite): one writer, just before the commit.
func (m *Module) flush(ctx context.Context, tx core.Tx, items []any) (err error) {
	s := &m.flushing
	s.mu.Lock()
	defer s.mu.Unlock()
	m.flushed.Add(int64(len(items)))
	if n := m.db.Undone(); n != s.undone || s.tails == nil {
		s.tails, s.undone = map[core.ID]*tail{}, n
	}
	s.groups = byLog(s.groups, items)
	for i := range s.groups {
		g := &s.groups[i]
		if err = m.place(ctx, tx, g); err != nil {
			s.tails = nil
			break
		}
	}
	for i := range s.groups {
		clear(s.groups[i].items)
	}
	return err
}

// place extends one log, by its remembered tail when that holds.
func (m *Module) place(ctx context.Context, tx core.Tx, g *group) error {
	s := &m.flushing
	t := s.tails[g.org]
	if t != nil && time.Since(t.since) < trusted {
		if err := s.extend(ctx, tx, t, g); !errors.Is(err, errTaken) {
			return err
		}
	}
	// The first flush of this process, or one after a commit that failed, perhaps once it had reached the disk, or after
	// another process wrote: a new name starts new numbers.
	t, err := m.readTail(ctx, tx, g.org)
	if err != nil {
		return err
	}
	s.names++
	t.node = s.node + "." + strconv.Itoa(s.names)
	s.tails[g.org] = t
	return s.extend(ctx, tx, t, g)
}

// byLog sorts entries by their log and keeps their order.
func byLog(groups []group, items []any) []group {
	groups = groups[:0]
	at := -1
	for _, i := range items {
		it, ok := i.(*item)
		if !ok {
			continue
		}
		if at < 0 || groups[at].org != it.org {
			at = -1
			for k := range groups {
				if groups[k].org == it.org {
					at = k
				}
			}
		}
		if at < 0 {
			at = len(groups)
			if groups = groups[:min(at+1, cap(groups))]; len(groups) == at {
				groups = append(groups, group{})
			}
			groups[at] = group{it.org, groups[at].items[:0]}
		}
		groups[at].items = append(groups[at].items, it)
	}
	return groups
}

// readTail reads the end of a log, which it begins when there is none.
func (m *Module) readTail(ctx context.Context, tx core.Tx, org core.ID) (*tail, error) {
	l, err := openLog(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	t := &tail{log: l.log, since: time.Now()}
	n := m.tree(l.log, l.size)
	if t.front, err = n.frontier(ctx, tx, l.size); err != nil {
		return nil, fmt.Errorf("journal: end of the log of %s: %w", org, err)
	}
	t.leaves, err = openLeaves(ctx, tx, l.log, l.size&^(tileSize-1), l.size)
	return t, err
}

// batcher writes entries at the end of logs; it is the working space of doing so.
type batcher struct {
	text, body, hashes []byte
}

var errTaken = errors.New("journal: the place is taken")

// extend places entries at the end of a log: batches, tree and tiles. A tail with a name numbers them.
func (b *batcher) extend(ctx context.Context, tx core.Tx, t *tail, g *group) error {
	if b.hashes == nil {
		b.hashes = make([]byte, 0, 32*tileSize)
	}
	head := append(append([]byte{0}, verify.Version+"\n"...), g.org...)
	head = append(head, '\n')
	left := len(g.items)
	for from := 0; from < len(g.items); {
		open := len(t.leaves)
		n := min(rowSize, tileSize-open, len(g.items)-from)
		first := t.front.Size
		b.body = b.body[:0]
		for _, it := range g.items[from : from+n] {
			leaf := b.leaf(head, t, it)
			t.front.Append(leaf)
			t.leaves = append(t.leaves, leaf)
		}
		from += n
		// A tile that this commit fills holds the hashes.
		b.hashes = b.hashes[:0]
		if open+left < tileSize {
			b.hashes = joined(b.hashes, t.leaves[open:])
		}
		left -= n
		root := t.front.Root()
		took, err := tx.Exec(ctx, qBatch, place(t.log, first), n, root[:], b.hashes, b.body)
		switch {
		case err != nil:
			return err
		case took == 0:
			return errTaken
		}
		if len(t.leaves) == tileSize {
			if err := fillTile(ctx, tx, t.log, 0, first/tileSize, t.leaves); err != nil {
				return err
			}
			t.leaves = t.leaves[:0]
		}
	}
	return nil
}

// leaf puts one entry into the body and gives its hash.
func (b *batcher) leaf(head []byte, t *tail, it *item) verify.Hash {
	text := strconv.AppendUint(append(b.text[:0], head...), t.front.Size, 10)
	text = append(text, '\n')
	from := len(text)
	if it.numbered {
		text = append(text, it.text...)
	} else {
		t.count++
		text = append(append(text, it.text[:it.cut]...), t.node...)
		text = strconv.AppendUint(append(text, '\n'), t.count, 10)
		text = append(append(text, '\n'), it.text[it.cut:]...)
	}
	b.body = verify.AppendStored(b.body, text[from:], it.sealed)
	text = append(text, '\n')
	text = append(append(text, it.parts...), '\n')
	b.text = text
	return sha256.Sum256(text)
}

// fillTile stores a full tile and, when its root fills the tile above, that one too.
func fillTile(ctx context.Context, tx core.Tx, log int64, level int, idx uint64, list []verify.Hash) error {
	if _, err := tx.Exec(ctx, qTile, log, level, int64(idx), joined(nil, list)); err != nil {
		return err
	}
	if (idx+1)%tileSize != 0 {
		return nil
	}
	above := make([]verify.Hash, 0, tileSize)
	for i := idx + 1 - tileSize; i <= idx; i++ {
		below, err := tileAt(ctx, tx, log, level, i)
		if err != nil {
			return err
		}
		above = append(above, verify.TreeRoot(below))
	}
	return fillTile(ctx, tx, log, level+1, idx/tileSize, above)
}

// frontier reads the roots of the perfect subtrees of the tree at a size.
func (n *nodes) frontier(ctx context.Context, tx core.Tx, size uint64) (verify.Frontier, error) {
	f := verify.Frontier{Size: size}
	if err := n.ahead(ctx, tx, size); err != nil {
		return f, err
	}
	for _, id := range compact.RangeNodes(0, size, nil) {
		h, err := n.node(ctx, tx, id.Level, id.Index)
		if err != nil {
			return f, err
		}
		f.Hashes = append(f.Hashes, h)
	}
	return f, nil
}
