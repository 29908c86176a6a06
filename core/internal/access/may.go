package access

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// May tells which of some permissions an actor holds in an organization now: what a menu shows. It is asked of the same
// policies as a decision, of rows read once for all of them, and does not count as use; what is one's own is asked about
// oneself. A suspension or an address list of one service is left out: the gate decides again when the act comes. An
// unknown permission is not held.
func (m *Module) May(ctx context.Context, tx core.Tx, actor core.Actor, org core.ID, ask []core.Permission) (map[core.Permission]bool, error) {
	held := make(map[core.Permission]bool, len(ask))
	cat := m.cat.Load()
	base, err := m.read(ctx, tx, question{rule: cat.rules[&ReadRoles], actor: actor, org: org, now: m.Needs.Clock.Now()})
	if err != nil {
		return nil, err
	}
	base.blocks = slices.DeleteFunc(base.blocks, func(b core.Block) bool { return b.Scope == ScopeService })
	custom, err := m.customHeld(ctx, tx, cat, base)
	if err != nil {
		return nil, err
	}
	for def, r := range cat.rules {
		if def.Reach != core.ByAssignment && def.Reach != core.BySelf || held[def.Permission] || !slices.Contains(ask, def.Permission) {
			continue
		}
		f := *base
		f.rule, f.self, f.custom = r, def.Reach == core.BySelf, custom[def.Permission]
		held[def.Permission] = f.decide(r.policies).allowed
	}
	return held, nil
}

// customHeld tells which of the organization's own roles that the actor has hold each permission.
func (m *Module) customHeld(ctx context.Context, tx core.Tx, cat *catalogue, f *facts) (map[core.Permission]map[string]bool, error) {
	out := map[core.Permission]map[string]bool{}
	for _, h := range f.held {
		if cat.roles[h.role] != nil {
			continue
		}
		perms, err := db.All(ctx, tx, qRolePermissions, db.Value[core.Permission], f.org, h.role)
		if err != nil {
			return nil, err
		}
		for _, p := range perms {
			if out[p] == nil {
				out[p] = map[string]bool{}
			}
			out[p][h.role] = true
		}
	}
	return out, nil
}
