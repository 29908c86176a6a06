package session

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "session.sessions", Title: core.Text{FR: "Sessions ouvertes", EN: "Open sessions"},
		About: core.Text{FR: "Tenir une session ouverte, la montrer à la personne et la fermer à temps", EN: "Keep a session open, show it to the person and end it in time"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
		Recipients: []core.Text{{FR: "responsables de la sécurité du fournisseur", EN: "the provider's security officers"}},
		Tables:     []string{"session_session"},
	},
}

// rules are the retention rules that columns name here first.
var rules = []core.RetentionRule{
	{Name: "session", Title: core.Text{FR: "quatre-vingt-dix jours après la fin de la session ou du jeton", EN: "ninety days after the session or token ends"}, From: core.Text{FR: "fin de la session ou du jeton", EN: "end of the session or token"}, Days: 90, Setting: "retention.session_days", Ground: core.LegitimateInterest},
}
