package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

var (
	qTilesOf = db.SQL(`SELECT idx, hashes FROM journal_tile WHERE log = $1 AND level = 0 AND idx >= $2 AND idx < $3 ORDER BY idx`)
	qLeader  = db.SQL(`SELECT holder FROM journal_lease WHERE name = 'sequencer' AND until > $1`)
	qEnds    = db.SQL(`SELECT pos, count, root FROM journal_batch WHERE pos >= $1 AND pos < $2 ORDER BY pos DESC LIMIT 1000`)
)

// Verify checks the whole log of an organization against its tree, its tiles and its signed heads: each entry, its
// sealed parts, its place, the indexes that show it. The error is about the check itself; what is wrong with the journal
// stands in the report.
func (m *Module) Verify(ctx context.Context, org core.ID) (verify.Report, error) {
	return m.VerifyRange(ctx, org, 0, ^uint64(0))
}

// VerifyRange is Verify over the entries from ≤ seq ≤ to: those are read, the tree is still checked up to its signed heads,
// and what would need every entry (lost rows, the persons' index) is left to Verify.
func (m *Module) VerifyRange(ctx context.Context, org core.ID, from, to uint64) (verify.Report, error) {
	began := time.Now()
	c := &check{m: m, rep: verify.Report{Log: string(org)}, from: from, to: to}
	err := m.db.Read(ctx, func(tx core.Tx) error { return c.prepare(ctx, tx, org) })
	if err == nil && c.found {
		err = c.run(ctx)
	}
	if err != nil {
		return c.rep, fmt.Errorf("journal: verify: %w", err)
	}
	sort.SliceStable(c.rep.Findings, func(i, j int) bool { return c.rep.Findings[i].Seq < c.rep.Findings[j].Seq })
	c.rep.Took = time.Since(began)
	return c.rep, nil
}

// Orgs lists the organizations that have a log.
func (m *Module) Orgs(ctx context.Context) (orgs []core.ID, err error) {
	err = m.db.Read(ctx, func(tx core.Tx) error {
		logs, err := allLogs(ctx, tx)
		for _, l := range logs {
			orgs = append(orgs, l.org)
		}
		return err
	})
	return orgs, err
}

// check is one verification under way.
type check struct {
	m        *Module
	mu       sync.Mutex
	rep      verify.Report
	from, to uint64
	found    bool
	st       logState
	head     verify.Checkpoint // remembered by this node
	seen     bool
	points   []checkpointRow // sizes to compare on the way
	tiles    []tileResult
	calls    nodeCounts
	strays   []batchEnd // batches past the end
	ends     []batchEnd // of the unfinished tile
	bad      []badEntry
	more     uint64 // bad entries past those kept
	index    indexCheck
	leader   string // process that places entries now
	part     bool   // not every entry was read
}

// tileResult is what one worker found about 256 entries.
type tileResult struct {
	root   verify.Hash
	leaves []verify.Hash // kept when a checkpoint falls inside, and for the last tile
}

func (c *check) prepare(ctx context.Context, tx core.Tx, org core.ID) error {
	var err error
	c.head, c.seen = c.m.heads.all()[org], false
	if c.head.Size > 0 {
		c.seen = true
	}
	if c.st, c.found, err = findLog(ctx, tx, org); err != nil {
		return err
	}
	if !c.found {
		if c.seen {
			c.rep.Add(verify.Truncated, 0, c.head.Size-1, "the log is gone, %d entries were signed", c.head.Size)
		}
		return nil
	}
	for after := uint64(0); ; {
		rows, err := db.All(ctx, tx, qCheckpoints, scanCheckpoint, c.st.log, int64(after), 5000)
		if err != nil {
			return err
		}
		c.points = append(c.points, rows...)
		if len(rows) < 5000 {
			break
		}
		after = rows[len(rows)-1].size
	}
	c.signatures()
	if err := c.end(ctx, tx); err != nil {
		return err
	}
	if k := len(c.points); k > 0 && c.points[k-1].size > c.st.size {
		c.rep.Add(verify.Truncated, c.st.size, c.points[k-1].size-1, "the tree ends at %d, %d entries were signed", c.st.size, c.points[k-1].size)
	}
	c.rep.Size, c.rep.Root = c.st.size, c.st.root
	c.index.prepare(c)
	c.leader, _, err = db.One(ctx, tx, qLeader, db.Value[string], clock.Micros(c.m.clock.Now()))
	return err
}

