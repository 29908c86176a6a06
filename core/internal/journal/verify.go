package journal

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"sort"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

// The text of an entry is put together by the database from the columns, so that a changed column is a changed leaf.
var (
	qTexts = db.SQL(`SELECT pos, indexed, sealed, concat_ws(CAST($1 AS TEXT), id, at, node, counter, kind, actor, action, verb, type, resource, purpose, outcome, reason, request, subject, others)
		FROM journal_entry WHERE pos >= $2 AND pos < $3 ORDER BY pos`)
	qTilesOf    = db.SQL(`SELECT idx, hashes FROM journal_tile WHERE log = $1 AND level = 0 AND idx >= $2 AND idx < $3 ORDER BY idx`)
	qStrays     = db.SQL(`SELECT pos FROM journal_entry WHERE pos >= $1 AND pos < $2 ORDER BY pos LIMIT 100`)
	qIndexed    = db.SQL(`SELECT COUNT(*) FROM journal_subject WHERE pos >= $1 AND pos < $2`)
	qMisindexed = db.SQL(`SELECT s.pos, s.subject FROM journal_subject s LEFT JOIN journal_entry e ON e.pos = s.pos
		WHERE s.pos >= $1 AND s.pos < $2 AND (e.pos IS NULL OR e.at <> s.at OR e.log <> s.log
		OR (',' || e.others || ',') NOT LIKE ('%,' || s.subject || ',%')) ORDER BY s.pos LIMIT 100`)
	qStrayLog = db.SQL(`SELECT pos FROM journal_entry WHERE pos >= $1 AND pos < $2 AND log <> $3 ORDER BY pos LIMIT 100`)
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
	strays   []int64 // places at and past the end
	bad      []badEntry
	more     uint64 // bad entries past those kept
	indexed  int64
	others   int64
	part     bool // not every entry was read
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
	c.rep.Size, c.rep.Root = c.st.front.Size, c.st.front.Root()
	lo, end, next := place(c.st.log, 0), place(c.st.log, c.st.front.Size), place(c.st.log+1, 0)
	if c.strays, err = db.All(ctx, tx, qStrays, db.Value[int64], end, next); err != nil {
		return err
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
	if c.indexed, _, err = db.One(ctx, tx, qIndexed, db.Value[int64], lo, next); err != nil {
		return err
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
	if k := len(c.points); k > 0 && c.points[k-1].size > c.st.front.Size {
		c.rep.Add(verify.Truncated, c.st.front.Size, c.points[k-1].size-1, "the tree ends at %d, %d entries were signed", c.st.front.Size, c.points[k-1].size)
	}
}

func bodyOf(text string) string { body, _, _ := cutNote(text); return body }

const chunkTiles = 64

func (c *check) run(ctx context.Context) error {
	size := c.st.front.Size
	count := int((size + tileSize - 1) / tileSize)
	c.tiles = make([]tileResult, count)
	chunks := make(chan int)
	errs := make(chan error, 64)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	for range c.workers() {
		all.Go(func() {
			err := c.m.db.Read(ctx, func(tx core.Tx) error {
				w := worker{c: c, calls: nodeCounts{}}
				for first := range chunks {
					if err := w.chunk(ctx, tx, first, min(first+chunkTiles, count)); err != nil {
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
	for first := 0; first < count; first += chunkTiles {
		select {
		case chunks <- first:
		case <-ctx.Done():
			first = count
		}
	}
	close(chunks)
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
		return nil // counts and indexes are of the whole log
	}
	c.lost()
	if !c.rep.OK() {
		return nil // the indexes follow the entries: what is wrong with those comes first
	}
	return c.m.db.Read(ctx, func(tx core.Tx) error { return c.indexes(ctx, tx) })
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
	points := c.points
	good := uint64(0) // the highest head that matched
	open := c.st.front.Size &^ (tileSize - 1)
	told := len(c.bad) > 0 && c.bad[len(c.bad)-1].seq >= open // what is wrong in the unfinished tile was told, by entry
	var others [][2]uint64                                    // signed heads that do not match: last that did, size
	compare := func() {
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
	parted := ^uint64(0)
	if f.Root() != c.rep.Root && !told {
		parted = c.differ(f)
	}
	for _, o := range others {
		if o[1] <= parted { // past it, the heads only repeat what is known
			c.rep.Add(verify.Rewritten, o[0], o[1]-1, "the root signed at size %d is another", o[1])
		}
	}
}

// differ tells in which perfect subtrees the entries and the state of the log part, and gives the first sequence.
func (c *check) differ(f verify.Frontier) uint64 {
	at, kept, first := uint64(0), c.st.front.Hashes, ^uint64(0)
	for i, h := range f.Hashes {
		width := uint64(1) << (63 - bits.LeadingZeros64(f.Size-at))
		if i >= len(kept) || kept[i] != h {
			first = min(first, at)
			c.rep.Add(verify.Changed, at, at+width-1, "these entries do not give the hash that the tree keeps of them")
		}
		at += width
	}
	return first
}

// lost tells the numbers that a process took and no entry shows.
func (c *check) lost() {
	now := clock.Micros(c.m.clock.Now())
	for _, l := range c.calls.lost(now-settled.Microseconds()-time.Minute.Microseconds(), c.st.pruned > 0) {
		c.rep.Add(verify.Lost, l.after, l.after, "process %s numbered %s, which no entry carries", l.node, l.numbers)
	}
}

// indexes checks that the persons' index shows every entry and nothing else.
func (c *check) indexes(ctx context.Context, tx core.Tx) error {
	lo, next := place(c.st.log, 0), place(c.st.log+1, 0)
	strays, err := db.All(ctx, tx, qStrayLog, db.Value[int64], lo, next, c.st.log)
	if err != nil {
		return err
	}
	for _, pos := range strays {
		c.rep.Add(verify.Misindexed, seqOf(pos), seqOf(pos), "the entry is filed under another log")
	}
	if c.st.pruned == 0 && c.indexed == c.others && c.indexed == 0 {
		return nil
	}
	_, err = db.All(ctx, tx, qMisindexed, func(scan db.Scan) (struct{}, error) {
		var pos int64
		var subject string
		err := scan(&pos, &subject)
		c.rep.Add(verify.Misindexed, seqOf(pos), seqOf(pos), "the index of persons shows it for someone whom it does not name")
		return struct{}{}, err
	}, place(c.st.log, c.st.pruned), next)
	if err == nil && c.indexed < c.others {
		c.rep.Add(verify.Misindexed, 0, c.st.front.Size-1, "the index of persons lacks %d lines", c.others-c.indexed)
	}
	return err
}
