package access

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/cedar-policy/cedar-go/types"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
)

// facts is what the policies read about one question: who, what, where, now.
type facts struct {
	rule      *rule
	kind      string // Cedar type of the actor
	actor     core.ID
	org       core.ID
	object    core.ID
	self      bool
	inside    bool
	staff     bool
	home      bool
	known     bool // a member in any state but left, or inside: may act on what is their own here
	addressOK bool
	scopes    []core.Permission // nil: no limit
	held      []held
	custom    map[string]bool // custom roles that hold the permission
	blocks    []core.Block
}

// held is one live assignment of the actor in the organization.
type held struct {
	role, service string
	object        core.ID
	until         int64
}

// What each line of qFacts tells.
const (
	lineAssignment = 1
	lineSuspension = 2
	lineAllow      = 3
	lineCustom     = 4
)

// qFacts reads in one round trip all that this module knows about an actor in an organization:
// $1 actor, $2 organization, $3 now, $4 module of the act, $5 permission.
var qFacts = db.SQL(`
SELECT 1, org, role, service, object, until_at, id FROM access_assignment
 WHERE person = $1 AND org IN ($2, 'platform') AND revoked_at = 0 AND from_at <= $3 AND (until_at = 0 OR until_at > $3)
UNION ALL
SELECT 2, scope, reason, explanation, decided_in, until_at, id FROM access_suspension
 WHERE lifted_at = 0 AND target IN ($1, $2, $4) AND from_at <= $3 AND (until_at = 0 OR until_at > $3)
   AND (acts_in = '' OR acts_in = $2)
   AND ((scope = 'person' AND target = $1) OR (scope = 'organization' AND target = $2) OR (scope = 'service' AND target = $4))
UNION ALL
SELECT 3, org, service, prefix, '', 0, '' FROM access_allow WHERE org IN ($2, 'platform') AND service IN ('', $4)
UNION ALL
SELECT 4, role, '', '', '', 0, '' FROM access_role_permission WHERE org = $2 AND permission = $5 AND until_at = 0`)

type factLine struct {
	line       int64
	a, b, c, d string
	until      int64
	id         core.ID
}

func scanFactLine(scan db.Scan) (l factLine, err error) {
	err = scan(&l.line, &l.a, &l.b, &l.c, &l.d, &l.until, &l.id)
	return l, err
}

// question is what is asked: an act, or a line of the habilitation table.
type question struct {
	rule   *rule
	actor  core.Actor
	org    core.ID
	object core.ID
	self   bool
	// anywhere leaves the address out: nobody is asking from anywhere.
	anywhere bool
	now      time.Time
}

func ask(r *rule, actor core.Actor, act *core.Act, now time.Time) question {
	q := question{rule: r, actor: actor, org: act.Org, object: act.Resource, now: now}
	if q.org.IsZero() {
		q.org = core.Platform
	}
	q.self = act.Subject == actor.ID && !actor.ID.IsZero()
	for _, s := range act.Subjects {
		q.self = q.self && s == actor.ID
	}
	return q
}

var actorTypes = [...]string{
	core.Anonymous: typeNobody, core.HumanActor: typePerson, core.ServiceActor: typeService, core.SystemActor: typeSystem,
}

// read gathers the facts from live rows.
func (m *Module) read(ctx context.Context, tx core.Tx, q question) (*facts, error) {
	f := &facts{
		rule: q.rule, kind: actorTypes[q.actor.Kind&3], actor: q.actor.ID, org: q.org, object: q.object,
		self: q.self, home: q.org == core.Platform, scopes: q.actor.Scopes, addressOK: true,
	}
	if q.actor.Kind == core.Anonymous || q.actor.Kind == core.SystemActor || q.rule.def.Reach == core.ByAnyone {
		return f, nil
	}
	lines, err := db.All(ctx, tx, qFacts, scanFactLine,
		q.actor.ID, q.org, clock.Micros(q.now), q.rule.module, string(q.rule.def.Permission))
	if err != nil {
		return nil, fmt.Errorf("access: read the facts: %w", err)
	}
	var lists lists
	for _, l := range lines {
		switch l.line {
		case lineAssignment:
			f.staff = f.staff || core.ID(l.a) == core.Platform
			if core.ID(l.a) == q.org {
				f.held = append(f.held, held{l.b, l.c, core.ID(l.d), l.until})
			}
		case lineSuspension:
			of := Suspension{Block: core.Block{ID: l.id, Scope: l.a}, Target: q.actor.ID, DecidedIn: core.ID(l.d)}
			text, err := pack.Open(ctx, m.Needs.Sealer, pack.Place("access_suspension.explanation", l.id), l.c, of.owners()...)
			if err != nil {
				return nil, fmt.Errorf("access: open a suspension: %w", err)
			}
			f.blocks = append(f.blocks, core.Block{ID: l.id, Scope: l.a, Reason: l.b, Text: text, Until: clock.FromMicros(l.until)})
		case lineAllow:
			lists.add(core.ID(l.a) == core.Platform, l.b, l.c)
		case lineCustom:
			if f.custom == nil {
				f.custom = map[string]bool{}
			}
			f.custom[l.a] = true
		}
	}
	if err := m.place(ctx, tx, q, f); err != nil {
		return nil, err
	}
	if !q.anywhere {
		f.addressOK = lists.admit(q.actor.Address, f.org == core.Platform, f.staff)
	}
	return f, nil
}

