package journal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/transparency-dev/merkle/proof"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

var errMissing = errors.New("journal: hashes of the tree are missing")

// tileAt reads a full tile.
func tileAt(ctx context.Context, tx core.Tx, log int64, level int, idx uint64) ([]verify.Hash, error) {
	b, found, err := db.One(ctx, tx, qTileAt, db.Value[[]byte], log, level, int64(idx))
	if err != nil {
		return nil, err
	}
	if !found || len(b) != 32*tileSize {
		return nil, fmt.Errorf("%w: tile %d of level %d", errMissing, idx, level)
	}
	return hashes(b)
}

// roots remembers the root of a full tile by the digest of the row that holds its hashes. Rows are read each time, and what differs in
// one bit is hashed anew: what is remembered is arithmetic, not what a row said before.
type roots struct {
	mu sync.Mutex
	of map[[sha256.Size]byte]verify.Hash
}

// keptRoots is how many roots are remembered, three megabytes: a log under way needs some hundreds.
const keptRoots = 1 << 15

func (r *roots) root(row []byte) (verify.Hash, error) {
	if len(row) != 32*tileSize {
		return verify.Hash{}, errMissing
	}
	digest := sha256.Sum256(row)
	r.mu.Lock()
	root, known := r.of[digest]
	r.mu.Unlock()
	if known {
		return root, nil
	}
	list, err := hashes(row)
	if err != nil {
		return verify.Hash{}, err
	}
	root = verify.TreeRoot(list)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil || len(r.of) >= keptRoots {
		r.of = map[[sha256.Size]byte]verify.Hash{}
	}
	r.of[digest] = root
	return root, nil
}

// nodes reads nodes of one log's tree as it was at a size, and keeps the tiles that it met.
type nodes struct {
	log   int64
	size  uint64
	kept  map[[2]uint64][]verify.Hash // level, index → the 511 nodes of a full tile, leaves first
	tops  map[[2]uint64]verify.Hash   // level, index → the root of a full tile
	roots *roots
}

func (m *Module) tree(log int64, size uint64) *nodes {
	return &nodes{log: log, size: size, kept: map[[2]uint64][]verify.Hash{}, tops: map[[2]uint64]verify.Hash{}, roots: &m.roots}
}

const keptTiles = 256

// node gives the root of the perfect subtree of 2^level leaves at index.
func (n *nodes) node(ctx context.Context, tx core.Tx, level uint, index uint64) (verify.Hash, error) {
	tl, within := level/8, level%8
	idx := index >> (8 - within)
	full := (idx+1)<<(8*(tl+1)) <= n.size
	if full {
		all, err := n.tile(ctx, tx, uint64(tl), idx)
		if err != nil {
			return verify.Hash{}, err
		}
		return all[offset(within)+index&(1<<(8-within)-1)], nil
	}
	if level == 0 {
		list, err := n.edge(ctx, tx, idx)
		if err != nil {
			return verify.Hash{}, err
		}
		return list[index%tileSize], nil
	}
	if within == 0 {
		return n.top(ctx, tx, uint64(tl-1), index)
	}
	left, err := n.node(ctx, tx, level-1, 2*index)
	if err != nil {
		return verify.Hash{}, err
	}
	right, err := n.node(ctx, tx, level-1, 2*index+1)
	if err != nil {
		return verify.Hash{}, err
	}
	return verify.NodeHash(left, right), nil
}

// offset is where the nodes of a height start among the 511 of a tile.
func offset(height uint) uint64 {
	at := uint64(0)
	for h := range height {
		at += 256 >> h
	}
	return at
}

func (n *nodes) tile(ctx context.Context, tx core.Tx, level, idx uint64) ([]verify.Hash, error) {
	if all := n.kept[[2]uint64{level, idx}]; all != nil {
		return all, nil
	}
	row, err := tileAt(ctx, tx, n.log, int(level), idx)
	if err != nil {
		return nil, err
	}
	all := append(make([]verify.Hash, 0, 511), row...)
	for from, count := 0, tileSize; count > 1; from, count = from+count, count/2 {
		for i := from; i < from+count; i += 2 {
			all = append(all, verify.NodeHash(all[i], all[i+1]))
		}
	}
	if len(n.kept) >= keptTiles {
		clear(n.kept)
	}
	n.kept[[2]uint64{level, idx}] = all
	return all, nil
}

