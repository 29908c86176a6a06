package agent

import (
	"context"
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/wire"
)

// book is a tool that tells whether it changed, and counts how often it is read.
type book struct {
	mark  string
	reads int
}

func (*book) Fields(context.Context) ([]string, error) { return []string{"phone"}, nil }

func (b *book) Mark(context.Context) (string, error) { return b.mark, nil }

func (b *book) Read(_ context.Context, give func(source.Record) error) error {
	b.reads++
	return give(source.Record{Key: "1", Fields: map[string][]string{"phone": {"0612345678"}}})
}

// TestAnUnchangedToolIsNotReadAgain plays the looks of successive turns against a platform that holds what the store says.
func TestAnUnchangedToolIsNotReadAgain(t *testing.T) {
	b := &book{mark: "1"}
	a := &Agent{cfg: Config{Store: filepath.Join(t.TempDir(), "store")}, src: b, tell: func(Progress) {}}
	look := func(change func(*turn)) *turn {
		t.Helper()
		n := &turn{Agent: a, version: 3, mapping: source.Mapping{Region: "FR", Numbers: []string{"phone"}}}
		n.opened = wire.Opened{Key: hex.EncodeToString(make([]byte, wire.KeySize)), Generation: 7}
		if s, _ := loadStore(a.cfg.Store); len(s.Entries) > 0 {
			n.opened.Digest, n.opened.Count = s.Digest.String(), len(s.Entries)
		}
		if change != nil {
			change(n)
		}
		if err := n.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.remember()
		if err := n.scan.store(7, 3).save(a.cfg.Store); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for i, c := range []struct {
		what   string
		change func(*turn)
		reads  int
	}{
		{"the first turn", nil, 1},
		{"nothing changed", nil, 1},
		{"another mapping", func(n *turn) { n.version = 4 }, 2},
		{"the mapping of before", nil, 3},
		{"the platform lost its set", func(n *turn) { n.opened.Digest, n.opened.Count = "", 0 }, 4},
		{"the platform asks for everything", func(n *turn) { n.opened.Full = true }, 5},
		{"a session that goes on", func(n *turn) { n.opened.Next = 2 }, 6},
		{"nothing changed since", nil, 6},
		{"the tool changed", func(*turn) { b.mark = "2" }, 7},
		{"the tool cannot tell", func(*turn) { b.mark = "" }, 8},
	} {
		n := look(c.change)
		if b.reads != c.reads {
			t.Errorf("%d, %s: read %d times, want %d", i, c.what, b.reads, c.reads)
		}
		if len(n.scan.cards) != 1 || n.res.Counts.Good != 1 {
			t.Errorf("%s: %d cards, %+v", c.what, len(n.scan.cards), n.res.Counts)
		}
	}
}
