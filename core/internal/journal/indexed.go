package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/maphash"
	"maps"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

// indexCheck compares the index with the entries: it sums, for each block, a hash of every place that every key names,
// once from the entries and once from the rows. The hash has a seed of its own in each verification, so that nobody can
// make rows whose sum is right; only where the sums differ are the rows compared one by one.
type indexCheck struct {
	seed   maphash.Seed
	kinds  [256]uint64
	blocks uint64 // that should be indexed
	indexSums
}

type indexSums struct {
	entries, rows []uint64 // one sum per block
	times         []byte   // of the tile at hand
	timesOf       uint64   // its first entry, +1
}

// indexParts cut the keys, so that two workers read them.
var indexParts = [...][2]string{{"", "o"}, {"o", "s"}, {"s", "\x7f"}}

var (
	qIndexRows = db.SQL(`SELECT key, block, places FROM journal_index WHERE log = $1 AND key >= $2 AND key < $3`)
	qIndexOf   = db.SQL(`SELECT key, places FROM journal_index WHERE log = $1 AND block = $2 ORDER BY key`)
)

func (x *indexCheck) prepare(c *check) {
	x.seed, x.blocks = maphash.MakeSeed(), min(c.st.indexed, c.st.size)/c.m.block
	for i := range x.kinds {
		x.kinds[i] = maphash.Comparable(x.seed, i)
	}
}

func (s *indexSums) size(c *check) {
	if s.entries == nil {
		s.entries, s.rows = make([]uint64, c.index.blocks), make([]uint64, c.index.blocks)
	}
}

// mixed spreads the hash of a key and a place over 64 bits.
func mixed(key, seq uint64) uint64 {
	h := key + seq*0x9e3779b97f4a7c15
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33 ^ key
}

func (x *indexCheck) hash(kind byte, value []byte) uint64 {
	return maphash.Bytes(x.seed, value) ^ x.kinds[kind]
}

// entry takes what an entry is searched by.
func (s *indexSums) entry(c *check, seq uint64, at int64, f *fields) {
	block := seq / c.m.block
	if block >= c.index.blocks {
		return
	}
	s.size(c)
	sum := uint64(0)
	each(f, func(kind byte, value []byte) { sum += mixed(c.index.hash(kind, value), seq) })
	s.entries[block] += sum
	if s.timesOf != seq&^(tileSize-1)+1 {
		s.closeTile(c)
		s.times, s.timesOf = s.times[:0], seq&^(tileSize-1)+1
	}
	s.times = stretch(s.times, 0, at)
}

// closeTile adds the times of the tile at hand.
func (s *indexSums) closeTile(c *check) {
	if s.timesOf > 0 && len(s.times) > 0 {
		s.entries[(s.timesOf-1)/c.m.block] += mixed(c.index.hash(byTime, s.times), s.timesOf-1)
	}
	s.times = s.times[:0]
}

// rowsOf takes the rows of the index whose keys lie in a part.
func (s *indexSums) rowsOf(ctx context.Context, tx core.Tx, c *check, part [2]string) error {
	s.size(c)
	rows, err := tx.Query(ctx, qIndexRows, c.st.log, part[0], part[1])
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var key string
	var block uint64
	var places, text []byte
	var last string
	var hash uint64
	for rows.Next() {
		if err := rows.Scan(&key, &block, &places); err != nil {
			return err
		}
		i := block / c.m.block
		if i >= c.index.blocks || key == "" {
			continue // not shown
		}
		if key[0] == byTime {
			for n := uint64(0); len(places) >= 16; n, places = n+tileSize, places[16:] {
				if block+n >= c.st.pruned {
					s.rows[i] += mixed(c.index.hash(byTime, places[:16]), block+n)
				}
			}
			continue
		}
		if key != last {
			text = append(text[:0], key[1:]...)
			last, hash = key, c.index.hash(key[0], text)
		}
		for ; len(places) >= 2; places = places[2:] {
			if seq := block + uint64(binary.BigEndian.Uint16(places)); seq >= c.st.pruned {
				s.rows[i] += mixed(hash, seq)
			}
		}
		s.rows[i] += uint64(len(places)) // a row cut in the middle of a place
		if block%c.m.block != 0 {
			s.rows[i]++
		}
	}
	return rows.Err()
}

