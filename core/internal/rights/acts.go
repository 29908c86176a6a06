package rights

import (
	"time"

	"github.com/rempart/rempart/core"
)

// sensitive is how fresh the proof of identity of who decides must be.
const sensitive = 15 * time.Minute

const (
	onRequest  = "rights_request"
	onDocument = "rights_document"
	onTask     = "rights_task"
	onSystem   = "rights_system"
)

func act(p core.Permission, resource string, verb core.Verb, fr, en string) *core.ActDef {
	return &core.ActDef{Permission: p, Resource: resource, Verb: verb, Purpose: core.PurposeLegal, Title: core.Text{FR: fr, EN: en}}
}

// officers work on requests: for an organization its privacy role and its administration, for the platform its own.
func officers(d *core.ActDef) *core.ActDef {
	d.Holders = []string{"admin", "privacy", "provider.admin", "provider.dpo"}
	return d
}

func reach(d *core.ActDef, r core.Reach) *core.ActDef { d.Reach = r; return d }
func fresh(d *core.ActDef) *core.ActDef               { d.Fresh = sensitive; return d }
func quiet(d *core.ActDef) *core.ActDef               { d.Quiet = true; return d }

// The acts of this module.
var (
	SeeForm = quiet(reach(act("rights_form.read", onRequest, core.Reads, "Ouvrir le formulaire des droits", "Open the form of rights"), core.ByAnyone))
	FileOne = reach(act("rights_request.file", onRequest, core.Creates, "Exercer un droit par le formulaire public", "Exercise a right by the public form"), core.ByAnyone)
	Follow  = quiet(reach(act("rights_request.follow", onRequest, core.Reads, "Suivre sa demande par un lien reçu", "Follow one's request by a mailed link"), core.ByAnyone))
	Confirm = reach(act("rights_request.confirm", onRequest, core.Updates, "Confirmer sa demande par un lien reçu", "Confirm one's request by a mailed link"), core.ByAnyone)
	SendDoc = reach(act("rights_document.send", onDocument, core.Creates, "Envoyer une pièce d'identité par un lien reçu", "Send a proof of identity by a mailed link"), core.ByAnyone)
	DropOne = reach(act("rights_request.drop", onRequest, core.Updates, "Retirer sa demande par un lien reçu", "Withdraw one's request by a mailed link"), core.ByAnyone)

	Ask         = fresh(reach(act("rights_request.ask", onRequest, core.Creates, "Exercer un droit depuis son espace", "Exercise a right from one's own space"), core.BySelf))
	SeeOwn      = reach(act("rights_request.own", onRequest, core.Reads, "Voir ses propres demandes", "See one's own requests"), core.BySelf)
	WithdrawOwn = reach(act("rights_request.withdraw", onRequest, core.Updates, "Retirer sa propre demande", "Withdraw one's own request"), core.BySelf)

	List    = officers(act("rights_request.list", onRequest, core.Reads, "Voir les demandes de droits", "See requests of rights"))
	Read    = officers(act("rights_request.read", onRequest, core.Reads, "Lire une demande de droits", "Read a request of rights"))
	Record  = officers(act("rights_request.record", onRequest, core.Creates, "Inscrire une demande reçue autrement", "Record a request received otherwise"))
	Doubt   = officers(act("rights_request.doubt", onRequest, core.Updates, "Demander une preuve d'identité", "Ask for a proof of identity"))
	Prove   = fresh(officers(act("rights_request.prove", onRequest, core.Updates, "Établir l'identité d'un demandeur", "Establish the identity of a requester")))
	Carry   = fresh(officers(act("rights_request.carry", onRequest, core.Updates, "Exécuter une demande de droits", "Carry out a request of rights")))
	Extend  = officers(act("rights_request.extend", onRequest, core.Updates, "Prolonger de deux mois, avec un motif", "Take two more months, with a reason"))
	Answer  = officers(act("rights_request.answer", onRequest, core.Updates, "Répondre à une demande de droits", "Answer a request of rights"))
	Refuse  = officers(act("rights_request.refuse", onRequest, core.Updates, "Refuser une demande de droits, avec un motif", "Refuse a request of rights, with a reason"))
	OpenDoc = fresh(officers(act("rights_document.open", onDocument, core.Reads, "Ouvrir une pièce d'identité", "Open a proof of identity")))
	DoTask  = officers(act("rights_task.do", onTask, core.Updates, "Dire qu'une tâche est faite", "Tell that a task is done"))
	Systems = officers(act("rights_system.read", onSystem, core.Reads, "Voir les systèmes à prévenir", "See the systems to be told"))
	Manage  = fresh(officers(act("rights_system.manage", onSystem, core.Updates, "Choisir les systèmes à prévenir", "Choose the systems to be told")))

	Destroy = reach(act("rights_document.destroy", onDocument, core.Deletes, "Détruire une pièce d'identité", "Destroy a proof of identity"), core.BySystem)
	Fade    = reach(act("rights_request.fade", onRequest, core.Deletes, "Vider une demande d'effacement répondue", "Empty a request of erasure that was answered"), core.BySystem)
	Remind  = reach(act("rights_request.remind", onRequest, core.Creates, "Rappeler l'échéance d'une demande", "Recall the due date of a request"), core.BySystem)
)

// Trial is the duty of a probe on the rows of its own canaries; Replying notes what an outside system answered; Indexing
// changes no more than the index of a row.
var (
	Trial    = &core.Duty{Name: "rights.trial", Why: "ages and clears what a canary asked, to see its due date and its reminders: the rows are the canary's own"}
	Replying = &core.Duty{Name: "rights.reply", Why: "notes the status that an outside system answered; the request that was sent is journaled"}
	Indexing = &core.Duty{Name: "rights.index", Why: "requesters' addresses are indexed anew under a newer secret"}
)