// place finds whether the actor is inside the organization.
func (m *Module) place(ctx context.Context, tx core.Tx, q question, f *facts) error {
	platform := q.org == core.Platform
	f.known = platform || f.supports()
	if q.actor.Kind == core.ServiceActor {
		f.inside = q.actor.Org == q.org
		f.known = f.inside
		return nil
	}
	f.inside = platform && f.staff
	membership, found, err := m.Needs.Members.MemberOf(ctx, tx, q.org, q.actor.ID)
	if err != nil || !found {
		return err
	}
	f.inside = f.inside || membership.State == "active"
	f.home = f.home || membership.OrgKind == "provider"
	f.known = f.known || membership.State != "left"
	if membership.State == "active" {
		f.held = append(f.held, held{role: RoleMember})
	}
	return nil
}

// supports tells whether a live support assignment, which always has an end, lets the actor in.
func (f *facts) supports() bool {
	for _, h := range f.held {
		if h.role == RoleSupport && h.until != 0 && f.staff {
			return true
		}
	}
	return false
}

// parents are the roles that the actor is in, as Cedar entities. A support assignment without an end gives nothing.
func (f *facts) parents() []types.EntityUID {
	uids := make([]types.EntityUID, 0, len(f.held))
	for _, h := range f.held {
		switch {
		case h.role == RoleSupport && h.until == 0:
		case h.service == "" && h.object == "":
			uids = append(uids, roleUID(h.role))
		default:
			uids = append(uids, scopedUID(h.role, h.service, h.object))
		}
	}
	return uids
}

// holders are the roles that hold the permission here: the built-in ones and the organization's own.
func (f *facts) holders() types.Set {
	if len(f.custom) == 0 {
		return f.rule.holders
	}
	all := make(map[string]bool, len(f.custom)+len(f.rule.roles))
	for r := range f.rule.roles {
		all[r] = true
	}
	for r := range f.custom {
		all[r] = true
	}
	return roleSet(all)
}

// here are the scoped forms of those roles that reach this service and this object. They are written from the question,
// not from the assignments: an assignment on anything else is simply not among them.
func (f *facts) here() types.Set {
	any := false
	for _, h := range f.held {
		any = any || h.service != "" || h.object != ""
	}
	if !any {
		return types.Set{}
	}
	var values []types.Value
	add := func(role string) {
		values = append(values, scopedUID(role, f.rule.module, ""))
		if f.object != "" {
			values = append(values, scopedUID(role, "", f.object), scopedUID(role, f.rule.module, f.object))
		}
	}
	for r := range f.rule.roles {
		add(r)
	}
	for r := range f.custom {
		add(r)
	}
	return types.NewSet(values...)
}

func (f *facts) suspended(scope string) bool {
	for _, b := range f.blocks {
		if b.Scope == scope {
			return true
		}
	}
	return false
}

// prefixes is one address list.
type prefixes []netip.Prefix

// admits tells whether addr is on the list. An empty list admits all; for provider staff it admits loopback only.
func (p prefixes) admits(addr netip.Addr, staff bool) bool {
	addr = addr.Unmap().WithZone("")
	if len(p) == 0 {
		return !staff || addr.IsLoopback()
	}
	for _, prefix := range p {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// lists are the address lists that bear on one question.
type lists struct {
	org, service, provider prefixes
	spoiled                bool
}

func (l *lists) add(provider bool, service, text string) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		l.spoiled = true // a list that cannot be read admits nobody
		return
	}
	switch {
	case provider && service == "":
		l.provider = append(l.provider, prefix)
	case provider:
	case service == "":
		l.org = append(l.org, prefix)
	default:
		l.service = append(l.service, prefix)
	}
}

func (l *lists) admit(addr netip.Addr, platform, staff bool) bool {
	if l.spoiled || (staff && !l.provider.admits(addr, true)) {
		return false
	}
	return platform || (l.org.admits(addr, false) && l.service.admits(addr, false))
}
