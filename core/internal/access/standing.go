package access

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// qStanding reads in one round trip what can keep somebody out as a whole: $1 person, $2 organization, $3 now.
var qStanding = db.SQL(`
SELECT 1, '', '' FROM access_assignment
 WHERE person = $1 AND org = 'platform' AND revoked_at = 0 AND from_at <= $3 AND (until_at = 0 OR until_at > $3)
UNION ALL
SELECT 3, org, prefix FROM access_allow WHERE org IN ($2, 'platform') AND service = ''
UNION ALL
SELECT 2, scope, acts_in FROM access_suspension
 WHERE lifted_at = 0 AND target IN ($1, $2) AND from_at <= $3 AND (until_at = 0 OR until_at > $3)
   AND ((scope = 'person' AND target = $1) OR (scope = 'organization' AND target = $2))`)

// standing is how somebody stands at the door: their organizations' address lists, and where they are suspended.
type standing struct {
	staff     bool
	orgs      []core.ID
	provider  prefixes
	lists     []prefixes // of orgs, in their order
	spoiled   bool
	anywhere  bool   // suspended everywhere
	suspended []bool // in each of orgs
}

func (m *Module) standing(ctx context.Context, tx core.Tx, person core.ID, orgs []core.ID) (standing, error) {
	s := standing{orgs: orgs, lists: make([]prefixes, len(orgs)), suspended: make([]bool, len(orgs))}
	now := clock.Micros(m.Needs.Clock.Now())
	for i := range max(1, len(orgs)) {
		org := core.ID("")
		if i < len(orgs) {
			org = orgs[i]
		}
		lines, err := db.All(ctx, tx, qStanding, scanStanding, person, org, now)
		if err != nil {
			return s, fmt.Errorf("access: who is kept out: %w", err)
		}
		if i > 0 {
			s.provider = s.provider[:0] // each round trip reads it again
		}
		for _, l := range lines {
			s.take(i, org, l)
		}
	}
	return s, nil
}

type standingLine struct {
	line int64
	a, b string
}

func scanStanding(scan db.Scan) (l standingLine, err error) {
	err = scan(&l.line, &l.a, &l.b)
	return l, err
}

func (s *standing) take(i int, org core.ID, l standingLine) {
	switch l.line {
	case lineAssignment:
		s.staff = true
	case lineSuspension:
		switch in := core.ID(l.b); {
		case l.a == ScopePerson && in == "":
			s.anywhere = true
		case len(s.orgs) == 0:
		case l.a == ScopePerson:
			s.suspended[i] = s.suspended[i] || in == org
		default:
			s.suspended[i] = s.suspended[i] || org != core.Platform
		}
	case lineAllow:
		prefix, err := netip.ParsePrefix(l.b)
		switch {
		case err != nil:
			s.spoiled = true // a list that cannot be read admits nobody
		case core.ID(l.a) == core.Platform:
			s.provider = append(s.provider, prefix)
		default:
			s.lists[i] = append(s.lists[i], prefix)
		}
	}
}

// admits tells whether an address is allowed: by the provider's list for its staff, and by at least one of the organizations.
func (s *standing) admits(addr netip.Addr) bool {
	home := slices.Contains(s.orgs, core.Platform)
	switch {
	case s.spoiled, (s.staff || home) && !s.provider.admits(addr, true):
		return false
	case home, len(s.orgs) == 0:
		return true
	}
	return slices.ContainsFunc(s.lists, func(l prefixes) bool { return l.admits(addr, false) })
}

// AllowedFrom says whether a person may sign in from an address: nil, or an Error of code access.address. orgs are the
// organizations the person belongs to: the address must be allowed by at least one of them, and by the provider's
// list when the person is staff (KSK-3.2). Each organization's list is checked again at each act.
func (m *Module) AllowedFrom(ctx context.Context, tx core.Tx, person core.ID, addr netip.Addr, orgs ...core.ID) error {
	_, err := m.Stands(ctx, tx, person, addr, orgs...)
	return err
}

// Stands is AllowedFrom for a session or a token at each request, told with it whether its holder is suspended as a whole: everywhere,
// or in every one of orgs. What bears on one organization alone is refused there, by the gate.
func (m *Module) Stands(ctx context.Context, tx core.Tx, person core.ID, addr netip.Addr, orgs ...core.ID) (suspended bool, err error) {
	s, err := m.standing(ctx, tx, person, orgs)
	if err == nil && !s.admits(addr) {
		err = errAddress
	}
	return s.anywhere || len(orgs) > 0 && !slices.Contains(s.suspended, false), err
}
