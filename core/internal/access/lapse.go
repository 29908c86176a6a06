package access

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/lapse"
)

// lapses are how its rows end by time.
var lapses = lapse.Of(
	lapse.Line{Table: "access_usage", Rule: "12m", Key: []string{"org", "person", "permission"}, Org: "org", Person: "person", Since: "last_day * 86400000000"},
	lapse.Line{
		Table: "access_assignment", Rule: "7y", Key: []string{"org", "id"}, Org: "org", Person: "person",
		Since: "CASE WHEN revoked_at > 0 THEN revoked_at ELSE until_at END",
		Keep:  []string{"person", "role", "service", "object", "approver", "given_by", "given_at", "from_at", "until_at", "revoked_at", "revoked_by"},
	},
	lapse.Line{
		Table: "access_suspension", Rule: "7y", Key: []string{"id"}, Org: "decided_in", Person: "CASE WHEN scope = 'person' THEN target ELSE '' END",
		Since: "CASE WHEN lifted_at > 0 THEN lifted_at ELSE until_at END",
		Keep:  []string{"acts_in", "scope", "target", "reason", "declared_by", "from_at", "until_at", "lifted_at", "lifted_by"},
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
	lapse.Estate{Table: "access_assignment"},
	lapse.Estate{Table: "access_suspension", Where: "decided_in = $1 OR acts_in = $1 OR target = $1"},
	lapse.Estate{Table: "access_role_permission"},
	lapse.Estate{Table: "access_role"},
	lapse.Estate{Table: "access_allow"},
	lapse.Estate{Table: "access_usage"},
)

// EraseOrg ends what it keeps of an organization whose contract has ended.
func (*Module) EraseOrg(ctx context.Context, tx core.Tx, org core.ID, archive func(context.Context, core.Archived) error) ([]core.Receipt, error) {
	moved, err := lapses.Leave(ctx, tx, org, archive)
	if err != nil {
		return nil, err
	}
	gone, err := estates.Erase(ctx, tx, org)
	return append(moved, gone...), err
}

// Estates lists the tables of organizations.
func (*Module) Estates() []core.Receipt { return estates.List() }

// ExportOrg gives what it keeps of an organization, for the organization to take away.
func (m *Module) ExportOrg(ctx context.Context, tx core.Tx, org core.ID, emit func(core.Record) error) error {
	return estates.Export(ctx, tx, org, m.Manifest(), emit)
}
