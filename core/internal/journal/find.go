package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// What one page looks at before it says where to go on: entries read one after the other, and entries that the index
// named and that were not what was asked for.
const (
	walkBound  = 40_000
	namedBound = 2_000
)

var (
	qPlaces  = db.SQL(`SELECT block, places FROM journal_index WHERE log = $1 AND key = $2 AND block <= $3 ORDER BY block DESC LIMIT $4`)
	qHolders = db.SQL(`SELECT pos, count, body FROM journal_batch WHERE pos IN (` + holding() + `) ORDER BY pos`)
	qHolder  = db.SQL(`SELECT pos, count, body FROM journal_batch WHERE pos >= $1 AND pos <= $2 ORDER BY pos DESC LIMIT 1`)
)

// holding finds the batches that hold some places.
func holding() string {
	list := make([]string, atOnce)
	for i := range list {
		list[i] = fmt.Sprintf("(SELECT MAX(pos) FROM journal_batch WHERE pos <= $%d)", i+1)
	}
	return strings.Join(list, ", ")
}

// seeker collects the entries that fit a filter, from the newest.
type seeker struct {
	m     *Module
	tx    core.Tx
	l     *logState
	f     Filter
	limit int
	rows  []*Row
	cut   fields

	looked  int
	stopped bool
	at      uint64 // every entry from here on was looked at

	from  uint64 // first entry of the batch at hand
	batch []packed
	ahead []batch // read with it
}

// page reads the rows of a filter without words.
func (m *Module) page(ctx context.Context, tx core.Tx, l *logState, f Filter, from Mark, limit int) (Page, error) {
	s := &seeker{m: m, tx: tx, l: l, f: f, limit: limit + 1, at: min(from.Seq, l.size)}
	if err := s.seek(ctx); err != nil {
		return Page{}, err
	}
	p := Page{Tree: l.size, Rows: s.rows}
	switch {
	case len(s.rows) > limit:
		p.Rows = s.rows[:limit]
		p.Next = Mark{p.Rows[limit-1].Seq}
	case s.stopped && s.at > l.pruned:
		p.Next, p.Partial = Mark{s.at}, true
	}
	return p, nil
}

func (s *seeker) seek(ctx context.Context) error {
	if err := s.walk(ctx, s.l.indexed, s.at); err != nil || s.full() {
		return err
	}
	s.at = min(s.at, s.l.indexed)
	keys := s.f.keys()
	if len(keys) == 0 {
		return s.byTime(ctx)
	}
	lists := make([]*places, len(keys))
	for i, alternatives := range keys {
		lists[i] = &places{s: s}
		for _, key := range alternatives {
			lists[i].of = append(lists[i].of, &posting{key: key})
		}
	}
	return s.byKeys(ctx, lists)
}

func (s *seeker) full() bool { return s.stopped || len(s.rows) >= s.limit }

// keys are what the index is asked for: of each list, one must hold.
func (f Filter) keys() [][]string {
	var out [][]string
	add := func(kind rune, value string) {
		if value != "" {
			out = append(out, []string{string(kind) + value})
		}
	}
	add(byResource, string(f.Resource))
	add(bySubject, string(f.Subject))
	add(byActor, string(f.Actor))
	add(byAction, f.Action)
	switch f.Outcome {
	case "", "success": // most are: looked at on the rows
	case "unusual":
		out = append(out, []string{string(byOutcome) + "failure", string(byOutcome) + "refused"})
	default:
		add(byOutcome, f.Outcome)
	}
	if p := string(f.Person); p != "" {
		out = append(out, []string{string(byActor) + p, string(bySubject) + p, string(byNamed) + p})
	}
	if p := string(f.about); p != "" {
		out = append(out, []string{string(bySubject) + p, string(byNamed) + p})
	}
	return out
}

// walk looks at the entries from ≤ seq < to, the last one first.
func (s *seeker) walk(ctx context.Context, from, to uint64) error {
	from = max(from, s.l.pruned)
	some := 4
	if s.limit > tileSize { // whoever wants them all asks for many at once
		some = tileSize
	}
	for ; to > from && !s.full(); some = min(2*some, tileSize) {
		rows, err := db.All(ctx, s.tx, qNewest, scanBatch, place(s.l.log, from), place(s.l.log, to), some)
		if err != nil {
			return err
		}
		for _, b := range rows {
			if first := seqOf(b.pos); !s.f.within(b.body) { // nothing of it needs to be cut out
				s.looked += b.count
				s.at, to = max(first, from), min(to, first)
				if s.looked >= walkBound && to > from {
					s.stopped = true
					return nil
				}
				continue
			}
			if err := s.take(b); err != nil {
				return err
			}
			for i := len(s.batch) - 1; i >= 0 && !s.full(); i-- {
				seq := s.from + uint64(i)
				if seq >= to || seq < from {
					continue
				}
				s.looked++
				if err := s.one(seq, s.batch[i]); err != nil {
					return err
				}
				if s.at = seq; s.looked >= walkBound && !s.full() {
					s.stopped = true
				}
			}
			if s.full() {
				return nil
			}
			to = min(to, s.from)
		}
		if len(rows) == 0 {
			return nil
		}
	}
	return nil
}

