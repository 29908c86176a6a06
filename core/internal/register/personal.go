package register

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var (
	qWrote     = db.SQL(`SELECT ` + handColumns + ` FROM register_hand h JOIN register_version v ON v.org = h.org AND v.hand = h.id WHERE v.changed_by = $1 ORDER BY h.org, h.id, v.revision`)
	qPausedBy  = db.SQL(`SELECT org, id, activity, reason, at, by_person, lifted_at, lifted_by FROM register_suspension WHERE by_person = $1 OR lifted_by = $1 ORDER BY org, id`)
	qApprovers = db.SQL(`SELECT org, form, number, hash, document, approved_at, approved_by, entry FROM register_approval WHERE approved_by = $1 ORDER BY org, form, number`)
)

// ExportPerson gives what a person wrote into registers, suspended and approved.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	hands, err := db.All(ctx, tx, qWrote, scanHand, person)
	if err != nil {
		return err
	}
	for i := range hands {
		h := &hands[i]
		if err := m.open(ctx, h); err != nil {
			return err
		}
		err := emit(core.Record{Table: "register_version", Values: map[string]any{"org": h.Org, "hand": h.ID, "revision": h.Revision, "body": h.Values, "changed_at": h.At, "changed_by": h.By}})
		if err != nil {
			return err
		}
	}
	pauses, err := db.All(ctx, tx, qPausedBy, scanPause, person)
	if err != nil {
		return err
	}
	for _, p := range pauses {
		reason, err := m.needs.Sealer.Open(ctx, p.Org, place("register_suspension", "reason", p.ID), p.sealed)
		if err != nil {
			return err
		}
		err = emit(core.Record{Table: "register_suspension", Values: map[string]any{
			"org": p.Org, "activity": p.Activity, "reason": string(reason), "at": p.At, "by_person": p.By, "lifted_at": p.LiftedAt, "lifted_by": p.LiftedBy,
		}})
		if err != nil {
			return err
		}
	}
	approvals, err := db.All(ctx, tx, qApprovers, scanApproval, person)
	if err != nil {
		return err
	}
	for _, a := range approvals {
		err := emit(core.Record{Table: "register_approval", Values: map[string]any{
			"org": a.Org, "form": a.Part, "number": a.Number, "hash": a.Hash, "approved_at": a.At, "approved_by": a.By, "entry": a.Entry,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	qCountWrote    = db.SQL(`SELECT COUNT(*) FROM register_version WHERE changed_by = $1`)
	qCountPaused   = db.SQL(`SELECT COUNT(*) FROM register_suspension WHERE by_person = $1 OR lifted_by = $1`)
	qCountApproved = db.SQL(`SELECT COUNT(*) FROM register_approval WHERE approved_by = $1`)
)

// ErasePerson keeps who wrote, suspended and approved what, as ids: the controller answers for its register (articles 5-2 and 30).
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) (receipts []core.Receipt, err error) {
	why := core.Text{
		FR: "Qui a complété, approuvé ou suspendu le registre reste connu, sans son nom : le responsable en répond (articles 5-2 et 30).",
		EN: "Who added to the register, approved it or suspended part of it stays known, without their name: the controller answers for it (articles 5-2 and 30).",
	}
	for table, query := range map[string]string{"register_version": qCountWrote, "register_suspension": qCountPaused, "register_approval": qCountApproved} {
		n, _, err := db.One(ctx, tx, query, db.Value[int64], person)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			receipts = append(receipts, core.Receipt{Table: table, Kept: n, Ground: core.LegalObligation, Why: why, Rule: "7y"})
		}
	}
	return receipts, nil
}
