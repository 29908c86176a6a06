package signin

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "signin.entry", Title: core.Text{FR: "Connexion", EN: "Sign-in"},
		About: core.Text{FR: "Mener chaque connexion à son terme, reconnaître les navigateurs connus et arrêter qui devine des mots de passe", EN: "See each sign-in through, recognise known browsers and stop whoever guesses passwords"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}, {FR: "visiteurs qui se connectent ou s'inscrivent", EN: "visitors who sign in or sign up"}},
		Recipients: []core.Text{{FR: "responsables de la sécurité du fournisseur", EN: "the provider's security officers"}},
		Tables:     []string{"signin_flow", "signin_device"},
	},
}

// rules are the retention rules that columns name here first.
var rules = []core.RetentionRule{
	{Name: "flow", Title: core.Text{FR: "un jour après l'échéance de la connexion commencée", EN: "one day after a sign-in under way runs out"}, From: core.Text{FR: "échéance de la connexion commencée", EN: "end of the sign-in under way"}, Days: 1, Ground: core.LegitimateInterest},
	{Name: "device", Title: core.Text{FR: "quatre cents jours sans être revu", EN: "four hundred days unseen"}, From: core.Text{FR: "dernière connexion depuis ce navigateur", EN: "last sign-in from this browser"}, Days: 400, Setting: "retention.device_days", Ground: core.LegitimateInterest},
}
