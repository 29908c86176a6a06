package access

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "access.assignments", Title: core.Text{FR: "Habilitations et suspensions", EN: "Assignments and suspensions"},
		About: core.Text{FR: "Dire qui peut faire quoi, qui l'a décidé et jusqu'à quand, et couper un accès", EN: "Say who may do what, who decided it and until when, and cut an access"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity, core.PurposeService},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
		Recipients: []core.Text{{FR: "auditeurs de l'organisation", EN: "auditors of the organization"}, {FR: "responsables de la sécurité du fournisseur", EN: "the provider's security officers"}},
		Tables:     []string{"access_role", "access_assignment", "access_suspension", "access_allow", "access_usage"},
	},
}

// rules are the retention rules that columns name here first.
var rules = []core.RetentionRule{
	{Name: "12m", Title: core.Text{FR: "douze mois", EN: "twelve months"}, From: core.Text{FR: "dernier usage ou clôture", EN: "last use or closing"}, Days: 365, Setting: "retention.usage_days", Ground: core.LegitimateInterest},
	{
		Name: "7y", Title: core.Text{FR: "un an en ligne, puis archivé jusqu'à sept ans", EN: "one year at hand, then archived until seven years"},
		From: core.Text{FR: "fin de l'habilitation, de la revue ou de l'attestation", EN: "end of the assignment, review or attestation"},
		Days: 365, Archive: 2190, Setting: "retention.ended_days", Ground: core.LegalObligation,
	},
}
