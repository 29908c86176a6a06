package recognition

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/seal"
	"github.com/rempart/rempart/services/recognition/number"
)

// strongbox seals as the vault does, with keys in memory.
type strongbox struct {
	mu   sync.Mutex
	keys map[core.ID]cipher.AEAD
	gone map[core.ID]bool
}

func (b *strongbox) key(owner core.ID) (cipher.AEAD, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone[owner] {
		return nil, core.Fault(core.Gone, "vault.destroyed")
	}
	if b.keys[owner] == nil {
		key := make([]byte, seal.KeySize)
		_, _ = rand.Read(key)
		c, err := seal.Cipher(key)
		if err != nil {
			return nil, err
		}
		b.keys[owner] = c
	}
	return b.keys[owner], nil
}

func (b *strongbox) MakeKeys(context.Context, ...core.ID) error { return nil }

func (b *strongbox) DestroyKey(_ context.Context, owner core.ID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone[owner] = true
	return nil
}

func (b *strongbox) For(_ context.Context, owner core.ID) (func(string, []byte) ([]byte, error), error) {
	c, err := b.key(owner)
	return func(where string, plain []byte) ([]byte, error) {
		return seal.Seal(c, 1, seal.At("org", owner, where), plain), nil
	}, err
}

func (b *strongbox) Opener(_ context.Context, owner core.ID) (func(string, []byte) ([]byte, error), error) {
	c, err := b.key(owner)
	return func(where string, sealed []byte) ([]byte, error) {
		return seal.Open(c, seal.At("org", owner, where), sealed)
	}, err
}

func (b *strongbox) Seal(ctx context.Context, owner core.ID, where string, plain []byte) ([]byte, error) {
	do, err := b.For(ctx, owner)
	if err != nil {
		return nil, err
	}
	return do(where, plain)
}

func (b *strongbox) Open(ctx context.Context, owner core.ID, where string, sealed []byte) ([]byte, error) {
	do, err := b.Opener(ctx, owner)
	if err != nil {
		return nil, err
	}
	return do(where, sealed)
}

// shop is the service over a database of its own.
type shop struct {
	*Module
	tb testing.TB
	db *db.DB
}

func newShop(tb testing.TB, d *db.DB, memory int64) *shop {
	return newShopWith(tb, d, memory, &strongbox{keys: map[core.ID]cipher.AEAD{}, gone: map[core.ID]bool{}})
}

func newShopWith(tb testing.TB, d *db.DB, memory int64, box *strongbox) *shop {
	m := New(Needs{
		Gate: coretest.Gate(d), Reader: d, Clock: clock.Real{}, Sealer: box, Keys: box, Bulk: box, Index: coretest.Indexer(), Listen: d.Listen, Memory: memory, Log: slog.New(slog.DiscardHandler),
	})
	tb.Cleanup(func() { _ = m.Close() })
	return &shop{m, tb, d}
}

func (s *shop) must(err error) {
	s.tb.Helper()
	if err != nil {
		s.tb.Fatal(err)
	}
}

func (s *shop) write(fn func(context.Context, core.Tx) error) error {
	ctx := context.Background()
	return s.db.Write(ctx, func(tx core.Tx) error { return fn(ctx, tx) })
}

func (s *shop) makes(name string) core.ID {
	s.tb.Helper()
	link, err := s.MakeLink(context.Background(), "org", LinkDraft{Name: name, Kind: "csv"})
	s.must(err)
	return link
}

func key(n int) (k Key) { binary.BigEndian.PutUint64(k[:], uint64(n)); return k }

func phone(n int) string { return fmt.Sprintf("+3361%07d", n) }

// rows seals cards number from to to, of which each has a number of its own.
func (s *shop) rows(link core.ID, from, to int, name string) []Stored {
	s.tb.Helper()
	do, err := s.Sealing(context.Background(), "org", link)
	s.must(err)
	rows := make([]Stored, 0, to-from)
	for i := from; i < to; i++ {
		r, err := do.Store(key(i), Mark{1}, Card{Name: fmt.Sprintf("%s %d", name, i), Numbers: []string{phone(i)}})
		s.must(err)
		rows = append(rows, r)
	}
	return rows
}

