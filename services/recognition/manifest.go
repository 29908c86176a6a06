package recognition

import (
	"slices"

	"github.com/rempart/rempart/core"
)

// Purpose is what cards and calls are used for: telling a person who is calling.
const Purpose core.Purpose = "recognition"

// The roles that the service brings. An administrator gives them like any other.
const (
	RoleManager = "recognition.manager" // sets it up
	RoleUser    = "recognition.user"    // is told who is calling
	RoleAgent   = "recognition.agent"   // a program that brings cards, or asks about numbers
)

var roles = []core.Role{
	{
		ID: RoleManager, Kind: "client", Title: core.Text{FR: "Reconnaissance d'appels : réglages", EN: "Caller recognition: settings"},
		Description: core.Text{FR: "Relie les outils, choisit ce qui est montré, raccorde la téléphonie.", EN: "Links tools, chooses what is shown, connects telephony."},
	},
	{
		ID: RoleUser, Kind: "client", Title: core.Text{FR: "Reconnaissance d'appels : usage", EN: "Caller recognition: use"},
		Description: core.Text{FR: "Voit qui appelle sur son poste, et compose d'un clic.", EN: "Sees who calls their phone, and dials with a click."},
	},
	{
		ID: RoleAgent, Kind: "client", Title: core.Text{FR: "Reconnaissance d'appels : programme", EN: "Caller recognition: program"},
		Description: core.Text{FR: "Apporte les fiches d'un outil, ou demande qui est un numéro.", EN: "Brings the cards of a tool, or asks who a number is."},
	},
}

var owned = core.Column{Category: "professional", Purpose: Purpose, Basis: core.Contract, Retention: "account", OnErase: core.EraseNull}

var activities = []core.Activity{
	{
		ID: "recognition.cards", Title: core.Text{FR: "Reconnaissance des appelants", EN: "Recognition of callers"},
		About: core.Text{FR: "Dire à la personne appelée qui l'appelle, d'après les outils de son organisation", EN: "Tell the person called who is calling, from the tools of their organization"},
		Part:  core.Processor, Purposes: []core.Purpose{Purpose, core.PurposeService, core.PurposeSupport, core.PurposeSecurity},
		Persons:    []core.Text{{FR: "contacts de l'organisation", EN: "contacts of the organization"}, {FR: "utilisateurs", EN: "users"}},
		Recipients: []core.Text{{FR: "utilisateurs de l'organisation", EN: "users of the organization"}},
		Tables:     cardTableNames,
	},
}

// Manifest declares what the service keeps and can do.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Module: "recognition", Title: core.Text{FR: "Reconnaissance d'appels", EN: "Caller recognition"},
		Tables: slices.Concat(
			[]core.Table{linkTable},
			cardTables,
			intakeTables,
			callTables,
			supportTables,
			deviceTables,
			subscriptionTables,
			settingTables,
			scriptTables,
		),
		Acts: slices.Concat(
			cardActs,
			intakeActs,
			callActs,
			supportActs,
			deviceActs,
			subscriptionActs,
			settingActs,
			scriptActs,
		),
		Duties: slices.Concat(
			[]*core.Duty{Tidy},
			callDuties,
			[]*core.Duty{shredding, seeing, deviceTrial},
			settingDuties,
		),
		Roles: roles,
		Activities: slices.Concat(
			activities,
			[]core.Activity{intakeActivity, callActivity},
			[]core.Activity{supportActivity, deviceActivity},
			[]core.Activity{subscriptionActivity, settingActivity},
			[]core.Activity{scriptActivity},
		),
		Rules: []core.RetentionRule{
			cardRule,
			callRule,
			supportRules[0],
			deviceRules[0],
			settingRule,
		},
	}
}
