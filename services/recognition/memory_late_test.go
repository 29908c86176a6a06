package recognition

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// remembered compares what the index in memory says of numbers with what the tables say.
func (s *shop) remembered(numbers int) {
	s.tb.Helper()
	told := func(list []hit) (all []string) {
		for _, h := range list {
			all = append(all, fmt.Sprintf("%s %x %x", h.link, h.key, h.value))
		}
		slices.Sort(all)
		return all
	}
	s.must(s.db.Read(context.Background(), func(tx core.Tx) error {
		for n := range numbers {
			b, err := s.needs.Index.Index(context.Background(), "org", numberField, phone(n))
			if err != nil {
				return err
			}
			inMemory, ok := s.memory.find("org", b[:BlindSize])
			inTables, err := db.All(context.Background(), tx, qFind, func(scan db.Scan) (h hit, err error) {
				err = scan(&h.link, &h.key, &h.value)
				return h, err
			}, "org", b[:BlindSize])
			if err != nil {
				return err
			}
			if !ok || !slices.Equal(told(inMemory), told(inTables)) {
				s.tb.Fatalf("number %d: held %v, %q in memory, %q in the tables", n, ok, told(inMemory), told(inTables))
			}
		}
		return nil
	}))
}

// TestAnIndexFollowsSmallChanges: after each of many random changes the index in memory says what the tables say, and was not loaded anew;
// after one that is not told card by card, it was.
func TestAnIndexFollowsSmallChanges(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		const numbers = 120
		s := newShop(t, d, 64<<20)
		links := []core.ID{s.makes("book"), s.makes("other")}
		shelves := []int64{s.fills(links[0], s.rows(links[0], 0, 80, "book")), s.fills(links[1], s.rows(links[1], 40, numbers, "other"))}
		s.loaded()
		base := s.memory.orgs["org"].index
		random := rand.New(rand.NewPCG(1, 2))
		change := func(round int) {
			of := random.IntN(2)
			do, err := s.Sealing(context.Background(), "org", links[of])
			s.must(err)
			var rows []Stored
			var gone []Key
			for range 1 + random.IntN(5) {
				c := Card{Name: fmt.Sprint("round ", round)}
				for range 1 + random.IntN(3) {
					if n := phone(random.IntN(numbers)); !slices.Contains(c.Numbers, n) {
						c.Numbers = append(c.Numbers, n)
					}
				}
				r, err := do.Store(key(random.IntN(numbers)), Mark{byte(round)}, c)
				s.must(err)
				if random.IntN(3) == 0 {
					gone = append(gone, r.Key)
				} else {
					rows = append(rows, r)
				}
			}
			s.must(s.write(func(ctx context.Context, tx core.Tx) error {
				if err := s.Delete(ctx, tx, "org", links[of], shelves[of], gone); err != nil {
					return err
				}
				return s.Put(ctx, tx, "org", links[of], shelves[of], rows)
			}))
		}
		for round := range 25 {
			change(round)
			if round%3 == 0 {
				change(round) // another before anybody looks
			}
			s.loaded()
			s.remembered(numbers)
			if h := s.memory.orgs["org"]; h.index != base || len(h.changed) == 0 {
				t.Fatalf("round %d: the index was loaded anew, %d changes are known", round, len(h.changed))
			}
		}
		s.must(s.PauseLink(context.Background(), "org", links[1], true))
		s.loaded()
		s.remembered(numbers)
		if h := s.memory.orgs["org"]; h.index == base || len(h.changed) != 0 {
			t.Error("a link was paused, and the index was not loaded anew")
		}
		s.fills(links[0], s.rows(links[0], 0, 10, "new"))
		s.loaded()
		s.remembered(numbers)
	})
}

// TestNoticesNameFewCards: what one node tells another hears, and nothing else is taken for cards.
func TestNoticesNameFewCards(t *testing.T) {
	var said notices
	keys := make([]Key, 2*keysNamed+1)
	for i := range keys {
		keys[i] = key(i)
	}
	tellChanged(&said, "org", 7, keys)
	var heard []Key
	for _, p := range said.list {
		org, shelf, some := heardOf(p)
		if org != "org" || shelf != 7 || len(p) > 7_900 {
			t.Fatalf("%s, %d: %d bytes", org, shelf, len(p))
		}
		heard = append(heard, some...)
	}
	if len(said.list) != 3 || !slices.EqualFunc(heard, keys, func(a, b Key) bool { return bytes.Equal(a[:], b[:]) }) {
		t.Fatalf("%d notices, %d keys of %d", len(said.list), len(heard), len(keys))
	}
	said.list = nil
	tellChanged(&said, "org", 7, make([]Key, mostNamed+1))
	if len(said.list) != 1 || said.list[0] != "org" {
		t.Fatalf("many: %.80q", said.list)
	}
	for _, p := range []string{"", "org", "org 7", "org x AAAA", "org 7 AAAA", "org 7 ?"} {
		if _, _, some := heardOf(p); len(some) > 0 {
			t.Errorf("%q names cards", p)
		}
	}
}

// notices takes down what a transaction would tell.
type notices struct {
	core.Tx
	list []string
}

func (n *notices) Notify(_, payload string) { n.list = append(n.list, payload) }