// fills brings a generation of cards and switches to it.
func (s *shop) fills(link core.ID, rows []Stored) (shelf int64) {
	s.tb.Helper()
	s.must(s.write(func(ctx context.Context, tx core.Tx) (err error) {
		if shelf, err = s.OpenShelf(ctx, tx, "org", link); err != nil {
			return err
		}
		return s.Put(ctx, tx, "org", link, shelf, rows)
	}))
	s.must(s.IndexShelf(context.Background(), "org", link, shelf))
	s.must(s.write(func(ctx context.Context, tx core.Tx) error { return s.SwitchShelf(ctx, tx, "org", link, shelf) }))
	return shelf
}

// names gives the cards of a number.
func (s *shop) names(n int) (list []string) {
	s.tb.Helper()
	a, err := s.Lookup(context.Background(), "org", phone(n))
	s.must(err)
	for _, c := range a.Matches {
		list = append(list, c.Name)
	}
	return list
}

func (s *shop) expect(n int, want ...string) {
	s.tb.Helper()
	if got := s.names(n); fmt.Sprint(got) != fmt.Sprint(want) {
		s.tb.Errorf("number %d leads to %q, want %q", n, got, want)
	}
}

func eachShop(t *testing.T, fn func(t *testing.T, s *shop)) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) { fn(t, newShop(t, d, 0)) })
}

// TestHalfAGenerationIsNeverFound: while a new one is filled the former answers, whole; once switched to, the new one alone.
func TestHalfAGenerationIsNeverFound(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		link := s.makes("book")
		first := s.fills(link, s.rows(link, 0, 500, "old"))
		var shelf int64
		s.must(s.write(func(ctx context.Context, tx core.Tx) (err error) {
			shelf, err = s.OpenShelf(ctx, tx, "org", link)
			return err
		}))
		for _, chunk := range [][]Stored{s.rows(link, 0, 200, "new"), s.rows(link, 400, 600, "new"), s.rows(link, 0, 200, "new")} { // one comes twice
			s.must(s.write(func(ctx context.Context, tx core.Tx) error { return s.Put(ctx, tx, "org", link, shelf, chunk) }))
			s.expect(0, "old 0")
			s.expect(300, "old 300")
			s.expect(550)
		}
		s.must(s.IndexShelf(context.Background(), "org", link, shelf))
		s.expect(450, "old 450")
		s.must(s.write(func(ctx context.Context, tx core.Tx) error { return s.SwitchShelf(ctx, tx, "org", link, shelf) }))
		s.expect(0, "new 0")
		s.expect(300)
		s.expect(550, "new 550")
		l, err := s.Link(context.Background(), "org", link)
		if s.must(err); l.Cards != 400 || l.State != LinkActive {
			t.Errorf("%d cards, %s", l.Cards, l.State)
		}
		s.must(s.sweep(context.Background()))
		err = s.write(func(ctx context.Context, tx core.Tx) error { return s.Put(ctx, tx, "org", link, first, nil) })
		if core.CodeOf(err) != "recognition.shelf" {
			t.Errorf("a generation that was left takes cards: %v", err)
		}
		n := 0
		s.must(s.db.Read(context.Background(), func(tx core.Tx) error {
			return s.Walk(context.Background(), tx, "org", shelf, func(Key, Mark) error { n++; return nil })
		}))
		if n != 400 {
			t.Errorf("%d cards are walked through", n)
		}
	})
}

// TestChangesOfTheGenerationInUseActAtOnce: a number given up leads nowhere, a new one to the card.
func TestChangesOfTheGenerationInUseActAtOnce(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		link := s.makes("book")
		shelf := s.fills(link, s.rows(link, 0, 10, "old"))
		do, err := s.Sealing(context.Background(), "org", link)
		s.must(err)
		moved, err := do.Store(key(3), Mark{2}, Card{Name: "moved", Numbers: []string{phone(30), phone(4)}})
		s.must(err)
		s.must(s.write(func(ctx context.Context, tx core.Tx) error {
			if err := s.Put(ctx, tx, "org", link, shelf, append([]Stored{moved}, s.rows(link, 10, 12, "added")...)); err != nil {
				return err
			}
			return s.Delete(ctx, tx, "org", link, shelf, []Key{key(5), key(99)})
		}))
		s.expect(3)
		s.expect(30, "moved")
		s.expect(4, "moved", "old 4")
		s.expect(5)
		s.expect(11, "added 11")
		l, err := s.Link(context.Background(), "org", link)
		if s.must(err); l.Cards != 11 {
			t.Errorf("%d cards", l.Cards)
		}
	})
}

