package recognition

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
)

const (
	onCall = "call"
	onLine = "line"
)

func callAct(p core.Permission, resource string, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{Permission: p, Resource: resource, Verb: verb, Purpose: Purpose, Holders: holders, Title: core.Text{FR: fr, EN: en}}
}

func recent(d *core.ActDef) *core.ActDef { d.Fresh = fresh; return d }

// The acts on calls and lines.
var (
	WatchCalls  = callAct("call.watch", onCall, core.Reads, "Voir qui appelle son propre poste", "See who calls one's own phone", RoleUser)
	DialNumber  = callAct("call.dial", onCall, core.Creates, "Appeler, ou raccrocher, depuis son propre poste", "Call, or hang up, from one's own phone", RoleUser)
	ReadHistory = callAct("call.history", onCall, core.Reads, "Lire l'historique de ses propres appels", "Read the history of one's own calls", RoleUser)
	NoteCall    = callAct("call.note", onCall, core.Updates, "Écrire une note sur l'un de ses appels", "Write a note on one of one's own calls", RoleUser)
	ReportCall  = callAct("call.report", onCall, core.Updates, "Signaler un appel d'un central hébergé", "Report a call of a hosted exchange", RoleAgent)
	ReadLines   = callAct("line.read", onLine, core.Reads, "Voir les centraux téléphoniques et leur état", "See telephone exchanges and their state", RoleManager)
	ManageLine  = recent(callAct("line.manage", onLine, core.Updates, "Raccorder un central, attribuer les postes", "Connect an exchange, assign phones", RoleManager))
)

var callActs = []*core.ActDef{WatchCalls, DialNumber, ReadHistory, NoteCall, ReportCall, ReadLines, ManageLine}

// Duties on calls: none writes anything of a person.
var (
	leaseDuty  = core.Duty{Name: "recognition.lease", Why: "says which node speaks to an exchange and how that goes: no act of anybody"}
	errandDuty = core.Duty{Name: "recognition.errand", Why: "takes away what a person asked of their phone once it was done: the asking has its entry"}
)

var callDuties = []*core.Duty{&leaseDuty, &errandDuty}

var (
	callOf     = core.Column{Category: "connection", Purpose: Purpose, Basis: core.Contract, Retention: "calls", OnErase: core.EraseRow}
	callSealed = core.Column{Category: "connection", Purpose: Purpose, Basis: core.Contract, Retention: "calls", Sealed: true, OnErase: core.EraseRow}
	phoneOf    = core.Column{Category: "professional", Purpose: Purpose, Basis: core.Contract, Retention: "account", OnErase: core.EraseRow}
	phoneShut  = core.Column{Category: "professional", Purpose: Purpose, Basis: core.Contract, Retention: "account", Sealed: true, OnErase: core.EraseRow}
)

var callTables = []core.Table{
	{Name: "recognition_line", Title: core.Text{FR: "Centraux téléphoniques", EN: "Telephone exchanges"}, Columns: core.Columns(
		core.Plain("org", "id", "kind", "paused", "version", "made_at"),
		[]core.Column{{Name: "settings", Sealed: true}, {Name: "secrets", Sealed: true, Secret: true}}, core.Personal(owned, "made_by"))},
	{
		Name: "recognition_lease", Title: core.Text{FR: "État des centraux", EN: "State of exchanges"}, Unsaved: true,
		Columns: core.Plain("org", "line", "holder", "until_at", "condition", "why", "seen_at", "event_at"),
	},
	{Name: "recognition_phone", Title: core.Text{FR: "Postes téléphoniques", EN: "Phones"}, Columns: core.Columns(
		core.Plain("org", "id", "line"), core.Personal(phoneOf, "person"), core.Personal(phoneShut, "extension"))},
	{Name: "recognition_call", Title: core.Text{FR: "Appels", EN: "Calls"}, Columns: core.Columns(
		core.Plain("org", "id", "line", "own", "masked"), core.Personal(callOf, "person", "state", "outgoing", "began_at", "answered_at", "ended_at", "changed_at"),
		[]core.Column{{Name: "ref", Secret: true}}, core.Personal(callSealed, "details", "note"))},
	{Name: "recognition_known", Title: core.Text{FR: "Appelants reconnus", EN: "Callers recognised"}, Unsaved: true, Columns: core.Columns(
		core.Plain("org", "call", "at", "link", "began_at"), core.Personal(callSealed, "card"))},
	{Name: "recognition_errand", Title: core.Text{FR: "Appels demandés", EN: "Calls asked for"}, Unsaved: true, Columns: core.Columns(
		core.Plain("org", "id", "line", "verb"), core.Personal(callOf, "person", "made_at"), core.Personal(callSealed, "details"))},
}

var callActivity = core.Activity{
	ID: "recognition.calls", Title: core.Text{FR: "Appels téléphoniques", EN: "Telephone calls"},
	About: core.Text{FR: "Montrer à une personne qui appelle son poste, garder l'historique de ses propres appels, appeler d'un clic", EN: "Show a person who calls their phone, keep the history of their own calls, call with a click"},
	Part:  core.Processor, Purposes: []core.Purpose{Purpose},
	Persons:    []core.Text{{FR: "utilisateurs", EN: "users"}, {FR: "personnes qui appellent ou sont appelées", EN: "persons who call or are called"}},
	Recipients: []core.Text{{FR: "l'utilisateur dont c'est le poste", EN: "the user whose phone it is"}},
	Tables:     []string{"recognition_line", "recognition_lease", "recognition_phone", "recognition_call", "recognition_known", "recognition_errand"},
}

var callRule = core.RetentionRule{
	Name: "calls", Title: core.Text{FR: "trente jours après l'appel", EN: "thirty days after the call"}, From: core.Text{FR: "début de l'appel", EN: "start of the call"},
	Days: 30, Setting: "retention.call_days", Ground: core.Contract,
}

// callLapses are how calls end by time.
var callLapses = lapse.Of(
	lapse.Line{
		Table: "recognition_call", Rule: "calls", Key: []string{"org", "id"}, Org: "org", Person: "person", Since: "began_at",
		With: []string{db.SQL(`DELETE FROM recognition_known WHERE org = $1 AND call = $2`)}, Takes: []string{"recognition_known"},
	},
	lapse.Line{Table: "recognition_errand", Rule: "calls", Key: []string{"org", "id"}, Org: "org", Person: "person", Since: "made_at"},
)

// callEstates are what ends with an organization.
var callEstates = []lapse.Estate{
	{Table: "recognition_known"},
	{Table: "recognition_errand"},
	{Table: "recognition_call"},
	{Table: "recognition_phone"},
	{Table: "recognition_lease"},
	{Table: "recognition_line"},
}
