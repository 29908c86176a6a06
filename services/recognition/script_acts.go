package recognition

import (
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/lapse"
)

const onScript = "script"

func scriptAct(p core.Permission, verb core.Verb, since time.Duration, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{Permission: p, Resource: onScript, Verb: verb, Purpose: Purpose, Fresh: since, Holders: holders, Title: core.Text{FR: fr, EN: en}}
}

// The acts on screen-pop scripts (CTI-23). Who sets scripts up does not sign the programs that they start: an administrator does.
var (
	ReadScripts   = scriptAct("script.read", core.Reads, 0, "Voir les scripts d'appel et leurs versions", "See call scripts and their versions", RoleManager, "admin")
	ManageScripts = scriptAct("script.manage", core.Updates, fresh, "Régler les scripts d'appel", "Set call scripts up", RoleManager)
	TryScripts    = scriptAct("script.try", core.Reads, 0, "Essayer les scripts avec un numéro", "Try scripts with a number", RoleManager)
	SignPrograms  = scriptAct("script.sign", core.Updates, fresh, "Signer la liste des programmes que les postes démarrent", "Sign the list of programs that workstations start", "admin")
	FetchPrograms = scriptAct("script.fetch", core.Reads, 0, "Recevoir la liste signée des programmes", "Receive the signed list of programs", RoleUser, RoleAgent)
	RunScript     = scriptAct("script.run", core.Reads, 0, "Faire exécuter par la plateforme un script de son propre appel", "Have the platform run a script of one's own call", RoleUser)
)

var scriptActs = []*core.ActDef{ReadScripts, ManageScripts, TryScripts, SignPrograms, FetchPrograms, RunScript, ReadDirectory}

var scriptTables = []core.Table{
	{Name: "recognition_script", Title: core.Text{FR: "Scripts d'appel", EN: "Call scripts"}, Columns: core.Plain("org", "id", "version", "state", "made_at")},
	{Name: "recognition_script_version", Title: core.Text{FR: "Versions des scripts d'appel", EN: "Versions of call scripts"}, Columns: core.Columns(
		core.Plain("org", "script", "version", "what", "undoes", "made_at"), []core.Column{{Name: "settings", Sealed: true}}, core.Personal(owned, "made_by"))},
	{Name: "recognition_script_limit", Title: core.Text{FR: "Hôtes permis aux scripts", EN: "Hosts that scripts may use"}, Columns: core.Columns(
		core.Plain("org", "changed_at"), []core.Column{{Name: "settings", Sealed: true}}, core.Personal(owned, "changed_by"))},
	{Name: "recognition_program", Title: core.Text{FR: "Listes signées de programmes", EN: "Signed lists of programs"}, Columns: core.Columns(
		core.Plain("org", "public", "version", "signature", "signed_at"),
		[]core.Column{{Name: "private", Sealed: true, Secret: true}, {Name: "manifest", Sealed: true}}, core.Personal(owned, "signed_by"))},
}

var scriptActivity = core.Activity{
	ID: "recognition.scripts", Title: core.Text{FR: "Scripts d'appel", EN: "Call scripts"},
	About: core.Text{FR: "Ouvrir la bonne fiche, ou prévenir le bon programme, quand un appel est reconnu", EN: "Open the right record, or tell the right program, when a call is recognised"},
	Part:  core.Processor, Purposes: []core.Purpose{Purpose},
	Persons:    []core.Text{{FR: "utilisateurs", EN: "users"}, {FR: "personnes qui appellent", EN: "persons who call"}},
	Recipients: []core.Text{{FR: "les adresses que l'organisation a permises", EN: "the addresses that the organization has allowed"}},
	Tables:     []string{"recognition_script", "recognition_script_version", "recognition_script_limit", "recognition_program"},
	Acts:       []core.Permission{"script.read", "script.manage", "script.try", "script.sign", "script.fetch", "script.run"},
}

var scriptEstates = []lapse.Estate{
	{Table: "recognition_script"}, {Table: "recognition_script_version"}, {Table: "recognition_script_limit"}, {Table: "recognition_program"},
}