// TestAPausedLinkIsNotFoundAndARemovedOneLeavesNothing, with or without an index in memory.
func TestAPausedLinkIsNotFoundAndARemovedOneLeavesNothing(t *testing.T) {
	for _, memory := range []int64{0, 64 << 20} {
		dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
			s := newShop(t, d, memory)
			ctx := context.Background()
			link, other := s.makes("book"), s.makes("other")
			s.fills(link, s.rows(link, 0, 20, "book"))
			s.fills(other, s.rows(other, 0, 20, "other"))
			s.loaded()
			s.expect(7, "book 7", "other 7")
			s.must(s.PauseLink(ctx, "org", link, true))
			s.expect(7, "other 7")
			s.must(s.PauseLink(ctx, "org", link, false))
			s.loaded()
			s.expect(7, "book 7", "other 7")
			s.must(s.RemoveLink(ctx, "org", link))
			s.expect(7, "other 7")
			s.loaded()
			s.expect(7, "other 7")
			if list, err := s.Links(ctx, "org"); err != nil || len(list) != 1 {
				t.Errorf("%d links, %v", len(list), err)
			}
			if _, err := s.Link(ctx, "org", link); core.CodeOf(err) != "recognition.no_link" {
				t.Errorf("the removed one: %v", err)
			}
		})
	}
}

// loaded waits until the index of the organization is in memory, as if its cards had stood still for long.
func (s *shop) loaded() {
	s.tb.Helper()
	if s.memory.limit == 0 {
		return
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		s.memory.mu.Lock()
		clear(s.memory.changed)
		held := s.memory.orgs["org"] != nil
		s.memory.mu.Unlock()
		if held {
			return
		}
		s.names(0)
	}
	s.tb.Fatal("the index was never loaded")
}

// TestAnIndexIsDroppedOnEveryNode: what one node pauses or removes, the index in memory of another forgets within a second.
func TestAnIndexIsDroppedOnEveryNode(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		if d.Engine() != db.PostgreSQL {
			t.Skip("SQLite serves one node")
		}
		beside, err := db.Open(t.Context(), db.Config{URL: dbtest.URL(d)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = beside.Close() })
		box := &strongbox{keys: map[core.ID]cipher.AEAD{}, gone: map[core.ID]bool{}}
		one, two := newShopWith(t, d, 1<<30, box), newShopWith(t, beside, 1<<30, box)
		ctx := context.Background()
		link := one.makes("book")
		one.fills(link, one.rows(link, 0, 50, "book"))
		within := func(what string, act func() error) {
			t.Helper()
			two.loaded()
			two.expect(7, "book 7")
			two.must(act())
			for began := time.Now(); ; time.Sleep(2 * time.Millisecond) {
				held := two.Loaded("org")
				if !held && len(two.names(7)) == 0 {
					t.Logf("%s: forgotten after %s", what, time.Since(began).Round(time.Millisecond))
					return
				}
				if time.Since(began) > time.Second {
					t.Fatalf("%s: after a second the other node finds %q, index held: %v", what, two.names(7), held)
				}
			}
		}
		within("paused", func() error { return one.PauseLink(ctx, "org", link, true) })
		two.must(one.PauseLink(ctx, "org", link, false))
		within("removed", func() error { return one.RemoveLink(ctx, "org", link) })
	})
}

