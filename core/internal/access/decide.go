package access

import (
	"context"
	"fmt"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Decide answers whether actor may do act, from rows read in tx, now. It returns nil, or an Error whose kind says what
// to answer: Unauthenticated (nobody signed in), NotFound (not theirs to know: another organization, the provider's
// console), Forbidden (the permission is lacking and named, a suspension with its reason and end, an address, a token's
// scope), StepUp (the proof of identity is too old). An act that no manifest declares is refused.
func (m *Module) Decide(ctx context.Context, tx core.Tx, actor core.Actor, act *core.Act) error {
	r, ok := m.cat.Load().rules[act.Def]
	if !ok {
		name := core.Permission("nil")
		if act.Def != nil {
			name = act.Def.Permission
		}
		return errUndeclared.Because(fmt.Errorf("act %s", name))
	}
	if actor.Kind == core.Anonymous && r.def.Reach != core.ByAnyone {
		return errUnauthenticated
	}
	now := m.Needs.Clock.Now()
	f, err := m.read(ctx, tx, ask(r, actor, act, now))
	if err != nil {
		return err
	}
	v := f.decide(r.policies)
	if len(v.errors) > 0 {
		return errUndeclared.Because(fmt.Errorf("policies failed: %v", v.errors))
	}
	if !v.allowed {
		return f.explain(ctx, v)
	}
	if f.staff && m.Needs.Duties != nil {
		if err := m.Needs.Duties.Blocked(ctx, tx, actor.ID, act); err != nil {
			return err
		}
	}
	if r.def.Fresh > 0 && actor.Kind != core.SystemActor {
		if actor.AuthenticatedAt.IsZero() || now.Sub(actor.AuthenticatedAt) > r.def.Fresh || actor.AuthenticatedAt.After(now) {
			return errStepUp
		}
	}
	if actor.Kind != core.SystemActor {
		m.noteUse(f.org, actor.ID, r.def, now)
	}
	return nil
}

// verdict is what Cedar answered: the policies that permitted, or those that forbade.
type verdict struct {
	allowed  bool
	policies []string
	errors   []string
}

func (v verdict) has(policy string) bool {
	for _, p := range v.policies {
		if p == policy {
			return true
		}
	}
	return false
}

// entities gives Cedar the actor with its roles and the action with its reach.
type entities struct {
	actor  types.Entity
	action types.Entity
}

// Get implements types.EntityGetter.
func (e *entities) Get(uid types.EntityUID) (types.Entity, bool) {
	switch uid {
	case e.actor.UID:
		return e.actor, true
	case e.action.UID:
		return e.action, true
	}
	return types.Entity{}, false
}

func (f *facts) decide(policies policySlice) verdict {
	principal := types.NewEntityUID(types.EntityType(f.kind), types.String(f.actor))
	resource := types.NewEntityUID(typeOrganization, types.String(f.org))
	if f.org == core.Platform {
		resource.Type = typePlatform
	}
	context := types.RecordMap{
		"self": types.Boolean(f.self), "inside": types.Boolean(f.inside), "known": types.Boolean(f.known),
		"staff": types.Boolean(f.staff), "home": types.Boolean(f.home),
		"holders": f.holders(), "here": f.here(), "supportHolds": types.Boolean(f.rule.support),
		"suspendedPerson":       types.Boolean(f.suspended(ScopePerson)),
		"suspendedOrganization": types.Boolean(f.suspended(ScopeOrganization)),
		"suspendedService":      types.Boolean(f.suspended(ScopeService)),
		"addressAllowed":        types.Boolean(f.addressOK),
	}
	if f.scopes != nil {
		values := make([]types.Value, len(f.scopes))
		for i, s := range f.scopes {
			values[i] = actionUID(s)
		}
		context["scopes"] = types.NewSet(values...)
	}
	e := &entities{
		actor:  types.Entity{UID: principal, Parents: types.NewEntityUIDSet(f.parents()...)},
		action: types.Entity{UID: f.rule.action, Parents: f.rule.parents},
	}
	return authorize(policies, e, cedar.Request{
		Principal: principal, Action: f.rule.action, Resource: resource, Context: types.NewRecord(context),
	})
}

// authorize asks Cedar. A policy that fails to evaluate never permits: the decision is refused.
func authorize(policies policySlice, e types.EntityGetter, request cedar.Request) verdict {
	decision, diagnostic := cedar.Authorize(policies, e, request)
	v := verdict{allowed: decision == cedar.Allow && len(diagnostic.Errors) == 0}
	for _, r := range diagnostic.Reasons {
		v.policies = append(v.policies, string(r.PolicyID))
	}
	for _, e := range diagnostic.Errors {
		v.errors = append(v.errors, string(e.PolicyID)+": "+e.Message)
	}
	return v
}

// explain turns a refusal into its error. Whoever is not known to the organization learns nothing of it, not even that
// it exists; only then come suspension, address, scope and the permission that is lacking.
func (f *facts) explain(ctx context.Context, v verdict) error {
	def := f.rule.def
	title := i18n.From(def.Title).In(ctx)
	switch {
	case def.Reach == core.BySystem, v.has("forbid.staff-only"):
		return errNotFound
	case def.Reach == core.BySelf && (!f.self || !f.known):
		return errNotFound
	case def.Reach == core.ByAssignment && !f.inside && !f.supports():
		return errNotFound
	}
	for _, scope := range []string{ScopePerson, ScopeOrganization, ScopeService} {
		for _, b := range f.blocks {
			if b.Scope == scope {
				return SuspendedError(ctx, b)
			}
		}
	}
	switch {
	case v.has("forbid.address"):
		return errAddress
	case v.has("forbid.token"):
		return withArgs(errTokenScope, title, def.Permission)
	}
	return withArgs(errForbidden, title, def.Permission)
}
