package rights

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qTrials = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE trial = 1 AND (account = $1 OR person = $1 OR org = $2 AND place IN ($3, $4))`)

	qNoticesTo   = db.SQL(`SELECT org, request, step, sent_at FROM rights_notice WHERE person = $1 ORDER BY sent_at`)
	qDropNotices = db.SQL(`DELETE FROM rights_notice WHERE person = $1`)
	qForgetMaker = db.SQL(`UPDATE rights_system SET made_by = '' WHERE made_by = $1`)

	// What a person wrote goes with their key; these statements empty it at once besides.
	qEmpty = []string{
		db.SQL(`UPDATE rights_request SET details = $3, place = $3 WHERE org = $1 AND id = $2`),
		db.SQL(`UPDATE rights_step SET note = $3 WHERE org = $1 AND request = $2`),
		db.SQL(`UPDATE rights_letter SET text = $3, sent_to = $3 WHERE org = $1 AND request = $2`),
		db.SQL(`UPDATE rights_task SET note = $3 WHERE org = $1 AND request = $2`),
		db.SQL(`UPDATE rights_document SET name = $3, content = $3 WHERE org = $1 AND request = $2`),
	}
	qDropAll = []string{
		db.SQL(`DELETE FROM rights_notice WHERE org = $1 AND request = $2`),
		db.SQL(`DELETE FROM rights_link WHERE org = $1 AND request = $2`),
		db.SQL(`DELETE FROM rights_document WHERE org = $1 AND request = $2`),
		db.SQL(`DELETE FROM rights_task WHERE org = $1 AND request = $2`),
		db.SQL(`DELETE FROM rights_letter WHERE org = $1 AND request = $2`),
		db.SQL(`DELETE FROM rights_step WHERE org = $1 AND request = $2`),
		db.SQL(`DELETE FROM rights_pause WHERE org = $1 AND request = $2`),
		db.SQL(`DELETE FROM rights_request WHERE org = $1 AND id = $2`),
	}
)

// forget deletes a request with all that hangs on it, and the key made for it.
func (m *Module) forget(ctx context.Context, tx core.Tx, r *Request) error {
	for _, q := range qDropAll {
		if _, err := tx.Exec(ctx, q, r.Org, r.ID); err != nil {
			return err
		}
	}
	m.dropKey(ctx, tx, r)
	return nil
}

// dropKey destroys, after the commit, the key that was made for a request of somebody who had no account.
func (m *Module) dropKey(ctx context.Context, tx core.Tx, r *Request) {
	if r.Channel == "space" {
		return
	}
	owner := r.Person
	tx.OnCommit(func() {
		if err := m.needs.Keys.DestroyKey(context.WithoutCancel(ctx), owner); err != nil {
			m.needs.Log.ErrorContext(ctx, "rights: a key was not destroyed", "owner", owner, "error", err)
		}
	})
}

// empty takes away what a requester wrote and what was written to them; ids, dates, stable words and digests stay.
func (m *Module) empty(ctx context.Context, tx core.Tx, r *Request) error {
	for _, q := range qEmpty {
		if _, err := tx.Exec(ctx, q, r.Org, r.ID, []byte{}); err != nil {
			return err
		}
	}
	m.dropKey(ctx, tx, r)
	return nil
}

// ExportPerson gives the requests of a person, what was answered, and the reminders that they got as an officer.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	all, err := db.All(ctx, tx, qOf, scanRequest, person)
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := m.unseal(ctx, &r); err != nil {
			return err
		}
		if err := m.export(ctx, tx, &r, emit); err != nil {
			return err
		}
	}
	sent, err := db.All(ctx, tx, qNoticesTo, func(scan db.Scan) (v map[string]any, err error) {
		var org, request core.ID
		var step string
		var at int64
		err = scan(&org, &request, &step, &at)
		return map[string]any{"org": org, "request": request, "step": step, "sent_at": clock.FromMicros(at)}, err
	}, person)
	if err != nil {
		return err
	}
	for _, v := range sent {
		if err := emit(core.Record{Table: "rights_notice", Values: v}); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) export(ctx context.Context, tx core.Tx, r *Request, emit func(core.Record) error) error {
	err := emit(core.Record{Table: "rights_request", Values: map[string]any{
		"org": r.Org, "id": r.ID, "kind": string(r.Kind), "channel": r.Channel, "language": r.Language, "details": r.Details, "state": string(r.State), "proof": string(r.Proof),
		"proof_how": r.How, "proved_at": r.ProvedAt, "received_at": r.Received, "due_at": r.Due, "extended_at": r.Extended, "carried_at": r.Carried, "closed_at": r.Closed,
	}})
	if err != nil {
		return err
	}
	steps, err := m.steps(ctx, tx, r)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if err := emit(core.Record{Table: "rights_step", Values: map[string]any{"request": r.ID, "what": s.What, "at": s.At, "note": s.Note}}); err != nil {
			return err
		}
	}
	letters, err := m.letters(ctx, tx, r)
	if err != nil {
		return err
	}
	for _, l := range letters {
		err := emit(core.Record{Table: "rights_letter", Values: map[string]any{
			"request": r.ID, "kind": l.Kind, "subject": l.Subject, "text": l.Text, "sent_to": l.SentTo, "digest": l.Digest, "sent_at": l.At,
		}})
		if err != nil {
			return err
		}
	}
	tasks, err := m.tasks(ctx, tx, r)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if err := emit(core.Record{Table: "rights_task", Values: map[string]any{"request": r.ID, "place": t.Place, "target": t.Target, "state": t.State, "note": t.Note, "done_at": t.Done}}); err != nil {
			return err
		}
	}
	docs, err := m.documents(ctx, tx, r)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if err := emit(core.Record{Table: "rights_document", Values: map[string]any{"request": r.ID, "name": d.Name, "digest": d.Digest, "sent_at": d.Sent, "destroyed_at": d.Destroyed}}); err != nil {
			return err
		}
	}
	return nil
}

var keptWhy = core.Text{
	FR: "Dates, état et empreintes des demandes et de leurs réponses : la preuve qu'elles ont été satisfaites à temps (articles 5-2 et 12 du RGPD).",
	EN: "Dates, state and digests of requests and of their answers: the proof that they were satisfied in time (articles 5-2 and 12 GDPR).",
}

// ErasePerson empties what a person wrote and what was written to them. Ids, dates, stable words and digests stay three years as
// the proof that the request was answered in time.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	gone, err := tx.Exec(ctx, qDropNotices, person)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, qForgetMaker, person); err != nil {
		return nil, err
	}
	if err := m.eraseTrials(ctx, tx, person); err != nil {
		return nil, err
	}
	all, err := db.All(ctx, tx, qOf, scanRequest, person)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := m.empty(ctx, tx, &all[i]); err != nil {
			return nil, err
		}
	}
	return []core.Receipt{
		{Table: "rights_notice", Deleted: gone},
		{Table: "rights_request", Kept: int64(len(all)), Ground: core.LegalObligation, Why: keptWhy, Rule: rule},
	}, nil
}

// eraseTrials deletes what a canary asked: of a probe nothing stays.
func (m *Module) eraseTrials(ctx context.Context, tx core.Tx, person core.ID) error {
	if canary, err := core.CanaryIn(ctx, tx, person, m.needs.People.People); err != nil || !canary {
		return err
	}
	people, err := m.needs.People.People(ctx, tx, person)
	if err != nil {
		return err
	}
	place, other, err := m.placed(ctx, core.Canaries, people[person].Email)
	if err != nil {
		return err
	}
	mine, err := db.All(ctx, tx, qTrials, scanRequest, person, core.Canaries, place, other)
	if err != nil {
		return err
	}
	for i := range mine {
		if err := m.forget(ctx, tx, &mine[i]); err != nil {
			return err
		}
	}
	return nil
}
