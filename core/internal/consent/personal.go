package consent

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var tKept = i18n.T("la preuve de ce qui a été accepté et retiré, sans nom", "the proof of what was accepted and withdrawn, without a name")

var (
	qCopiesOf    = db.SQL(`DELETE FROM consent_copy WHERE share IN (SELECT id FROM consent_share WHERE person = $1)`)
	qSharesOf    = db.SQL(`DELETE FROM consent_share WHERE person = $1`)
	qNotesOf     = db.SQL(`DELETE FROM consent_note WHERE person = $1`)
	qUnsigned    = db.SQL(`UPDATE consent_note SET written_by = '' WHERE written_by = $1`)
	qUnpublished = db.SQL(`UPDATE consent_text SET published_by = '' WHERE published_by = $1`)
	qKept        = db.SQL(`SELECT COUNT(*) FROM consent_record WHERE person = $1`)
	qRecordsOf   = db.SQL(`DELETE FROM consent_record WHERE person = $1`)
)

// ExportPerson gives what a person answered, what they share, what is shown of it, and what organizations noted beside it.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	records, err := db.All(ctx, tx, qAllRecords, scanRecord, person)
	if err != nil {
		return err
	}
	for _, r := range records {
		t, _, err := db.One(ctx, tx, qText, scanText, r.Org, r.Question, r.Number)
		if err != nil {
			return err
		}
		err = emit(core.Record{Table: "consent_record", Values: map[string]any{
			"org": r.Org, "id": r.ID, "person": r.Person, "question": r.Question, "number": r.Number, "digest": r.Digest, "purpose": r.Purpose, "given": r.Given,
			"share": r.Share, "fields": r.Fields, "until_at": r.Until, "language": r.Language, "channel": r.Channel, "why": r.Why, "at": r.At, "entry": r.Entry,
			"text_fr": t.Body.FR, "text_en": t.Body.EN, "title_fr": t.Title.FR, "title_en": t.Title.EN,
		}})
		if err != nil {
			return err
		}
	}
	shares, err := db.All(ctx, tx, qMyShares, scanShare, person)
	if err != nil {
		return err
	}
	for _, s := range shares {
		err := emit(core.Record{Table: "consent_share", Values: map[string]any{
			"org": s.Org, "id": s.ID, "question": s.Question, "number": s.Number, "person": s.Person, "purpose": s.Purpose, "fields": s.Fields, "from_at": s.From, "until_at": s.Until, "ended_at": s.EndedAt,
		}})
		if err != nil {
			return err
		}
		fields, err := m.copies(ctx, tx, s)
		if err != nil || !s.EndedAt.IsZero() {
			fields = nil
		}
		for _, f := range fields {
			if err := emit(core.Record{Table: "consent_copy", Values: map[string]any{"org": s.Org, "share": s.ID, "field": f.ID, "value": f.Value}}); err != nil {
				return err
			}
		}
	}
	notes, err := m.notes(ctx, tx, qNotesOn, person)
	if err != nil {
		return err
	}
	for _, n := range notes {
		err := emit(core.Record{Table: "consent_note", Values: map[string]any{
			"org": n.Org, "id": n.ID, "question": n.Question, "person": n.Person, "text": n.Text, "written_at": n.At, "owner": OfOrganization,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson removes shares, copies and notes, and destroys the keys of the shares. The lines of consents stay as proof: an id
// that leads to nobody any more. Of a canary nothing stays.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	shares, err := db.All(ctx, tx, qMyShares, scanShare, person)
	if err != nil {
		return nil, err
	}
	var out []core.Receipt
	for _, one := range []struct{ table, q string }{{"consent_copy", qCopiesOf}, {"consent_share", qSharesOf}, {"consent_note", qNotesOf}} {
		n, err := tx.Exec(ctx, one.q, person)
		if err != nil {
			return nil, err
		}
		out = append(out, core.Receipt{Table: one.table, Deleted: n})
	}
	for _, q := range []string{qUnsigned, qUnpublished} {
		if _, err := tx.Exec(ctx, q, person); err != nil {
			return nil, err
		}
	}
	r, err := m.keepProof(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	for _, s := range shares {
		if err := m.endKey(ctx, tx, s.ID); err != nil {
			return nil, err
		}
	}
	return append(out, r), nil
}

// endKey destroys the key of a share: before the commit of an act, so that no crash leaves it; but only after that of anything
// else, which may be a dry run and be undone.
func (m *Module) endKey(ctx context.Context, tx core.Tx, share core.ID) error {
	if core.ActOf(tx) != nil {
		return m.needs.Keys.DestroyKey(ctx, share)
	}
	tx.OnCommit(func() { _ = m.needs.Keys.DestroyKey(context.WithoutCancel(ctx), share) })
	return nil
}

func (m *Module) keepProof(ctx context.Context, tx core.Tx, person core.ID) (r core.Receipt, err error) {
	r.Table = "consent_record"
	canary, err := core.CanaryIn(ctx, tx, person, m.needs.People.People)
	if err != nil {
		return r, err
	}
	if canary {
		r.Deleted, err = tx.Exec(ctx, qRecordsOf, person)
		return r, err
	}
	r.Kept, _, err = db.One(ctx, tx, qKept, db.Value[int64], person)
	if r.Kept > 0 {
		r.Ground, r.Why, r.Rule = core.LegalObligation, probe.Text(tKept), "consent"
	}
	return r, err
}
