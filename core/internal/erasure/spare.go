package erasure

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// spare remembers the statements by which rooms erase: most find nothing of a given person, and on a server each is a way there and
// back. A pass through the rooms asks once for all of them which would touch a row.
type spare struct {
	sync.Mutex
	known  map[string]bool
	probes []probing
}

// probing is a statement of a room, with what asks whether it would touch a row.
type probing struct{ text, table, exists string }

var (
	writes = regexp.MustCompile(`^\s*(DELETE FROM|UPDATE|INSERT INTO)\s+([a-z][a-z0-9_]*)\s`)
	looks  = regexp.MustCompile(`^\s*SELECT\s`)
	// plain is a statement that names one table, by its own name, and picks its rows by the person.
	plain     = regexp.MustCompile(`(?s)^\s*(?:DELETE FROM\s+[a-z0-9_]+|UPDATE\s+[a-z0-9_]+\s+SET\s(.*?))\s+WHERE\s(.*\$1\b.*)$`)
	elsewhere = regexp.MustCompile(`(?i)\b(WHERE|SELECT|FROM|USING|RETURNING)\b`)
)

// learn takes a statement that a room ran with a person's id alone. One that looks into other tables always runs: what it finds may
// depend on what was erased before it.
func (s *spare) learn(text string) {
	s.Lock()
	defer s.Unlock()
	if s.known[text] {
		return
	}
	if s.known == nil {
		s.known = map[string]bool{}
	}
	s.known[text] = true
	kind, parts := writes.FindStringSubmatch(text), plain.FindStringSubmatch(text)
	if kind == nil || parts == nil || elsewhere.MatchString(parts[1]) || elsewhere.MatchString(parts[2]) {
		return
	}
	s.probes = append(s.probes, probing{text, kind[2], "EXISTS (SELECT 1 FROM " + kind[2] + " WHERE " + parts[2] + ")"})
}

func (s *spare) list() []probing {
	s.Lock()
	defer s.Unlock()
	return slices.Clip(s.probes)
}

// sparing is the transaction of a pass through the rooms.
type sparing struct {
	core.Tx
	of     *spare
	person core.ID
	none   map[string]string // statements that would touch no row → their table
	canary *bool             // what the first room that asked was told
}

// Canary implements what core.CanaryIn looks for.
func (t *sparing) Canary(person core.ID, ask func() (bool, error)) (bool, error) {
	if person != t.person {
		return ask()
	}
	if t.canary == nil {
		is, err := ask()
		if err != nil {
			return false, err
		}
		t.canary = &is
	}
	return *t.canary, nil
}

// Unwrap gives the transaction itself.
func (t *sparing) Unwrap() core.Tx { return t.Tx }

// begin asks which of the statements known would touch a row of the person.
func (s *spare) begin(ctx context.Context, tx core.Tx, person core.ID) (*sparing, error) {
	t := &sparing{Tx: tx, of: s, person: person, none: map[string]string{}}
	for some := range slices.Chunk(s.list(), atOnce) {
		parts := make([]string, len(some))
		for i, p := range some {
			parts[i] = fmt.Sprintf("SELECT %d AS at WHERE %s", i, p.exists)
			t.none[p.text] = p.table
		}
		touch, err := db.All(ctx, tx, db.SQL(strings.Join(parts, " UNION ALL ")), db.Value[int64], string(person))
		if err != nil {
			return nil, err
		}
		for _, i := range touch {
			delete(t.none, some[i].text)
		}
	}
	return t, nil
}

// Exec implements core.Tx.
func (t *sparing) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if len(args) == 1 && args[0] == any(t.person) {
		if _, none := t.none[text]; none {
			return 0, nil
		}
		t.of.learn(text)
	}
	n, err := t.Tx.Exec(ctx, text, args...)
	if n > 0 {
		t.touched(text)
	}
	return n, err
}

// Query implements core.Tx.
func (t *sparing) Query(ctx context.Context, text string, args ...any) (core.Rows, error) {
	if !looks.MatchString(text) {
		t.touched(text)
	}
	return t.Tx.Query(ctx, text, args...)
}

// touched forgets what is known of a table that a statement wrote to: only rows that go leave it true.
func (t *sparing) touched(text string) {
	kind := writes.FindStringSubmatch(text)
	switch {
	case kind == nil:
		clear(t.none)
	case kind[1] != "DELETE FROM":
		for other, table := range t.none {
			if table == kind[2] {
				delete(t.none, other)
			}
		}
	}
}
