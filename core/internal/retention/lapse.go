package retention

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
)

// lapses are how its own rows end by time. What a hold on a person covers stays in the archive too.
var lapses = lapse.Of(
	lapse.Line{
		Table: "retention_archive", Rule: "archive", Key: []string{"org", "id"}, Org: "org", Since: "until_at - 86400000000",
		Where: "NOT EXISTS (SELECT 1 FROM retention_hold h WHERE h.mark = retention_archive.mark AND h.lifted_at = 0 AND h.person <> '')",
	},
	lapse.Line{Table: "retention_hold", Rule: "hold", Key: []string{"id"}, Since: "CASE WHEN lifted_at > 0 THEN lifted_at ELSE ends_at END"},
	lapse.Line{Table: "retention_notice", Rule: "notice", Key: []string{"person"}, Person: "person", Since: "due_at", Where: "ordered <> ''"},
	lapse.Line{Table: "retention_run", Rule: "certificate", Key: []string{"id"}, Since: "ended_at", With: []string{db.SQL(`DELETE FROM retention_line WHERE run = $1`)}, Takes: []string{"retention_line"}},
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

var tStays = core.Text{FR: "l'archive et les certificats durent jusqu'à leur propre terme", EN: "the archive and the certificates last until their own term"}

// estates are what it keeps of organizations.
var estates = lapse.Owned(
	lapse.Estate{Table: "retention_archive", Stays: tStays, Ground: core.LegalObligation},
	lapse.Estate{Table: "retention_line", Stays: tStays, Ground: core.LegalObligation},
	lapse.Estate{Table: "retention_run", Stays: tStays, Ground: core.LegalObligation},
	lapse.Estate{Table: "retention_hold", Stays: tStays, Ground: core.LegalObligation},
)

// EraseOrg tells what stays of an organization whose contract has ended.
func (*Module) EraseOrg(ctx context.Context, tx core.Tx, org core.ID, _ func(context.Context, core.Archived) error) ([]core.Receipt, error) {
	return estates.Erase(ctx, tx, org)
}

// Estates lists the tables of organizations.
func (*Module) Estates() []core.Receipt { return estates.List() }