// batchEnd is where a batch starts and ends, and the root that it gives.
type batchEnd struct {
	from, to uint64
	root     []byte
}

func scanEnd(scan db.Scan) (e batchEnd, err error) {
	var pos, count int64
	err = scan(&pos, &count, &e.root)
	e.from = seqOf(pos)
	e.to = e.from + uint64(count)
	return e, err
}

// end finds the end of the log. What stands behind a gap that begins where nothing was signed is no part of it.
func (c *check) end(ctx context.Context, tx core.Tx) error {
	ends, err := db.All(ctx, tx, qEnds, scanEnd, place(c.st.log, 0), place(c.st.log+1, 0))
	if err != nil {
		return err
	}
	signed := uint64(0)
	if k := len(c.points); k > 0 {
		signed = c.points[k-1].size
	}
	for i := 1; i < len(ends) && ends[i].to >= signed; i++ {
		if ends[i].to < ends[i-1].from {
			c.strays = ends[:i]
			c.st.size = ends[i].to
			if copy(c.st.root[:], ends[i].root) != len(c.st.root) {
				c.st.root = verify.Hash{}
			}
		}
	}
	return nil
}

// newest is how many of the newest checkpoints have their signature checked; the root of every one is compared.
const newest = 200

func (c *check) signatures() {
	for i, p := range c.points {
		n, err := verify.ParseCheckpoint(bodyOf(p.note))
		if i >= len(c.points)-newest && err == nil {
			n, err = verify.OpenCheckpoint([]byte(p.note), c.m.Key())
			c.rep.Checkpoints++
		}
		if err == nil && (n.Size != p.size || n.Origin != c.m.Key().Origin(string(c.st.org))) {
			err = errors.New("it is the checkpoint of something else")
		}
		if err != nil {
			c.rep.Add(verify.Unsigned, p.size, p.size, "the checkpoint at size %d: %v", p.size, err)
			continue
		}
		c.rep.Signed = max(c.rep.Signed, p.size)
	}
	if c.seen {
		c.points = append(c.points, checkpointRow{size: c.head.Size, note: c.head.Body()})
	}
	sort.Slice(c.points, func(i, j int) bool { return c.points[i].size < c.points[j].size })
}

func bodyOf(text string) string { body, _, _ := cutNote(text); return body }

const chunkTiles = 64

