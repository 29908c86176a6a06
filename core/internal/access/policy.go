package access

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"sort"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"github.com/rempart/rempart/core"
)

//go:embed policies/*.cedar
var policyFiles embed.FS

// Policy is one statement of policies/*.cedar with its annotations.
type Policy struct {
	ID string // @id
	// Source says which rows can make a permit apply (@source), so that 'who can' knows where to look for candidates:
	// "access_assignment", "self", "everyone" or "system". Empty for a forbid.
	Source string
	Clause string    // @clause: the promise that it keeps
	Title  core.Text // @fr, @en
	Permit bool
	Text   string // the statement as Cedar writes it

	compiled *cedar.Policy
	group    string // the Reach that its action scope asks for; empty: any action
}

// Policies gives the policies in force, in the order of their ids.
func Policies() ([]Policy, error) {
	var all []Policy
	names, err := fs.Glob(policyFiles, "policies/*.cedar")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := policyFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		some, err := parsePolicies(name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	for i := 1; i < len(all); i++ {
		if all[i].ID == all[i-1].ID {
			return nil, fmt.Errorf("access: two policies are called %s", all[i].ID)
		}
	}
	return all, nil
}

func parsePolicies(name string, text []byte) ([]Policy, error) {
	list, err := cedar.NewPolicyListFromBytes(name, text)
	if err != nil {
		return nil, fmt.Errorf("access: policies of %s: %w", name, err)
	}
	all := make([]Policy, 0, len(list))
	for i, c := range list {
		notes := c.Annotations()
		p := Policy{
			ID: string(notes["id"]), Source: string(notes["source"]), Clause: string(notes["clause"]),
			Title:  core.Text{FR: string(notes["fr"]), EN: string(notes["en"])},
			Permit: c.Effect() == cedar.Permit, Text: string(c.MarshalCedar()), compiled: c,
		}
		if p.ID == "" || p.Title.FR == "" || p.Title.EN == "" || p.Clause == "" || p.Permit != (p.Source != "") {
			return nil, fmt.Errorf("access: policy %d of %s lacks an annotation: @id, @clause, @fr, @en, and @source for a permit", i+1, name)
		}
		if p.group, err = actionGroup(c); err != nil {
			return nil, fmt.Errorf("access: policy %s: %w", p.ID, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// actionGroup reads the action scope of a policy: the Reach it asks for, "" for any action. Only these two forms are
// used, so that slicing by action can be exact.
func actionGroup(c *cedar.Policy) (string, error) {
	text, err := c.MarshalJSON()
	if err != nil {
		return "", err
	}
	var form struct {
		Action struct {
			Op     string                    `json:"op"`
			Entity struct{ Type, ID string } `json:"entity"`
		} `json:"action"`
	}
	if err := json.Unmarshal(text, &form); err != nil {
		return "", err
	}
	switch {
	case form.Action.Op == "All":
		return "", nil
	case form.Action.Op == "in" && form.Action.Entity.Type == typeReach:
		return form.Action.Entity.ID, nil
	}
	return "", fmt.Errorf("its action scope is neither open nor a Reach")
}

// The Cedar types.
const (
	typeReach        = "Reach"
	typeRole         = "Role"
	typeScoped       = "Scoped"
	typePerson       = "Person"
	typeService      = "Service"
	typeSystem       = "System"
	typeNobody       = "Nobody"
	typeAction       = "Action"
	typeOrganization = "Organization"
	typePlatform     = "Platform"
)

var reachNames = [...]string{core.ByAssignment: "assignment", core.BySelf: "self", core.ByAnyone: "anyone", core.BySystem: "system"}

// policySlice is the policies that can apply to one action.
type policySlice []Policy

// All walks them, for cedar.Authorize.
func (s policySlice) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for i := range s {
			if !yield(cedar.PolicyID(s[i].ID), s[i].compiled) {
				return
			}
		}
	}
}

// slicePolicies keeps the policies whose action scope holds for an action of these groups.
func slicePolicies(all []Policy, groups []string) policySlice {
	var some policySlice
	for _, p := range all {
		keep := p.group == ""
		for _, g := range groups {
			keep = keep || p.group == g
		}
		if keep {
			some = append(some, p)
		}
	}
	return some
}

// rule is one declared act, made ready to be decided.
type rule struct {
	def      *core.ActDef
	module   string
	action   types.EntityUID
	parents  types.EntityUIDSet
	policies policySlice
	roles    map[string]bool // built-in roles that hold the permission, support apart
	holders  types.Set       // the same, for Cedar
	support  bool            // the support role holds it
}

func newRule(def *core.ActDef, module string, roles map[string]bool, all []Policy) *rule {
	groups := []string{reachNames[def.Reach]}
	if def.Staff {
		groups = append(groups, "staff")
	}
	uids := make([]types.EntityUID, len(groups))
	for i, g := range groups {
		uids[i] = types.NewEntityUID(typeReach, types.String(g))
	}
	r := &rule{
		def: def, module: module, action: actionUID(def.Permission), parents: types.NewEntityUIDSet(uids...),
		policies: slicePolicies(all, groups), roles: make(map[string]bool, len(roles)), support: roles[RoleSupport],
	}
	for role := range roles {
		if role != RoleSupport {
			r.roles[role] = true
		}
	}
	r.holders = roleSet(r.roles)
	return r
}

func actionUID(p core.Permission) types.EntityUID {
	return types.NewEntityUID(typeAction, types.String(p))
}

func roleUID(role string) types.EntityUID { return types.NewEntityUID(typeRole, types.String(role)) }

// scopedUID names a role assigned on a service, on one object, or on one object of a service.
func scopedUID(role, service string, object core.ID) types.EntityUID {
	return types.NewEntityUID(typeScoped, types.String(role+"/"+service+"/"+string(object)))
}

func roleSet(roles map[string]bool) types.Set {
	values := make([]types.Value, 0, len(roles))
	for r := range roles {
		values = append(values, roleUID(r))
	}
	return types.NewSet(values...)
}

// PoliciesInForce gives the policies that decide, in the order of their ids.
func (m *Module) PoliciesInForce() []Policy { return m.policies }
