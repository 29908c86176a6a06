package restraint

import (
	"time"

	"github.com/rempart/rempart/core"
)

const on = "restraint"

// The acts of this module.
var (
	ListRestraints = core.ActDef{
		Permission: "restraint.list", Resource: on, Verb: core.Reads, Purpose: core.PurposeLegal, Staff: true, Holders: []string{"provider.dpo"},
		Title: core.Text{FR: "Voir les limitations et les oppositions", EN: "See restrictions and objections"},
	}
	PlaceOne = core.ActDef{
		Permission: "restraint.place", Resource: on, Verb: core.Creates, Purpose: core.PurposeLegal, Staff: true, Holders: []string{"provider.dpo"}, Fresh: 15 * time.Minute,
		Title: core.Text{FR: "Limiter l'usage des données d'une personne", EN: "Restrict the use of a person's data"},
	}
	LiftRestraint = core.ActDef{
		Permission: "restraint.lift", Resource: on, Verb: core.Updates, Purpose: core.PurposeLegal, Staff: true, Holders: []string{"provider.dpo"}, Fresh: 15 * time.Minute,
		Title: core.Text{FR: "Annoncer la fin d'une limitation, y mettre fin", EN: "Announce the end of a restriction, end it"},
	}
	GiveUpOwn = core.ActDef{
		Permission: "restraint.give_up", Resource: on, Verb: core.Updates, Reach: core.BySelf, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Renoncer à sa propre limitation ou opposition", EN: "Give up one's own restriction or objection"},
	}
	EndRestraint = core.ActDef{
		Permission: "restraint.end", Resource: on, Verb: core.Updates, Reach: core.BySystem, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Mettre fin à une limitation annoncée", EN: "End a restriction that was announced"},
	}
)

// Trial is the duty of a probe on the rows of its own canaries.
var Trial = &core.Duty{Name: "restraint.trial", Why: "restricts a canary, to see that others are refused and that it is not: the rows are the canary's own"}

var kept = core.Column{Category: "identity", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "account", OnErase: core.EraseRow}

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Module: "restraint", Title: core.Text{FR: "Limitations et oppositions", EN: "Restrictions and objections"},
		Tables: []core.Table{
			{Name: "restraint_restraint", Title: core.Text{FR: "Limitations et oppositions", EN: "Restrictions and objections"}, Columns: core.Columns(
				core.Plain("id", "request", "placed_by"),
				core.Personal(kept, "org", "person", "purpose", "ground", "since", "announced_at", "ends_at", "lifted_at"))},
			{Name: "restraint_turn", Title: core.Text{FR: "Compteur des changements", EN: "Counter of changes"}, Columns: core.Plain("id", "turn")},
		},
		Acts:   []*core.ActDef{&ListRestraints, &PlaceOne, &LiftRestraint, &GiveUpOwn, &EndRestraint},
		Duties: []*core.Duty{Trial},
		Activities: []core.Activity{{
			ID: "restraint.restraints", Title: core.Text{FR: "Limitations du traitement et oppositions", EN: "Restrictions of processing and objections"},
			About:    core.Text{FR: "Garder sans les utiliser les données d'une personne qui l'a obtenu (articles 18 et 21)", EN: "Keep without using them the data of a person who obtained it (articles 18 and 21)"},
			Part:     core.Controller,
			Purposes: []core.Purpose{core.PurposeLegal},
			Persons:  []core.Text{{FR: "personnes qui ont demandé une limitation ou se sont opposées", EN: "persons who asked for a restriction or objected"}},
			Tables:   []string{"restraint_restraint"},
		}},
	}
}
