package access

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		m.behaviour("access.deny", tDeny, m.seeDeny,
			planted("access.deny/everyone", tFaultEveryone, `CREATE TRIGGER planted_everyone AFTER INSERT ON organization_member BEGIN
				INSERT INTO access_assignment (org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
				VALUES (NEW.org, 'planted-' || NEW.id, NEW.person, 'auditor', '', '', '', '', '', 1, 1, 0, 0, '', ''); END`)),
		m.behaviour("access.role", tOneRole, m.seeRole,
			planted("access.role/more", tFaultMore, onAssignment(`UPDATE access_assignment SET role = 'security' WHERE id = NEW.id AND role = 'auditor'`)),
			planted("access.role/less", tFaultLess, onAssignment(`UPDATE access_assignment SET revoked_at = 1 WHERE id = NEW.id AND role = 'auditor'`))),
		m.behaviour("access.dates", tDates, m.seeDates,
			planted("access.dates/endless", tFaultEndless, onAssignment(`UPDATE access_assignment SET until_at = 0 WHERE id = NEW.id AND until_at > 0`)),
			planted("access.dates/early", tFaultEarly, onAssignment(`UPDATE access_assignment SET from_at = 1 WHERE id = NEW.id`))),
		m.behaviour("access.object", tObject, m.seeObject,
			planted("access.object/all", tFaultAll, onAssignment(`UPDATE access_assignment SET object = '' WHERE id = NEW.id AND object <> ''`))),
		m.behaviour("access.isolation", tIsolation, m.seeIsolation, neighbour, leaking),
		m.behaviour("access.staff_roles", tStaffRoles, m.seeStaffRoles,
			planted("access.staff_roles/all", tFaultStaff, onAssignment(`UPDATE access_assignment SET role = 'provider.operator' WHERE id = NEW.id AND role = 'provider.auditor'`)),
			planted("access.staff_roles/unknown", tFaultUnknown, `INSERT INTO access_assignment (org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
				VALUES ('platform', 'planted', 'planted', 'provider.root', '', '', '', '', '', 1, 1, 0, 0, '', '')`)),
		m.behaviour("access.impersonation", tImpersonation, m.seeImpersonation, backDoor),
		m.behaviour("access.suspension", tSuspension, m.seeSuspension,
			planted("access.suspension/lifted", tFaultLifted, onSuspension(`UPDATE access_suspension SET lifted_at = 1 WHERE id = NEW.id`)),
			planted("access.suspension/late", tFaultLate, onSuspension(`UPDATE access_suspension SET from_at = from_at + 60000000 WHERE id = NEW.id AND scope = 'organization'`))),
		m.behaviour("access.allow_list", tAllowList, m.seeAllowList,
			planted("access.allow_list/anyone", tFaultAnyone, `CREATE TRIGGER planted_anyone AFTER INSERT ON access_allow WHEN NEW.org <> 'platform' AND NEW.prefix NOT LIKE '%:%' BEGIN
				UPDATE access_allow SET prefix = '0.0.0.0/0' WHERE org = NEW.org AND prefix = NEW.prefix; END`)),
		m.behaviour("access.lockout_guard", tLockout, m.seeLockout, careless),
		m.behaviour("access.table", tTable, m.seeTable,
			planted("access.table/forgotten", tFaultForgotten, `CREATE TRIGGER planted_forgotten AFTER UPDATE OF revoked_at ON access_assignment BEGIN DELETE FROM access_assignment WHERE id = NEW.id; END`),
			planted("access.table/kept", tFaultKept, `CREATE TRIGGER planted_kept AFTER UPDATE OF revoked_at ON access_assignment BEGIN UPDATE access_assignment SET revoked_at = 0 WHERE id = NEW.id; END`)),
		m.behaviour("access.unused", tUnused, m.seeUnused,
			planted("access.unused/used", tFaultUsed, `CREATE TRIGGER planted_used AFTER UPDATE OF from_at ON access_assignment BEGIN UPDATE access_assignment SET from_at = OLD.given_at WHERE id = NEW.id; END`)),
		m.behaviour("access.prove", tProve, m.seeProof, m.loose()),
	}
}

