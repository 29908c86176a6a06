package recognition

import (
	"context"
	"log/slog"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
)

// cardEstates end with the organization.
var cardEstates = []lapse.Estate{
	{Table: "recognition_number"},
	{Table: "recognition_card"},
	{Table: "recognition_shelf"},
	{Table: "recognition_trunk"},
	{Table: "recognition_link"},
}

var qKeysOf = db.SQL(`SELECT id FROM recognition_link WHERE org = $1`)

// leaveCards goes with the end of an organization's rows: once they are committed away, the keys of its links are destroyed and every
// node forgets what it holds of it.
func (m *Module) leaveCards(ctx context.Context, tx core.Tx, org core.ID) error {
	links, err := db.All(ctx, tx, qKeysOf, db.Value[core.ID], org)
	if err != nil {
		return err
	}
	tx.Notify(topicCards, string(org))
	ctx = context.WithoutCancel(ctx)
	tx.OnCommit(func() {
		for _, l := range links {
			if err := m.needs.Keys.DestroyKey(ctx, l); err != nil {
				m.needs.Log.ErrorContext(ctx, "the key of a link of an organization that ended was not destroyed", slog.String("link", string(l)), slog.String("error", err.Error()))
			}
		}
	})
	return nil
}
