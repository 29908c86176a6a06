package access

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

// neighbour makes every canary of the first organization a member of the other one too.
var neighbour = planted("access.isolation/neighbour", tFaultNeighbour, `CREATE TRIGGER planted_neighbour AFTER INSERT ON access_assignment WHEN NEW.org = 'canary' BEGIN
	INSERT INTO organization_member (org, id, person, sealed, manager, functional, responsible, state, invited_at, joined_at, left_at, import, version)
	SELECT 'canary-beside', 'planted-' || id, person, X'', manager, functional, responsible, state, invited_at, joined_at, left_at, '', 1
	FROM organization_member WHERE org = 'canary' AND person = NEW.person;
	INSERT INTO access_assignment (org, id, person, role, service, object, reason, approver, given_by, given_at, from_at, until_at, revoked_at, revoked_by, revoke_reason)
	VALUES ('canary-beside', 'planted-' || NEW.id, NEW.person, NEW.role, '', '', '', '', '', 1, 1, 0, 0, '', ''); END`)

// leaking answers the pages of another organization to whoever comes in.
var leaking = core.PlantedFault{ID: "access.isolation/front", Title: probe.Text(tFaultFront), Plant: probe.Front(func(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v1/organizations/"+string(core.Strangers)) {
			w.WriteHeader(http.StatusOK)
			return
		}
		next.ServeHTTP(w, r)
	})
})}

// seeIsolation: the administrator of one organization asks for every page of another, with ids that exist there, and for
// every page of their own with the other's ids.
func (m *Module) seeIsolation(t *trial) (core.Sight, error) {
	other, err := t.s.Stranger(t, RoleAdmin)
	if err != nil {
		return core.Sight{}, err
	}
	c, client, err := t.in(RoleAdmin)
	if err != nil {
		return core.Sight{}, err
	}
	theirs := map[string]core.ID{"org": other.Org, "member": other.Member, "person": other.Person}
	err = t.look(func(tx core.Tx) error {
		lines, err := m.Assignments(t, tx, other.Org, other.Person)
		if len(lines) > 0 {
			theirs["assignment"] = lines[0].ID
		}
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	inOrg := func(r edge.Route) bool { return strings.Contains(r.Pattern, "{org}") }
	walked := t.pages(inOrg, theirs)
	mixed := map[string]core.ID{"org": c.Org, "member": other.Member, "person": other.Person, "assignment": theirs["assignment"]}
	for _, p := range t.pages(inOrg, mixed) {
		if !p.bare {
			walked = append(walked, p)
		}
	}
	var wrong []string
	for _, p := range walked {
		got, err := t.ask(client, p.path)
		if err != nil {
			return core.Sight{}, err
		}
		theirPlace := strings.Contains(p.path, string(other.Org))
		told := strings.Contains(got.Body, other.Email)
		if told || theirPlace && got.Status != http.StatusNotFound || got.Status >= http.StatusInternalServerError {
			wrong = append(wrong, fmt.Sprintf("%s (%d)", permissionOf(p), got.Status))
		}
	}
	if len(wrong) > 0 {
		return probe.Broken(len(walked), len(walked), tIsolationOpen, len(wrong), some(wrong)), nil
	}
	return probe.Held(len(walked), len(walked), tIsolationHeld, len(walked)), nil
}

func permissionOf(p page) core.Permission {
	if p.act == nil {
		return "signed in"
	}
	return p.act.Permission
}

var qStaffRoles = db.SQL(`SELECT DISTINCT role FROM access_assignment WHERE org = 'platform' AND revoked_at = 0`)

// seeStaffRoles: staff acts by roles alone, each declared, and by what they hold; a client's administrator is no staff.
func (m *Module) seeStaffRoles(t *trial) (core.Sight, error) {
	const role = "provider.auditor"
	c, client, err := t.in(role)
	if err != nil {
		return core.Sight{}, err
	}
	admin, outside, err := t.in(RoleAdmin)
	if err != nil {
		return core.Sight{}, err
	}
	decided, wrong, err := t.permits(c, core.Platform, func(def *core.ActDef) bool { return holds(def, role, RoleMember) })
	if err != nil {
		return core.Sight{}, err
	}
	_, more, err := t.permits(admin, core.Platform, func(*core.ActDef) bool { return false })
	if err != nil {
		return core.Sight{}, err
	}
	wrong = append(wrong, more...)
	undeclared, roles, err := t.undeclared()
	if err != nil {
		return core.Sight{}, err
	}
	console := t.pages(func(r edge.Route) bool {
		act := r.Access.Act()
		return act != nil && act.Reach == core.ByAssignment && strings.HasPrefix(r.Pattern, "GET /provider") && !strings.Contains(r.Pattern, "{") &&
			!strings.Contains(r.Pattern, "file") && !strings.Contains(r.Pattern, "export")
	}, nil)
	for _, p := range console {
		mine, err := probe.Get(t, client, p.path)
		if err != nil {
			return core.Sight{}, err
		}
		theirs, err := probe.Get(t, outside, p.path)
		if err != nil {
			return core.Sight{}, err
		}
		if closed(mine) == holds(p.act, role, RoleMember) || !closed(theirs) {
			wrong = append(wrong, fmt.Sprintf("%s (%d, %d)", p.act.Permission, mine.Status, theirs.Status))
		}
	}
	all := 2*decided + 2*len(console) + roles
	switch {
	case len(undeclared) > 0:
		return probe.Broken(all, all, tStaffUndeclared, some(undeclared)), nil
	case len(wrong) > 0:
		return probe.Broken(all, all, tStaffWrong, len(wrong), some(wrong)), nil
	}
	return probe.Held(all, all, tStaffHeld, decided, len(console), roles), nil
}

// undeclared names the roles that staff holds and that no manifest declares.
func (t *trial) undeclared() (names []string, roles int, err error) {
	err = t.look(func(tx core.Tx) error {
		held, err := db.All(t, tx, qStaffRoles, db.Value[string])
		names, roles = nil, len(held)
		for _, r := range held {
			if t.m.cat.Load().roles[r] == nil {
				names = append(names, r)
			}
		}
		return err
	})
	return names, roles, err
}

// ways are how other products let staff be somebody else: addresses, and headers by which one asks for it.
var (
	wayPaths = []string{
		"/impersonate/{person}", "/provider/impersonate/{person}", "/provider/persons/{person}/signin", "/signin/as/{person}", "/su/{person}",
		"/o/{org}/members/{member}/signin-as", "/o/{org}/members/{member}/impersonate", "/me/profile?as={person}", "/me/profile?_switch_user={person}", "/?sudo={person}",
	}
	wayHeaders = []string{"X-Act-As", "X-Impersonate-User", "X-Sudo", "X-Remote-User", "X-Forwarded-User", "Sudo", "On-Behalf-Of"}
)

// backDoor lets whoever asks by a header read as somebody else.
var backDoor = core.PlantedFault{ID: "access.impersonation/header", Title: probe.Text(tFaultBackDoor), Plant: probe.Front(func(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if who := r.Header.Get("X-Act-As"); who != "" {
			_, _ = fmt.Fprintf(w, "Signed in as %s", who)
			return
		}
		next.ServeHTTP(w, r)
	})
})}

