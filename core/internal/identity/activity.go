package identity

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "identity.accounts", Title: core.Text{FR: "Comptes des personnes", EN: "Accounts of persons"},
		About: core.Text{FR: "Tenir le profil, la photo et l'identifiant de connexion de chaque personne", EN: "Keep each person's profile, photo and sign-in identifier"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeService},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}, {FR: "personnes invitées", EN: "persons invited"}},
		Recipients: []core.Text{{FR: "personnel désigné du fournisseur, sous une habilitation de support", EN: "named staff of the provider, under a support assignment"}},
		Tables:     []string{"identity_person", "identity_photo", "identity_account"},
	},
	{
		ID: "identity.protection", Title: core.Text{FR: "Protection des comptes", EN: "Protection of accounts"},
		About: core.Text{FR: "Vérifier l'identité de qui se connecte et répondre aux signalements d'usage anormal", EN: "Check who signs in and answer reports of unusual use"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity, core.PurposeService},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
		Recipients: []core.Text{{FR: "responsables de la sécurité du fournisseur", EN: "the provider's security officers"}},
		Tables:     []string{"identity_account", "identity_password", "identity_password_old", "identity_factor", "identity_recovery", "identity_link", "identity_report"},
	},
}

// rules are the retention rules that columns name here first.
var rules = []core.RetentionRule{
	{Name: "account", Title: core.Text{FR: "aussi longtemps que le compte existe", EN: "as long as the account exists"}, From: core.Text{FR: "création du compte", EN: "creation of the account"}, Ground: core.Contract},
	{Name: "link", Title: core.Text{FR: "sept jours après l'échéance du lien", EN: "seven days after the link runs out"}, From: core.Text{FR: "échéance du lien", EN: "end of the link"}, Days: 7, Ground: core.LegitimateInterest},
}
