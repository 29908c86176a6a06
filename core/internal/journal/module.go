package journal

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

var (
	ofEntries = core.Column{Category: "journal", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "journal", OnErase: core.Keep}
	ofSealed  = core.Column{Category: "journal", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "journal", Sealed: true, OnErase: core.ShredKey}
	ofVisits  = core.Column{Category: "journal", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "journal", OnErase: core.Keep}
	ofSearch  = core.Column{Category: "journal", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "account", OnErase: core.EraseRow}
	ofWords   = core.Column{Category: "journal", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "account", Sealed: true, OnErase: core.EraseRow}
)

// Manifest declares what the journal keeps. An erasure keeps the entries: what is personal in them is sealed under the
// person's key and goes with it; the pseudonymous ids stay, because the security of others rests on them.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities, Rules: rules,
		Module: "journal",
		Title:  core.Text{FR: "Journal", EN: "Journal"},
		Acts:   []*core.ActDef{&Open, &Read, &Export, &Check, &Save, &Look, &pruneAct, &trimAct, &voidAct},
		Tables: []core.Table{
			{
				Name: "journal_log", Title: core.Text{FR: "Journaux et sommet de leur arbre", EN: "Logs and the head of their tree"},
				Columns: core.Plain("log", "org", "indexed", "pruned", "trimmed"),
			},
			{
				Name: "journal_batch", Title: core.Text{FR: "Entrées", EN: "Entries"},
				Columns: core.Columns(core.Personal(ofSealed, "body"), core.Plain("pos", "count", "root", "leaves")),
			},
			{
				Name: "journal_pending", Title: core.Text{FR: "Entrées en attente de leur place", EN: "Entries that wait for their place"},
				Columns: core.Columns(core.Personal(ofSealed, "body"), core.Plain("id", "org")),
			},
			{
				Name: "journal_index", Title: core.Text{FR: "Index des entrées", EN: "Index of the entries"},
				Columns: core.Columns(core.Personal(ofEntries, "key"), core.Plain("log", "block", "places")),
			},
			{
				Name: "journal_tile", Title: core.Text{FR: "Empreintes de l'arbre", EN: "Hashes of the tree"},
				Columns: core.Plain("log", "level", "idx", "hashes"),
			},
			{
				Name: "journal_checkpoint", Title: core.Text{FR: "Sommets signés", EN: "Signed heads"},
				Columns: core.Plain("log", "size", "at", "note"),
			},
			{
				Name: "journal_outlet", Title: core.Text{FR: "Envois hors de l'installation", EN: "Deliveries outside the installation"},
				Columns: core.Plain("outlet", "log", "size", "at", "failure"),
			},
			{
				Name: "journal_witness", Title: core.Text{FR: "Journaux d'autrui cosignés", EN: "Logs of others cosigned"},
				Columns: core.Plain("origin", "size", "root", "at"),
			},
			{
				Name: "journal_lease", Title: core.Text{FR: "Serveur qui ordonne les entrées", EN: "Server that orders the entries"},
				Columns: core.Plain("name", "holder", "until"),
			},
			{
				Name: "journal_visit", Title: core.Text{FR: "Lectures du journal et leur raison", EN: "Visits of the journal and their reason"},
				Columns: core.Columns(core.Personal(ofVisits, "person", "began", "ends"), core.Personal(ofSealed, "reason"), core.Plain("org", "id")),
			},
			{
				Name: "journal_search", Title: core.Text{FR: "Recherches gardées", EN: "Saved searches"},
				Columns: core.Columns(core.Personal(ofSearch, "person", "filters", "at"), core.Personal(ofWords, "name", "words"), core.Plain("org", "id", "saved")),
			},
		},
	}
}

var (
	qPersonVisits = db.SQL(`SELECT org, id, reason, began, ends FROM journal_visit WHERE person = $1 ORDER BY org, began`)
	qPersonSearch = db.SQL(`SELECT org, id, name, filters, words, at FROM journal_search WHERE person = $1 AND saved = 1 ORDER BY org, at`)
	qForgetPerson = db.SQL(`DELETE FROM journal_search WHERE person = $1`)
)

