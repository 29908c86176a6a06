package agent

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/wire"
)

// Counts are how many records were read and what became of their numbers: figures without a number.
type Counts struct {
	Records    int `json:"records"`
	Cards      int `json:"cards"`
	Without    int `json:"without_number"`
	Unreadable int `json:"unreadable"`
	Twice      int `json:"same_key_twice"`
	Good       int `json:"good"`
	Repaired   int `json:"repaired"`
	Refused    int `json:"refused"`
	Duplicates int `json:"duplicates"`
}

func (c *Counts) add(o Counts) {
	c.Records += o.Records
	c.Cards += o.Cards
	c.Without += o.Without
	c.Unreadable += o.Unreadable
	c.Good += o.Good
	c.Repaired += o.Repaired
	c.Refused += o.Refused
	c.Duplicates += o.Duplicates
}

func (c *Counts) report(r source.Report) {
	for _, f := range r.Findings {
		switch f.Verdict {
		case source.Good:
			c.Good++
		case source.Repaired:
			c.Repaired++
		case source.Refused:
			c.Refused++
		case source.Duplicate:
			c.Duplicates++
		}
	}
}

// card is what was read of one record; content is nil when nobody will need it.
type card struct {
	entry   wire.Entry
	item    wire.Item
	content []byte
}

// scan is what the tool holds now.
type scan struct {
	cards  []card // by id
	digest wire.Digest
	counts Counts
}

const (
	batchSize = 512
	workers   = 2
	// parts are those that cards fall into by the first byte of their id: each is sorted for itself, beside the others.
	parts = 256
)

// found is what one worker made of the records that it was given.
type found struct {
	parts  [parts][]card
	counts Counts
	row    []byte // the content at hand
	room   []byte // where contents are kept one after another
}

// reader reads the tool once. Only contents of entries that it does not know are held in memory.
type reader struct {
	mapping source.Mapping
	version int64
	key     []byte
	known   *Store // nil: hold every content
	told    func(records int)
}

func (r *reader) read(ctx context.Context, src source.Source) (*scan, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if r.known != nil {
		r.known.index()
	}
	batches := make(chan []source.Record, 2*workers)
	var wait sync.WaitGroup
	all := make([]found, workers)
	for i := range all {
		wait.Go(func() {
			h := wire.NewHasher(r.key)
			for b := range batches {
				for j := range b {
					if err := r.one(h, b[j], &all[i]); err != nil {
						stop(err)
					}
				}
			}
		})
	}
	err := r.feed(ctx, src, batches)
	close(batches)
	wait.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, err
	}
	return r.merge(all), nil
}

func (r *reader) feed(ctx context.Context, src source.Source, batches chan<- []source.Record) error {
	batch := make([]source.Record, 0, batchSize)
	n := 0
	send := func() error {
		select {
		case batches <- batch:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		n += len(batch)
		if r.told != nil {
			r.told(n)
		}
		batch = make([]source.Record, 0, batchSize)
		return nil
	}
	err := src.Read(ctx, func(rec source.Record) error {
		if batch = append(batch, rec); len(batch) == batchSize {
			return send()
		}
		return nil
	})
	if err == nil && len(batch) > 0 {
		err = send()
	}
	return err
}

// one adds what is compared, and perhaps sent, of a record.
func (r *reader) one(h *wire.Hasher, rec source.Record, into *found) error {
	c, ok, err := r.card(h, rec, into)
	if ok {
		part := &into.parts[c.entry.ID[0]]
		*part = append(*part, c)
	}
	return err
}

// card makes what is compared, and perhaps sent, of a record, if it has a number. Nothing else of it goes any further.
func (r *reader) card(h *wire.Hasher, rec source.Record, into *found) (c card, ok bool, err error) {
	into.counts.Records++
	row, report, err := r.mapping.Apply(rec)
	if err != nil {
		return c, false, err
	}
	into.counts.report(report)
	if len(row.Numbers) == 0 {
		into.counts.Without++
		return c, false, nil
	}
	content, err := wire.AppendContent(into.row[:0], &row)
	if err != nil {
		into.counts.Unreadable++
		return c, false, nil //nolint:nilerr // one card beyond the limits keeps none of the others; it is counted and shown
	}
	into.row = content
	c.entry = wire.Entry{ID: h.ID(row.Key), Sum: h.Sum(r.version, content)}
	if r.known == nil || !r.known.holds(c.entry) {
		c.content = into.keep(content)
	}
	return c, true, nil
}

// keep holds a copy of a content.
func (f *found) keep(content []byte) []byte {
	if len(f.room)+len(content) > cap(f.room) {
		f.room = make([]byte, 0, max(256<<10, len(content)))
	}
	from := len(f.room)
	f.room = append(f.room, content...)
	return f.room[from:len(f.room):len(f.room)]
}

// merge joins what the workers found, part by part. Of two records with one key one stays, the same whatever the order of reading.
func (r *reader) merge(all []found) *scan {
	s := &scan{}
	var at [parts + 1]int // where each part begins
	for p := range parts {
		at[p+1] = at[p]
		for i := range all {
			at[p+1] += len(all[i].parts[p])
		}
	}
	for i := range all {
		s.counts.add(all[i].counts)
	}
	s.cards = make([]card, at[parts])
	var left [parts]int // cards of each part, with those of one key once
	var next atomic.Int64
	var wait sync.WaitGroup
	digests := make([]wire.Digest, workers)
	for w := range workers {
		wait.Go(func() {
			h := wire.NewHasher(r.key)
			for p := int(next.Add(1)) - 1; p < parts; p = int(next.Add(1)) - 1 {
				part := s.cards[at[p]:at[p]:at[p+1]]
				for i := range all {
					part = append(part, all[i].parts[p]...)
					all[i].parts[p] = nil
				}
				left[p] = settle(part, h, &digests[w])
			}
		})
	}
	wait.Wait()
	for _, d := range digests {
		s.digest.Join(d)
	}
	n := 0
	for p := range parts {
		if n < at[p] {
			copy(s.cards[n:], s.cards[at[p]:at[p]+left[p]])
		}
		n += left[p]
	}
	s.counts.Twice, s.counts.Cards = len(s.cards)-n, n
	s.cards = s.cards[:n]
	return s
}

// settle sorts a part, keeps one card of each key and adds them up; it tells how many are left.
func settle(part []card, h *wire.Hasher, digest *wire.Digest) int {
	slices.SortFunc(part, func(a, b card) int {
		if c := a.entry.Compare(b.entry); c != 0 {
			return c
		}
		return slices.Compare(a.entry.Sum[:], b.entry.Sum[:])
	})
	part = slices.CompactFunc(part, func(a, b card) bool { return a.entry.ID == b.entry.ID })
	for i := range part {
		el := h.Element(part[i].entry)
		part[i].item = el.Item()
		digest.Add(el)
	}
	return len(part)
}

func (s *scan) store(generation, mapping int64) *Store {
	st := &Store{Generation: generation, Mapping: mapping, Digest: s.digest, Entries: make([]wire.Entry, len(s.cards))}
	for i := range s.cards {
		st.Entries[i] = s.cards[i].entry
	}
	return st
}
