package register

import (
	"time"

	"github.com/rempart/rempart/core"
)

// fresh is how recent the proof of identity must be to approve a register or to suspend an activity.
const fresh = 5 * time.Minute

func act(p core.Permission, verb core.Verb, fresh time.Duration, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{
		Permission: p, Resource: "register", Verb: verb, Purpose: core.PurposeLegal, Fresh: fresh, Holders: holders, Title: core.Text{FR: fr, EN: en},
	}
}

// The acts of this module.
var (
	Read = act("register.read", core.Reads, 0, "Lire le registre des traitements", "Read the record of processing activities",
		"admin", "privacy", "auditor", "provider.admin", "provider.dpo", "provider.auditor")
	Write = act("register.write", core.Updates, 0, "Compléter le registre des traitements à la main", "Add to the record of processing activities by hand",
		"admin", "privacy", "provider.admin", "provider.dpo")
	Approve = act("register.approve", core.Updates, fresh, "Approuver le registre des traitements", "Approve the record of processing activities",
		"privacy", "provider.dpo")
	Suspend = act("register.suspend", core.Updates, fresh, "Suspendre une activité de traitement, la remettre en vigueur", "Suspend a processing activity, put it in force again",
		"privacy", "provider.dpo")
	Export = act("register.export", core.Exports, 0, "Exporter le registre des traitements", "Export the record of processing activities",
		"admin", "privacy", "auditor", "provider.admin", "provider.dpo", "provider.auditor")
	// SeeShown is everyone's own: what is done with their data (articles 13 and 14).
	SeeShown = own(act("register.own", core.Reads, 0, "Lire ce qui est fait de ses données, et pourquoi", "Read what is done with one's data, and why"))
)

func own(d *core.ActDef) *core.ActDef { d.Reach, d.Quiet = core.BySelf, true; return d }

// Counting is the duty of the watch over free text.
var Counting = &core.Duty{Name: "register.count", Why: "counts by day and category that a text seemed to hold sensitive data: neither the text nor who typed it is kept"}

// Trying is the duty of a probe on what it made itself.
var Trying = &core.Duty{Name: "register.trial", Why: "takes back what a probe wrote into the register of the canaries"}

var (
	by     = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "7y", OnErase: core.Keep}
	sealed = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "7y", Sealed: true, OnErase: core.Keep}
)

var activities = []core.Activity{{
	ID: "register.record", Title: core.Text{FR: "Registre des traitements", EN: "Record of processing activities"},
	About: core.Text{FR: "Tenir le registre, savoir qui l'a complété, approuvé ou suspendu", EN: "Keep the record, know who added to it, approved it or suspended part of it"},
	Part:  core.Controller, Purposes: []core.Purpose{core.PurposeLegal},
	Persons: []core.Text{
		{FR: "délégués à la protection des données et représentants", EN: "data-protection officers and representatives"},
		{FR: "personnes qui complètent le registre", EN: "persons who add to the record"},
	},
	Recipients: []core.Text{{FR: "autorité de contrôle, à sa demande", EN: "supervisory authority, on request"}},
	Tables:     []string{"register_version", "register_suspension", "register_approval"},
}}

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Module: "register",
		Title:  core.Text{FR: "Registre des traitements", EN: "Record of processing activities"},
		Tables: []core.Table{
			{Name: "register_hand", Title: core.Text{FR: "Ajouts faits à la main", EN: "Additions made by hand"}, Columns: core.Plain("org", "id", "kind", "target", "revision", "ended_at")},
			{Name: "register_version", Title: core.Text{FR: "Versions des ajouts", EN: "Versions of the additions"}, Columns: core.Columns(
				core.Plain("org", "hand", "revision", "changed_at"), core.Personal(by, "changed_by"), core.Personal(sealed, "body"))},
			{Name: "register_suspension", Title: core.Text{FR: "Activités suspendues", EN: "Suspended activities"}, Columns: core.Columns(
				core.Plain("org", "id", "activity", "at", "lifted_at"), core.Personal(by, "by_person", "lifted_by"), core.Personal(sealed, "reason"))},
			{Name: "register_approval", Title: core.Text{FR: "Approbations du registre", EN: "Approvals of the record"}, Columns: core.Columns(
				core.Plain("org", "form", "number", "hash", "approved_at", "entry"), core.Personal(by, "approved_by"), core.Personal(sealed, "document"))},
			{Name: "register_flag", Title: core.Text{FR: "Textes libres signalés, par jour", EN: "Free texts flagged, by day"}, Columns: core.Plain("org", "day", "category", "count")},
		},
		Acts:       []*core.ActDef{Read, Write, Approve, Suspend, Export, SeeShown},
		Duties:     []*core.Duty{Counting, Trying},
		Activities: activities,
	}
}
