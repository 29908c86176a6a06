package incident

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
		Table: "incident_incident", Rule: "7y", Key: []string{"id"}, Since: "closed_at",
		With: []string{
			db.SQL(`DELETE FROM incident_step WHERE incident = $1`), db.SQL(`DELETE FROM incident_hand WHERE incident = $1`),
			db.SQL(`DELETE FROM incident_task WHERE incident = $1`), db.SQL(`DELETE FROM incident_evidence WHERE incident = $1`),
			db.SQL(`DELETE FROM incident_scope WHERE incident = $1`), db.SQL(`DELETE FROM incident_affected WHERE incident = $1`),
			db.SQL(`DELETE FROM incident_notice WHERE incident = $1`), db.SQL(`DELETE FROM incident_reminder WHERE incident = $1`),
		},
		Takes: []string{"incident_step", "incident_hand", "incident_task", "incident_evidence", "incident_scope", "incident_affected", "incident_notice", "incident_reminder"},
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

var tKept = core.Text{
	FR: "le registre des violations garde ce qui a été notifié (article 33-5), sept ans après la clôture",
	EN: "the register of breaches keeps what was notified (article 33-5), seven years after the closing",
}

// estates are what it keeps of organizations.
var estates = lapse.Owned(
	lapse.Estate{Table: "incident_notice", Stays: tKept, Ground: core.LegalObligation},
	lapse.Estate{Table: "incident_affected", Stays: tKept, Ground: core.LegalObligation},
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
