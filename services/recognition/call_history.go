package recognition

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
	"github.com/rempart/rempart/services/recognition/number"
	"github.com/rempart/rempart/services/recognition/pop"
)

const (
	pageOfCalls = 50
	// searched is how many calls one search opens at most: thirty days of a busy phone.
	searched = 3000
	// recentCalls is how long a call that changed may be told to a page that was away.
	recentCalls = 10 * time.Minute
	// longestLive is after how long without a word of its exchange a call is no longer taken for live.
	longestLive = 4 * time.Hour
)

// own is an act of the actor on what is their own.
func own(ctx context.Context, def *core.ActDef, org, call core.ID) *core.Act {
	return &core.Act{Def: def, Org: org, Subject: core.ActorOf(ctx).ID, Resource: call}
}

// Watch gives one of the actor's own calls as it stands now.
func (m *Module) Watch(ctx context.Context, org, call core.ID) (s Seen, err error) {
	act := own(ctx, WatchCalls, org, call)
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		r, found, err := db.One(ctx, tx, qOneCall, scanCall, org, act.Subject, call)
		if err != nil {
			return err
		}
		if !found {
			return errNoCall
		}
		all, err := m.seen(ctx, tx, org, act.Subject, []callRow{r})
		if err == nil {
			s = all[0]
		}
		return err
	})
	return s, err
}

// Live gives the actor's own calls that go on, and those that changed after a moment: what a page that was away missed. A zero
// moment asks for live ones alone.
func (m *Module) Live(ctx context.Context, org core.ID, after time.Time) (list []Seen, err error) {
	act := own(ctx, WatchCalls, org, "")
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		now := m.now()
		since := now // nothing that is over
		if !after.IsZero() {
			if since = now.Add(-recentCalls); after.After(since) {
				since = after
			}
		}
		rows, err := db.All(ctx, tx, qChanged, scanCall, org, act.Subject, clock.Micros(now.Add(-longestLive)), clock.Micros(since))
		if err != nil {
			return err
		}
		slices.Reverse(rows) // as they changed
		list, err = m.seen(ctx, tx, org, act.Subject, rows)
		return err
	})
	return list, err
}

func (m *Module) history(ctx context.Context, org core.ID, q HistoryQuery) (list []Seen, err error) {
	if q.Limit <= 0 || q.Limit > pageOfCalls {
		q.Limit = pageOfCalls
	}
	act := own(ctx, ReadHistory, org, "")
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		limit := q.Limit
		if q.Search != "" {
			limit = searched
		}
		rows, err := db.All(ctx, tx, qHistory, scanCall, org, act.Subject, string(q.Before), limit)
		if err == nil {
			err = m.openAll(ctx, tx, org, act.Subject, rows)
		}
		if err != nil {
			return err
		}
		if q.Search != "" {
			rows = matching(rows, q)
		}
		list, err = m.offered(ctx, tx, org, rows)
		return err
	})
	return list, err
}

// matching keeps the calls in which a text stands: numbers are compared by their digits, as people write them.
func matching(rows []callRow, q HistoryQuery) (kept []callRow) {
	text, digits := strings.ToLower(strings.TrimSpace(q.Search)), digitsOf(q.Search)
	if n := number.Parse(q.Search, HomeRegion); n.Kind == number.E164 {
		digits = strings.TrimPrefix(n.E164, "+")
	}
	for _, r := range rows {
		words := []string{r.Display, r.Note, r.Remote}
		for _, c := range r.Cards {
			words = append(words, c.Name, c.Company)
		}
		if strings.Contains(strings.ToLower(strings.Join(words, "\n")), text) || len(digits) >= 3 && strings.Contains(digitsOf(r.Remote), digits) {
			if kept = append(kept, r); len(kept) == q.Limit {
				break
			}
		}
	}
	return kept
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// seen opens calls of one person, with their cards and what scripts do.
func (m *Module) seen(ctx context.Context, tx core.Tx, org, person core.ID, rows []callRow) ([]Seen, error) {
	if err := m.openAll(ctx, tx, org, person, rows); err != nil {
		return nil, err
	}
	return m.offered(ctx, tx, org, rows)
}

// offered gives open calls with what scripts do for each; the scripts are read once for all of them.
func (m *Module) offered(ctx context.Context, tx core.Tx, org core.ID, rows []callRow) ([]Seen, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	if err := m.arrange(ctx, tx, org, rows); err != nil {
		return nil, err
	}
	book, err := m.scriptsOf(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	list := make([]Seen, len(rows))
	for i, r := range rows {
		list[i].Call = r.Call
		if r.Hidden || r.Remote == "" || r.Own {
			continue
		}
		if list[i].Actions, err = book.actions(callerOf(number.Parse(r.Remote, ""), r.Cards)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// callerOf is what scripts may use of a caller: of several cards, the first one. A company's number does not tell who the person is, and
// a number that is no public one starts nothing.
func callerOf(n number.Number, cards []Match) pop.Caller {
	caller := pop.Caller{Number: n.E164}
	if len(cards) > 0 {
		first := cards[0]
		caller.Known, caller.Company = !first.CompanyOnly, first.Company
		if caller.Known {
			caller.Name, caller.Scripts = first.Name, first.Scripts
		}
	}
	return caller
}

// Note writes a note on one of the actor's own calls; "" takes it away.
func (m *Module) Note(ctx context.Context, org, call core.ID, text string) error {
	if len([]rune(text)) > 2000 {
		return errCallForm.With("note", "call.form")
	}
	act := own(ctx, NoteCall, org, call)
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		note := []byte{}
		if text = strings.TrimSpace(text); text != "" {
			var err error
			if note, err = m.needs.Sealer.Seal(ctx, act.Subject, placeNote+string(call), pack.Texts(text)); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, qNoteCall, org, act.Subject, call, note, clock.Micros(m.now()))
		if err == nil && n == 0 {
			err = errNoCall
		}
		if err == nil {
			tx.Notify(callTopic, string(org)+" "+string(act.Subject)+" "+string(call))
		}
		return err
	})
}