// rule is how long requests are kept once they are closed.
const rule = "rights"

var (
	asked  = core.Column{Category: "rights", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: rule, OnErase: core.Keep}
	shred  = core.Column{Category: "rights", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: rule, Sealed: true, OnErase: core.ShredKey}
	blind  = core.Column{Category: "identity", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "check", Sealed: true, Blind: true, OnErase: core.ShredKey}
	piece  = core.Column{Category: "identity", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "check", Sealed: true, OnErase: core.ShredKey}
	sealed = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: rule, Sealed: true, OnErase: core.Keep}
	secret = core.Column{Category: "security", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: rule, Secret: true, OnErase: core.Keep}
	told   = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: rule, OnErase: core.EraseRow}
)

var activities = []core.Activity{{
	ID: "rights.requests", Title: core.Text{FR: "Demandes de droits", EN: "Requests of rights"},
	About: core.Text{FR: "Recevoir les demandes des personnes sur leurs données, vérifier leur identité, y répondre et garder la preuve de la réponse", EN: "Receive people's requests about their data, verify their identity, answer and keep the proof of the answer"},
	Part:  core.Processor, Purposes: []core.Purpose{core.PurposeLegal},
	Persons:    []core.Text{{FR: "toute personne qui exerce un droit", EN: "anyone who exercises a right"}},
	Recipients: []core.Text{{FR: "systèmes extérieurs que l'organisation a désignés", EN: "outside systems that the organization has named"}},
	Tables:     []string{"rights_request", "rights_step", "rights_letter", "rights_task", "rights_system", "rights_document", "rights_link", "rights_notice", "rights_pause"},
}}

var rules = []core.RetentionRule{
	{
		Name: rule, Title: core.Text{FR: "trois ans après la clôture de la demande", EN: "three years after the request was closed"},
		From: core.Text{FR: "la clôture de la demande", EN: "the closing of the request"}, Days: closedDays, Ground: core.LegalObligation,
	},
	{
		Name: "check", Title: core.Text{FR: "le temps de vérifier l'identité, trente jours au plus", EN: "as long as identity is checked, thirty days at most"},
		From: core.Text{FR: "la réception de la pièce", EN: "the receipt of the document"}, Days: documentDays, Ground: core.LegalObligation,
	},
}

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	table := func(name, fr, en string, columns ...[]core.Column) core.Table {
		return core.Table{Name: name, Title: core.Text{FR: fr, EN: en}, Columns: core.Columns(columns...)}
	}
	return core.Manifest{
		Module: "rights", Title: core.Text{FR: "Droits des personnes", EN: "Rights of persons"}, Activities: activities, Rules: rules,
		Tables: []core.Table{
			table("rights_request", "Demandes de droits", "Requests of rights",
				core.Plain("org", "id", "kind", "channel", "language", "state", "proof", "proof_how", "tries", "due_at", "extended_at", "carried_at", "effect", "joined_to", "trial"),
				core.Personal(asked, "person", "account", "received_at", "proved_at", "proved_by", "closed_at", "closed_by"),
				core.Personal(secret, "place"), core.Personal(shred, "details")),
			table("rights_pause", "Temps de doute sur l'identité", "Times of doubt on identity", core.Plain("org", "request", "from_at", "until_at")),
			table("rights_step", "Étapes des demandes", "Steps of requests", core.Plain("org", "id", "request", "what"), core.Personal(asked, "who", "at"), core.Personal(shred, "note")),
			table("rights_letter", "Réponses envoyées", "Answers sent",
				core.Plain("org", "id", "request", "kind", "language", "subject", "digest"), core.Personal(asked, "sent_by", "sent_at"), core.Personal(shred, "text", "sent_to")),
			table("rights_task", "Tâches d'une demande", "Tasks of a request",
				core.Plain("org", "id", "request", "place", "target", "records", "state", "reply", "made_at", "done_at"), core.Personal(asked, "done_by"), core.Personal(shred, "note")),
			table("rights_system", "Systèmes extérieurs", "Outside systems",
				core.Plain("org", "id", "name", "way", "made_at", "last_at", "last_reply"), core.Personal(told, "made_by"), core.Personal(sealed, "address"),
				core.Personal(core.Column{Category: "security", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: rule, Sealed: true, Secret: true, OnErase: core.Keep}, "secret")),
			table("rights_document", "Pièces d'identité, détruites après vérification", "Proofs of identity, destroyed after the check",
				core.Plain("org", "id", "request", "type", "size", "digest", "sent_at", "destroyed_at"), core.Personal(piece, "name"), core.Personal(blind, "content")),
			table("rights_link", "Liens envoyés (empreintes)", "Links sent (hashes)", core.Plain("org", "request", "expires_at"), core.Personal(secret, "mark")),
			table("rights_notice", "Rappels d'échéance", "Reminders of due dates", core.Plain("org", "request", "step"), core.Personal(told, "person", "sent_at")),
		},
		Acts: []*core.ActDef{
			SeeForm, FileOne, Follow, Confirm, SendDoc, DropOne, Ask, SeeOwn, WithdrawOwn, List, Read, Record, Doubt, Prove, Carry, Extend, Answer, Refuse,
			OpenDoc, DoTask, Systems, Manage, Destroy, Fade, Remind,
		},
		Duties: []*core.Duty{Trial, Replying, Indexing},
	}
}
