package inventory

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "inventory.registers", Title: core.Text{FR: "Registres du matériel, des sous-traitants, des documents et des évaluations", EN: "Registers of assets, sub-processors, documents and evaluations"},
		About: core.Text{FR: "Tenir les registres que les engagements demandent, et rappeler leurs échéances", EN: "Keep the registers that the commitments ask for, and recall their dates"},
		Part:  core.Controller, Purposes: []core.Purpose{core.PurposeLegal},
		Persons:    []core.Text{{FR: "personnel du fournisseur", EN: "the provider's staff"}, {FR: "contacts des prestataires", EN: "contacts of suppliers"}},
		Recipients: []core.Text{{FR: "organisations clientes", EN: "client organizations"}, {FR: "auditeurs de l'organisation", EN: "auditors of the organization"}},
		Tables:     []string{"inventory_item", "inventory_version", "inventory_file", "inventory_reminder"},
	},
}
