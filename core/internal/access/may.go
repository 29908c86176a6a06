package access

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
)

// May tells which of some permissions an actor holds in an organization now: what a menu shows. It is asked of the same
// rows and policies as a decision, and does not count as use; what is one's own is asked about oneself. An unknown permission is not held.
func (m *Module) May(ctx context.Context, tx core.Tx, actor core.Actor, org core.ID, ask []core.Permission) (map[core.Permission]bool, error) {
	held := make(map[core.Permission]bool, len(ask))
	now := m.Needs.Clock.Now()
	for def, r := range m.cat.Load().rules {
		if def.Reach != core.ByAssignment && def.Reach != core.BySelf || held[def.Permission] || !slices.Contains(ask, def.Permission) {
			continue
		}
		f, err := m.read(ctx, tx, question{rule: r, actor: actor, org: org, self: def.Reach == core.BySelf, now: now})
		if err != nil {
			return nil, err
		}
		held[def.Permission] = f.decide(r.policies).allowed
	}
	return held, nil
}