// top gives the root of a full tile.
func (n *nodes) top(ctx context.Context, tx core.Tx, level, idx uint64) (verify.Hash, error) {
	if root, known := n.tops[[2]uint64{level, idx}]; known {
		return root, nil
	}
	if err := n.readTops(ctx, tx, level, idx, idx+1); err != nil {
		return verify.Hash{}, err
	}
	root, there := n.tops[[2]uint64{level, idx}]
	if !there {
		return root, fmt.Errorf("%w: tile %d of level %d", errMissing, idx, level)
	}
	return root, nil
}

func (n *nodes) readTops(ctx context.Context, tx core.Tx, level, from, to uint64) error {
	_, err := db.All(ctx, tx, qTiles, func(scan db.Scan) (struct{}, error) {
		var idx int64
		var row []byte
		if err := scan(&idx, &row); err != nil {
			return struct{}{}, err
		}
		root, err := n.roots.root(row)
		if err == nil {
			n.tops[[2]uint64{level, uint64(idx)}] = root
		}
		return struct{}{}, err
	}, n.log, int64(level), int64(from), int64(to))
	return err
}

// ahead reads, with one statement for each level, the tiles whose roots make the frontier at a size.
func (n *nodes) ahead(ctx context.Context, tx core.Tx, size uint64) error {
	for level := uint64(0); size>>(8*(level+1)) > 0; level++ {
		to := size >> (8 * (level + 1))
		from := to &^ (tileSize - 1)
		for from < to {
			if _, known := n.tops[[2]uint64{level, from}]; !known {
				break
			}
			from++
		}
		if from == to {
			continue
		}
		if err := n.readTops(ctx, tx, level, from, to); err != nil {
			return err
		}
	}
	return nil
}

// edge gives the leaves of the unfinished tile.
func (n *nodes) edge(ctx context.Context, tx core.Tx, idx uint64) ([]verify.Hash, error) {
	key := [2]uint64{1 << 32, idx}
	if list := n.kept[key]; list != nil {
		return list, nil
	}
	from := idx * tileSize
	list, err := openLeaves(ctx, tx, n.log, from, n.size)
	if err != nil {
		return nil, err
	}
	n.kept[key] = list
	return list, nil
}

// collect reads the nodes of a proof and folds those that the tree does not keep.
func (n *nodes) collect(ctx context.Context, tx core.Tx, want proof.Nodes) ([]verify.Hash, error) {
	list := make([][]byte, 0, len(want.IDs))
	for _, id := range want.IDs {
		h, err := n.node(ctx, tx, id.Level, id.Index)
		if err != nil {
			return nil, err
		}
		list = append(list, h[:])
	}
	folded, err := want.Rehash(list, func(left, right []byte) []byte {
		h := verify.NodeHash(verify.Hash(left), verify.Hash(right))
		return h[:]
	})
	if err != nil {
		return nil, err
	}
	out := make([]verify.Hash, len(folded))
	for i, b := range folded {
		out[i] = verify.Hash(b)
	}
	return out, nil
}

func (n *nodes) inclusion(ctx context.Context, tx core.Tx, seq uint64) ([]verify.Hash, error) {
	want, err := proof.Inclusion(seq, n.size)
	if err != nil {
		return nil, fmt.Errorf("journal: inclusion of %d: %w", seq, err)
	}
	return n.collect(ctx, tx, want)
}

func (n *nodes) consistency(ctx context.Context, tx core.Tx, old uint64) ([]verify.Hash, error) {
	want, err := proof.Consistency(old, n.size)
	if err != nil {
		return nil, fmt.Errorf("journal: consistency of %d: %w", old, err)
	}
	return n.collect(ctx, tx, want)
}

// rootAt computes the root that the tree had at its current or an earlier size, from tiles and leaves.
func (n *nodes) rootAt(ctx context.Context, tx core.Tx, size uint64) (verify.Hash, error) {
	f, err := n.frontier(ctx, tx, size)
	return f.Root(), err
}
