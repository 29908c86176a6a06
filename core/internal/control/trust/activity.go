package trust

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "trust.annexes", Title: core.Text{FR: "Annexes et liens d'auditeurs", EN: "Annexes and auditors' links"},
		About: core.Text{FR: "Remettre l'annexe des engagements et ouvrir un accès daté aux auditeurs", EN: "Hand out the annex of commitments and open a dated access to auditors"},
		Part:  core.Controller, Purposes: []core.Purpose{core.PurposeLegal, core.PurposeSecurity},
		Persons:    []core.Text{{FR: "personnel du fournisseur", EN: "the provider's staff"}, {FR: "auditeurs extérieurs", EN: "external auditors"}, {FR: "membres des organisations clientes", EN: "members of client organizations"}},
		Recipients: []core.Text{{FR: "organisations clientes", EN: "client organizations"}, {FR: "auditeurs de l'organisation", EN: "auditors of the organization"}},
		Tables:     []string{"trust_annex", "trust_link", "trust_page"},
	},
}