// take makes a batch the one at hand. What cannot be read is not shown: Verify tells.
func (s *seeker) take(b batch) (err error) {
	s.from = seqOf(b.pos)
	s.batch, err = unpackAll(s.batch[:0], b.body)
	if err != nil {
		s.m.log.Warn("stored entries cannot be read", "log", s.l.org, "from", s.from+uint64(len(s.batch)))
	}
	return nil
}

// one keeps an entry that fits.
func (s *seeker) one(seq uint64, p packed) error {
	if !s.cut.cut(p.text) {
		return nil
	}
	if !s.f.likely(&s.cut) {
		return nil
	}
	r, err := s.cut.rowOf(s.l.org, seq, p)
	if err == nil && s.f.fits(r) {
		s.rows = append(s.rows, r)
	}
	return err
}

// within tells whether a batch may hold what a filter names: every id of an entry stands as it is in its text.
func (f *Filter) within(body []byte) bool {
	for _, id := range [...]string{f.id, string(f.Actor), string(f.Resource), string(f.Subject), string(f.Person), string(f.about)} {
		if id != "" && !bytes.Contains(body, []byte(id)) {
			return false
		}
	}
	return true
}

// likely looks at what costs nothing to compare.
func (f *Filter) likely(e *fields) bool {
	return (f.id == "" || f.id == string(e[fID])) && (f.Action == "" || f.Action == string(e[fAction])) && (f.Actor == "" || string(f.Actor) == string(e[fActor])) &&
		(f.Resource == "" || string(f.Resource) == string(e[fResource])) && (f.Subject == "" || string(f.Subject) == string(e[fSubject])) &&
		(f.Outcome != "unusual" || string(e[fOutcome]) != "success") &&
		(f.Person == "" || string(f.Person) == string(e[fActor]) || e.concern(f.Person)) && (f.about == "" || e.concern(f.about))
}

// concern tells whether an entry may name somebody as a person concerned.
func (e *fields) concern(person core.ID) bool {
	return string(person) == string(e[fSubject]) || bytes.Contains(e[fOthers], []byte(person))
}

// entryAt looks at the entry of the last of some places; those before are to be looked at next.
func (s *seeker) entryAt(ctx context.Context, seqs []uint64) error {
	seq := seqs[len(seqs)-1]
	p, found, err := s.packedAt(ctx, seqs)
	if err != nil || !found {
		return err
	}
	return s.one(seq, p)
}

func (s *seeker) packedAt(ctx context.Context, seqs []uint64) (p packed, found bool, err error) {
	seq := seqs[len(seqs)-1]
	if seq < s.from || seq >= s.from+uint64(len(s.batch)) {
		b, found, err := s.holder(ctx, seqs)
		if err != nil || !found {
			return p, false, err
		}
		if err := s.take(b); err != nil {
			return p, false, err
		}
	}
	if i := seq - s.from; seq >= s.from && i < uint64(len(s.batch)) {
		return s.batch[i], true, nil
	}
	return p, false, nil
}

// holder gives the batch that holds the last of some places. Whoever wants them all gets those of the places before with it.
func (s *seeker) holder(ctx context.Context, seqs []uint64) (b batch, found bool, err error) {
	at := place(s.l.log, seqs[len(seqs)-1])
	if s.limit <= tileSize || len(seqs) == 1 {
		return db.One(ctx, s.tx, qHolder, scanBatch, place(s.l.log, 0), at)
	}
	for len(s.ahead) > 0 && s.ahead[len(s.ahead)-1].pos > at {
		s.ahead = s.ahead[:len(s.ahead)-1]
	}
	if len(s.ahead) == 0 {
		these := make([]any, atOnce)
		for i := range these {
			these[i] = place(s.l.log, seqs[max(0, len(seqs)-1-i)])
		}
		if s.ahead, err = db.All(ctx, s.tx, qHolders, scanBatch, these...); err != nil || len(s.ahead) == 0 {
			return b, false, err
		}
	}
	return s.ahead[len(s.ahead)-1], true, nil
}

// spans are the times of the tiles of a block; nil when the filter asks for no time.
func (s *seeker) spans(ctx context.Context, block uint64) ([]byte, error) {
	if s.f.From.IsZero() && s.f.To.IsZero() {
		return nil, nil
	}
	var at uint64
	times, found, err := db.One(ctx, s.tx, qPlaces, func(scan db.Scan) (b []byte, err error) {
		err = scan(&at, &b)
		return b, err
	}, s.l.log, string(byTime), int64(block), 1)
	if err != nil || !found || at != block {
		return nil, err
	}
	return times, nil
}

