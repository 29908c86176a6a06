package organization

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
)

// lapses are how its rows end by time.
var lapses = lapse.Of(
	lapse.Line{Table: "organization_signup", Rule: "24h", Key: []string{"id"}, Since: "expires_at - 86400000000"},
	lapse.Line{Table: "organization_import", Rule: "24h", Key: []string{"org", "id"}, Org: "org", Since: "expires_at - 86400000000", Where: "state = 'ready'"},
	lapse.Line{
		Table: "organization_import", Rule: "24h", Key: []string{"org", "id"}, Org: "org", Since: "expires_at - 86400000000", Where: "state = 'applied'",
		Clear: "state = 'ended', undo = NULL",
	},
	lapse.Line{Table: "organization_invitation", Rule: "invitation", Key: []string{"org", "id"}, Org: "org", Person: "person", Since: "expires_at"},
	lapse.Line{
		Table: "organization_member", Rule: "membership", Key: []string{"org", "id"}, Org: "org", Person: "person", Since: "left_at", Where: "state = 'left'",
		Keep: []string{"person", "functional", "state", "invited_at", "joined_at", "left_at"},
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
	lapse.Estate{Table: "organization_invitation"},
	lapse.Estate{Table: "organization_import"},
	lapse.Estate{Table: "organization_member"},
	lapse.Estate{Table: "organization_organization", Org: "id"},
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

var (
	qEver    = db.SQL(`SELECT DISTINCT person FROM organization_member WHERE org = $1 AND person > $2 ORDER BY person LIMIT $3`)
	qAllGone = db.SQL(`SELECT person FROM organization_member WHERE person > $1 GROUP BY person
		HAVING sum(CASE WHEN state = 'left' THEN 0 ELSE 1 END) = 0 AND max(joined_at) > 0 ORDER BY person LIMIT $2`)
)

// Ever lists the persons who are or were members of an organization, by id, after one, at most limit.
func (m *Module) Ever(ctx context.Context, tx core.Tx, org, after core.ID, limit int) ([]core.ID, error) {
	return db.All(ctx, tx, qEver, db.Value[core.ID], org, after, limit)
}

// Gone lists the persons all of whose memberships have ended, by id, after one, at most limit.
func (m *Module) Gone(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.ID, error) {
	return db.All(ctx, tx, qAllGone, db.Value[core.ID], after, limit)
}

// ExportOrg gives what it keeps of an organization, for the organization to take away.
func (m *Module) ExportOrg(ctx context.Context, tx core.Tx, org core.ID, emit func(core.Record) error) error {
	return estates.Export(ctx, tx, org, m.Manifest(), emit)
}
