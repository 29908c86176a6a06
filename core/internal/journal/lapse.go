package journal

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/lapse"
)

var inLog = core.Text{
	FR: "le journal reste vérifiable jusqu'au terme de sa durée ; ses parties personnelles ne s'ouvrent plus une fois les clés détruites",
	EN: "the journal stays verifiable until the end of its time; its personal parts no longer open once the keys are destroyed",
}

// estates are what it keeps of organizations.
var estates = lapse.Owned(
	lapse.Estate{Table: "journal_search"},
	lapse.Estate{Table: "journal_visit", Stays: inLog, Ground: core.LegitimateInterest},
	lapse.Estate{Table: "journal_pending", Stays: inLog, Ground: core.LegitimateInterest},
	lapse.Estate{Table: "journal_log", Stays: inLog, Ground: core.LegitimateInterest},
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
