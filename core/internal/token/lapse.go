package token

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/lapse"
)

// lapses are how its rows end by time.
var lapses = lapse.Of(
	lapse.Line{
		Table: "token_token", Rule: "session", Key: []string{"id"}, Org: "CASE WHEN org = '' THEN 'platform' ELSE org END", Person: "owner",
		Since: "CASE WHEN ended_at > 0 AND ended_at < ends_at THEN ended_at ELSE ends_at END",
	},
	lapse.Line{Table: "token_reply", Rule: "reply", Key: []string{"actor", "key"}, Person: "actor", Since: "made_at"},
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
	lapse.Estate{Table: "token_token"},
	lapse.Estate{Table: "token_service"},
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
