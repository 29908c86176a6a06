package settings

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "settings.settings", Title: core.Text{FR: "Paramètres", EN: "Settings"},
		About: core.Text{FR: "Savoir qui a réglé quoi, et donner les contacts des organisations", EN: "Know who set what, and give the contacts of organizations"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity, core.PurposeService},
		Persons: []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
		Tables:  []string{"settings_value"},
	},
}
