package settings

import (
	"context"
	"embed"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "settings", FS: schemaFS}

// Needs is everything that this module can reach.
type Needs struct {
	Gate  core.Gate
	Clock core.Clock
}

// Module implements core.Settings.
type Module struct {
	needs  Needs
	memory atomic.Pointer[generation]
}

// New makes the module.
func New(n Needs) *Module { return &Module{needs: n} }

var setting = core.Column{Category: "connection", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "account", OnErase: core.EraseNull}

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities,
		Module:     "settings",
		Title:      core.Text{FR: "Paramètres et planchers", EN: "Settings and floors"},
		Tables: []core.Table{
			{
				Name: "settings_value", Title: core.Text{FR: "Valeurs des paramètres", EN: "Values of settings"},
				Columns: core.Columns(core.Plain("org", "key", "value", "source", "set_at"), core.Personal(setting, "set_by")),
			},
			{
				Name: "settings_promise", Title: core.Text{FR: "Ce que les clauses en vigueur exigent", EN: "What clauses in force demand"},
				Columns: core.Plain("pack", "clause", "key", "least", "exact"),
			},
			{
				Name: "settings_version", Title: core.Text{FR: "Version des paramètres", EN: "Version of the settings"},
				Columns: core.Plain("id", "version", "stamp"),
			},
		},
		Acts:   []*core.ActDef{ReadSettings, ChangeSettings, ReadFloors, SetFloors, ReadContacts},
		Duties: []*core.Duty{dutyTrial},
	}
}

// ExportPerson gives the settings that the person set.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	list, err := db.All(ctx, tx, qSetBy, func(scan db.Scan) (core.Record, error) {
		var org, key, value string
		var at int64
		err := scan(&org, &key, &value, &at)
		return core.Record{Table: "settings_value", Values: map[string]any{
			"org": org, "key": key, "value": value, "set_at": clock.FromMicros(at).Format(time.RFC3339), "set_by": string(person),
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

// ErasePerson forgets who set what; the values stay.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	n, err := tx.Exec(ctx, qForget, person)
	if err != nil {
		return nil, err
	}
	return []core.Receipt{{Table: "settings_value", Deleted: n}}, nil
}
