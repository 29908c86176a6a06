package recognition

import (
	"context"
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
		since := m.now().Add(-recentCalls)
		if after.After(since) {
			since = after
		}
		rows, err := db.All(ctx, tx, qChanged, scanCall, org, act.Subject, clock.Micros(m.now().Add(-4*time.Hour)))
		if err != nil {
			return err
		}
		kept := rows[:0]
		for _, r := range rows {
			if r.Live() || !after.IsZero() && r.Changed.After(since) {
				kept = append(kept, r)
			}
		}
		list, err = m.seen(ctx, tx, org, act.Subject, kept)
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
		if err != nil {
			return err
		}
		if q.Search != "" {
			if rows, err = m.search(ctx, tx, act.Subject, rows, q); err != nil {
				return err
			}
		}
		list, err = m.seen(ctx, tx, org, act.Subject, rows)
		return err
	})
	return list, err
}

// search keeps the calls in which a text stands: numbers are compared by their digits, as people write them.
func (m *Module) search(ctx context.Context, tx core.Tx, person core.ID, rows []callRow, q HistoryQuery) (kept []callRow, err error) {
	open := append([]callRow(nil), rows...)
	if err := m.openAll(ctx, person, open); err != nil {
		return nil, err
	}
	if err := m.readKnown(ctx, tx, open); err != nil {
		return nil, err
	}
	text, digits := strings.ToLower(strings.TrimSpace(q.Search)), digitsOf(q.Search)
	if n := number.Parse(q.Search, "FR"); n.Kind == number.E164 {
		digits = strings.TrimPrefix(n.E164, "+")
	}
	for i, r := range open {
		words := []string{r.Display, r.Note, r.Remote}
		for _, c := range r.Cards {
			words = append(words, c.Name, c.Company)
		}
		if strings.Contains(strings.ToLower(strings.Join(words, "\n")), text) || len(digits) >= 3 && strings.Contains(digitsOf(r.Remote), digits) {
			if kept = append(kept, rows[i]); len(kept) == q.Limit {
				break
			}
		}
	}
	return kept, nil
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
	if err := m.openAll(ctx, person, rows); err != nil {
		return nil, err
	}
	if err := m.readKnown(ctx, tx, rows); err != nil {
		return nil, err
	}
	if err := m.arrange(ctx, tx, org, rows); err != nil {
		return nil, err
	}
	list := make([]Seen, len(rows))
	for i, r := range rows {
		list[i].Call = r.Call
		if r.Hidden || r.Remote == "" || r.Own {
			continue
		}
		actions, err := m.Actions(ctx, tx, org, callerOf(r.Call))
		if err != nil {
			return nil, err
		}
		list[i].Actions = actions
	}
	return list, nil
}

// callerOf is what scripts may use of a call.
func callerOf(c Call) pop.Caller {
	caller := pop.Caller{Number: c.Remote}
	if n := number.Parse(c.Remote, ""); n.Kind != number.E164 {
		caller.Number = ""
	}
	if len(c.Cards) > 0 {
		first := c.Cards[0]
		caller.Known, caller.Company, caller.Scripts = !first.CompanyOnly, first.Company, first.Scripts
		if !first.CompanyOnly {
			caller.Name = first.Name
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
