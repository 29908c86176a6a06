package journal

import (
	"crypto/sha256"
	"sort"
	"strings"

	"github.com/rempart/rempart/verify"
)

func sha(b []byte) verify.Hash { return sha256.Sum256(b) }

// judge says what is wrong with the bad entries of a tile: an entry that stands at another's place, one that is gone, one
// that was put in, or one that was changed.
func (r *tileRun) judge() {
	origins := r.origins()
	shifted := map[uint64]bool{}
	for i, b := range r.bad {
		switch from, moved := origins[i]; {
		case b.gone:
			kind := verify.Removed
			if r.endsHere(i) {
				kind = verify.Truncated
			}
			r.add(kind, b.seq, "the entry is not there")
		case moved && from == b.seq+1 && !shifted[b.seq]:
			// The one that follows moved up: the one that stood here was taken out.
			r.add(verify.Removed, b.seq, "the entries after it were moved up")
			r.markShift(shifted, origins, i, 1)
		case moved && shifted[b.seq]:
		case moved:
			r.addTo(verify.Reordered, b.seq, from)
		case r.followedByShift(origins, i):
			r.add(verify.Inserted, b.seq, "the entries after it were moved down")
			r.markShift(shifted, origins, i+1, -1)
		case shifted[b.seq]:
		default:
			r.add(verify.Changed, b.seq, "the entry is not the one in the tree")
		}
	}
}

func (r *tileRun) add(kind string, seq uint64, why string) {
	r.w.c.mu.Lock()
	defer r.w.c.mu.Unlock()
	if seq >= r.w.c.from && seq <= r.w.c.to {
		r.w.c.rep.Add(kind, seq, seq, "%s", why)
	}
}

func (r *tileRun) addTo(kind string, seq, from uint64) {
	r.w.c.mu.Lock()
	defer r.w.c.mu.Unlock()
	if seq >= r.w.c.from && seq <= r.w.c.to {
		r.w.c.rep.Add(kind, seq, seq, "it holds the entry that belongs at %d", from)
	}
}

// endsHere tells whether every entry from the i-th bad one to the end of the log is gone.
func (r *tileRun) endsHere(i int) bool {
	size := r.w.c.st.front.Size
	last := r.bad[len(r.bad)-1]
	return last.gone && last.seq == size-1 && r.next >= size && uint64(len(r.bad)-i) == size-r.bad[i].seq && r.allGone(i)
}

func (r *tileRun) allGone(i int) bool {
	for _, b := range r.bad[i:] {
		if !b.gone {
			return false
		}
	}
	return true
}

// origins finds, for each bad entry, the place in this run of tiles whose hash it matches.
func (r *tileRun) origins() map[int]uint64 {
	out := map[int]uint64{}
	places := make([]uint64, 0, 3*len(r.bad))
	for _, b := range r.bad {
		places = append(places, b.seq, b.seq+1)
		if b.seq > 0 {
			places = append(places, b.seq-1)
		}
	}
	sort.Slice(places, func(i, j int) bool { return places[i] < places[j] })
	tries := 0
	for i, b := range r.bad {
		if b.gone {
			continue
		}
		for k, at := range places {
			if k > 0 && places[k-1] == at || at == b.seq || at/tileSize-r.first >= uint64(len(r.stored)) || at < r.first*tileSize {
				continue
			}
			if tries++; tries > 500_000 {
				return out
			}
			want, known := r.want(at)
			if got, err := r.leaf(at, b.sealed, b.text); known && err == nil && got == want {
				out[i] = at
				break
			}
		}
	}
	return out
}

// followedByShift tells whether the entry after the i-th bad one is the one that belongs here.
func (r *tileRun) followedByShift(origins map[int]uint64, i int) bool {
	from, moved := origins[i+1]
	return moved && i+1 < len(r.bad) && r.bad[i+1].seq == r.bad[i].seq+1 && from == r.bad[i].seq
}

// markShift marks the entries that moved by the same step as the i-th, up to where the shift ends.
func (r *tileRun) markShift(shifted map[uint64]bool, origins map[int]uint64, i, step int) {
	for ; i < len(r.bad); i++ {
		from, moved := origins[i]
		if moved && int64(from)-int64(r.bad[i].seq) == int64(step) {
			shifted[r.bad[i].seq] = true
			continue
		}
		if !moved { // the last one of a shift has nowhere to come from, or nowhere to go
			shifted[r.bad[i].seq] = r.bad[i].gone || step < 0
		}
		return
	}
}

// nodeCounts follows the numbers of each process, to see which are missing.
type nodeCounts map[string]*nodeCount

type nodeCount struct {
	ranges verify.Ranges
	voided verify.Ranges
	top    uint64 // highest number
	topSeq uint64
	topAt  int64
}

func (c nodeCounts) of(node string) *nodeCount {
	n := c[node]
	if n == nil {
		n = &nodeCount{}
		c[strings.Clone(node)] = n
	}
	return n
}

func (c nodeCounts) add(node string, number, seq uint64, at int64) {
	n := c.of(node)
	n.ranges.Add(number)
	if number >= n.top {
		n.top, n.topSeq, n.topAt = number, seq, at
	}
}

// void takes what an entry declares void: "node:3-5,9".
func (c nodeCounts) void(resource string) {
	node, list, _ := strings.Cut(resource, ":")
	if r, err := verify.ParseRanges(list); err == nil {
		c.of(node).voided.Join(&r)
	}
}

func (c nodeCounts) join(other nodeCounts) {
	for node, o := range other {
		n := c.of(node)
		n.ranges.Join(&o.ranges)
		n.voided.Join(&o.voided)
		if o.top >= n.top {
			n.top, n.topSeq, n.topAt = o.top, o.topSeq, o.topAt
		}
	}
}

// pruneSlack is more than the numbers that one process can have under way at once.
const pruneSlack = 4096

type lostNumbers struct {
	node, numbers string
	after         uint64
}

// lost lists the numbers that are neither carried nor void, for processes whose highest entry is older than a moment
// (microseconds): what is younger may still be on its way. After pruning, numbers near the lowest one may be gone.
func (c nodeCounts) lost(before int64, pruned bool) []lostNumbers {
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
				missing.Cover(g.From, g.To)
			}
			out = append(out, lostNumbers{node, missing.String(), n.topSeq})
		}
	}
	return out
}
