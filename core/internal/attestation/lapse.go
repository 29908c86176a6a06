package attestation

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
		Table: "attestation_attestation", Rule: "7y", Key: []string{"id"}, Person: "signer", Since: "CASE WHEN withdrawn_at > 0 THEN withdrawn_at ELSE until_at END",
		With: []string{db.SQL(`DELETE FROM attestation_file WHERE attestation = $1`), db.SQL(`DELETE FROM attestation_reminder WHERE about = $1`)}, Takes: []string{"attestation_file", "attestation_reminder"},
	},
	lapse.Line{
		Table: "attestation_duty", Rule: "7y", Key: []string{"id"}, Person: "person", Since: "CASE WHEN ended_at > 0 THEN ended_at ELSE until_at END",
		With: []string{db.SQL(`DELETE FROM attestation_reminder WHERE about = $1`)},
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
