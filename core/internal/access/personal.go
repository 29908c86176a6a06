package access

import (
	"context"
	"embed"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema is the tables of this module.
var Schema = db.Schema{Module: "access", FS: schemaFiles}

var (
	qExportAssignments = db.SQL(`SELECT ` + lineColumns + ` FROM access_assignment a WHERE a.person = $1 ORDER BY a.given_at, a.id`)

	qExportSuspensions = db.SQL(`SELECT ` + suspensionColumns + ` FROM access_suspension WHERE target = $1 ORDER BY from_at, id`)

	qExportUsage = db.SQL(`SELECT org, permission, last_day FROM access_usage WHERE person = $1 ORDER BY org, permission`)

	qForgetReasons = db.SQL(`UPDATE access_assignment SET reason = '', revoke_reason = '' WHERE person = $1`)

	qForgetTexts = db.SQL(`UPDATE access_suspension SET explanation = '', lift_reason = '' WHERE target = $1 AND scope = 'person'`)

	qForgetUsage = db.SQL(`DELETE FROM access_usage WHERE person = $1`)

	qEndEverything = db.SQL(`UPDATE access_assignment SET revoked_at = $2, revoked_by = 'erasure' WHERE person = $1 AND revoked_at = 0`)
)

// ExportPerson gives the assignments, suspensions and last uses of a person.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	lines, err := m.lines(ctx, tx, qExportAssignments, person)
	if err != nil {
		return err
	}
	for _, l := range lines {
		err := emit(core.Record{Table: "access_assignment", Values: map[string]any{
			"org": l.Org, "role": l.Role, "service": l.Service, "object": l.Object, "reason": l.Reason,
			"from_at": l.From, "until_at": l.Until, "revoked_at": l.RevokedAt, "revoke_reason": l.RevokeReason,
		}})
		if err != nil {
			return err
		}
	}
	suspensions, err := m.suspensions(ctx, tx, qExportSuspensions, person)
	if err != nil {
		return err
	}
	for _, s := range suspensions {
		err := emit(core.Record{Table: "access_suspension", Values: map[string]any{
			"decided_in": s.DecidedIn, "acts_in": s.ActsIn, "reason": s.Reason, "explanation": s.Text,
			"from_at": s.From, "until_at": s.Until, "lifted_at": s.LiftedAt, "lift_reason": s.LiftReason,
		}})
		if err != nil {
			return err
		}
	}
	uses, err := db.All(ctx, tx, qExportUsage, func(scan db.Scan) (core.Record, error) {
		var org, permission string
		var day int64
		err := scan(&org, &permission, &day)
		return core.Record{Table: "access_usage", Values: map[string]any{"org": org, "permission": permission, "last_day": clock.FromMicros(day * 86_400_000_000).UTC().Format(time.DateOnly)}}, err
	}, person)
	if err != nil {
		return err
	}
	for _, u := range uses {
		if err := emit(u); err != nil {
			return err
		}
	}
	return nil
}

var whyKept = core.Text{FR: "Quels droits ont été donnés, quand et par qui reste, par un identifiant seul : l'organisation doit pouvoir prouver ses habilitations passées (article 32).", EN: "Which rights were given, when and by whom stays, by an id alone: the organization must be able to prove its past habilitations (article 32)."}

// ErasePerson ends every assignment and erases free texts and uses. Who was given what, when and by whom stays as
// pseudonymous ids: the organization must be able to prove its habilitations of past dates (article 32 GDPR).
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	now := m.Needs.Clock.Now().UnixMicro()
	if _, err := tx.Exec(ctx, qEndEverything, person, now); err != nil {
		return nil, err
	}
	kept, err := tx.Exec(ctx, qForgetReasons, person)
	if err != nil {
		return nil, err
	}
	texts, err := tx.Exec(ctx, qForgetTexts, person)
	if err != nil {
		return nil, err
	}
	uses, err := tx.Exec(ctx, qForgetUsage, person)
	if err != nil {
		return nil, err
	}
	return []core.Receipt{
		{Table: "access_assignment", Kept: kept, Ground: core.LegitimateInterest, Why: whyKept, Rule: "7y"},
		{Table: "access_suspension", Kept: texts, Ground: core.LegitimateInterest, Why: whyKept, Rule: "7y"},
		{Table: "access_usage", Deleted: uses},
	}, nil
}
