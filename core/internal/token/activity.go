package token

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "token.tokens", Title: core.Text{FR: "Jetons et comptes de service", EN: "Tokens and service accounts"},
		About: core.Text{FR: "Laisser les programmes d'une personne ou d'une organisation agir en leur nom, et pouvoir les arrêter", EN: "Let programs of a person or an organization act in their name, and be able to stop them"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
		Recipients: []core.Text{{FR: "responsables de la sécurité du fournisseur", EN: "the provider's security officers"}},
		Tables:     []string{"token_token", "token_service", "token_reply"},
	},
}

// rules are the retention rules that columns name here first.
var rules = []core.RetentionRule{
	{Name: "reply", Title: core.Text{FR: "un jour", EN: "one day"}, From: core.Text{FR: "réponse donnée à un programme", EN: "answer given to a program"}, Days: 1, Ground: core.LegitimateInterest},
}
