package agent

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/services/recognition/source"
)

// unchanged is what a tool said of itself when a turn ended well: held in memory, so that an agent that starts reads once.
type unchanged struct {
	mark   string
	counts Counts
}

// marked asks the tool whether anything changed: one request for an address book, one query for a database. "" when it cannot tell.
func (t *turn) marked(ctx context.Context) string {
	m, ok := t.src.(source.Marked)
	if !ok {
		return ""
	}
	mark, err := m.Mark(ctx)
	if err != nil || mark == "" {
		return "" // the reading will say what is wrong
	}
	return fmt.Sprint(t.version, " ", mark)
}

// same tells whether the tool need not be read: it says that nothing changed since a turn that ended well, and the platform still holds
// what the local store says. What the store holds then stands for what the tool would give.
func (t *turn) same() bool {
	if t.mark == "" || t.mark != t.last.mark || t.store == nil || t.opened.Full || t.opened.Next > 0 {
		return false
	}
	t.scan = &scan{digest: t.store.Digest, cards: make([]card, len(t.store.Entries))}
	for i, e := range t.store.Entries {
		t.scan.cards[i].entry = e
	}
	t.res.Counts = t.last.counts
	return true
}

// remember keeps what the tool said of itself before it was read: a change during the reading shows the next time.
func (t *turn) remember() { t.last = unchanged{t.mark, t.res.Counts} }
