package journal

import (
	"context"
	"net/url"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// Search is a search that was typed, or saved under a name. Its address holds its id, never its words.
type Search struct {
	ID     core.ID
	Name   string
	Filter Filter
	Saved  bool
}

var (
	qNewSearch = db.SQL(`INSERT INTO journal_search (org, id, person, name, filters, words, saved, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qSearch    = db.SQL(`SELECT id, name, filters, words, saved FROM journal_search WHERE org = $1 AND id = $2 AND person = $3`)
	qSearches  = db.SQL(`SELECT id, name, filters, words, saved FROM journal_search WHERE org = $1 AND person = $2 AND saved = 1 ORDER BY at DESC LIMIT 50`)
	qForget    = db.SQL(`DELETE FROM journal_search WHERE org = $1 AND id = $2 AND person = $3`)
	qForgetOld = db.SQL(`DELETE FROM journal_search WHERE org = $1 AND person = $2 AND saved = 0 AND at < $3`)
)

// Keep keeps a search of the actor: under a name, or for a day when it has none.
func (x *Explorer) Keep(ctx context.Context, org core.ID, name string, f Filter) (core.ID, error) {
	actor, now := core.ActorOf(ctx), x.m.clock.Now()
	id := ids.At(now)
	name, f.Words = strings.TrimSpace(cut(name, 100)), strings.TrimSpace(cut(f.Words, 200))
	sealedName, err := x.m.sealFor(ctx, actor.ID, org, "journal_search.name/"+string(id), padded([]byte(name), 0))
	if err != nil {
		return "", err
	}
	words, err := x.m.sealFor(ctx, actor.ID, org, "journal_search.words/"+string(id), padded([]byte(f.Words), 0))
	if err != nil {
		return "", err
	}
	act := &core.Act{Def: &Save, Org: org, Resource: id, Subject: subjectOf(actor)}
	return id, x.gate.Change(ctx, act, func(tx core.Tx) error {
		if _, err := tx.Exec(ctx, qForgetOld, org, actor.ID, clock.Micros(now.AddDate(0, 0, -1))); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, qNewSearch, org, id, actor.ID, sealedName, f.Query().Encode(), words, name != "", clock.Micros(now))
		return err
	})
}

// Forget removes a saved search of the actor.
func (x *Explorer) Forget(ctx context.Context, org, id core.ID) error {
	actor := core.ActorOf(ctx)
	return x.gate.Change(ctx, &core.Act{Def: &Save, Org: org, Resource: id, Subject: subjectOf(actor)}, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qForget, org, id, actor.ID)
		return err
	})
}

// Searches lists the saved searches of the actor, and finds the one whose id is given.
func (x *Explorer) Searches(ctx context.Context, org, id core.ID) (saved []Search, one *Search, err error) {
	actor := core.ActorOf(ctx)
	scan := func(scan db.Scan) (s Search, err error) {
		var name, words []byte
		var query string
		if err = scan(&s.ID, &name, &query, &words, &s.Saved); err != nil {
			return s, err
		}
		q, err := url.ParseQuery(query)
		if err != nil {
			return s, err
		}
		s.Filter = ParseFilter(q)
		if s.Name, err = x.m.openFor(ctx, actor.ID, org, "journal_search.name/"+string(s.ID), name); err != nil {
			return s, err
		}
		s.Filter.Words, err = x.m.openFor(ctx, actor.ID, org, "journal_search.words/"+string(s.ID), words)
		s.Name, s.Filter.Words = strings.TrimSpace(s.Name), strings.TrimSpace(s.Filter.Words)
		return s, err
	}
	err = x.m.db.Read(ctx, func(tx core.Tx) error {
		if saved, err = db.All(ctx, tx, qSearches, scan, org, actor.ID); err != nil || id == "" {
			return err
		}
		s, found, err := db.One(ctx, tx, qSearch, scan, org, id, actor.ID)
		if found {
			one = &s
		}
		return err
	})
	return saved, one, err
}
