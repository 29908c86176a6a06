package review

import "github.com/rempart/rempart/core"

// activities are what the register says of this module.
var activities = []core.Activity{
	{
		ID: "review.requests", Title: core.Text{FR: "Demandes de rôle et revues d'habilitations", EN: "Requests for a role and reviews of assignments"},
		About: core.Text{FR: "Faire approuver chaque rôle, revoir ceux qui sont tenus et retirer ceux qui ne servent plus", EN: "Have each role approved, review those held and take back those of no use"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
		Recipients: []core.Text{{FR: "auditeurs de l'organisation", EN: "auditors of the organization"}},
		Tables:     []string{"review_request", "review_campaign", "review_line"},
		Acts: []core.Permission{
			"access_request.ask", "access_request.own", "access_request.withdraw", "access_request.see", "access_request.judge", "access_request.expire",
			"support.ask", "support.mine", "support.asked",
			"access_review.read", "access_review.export", "access_review.open", "access_review.mine", "access_review.answer", "access_review.undo",
			"access_review.begin", "access_review.close", "access_review.lapse", "access_review.move", "departure.compare", "dormant.read",
		},
	},
	{
		ID: "review.sharing", Title: core.Text{FR: "Comptes qui semblent partagés", EN: "Accounts that seem shared"},
		About: core.Text{FR: "Voir qu'un compte sert à plusieurs personnes, par ses connexions simultanées", EN: "See that an account serves several persons, by its simultaneous sign-ins"},
		Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSecurity},
		Persons:    []core.Text{{FR: "membres des organisations clientes", EN: "members of client organizations"}},
		Recipients: []core.Text{{FR: "responsables de la sécurité du fournisseur", EN: "the provider's security officers"}},
		Tables:     []string{"review_overlap", "review_sharing"},
		Acts:       []core.Permission{"sharing.read", "sharing.judge", "sharing.own", "sharing.explain", "sharing.flag"},
	},
}