// trial is one run of a probe.
type trial struct {
	context.Context
	m *Module
	s core.Stage
}

func (m *Module) behaviour(id string, title i18n.Sentence, see func(*trial) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
	return &core.Probe{ID: id, Kind: core.BehaviourProbe, Title: probe.Text(title), Faults: faults, Run: func(ctx context.Context, s core.Stage) (core.Sight, error) {
		return see(&trial{ctx, m, s})
	}}
}

func planted(id string, title i18n.Sentence, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: probe.Text(title), Plant: probe.Rows(statements...)}
}

func onAssignment(do string) string {
	return `CREATE TRIGGER planted_assignment AFTER INSERT ON access_assignment BEGIN ` + do + `; END`
}

func onSuspension(do string) string {
	return `CREATE TRIGGER planted_suspension AFTER INSERT ON access_suspension BEGIN ` + do + `; END`
}

// look reads rows, as the platform's own work.
func (t *trial) look(fn func(core.Tx) error) error {
	return t.m.Needs.Gate.Read(t, &core.Act{Def: &ReadRoles, Org: core.Platform}, fn)
}

// as is a canary who has just proved who they are, on this machine.
func (t *trial) as(c core.Canary) core.Actor {
	return core.Actor{
		Kind: core.HumanActor, ID: c.Person, Account: c.Account, AAL: 2, AuthenticatedAt: t.m.Needs.Clock.Now(),
		Address: netip.MustParseAddr("127.0.0.1"), Agent: "probe", Request: ids.New(), Staff: c.Org == core.Platform,
	}
}

func (t *trial) acting(c core.Canary) context.Context { return core.WithActor(t, t.as(c)) }

// in makes a canary and signs it in.
func (t *trial) in(roles ...string) (core.Canary, *http.Client, error) {
	c, err := t.s.Canary(t, roles...)
	if err != nil {
		return c, nil, err
	}
	client, err := t.s.Enter(t, c)
	return c, client, err
}

// permits decides every act that roles permit, in an organization, and names those whose answer is not the expected one.
func (t *trial) permits(c core.Canary, org core.ID, want func(*core.ActDef) bool) (decided int, wrong []string, err error) {
	err = t.look(func(tx core.Tx) error {
		decided, wrong = 0, nil
		for def := range t.m.cat.Load().rules {
			if def.Reach != core.ByAssignment {
				continue
			}
			refusal := t.m.Decide(t, tx, t.as(c), &core.Act{Def: def, Org: org})
			if refusal != nil && core.KindOf(refusal) == core.Internal {
				return refusal
			}
			decided++
			if (refusal == nil) != want(def) {
				wrong = append(wrong, string(def.Permission))
			}
		}
		return nil
	})
	slices.Sort(wrong)
	return decided, slices.Compact(wrong), err
}

// holds tells whether one of the roles holds the permission of an act.
func holds(def *core.ActDef, roles ...string) bool {
	return slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(def.Holders, r) })
}

var parameter = regexp.MustCompile(`\{([a-z_]+)(\.\.\.)?\}`)

// page is a page or operation that reads, with its parameters filled in.
type page struct {
	path string
	act  *core.ActDef
	bare bool // names nothing but the organization
}

// pages lists what can be read at, with known parameters, and other ids where none is known.
func (t *trial) pages(wanted func(edge.Route) bool, known map[string]core.ID) []page {
	var all []page
	for _, r := range t.m.Needs.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		if method != http.MethodGet || r.Access.IsPublic() || !wanted(r) {
			continue
		}
		p := page{act: r.Access.Act(), bare: true}
		p.path = parameter.ReplaceAllStringFunc(strings.TrimSuffix(path, "{$}"), func(s string) string {
			name := parameter.FindStringSubmatch(s)[1]
			p.bare = p.bare && name == "org"
			if id := known[name]; id != "" {
				return string(id)
			}
			return string(ids.New())
		})
		all = append(all, p)
	}
	return all
}

