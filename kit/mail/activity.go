package mail

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "mail.outbox", Title: core.Text{FR: "Courrier sortant", EN: "Outgoing mail"},
		About: core.Text{FR: "Remettre aux personnes les messages que leurs actes appellent", EN: "Deliver to persons the messages that their acts call for"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeService},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}, {FR: "personnes invitées", EN: "persons invited"}},
		Recipients: []core.Text{{FR: "relais de courrier électronique de la plateforme", EN: "the platform's mail relay"}},
		Tables:     []string{"mail_outbox"},
	},
}

// rules are the retention rules that columns name here first.
var rules = []core.RetentionRule{
	{Name: "30d", Title: core.Text{FR: "trente jours", EN: "thirty days"}, From: core.Text{FR: "remise ou abandon du message", EN: "delivery or abandon of the message"}, Days: 30, Setting: "retention.mail_days", Ground: core.Contract},
	{Name: "delivery", Title: core.Text{FR: "jusqu'à la remise", EN: "until delivery"}, From: core.Text{FR: "mise en file du message", EN: "queueing of the message"}, Ground: core.Contract},
}
