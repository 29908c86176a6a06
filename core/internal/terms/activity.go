package terms

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "terms.acceptance", Title: core.Text{FR: "Acceptation des conditions", EN: "Acceptance of terms"},
		About: core.Text{FR: "Prouver quelle version des conditions chaque personne a acceptée, et quand", EN: "Prove which version of the terms each person accepted, and when"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeLegal},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
		Recipients: []core.Text{{FR: "auditeurs de l'organisation", EN: "auditors of the organization"}},
		Tables:     []string{"terms_version", "terms_acceptance"},
	},
}
