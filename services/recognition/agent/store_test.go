package agent

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

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
