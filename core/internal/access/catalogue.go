package access

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/rempart/rempart/core"
)

// PermissionInfo is one permission of the catalogue, gathered from the acts that the manifests declare.
type PermissionInfo struct {
	Name        core.Permission
	Module      string
	ModuleTitle core.Text
	Title       core.Text
	Resource    string
	Verb        core.Verb
	Staff       bool
	StepUp      bool // asks for a fresh proof of identity
	// Assignable permissions are those that a role can hold; the others are everyone's own, or the system's.
	Assignable bool
	Holders    []string // built-in roles, sorted
}

// catalogue is what the manifests declare: acts, permissions, built-in roles. It never changes once made.
type catalogue struct {
	rules       map[*core.ActDef]*rule
	byName      map[core.Permission]*rule // the act that an assignment permits, where several share a permission
	permissions map[core.Permission]*PermissionInfo
	sorted      []core.Permission
	roles       map[string]*core.Role // built-in, with their permissions
	roleOrder   []string
	modules     map[string]core.Text
}

func newCatalogue(manifests []core.Manifest, policies []Policy) (*catalogue, error) {
	c := &catalogue{
		rules: map[*core.ActDef]*rule{}, byName: map[core.Permission]*rule{}, permissions: map[core.Permission]*PermissionInfo{},
		roles: map[string]*core.Role{}, modules: map[string]core.Text{},
	}
	for _, r := range builtin {
		c.addRole(r)
	}
	for _, m := range manifests {
		c.modules[m.Module] = m.Title
		for _, r := range m.Roles {
			if _, taken := c.roles[r.ID]; taken {
				return nil, fmt.Errorf("access: role %s is declared twice", r.ID)
			}
			c.addRole(r)
		}
	}
	for _, m := range manifests {
		for _, def := range m.Acts {
			if err := c.addAct(m, def); err != nil {
				return nil, err
			}
		}
	}
	if err := c.fillRoles(); err != nil {
		return nil, err
	}
	for _, m := range manifests {
		for _, def := range m.Acts {
			roles := map[string]bool{}
			for _, h := range c.permissions[def.Permission].Holders {
				roles[h] = true
			}
			r := newRule(def, m.Module, roles, policies)
			c.rules[def] = r
			if known := c.byName[def.Permission]; def.Reach == core.ByAssignment && (known == nil || known.def.Staff && !def.Staff) {
				c.byName[def.Permission] = r
			}
		}
	}
	c.sorted = slices.Sorted(maps.Keys(c.permissions))
	return c, nil
}

func (c *catalogue) addRole(r core.Role) {
	r.Permissions = slices.Clone(r.Permissions)
	c.roles[r.ID] = &r
	c.roleOrder = append(c.roleOrder, r.ID)
}

// addAct adds the permission of an act, or joins it to the one of the same name.
func (c *catalogue) addAct(m core.Manifest, def *core.ActDef) error {
	if noun, verb, ok := strings.Cut(string(def.Permission), "."); !ok || noun == "" || verb == "" {
		return fmt.Errorf("access: module %s: permission %q is not noun.verb", m.Module, def.Permission)
	}
	p := c.permissions[def.Permission]
	if p == nil {
		p = &PermissionInfo{
			Name: def.Permission, Module: m.Module, ModuleTitle: m.Title, Title: def.Title,
			Resource: def.Resource, Verb: def.Verb, Staff: def.Staff,
		}
		c.permissions[def.Permission] = p
	}
	if p.Module != m.Module {
		return fmt.Errorf("access: permission %s is declared by %s and by %s", def.Permission, p.Module, m.Module)
	}
	p.Staff = p.Staff && def.Staff
	p.StepUp = p.StepUp || def.Fresh > 0
	if def.Reach != core.ByAssignment {
		return nil
	}
	if !p.Assignable {
		p.Assignable, p.Title = true, def.Title
	}
	for _, h := range def.Holders {
		if c.roles[h] == nil {
			return fmt.Errorf("access: permission %s is held by role %q, which nobody declares", def.Permission, h)
		}
		p.Holders = append(p.Holders, h)
	}
	if supportReads(def) {
		p.Holders = append(p.Holders, RoleSupport)
	}
	return nil
}

// fillRoles gives each role the permissions whose acts name it, and each permission the roles that name it.
func (c *catalogue) fillRoles() error {
	for id, r := range c.roles {
		for _, name := range r.Permissions {
			p := c.permissions[name]
			if p == nil || !p.Assignable {
				return fmt.Errorf("access: role %s holds %s, which no act declares as assignable", id, name)
			}
			p.Holders = append(p.Holders, id)
		}
	}
	for name, p := range c.permissions {
		slices.Sort(p.Holders)
		p.Holders = slices.Compact(p.Holders)
		for _, h := range p.Holders {
			r := c.roles[h]
			if !slices.Contains(r.Permissions, name) {
				r.Permissions = append(r.Permissions, name)
			}
		}
	}
	for _, r := range c.roles {
		slices.Sort(r.Permissions)
	}
	return nil
}

// Permissions lists every permission that a role can hold in org, by module then name.
func (m *Module) Permissions(org core.ID) []PermissionInfo {
	c := m.cat.Load()
	var out []PermissionInfo
	for _, name := range c.sorted {
		p := c.permissions[name]
		if p.Assignable && p.fits(org) {
			out = append(out, *p)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Module < out[j].Module })
	return out
}

// fits tells whether a permission has a meaning in org: some role that can be given there holds it.
func (p *PermissionInfo) fits(org core.ID) bool {
	if len(p.Holders) == 0 {
		return !p.Staff || org == core.Platform
	}
	for _, h := range p.Holders {
		if strings.HasPrefix(h, "provider.") == (org == core.Platform) {
			return true
		}
	}
	return false
}

// Titled gives the title of a permission, its own name when the catalogue does not know it.
func (m *Module) Titled(p core.Permission) core.Text {
	if info := m.cat.Load().permissions[p]; info != nil {
		return info.Title
	}
	return core.Text{FR: string(p), EN: string(p)}
}
