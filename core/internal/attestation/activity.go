package attestation

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "attestation.duties", Title: core.Text{FR: "Attestations et formation de l'équipe", EN: "Attestations and training of staff"},
		About: core.Text{FR: "Tenir ce que le personnel du fournisseur a signé, suivi et doit refaire", EN: "Keep what the provider's staff signed, attended and must do again"},
		Part:  core.Controller, Purposes: []core.Purpose{core.PurposeLegal},
		Persons:    []core.Text{{FR: "personnel du fournisseur", EN: "the provider's staff"}},
		Recipients: []core.Text{{FR: "organisations clientes", EN: "client organizations"}, {FR: "auditeurs de l'organisation", EN: "auditors of the organization"}},
		Tables:     []string{"attestation_attestation", "attestation_file", "attestation_duty", "attestation_reminder"},
	},
}
