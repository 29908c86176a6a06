package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
)

// arrange puts what is shown of callers into the order that was chosen for their tool.
func (m *Module) arrange(ctx context.Context, tx core.Tx, org core.ID, rows []callRow) error {
	orders := map[core.ID][]string{}
	for _, r := range rows {
		for i := range r.Cards {
			c := &r.Cards[i]
			if len(c.Shown) < 2 {
				continue
			}
			order, known := orders[c.Source]
			if !known {
				l, err := m.readLink(ctx, tx, org, c.Source)
				if err != nil && core.KindOf(err) != core.NotFound {
					return err
				}
				order = l.Mapping.Order
				orders[c.Source] = order
			}
			c.Order = order
		}
	}
	return nil
}
