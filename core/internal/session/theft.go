package session

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	mailStolenSubject = i18n.T("Une session de votre compte a été arrêtée", "A session of your account was stopped")
	mailStolenBody    = i18n.T(`Bonjour,

Une session de votre compte a été utilisée depuis deux navigateurs à la fois. Cela peut vouloir dire que quelqu'un a copié
votre accès : nous avons mis fin à cette session.

Que faire : connectez-vous, changez votre mot de passe si vous avez un doute, et regardez vos sessions et appareils
dans « Ma sécurité ». Votre organisation voit cet événement dans son journal.
`, `Hello,

A session of your account was used from two browsers at once. Someone may have copied your access: we ended that session.

What to do: sign in, change your password if in doubt, and look at your sessions and devices under "My security".
Your organization sees this event in its journal.
`)
)

// stolen ends a session that shows a sign of theft, journals it and tells the person.
func (m *Module) stolen(ctx context.Context, r row, sign string) error {
	asker := core.ActorOf(ctx)
	actor := core.System("session.binding")
	actor.Address, actor.Agent, actor.Request = asker.Address, asker.Agent, asker.Request
	act := &core.Act{Def: &EndStolen, Org: core.Platform, Resource: r.id, Subject: r.person}
	err := m.needs.Gate.Change(core.WithActor(ctx, actor), act, func(tx core.Tx) error {
		ended, err := m.end(ctx, tx, r.id, sign)
		if err != nil || !ended {
			return err
		}
		act.Changed("reason", "", sign)
		person, err := m.needs.People.Person(ctx, tx, r.person)
		if err != nil {
			return fmt.Errorf("person: %w", err)
		}
		lang, _ := i18n.Parse(person.Language)
		return m.needs.Mailer.Queue(ctx, tx, core.Mail{
			Org: core.Platform, Person: r.person, To: person.Email, Kind: "session.stolen",
			Subject: mailStolenSubject.Say(lang), Body: mailStolenBody.Say(lang),
		})
	})
	if err != nil {
		return fmt.Errorf("session: end a stolen one: %w", err)
	}
	return errStolen
}

// touches remembers which sessions this node has just touched, so that many requests at once write one mark.
type touches struct {
	mu   sync.Mutex
	last map[core.ID]time.Time
}

// first tells whether this request is the one that writes.
func (t *touches) first(id core.ID, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at, ok := t.last[id]; ok && now.Sub(at) < touching && !now.Before(at) {
		return false
	}
	if t.last == nil || len(t.last) >= 10_000 {
		t.last = make(map[core.ID]time.Time) // forgetting costs a few writes, never an error
	}
	t.last[id] = now
	return true
}
