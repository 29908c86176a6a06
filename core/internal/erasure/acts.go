package erasure

import (
	"time"

	"github.com/rempart/rempart/core"
)

// sensitive is how fresh the proof of identity of whoever orders or approves must be.
const sensitive = 15 * time.Minute

const onOrder = "erasure"

func act(p core.Permission, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{
		Permission: p, Resource: onOrder, Verb: verb, Purpose: core.PurposeLegal, Staff: len(holders) > 0, Holders: holders, Title: core.Text{FR: fr, EN: en},
	}
}

func fresh(d *core.ActDef) *core.ActDef               { d.Fresh = sensitive; return d }
func reach(d *core.ActDef, r core.Reach) *core.ActDef { d.Reach = r; return d }

// The acts of this module.
var (
	Read    = act("erasure.read", core.Reads, "Lire les ordres d'effacement", "Read the orders of erasure", "provider.admin", "provider.dpo", "provider.auditor")
	Weigh   = act("erasure.weigh", core.Reads, "Voir ce qu'un effacement supprimerait", "See what an erasure would delete", "provider.admin", "provider.dpo")
	Command = fresh(act("erasure.order", core.Deletes, "Ordonner l'effacement d'une personne", "Order the erasure of a person", "provider.admin", "provider.dpo"))
	Approve = fresh(act("erasure.approve", core.Updates, "Approuver des effacements en nombre", "Approve erasures in number", "provider.admin", "provider.dpo"))
	Refuse  = act("erasure.refuse", core.Updates, "Refuser un effacement qui attend", "Refuse an erasure that waits", "provider.admin", "provider.dpo")
	Cancel  = reach(act("erasure.cancel", core.Updates, "Annuler son propre effacement avant qu'il commence", "Cancel one's own erasure before it begins"), core.BySelf)

	// What clients see of it: which of their former persons were erased, so that they erase their own copies.
	Consult = &core.ActDef{
		Permission: "erasure.consult", Resource: onOrder, Verb: core.Reads, Purpose: core.PurposeLegal, Holders: []string{"admin", "auditor"},
		Title: core.Text{FR: "Voir les effacements à répercuter", EN: "See the erasures to carry on"},
	}
	Handle = &core.ActDef{
		Permission: "erasure.handle", Resource: onOrder, Verb: core.Updates, Purpose: core.PurposeLegal, Holders: []string{"admin"},
		Title: core.Text{FR: "Dire qu'un effacement est répercuté", EN: "Say that an erasure was carried on"},
	}

	begin   = reach(act("erasure.begin", core.Updates, "Commencer un effacement ordonné", "Begin an erasure that was ordered"), core.BySystem)
	advance = reach(act("erasure.step", core.Deletes, "Passer une étape d'un effacement", "Pass a step of an erasure"), core.BySystem)
	certify = reach(act("erasure.certify", core.Creates, "Certifier un effacement", "Certify an erasure"), core.BySystem)
	replay  = reach(act("erasure.replay", core.Deletes, "Rejouer un effacement après une restauration", "Replay an erasure after a restore"), core.BySystem)
)

// The duties of this module.
var (
	weighing = &core.Duty{Name: "erasure.weigh", Why: "the dry run of an erasure: everything that it does is rolled back"}
	closing  = &core.Duty{Name: "erasure.close", Why: "notes that the key of an order that ended was destroyed; the order's end is journaled"}
	trying   = &core.Duty{Name: "erasure.trial", Why: "removes the order that a probe gave on its own canary"}
)

var (
	kept   = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "erasure", OnErase: core.Keep}
	spent  = core.Column{Category: "contact", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "delivery", Sealed: true, OnErase: core.ShredKey}
	author = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "erasure", OnErase: core.Keep}
)

var rules = []core.RetentionRule{{
	Name: "erasure", Title: core.Text{FR: "tant que la plateforme existe : sans cela, une restauration ferait revenir la personne", EN: "as long as the platform exists: without it, a restore would bring the person back"},
	From: core.Text{FR: "l'ordre d'effacement", EN: "the order of erasure"}, Ground: core.LegalObligation,
}}

var activities = []core.Activity{{
	ID: "erasure.orders", Title: core.Text{FR: "Effacements et leurs preuves", EN: "Erasures and their proofs"},
	About: core.Text{FR: "Effacer une personne de toute la plateforme, le prouver, et le refaire après toute restauration", EN: "Erase a person from the whole platform, prove it, and do it again after any restore"},
	Part:  core.Controller, Purposes: []core.Purpose{core.PurposeLegal},
	Persons:    []core.Text{{FR: "personnes effacées, par leur identifiant seul", EN: "erased persons, by their id alone"}, {FR: "personnel du fournisseur", EN: "the provider's staff"}},
	Recipients: []core.Text{{FR: "organisations qui avaient reçu les données", EN: "organizations that had received the data"}},
	Tables:     []string{"erasure_order", "erasure_step", "erasure_line", "erasure_notice", "erasure_tombstone"},
}}

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Module: "erasure", Title: core.Text{FR: "Effacements", EN: "Erasures"}, Activities: activities, Rules: rules,
		Tables: []core.Table{
			{Name: "erasure_order", Title: core.Text{FR: "Ordres d'effacement", EN: "Orders of erasure"}, Columns: core.Columns(
				core.Plain("id", "org", "request", "reason", "scope", "state", "step", "blocked", "begins_at", "judged_at", "replayed_at", "tries", "entry", "digest", "sealed", "trial"),
				core.Personal(kept, "person", "ordered_at", "ended_at", "receipt"), core.Personal(author, "ordered_by", "judged_by"), core.Personal(spent, "contact", "traces"))},
			{Name: "erasure_step", Title: core.Text{FR: "Étapes passées", EN: "Steps passed"}, Columns: core.Plain("erasure", "step", "passed_at")},
			{Name: "erasure_line", Title: core.Text{FR: "Comptes par table", EN: "Counts per table"}, Columns: core.Plain("erasure", "phase", "kept_in", "deleted", "kept", "ground", "why_fr", "why_en", "rule")},
			{Name: "erasure_notice", Title: core.Text{FR: "Organisations prévenues d'un effacement", EN: "Organizations told of an erasure"}, Columns: core.Columns(
				core.Plain("org", "id", "erasure", "member", "made_at", "told_at", "handled_at"), core.Personal(kept, "person"), core.Personal(author, "handled_by"))},
			{Name: "erasure_tombstone", Title: core.Text{FR: "Personnes effacées, à côté des clés", EN: "Erased persons, beside the keys"}, Columns: core.Columns(
				core.Plain("id", "org", "reason", "done_at"), core.Personal(kept, "person", "made_at"))},
		},
		Acts:   []*core.ActDef{Read, Weigh, Command, Approve, Refuse, Cancel, Consult, Handle, begin, advance, certify, replay},
		Duties: []*core.Duty{weighing, closing, trying},
	}
}
