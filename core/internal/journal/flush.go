package journal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/verify"
)

const tileSize = 256

// flushState belongs to the flush hook, which one transaction at a time runs.
type flushState struct {
	mu    sync.Mutex
	node  string
	names int // names given out: each log's run of numbers has its own
	logs  map[core.ID]*tail
}

// tail is what a flush leaves for the next one of the same log: it holds when the log is as that flush left it.
type tail struct {
	node   string
	count  uint64 // entries numbered under this name
	front  verify.Frontier
	leaves []verify.Hash // of the unfinished tile
}

// follows tells whether a log is as this flush left it: its commit succeeded and nobody else wrote since.
func (t *tail) follows(f verify.Frontier) bool {
	return t != nil && t.front.Size == f.Size && slices.Equal(t.front.Hashes, f.Hashes)
}

// flush gives the entries of a group commit their places (SQLite): one writer, just before the commit.
func (m *Module) flush(ctx context.Context, tx core.Tx, items []any) error {
	s := &m.flushing
	s.mu.Lock()
	defer s.mu.Unlock()
	m.flushed.Add(int64(len(items)))
	groups, err := byLog(items)
	if err != nil {
		return err
	}
	for org, group := range groups {
		st, err := openLog(ctx, tx, org)
		if err != nil {
			return err
		}
		known := s.logs[org]
		if !known.follows(st.front) {
			// The first flush of this process, or one after a commit that failed, perhaps once it had reached the disk: a new
			// name starts new numbers.
			s.names++
			known = &tail{node: fmt.Sprintf("%s.%d", s.node, s.names), front: verify.Frontier{Size: unknown}}
		}
		left := &tail{node: known.node, count: known.count, front: known.front, leaves: known.leaves}
		for _, it := range group {
			left.count++
			it.entry.Node, it.entry.Counter = left.node, left.count
		}
		if err := extend(ctx, tx, &st, left, group, false); err != nil {
			return fmt.Errorf("journal: extend: %w", err)
		}
		if s.logs == nil {
			s.logs = map[core.ID]*tail{}
		}
		s.logs[org] = left
	}
	return nil
}

// unknown is no size: nothing is remembered of the log.
const unknown = ^uint64(0)

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
	largest := 4
	if indexed { // PostgreSQL
		largest = 64
	}
	if err := insertMany(ctx, tx, qEntries, 21, largest, args); err != nil {
		return err
	}
	known.front, known.leaves = st.front.Clone(), leaves
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
	if known.front.Size == st.front.Size && uint64(len(known.leaves)) == st.front.Size-from {
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
