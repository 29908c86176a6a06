package settings

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
)

// resolved is every setting in force for one organization, by Key.index.
type resolved []value

// generation is what a node remembers for one stamp. A stamp is drawn anew by every change, so that what a transaction
// saw of its own change and then rolled back is never served to another.
type generation struct {
	version version
	mu      sync.RWMutex
	orgs    map[core.ID]resolved
}

// mostRemembered bounds the memory of a generation.
const mostRemembered = 20000

func (g *generation) get(org core.ID) (resolved, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	r, ok := g.orgs[org]
	return r, ok
}

func (g *generation) put(org core.ID, r resolved) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.orgs) >= mostRemembered {
		g.orgs = map[core.ID]resolved{}
	}
	g.orgs[org] = r
}

// For gives the strictest policy over these organizations, the provider's floors always included; with none, the
// provider's own. It reads the version in tx, so that a change acts at the next request on every node.
func (m *Module) For(ctx context.Context, tx core.Tx, orgs ...core.ID) (core.Policy, error) {
	all, version, err := m.inForce(ctx, tx, orgs...)
	if err != nil {
		return core.Policy{}, err
	}
	return policyOf(all, version), nil
}

// SignUpOpen tells whether anyone may sign an organization up (CTI-3).
func (m *Module) SignUpOpen(ctx context.Context, tx core.Tx) (bool, error) {
	all, _, err := m.inForce(ctx, tx)
	if err != nil {
		return false, err
	}
	return all[byID[signUpKey].index].n == 1, nil
}

// Countries gives where data may be, as codes of two letters with commas between; "" is the European Economic Area.
func (m *Module) Countries(ctx context.Context, tx core.Tx) (string, error) {
	all, _, err := m.inForce(ctx, tx, core.Platform)
	if err != nil {
		return "", err
	}
	return all[byID[countriesKey].index].s, nil
}

// ReviewDays gives how many days at most pass between two reviews of the assignments of an organization (CTI-37.8).
func (m *Module) ReviewDays(ctx context.Context, tx core.Tx, org core.ID) (int, error) {
	all, _, err := m.inForce(ctx, tx, org)
	if err != nil {
		return 0, err
	}
	return int(all[byID[reviewDaysKey].index].n), nil
}

// Days gives a number of days in force for an organization, by the name of its setting; found is false when there is none of
// that name.
func (m *Module) Days(ctx context.Context, tx core.Tx, org core.ID, key string) (days int, found bool, err error) {
	k, known := byID[key]
	if !known || k.Sort != Number {
		return 0, false, nil
	}
	all, _, err := m.inForce(ctx, tx, org)
	if err != nil {
		return 0, false, err
	}
	return int(all[k.index].n), true, nil
}

// Erasures gives above how many erasures ordered by one person in a day a second one approves, and for how long an order waits
// before it begins.
func (m *Module) Erasures(ctx context.Context, tx core.Tx) (most int, wait time.Duration, err error) {
	all, _, err := m.inForce(ctx, tx, core.Platform)
	if err != nil {
		return 0, 0, err
	}
	return int(all[byID[erasuresKey].index].n), time.Duration(all[byID[erasureWaitKey].index].n) * time.Hour, nil
}

// Contacts are the addresses of ACC-14.1; an empty one was not given.
type Contacts struct{ Security, DPO, Support string }

// Contacts gives those of an organization, each falling back on the provider's.
func (m *Module) Contacts(ctx context.Context, tx core.Tx, org core.ID) (Contacts, error) {
	all, _, err := m.inForce(ctx, tx, org)
	if err != nil {
		return Contacts{}, err
	}
	return Contacts{all[byID[securityKey].index].s, all[byID[dpoKey].index].s, all[byID[supportKey].index].s}, nil
}

// Authority gives the name and the address of the supervisory authority that answers of an organization name.
func (m *Module) Authority(ctx context.Context, tx core.Tx, org core.ID) (name, address string, err error) {
	all, _, err := m.inForce(ctx, tx, org)
	if err != nil {
		return "", "", err
	}
	return cmp.Or(all[byID[authorityKey].index].s, byID[authorityKey].Default), cmp.Or(all[byID[addressKey].index].s, byID[addressKey].Default), nil
}

// Published gives the provider's contacts to whoever asks.
func (m *Module) Published(ctx context.Context) (c Contacts, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadContacts, Org: core.Platform}, func(tx core.Tx) error {
		c, err = m.Contacts(ctx, tx, core.Platform)
		return err
	})
	return c, err
}

