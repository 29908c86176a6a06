package register

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
)

// lapses are how its rows end by time.
var lapses = lapse.Of(
	lapse.Line{
		Table: "register_hand", Rule: "7y", Key: []string{"org", "id"}, Org: "org", Since: "ended_at",
		With: []string{db.SQL(`DELETE FROM register_version WHERE org = $1 AND hand = $2`)}, Takes: []string{"register_version"},
	},
	lapse.Line{Table: "register_suspension", Rule: "7y", Key: []string{"org", "id"}, Org: "org", Since: "lifted_at"},
	lapse.Line{ // the newest approval of a form stays
		Table: "register_approval", Rule: "7y", Key: []string{"org", "form", "number"}, Org: "org", Since: "approved_at",
		Where: "number < (SELECT max(n.number) FROM register_approval n WHERE n.org = register_approval.org AND n.form = register_approval.form)",
	},
)

// Due tells which organizations have rows whose period began before a date.
func (*Module) Due(ctx context.Context, tx core.Tx, rule string, before time.Time) ([]core.ID, error) {
	return lapses.Due(ctx, tx, rule, before)
}

// Expire ends rows of a retention rule.
func (*Module) Expire(ctx context.Context, tx core.Tx, e core.Expiry) ([]core.Receipt, error) {
	return lapses.Expire(ctx, tx, e)
}

// Expires lists the tables that end by time.
func (*Module) Expires() []core.Receipt { return lapses.Expires() }

// estates are what it keeps of organizations.
var estates = lapse.Owned(
	lapse.Estate{Table: "register_flag"}, lapse.Estate{Table: "register_approval"}, lapse.Estate{Table: "register_suspension"},
	lapse.Estate{Table: "register_version"}, lapse.Estate{Table: "register_hand"},
)

// EraseOrg ends what it keeps of an organization whose contract has ended.
func (*Module) EraseOrg(ctx context.Context, tx core.Tx, org core.ID, _ func(context.Context, core.Archived) error) ([]core.Receipt, error) {
	return estates.Erase(ctx, tx, org)
}

// Estates lists the tables of organizations.
func (*Module) Estates() []core.Receipt { return estates.List() }

// ExportOrg gives what it keeps of an organization, for the organization to take away.
func (m *Module) ExportOrg(ctx context.Context, tx core.Tx, org core.ID, emit func(core.Record) error) error {
	return estates.Export(ctx, tx, org, m.Manifest(), emit)
}