func TestIndexesThatDoNotFitAreNotHeld(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		s := newShop(t, d, 1)
		link := s.makes("book")
		s.fills(link, s.rows(link, 0, 20, "book"))
		s.memory.mu.Lock()
		clear(s.memory.changed)
		s.memory.mu.Unlock()
		s.expect(7, "book 7")
		s.memory.working.Wait()
		s.expect(7, "book 7")
		if len(s.memory.orgs) != 0 {
			t.Error("an index is held beyond its limit")
		}
	})
}

func TestOtherOrganizationsFindNothing(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		link := s.makes("book")
		s.fills(link, s.rows(link, 0, 5, "book"))
		if a, err := s.Lookup(context.Background(), "elsewhere", phone(1)); err != nil || len(a.Matches) != 0 {
			t.Errorf("%v, %v", a.Matches, err)
		}
	})
}

func TestACardComesBackAsItWas(t *testing.T) {
	c := Card{
		Name: "Élodie", Company: "Ça & Là", Numbers: []string{"+33612345678", "+4930123"},
		Shown: map[string]string{"Ville": "Lyon", "": "x"}, Scripts: map[string]string{"id": "7"},
	}
	b := encodeCard(c)
	got, err := decodeCard(b)
	if err != nil || got.Name != c.Name || got.Company != c.Company || fmt.Sprint(got.Numbers) != fmt.Sprint(c.Numbers) || !maps.Equal(got.Shown, c.Shown) || !maps.Equal(got.Scripts, c.Scripts) {
		t.Errorf("%+v, %v", got, err)
	}
	if len(b)%cardBucket != 0 {
		t.Errorf("%d bytes tell its length", len(b))
	}
}

func FuzzDecodeCard(f *testing.F) {
	f.Add(encodeCard(Card{Name: "a", Numbers: []string{"+33612345678"}, Shown: map[string]string{"k": "v"}}))
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCard(b)
		if err != nil {
			return
		}
		again, err := decodeCard(encodeCard(c))
		if err != nil || !bytes.Equal(encodeCard(again), encodeCard(c)) {
			t.Errorf("%+v became %+v, %v", c, again, err)
		}
	})
}

// BenchmarkLookup finds one of 100,000 sealed cards: the number read, blinded, found, opened; without the decision, the entry and HTTP.
func BenchmarkLookup(b *testing.B) {
	const cards = 100_000
	for name, memory := range map[string]int64{"table": 0, "memory": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			s := newShop(b, dbtest.Open(b, dbtest.SQLite, []db.Schema{Schema}), memory)
			link := s.makes("book")
			s.fills(link, s.rows(link, 0, cards, "book"))
			s.loaded()
			b.ReportAllocs()
			ctx := context.Background()
			err := s.db.Read(ctx, func(tx core.Tx) error {
				i := 0
				for b.Loop() {
					list, err := s.Find(ctx, tx, "org", number.Parse(phone(i*7919%cards), HomeRegion))
					if err != nil || len(list) != 1 {
						return fmt.Errorf("%d found, %w", len(list), err)
					}
					i++
				}
				return nil
			})
			s.must(err)
		})
	}
}

// TestWhatARemovalLeftIsEnded: a process that ended right after the act left rows and a key; nobody finds a card, and the sweeper of any
// node ends them.
func TestWhatARemovalLeftIsEnded(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		s := newShop(t, d, 0)
		ctx := context.Background()
		link := s.makes("book")
		s.fills(link, s.rows(link, 0, 12_000, "book"))
		// As if the process had ended right after the act: the rows and the key are still there.
		s.must(s.write(func(ctx context.Context, tx core.Tx) error { return endLink(ctx, tx, "org", link) }))
		s.expect(7)
		if _, err := s.needs.Bulk.Opener(ctx, link); err != nil {
			t.Fatalf("the key is gone already: %v", err)
		}
		s.must(s.sweep(ctx))
		if _, err := s.needs.Bulk.Opener(ctx, link); core.KindOf(err) != core.Gone {
			t.Errorf("the sweeper left the key: %v", err)
		}
		left := int64(0)
		s.must(s.db.Read(ctx, func(tx core.Tx) (err error) {
			left, _, err = db.One(ctx, tx, qProbeAll, db.Value[int64])
			return err
		}))
		if left != 0 {
			t.Errorf("the sweeper left %d cards", left)
		}
	})
}