func (m *Module) inForce(ctx context.Context, tx core.Tx, orgs ...core.ID) (resolved, int64, error) {
	v, err := current(ctx, tx)
	if err != nil {
		return nil, 0, err
	}
	g := m.memory.Load()
	if g == nil || g.version != v {
		g = &generation{version: v, orgs: map[core.ID]resolved{}}
		m.memory.Store(g)
	}
	if len(orgs) == 0 {
		orgs = []core.ID{core.Platform}
	}
	var all resolved
	for i, org := range orgs {
		one, ok := g.get(org)
		if !ok {
			if one, err = resolve(ctx, tx, org); err != nil {
				return nil, 0, err
			}
			g.put(org, one)
		}
		switch i {
		case 0:
			all = one
		case 1:
			all = tighten(append(resolved(nil), all...), one)
		default:
			all = tighten(all, one)
		}
	}
	return all, v.number, nil
}

// resolve computes what is in force for one organization: its own values where they are at least as strict as the
// floors, the floors elsewhere, and the defaults where nobody said anything; never less than a clause in force promises.
func resolve(ctx context.Context, tx core.Tx, org core.ID) (resolved, error) {
	floors, err := stored(ctx, tx, core.Platform)
	if err != nil {
		return nil, err
	}
	own := floors
	if org != core.Platform {
		if own, err = stored(ctx, tx, org); err != nil {
			return nil, err
		}
	}
	promised, err := bounds(ctx, tx, "")
	if err != nil {
		return nil, err
	}
	all := make(resolved, len(catalogue))
	for i, k := range catalogue {
		all[i] = promised[k.ID].hold(k, k.inForce(floors, own))
	}
	offered(all)
	return all, nil
}

func (k *Key) inForce(floors, own map[string]row) value {
	floor, floored := floors[k.ID]
	mine, set := own[k.ID]
	switch {
	case set && floored && !k.Provider:
		return k.stricter(k.must(mine.value), k.must(floor.value))
	case floored:
		return k.must(floor.value)
	case set && !k.Provider:
		return k.must(mine.value)
	}
	return k.must(k.Default)
}

// offered keeps the idle limit on one of the offered choices (KSK-5.2): the longest that is not looser than the limit.
func offered(all resolved) {
	idle, choices := byID[idleKey].index, all[byID[choicesKey].index].s
	if choices == "" {
		return
	}
	limit, best := all[idle].n, int64(0)
	for text := range strings.SplitSeq(choices, ",") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n <= limit {
			best = max(best, n)
		}
	}
	if best > 0 {
		all[idle].n = best
	}
}

func tighten(all, with resolved) resolved {
	for i, k := range catalogue {
		all[i] = k.stricter(all[i], with[i])
	}
	offered(all)
	return all
}

func policyOf(all resolved, version int64) core.Policy {
	n := func(id string) int { return int(all[byID[id].index].n) }
	on := func(id string) bool { return all[byID[id].index].n == 1 }
	minutes := func(id string) time.Duration { return time.Duration(all[byID[id].index].n) * time.Minute }
	p := core.Policy{
		Version: version,
		Password: core.PasswordPolicy{
			MinLength: n("password.min_length"), Upper: on("password.upper"), Lower: on("password.lower"), Digit: on("password.digit"),
			Special: on("password.special"), Specials: all[byID["password.specials"].index].s, MinStrength: n("password.min_strength"),
			Breached: on("password.breached"), History: n("password.history"), MaxAgeDays: n("password.max_age_days"),
		},
		SignIn: core.SignInPolicy{SecondFactor: on("signin.second_factor"), Attempts: n("signin.attempts")},
		Session: core.SessionPolicy{
			Idle: minutes(idleKey), Lock: minutes("session.lock"), Absolute: minutes("session.absolute"), Fresh: minutes("session.fresh"),
		},
		Access:  core.AccessPolicy{UnusedDays: n("access.unused_days")},
		Journal: core.JournalPolicy{RetentionDays: n("journal.retention_days"), AddressDays: n("journal.address_days")},
	}
	if roles := all[byID[factorRolesKey].index].s; roles != "" {
		p.SignIn.FactorRoles = strings.Split(roles, ",")
	}
	if p.Session.Lock >= p.Session.Idle {
		p.Session.Lock = 0 // the session has ended by then
	}
	return p
}
