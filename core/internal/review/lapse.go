package review

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/lapse"
)

// lapses are how its rows end by time.
var lapses = lapse.Of(
	lapse.Line{
		Table: "review_request", Rule: "7y", Key: []string{"org", "id"}, Org: "org", Person: "person",
		Since: "CASE WHEN judged_at > 0 THEN judged_at ELSE expires_at END", Where: "state NOT IN ('asked', 'confirm')",
		Keep: []string{"person", "role", "service", "object", "state", "until_at", "asked_at", "judge", "judged_at", "confirmer", "assignment"},
	},
	lapse.Line{
		Table: "review_line", Rule: "7y", Key: []string{"org", "campaign", "id"}, Org: "org", Person: "person",
		Since: "SELECT c.closed_at FROM review_campaign c WHERE c.org = review_line.org AND c.id = review_line.campaign",
		Keep:  []string{"assignment", "person", "role", "service", "object", "from_at", "until_at", "answer", "answered_by", "answered_at", "restored_by", "restored_at"},
	},
	lapse.Line{
		Table: "review_campaign", Rule: "7y", Key: []string{"org", "id"}, Org: "org", Person: "person", Since: "closed_at",
		Where: "NOT EXISTS (SELECT 1 FROM review_line l WHERE l.org = review_campaign.org AND l.campaign = review_campaign.id)",
		Keep:  []string{"origin", "scope", "role", "person", "state", "started_by", "started_at", "deadline_at", "closed_at"},
	},
	lapse.Line{Table: "review_overlap", Rule: "session", Key: []string{"id"}, Person: "person", Since: "at"},
	lapse.Line{Table: "review_sharing", Rule: "session", Key: []string{"id"}, Person: "person", Since: "last_at"},
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
	lapse.Estate{Table: "review_request"},
	lapse.Estate{Table: "review_line"},
	lapse.Estate{Table: "review_campaign"},
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