// seeImpersonation: no act lets one be somebody else, and staff that tries is nobody but itself (EMG-4.1).
func (m *Module) seeImpersonation(t *trial) (core.Sight, error) {
	person, err := t.s.Canary(t)
	if err != nil {
		return core.Sight{}, err
	}
	_, staff, err := t.in("provider.operator")
	if err != nil {
		return core.Sight{}, err
	}
	rules := m.cat.Load().rules
	for def := range rules {
		name := string(def.Permission)
		// What authenticates is done by oneself or before sign-in: a role that permits it would be a way to be another.
		if def.Verb == core.Authenticates && def.Reach == core.ByAssignment || slices.ContainsFunc(
			[]string{"impersonat", "act_as", "login_as", "signin_as", "switch_user", "sudo", "assume"}, func(s string) bool { return strings.Contains(name, s) }) {
			return probe.Broken(len(rules), len(rules), tImpersonationAct, name), nil
		}
	}
	tried := 0
	fill := strings.NewReplacer("{person}", string(person.Person), "{org}", string(person.Org), "{member}", string(person.Member))
	try := func(path, header string) (bool, error) {
		r, err := http.NewRequestWithContext(t, http.MethodGet, path, nil)
		if err != nil {
			return false, err
		}
		if header != "" {
			r.Header.Set(header, string(person.Person))
		}
		got, err := probe.Do(staff, r)
		tried++
		return strings.Contains(got.Body, person.Email) || header != "" && strings.Contains(got.Body, string(person.Person)), err
	}
	for _, path := range wayPaths {
		if is, err := try(fill.Replace(path), ""); err != nil || is {
			return probe.Broken(tried, tried, tImpersonationWay, path), err
		}
	}
	for _, header := range wayHeaders {
		if is, err := try("/me/profile", header); err != nil || is {
			return probe.Broken(tried, tried, tImpersonationWay, header), err
		}
	}
	return probe.Held(len(rules)+tried, len(rules)+tried, tImpersonationHeld, len(rules), tried), nil
}

// loose is a policy that permits staff everything, for a throw-away instance.
func (m *Module) loose() core.PlantedFault {
	return core.PlantedFault{ID: "access.prove/loose", Title: probe.Text(tFaultLoose), Plant: func(context.Context, core.Saboteur) error {
		wide, err := parsePolicies("planted-"+string(ids.New())+".cedar", []byte(`
@id("permit.planted")
@source("access_assignment")
@clause("ACC-5.1")
@fr("Le personnel peut tout.")
@en("Staff may do anything.")
permit (principal, action in Reach::"assignment", resource) when { context.staff };`))
		if err != nil {
			return err
		}
		kept := m.policies[:0:0]
		for _, p := range m.policies { // the forbids that stand in the way are gone too
			if !strings.HasPrefix(p.ID, "forbid.") {
				kept = append(kept, p)
			}
		}
		m.policies = append(kept, wide...)
		return m.Learn()
	}}
}