// ofOrg tells whether a route is of an organization and permitted by roles.
func ofOrg(r edge.Route) bool {
	act := r.Access.Act()
	return act != nil && act.Reach == core.ByAssignment && strings.Contains(r.Pattern, "{org}")
}

// ask asks for one page of a walk, which is longer than what one address may send in a burst.
func (t *trial) ask(client *http.Client, path string) (probe.Answer, error) {
	from := netip.AddrFrom4([4]byte{127, 240, byte(rand.N(250)), byte(1 + rand.N(250))})
	return probe.Get(t, probe.From(client, from), path)
}

// closed tells whether an answer gives nothing of a page.
func closed(a probe.Answer) bool {
	return a.Status == http.StatusForbidden || a.Status == http.StatusNotFound
}

// some names at most five of a list.
func some(list []string) string {
	if len(list) > 5 {
		return strings.Join(list[:5], ", ") + "…"
	}
	return strings.Join(list, ", ")
}

// seeDeny: somebody without any role is refused everything that a role permits.
func (m *Module) seeDeny(t *trial) (core.Sight, error) {
	c, client, err := t.in()
	if err != nil {
		return core.Sight{}, err
	}
	decided, wrong, err := t.permits(c, c.Org, func(def *core.ActDef) bool { return holds(def, RoleMember) })
	if err != nil {
		return core.Sight{}, err
	}
	pages := t.pages(ofOrg, map[string]core.ID{"org": c.Org, "member": c.Member, "person": c.Person})
	asked := 0
	for _, p := range pages {
		if holds(p.act, RoleMember) {
			continue
		}
		got, err := t.ask(client, p.path)
		if err != nil {
			return core.Sight{}, err
		}
		if asked++; !closed(got) {
			wrong = append(wrong, fmt.Sprintf("%s (%d)", p.act.Permission, got.Status))
		}
	}
	all := decided + asked
	if len(wrong) > 0 {
		return probe.Broken(all, all, tDenyOpen, len(wrong), some(wrong)), nil
	}
	sight := probe.Held(all, all, tDenyHeld, decided, asked)
	sight.Entries, err = t.s.Witness(t, c, ReadHabilitations.Permission)
	return sight, err
}

// seeRole: somebody with one role may do exactly what it holds.
func (m *Module) seeRole(t *trial) (core.Sight, error) {
	c, client, err := t.in(roleAuditor)
	if err != nil {
		return core.Sight{}, err
	}
	want := func(def *core.ActDef) bool { return !def.Staff && holds(def, roleAuditor, RoleMember) }
	decided, wrong, err := t.permits(c, c.Org, want)
	if err != nil {
		return core.Sight{}, err
	}
	asked := 0
	for _, p := range t.pages(ofOrg, map[string]core.ID{"org": c.Org}) {
		if !p.bare || strings.Contains(p.path, "export") || strings.Contains(p.path, "file") { // no file is made for nothing
			continue
		}
		got, err := t.ask(client, p.path)
		if err != nil {
			return core.Sight{}, err
		}
		asked++
		// A page can refuse for another reason than a lack of rights: the journal asks for a reason first.
		if want(p.act) && closed(got) && strings.Contains(got.Body, errForbidden.Code) || !want(p.act) && !closed(got) {
			wrong = append(wrong, fmt.Sprintf("%s (%d)", p.act.Permission, got.Status))
		}
	}
	all := decided + asked
	if len(wrong) > 0 {
		return probe.Broken(all, all, tRoleOther, len(wrong), some(wrong)), nil
	}
	return probe.Held(all, all, tRoleHeld, decided, asked), nil
}

