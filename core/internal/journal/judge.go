package journal

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/rempart/rempart/verify"
)

// judge says what is wrong with the bad entries: one that is gone, one that was put in, one that stands at the place of
// another, one that was changed. Entries that all moved by one place are the trace of one removed or inserted before them.
func (c *check) judge() {
	sort.Slice(c.bad, func(i, j int) bool { return c.bad[i].seq < c.bad[j].seq })
	from := c.origins()
	for i := 0; i < len(c.bad); i++ {
		b := &c.bad[i]
		switch origin, moved := from[i]; {
		case b.gone:
			last := i
			for last+1 < len(c.bad) && c.bad[last+1].gone && c.bad[last+1].seq == c.bad[last].seq+1 {
				last++
			}
			c.span(verify.Removed, b.seq, c.bad[last].seq, "it is not there")
			i = last
		case moved && origin == b.seq+1:
			c.add(verify.Removed, b.seq, "the entries after it were moved up")
			if i = c.endOfShift(from, i, 1); i+1 < len(c.bad) && c.bad[i+1].gone && c.bad[i+1].seq == c.bad[i].seq+1 {
				i++
			}
		case !moved && c.movedFrom(from, i+1, -1) && c.bad[i+1].seq == b.seq+1:
			c.add(verify.Inserted, b.seq, "the entries after it were moved down")
			i = c.endOfShift(from, i+1, -1)
		case moved:
			c.add(verify.Reordered, b.seq, "it holds the entry that belongs at %d", origin)
		case b.seq >= c.rep.Signed && b.seq&^(tileSize-1)+tileSize > c.st.size:
			c.add(verify.Inserted, b.seq, "nothing was signed there, and it is not the entry whose hash was kept")
		default:
			c.add(verify.Changed, b.seq, "the entry is not the one in the tree")
		}
	}
	for _, e := range c.strays {
		c.span(verify.Inserted, e.from, max(e.to, e.from+1)-1, "the tree has %d entries", c.st.size)
	}
	if c.more > 0 && c.rep.OK() {
		c.add(verify.Changed, c.bad[len(c.bad)-1].seq, "%d more entries are wrong", c.more)
	}
}

// add notes a finding when it falls in the range asked for.
func (c *check) add(kind string, seq uint64, format string, args ...any) {
	c.span(kind, seq, seq, format, args...)
}

// span notes a finding about a run of entries.
func (c *check) span(kind string, from, to uint64, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to >= c.from && from <= c.to {
		c.rep.Add(kind, from, to, format, args...)
	}
}

func (c *check) movedFrom(from map[int]uint64, i int, step int64) bool {
	origin, moved := from[i]
	return moved && i < len(c.bad) && int64(origin)-int64(c.bad[i].seq) == step
}

// endOfShift gives the last of the entries, from the i-th, that moved by the same step.
func (c *check) endOfShift(from map[int]uint64, i int, step int64) int {
	for c.movedFrom(from, i+1, step) && c.bad[i+1].seq == c.bad[i].seq+1 {
		i++
	}
	return i
}

// allPairs is how many bad entries are tried at each other's places; past it, at the neighbouring ones only.
const allPairs = 400

// origins finds, for each bad entry, the place whose hash it matches.
func (c *check) origins() map[int]uint64 {
	out := map[int]uint64{}
	want := make(map[uint64]verify.Hash, len(c.bad))
	for _, b := range c.bad {
		want[b.seq] = b.want
	}
	head, buf := c.textHead(), make([]byte, 0, 2048)
	fits := func(b *badEntry, at uint64) bool {
		if at == b.seq {
			return false
		}
		var got verify.Hash
		var err error
		got, _, buf, err = leafOf(buf, head, at, b.sealed, b.text)
		w, ok := want[at]
		// In the unfinished tile the hash stands beside the entry and moves with it.
		return err == nil && (ok && got == w || got == b.want)
	}
	for i := range c.bad {
		b := &c.bad[i]
		switch {
		case b.gone:
		case fits(b, b.seq+1):
			out[i] = b.seq + 1
		case b.seq > 0 && fits(b, b.seq-1):
			out[i] = b.seq - 1
		case len(c.bad) <= allPairs:
			for _, other := range c.bad {
				if fits(b, other.seq) {
					out[i] = other.seq
					break
				}
			}
		}
	}
	return out
}

