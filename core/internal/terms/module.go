package terms

import (
	"context"
	"embed"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "terms", FS: schemaFS}

// People names persons.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
}

// Needs is everything that this module can reach.
type Needs struct {
	Gate   core.Gate
	Clock  core.Clock
	People People
}

// Module is the room of terms.
type Module struct{ needs Needs }

// New makes the module.
func New(n Needs) *Module { return &Module{needs: n} }

var (
	acceptance = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.Contract, Retention: "account", OnErase: core.EraseRow}
	publisher  = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "account", OnErase: core.EraseNull}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities,
		Module:     "terms",
		Title:      core.Text{FR: "Conditions et politiques", EN: "Terms and policies"},
		Tables: []core.Table{
			{
				Name: "terms_document", Title: core.Text{FR: "Documents", EN: "Documents"},
				Columns: core.Plain("org", "id", "title_fr", "title_en", "required", "state", "latest", "due", "created_at", "version"),
			},
			{Name: "terms_version", Title: core.Text{FR: "Versions des documents", EN: "Versions of documents"}, Columns: core.Columns(
				core.Plain("org", "document", "number", "text_fr", "text_en", "summary_fr", "summary_en", "hash", "again", "state", "published_at"),
				core.Personal(publisher, "published_by"),
			)},
			{Name: "terms_acceptance", Title: core.Text{FR: "Acceptations", EN: "Acceptances"}, Columns: core.Columns(
				core.Plain("org", "document"),
				core.Personal(acceptance, "person", "version", "accepted_at"),
			)},
		},
		Acts:   []*core.ActDef{ReadTerms, ManageTerms, ListAccepted, PublishTerms},
		Duties: []*core.Duty{&dutyTidy},
	}
}

// ExportPerson gives what the person accepted and when.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	list, err := db.All(ctx, tx, qMine, func(scan db.Scan) (core.Record, error) {
		var org, document string
		var version, at int64
		err := scan(&org, &document, &version, &at)
		return core.Record{Table: "terms_acceptance", Values: map[string]any{
			"org": org, "document": document, "version": version, "accepted_at": clock.FromMicros(at).Format(time.RFC3339), "person": string(person),
		}}, err
	}, person)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := emit(r); err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson removes the acceptances of a person and forgets who published what.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	n, err := tx.Exec(ctx, qErase, person)
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, qForget, person)
	return []core.Receipt{{Table: "terms_acceptance", Deleted: n}}, err
}
