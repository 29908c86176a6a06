package journal

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "journal.record", Title: core.Text{FR: "Journal des actes", EN: "Journal of acts"},
		About: core.Text{FR: "Garder la preuve de qui a lu, créé, changé ou supprimé quoi, et dans quel but", EN: "Keep the proof of who read, created, changed or deleted what, and for which purpose"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity, core.PurposeLegal},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}, {FR: "visiteurs qui se connectent ou s'inscrivent", EN: "visitors who sign in or sign up"}},
		Recipients: []core.Text{{FR: "auditeurs de l'organisation", EN: "auditors of the organization"}, {FR: "autorités habilitées par la loi, sur demande écrite", EN: "authorities empowered by law, on written request"}},
		Tables:     []string{"journal_batch", "journal_pending", "journal_index"},
	},
	{
		ID: "journal.visits", Title: core.Text{FR: "Consultation du journal", EN: "Visits of the journal"},
		About: core.Text{FR: "Demander une raison à qui lit le journal, et garder ses recherches", EN: "Ask whoever reads the journal for a reason, and keep their searches"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
		Recipients: []core.Text{{FR: "auditeurs de l'organisation", EN: "auditors of the organization"}},
		Tables:     []string{"journal_visit", "journal_search"},
	},
}

// rules are the retention rules that columns name here first.
var rules = []core.RetentionRule{
	{Name: "journal", Title: core.Text{FR: "la durée réglée pour le journal", EN: "the duration set for the journal"}, From: core.Text{FR: "écriture de l'entrée", EN: "writing of the entry"}, Days: 365, Setting: "journal.retention_days", Ground: core.LegitimateInterest},
}
