package attestation

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var (
	qSentTo = db.SQL(`SELECT step, person, sent_at FROM attestation_reminder WHERE person = $1 ORDER BY sent_at`)

	qForgetSent = db.SQL(`DELETE FROM attestation_reminder WHERE person = $1`)
	// Of a canary nothing stays.
	qTrialFiles = db.SQL(`DELETE FROM attestation_file WHERE attestation IN (SELECT id FROM attestation_attestation WHERE signer = $1 AND trial = 1)`)
	qTrialRows  = db.SQL(`DELETE FROM attestation_attestation WHERE signer = $1 AND trial = 1`)
	qTrialDuty  = db.SQL(`DELETE FROM attestation_duty WHERE person = $1`)
)

// ExportPerson gives what a person signed, what they did of what they owe, and the reminders that they got.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	signed, err := db.All(ctx, tx, qSignedBy, scanAttestation, person)
	if err != nil {
		return err
	}
	for _, a := range signed {
		details, err := m.open(ctx, core.Platform, placeDetails, a.ID, a.sealed)
		if err != nil {
			return err
		}
		err = emit(core.Record{Table: "attestation_attestation", Values: map[string]any{
			"kind": a.Kind, "reach": a.Reach, "place": a.Place, "from_at": a.From, "until_at": a.Until, "details": string(details), "text_fr": a.Text.FR, "text_en": a.Text.EN,
			"digest": a.Digest, "signed_at": a.SignedAt, "aal": a.AAL, "withdrawn_at": a.WithdrawnAt,
		}})
		if err != nil {
			return err
		}
		files, err := m.files(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := emit(core.Record{Table: "attestation_file", Values: map[string]any{"attestation": a.ID, "name": f.Name, "type": f.Type, "size": f.Size, "digest": f.Digest}}); err != nil {
				return err
			}
		}
	}
	lines, err := m.linesOf(ctx, tx, person)
	if err != nil {
		return err
	}
	for _, l := range lines {
		err := emit(core.Record{Table: "attestation_duty", Values: map[string]any{
			"duty": l.Duty, "version": l.Version, "digest": l.Digest, "details": l.Details, "done_at": l.Done, "until_at": l.Until, "recorded_at": l.RecordedAt, "ended_at": l.EndedAt,
		}})
		if err != nil {
			return err
		}
	}
	sent, err := db.All(ctx, tx, qSentTo, scanSent, person)
	if err != nil {
		return err
	}
	for _, s := range sent {
		if err := emit(core.Record{Table: "attestation_reminder", Values: map[string]any{"step": s.step, "sent_at": s.at}}); err != nil {
			return err
		}
	}
	return nil
}

var (
	whyKept = core.Text{FR: "Qui a attesté quoi reste, par un identifiant seul : les clients en ont reçu la promesse (article 32).", EN: "Who attested what stays, by an id alone: clients were promised it (article 32)."}
	whyDuty = core.Text{FR: "Qui a été formé et a signé la charte reste, par un identifiant seul : il faut pouvoir le montrer à une autorité.", EN: "Who was trained and signed the charter stays, by an id alone: it must be shown to an authority."}
)

// ErasePerson forgets the reminders; the words sealed under the person's key go with it. Who signed what and who was trained
// when stays as pseudonymous ids: clients were promised that somebody answers for it (article 32 GDPR).
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	gone, err := tx.Exec(ctx, qForgetSent, person)
	if err != nil {
		return nil, err
	}
	receipts := []core.Receipt{{Table: "attestation_reminder", Deleted: gone}}
	if canary, err := m.isCanary(ctx, tx, person); err != nil {
		return nil, err
	} else if canary {
		for _, q := range []string{qTrialFiles, qTrialRows, qTrialDuty} {
			if _, err := tx.Exec(ctx, q, person); err != nil {
				return nil, err
			}
		}
	}
	signed, err := db.All(ctx, tx, qSignedBy, scanAttestation, person)
	if err != nil {
		return nil, err
	}
	lines, err := db.All(ctx, tx, qDutyAll, scanDuty, person)
	if err != nil {
		return nil, err
	}
	return append(receipts,
		core.Receipt{Table: "attestation_attestation", Kept: int64(len(signed)), Ground: core.LegitimateInterest, Why: whyKept, Rule: "7y"},
		core.Receipt{Table: "attestation_duty", Kept: int64(len(lines)), Ground: core.LegalObligation, Why: whyDuty, Rule: "7y"}), nil
}
