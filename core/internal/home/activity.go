package home

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "home.pages", Title: core.Text{FR: "Pages d'accueil", EN: "Home pages"},
		About: core.Text{FR: "Montrer à chacun ses organisations et ce qui l'attend", EN: "Show everyone their organizations and what awaits them"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeService},
		Persons: []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
	},
}
