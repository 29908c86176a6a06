package recognition

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services/recognition/wire"
)

// TestWhatIsOnlyAddedUpIsNotHeld: a session may bring far more contents than a node has memory, and an agent that asks about the set
// needs none of them.
func TestWhatIsOnlyAddedUpIsNotHeld(t *testing.T) {
	content, err := wire.AppendContent(nil, &wire.Row{Numbers: []string{"+33142000042"}, Name: "Anne"})
	if err != nil {
		t.Fatal(err)
	}
	chunk := wire.Chunk(1, wire.AppendChange(nil, wire.Change{Op: wire.Put, ID: wire.ID{1}, Content: content}))
	for _, contents := range []bool{false, true} {
		s := &cardSet{hasher: wire.NewHasher(make([]byte, wire.KeySize)), forget: map[wire.Item]bool{}, contents: contents}
		if err := s.take(chunk); err != nil || len(s.changes) != 1 {
			t.Fatalf("%d changes: %v", len(s.changes), err)
		}
		if c := s.changes[0]; (c.content != nil) != contents || c.entry.Sum == (wire.Sum{}) {
			t.Errorf("contents asked for: %v, held: %d bytes", contents, len(c.content))
		}
	}
}

// TestTheSetOfALinkIsReadOnceAtATime: a second reading beside the first is told to come back, that of another link is not.
func TestTheSetOfALinkIsReadOnceAtATime(t *testing.T) {
	var l looking
	end, err := l.begin("one")
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.begin("one")
	if refused, ok := errors.AsType[*core.Error](err); !ok || refused.Kind != core.TooMany || refused.RetryAfter == 0 {
		t.Errorf("beside the first: %v", err)
	}
	other, err := l.begin("two")
	if err != nil {
		t.Errorf("another link: %v", err)
	}
	other()
	end()
	if end, err = l.begin("one"); err != nil {
		t.Errorf("after the first: %v", err)
	}
	end()
	if len(l.link) != 0 {
		t.Errorf("%d links are remembered", len(l.link))
	}
}

// TestEachReadingOfTheSetIsTheOnlyOne: while the set of a link is read, whatever else would read it is told to come back.
func TestEachReadingOfTheSetIsTheOnlyOne(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema, abuse.Schema}, func(t *testing.T, d *db.DB) {
		s := newShop(t, d, 0)
		link := s.makes("CRM")
		ctx := t.Context()
		o, err := s.OpenSync(ctx, "org", link, SyncAsk{Mapping: 1})
		s.must(err)
		readings := []struct {
			name string
			do   func() error
		}{
			{"cells", func() error { _, err := s.SyncCells(ctx, "org", link, o.Session, 64); return err }},
			{"items", func() error { _, err := s.SyncItems(ctx, "org", link, o.Session); return err }},
			{"a small commit", func() error { _, err := s.CommitSync(ctx, "org", link, o.Session, 0, o.Digest); return err }},
			{"opening", func() error { _, err := s.OpenSync(ctx, "org", link, SyncAsk{Mapping: 1}); return err }},
		}
		for _, reading := range readings[:3] {
			end, err := s.looking.begin(link)
			s.must(err)
			if err := reading.do(); core.CodeOf(err) != "sync.too_many" {
				t.Errorf("%s beside another reading: %v", reading.name, err)
			}
			end()
		}
		for _, reading := range readings {
			if err := reading.do(); err != nil {
				t.Errorf("%s alone: %v", reading.name, err)
			}
		}
		end, err := s.looking.begin(link)
		s.must(err)
		defer end()
		if err := readings[3].do(); core.CodeOf(err) != "sync.too_many" {
			t.Errorf("opening beside another reading: %v", err)
		}
	})
}

// scales weighs what is held in memory whenever the tables are read.
type scales struct {
	core.Reader
	most uint64
}

func (s *scales) Read(ctx context.Context, fn func(core.Tx) error) error {
	s.most = max(s.most, weight())
	return s.Reader.Read(ctx, fn)
}

func weight() uint64 {
	runtime.GC()
	runtime.GC() // what is kept for the next use lasts through one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestOnlyWritingHoldsTheContents: of 120 megabytes that a session brought, those who ask about the set hold nothing.
func TestOnlyWritingHoldsTheContents(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema, abuse.Schema}, func(t *testing.T, d *db.DB) {
		s := newShop(t, d, 0)
		link := s.makes("CRM")
		ctx := t.Context()
		ask := SyncAsk{Mapping: 1, Full: true}
		o, err := s.OpenSync(ctx, "org", link, ask)
		s.must(err)
		const chunks, each = 4, 30 << 20
		row := wire.Row{Numbers: []string{"+33142000042"}, Name: "Anne", Shown: map[string]string{}}
		for i := range wire.MostFields {
			row.Shown[fmt.Sprint("field ", i)] = strings.Repeat("a", wire.MostText)
		}
		content, err := wire.AppendContent(nil, &row)
		s.must(err)
		for n := range chunks {
			var raw []byte
			for i := 0; len(raw) < each; i++ {
				raw = wire.AppendChange(raw, wire.Change{Op: wire.Put, ID: wire.ID{byte(n), byte(i >> 8), byte(i)}, Content: content})
			}
			_, err := s.PushChunk(ctx, "org", link, o.Session, n, wire.Chunk(1, raw))
			s.must(err)
		}
		reader := s.needs.Reader
		// added is the most that was held at once beyond what is held anyway.
		added := func(do func() error) int {
			seen := &scales{Reader: reader}
			s.needs.Reader = seen
			before := weight()
			s.must(do())
			return int(seen.most) - int(before)
		}
		const much = each // two that were opened last are held anyway, by what opens them
		for name, do := range map[string]func() error{
			"opening": func() error { _, err := s.OpenSync(ctx, "org", link, ask); return err },
			"cells":   func() error { _, err := s.SyncCells(ctx, "org", link, o.Session, 64); return err },
			"items":   func() error { _, err := s.SyncItems(ctx, "org", link, o.Session); return err },
		} {
			if held := added(do); held > much {
				t.Errorf("%s holds %d MB", name, held>>20)
			}
		}
		// The scales show it where the contents are held: at the end of the session, which this digest does not end.
		if held := added(func() error { return s.settleSync(ctx, "org", link, o.Session) }); held < much {
			t.Errorf("writing held %d MB only: the scales are wrong", held>>20)
		}
	})
}
