package organization

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// Masks tells whose data must not be shown by the act that a transaction serves (article 18 GDPR).
type Masks interface {
	Masks(ctx context.Context, tx core.Tx, persons ...core.ID) (map[core.ID]bool, error)
}

var tRestricted = i18n.T("Données limitées", "Restricted data")

// masked blanks, where members are read to be shown, those whose data must not be: the line stays, and nothing typed of them.
func (m *Module) masked(ctx context.Context, tx core.Tx, list ...*Member) error {
	act := core.ActOf(tx)
	if m.needs.Masks == nil || act == nil || len(list) == 0 || act.Def.Verb != core.Reads && act.Def.Verb != core.Exports {
		return nil
	}
	ids := make([]core.ID, len(list))
	for i, n := range list {
		ids[i] = n.Person
	}
	hidden, err := m.needs.Masks.Masks(ctx, tx, ids...)
	if err != nil || len(hidden) == 0 {
		return err
	}
	for _, n := range list {
		if hidden[n.Person] {
			n.Name, n.Email, n.sort, n.find = tRestricted.In(ctx), "", "", ""
			n.Function, n.Department, n.Group, n.Committee = "", "", "", ""
		}
	}
	return nil
}
