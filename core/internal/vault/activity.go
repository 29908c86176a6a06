package vault

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "vault.keys", Title: core.Text{FR: "Clés de chiffrement", EN: "Encryption keys"},
		About: core.Text{FR: "Sceller les données de chaque personne sous sa propre clé, dont la destruction les efface", EN: "Seal each person's data under a key of their own, whose destruction erases them"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity},
		Persons: []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}, {FR: "personnes invitées", EN: "persons invited"}},
		Tables:  []string{"vault_key"},
	},
}
