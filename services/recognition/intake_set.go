package recognition

import (
	"bytes"
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/services/recognition/wire"
)

// cardSet is what the cards of a link would be if its session ended now: those on the shelf, but for what its chunks say.
type cardSet struct {
	m       *Module
	row     syncRow
	key     []byte
	hasher  *wire.Hasher
	changes []cardChange // by id, the last of each
	forget  map[wire.Item]bool
	last    wire.ID // of the last chunk, as it came

	contents bool // are kept: cards are written from them
}

// cardChange is what the chunks say of one card.
type cardChange struct {
	entry   wire.Entry
	gone    bool
	content []byte
}

// syncSet reads the chunks of a session; their contents are kept only where cards are written from them.
func (m *Module) syncSet(ctx context.Context, row syncRow, key []byte, contents bool) (*cardSet, error) {
	s := &cardSet{m: m, row: row, key: key, hasher: wire.NewHasher(key), forget: map[wire.Item]bool{}, contents: contents}
	if row.next == 0 {
		return s, nil
	}
	open, err := m.needs.Bulk.Opener(ctx, row.link)
	if err != nil {
		return nil, err
	}
	place := chunkPlace(row.org, row.link, row.session)
	for n := range row.next {
		var sealed []byte
		err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
			var found bool
			sealed, found, err = db.One(ctx, tx, qChunk, db.Value[[]byte], row.org, row.link, row.session, n)
			if err == nil && !found {
				err = errNoSession
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		body, err := open(place, sealed)
		if err != nil {
			return nil, err
		}
		if err := s.take(body); err != nil {
			return nil, err
		}
	}
	s.sort()
	return s, nil
}

func (s *cardSet) take(body []byte) error {
	return wire.OpenChunk(body, func(mapping int64, c wire.Change) error {
		switch c.Op {
		case wire.Forget:
			s.forget[c.Item] = true
			return nil
		case wire.Delete:
			s.changes = append(s.changes, cardChange{entry: wire.Entry{ID: c.ID}, gone: true})
		case wire.Put:
			change := cardChange{entry: wire.Entry{ID: c.ID, Sum: s.hasher.Sum(mapping, c.Content)}}
			if s.contents {
				change.content = c.Content
			}
			s.changes = append(s.changes, change)
		}
		s.last = c.ID
		return nil
	})
}

// sort puts changes by id and keeps the last of each.
func (s *cardSet) sort() {
	slices.SortStableFunc(s.changes, func(a, b cardChange) int { return a.entry.Compare(b.entry) })
	kept := s.changes[:0]
	for i, c := range s.changes {
		if i+1 == len(s.changes) || s.changes[i+1].entry.ID != c.entry.ID {
			kept = append(kept, c)
		}
	}
	s.changes = kept
}

// progress tells up to which id the chunks came and the digest of what they say, for an agent that lost its place.
func (s *cardSet) progress() (through, digest string) {
	var d wire.Digest
	for _, c := range s.changes {
		d.Add(s.hasher.Element(c.entry))
	}
	return hexOf(s.last[:]), d.String()
}

// read opens one snapshot of the row and of the shelf that is in use.
func (s *cardSet) read(ctx context.Context, fn func(tx core.Tx, shelf int64) error) error {
	ctx = db.Long(ctx) // a page of it on a busy server may take longer than one statement of a request does
	return s.m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		row, found, err := s.m.syncOf(ctx, tx, s.row.org, s.row.link)
		if err == nil && (!found || row.session != s.row.session) {
			err = errNoSession
		}
		if err != nil {
			return err
		}
		s.row = row
		link, err := s.m.LinkIn(ctx, tx, row.org, row.link)
		if err != nil {
			return err
		}
		return fn(tx, link.Shelf)
	})
}

// base gives the entries of a shelf, by id.
func (s *cardSet) base(ctx context.Context, tx core.Tx, shelf int64, give func(wire.Entry) error) error {
	if shelf == 0 {
		return nil
	}
	return s.m.Walk(ctx, tx, s.row.org, shelf, func(k Key, mark Mark) error {
		return give(wire.Entry{ID: wire.ID(k), Sum: wire.Sum(mark)})
	})
}

// syncOutcome is what a session would do.
type syncOutcome struct {
	shelf      int64
	generation int64
	before     int // cards
	after      int
	digest     wire.Digest
	gone       []Key        // to take away from the shelf
	deletes    int          // cards that would be found no more
	puts       []cardChange // to write
}

// adder adds up the entries of a set on a goroutine of its own, beside whoever walks through them.
type adder struct {
	some   []wire.Entry // not handed over yet
	in     chan []wire.Entry
	done   chan struct{}
	digest wire.Digest
	count  int
}

