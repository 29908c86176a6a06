package recognition

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// The ways by which an organization subscribes (CTI-3).
const (
	WayPage   = "page"   // its own page of recognition
	WayAPI    = "api"    // the public API
	WaySignUp = "signup" // it signed up for the service: on the web, by API or by a form of another site
)

// The acts of subscriptions.
var (
	ReadSubscription = &core.ActDef{
		Permission: "subscription.read", Resource: "subscription", Verb: core.Reads, Purpose: core.PurposeService, Quiet: true,
		Holders: []string{"admin", RoleManager, RoleUser}, Title: core.Text{FR: "Voir si la reconnaissance d'appels est souscrite", EN: "See whether caller recognition is subscribed to"},
	}
	StartSubscription = &core.ActDef{
		Permission: "subscription.start", Resource: "subscription", Verb: core.Creates, Purpose: core.PurposeService,
		Holders: []string{"admin"}, Title: core.Text{FR: "Souscrire à la reconnaissance d'appels", EN: "Subscribe to caller recognition"},
	}
	EndSubscription = &core.ActDef{
		Permission: "subscription.end", Resource: "subscription", Verb: core.Deletes, Purpose: core.PurposeService, Fresh: fresh,
		Holders: []string{"admin"}, Title: core.Text{FR: "Mettre fin à la reconnaissance d'appels et en effacer les fiches", EN: "End caller recognition and erase its cards"},
	}
	BeginSubscription = &core.ActDef{
		Permission: "subscription.begin", Resource: "subscription", Verb: core.Creates, Reach: core.ByAnyone, Purpose: core.PurposeService,
		Title: core.Text{FR: "Souscrire en inscrivant son organisation", EN: "Subscribe while signing an organization up"},
	}
)

var subscriptionActs = []*core.ActDef{ReadSubscription, StartSubscription, EndSubscription, BeginSubscription, ReadOrigins, AddOrigin, DropOrigin, SeeForm}

// Subscription tells whether an organization has the service.
type Subscription struct {
	Org       core.ID
	State     string // "" never subscribed, "active", "ended"
	Way       string
	StartedAt time.Time
	EndedAt   time.Time
}

// Active tells whether the service is given.
func (s Subscription) Active() bool { return s.State == "active" }

var (
	errSubscribed    = i18n.Fault(core.Conflict, "subscription.active", "La reconnaissance d'appels est déjà souscrite.", "Caller recognition is already subscribed to.")
	errNotSubscribed = i18n.Fault(core.Precondition, "subscription.none", "Votre organisation n'est pas abonnée à la reconnaissance d'appels. Souscrivez d'abord.", "Your organization is not subscribed to caller recognition. Subscribe first.")
)

var (
	qSubscription = db.SQL(`SELECT org, state, way, started_at, ended_at FROM recognition_subscription WHERE org = $1`)
	qSubscribe    = db.SQL(`INSERT INTO recognition_subscription (org, state, way, started_at, started_by, ended_at, ended_by) VALUES ($1, 'active', $2, $3, $4, 0, '')
		ON CONFLICT (org) DO UPDATE SET state = 'active', way = excluded.way, started_at = excluded.started_at, started_by = excluded.started_by, ended_at = 0, ended_by = ''
		WHERE recognition_subscription.state <> 'active'`)
	qUnsubscribe = db.SQL(`UPDATE recognition_subscription SET state = 'ended', ended_at = $2, ended_by = $3 WHERE org = $1 AND state = 'active'`)
)

func scanSubscription(scan db.Scan) (s Subscription, err error) {
	var started, ended int64
	err = scan(&s.Org, &s.State, &s.Way, &started, &ended)
	s.StartedAt, s.EndedAt = clock.FromMicros(started), clock.FromMicros(ended)
	return s, err
}

// subscription reads within a transaction whether an organization has the service.
func subscription(ctx context.Context, tx core.Tx, org core.ID) (Subscription, error) {
	s, _, err := db.One(ctx, tx, qSubscription, scanSubscription, org)
	s.Org = org
	return s, err
}

// ReadSubscription tells whether an organization has the service.
func (m *Module) ReadSubscription(ctx context.Context, org core.ID) (s Subscription, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadSubscription, Org: org, Resource: org}, func(tx core.Tx) error {
		s, err = subscription(ctx, tx, org)
		return err
	})
	return s, err
}

// Subscribe begins the service for an organization; way says how it was asked for.
func (m *Module) Subscribe(ctx context.Context, org core.ID, way string) error {
	act := &core.Act{Def: StartSubscription, Org: org, Resource: org}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error { return m.start(ctx, tx, act, org, core.ActorOf(ctx).ID, way) })
}

func (m *Module) start(ctx context.Context, tx core.Tx, act *core.Act, org, by core.ID, way string) error {
	before, err := subscription(ctx, tx, org)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qSubscribe, org, way, clock.Micros(m.now()), by)
	if err == nil && n == 0 {
		err = errSubscribed
	}
	act.Changed("state", before.State, "active")
	act.Changed("way", before.Way, way)
	return err
}

// Joined begins the service for an organization that has just signed up for it; it goes with the act that makes it.
func (m *Module) Joined(ctx context.Context, tx core.Tx, org, person core.ID) error {
	act := &core.Act{Def: BeginSubscription, Org: org, Resource: org, Subject: person}
	if err := m.start(ctx, tx, act, org, person, WaySignUp); err != nil {
		return err
	}
	if with := core.ActOf(tx); with != nil {
		with.Also = append(with.Also, act)
	}
	return nil
}

// Unsubscribe ends the service: the links of the organization and every card are gone with it, in the same second (CTI-32.1).
func (m *Module) Unsubscribe(ctx context.Context, org core.ID) error {
	act := &core.Act{Def: EndSubscription, Org: org, Resource: org}
	var gone []Link
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qUnsubscribe, org, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		if err == nil && n == 0 {
			err = errNotSubscribed
		}
		if err != nil {
			return err
		}
		act.Changed("state", "active", "ended")
		if gone, err = m.linksIn(ctx, tx, org); err != nil {
			return err
		}
		act.Changed("links", fmt.Sprint(len(gone)), "0")
		for _, l := range gone {
			if err := endLink(ctx, tx, org, l.ID); err != nil {
				return err
			}
		}
		tx.Notify(topicCards, string(org))
		return nil
	})
	if err != nil {
		return err
	}
	// The act took every card out of reach; now their keys go, then the rows as far as a person waits. The sweeper of any node does the rest.
	ctx = context.WithoutCancel(ctx)
	var all error
	for _, l := range gone {
		all = errors.Join(all, m.needs.Keys.DestroyKey(ctx, l.ID))
	}
	soon, stop := context.WithTimeout(ctx, removalWait)
	defer stop()
	for _, l := range gone {
		if err := m.finishLink(soon, org, l.ID); soon.Err() == nil {
			all = errors.Join(all, err)
		}
	}
	return all
}
