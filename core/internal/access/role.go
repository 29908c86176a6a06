package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// RoleInfo is one role as pages show it.
type RoleInfo struct {
	core.Role
	Custom  bool
	Service string // a custom role of one service: assigned on that service only
	Holders int64  // live assignments in the organization; the role member has one per active member and is not counted
}

// RoleForm is what makes or changes a custom role.
type RoleForm struct {
	Name, Description, Service string
	Permissions                []core.Permission
}

var (
	errRole       = i18n.Fault(core.Invalid, "role.invalid", "Ce rôle ne peut pas être enregistré tel quel.", "This role cannot be saved as it is.")
	errNoRole     = i18n.Fault(core.NotFound, "role.not_found", "Ce rôle n'existe pas ici.", "This role does not exist here.")
	errRoleHeld   = i18n.Fault(core.Conflict, "role.held", "Des personnes ont encore ce rôle : retirez-le-leur d'abord.", "People still have this role: revoke it from them first.")
	codeName      = i18n.Reason("role.name", "Donnez un nom de 80 caractères au plus, que nul autre rôle ne porte.", "Give a name of 80 characters at most, that no other role bears.")
	codeDesc      = i18n.Reason("role.description", "La description tient en 300 caractères.", "The description fits in 300 characters.")
	codePerms     = i18n.Reason("role.permissions", "Choisissez au moins une permission, parmi celles de la liste.", "Choose at least one permission, among those listed.")
	codeGivesMore = i18n.Reason("role.gives_more", "Vous n'avez pas toutes ces permissions : vous ne pouvez pas les mettre dans un rôle.", "You do not have all these permissions: you cannot put them in a role.")
)

var (
	qCustomRole = db.SQL(`SELECT org, id, service, name, description FROM access_role WHERE org = $1 AND id = $2 AND retired_at = 0`)

	qCustomRoles = db.SQL(`SELECT org, id, service, name, description FROM access_role WHERE org = $1 AND retired_at = 0 ORDER BY name, id`)

	// Retired ones too: the table of a past date names them.
	qEveryRole = db.SQL(`SELECT org, id, service, name, description FROM access_role WHERE org = $1 ORDER BY name, id`)

	qRolePermissions = db.SQL(`SELECT permission FROM access_role_permission WHERE org = $1 AND role = $2 AND until_at = 0 ORDER BY permission`)

	// $1 organization or 'builtin', $2 date.
	qPermissionsAt = db.SQL(`SELECT role, permission FROM access_role_permission
WHERE org = $1 AND from_at <= $2 AND (until_at = 0 OR until_at > $2) ORDER BY role, permission`)

	qAddRole = db.SQL(`INSERT INTO access_role (org, id, service, name, description, created_by, created_at, retired_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`)

	qChangeRole = db.SQL(`UPDATE access_role SET name = $3, description = $4 WHERE org = $1 AND id = $2 AND retired_at = 0`)

	qRetireRole = db.SQL(`UPDATE access_role SET retired_at = $3 WHERE org = $1 AND id = $2 AND retired_at = 0`)

	qHold = db.SQL(`INSERT INTO access_role_permission (org, role, permission, from_at, until_at) VALUES ($1, $2, $3, $4, 0)
ON CONFLICT (org, role, permission, from_at) DO UPDATE SET until_at = 0`)

	qUnhold = db.SQL(`UPDATE access_role_permission SET until_at = $4 WHERE org = $1 AND role = $2 AND permission = $3 AND until_at = 0`)

	qCountByRole = db.SQL(`SELECT role, count(*) FROM access_assignment
WHERE org = $1 AND revoked_at = 0 AND (until_at = 0 OR until_at > $2) GROUP BY role`)

	qFirstSync = db.SQL(`SELECT coalesce(min(from_at), 0) FROM access_role_permission WHERE org = 'builtin'`)
)

func scanRole(scan db.Scan) (r RoleInfo, err error) {
	var org core.ID
	var name, description string
	err = scan(&org, &r.ID, &r.Service, &name, &description)
	r.Custom = true
	r.Title, r.Description = core.Text{FR: name, EN: name}, core.Text{FR: description, EN: description}
	if r.Kind = kindClient; org == core.Platform {
		r.Kind = kindPlatform
	}
	return r, err
}

// role gives a role that org can assign, with what it holds now; nil when there is none.
func (m *Module) role(ctx context.Context, tx core.Tx, org core.ID, id string) (*core.Role, error) {
	r, found, err := m.roleInfo(ctx, tx, org, id)
	if err != nil || !found {
		return nil, err
	}
	return &r.Role, nil
}

func (m *Module) roleInfo(ctx context.Context, tx core.Tx, org core.ID, id string) (RoleInfo, bool, error) {
	if r := m.cat.Load().roles[id]; r != nil {
		return RoleInfo{Role: *r}, true, nil
	}
	r, found, err := db.One(ctx, tx, qCustomRole, scanRole, org, id)
	if err != nil || !found {
		return RoleInfo{}, false, err
	}
	r.Permissions, err = db.All(ctx, tx, qRolePermissions, db.Value[core.Permission], org, id)
	return r, true, err
}