// addedAtOnce is how many entries are handed over at a time.
const addedAtOnce = 4_096

// adding begins one; the elements are given to give on its goroutine.
func (s *cardSet) adding(give func(wire.Element)) *adder {
	a := &adder{in: make(chan []wire.Entry, 4), done: make(chan struct{})}
	go func() {
		defer close(a.done)
		for some := range a.in {
			for _, e := range some {
				el := s.hasher.Element(e)
				a.digest.Add(el)
				give(el)
			}
		}
	}()
	return a
}

func (a *adder) add(e wire.Entry) {
	if a.some == nil {
		a.some = make([]wire.Entry, 0, addedAtOnce)
	}
	a.some = append(a.some, e)
	if a.count++; len(a.some) == addedAtOnce {
		a.in <- a.some
		a.some = nil
	}
}

// end waits until all is added up.
func (a *adder) end() {
	a.in <- a.some
	close(a.in)
	<-a.done
}

// merge walks the shelf and the changes together. Each element of the result is given.
func (s *cardSet) merge(ctx context.Context, tx core.Tx, shelf int64, give func(wire.Element)) (o syncOutcome, err error) {
	o.shelf, o.generation = shelf, s.row.generation
	sums, items := s.adding(give), wire.NewHasher(s.key)
	defer func() {
		sums.end()
		o.digest, o.after = sums.digest, sums.count
	}()
	next := 0
	add := func(c cardChange) {
		if c.gone {
			return
		}
		o.puts = append(o.puts, c)
		sums.add(c.entry)
	}
	err = s.base(ctx, tx, shelf, func(e wire.Entry) error {
		o.before++
		for next < len(s.changes) && bytes.Compare(s.changes[next].entry.ID[:], e.ID[:]) < 0 {
			add(s.changes[next])
			next++
		}
		if next < len(s.changes) && s.changes[next].entry.ID == e.ID {
			c := s.changes[next]
			next++
			if c.gone {
				o.gone = append(o.gone, Key(e.ID))
				o.deletes++
			}
			add(c)
			return nil
		}
		if s.row.whole {
			o.deletes++
			return nil
		}
		if len(s.forget) > 0 && s.forget[items.Element(e).Item()] {
			o.gone = append(o.gone, Key(e.ID))
			o.deletes++
			return nil
		}
		sums.add(e)
		return nil
	})
	for ; next < len(s.changes); next++ {
		add(s.changes[next])
	}
	return o, err
}

// sum gives each element of what the set would be, within one snapshot.
func (s *cardSet) sum(ctx context.Context, give func(wire.Element)) (o syncOutcome, err error) {
	err = s.read(ctx, func(tx core.Tx, shelf int64) (err error) {
		o, err = s.merge(ctx, tx, shelf, give)
		return err
	})
	return o, err
}

// askSet decides for an agent that asks about a set, and gives each element of it.
func (m *Module) askSet(ctx context.Context, org, link, session core.ID, give func(wire.Element)) error {
	var row syncRow
	err := m.needs.Gate.Change(ctx, &core.Act{Def: &SyncPush, Org: org, Resource: link}, func(tx core.Tx) (err error) {
		if err := m.mine(ctx, tx, org, link); err != nil {
			return err
		}
		if row, err = m.sessionOf(ctx, tx, org, link, session); err != nil {
			return err
		}
		return m.mayLook(ctx, tx, link)
	})
	if err != nil {
		return err
	}
	end, err := m.looking.begin(link)
	if err != nil {
		return err
	}
	defer end()
	key, err := m.needs.Sealer.Open(ctx, link, syncPlace(org, link), row.secret)
	if err != nil {
		return err
	}
	s, err := m.syncSet(ctx, row, key, false)
	if err != nil {
		return err
	}
	_, err = s.sum(ctx, give)
	return err
}

func (m *Module) syncCells(ctx context.Context, org, link, session core.ID, n int) ([]byte, error) {
	if n < wire.FewestCells || n > wire.MostCells {
		return nil, errCells
	}
	cells := wire.NewCells(n)
	if err := m.askSet(ctx, org, link, session, func(el wire.Element) { cells.Add(el.Item()) }); err != nil {
		return nil, err
	}
	return cells.Append(nil), nil
}

func (m *Module) syncItems(ctx context.Context, org, link, session core.ID) ([]byte, error) {
	var items []wire.Item
	if err := m.askSet(ctx, org, link, session, func(el wire.Element) { items = append(items, el.Item()) }); err != nil {
		return nil, err
	}
	return wire.AppendItems(nil, items), nil
}
