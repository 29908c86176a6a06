package inventory

import "github.com/rempart/rempart/core"

func act(p core.Permission, resource string, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{
		Permission: p, Resource: resource, Verb: verb, Purpose: core.PurposeLegal, Staff: true, Holders: holders, Title: core.Text{FR: fr, EN: en},
	}
}

func read(p core.Permission, resource, fr, en string) *core.ActDef {
	return act(p, resource, core.Reads, fr, en, "provider.admin", "provider.dpo", "provider.auditor", "provider.operator")
}

func write(p core.Permission, resource string, verb core.Verb, fr, en string) *core.ActDef {
	return act(p, resource, verb, fr, en, "provider.admin", "provider.dpo")
}

func export(p core.Permission, resource, fr, en string) *core.ActDef {
	return act(p, resource, core.Exports, fr, en, "provider.admin", "provider.dpo", "provider.auditor")
}

// The acts of this module.
var (
	ReadAssets   = read("asset.read", "asset", "Lire l'inventaire du matériel", "Read the register of assets")
	AddAsset     = write("asset.add", "asset", core.Creates, "Ajouter un matériel", "Add an asset")
	ChangeAsset  = write("asset.change", "asset", core.Updates, "Modifier un matériel, enregistrer sa sortie", "Change an asset, record its disposal")
	ExportAssets = export("asset.export", "asset", "Exporter l'inventaire du matériel", "Export the register of assets")

	ReadProcessors   = read("subprocessor.read", "subprocessor", "Lire le registre des sous-traitants", "Read the register of sub-processors")
	AddProcessor     = write("subprocessor.add", "subprocessor", core.Creates, "Ajouter un sous-traitant", "Add a sub-processor")
	ChangeProcessor  = write("subprocessor.change", "subprocessor", core.Updates, "Modifier un sous-traitant", "Change a sub-processor")
	ExportProcessors = export("subprocessor.export", "subprocessor", "Exporter le registre des sous-traitants", "Export the register of sub-processors")

	ReadDocuments   = read("document.read", "document", "Lire le registre des documents", "Read the register of documents")
	AddDocument     = write("document.add", "document", core.Creates, "Ajouter un document", "Add a document")
	ChangeDocument  = write("document.change", "document", core.Updates, "Modifier un document, en donner une nouvelle version", "Change a document, give a new version of it")
	ExportDocuments = export("document.export", "document", "Exporter le registre des documents", "Export the register of documents")

	ReadEvaluations   = read("evaluation.read", "evaluation", "Lire les évaluations de sécurité", "Read security evaluations")
	AddEvaluation     = write("evaluation.add", "evaluation", core.Creates, "Ajouter une évaluation ou un constat", "Add an evaluation or a finding")
	ChangeEvaluation  = write("evaluation.change", "evaluation", core.Updates, "Modifier une évaluation ou un constat", "Change an evaluation or a finding")
	ExportEvaluations = export("evaluation.export", "evaluation", "Exporter les évaluations de sécurité", "Export security evaluations")

	// Consult is what clients may know of sub-processors.
	Consult = &core.ActDef{
		Permission: "subprocessor.consult", Resource: "subprocessor", Verb: core.Reads, Purpose: core.PurposeLegal, Quiet: true, Holders: []string{"admin", "auditor"},
		Title: core.Text{FR: "Consulter la liste des sous-traitants", EN: "Consult the list of sub-processors"},
	}
	Remind = &core.ActDef{
		Permission: "inventory.remind", Resource: "inventory", Verb: core.Creates, Reach: core.BySystem, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Rappeler une échéance d'un registre", EN: "Recall a due date of a register"},
	}
	Tell = &core.ActDef{
		Permission: "subprocessor.tell", Resource: "subprocessor", Verb: core.Creates, Reach: core.BySystem, Purpose: core.PurposeLegal,
		Title: core.Text{FR: "Prévenir les clients d'un changement de sous-traitant", EN: "Tell clients of a change of sub-processors"},
	}
)

// Trial is the duty of a probe on the rows of its own canaries.
var Trial = &core.Duty{Name: "inventory.trial", Why: "ages what a canary wrote into a register, to see that it is flagged and recalled: the rows are the canary's own"}

var (
	kept   = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "7y", OnErase: core.Keep}
	sealed = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "7y", Sealed: true, OnErase: core.Keep}
	told   = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "account", OnErase: core.EraseRow}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities,
		Module:     "inventory",
		Title:      core.Text{FR: "Registres : matériel, sous-traitants, documents, évaluations", EN: "Registers: assets, sub-processors, documents, evaluations"},
		Tables: []core.Table{
			{Name: "inventory_item", Title: core.Text{FR: "Lignes des registres", EN: "Lines of the registers"}, Columns: core.Columns(
				core.Plain("id", "register", "parent", "state", "due_at", "lacks", "revision", "tell", "made_at", "trial"), core.Personal(kept, "owner", "made_by"))},
			{Name: "inventory_version", Title: core.Text{FR: "Versions des lignes des registres", EN: "Versions of the lines of the registers"}, Columns: core.Columns(
				core.Plain("item", "revision", "entry"), core.Personal(kept, "changed_at", "changed_by"), core.Personal(sealed, "details"))},
			{Name: "inventory_file", Title: core.Text{FR: "Pièces des registres", EN: "Files of the registers"}, Columns: core.Columns(
				core.Plain("id", "item", "revision", "type", "size", "digest"), core.Personal(sealed, "name", "content"))},
			{Name: "inventory_reminder", Title: core.Text{FR: "Rappels des registres", EN: "Reminders of the registers"}, Columns: core.Columns(
				core.Plain("item", "due_at", "step"), core.Personal(told, "person", "sent_at"))},
		},
		Acts: []*core.ActDef{
			ReadAssets, AddAsset, ChangeAsset, ExportAssets, ReadProcessors, AddProcessor, ChangeProcessor, ExportProcessors,
			ReadDocuments, AddDocument, ChangeDocument, ExportDocuments, ReadEvaluations, AddEvaluation, ChangeEvaluation, ExportEvaluations,
			Consult, Remind, Tell,
		},
		Duties: []*core.Duty{Trial},
	}
}
