package archive

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// survey spares what rooms ask in vain: most hold nothing of most persons, and each of some eighty questions is a trip to the
// database. What they ask by a person alone is learned as they ask it; from then on one statement tells which of these
// questions have a row, in the snapshot of the answer, and the others are answered without a trip.
type survey struct {
	mu    sync.Mutex
	known atomic.Pointer[questions]
}

// questions are statements whose one argument is a person.
type questions struct {
	texts  []string
	number map[string]int
	which  string // gives the numbers of those that have a row
}

func newQuestions(texts []string) *questions {
	q := &questions{texts: texts, number: make(map[string]int, len(texts))}
	var all strings.Builder
	for i, text := range texts {
		q.number[text] = i
		if i > 0 {
			all.WriteString(" UNION ALL ")
		}
		all.WriteString("SELECT " + strconv.Itoa(i) + " WHERE EXISTS (" + text + ")")
	}
	if len(texts) > 0 {
		q.which = db.SQL(all.String())
	}
	return q
}

// learn adds the questions that were not known.
func (s *survey) learn(heard []string) {
	if len(heard) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var texts []string
	if known := s.known.Load(); known != nil {
		texts = slices.Clone(known.texts)
	}
	for _, text := range heard {
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	s.known.Store(newQuestions(texts))
}

// of looks at what there is of a person. The transaction that it gives is for the rooms; heard is to be called at the end.
func (s *survey) of(ctx context.Context, tx core.Tx, person core.ID) (*surveyed, error) {
	v := &surveyed{Tx: tx, person: person, known: s.known.Load()}
	if v.known == nil {
		return v, nil
	}
	v.some = make([]bool, len(v.known.texts))
	_, err := db.All(ctx, tx, v.known.which, func(scan db.Scan) (struct{}, error) {
		var n int
		err := scan(&n)
		v.some[n] = true
		return struct{}{}, err
	}, person)
	return v, err
}

// surveyed is a transaction that knows which questions about a person have no answer.
type surveyed struct {
	core.Tx
	person core.ID
	known  *questions
	some   []bool
	heard  []string
}

// Unwrap gives the transaction itself.
func (v *surveyed) Unwrap() core.Tx { return v.Tx }

// Query implements core.Tx.
func (v *surveyed) Query(ctx context.Context, text string, args ...any) (core.Rows, error) {
	if len(args) == 1 && (args[0] == any(v.person) || args[0] == any(string(v.person))) {
		n, known := 0, false
		if v.known != nil {
			n, known = v.known.number[text]
		}
		switch {
		case !known:
			v.heard = append(v.heard, text)
		case !v.some[n]:
			return none{}, nil
		}
	}
	return v.Tx.Query(ctx, text, args...)
}

// none is an answer without a row.
type none struct{}

func (none) Next() bool        { return false }
func (none) Scan(...any) error { return errNone }
func (none) Err() error        { return nil }
func (none) Close() error      { return nil }