func (x *indexCheck) join(s *indexSums) {
	for i := range s.entries {
		if x.entries == nil {
			x.entries, x.rows = make([]uint64, len(s.entries)), make([]uint64, len(s.entries))
		}
		x.entries[i] += s.entries[i]
		x.rows[i] += s.rows[i]
	}
}

// judge names what is wrong in the blocks whose sums differ.
func (x *indexCheck) judge(ctx context.Context, tx core.Tx, c *check) error {
	if end := x.blocks * c.m.block; c.st.indexed != end {
		c.rep.Add(verify.Misindexed, end, max(c.st.size, end+1)-1, "the log says that it is indexed up to %d", c.st.indexed)
	}
	for i := range x.entries {
		if x.entries[i] == x.rows[i] {
			continue
		}
		block := uint64(i) * c.m.block
		want, err := c.m.postingsOf(ctx, tx, &c.st, block)
		if err != nil {
			return err
		}
		want.places[string(byTime)] = want.times
		have, err := db.All(ctx, tx, qIndexOf, func(scan db.Scan) (p struct {
			key    string
			places []byte
		}, err error,
		) {
			err = scan(&p.key, &p.places)
			return p, err
		}, c.st.log, int64(block))
		if err != nil {
			return err
		}
		before := len(c.rep.Findings)
		for _, row := range have {
			x.compare(c, block, row.key, want.places[row.key], row.places)
			delete(want.places, row.key)
		}
		for _, key := range slices.Sorted(maps.Keys(want.places)) {
			x.compare(c, block, key, want.places[key], nil)
		}
		if len(c.rep.Findings) == before {
			c.rep.Add(verify.Misindexed, block, block+c.m.block-1, "the index holds rows that belong to no block")
		}
	}
	return nil
}

// compare tells which entries a row of the index names though they are not its own, or does not name though they are.
func (x *indexCheck) compare(c *check, block uint64, key string, want, have []byte) {
	if key[:1] == string(byTime) {
		if from := 16 * int((max(block, c.st.pruned)-block)/tileSize); !bytes.Equal(want[min(from, len(want)):], have[min(from, len(have)):]) {
			c.rep.Add(verify.Misindexed, block, block+c.m.block-1, "the index holds other times than the entries")
		}
		return
	}
	lacks, more := placesOf(want), placesOf(have)
	for seq := range lacks {
		if more[seq] || block+seq < c.st.pruned {
			delete(lacks, seq)
		}
		delete(more, seq)
	}
	maps.DeleteFunc(more, func(seq uint64, _ bool) bool { return block+seq < c.st.pruned })
	what := map[byte]string{
		byActor: "who acted", byAction: "the act", byNamed: "the persons named", byOutcome: "the outcome",
		byResource: "what was acted on", bySubject: "the person concerned",
	}[key[0]]
	tell := func(list map[uint64]bool, format string) {
		if len(list) > 0 {
			seqs := slices.Sorted(maps.Keys(list))
			c.rep.Add(verify.Misindexed, block+seqs[0], block+seqs[len(seqs)-1], format, len(seqs), what)
		}
	}
	tell(lacks, "the index by %[2]s leaves out %[1]d entries")
	tell(more, "the index by %[2]s names %[1]d entries for a value that they do not have")
	if len(lacks)+len(more) == 0 && len(have) != len(want) && c.st.pruned <= block {
		c.rep.Add(verify.Misindexed, block, block+c.m.block-1, "a row of the index by %s is not what was written", what)
	}
}

func placesOf(b []byte) map[uint64]bool {
	out := make(map[uint64]bool, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		out[uint64(binary.BigEndian.Uint16(b))] = true
	}
	return out
}
