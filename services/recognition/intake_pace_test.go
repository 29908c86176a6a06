package recognition

import (
	"errors"
	"testing"

	"github.com/rempart/rempart/core"
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
