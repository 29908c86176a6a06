package vault

import (
	"context"

	"github.com/rempart/rempart/core"
)

// Manifest declares what the vault keeps: keys, and nothing about the persons that they belong to but their id.
func (v *Vault) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities,
		Module:     "vault",
		Title:      core.Text{FR: "Coffre des clés", EN: "Key vault"},
		Acts:       []*core.ActDef{RotateAct, SheetAct, RestoreAct},
		Tables: []core.Table{{
			Name:  "vault_key",
			Title: core.Text{FR: "Clés des propriétaires", EN: "Keys of owners"},
			Columns: core.Columns(
				core.Personal(core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.LegalObligation, Retention: "account", OnErase: core.Keep},
					"owner", "made", "destroyed"),
				core.Plain("epoch", "org"),
				core.Personal(core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.LegalObligation, Retention: "account", Sealed: true, Secret: true, OnErase: core.EraseNull},
					"wrapped"),
			),
		}, {
			Name:    "vault_epoch",
			Title:   core.Text{FR: "Clés des organisations, par jour", EN: "Keys of organizations, by day"},
			Columns: core.Plain("org", "epoch", "wrapped", "made", "destroyed"),
		}, {
			Name:    "vault_index",
			Title:   core.Text{FR: "Secrets des index aveugles", EN: "Secrets of blind indexes"},
			Columns: core.Plain("org", "field", "generation", "epoch", "wrapped", "made", "destroyed", "reached"),
		}, {
			Name:    "vault_copy",
			Title:   core.Text{FR: "Copies du coffre", EN: "Copies of the key store"},
			Columns: core.Plain("place", "epoch", "stamp", "made", "keys", "fault"),
		}, {
			Name:    "vault_fact",
			Title:   core.Text{FR: "Clé racine et feuille de secours", EN: "Root key and recovery sheet"},
			Columns: core.Plain("name", "value", "made"),
		}},
	}
}

// ExportPerson gives nothing: a key is no datum about a person, and it is a secret.
func (v *Vault) ExportPerson(context.Context, core.Tx, core.ID, func(core.Record) error) error {
	return nil
}

// ErasePerson does nothing here: the key is destroyed last, by DestroyKey, once every other module has answered.
func (v *Vault) ErasePerson(context.Context, core.Tx, core.ID) ([]core.Receipt, error) {
	return nil, nil
}
