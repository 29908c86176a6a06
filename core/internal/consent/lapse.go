package consent

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/lapse"
)

// lapses are how its rows end by time. The answer that stands is never among them, however old.
var lapses = lapse.Of(
	lapse.Line{
		Table: "consent_record", Rule: "consent", Key: []string{"org", "id"}, Org: "org", Person: "person", Since: "at",
		Where: `given = 0 OR EXISTS (SELECT 1 FROM consent_record n WHERE n.org = consent_record.org AND n.question = consent_record.question
			AND n.person = consent_record.person AND n.at > consent_record.at)`,
	},
	lapse.Line{
		Table: "consent_share", Rule: "share-trace", Key: []string{"org", "id"}, Org: "org", Person: "person", Since: "ended_at", Where: "ended_at > 0",
	},
)

// Due tells which organizations have rows that ended before a date.
func (*Module) Due(ctx context.Context, tx core.Tx, rule string, before time.Time) ([]core.ID, error) {
	return lapses.Due(ctx, tx, rule, before)
}

// Expire forgets old answers that no longer stand, and the trace of shares that ended.
func (*Module) Expire(ctx context.Context, tx core.Tx, e core.Expiry) ([]core.Receipt, error) {
	return lapses.Expire(ctx, tx, e)
}

// Expires lists the tables that end by time.
func (*Module) Expires() []core.Receipt { return lapses.Expires() }

// estates are what it keeps of organizations.
var estates = lapse.Owned(
	lapse.Estate{Table: "consent_copy"}, lapse.Estate{Table: "consent_note"}, lapse.Estate{Table: "consent_share"}, lapse.Estate{Table: "consent_record"},
	lapse.Estate{Table: "consent_text"}, lapse.Estate{Table: "consent_question"},
)

// EraseOrg ends what it keeps of an organization whose contract has ended; the keys of its shares go with those of the
// organization.
func (m *Module) EraseOrg(ctx context.Context, tx core.Tx, org core.ID, _ func(context.Context, core.Archived) error) ([]core.Receipt, error) {
	return estates.Erase(ctx, tx, org)
}

// Estates lists the tables of organizations.
func (*Module) Estates() []core.Receipt { return estates.List() }

// ExportOrg gives what it keeps of an organization, for the organization to take away.
func (m *Module) ExportOrg(ctx context.Context, tx core.Tx, org core.ID, emit func(core.Record) error) error {
	return estates.Export(ctx, tx, org, m.Manifest(), emit)
}
