package erasure

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/lapse"
)

var tReplayed = core.Text{
	FR: "un ordre d'effacement est rejoué après toute restauration : sans lui, la personne reviendrait",
	EN: "an order of erasure is replayed after any restore: without it, the person would come back",
}

// estates are what it keeps of organizations.
var estates = lapse.Owned(
	lapse.Estate{Table: "erasure_notice"},
	lapse.Estate{Table: "erasure_order", Stays: tReplayed, Ground: core.LegalObligation},
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