// ExportPerson gives the entries of what the person did and of what was done about them, opened, in every log, and their
// visits and searches. Of an entry about them by someone else, that one's connection is not theirs and is left out.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	logs, err := allLogs(ctx, tx)
	if err != nil {
		return err
	}
	var in map[int64]bool
	if slices.ContainsFunc(logs, func(l logState) bool { return l.indexed > 0 }) {
		if in, err = mentioned(ctx, tx, person); err != nil {
			return err
		}
	}
	tell := func(rows []*Row) error { return m.give(ctx, rows, person, emit) }
	for i := range logs {
		l := &logs[i]
		if err := m.fresh(ctx, tx, l, person, tell); err != nil {
			return err
		}
		mark := Mark{}
		if in[l.log] {
			mark.Seq = l.indexed
		}
		for mark != (Mark{}) {
			p, err := m.page(ctx, tx, l, Filter{Person: person}, mark, 500)
			if err == nil {
				err = tell(p.Rows)
			}
			if err != nil {
				return err
			}
			mark = p.Next
		}
	}
	return m.exportReader(ctx, tx, person, emit)
}

// give tells a person what entries say of them.
func (m *Module) give(ctx context.Context, rows []*Row, person core.ID, emit func(core.Record) error) error {
	open := m.opener(ctx)
	for _, r := range rows {
		if r.Actor != string(person) && r.Subjects[0] != string(person) {
			continue // named beside others: not about this person
		}
		r.Parts = slices.DeleteFunc(r.Parts, func(p verify.Part) bool { return !told(r, p.Kind, person) })
		if err := r.open(open); err != nil {
			return err
		}
		if err := emit(recordOf(r, person)); err != nil {
			return err
		}
	}
	return nil
}

// told tells whether a person is told a part of an entry: where an act of theirs came from, what an act about them changed.
func told(r *Row, part verify.PartKind, person core.ID) bool {
	if part == verify.Content {
		return len(r.Subjects) > 0 && r.Subjects[0] == string(person)
	}
	return r.Actor == string(person)
}

func recordOf(r *Row, person core.ID) core.Record {
	v := make(map[string]any, 15)
	v["organization"], v["at"], v["action"], v["type"], v["resource"] = r.Log, r.When, r.Action, r.Type, r.Resource
	v["purpose"], v["outcome"], v["reason"], v["id"], v["role"] = r.Purpose, r.Outcome, r.Reason, r.ID, "subject"
	if r.Actor == string(person) {
		v["role"], v["address"], v["network"], v["agent"] = "actor", r.Address, r.Connection.Network, r.Connection.Agent
	}
	if len(r.Subjects) > 0 && r.Subjects[0] == string(person) {
		v["changes"], v["note"] = r.Content.Changes, r.Content.Note
	}
	return core.Record{Table: "journal_batch", Values: v}
}

func (m *Module) exportReader(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	records, err := db.All(ctx, tx, qPersonVisits, func(scan db.Scan) (core.Record, error) {
		var org, id core.ID
		var sealed []byte
		var began, ends int64
		if err := scan(&org, &id, &sealed, &began, &ends); err != nil {
			return core.Record{}, err
		}
		reason, err := m.openFor(ctx, person, org, "journal_visit.reason/"+string(id), sealed)
		return core.Record{Table: "journal_visit", Values: map[string]any{
			"org": org, "reason": reason, "began": clock.FromMicros(began), "ends": clock.FromMicros(ends),
		}}, err
	}, person)
	if err != nil {
		return err
	}
	searches, err := db.All(ctx, tx, qPersonSearch, func(scan db.Scan) (core.Record, error) {
		var org, id core.ID
		var name, words []byte
		var filters string
		var at int64
		if err := scan(&org, &id, &name, &filters, &words, &at); err != nil {
			return core.Record{}, err
		}
		title, err := m.openFor(ctx, person, org, "journal_search.name/"+string(id), name)
		if err != nil {
			return core.Record{}, err
		}
		text, err := m.openFor(ctx, person, org, "journal_search.words/"+string(id), words)
		return core.Record{Table: "journal_search", Values: map[string]any{
			"org": org, "name": title, "filters": filters, "words": text, "at": clock.FromMicros(at),
		}}, err
	}, person)
	if err != nil {
		return err
	}
	for _, r := range append(records, searches...) {
		if err := emit(r); err != nil {
			return err
		}
	}
	return nil
}

var whyKept = core.Text{FR: "Les entrées du journal restent, par un identifiant seul : ce qu'elles ont de personnel est scellé sous la clé de la personne et devient illisible avec elle.", EN: "The entries of the journal stay, by an id alone: what is personal in them is sealed under the person's key and becomes unreadable with it."}

// ErasePerson forgets the person's searches. Their entries stay: what is personal in them dies with the person's key.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	n, err := tx.Exec(ctx, qForgetPerson, person)
	if err != nil {
		return nil, err
	}
	kept, err := m.mentions(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	return []core.Receipt{{Table: "journal_search", Deleted: n}, {Table: "journal_batch", Kept: kept, Ground: core.LegitimateInterest, Why: whyKept, Rule: "journal"}}, nil
}
