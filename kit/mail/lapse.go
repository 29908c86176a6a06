package mail

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/lapse"
)

// lapses are how its rows end by time.
var lapses = lapse.Of(
	lapse.Line{Table: "mail_outbox", Rule: "30d", Key: []string{"id"}, Org: "CASE WHEN org = '' THEN 'platform' ELSE org END", Person: "person", Since: "done_at", Where: "state <> 'queued'"},
)

// Due tells which organizations have rows whose period began before a date.
func (*Outbox) Due(ctx context.Context, tx core.Tx, rule string, before time.Time) ([]core.ID, error) {
	return lapses.Due(ctx, tx, rule, before)
}

// Expire ends rows of a retention rule.
func (*Outbox) Expire(ctx context.Context, tx core.Tx, e core.Expiry) ([]core.Receipt, error) {
	return lapses.Expire(ctx, tx, e)
}

// Expires lists the tables that end by time.
func (*Outbox) Expires() []core.Receipt { return lapses.Expires() }

// estates are what it keeps of organizations.
var estates = lapse.Owned(
	lapse.Estate{Table: "mail_outbox"},
)

// EraseOrg ends what it keeps of an organization whose contract has ended.
func (*Outbox) EraseOrg(ctx context.Context, tx core.Tx, org core.ID, _ func(context.Context, core.Archived) error) ([]core.Receipt, error) {
	return estates.Erase(ctx, tx, org)
}

// Estates lists the tables of organizations.
func (*Outbox) Estates() []core.Receipt { return estates.List() }

// ExportOrg gives what it keeps of an organization, for the organization to take away.
func (o *Outbox) ExportOrg(ctx context.Context, tx core.Tx, org core.ID, emit func(core.Record) error) error {
	return estates.Export(ctx, tx, org, o.Manifest(), emit)
}
