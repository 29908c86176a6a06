package agent

import (
	"context"
	"slices"
	"sync"

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
)

// reader reads the tool once. With keep, only contents of entries that it does not know are held in memory.
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
	batches := make(chan []source.Record, 2*workers)
	var wait sync.WaitGroup
	found := make([]scan, workers)
	for i := range workers {
		wait.Go(func() {
			h := wire.NewHasher(r.key)
			for b := range batches {
				for i2 := range b {
					if err := r.one(h, b[i2], &found[i]); err != nil {
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
	return r.merge(found), nil
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

// one makes what is compared, and perhaps sent, of a record. Nothing else of it goes any further.
func (r *reader) one(h *wire.Hasher, rec source.Record, into *scan) error {
	into.counts.Records++
	row, report, err := r.mapping.Apply(rec)
	if err != nil {
		return err
	}
	into.counts.report(report)
	if len(row.Numbers) == 0 {
		into.counts.Without++
		return nil
	}
	content, err := wire.AppendContent(nil, &row)
	if err != nil {
		into.counts.Unreadable++
		return nil //nolint:nilerr // one card beyond the limits keeps none of the others; it is counted and shown
	}
	c := card{entry: wire.Entry{ID: h.ID(row.Key), Sum: h.Sum(r.version, content)}}
	if r.known == nil || !r.known.holds(c.entry) {
		c.content = content
	}
	into.cards = append(into.cards, c)
	return nil
}

func (s *Store) holds(e wire.Entry) bool {
	i, found := slices.BinarySearchFunc(s.Entries, e, wire.Entry.Compare)
	return found && s.Entries[i].Sum == e.Sum
}

// merge joins what the workers found. Of two records with one key one stays, the same whatever the order of reading.
func (r *reader) merge(found []scan) *scan {
	all := &scan{}
	for i := range found {
		all.cards = append(all.cards, found[i].cards...)
		all.counts.add(found[i].counts)
		found[i].cards = nil
	}
	slices.SortFunc(all.cards, func(a, b card) int {
		if c := a.entry.Compare(b.entry); c != 0 {
			return c
		}
		return slices.Compare(a.entry.Sum[:], b.entry.Sum[:])
	})
	before := len(all.cards)
	all.cards = slices.CompactFunc(all.cards, func(a, b card) bool { return a.entry.ID == b.entry.ID })
	all.counts.Twice = before - len(all.cards)
	all.counts.Cards = len(all.cards)
	h := wire.NewHasher(r.key)
	for i := range all.cards {
		el := h.Element(all.cards[i].entry)
		all.cards[i].item = el.Item()
		all.digest.Add(el)
	}
	return all
}

func (s *scan) store(generation, mapping int64) *Store {
	st := &Store{Generation: generation, Mapping: mapping, Digest: s.digest, Entries: make([]wire.Entry, len(s.cards))}
	for i := range s.cards {
		st.Entries[i] = s.cards[i].entry
	}
	return st
}
