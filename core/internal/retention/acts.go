package retention

import (
	"time"

	"github.com/rempart/rempart/core"
)

const fresh = 15 * time.Minute

func act(p core.Permission, resource string, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{Permission: p, Resource: resource, Verb: verb, Purpose: core.PurposeLegal, Holders: holders, Title: core.Text{FR: fr, EN: en}}
}

func staff(d *core.ActDef) *core.ActDef  { d.Staff = true; return d }
func grave(d *core.ActDef) *core.ActDef  { d.Fresh = fresh; return d }
func system(d *core.ActDef) *core.ActDef { d.Reach = core.BySystem; return d }
func quiet(d *core.ActDef) *core.ActDef  { d.Quiet = true; return d }

// The acts of this module.
var (
	ReadRules = quiet(act("retention.read", "retention", core.Reads, "Voir les durées de conservation et ce qui part bientôt", "See retention rules and what goes soon",
		"admin", "auditor", "provider.admin", "provider.dpo", "provider.auditor", "provider.operator"))
	Try = act("retention.try", "retention", core.Creates, "Essayer un balayage sans rien effacer", "Try a sweep without deleting anything",
		"admin", "provider.admin", "provider.dpo")
	Certify = act("retention.certify", "retention", core.Exports, "Télécharger un certificat de suppression", "Download a deletion certificate",
		"admin", "auditor", "provider.admin", "provider.dpo", "provider.auditor")
	ReadHolds = act("hold.read", "hold", core.Reads, "Voir les conservations imposées", "See legal holds",
		"admin", "auditor", "provider.admin", "provider.dpo", "provider.auditor")
	PlaceHold = grave(act("hold.place", "hold", core.Creates, "Imposer la conservation d'une personne ou d'une organisation", "Place a legal hold on a person or an organization",
		"admin", "provider.admin", "provider.dpo"))
	LiftHold = grave(act("hold.lift", "hold", core.Updates, "Lever une conservation imposée", "Lift a legal hold",
		"admin", "provider.admin", "provider.dpo"))
	SearchArchive = staff(grave(act("archive.read", "archive", core.Reads, "Lire l'archive intermédiaire, avec une raison", "Read the intermediate archive, with a reason",
		"provider.dpo")))

	Expire = system(act("retention.expire", "retention", core.Deletes, "Effacer ou archiver ce qui a atteint son terme", "Delete or archive what has reached its end"))
	Begin  = system(act("retention.sweep", "retention", core.Updates, "Commencer ou finir un balayage", "Begin or end a sweep"))
	Warn   = system(act("account.warn", "person", core.Creates, "Prévenir une personne de la fin de son compte", "Tell a person that their account ends"))
	Forget = system(act("account.expire", "person", core.Deletes, "Demander l'effacement d'un compte sans organisation", "Order the erasure of an account that belongs nowhere"))
)

// dutyAge is what a probe does to the archive of canaries.
var dutyTrial = &core.Duty{Name: "retention.trial", Why: "a probe plants and takes away rows of its own canaries; nobody's data are touched"}

var (
	held    = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "hold", OnErase: core.Keep}
	said    = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "hold", Sealed: true, OnErase: core.Keep}
	stored  = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "archive", OnErase: core.Keep}
	record  = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "archive", Sealed: true, OnErase: core.Keep}
	noticed = core.Column{Category: "contact", Purpose: core.PurposeService, Basis: core.Contract, Retention: "notice", OnErase: core.EraseRow}
	by      = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "certificate", OnErase: core.EraseNull}
)

var rules = []core.RetentionRule{
	{
		Name: "archive", Title: core.Text{FR: "jusqu'au terme inscrit : sept ans après la fin", EN: "until the term written with it: seven years after the end"},
		From: core.Text{FR: "terme de l'archive", EN: "term of the archive"}, Days: 1, Ground: core.LegalObligation,
	},
	{
		Name: "hold", Title: core.Text{FR: "cinq ans après la levée", EN: "five years after it is lifted"},
		From: core.Text{FR: "levée ou fin de la conservation imposée", EN: "lifting or end of the hold"}, Days: 1826, Ground: core.LegalObligation,
	},
	{
		Name: "notice", Title: core.Text{FR: "trente jours après l'effacement demandé", EN: "thirty days after the erasure was ordered"},
		From: core.Text{FR: "date annoncée", EN: "date that was told"}, Days: 30, Ground: core.Contract,
	},
	{
		Name: "certificate", Title: core.Text{FR: "trois ans", EN: "three years"},
		From: core.Text{FR: "fin du balayage", EN: "end of the sweep"}, Days: 1096, Ground: core.LegitimateInterest,
	},
}

var activities = []core.Activity{{
	ID: "retention.archive", Title: core.Text{FR: "Conservation et archive intermédiaire", EN: "Retention and intermediate archive"},
	About: core.Text{FR: "Effacer au terme de chaque durée, garder à part ce que la loi demande de garder, et le prouver", EN: "Delete at the end of each duration, keep apart what the law asks to keep, and prove it"},
	Part:  core.Controller, Purposes: []core.Purpose{core.PurposeLegal, core.PurposeService},
	Persons: []core.Text{{FR: "anciens membres des organisations clientes", EN: "former members of client organizations"}},
	Tables:  []string{"retention_run", "retention_hold", "retention_archive", "retention_notice"},
}}

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Module: "retention", Title: core.Text{FR: "Conservation", EN: "Retention"}, Activities: activities, Rules: rules,
		Tables: []core.Table{
			{Name: "retention_run", Title: core.Text{FR: "Balayages", EN: "Sweeps"}, Columns: core.Columns(
				core.Plain("id", "org", "dry", "state", "began_at", "ended_at"), core.Personal(by, "asked_by"))},
			{Name: "retention_line", Title: core.Text{FR: "Ce que chaque balayage a effacé", EN: "What each sweep ended"}, Columns: core.Plain(
				"run", "org", "rule", "name", "days", "deleted", "archived", "kept", "entry")},
			{Name: "retention_hold", Title: core.Text{FR: "Conservations imposées", EN: "Legal holds"}, Columns: core.Columns(
				core.Plain("id", "org", "placed_in", "review_at", "ends_at"),
				core.Personal(held, "person", "mark", "since", "placed_by", "lifted_at", "lifted_by"), core.Personal(said, "ground", "why"))},
			{Name: "retention_archive", Title: core.Text{FR: "Archive intermédiaire", EN: "Intermediate archive"}, Columns: core.Columns(
				core.Plain("org", "id", "name", "rule", "moved_at", "until_at"), core.Personal(stored, "mark", "began_at"), core.Personal(record, "sealed"))},
			{Name: "retention_notice", Title: core.Text{FR: "Fins de compte annoncées", EN: "Ends of accounts that were told"}, Columns: core.Columns(
				core.Plain("ordered"), core.Personal(noticed, "person", "told_at", "due_at"))},
		},
		Acts:   []*core.ActDef{ReadRules, Try, Certify, ReadHolds, PlaceHold, LiftHold, SearchArchive, Expire, Begin, Warn, Forget},
		Duties: []*core.Duty{dutyTrial},
	}
}
