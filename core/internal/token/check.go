package token

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// Check tells whose token secret is. The address and the program are those of the actor of ctx. Ends, suspensions and
// allowed addresses are read live. The actor has no AuthenticatedAt: a token never stands for a fresh proof of identity.
func (m *Module) Check(ctx context.Context, secret string) (core.Actor, error) {
	if !wellFormed(secret) {
		return core.Actor{}, errUnknown
	}
	asker, now, hash := core.ActorOf(ctx), m.needs.Clock.Now(), hashOf(secret)
	var (
		t     Token
		actor core.Actor
	)
	err := m.needs.Store.Read(ctx, func(tx core.Tx) error {
		found, ok, err := db.One(ctx, tx, qBySecret, scanSecret, hash)
		if err != nil {
			return fmt.Errorf("token: check: %w", err)
		}
		if !ok || subtle.ConstantTimeCompare(found.hash, hash) != 1 {
			return errUnknown
		}
		if t = found; !t.Live(now) {
			return errEnded
		}
		actor, err = m.actor(ctx, tx, t, asker)
		return err
	})
	if err != nil {
		return core.Actor{}, err
	}
	m.used(ctx, t, now)
	return actor, nil
}

// actor tells who a live token acts for, unless they are kept out.
func (m *Module) actor(ctx context.Context, tx core.Tx, t Token, asker core.Actor) (core.Actor, error) {
	actor := core.Actor{
		Kind: core.HumanActor, ID: t.Owner, Token: t.ID, Scopes: t.Scopes,
		Address: asker.Address, Agent: asker.Agent, Request: asker.Request,
	}
	if t.Kind == kindService {
		if t.closed != 0 {
			return core.Actor{}, errEnded
		}
		actor.Kind, actor.Org = core.ServiceActor, t.Org
		return actor, m.admitted(ctx, tx, t.Owner, asker, []core.ID{t.Org})
	}
	memberships, err := m.needs.Organizations.Memberships(ctx, tx, t.Owner)
	if err != nil {
		return core.Actor{}, fmt.Errorf("token: memberships: %w", err)
	}
	var orgs []core.ID
	for _, ms := range memberships {
		if ms.State == "active" {
			orgs = append(orgs, ms.Org)
			actor.Staff = actor.Staff || ms.OrgKind == "provider"
		}
	}
	return actor, m.admitted(ctx, tx, t.Owner, asker, orgs)
}

// admitted applies what stops a token as a whole, as for a session: no organization that allows the address, or none
// that is not suspended.
func (m *Module) admitted(ctx context.Context, tx core.Tx, owner core.ID, asker core.Actor, orgs []core.ID) error {
	suspended, err := m.needs.Access.Stands(ctx, tx, owner, asker.Address, orgs...)
	if err == nil && suspended {
		err = errSuspended
	}
	return err
}

// used notes the day of use, once a day.
func (m *Module) used(ctx context.Context, t Token, now time.Time) {
	today := now.UTC().Truncate(24 * time.Hour)
	if !t.LastDay.Before(today) {
		return
	}
	err := m.needs.Gate.Keep(ctx, &usedDuty, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qUsed, t.ID, clock.Micros(today))
		return err
	})
	if err != nil {
		m.needs.Log.WarnContext(ctx, "day of use not noted", "token", t.ID, "error", err.Error())
	}
}