// Role gives one role as pages show it; an error of kind NotFound when org cannot assign it.
func (m *Module) Role(ctx context.Context, tx core.Tx, org core.ID, id string) (RoleInfo, error) {
	r, found, err := m.roleInfo(ctx, tx, org, id)
	if err != nil {
		return RoleInfo{}, err
	}
	if !found || !assignableIn(r.Kind, org) {
		return RoleInfo{}, errNoRole
	}
	return r, nil
}

// Roles lists the roles that org can assign: the built-in ones, then its own, with how many hold each.
func (m *Module) Roles(ctx context.Context, tx core.Tx, org core.ID) ([]RoleInfo, error) {
	cat := m.cat.Load()
	var out []RoleInfo
	for _, id := range cat.roleOrder {
		if r := cat.roles[id]; assignableIn(r.Kind, org) {
			out = append(out, RoleInfo{Role: *r})
		}
	}
	own, err := db.All(ctx, tx, qCustomRoles, scanRole, org)
	if err != nil {
		return nil, err
	}
	for _, r := range own {
		if r.Permissions, err = db.All(ctx, tx, qRolePermissions, db.Value[core.Permission], org, r.ID); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	counts := map[string]int64{}
	_, err = db.All(ctx, tx, qCountByRole, func(scan db.Scan) (struct{}, error) {
		var role string
		var n int64
		err := scan(&role, &n)
		counts[role] = n
		return struct{}{}, err
	}, org, clock.Micros(m.Needs.Clock.Now()))
	for i := range out {
		out[i].Holders = counts[out[i].ID]
	}
	return out, err
}

// Assigned gives the live assignments of a role in org, those that start later included.
func (m *Module) Assigned(ctx context.Context, tx core.Tx, org core.ID, role string) ([]Line, error) {
	return m.lines(ctx, tx, qHolders, org, role, clock.Micros(m.Needs.Clock.Now()))
}

// Holders gives the persons who hold a role in org now, on everything, each once. Who was invited with it and has not come
// in, or has left, holds nothing: no message to those who answer for an organization goes to them.
func (m *Module) Holders(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error) {
	given, err := m.Given(ctx, tx, org, role)
	if err != nil {
		return nil, err
	}
	var present []core.ID
	for _, person := range given {
		membership, found, err := m.Needs.Members.MemberOf(ctx, tx, org, person)
		if err != nil {
			return nil, err
		}
		if !found || membership.State == "active" { // support, and service accounts, are no members
			present = append(present, person)
		}
	}
	return present, nil
}

// Given gives the persons to whom a role is assigned in org now, on everything, each once, those who are invited included.
func (m *Module) Given(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error) {
	now := m.Needs.Clock.Now()
	lines, err := m.Assigned(ctx, tx, org, role)
	var persons []core.ID
	for _, l := range lines {
		if l.Service == "" && l.Object == "" && !l.From.After(now) && !slices.Contains(persons, l.Person) {
			persons = append(persons, l.Person)
		}
	}
	return persons, err
}

// SaveRole makes (id empty) or changes a custom role; it returns its id. Nobody can put into a role more than they hold:
// whoever may delegate any role may use every permission that a built-in role of the organization holds.
func (m *Module) SaveRole(ctx context.Context, tx core.Tx, org core.ID, id string, form RoleForm) (string, error) {
	form.Name, form.Description = strings.TrimSpace(form.Name), strings.TrimSpace(form.Description)
	slices.Sort(form.Permissions)
	form.Permissions = slices.Compact(form.Permissions)
	before := RoleInfo{}
	if id != "" {
		var found bool
		var err error
		if before, found, err = m.roleInfo(ctx, tx, org, id); err != nil {
			return "", err
		}
		if !found || !before.Custom {
			return "", errNoRole
		}
		form.Service = before.Service
	}
	if err := m.checkRole(ctx, tx, org, id, form); err != nil {
		return "", err
	}
	now := clock.Micros(m.Needs.Clock.Now())
	if id == "" {
		id = string(ids.New())
		if _, err := tx.Exec(ctx, qAddRole, org, id, form.Service, form.Name, form.Description, core.ActorOf(ctx).ID, now); err != nil {
			return "", fmt.Errorf("access: add a role: %w", err)
		}
	} else if _, err := tx.Exec(ctx, qChangeRole, org, id, form.Name, form.Description); err != nil {
		return "", fmt.Errorf("access: change a role: %w", err)
	}
	return id, holdOnly(ctx, tx, org, id, before.Permissions, form.Permissions, now)
}

// holdOnly writes the difference between what a role held and what it must hold; ended lines stay.
func holdOnly(ctx context.Context, tx core.Tx, org core.ID, role string, before, after []core.Permission, now int64) error {
	for _, p := range after {
		if !slices.Contains(before, p) {
			if _, err := tx.Exec(ctx, qHold, org, role, string(p), now); err != nil {
				return err
			}
		}
	}
	for _, p := range before {
		if !slices.Contains(after, p) {
			if _, err := tx.Exec(ctx, qUnhold, org, role, string(p), now); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *Module) checkRole(ctx context.Context, tx core.Tx, org core.ID, id string, form RoleForm) error {
	wrong := errRole
	roles, err := m.Roles(ctx, tx, org)
	if err != nil {
		return err
	}
	taken := form.Name == "" || utf8.RuneCountInString(form.Name) > 80
	for _, r := range roles {
		taken = taken || r.ID != id && (strings.EqualFold(r.Title.FR, form.Name) || strings.EqualFold(r.Title.EN, form.Name))
	}
	if taken {
		wrong = wrong.With("name", codeName)
	}
	if utf8.RuneCountInString(form.Description) > 300 {
		wrong = wrong.With("description", codeDesc)
	}
	if _, known := m.cat.Load().modules[form.Service]; form.Service != "" && !known {
		wrong = wrong.With("service", codeService)
	}
	offered := map[core.Permission]bool{}
	for _, p := range m.Permissions(org) {
		offered[p.Name] = form.Service == "" || p.Module == form.Service
	}
	bad := len(form.Permissions) == 0
	for _, p := range form.Permissions {
		bad = bad || !offered[p]
	}
	if bad {
		wrong = wrong.With("permissions", codePerms)
	} else if actor := core.ActorOf(ctx); actor.Kind != core.SystemActor {
		holds, err := m.effective(ctx, tx, actor, org)
		if err != nil {
			return err
		}
		if coveredBy(holds, &core.Role{Permissions: form.Permissions}) != nil {
			wrong = wrong.With("permissions", codeGivesMore)
		}
	}
	if len(wrong.Fields) > 0 {
		return wrong
	}
	return nil
}

// Retire takes a custom role out of use; nobody may hold it any more.
func (m *Module) Retire(ctx context.Context, tx core.Tx, org core.ID, id string) error {
	r, found, err := m.roleInfo(ctx, tx, org, id)
	if err != nil {
		return err
	}
	if !found || !r.Custom {
		return errNoRole
	}
	held, err := m.Assigned(ctx, tx, org, id)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		return errRoleHeld
	}
	now := clock.Micros(m.Needs.Clock.Now())
	if _, err := tx.Exec(ctx, qRetireRole, org, id, now); err != nil {
		return err
	}
	return holdOnly(ctx, tx, org, id, r.Permissions, nil, now)
}

// effective gives what an actor may do everywhere in org now: what their live, unscoped roles hold, narrowed by the
// token's scopes; nothing while suspended or from outside.
func (m *Module) effective(ctx context.Context, tx core.Tx, actor core.Actor, org core.ID) (map[core.Permission]bool, error) {
	r := m.cat.Load().rules[&GiveAssignment]
	f, err := m.read(ctx, tx, question{rule: r, actor: actor, org: org, anywhere: true, now: m.Needs.Clock.Now()})
	if err != nil {
		return nil, err
	}
	all := map[core.Permission]bool{}
	if len(f.blocks) > 0 || !f.inside || (f.staff && !f.home) {
		return all, nil
	}
	for _, h := range f.held {
		if h.service != "" || h.object != "" || h.role == RoleSupport {
			continue
		}
		role, err := m.role(ctx, tx, org, h.role)
		if err != nil {
			return nil, err
		}
		if role == nil {
			continue
		}
		for _, p := range role.Permissions {
			if actor.Scopes == nil || slices.Contains(actor.Scopes, p) {
				all[p] = true
			}
		}
	}
	return all, nil
}

// SyncCatalogue notes what each built-in role holds in this version, when it differs from what was noted. Call it once
// at start; on a later version the lines that ended keep past dates true.
func (m *Module) SyncCatalogue(ctx context.Context) error {
	cat := m.cat.Load()
	return m.Needs.Gate.Keep(ctx, &dutyCatalogue, func(tx core.Tx) error {
		now := clock.Micros(m.Needs.Clock.Now())
		noted, err := permissionsAt(ctx, tx, "builtin", now)
		if err != nil {
			return err
		}
		for id, r := range cat.roles {
			if err := holdOnly(ctx, tx, "builtin", id, noted[id], r.Permissions, now); err != nil {
				return err
			}
		}
		for id, before := range noted {
			if cat.roles[id] == nil {
				if err := holdOnly(ctx, tx, "builtin", id, before, nil, now); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func permissionsAt(ctx context.Context, tx core.Tx, org core.ID, at int64) (map[string][]core.Permission, error) {
	all := map[string][]core.Permission{}
	_, err := db.All(ctx, tx, qPermissionsAt, func(scan db.Scan) (struct{}, error) {
		var role string
		var p core.Permission
		err := scan(&role, &p)
		all[role] = append(all[role], p)
		return struct{}{}, err
	}, org, at)
	return all, err
}
