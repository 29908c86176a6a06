package journal

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/verify"
)

const tileSize = 256

// flushState belongs to the flush hook, which one transaction at a time runs.
type flushState struct {
	mu     sync.Mutex
	node   string
	gen    int                // grows when a commit failed: its counters may or may not have been used
	open   bool               // a flush has not been followed by its commit
	counts map[core.ID]uint64 // entries of this node per log
	tails  map[int64]tail
}

// tail is the leaves of a log's unfinished tile, remembered from one flush to the next.
type tail struct {
	size   uint64
	leaves []verify.Hash
}

// flush gives the entries of a group commit their places (SQLite): one writer, just before the commit.
func (m *Module) flush(ctx context.Context, tx core.Tx, items []any) error {
	s := &m.flushing
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open || s.counts == nil {
		// The last commit failed, perhaps after it reached the disk: a new name starts new counters.
		s.gen++
		s.counts, s.tails = map[core.ID]uint64{}, map[int64]tail{}
	}
	s.open = true
	node := s.node
	if s.gen > 1 {
		node = fmt.Sprintf("%s.%d", s.node, s.gen)
	}
	counts, tails := map[core.ID]uint64{}, map[int64]tail{}
	groups, err := byLog(items)
	if err != nil {
		return err
	}
	for org, group := range groups {
		next := s.counts[org]
		for _, it := range group {
			next++
			it.entry.Node, it.entry.Counter = node, next
		}
		counts[org] = next
		st, err := openLog(ctx, tx, org)
		if err != nil {
			return err
		}
		known := s.tails[st.log]
		if err := extend(ctx, tx, &st, &known, group, false); err != nil {
			return fmt.Errorf("journal: extend: %w", err)
		}
		tails[st.log] = known
	}
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open = false
		for org, n := range counts {
			s.counts[org] = n
		}
		for log, t := range tails {
			s.tails[log] = t
		}
	})
	return nil
}

// byLog sorts sealed entries by their log and keeps their order.
func byLog(items []any) (map[core.ID][]*item, error) {
	groups := make(map[core.ID][]*item, 2)
	for _, i := range items {
		if it, ok := i.(*item); ok {
			if err := it.ready(); err != nil {
				return nil, err
			}
			groups[it.org] = append(groups[it.org], it)
		}
	}
	return groups, nil
}

// extend places entries, whose node and counter are set, at the end of a log: rows, tree, tiles and state. indexed puts
// them into the indexes at once; without it, index does later.
func extend(ctx context.Context, tx core.Tx, st *logState, known *tail, items []*item, indexed bool) error {
	leaves, err := openTile(ctx, tx, st, known)
	if err != nil {
		return err
	}
	args := make([]any, 0, 21*len(items))
	text := make([]byte, 0, 1024)
	for _, it := range items {
		e := &it.entry
		e.Seq = st.front.Size
		if text, err = e.AppendText(text[:0], it.parts); err != nil {
			return err
		}
		leaf := verify.LeafHash(text)
		first, others := splitSubjects(e.Subjects)
		pos := place(st.log, e.Seq)
		args = append(args, pos, st.log, indexed, e.ID, e.At, e.Node, int64(e.Counter), e.Kind, e.Actor, e.Action, e.Verb, e.Type,
			e.Resource, e.Purpose, e.Outcome, e.Reason, e.Request, first, others, it.sealed, leaf[:])
		st.front.Append(leaf)
		if leaves = append(leaves, leaf); len(leaves) == tileSize {
			if err := fillTile(ctx, tx, st.log, 0, e.Seq/tileSize, leaves); err != nil {
				return err
			}
			leaves = make([]verify.Hash, 0, tileSize)
		}
		for _, s := range e.Subjects[min(1, len(e.Subjects)):] {
			if _, err := tx.Exec(ctx, qSubject, st.log, s, e.At, pos); err != nil {
				return err
			}
		}
	}
	if err := insertMany(ctx, tx, qEntries, 21, args); err != nil {
		return err
	}
	*known = tail{st.front.Size, leaves}
	if indexed {
		st.indexed = st.front.Size
	}
	_, err = tx.Exec(ctx, qGrow, st.log, int64(st.front.Size), packed(st.front.Hashes), int64(st.indexed))
	return err
}

func splitSubjects(list []string) (first, others string) {
	if len(list) == 0 {
		return "", ""
	}
	return list[0], strings.Join(list[1:], ",")
}

// openTile gives the leaves of the unfinished tile, from memory or from the entries.
func openTile(ctx context.Context, tx core.Tx, st *logState, known *tail) ([]verify.Hash, error) {
	from := st.front.Size &^ (tileSize - 1)
	if known.size == st.front.Size && uint64(len(known.leaves)) == st.front.Size-from {
		return append(make([]verify.Hash, 0, tileSize), known.leaves...), nil
	}
	list, err := leavesBetween(ctx, tx, st.log, from, st.front.Size)
	if err != nil {
		return nil, err
	}
	return append(make([]verify.Hash, 0, tileSize), list...), nil
}

// fillTile stores a full tile and, when its root fills the tile above, that one too.
func fillTile(ctx context.Context, tx core.Tx, log int64, level int, idx uint64, list []verify.Hash) error {
	if _, err := tx.Exec(ctx, qTile, log, level, int64(idx), packed(list)); err != nil {
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
