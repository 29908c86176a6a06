package recognition

import (
	"time"

	"github.com/rempart/rempart/core"
)

const onSupport = "support_log"

func supportAct(p core.Permission, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{Permission: p, Resource: onSupport, Verb: verb, Purpose: core.PurposeSupport, Holders: holders, Title: core.Text{FR: fr, EN: en}}
}

func ownAct(d *core.ActDef) *core.ActDef   { d.Reach = core.BySelf; return d }
func staffAct(d *core.ActDef) *core.ActDef { d.Staff = true; return d }
func houseAct(d *core.ActDef) *core.ActDef { d.Reach = core.BySystem; return d }

// The acts on support logs.
var (
	OpenCase   = supportAct("support_log.open", core.Creates, "Signaler un problème d'outil ou de téléphonie, et faire noter ce qui s'y passe", "Report a problem with a tool or telephony, and have what happens there noted", RoleManager)
	ReportCase = supportAct("support_log.report", core.Creates, "Signaler un problème sur ses propres appels, et faire noter ce qui s'y passe", "Report a problem with one's own calls, and have what happens there noted", RoleManager, RoleUser)
	ListCases  = supportAct("support_log.list", core.Reads, "Voir les problèmes signalés de l'organisation", "See the reported problems of the organization", RoleManager)
	OwnCases   = ownAct(supportAct("support_log.own", core.Reads, "Voir les problèmes que l'on a signalés", "See the problems that one reported"))
	CloseCase  = supportAct("support_log.close", core.Deletes, "Clore un problème signalé et détruire ce qui fut noté", "Close a reported problem and destroy what was noted", RoleManager)
	CloseOwn   = ownAct(supportAct("support_log.close_own", core.Deletes, "Clore un problème que l'on a signalé, et détruire ce qui fut noté", "Close a problem that one reported, and destroy what was noted"))
	NameStaff  = staffAct(supportAct("support_log.name", core.Updates, "Désigner qui, au support, lit un problème signalé", "Name who of support reads a reported problem", "provider.admin", "provider.operator"))
	SeeCases   = staffAct(supportAct("support_log.see", core.Reads, "Voir les problèmes signalés, sans ce qui fut noté", "See reported problems, without what was noted", "provider.admin", "provider.operator", "provider.support"))
	ReadCase   = staffAct(supportAct("support_log.read", core.Reads, "Lire ce qui fut noté d'un problème pour lequel on est désigné", "Read what was noted of a problem that one is named for", "provider.support"))
	SettleCase = staffAct(supportAct("support_log.settle", core.Deletes, "Clore un problème pour lequel on est désigné, et détruire ce qui fut noté", "Close a problem that one is named for, and destroy what was noted", "provider.support"))
	noteCase   = houseAct(supportAct("support_log.note", core.Creates, "Noter ce qui se passe pendant un problème signalé", "Note what happens during a reported problem"))
	expireCase = houseAct(supportAct("support_log.expire", core.Deletes, "Clore un problème que personne n'a clos, et détruire ce qui fut noté", "Close a problem that nobody closed, and destroy what was noted"))
)

var supportActs = []*core.ActDef{OpenCase, ReportCase, ListCases, OwnCases, CloseCase, CloseOwn, NameStaff, SeeCases, ReadCase, SettleCase, noteCase, expireCase}

// shredding is the only housekeeping of support logs: the closing itself is an act.
var shredding = &core.Duty{Name: "recognition.shred", Why: "notes that the key of a closed case was destroyed; its closing is journaled"}

const (
	ruleSupport = "support_log"
	// grace is how long a case may stay open once nothing is noted any more; the platform closes it then.
	grace = 7 * 24 * time.Hour
)

var supportRules = []core.RetentionRule{{
	Name: ruleSupport, Title: core.Text{FR: "sept jours après la fin de l'enregistrement, ou dès la clôture", EN: "seven days after the noting ends, or as soon as the case closes"},
	From: core.Text{FR: "fin de l'enregistrement", EN: "end of the noting"}, Days: 7, Ground: core.Contract,
}}

var (
	supportKept   = core.Column{Category: "professional", Purpose: core.PurposeSupport, Basis: core.Contract, Retention: "12m", OnErase: core.EraseNull}
	supportStaff  = core.Column{Category: "professional", Purpose: core.PurposeSupport, Basis: core.Contract, Retention: "12m", OnErase: core.EraseRow}
	supportSealed = core.Column{Category: "connection", Purpose: core.PurposeSupport, Basis: core.Contract, Retention: ruleSupport, Sealed: true, OnErase: core.EraseRow}
)

var supportTables = []core.Table{
	{Name: "recognition_case", Title: core.Text{FR: "Problèmes signalés", EN: "Reported problems"}, Columns: core.Columns(
		core.Plain("org", "id", "scope", "opened_at", "until_at", "closed_at", "ended", "noted", "shredded_at"),
		core.Personal(supportKept, "target", "opened_by", "closed_by"))},
	{Name: "recognition_case_staff", Title: core.Text{FR: "Support désigné", EN: "Support staff named"}, Columns: core.Columns(
		core.Plain("org", "case_id", "named_at"), core.Personal(supportStaff, "person", "named_by"))},
	{Name: "recognition_case_line", Title: core.Text{FR: "Ce qui fut noté d'un problème", EN: "What was noted of a problem"}, Columns: core.Columns(
		core.Plain("org", "case_id", "seq", "at"), core.Personal(supportSealed, "note"))},
}

var supportActivity = core.Activity{
	ID: "recognition.support", Title: core.Text{FR: "Assistance sur un problème signalé", EN: "Help with a reported problem"},
	About: core.Text{FR: "Noter ce qui se passe pendant un problème signalé, pour que le support désigné le résolve, puis le détruire", EN: "Note what happens during a reported problem, so that the support staff named can solve it, then destroy it"},
	Part:  core.Processor, Purposes: []core.Purpose{core.PurposeSupport},
	Persons:    []core.Text{{FR: "utilisateurs", EN: "users"}},
	Recipients: []core.Text{{FR: "support désigné du prestataire", EN: "the provider's support staff named for it"}},
	Tables:     []string{"recognition_case", "recognition_case_staff", "recognition_case_line"},
	Acts: []core.Permission{
		OpenCase.Permission, ReportCase.Permission, ListCases.Permission, OwnCases.Permission, CloseCase.Permission, CloseOwn.Permission,
		NameStaff.Permission, SeeCases.Permission, ReadCase.Permission, SettleCase.Permission, noteCase.Permission, expireCase.Permission,
	},
}