// reads asks for the habilitation table, which the role of audit opens.
func (t *trial) reads(client *http.Client, org core.ID) (bool, error) {
	got, err := probe.Get(t, client, "/o/"+string(org)+"/habilitations")
	return err == nil && got.Status == http.StatusOK, err
}

// shortly is how long the role of a probe lasts: long enough for one page.
const shortly = 1500 * time.Millisecond

// seeDates: a role serves from its first day and to its last.
func (m *Module) seeDates(t *trial) (core.Sight, error) {
	admin, err := t.s.Canary(t, RoleAdmin)
	if err != nil {
		return core.Sight{}, err
	}
	c, client, err := t.in()
	if err != nil {
		return core.Sight{}, err
	}
	now := m.Needs.Clock.Now()
	give := core.Assignment{Org: c.Org, Person: c.Person, Role: roleAuditor, Reason: "probe", From: now.Add(time.Hour)}
	later, err := m.Give(t.acting(admin), give)
	if err != nil {
		return core.Sight{}, err
	}
	early, err := t.reads(client, c.Org)
	if err != nil {
		return core.Sight{}, err
	}
	if _, err := m.Take(t.acting(admin), c.Org, later, "probe"); err != nil {
		return core.Sight{}, err
	}
	give.From, give.Until = m.Needs.Clock.Now(), m.Needs.Clock.Now().Add(shortly)
	if _, err := m.Give(t.acting(admin), give); err != nil {
		return core.Sight{}, err
	}
	during, err := t.reads(client, c.Org)
	if err != nil {
		return core.Sight{}, err
	}
	if !during && m.Needs.Clock.Now().Before(give.Until) {
		return probe.Broken(1, 1, tDatesNever), nil
	}
	if err := wait(t, give.Until.Sub(m.Needs.Clock.Now())+5*time.Millisecond); err != nil {
		return core.Sight{}, err
	}
	after, err := t.reads(client, c.Org)
	switch {
	case err != nil:
		return core.Sight{}, err
	case early:
		return probe.Broken(2, 2, tDatesEarly), nil
	case after:
		return probe.Broken(2, 2, tDatesLate), nil
	}
	sight := probe.Held(2, 2, tDatesHeld, shortly)
	sight.Entries, err = t.s.Witness(t, c, GiveAssignment.Permission)
	return sight, err
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// seeObject: a role given on one thing opens that thing alone.
func (m *Module) seeObject(t *trial) (core.Sight, error) {
	admin, err := t.s.Canary(t, RoleAdmin)
	if err != nil {
		return core.Sight{}, err
	}
	one, err := t.s.Canary(t)
	if err != nil {
		return core.Sight{}, err
	}
	c, client, err := t.in()
	if err != nil {
		return core.Sight{}, err
	}
	if _, err := m.Give(t.acting(admin), core.Assignment{Org: c.Org, Person: c.Person, Role: "people", Object: one.Member, Reason: "probe", From: m.Needs.Clock.Now()}); err != nil {
		return core.Sight{}, err
	}
	base := "/o/" + string(c.Org) + "/members"
	var wrong []string
	asked := []struct {
		path string
		open bool
	}{{base + "/" + string(one.Member), true}, {base + "/" + string(admin.Member), false}, {base + "/" + string(admin.Member) + "/edit", false}, {base, false}}
	for i, a := range asked {
		got, err := probe.Get(t, client, a.path)
		if err != nil {
			return core.Sight{}, err
		}
		if a.open == closed(got) {
			wrong = append(wrong, fmt.Sprintf("%d (%d)", i+1, got.Status))
		}
	}
	if len(wrong) > 0 {
		return probe.Broken(len(asked), len(asked), tObjectWrong, some(wrong)), nil
	}
	sight := probe.Held(len(asked), len(asked), tObjectHeld, len(asked))
	sight.Entries, err = t.s.Witness(t, c, GiveAssignment.Permission)
	return sight, err
}