func (c *check) run(ctx context.Context) error {
	count := int((c.st.size + tileSize - 1) / tileSize)
	c.tiles = make([]tileResult, count)
	jobs := make(chan func(context.Context, core.Tx, *worker) error)
	errs := make(chan error, 64)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	for range c.workers() {
		all.Go(func() {
			err := c.m.db.Read(ctx, func(tx core.Tx) error {
				w := worker{c: c, calls: nodeCounts{}}
				for job := range jobs {
					if err := job(ctx, tx, &w); err != nil {
						return err
					}
				}
				w.done()
				return nil
			})
			if err != nil {
				errs <- err
				stop()
			}
		})
	}
	for job := range c.jobs(count) {
		select {
		case jobs <- job:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(jobs)
	all.Wait()
	select {
	case err := <-errs:
		return err
	default:
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.judge()
	c.roots()
	if c.part {
		return nil // counts and the index are of the whole log
	}
	c.lost()
	if !c.rep.OK() {
		return nil // the index follows the entries: what is wrong with those comes first
	}
	return c.m.db.Read(ctx, func(tx core.Tx) error { return c.index.judge(ctx, tx, c) })
}

// jobs are the parts of the work: the index, then runs of tiles.
func (c *check) jobs(count int) iter.Seq[func(context.Context, core.Tx, *worker) error] {
	return func(yield func(func(context.Context, core.Tx, *worker) error) bool) {
		if c.from == 0 && c.to >= c.st.size {
			for _, part := range indexParts {
				if !yield(func(ctx context.Context, tx core.Tx, w *worker) error { return w.index.rowsOf(ctx, tx, c, part) }) {
					return
				}
			}
		}
		for first := 0; first < count; first += chunkTiles {
			last := min(first+chunkTiles, count)
			if !yield(func(ctx context.Context, tx core.Tx, w *worker) error { return w.chunk(ctx, tx, first, last) }) {
				return
			}
		}
	}
}

// workers is how many snapshots are read at once: on PostgreSQL the pool may be of one connection.
func (c *check) workers() int {
	if c.m.db.Engine() != db.SQLite {
		return 1
	}
	return min(max(2, runtime.GOMAXPROCS(0)), 4)
}

// roots folds the tiles and compares the whole with the state and with every signed head.
func (c *check) roots() {
	var f verify.Frontier
	points, ends := c.points, c.ends
	good := uint64(0) // the highest head that matched
	open := c.st.size &^ (tileSize - 1)
	// What is wrong in the unfinished tile was told, by entry, or its end is missing.
	told := len(c.bad) > 0 && c.bad[len(c.bad)-1].seq >= open || len(c.points) > 0 && c.points[len(c.points)-1].size > c.st.size
	var others [][2]uint64 // signed heads that do not match: last that did, size
	parted := ^uint64(0)
	compare := func() {
		for ; len(ends) > 0 && ends[0].to <= f.Size; ends = ends[1:] {
			if root := f.Root(); ends[0].to == f.Size && !told && parted > f.Size && !bytes.Equal(ends[0].root, root[:]) {
				parted = ends[0].from
				c.rep.Add(verify.Changed, ends[0].from, ends[0].to-1, "these entries do not give the root that was kept with them")
			}
		}
		for ; len(points) > 0 && points[0].size == f.Size; points = points[1:] {
			n, err := verify.ParseCheckpoint(bodyOf(points[0].note))
			if err == nil && n.Root == f.Root() {
				good = n.Size
			} else if err == nil && (!told || n.Size <= open) {
				others = append(others, [2]uint64{good, n.Size})
			}
		}
	}
	for i := range c.tiles {
		t := &c.tiles[i]
		if t.leaves == nil {
			f.AppendSubtree(8, t.root)
		}
		for _, leaf := range t.leaves {
			f.Append(leaf)
			compare()
		}
		compare()
	}
	if f.Root() != c.rep.Root && !told && parted == ^uint64(0) {
		parted = open
		c.rep.Add(verify.Changed, open, max(c.st.size, open+1)-1, "these entries do not give the root that was kept with them")
	}
	for _, o := range others {
		if o[1] <= parted { // past it, the heads only repeat what is known
			c.rep.Add(verify.Rewritten, o[0], o[1]-1, "the root signed at size %d is another", o[1])
		}
	}
}

// lost tells the numbers that a process took and no entry shows.
func (c *check) lost() {
	now := clock.Micros(c.m.clock.Now())
	// Where one writer numbers what it commits (its name has a dot), nothing is under way.
	lives := func(node string) bool {
		return node == c.m.counters.node || node == c.leader || strings.Contains(node, ".")
	}
	for _, l := range c.calls.lost(now-settled.Microseconds()-time.Minute.Microseconds(), c.st.pruned > 0, lives) {
		c.rep.Add(verify.Lost, l.after, l.after, "process %s numbered %s, which no entry carries", l.node, l.numbers)
	}
}
