package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
)

const (
	// pacing is how long a generation is used before the next one is offered.
	pacing = 5 * time.Minute
	// grace is how long the generation left behind is still accepted: requests that were on their way.
	grace = time.Minute
	// touching is how stale the mark of last use may be before it is written again.
	touching = 30 * time.Second
)

// Checked is what a good secret gives.
type Checked struct {
	Actor core.Actor
	// Renewed is the new value of the cookie, "" to keep the one presented.
	Renewed string
}

// Check tells who presents secret. The address and the browser are those of the actor of ctx. Every rule is read live:
// limits, suspensions, allowed addresses.
//
// A locked session gives its actor together with the error session.locked. One that shows signs of theft is ended,
// its person told, and gives session.stolen.
func (m *Module) Check(ctx context.Context, secret string) (Checked, error) {
	root, generation, sealed, ok := parts(secret)
	if !ok {
		return Checked{}, errUnknown
	}
	asker, now := core.ActorOf(ctx), m.needs.Clock.Now()
	var (
		r     row
		found bool
		p     core.SessionPolicy
	)
	err := m.needs.Store.Read(ctx, func(tx core.Tx) (err error) {
		r, found, err = bySecret(ctx, tx, hashOf(root))
		if err != nil || !found {
			return err
		}
		if !r.ended.IsZero() {
			return endedBecause(r.reason)
		}
		p, err = m.rules(ctx, tx, r, asker, now)
		return err
	})
	if err != nil {
		return Checked{}, err
	}
	if !found {
		return Checked{}, errUnknown
	}
	g, genuine := generationOf(r.pace, generation, sealed)
	if sign := theft(r, g, genuine, asker.Agent, now); sign != "" {
		return Checked{}, m.stolen(ctx, r, sign)
	}
	c := Checked{Actor: core.Actor{
		Kind: core.HumanActor, ID: r.person, Account: r.account, Session: r.id, Staff: r.staff, AAL: r.aal, AuthenticatedAt: r.proved,
		Address: asker.Address, Agent: asker.Agent, Request: asker.Request,
	}}
	if p.Fresh > 0 && now.Sub(r.proved) >= p.Fresh {
		c.Actor.AuthenticatedAt = time.Time{} // no longer fresh for this person's organizations, whatever an act would take
	}
	if !r.locked.IsZero() || p.Lock > 0 && now.Sub(r.used) >= p.Lock {
		return c, errLocked
	}
	if g == r.generation && now.Sub(r.moved) >= pacing {
		c.Renewed = compose(root, r.pace, g+1)
	}
	return c, m.note(ctx, r, g, now)
}

// endedBecause says how an ended session ended, as far as its holder may know.
func endedBecause(reason string) error {
	if strings.HasPrefix(reason, "stolen") {
		return errStolen
	}
	return errEnded
}

// rules applies the policy in force to a session: its limits, suspensions, allowed addresses. It gives that policy.
func (m *Module) rules(ctx context.Context, tx core.Tx, r row, asker core.Actor, now time.Time) (p core.SessionPolicy, err error) {
	memberships, err := m.needs.Organizations.Memberships(ctx, tx, r.person)
	if err != nil {
		return p, fmt.Errorf("session: memberships: %w", err)
	}
	orgs, staff := make([]core.ID, 0, 4), r.staff
	for _, ms := range memberships {
		if ms.State == "active" {
			orgs, staff = append(orgs, ms.Org), staff || ms.OrgKind == "provider"
		}
	}
	policy, err := m.needs.Settings.For(ctx, tx, orgs...)
	if err != nil {
		return p, fmt.Errorf("session: policy: %w", err)
	}
	idle, absolute := limits(policy.Session)
	switch {
	case now.Sub(r.began) >= absolute:
		return p, errExpired
	case now.Sub(r.used) >= idle:
		return p, errIdle
	case r.aal < 2 && (staff || policy.SignIn.SecondFactor):
		return p, errFactor // demanded since the session began, or its person became staff since (CTI-37.3)
	}
	return policy.Session, m.admitted(ctx, tx, r.person, asker, orgs)
}

func limits(p core.SessionPolicy) (idle, absolute time.Duration) {
	idle, absolute = p.Idle, p.Absolute
	if idle <= 0 {
		idle = defaultIdle
	}
	if absolute <= 0 {
		absolute = defaultAbsolute
	}
	return idle, absolute
}

// admitted applies what ends a session as a whole: an address that none of the person's organizations allows, a
// suspension of the person, or of every organization they belong to. What bears on one organization alone is refused
// there, by the gate.
func (m *Module) admitted(ctx context.Context, tx core.Tx, person core.ID, asker core.Actor, orgs []core.ID) error {
	suspended, err := m.needs.Access.Stands(ctx, tx, person, asker.Address, orgs...)
	if err == nil && suspended {
		err = errSuspended
	}
	return err
}

// theft tells which sign of a stolen cookie a request shows, "" for none.
func theft(r row, g int64, genuine bool, agent string, now time.Time) string {
	browser, _ := family(agent)
	switch {
	case !genuine, g > r.generation+1:
		return "stolen.forged"
	case g < r.generation-1, g == r.generation-1 && now.Sub(r.moved) >= grace:
		return "stolen.replayed"
	case browser != r.browser:
		return "stolen.browser"
	}
	return ""
}

// note writes what this use changes: the generation that the browser adopted, the mark of last use. Most checks write
// nothing. Not to be able to write refuses nobody: the limits then count from an older mark, which is the safe side.
func (m *Module) note(ctx context.Context, r row, g int64, now time.Time) error {
	moves, stale := g == r.generation+1, now.Sub(r.used) >= touching
	if !moves && (!stale || !m.touches.first(r.id, now)) {
		return nil
	}
	err := m.needs.Gate.Keep(ctx, &touchDuty, func(tx core.Tx) error {
		if moves {
			if _, err := tx.Exec(ctx, qMove, r.id, g, clock.Micros(now)); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, qTouch, r.id, clock.Micros(now))
		return err
	})
	if err != nil {
		m.needs.Log.WarnContext(ctx, "session not touched", "session", r.id, "error", err.Error())
	}
	return nil
}