// inTime tells whether a tile can hold an entry of the time asked for.
func (s *seeker) inTime(times []byte, tile uint64) bool {
	if uint64(len(times)) < 16*(tile+1) {
		return true
	}
	first, last := int64(binary.BigEndian.Uint64(times[16*tile:])), int64(binary.BigEndian.Uint64(times[16*tile+8:]))
	return (s.f.To.IsZero() || first < clock.Micros(s.f.To)) && (s.f.From.IsZero() || last >= clock.Micros(s.f.From))
}

// byTime looks at the indexed entries without a key, tile by tile.
func (s *seeker) byTime(ctx context.Context) error {
	for s.at > s.l.pruned && !s.full() {
		block := (s.at - 1) / s.m.block * s.m.block
		times, err := s.spans(ctx, block)
		if err != nil {
			return err
		}
		if times == nil {
			if err := s.walk(ctx, block, s.at); err != nil || s.full() {
				return err
			}
		}
		for to := s.at; times != nil && to > block && !s.full(); {
			tile := (to - 1) / tileSize * tileSize
			if s.inTime(times, (tile-block)/tileSize) {
				if err := s.walk(ctx, tile, to); err != nil || s.full() {
					return err
				}
			}
			to = tile
		}
		s.at = block
	}
	return nil
}

// byKeys looks at the indexed entries that every list names.
func (s *seeker) byKeys(ctx context.Context, lists []*places) error {
	missed := 0
	var seqs []uint64
	for to := s.at; to > s.l.pruned && !s.full(); {
		block, some, err := s.meet(ctx, lists, (to-1)/s.m.block*s.m.block)
		if err != nil || !some {
			return err
		}
		places := common(lists)
		if len(places) > 0 {
			times, err := s.spans(ctx, block)
			if err != nil {
				return err
			}
			seqs = seqs[:0]
			for _, within := range places {
				seq := block + uint64(within)
				if seq < to && seq >= s.l.pruned && (times == nil || s.inTime(times, uint64(within)/tileSize)) {
					seqs = append(seqs, seq)
				}
			}
			for ; len(seqs) > 0 && !s.full(); seqs = seqs[:len(seqs)-1] {
				had := len(s.rows)
				if err := s.entryAt(ctx, seqs); err != nil {
					return err
				}
				if s.at = seqs[len(seqs)-1]; len(s.rows) == had {
					if missed++; missed >= namedBound {
						s.stopped = true
					}
				}
			}
		}
		to = block
	}
	return nil
}

// meet finds the newest block, at or before one, that every list names.
func (s *seeker) meet(ctx context.Context, lists []*places, block uint64) (uint64, bool, error) {
	for {
		same := true
		for _, l := range lists {
			b, some, err := l.to(ctx, block)
			if err != nil || !some {
				return 0, false, err
			}
			if b < block {
				block, same = b, false
			}
		}
		if same {
			return block, true, nil
		}
	}
}

// places are those that one of several keys names, block by block.
type places struct {
	s   *seeker
	of  []*posting
	now []uint16
}

// posting is the rows of one key, read some at a time.
type posting struct {
	key  string
	rows []postingRow
	end  bool // no row before those
}

type postingRow struct {
	block  uint64
	places []byte
}

// to goes to the newest block at or before one.
func (l *places) to(ctx context.Context, block uint64) (uint64, bool, error) {
	at, some := uint64(0), false
	for _, p := range l.of {
		if err := p.to(ctx, l.s, block); err != nil {
			return 0, false, err
		}
		if len(p.rows) > 0 && (!some || p.rows[0].block > at) {
			at, some = p.rows[0].block, true
		}
	}
	l.now = l.now[:0]
	for _, p := range l.of {
		if some && len(p.rows) > 0 && p.rows[0].block == at {
			for b := p.rows[0].places; len(b) >= 2; b = b[2:] {
				l.now = append(l.now, binary.BigEndian.Uint16(b))
			}
		}
	}
	if len(l.of) > 1 {
		slices.Sort(l.now)
		l.now = slices.Compact(l.now)
	}
	return at, some, nil
}

func (p *posting) to(ctx context.Context, s *seeker, block uint64) error {
	for len(p.rows) > 0 && p.rows[0].block > block {
		p.rows = p.rows[1:]
	}
	if len(p.rows) > 0 || p.end {
		return nil
	}
	const some = 32
	var err error
	p.rows, err = db.All(ctx, s.tx, qPlaces, func(scan db.Scan) (r postingRow, err error) {
		err = scan(&r.block, &r.places)
		return r, err
	}, s.l.log, p.key, int64(min(block, math.MaxInt64)), some)
	p.end = len(p.rows) < some
	return err
}

// common is what every list names in the block that they met at.
func common(lists []*places) []uint16 {
	out := slices.Clone(lists[0].now)
	for _, l := range lists[1:] {
		out = slices.DeleteFunc(out, func(n uint16) bool {
			_, in := slices.BinarySearch(l.now, n)
			return !in
		})
	}
	return out
}