// nodeCounts follows the numbers of each process, to see which are missing.
type nodeCounts map[string]*nodeCount

type nodeCount struct {
	ranges verify.Ranges
	voided verify.Ranges
	top    uint64 // highest number
	topSeq uint64
	topAt  int64
	last   []carried // the highest numbers, those at the end in order
}

type carried struct {
	number uint64
	at     int64
}

// kept is how many of the highest numbers of a process are remembered with their time.
const kept = 256

// keep sorts the highest numbers and forgets the others.
func (n *nodeCount) keep() {
	slices.SortFunc(n.last, func(a, b carried) int { return cmp.Compare(a.number, b.number) })
	if more := len(n.last) - kept; more > 0 {
		n.last = slices.Delete(n.last, 0, more)
	}
}

// underWay is how long a commit may take.
const underWay = int64(time.Second / time.Microsecond)

// cutShort tells whether numbers were under way when their process ended: every higher one that it wrote is of its last
// second.
func (n *nodeCount) cutShort(to uint64) bool {
	if len(n.last) == 0 || len(n.last) >= kept && n.last[0].number > to {
		return false
	}
	end := n.topAt
	for _, c := range n.last {
		end = max(end, c.at)
	}
	for _, c := range n.last {
		if c.number > to && c.at < end-underWay {
			return false
		}
	}
	return true
}

func (c nodeCounts) of(node []byte) *nodeCount {
	n := c[string(node)]
	if n == nil {
		n = &nodeCount{}
		c[string(node)] = n
	}
	return n
}

func (c nodeCounts) add(node []byte, number, seq uint64, at int64) {
	n := c.of(node)
	n.ranges.Add(number)
	if number >= n.top {
		n.top, n.topSeq, n.topAt = number, seq, at
	}
	if n.last = append(n.last, carried{number, at}); len(n.last) >= 16*kept {
		n.keep()
	}
}

// void takes what an entry declares void: "node:3-5,9".
func (c nodeCounts) void(resource string) {
	node, list, _ := strings.Cut(resource, ":")
	if r, err := verify.ParseRanges(list); err == nil {
		c.of([]byte(node)).voided.Join(&r)
	}
}

func (c nodeCounts) join(other nodeCounts) {
	for node, o := range other {
		n := c.of([]byte(node))
		n.ranges.Join(&o.ranges)
		n.voided.Join(&o.voided)
		if o.top >= n.top {
			n.top, n.topSeq, n.topAt = o.top, o.topSeq, o.topAt
		}
		n.last = append(n.last, o.last...)
		n.keep()
	}
}

// pruneSlack is more than the numbers that one process can have under way at once.
const pruneSlack = 4096

type lostNumbers struct {
	node, numbers string
	after         uint64
}

// lost lists the numbers that are neither carried nor void, for processes whose highest entry is older than a moment
// (microseconds): what is younger may still be on its way. After pruning, numbers near the lowest one may be gone. What was
// under way when a process was killed is not lost: its acts did not happen. One that lives would have declared it void.
func (c nodeCounts) lost(before int64, pruned bool, lives func(node string) bool) []lostNumbers {
	var out []lostNumbers
	for node, n := range c {
		if n.topAt > before || n.top == 0 {
			continue
		}
		have := n.ranges
		have.Join(&n.voided)
		from := uint64(1)
		if runs := n.ranges.Runs(); pruned && len(runs) > 0 {
			from = runs[0].From + pruneSlack
		}
		var whole verify.Ranges
		if from <= n.top {
			whole.Cover(from, n.top)
		}
		if gaps := whole.Minus(&have); len(gaps) > 0 {
			var missing verify.Ranges
			for _, g := range gaps {
				if lives(node) || !n.cutShort(g.To) {
					missing.Cover(g.From, g.To)
				}
			}
			if missing.Count() > 0 {
				out = append(out, lostNumbers{node, missing.String(), n.topSeq})
			}
		}
	}
	return out
}
