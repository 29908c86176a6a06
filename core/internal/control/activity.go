package control

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "control.promises", Title: core.Text{FR: "Clauses et leurs preuves", EN: "Clauses and their proofs"},
		About: core.Text{FR: "Publier des engagements, les faire signer, les vérifier et prévenir de leur rupture", EN: "Publish commitments, have them signed, verify them and tell of their break"},
		Part:  core.Controller, Purposes: []core.Purpose{core.PurposeLegal, core.PurposeSecurity, core.PurposeService},
		Persons:    []core.Text{{FR: "personnel du fournisseur", EN: "the provider's staff"}, {FR: "signataires des organisations clientes", EN: "signatories of client organizations"}},
		Recipients: []core.Text{{FR: "organisations clientes", EN: "client organizations"}, {FR: "auditeurs de l'organisation", EN: "auditors of the organization"}},
		Tables:     []string{"control_publication", "control_pin", "control_told", "control_webhook"},
	},
}
