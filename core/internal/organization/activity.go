package organization

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "organization.members", Title: core.Text{FR: "Membres des organisations", EN: "Members of organizations"},
		About: core.Text{FR: "Tenir la liste des membres, leurs invitations et les imports d'annuaires", EN: "Keep the list of members, their invitations and imports of directories"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeService},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnes invitées", EN: "persons invited"}},
		Recipients: []core.Text{{FR: "personnel désigné du fournisseur, sous une habilitation de support", EN: "named staff of the provider, under a support assignment"}, {FR: "relais de courrier électronique de la plateforme", EN: "the platform's mail relay"}},
		Tables:     []string{"organization_member", "organization_invitation", "organization_signup", "organization_import"},
	},
	{
		ID: "organization.invitations", Title: core.Text{FR: "Sûreté des invitations et des imports", EN: "Safety of invitations and imports"},
		About: core.Text{FR: "Savoir qui a invité et importé qui, et ne donner chaque lien d'invitation qu'à son destinataire", EN: "Know who invited and imported whom, and give each invitation link to its addressee only"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnes invitées", EN: "persons invited"}},
		Recipients: []core.Text{{FR: "responsables de la sécurité du fournisseur", EN: "the provider's security officers"}},
		Tables:     []string{"organization_invitation", "organization_import"},
	},
}

// rules are the retention rules that columns name here first.
var rules = []core.RetentionRule{
	{
		Name: "membership", Title: core.Text{FR: "un an après le départ, puis archivé jusqu'à sept ans ; un mois après la fin du contrat", EN: "one year after the person leaves, then archived until seven years; one month after the contract ends"},
		From: core.Text{FR: "fin du contrat ou départ du membre", EN: "end of the contract or departure of the member"},
		Days: 365, Archive: 2190, Setting: "retention.member_days", Ground: core.LegalObligation,
	},
	{Name: "invitation", Title: core.Text{FR: "trente jours après l'échéance de l'invitation", EN: "thirty days after the invitation runs out"}, From: core.Text{FR: "échéance de l'invitation", EN: "end of the invitation"}, Days: 30, Setting: "retention.invitation_days", Ground: core.Contract},
	{Name: "24h", Title: core.Text{FR: "vingt-quatre heures", EN: "twenty-four hours"}, From: core.Text{FR: "dépôt de la demande ou du fichier", EN: "arrival of the request or file"}, Days: 1, Ground: core.Contract},
}
