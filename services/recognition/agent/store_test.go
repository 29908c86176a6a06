package agent

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/wire"
)

func stored(n int) *Store {
	h := wire.NewHasher(bytes.Repeat([]byte{3}, wire.KeySize))
	s := &Store{Generation: 4, Mapping: 9}
	for i := range n {
		e := wire.Entry{ID: h.ID(fmt.Sprint(i)), Sum: h.Sum(9, []byte{byte(i)})}
		s.Entries = append(s.Entries, e)
		s.Digest.Add(h.Element(e))
	}
	slices.SortFunc(s.Entries, wire.Entry.Compare)
	return s
}

func TestAStoreComesBackOrIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	if s, broken := loadStore(path); broken || len(s.Entries) > 0 {
		t.Fatal("no store is an empty one")
	}
	s := stored(100)
	if err := s.save(path); err != nil {
		t.Fatal(err)
	}
	got, broken := loadStore(path)
	if broken || got.Digest != s.Digest || got.Generation != 4 || got.Mapping != 9 || !slices.Equal(got.Entries, s.Entries) {
		t.Fatalf("%+v %v", got, broken)
	}
	whole, err := os.ReadFile(path)
	if err != nil || len(whole) > 100*24+200 {
		t.Fatalf("%d bytes for 100 cards: %v", len(whole), err)
	}
	for _, bad := range [][]byte{whole[:len(whole)-1], whole[:50], {}, append(bytes.Clone(whole[:80]), append([]byte{whole[80] ^ 1}, whole[81:]...)...)} {
		if _, err := ParseStore(bad); err == nil {
			t.Errorf("%d bytes of a broken store were taken", len(bad))
		}
	}
}

func FuzzParseStore(f *testing.F) {
	f.Add(stored(3).bytes())
	f.Add(stored(0).bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ParseStore(b); err == nil && !bytes.Equal(s.bytes(), b) {
			t.Fatal("a store has two forms")
		}
	})
}

// TestWhatIsReadIsSortedOnceAndAddedUp: whatever the order of reading and the number of workers, one card of each key is left, by id, with
// the digest of these alone; contents that the store knows are not held.
func TestWhatIsReadIsSortedOnceAndAddedUp(t *testing.T) {
	r := &reader{key: bytes.Repeat([]byte{3}, wire.KeySize), version: 9, mapping: source.Mapping{Region: "FR", Numbers: []string{"phone"}}}
	const n = 3000
	read := func(src shuffled) *scan {
		t.Helper()
		s, err := r.read(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := read(shuffled{n: n, twice: 200})
	again := read(shuffled{n: n, twice: 200, from: 1234})
	if len(first.cards) != n || first.counts.Twice != 200 || first.counts.Records != n+200 || again.digest != first.digest {
		t.Fatalf("%d cards, %+v, %s and %s", len(first.cards), first.counts, first.digest, again.digest)
	}
	h := wire.NewHasher(r.key)
	var digest wire.Digest
	for i, c := range first.cards {
		if i > 0 && first.cards[i-1].entry.Compare(c.entry) >= 0 {
			t.Fatalf("card %d is not behind the one before", i)
		}
		if c.content == nil || c.item != h.Element(c.entry).Item() || c.entry.Sum != h.Sum(9, c.content) || again.cards[i].entry != c.entry {
			t.Fatalf("card %d is %+v", i, c)
		}
		digest.Add(h.Element(c.entry))
	}
	if digest != first.digest {
		t.Fatal("the digest is not that of the cards")
	}
	r.known = first.store(1, 9)
	held := 0
	for _, c := range read(shuffled{n: n + 5}).cards {
		if c.content != nil {
			held++
		}
	}
	if held != 5 {
		t.Fatalf("%d contents are held, 5 are new", held)
	}
}

// shuffled gives n records from one on, and some of them twice.
type shuffled struct{ n, twice, from int }

func (shuffled) Fields(context.Context) ([]string, error) { return []string{"phone"}, nil }

func (s shuffled) Read(_ context.Context, give func(source.Record) error) error {
	for i := range s.n + s.twice {
		k := (i + s.from) % s.n
		if err := give(source.Record{Key: fmt.Sprint(k), Fields: map[string][]string{"phone": {fmt.Sprintf("06%08d", k)}}}); err != nil {
			return err
		}
	}
	return nil
}

func TestConfigurationsAreStrict(t *testing.T) {
	good := "source: {kind: csv, file: x.csv}\nmapping: {numbers: [phone]}\n"
	if c, err := Read("/etc/agent/a.yaml", []byte(good)); err != nil || c.Store != "/etc/agent/agent.store" || !c.HasMapping {
		t.Fatalf("%+v %v", c, err)
	}
	for name, text := range map[string]string{
		"unknown word":  good + "evry: 5m\n",
		"no source":     "every: 5m\n",
		"too often":     good + "every: 5s\n",
		"not loopback":  good + "health: 0.0.0.0:8799\n",
		"mapping typo":  "source: {kind: csv, file: x.csv}\nmapping: {number: [phone]}\n",
		"not a mapping": "- a\n",
	} {
		if _, err := Read("a.yaml", []byte(text)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestOnlyTLSLeavesThisComputer(t *testing.T) {
	for address, good := range map[string]bool{
		"https://trust.example.org": true, "http://127.0.0.1:8080": true, "http://localhost:8080": true,
		"http://trust.example.org": false, "https://user:pass@trust.example.org": false, "ftp://x": false, "": false, "https://x/path": false,
	} {
		if _, err := NewClient(address, "t"); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}
