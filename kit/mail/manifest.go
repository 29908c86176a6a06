package mail

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	dutyTake   = &core.Duty{Name: "mail.take", Why: "lease of a queued message; the act that queued it is journaled"}
	dutySettle = &core.Duty{Name: "mail.settle", Why: "outcome of a delivery and clearing of its content"}
)

// Manifest declares the queue: everything personal is in one sealed column that lives until the message has left.
func (o *Outbox) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities, Rules: rules,
		Module: "mail",
		Title:  core.Text{FR: "Courrier sortant", EN: "Outgoing mail"},
		Tables: []core.Table{{
			Name:  "mail_outbox",
			Title: core.Text{FR: "Messages en attente et remis", EN: "Messages waiting and delivered"},
			Columns: core.Columns(
				core.Plain("id", "org", "kind", "state", "attempts", "next_at", "lease_until", "queued_at", "done_at", "reply"),
				core.Personal(core.Column{
					Category: "contact", Purpose: core.PurposeService, Basis: core.Contract, Retention: "30d", OnErase: core.EraseRow,
				}, "person"),
				core.Personal(core.Column{
					Category: "contact", Purpose: core.PurposeService, Basis: core.Contract, Retention: "delivery",
					Sealed: true, OnErase: core.ShredKey,
				}, "sealed"),
			),
		}},
		Duties: []*core.Duty{dutyTake, dutySettle},
	}
}

// ExportPerson gives what the queue keeps about a person: which kinds of messages left for them, when, and the answer.
func (o *Outbox) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	rows, err := db.All(ctx, tx, qPerson, func(scan db.Scan) (core.Record, error) {
		var id, org, kind, state, reply string
		var queued, done int64
		err := scan(&id, &org, &kind, &state, &queued, &done, &reply)
		return core.Record{Table: "mail_outbox", Values: map[string]any{
			"id": id, "org": org, "kind": kind, "state": state, "reply": reply,
			"queued_at": clock.FromMicros(queued), "done_at": clock.FromMicros(done),
		}}, err
	}, person)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := emit(r); err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson drops every message to a person, those still waiting too.
func (o *Outbox) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	n, err := tx.Exec(ctx, qErase, person)
	return []core.Receipt{{Table: "mail_outbox", Deleted: n}}, err
}
