package recognition

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/lapse"
)

// The acts of synchronisation and of agents.
var (
	SyncPush = core.ActDef{
		Permission: "sync.push", Resource: "link", Verb: core.Updates, Purpose: Purpose, Holders: []string{RoleAgent},
		Title: core.Text{FR: "Apporter les fiches d'un outil relié", EN: "Bring the cards of a linked tool"},
	}
	// SyncAwait is asked again and again while a set is loaded: it shows counts.
	SyncAwait = core.ActDef{
		Permission: "sync.await", Resource: "sync", Verb: core.Reads, Purpose: Purpose, Quiet: true, Holders: []string{RoleAgent},
		Title: core.Text{FR: "Suivre le chargement des fiches apportées", EN: "Follow the loading of the cards brought"},
	}
	SyncFault = core.ActDef{
		Permission: "sync.fault", Resource: "link", Verb: core.Updates, Purpose: Purpose, Holders: []string{RoleAgent},
		Title: core.Text{FR: "Signaler, pour un programme, qu'il n'a pas pu lire son outil", EN: "Report, for a program, that it could not read its tool"},
	}
	SyncSee = core.ActDef{
		Permission: "sync.read", Resource: "sync", Verb: core.Reads, Purpose: Purpose, Quiet: true, Holders: []string{RoleManager},
		Title: core.Text{FR: "Voir comment se passent les synchronisations", EN: "See how synchronisations go"},
	}
	SyncApprove = core.ActDef{
		Permission: "sync.approve", Resource: "link", Verb: core.Updates, Purpose: Purpose, Fresh: fresh, Holders: []string{RoleManager},
		Title: core.Text{FR: "Approuver ou refuser une synchronisation qui retire beaucoup de fiches", EN: "Approve or refuse a synchronisation that takes many cards away"},
	}
	SyncLate = core.ActDef{
		Permission: "sync.late", Resource: "link", Verb: core.Updates, Reach: core.BySystem, Purpose: core.PurposeService,
		Title: core.Text{FR: "Alerter d'une synchronisation en retard", EN: "Warn that a synchronisation is late"},
	}
	AgentInvite = core.ActDef{
		Permission: "agent.invite", Resource: "agent", Verb: core.Creates, Purpose: core.PurposeService, Fresh: fresh, Holders: []string{RoleManager},
		Title: core.Text{FR: "Créer le code d'installation d'un programme", EN: "Make the install code of a program"},
	}
	AgentRead = core.ActDef{
		Permission: "agent.read", Resource: "agent", Verb: core.Reads, Purpose: core.PurposeService, Holders: []string{RoleManager, "admin"},
		Title: core.Text{FR: "Voir les programmes installés", EN: "See the programs installed"},
	}
	AgentDismiss = core.ActDef{
		Permission: "agent.dismiss", Resource: "agent", Verb: core.Deletes, Purpose: core.PurposeSecurity, Holders: []string{RoleManager, "admin"},
		Title: core.Text{FR: "Mettre fin à un programme installé", EN: "End a program that was installed"},
	}
	AgentEnrol = core.ActDef{
		Permission: "agent.enrol", Resource: "agent", Verb: core.Updates, Reach: core.ByAnyone, Purpose: core.PurposeService,
		Title: core.Text{FR: "Échanger un code d'installation contre un jeton", EN: "Exchange an install code for a token"},
	}
)

var intakeActs = []*core.ActDef{&SyncPush, &SyncAwait, &SyncFault, &SyncSee, &SyncApprove, &SyncLate, &AgentInvite, &AgentRead, &AgentDismiss, &AgentEnrol}

var intakeTables = []core.Table{
	{Name: "recognition_sync", Unsaved: true, Title: core.Text{FR: "Synchronisations", EN: "Synchronisations"}, Columns: core.Columns(
		core.Plain(
			"org", "link", "state", "session", "account", "whole", "mapping", "generation", "cards", "digest", "next", "wanted", "wanted_digest", "refused_digest",
			"puts", "deletes", "loaded", "every", "version", "fault", "begun_at", "pushed_at", "done_at", "told_at", "held",
		),
		[]core.Column{{Name: "secret", Sealed: true, Secret: true}})},
	{Name: "recognition_chunk", Unsaved: true, Title: core.Text{FR: "Fiches en cours d'arrivée", EN: "Cards on their way"}, Columns: core.Columns(
		core.Plain("org", "link", "session", "number"),
		[]core.Column{{
			Name: "body", Personal: true, Category: "contact", Purpose: Purpose, Basis: core.LegitimateInterest, Retention: "account",
			Sealed: true, Secret: true, OnErase: core.ShredKey,
		}})},
	{Name: "recognition_agent", Title: core.Text{FR: "Programmes installés", EN: "Programs installed"}, Columns: core.Columns(
		core.Plain("org", "id", "what", "link", "until", "account", "made_at"),
		[]core.Column{{Name: "name", Sealed: true}, {Name: "code", Secret: true}},
		core.Personal(owned, "made_by"))},
}

var intakeActivity = core.Activity{
	ID: "recognition.intake", Title: core.Text{FR: "Synchronisation des fiches", EN: "Synchronisation of cards"},
	About: core.Text{FR: "Apporter les fiches des outils d'une organisation, et installer les programmes qui le font", EN: "Bring the cards of an organization's tools, and install the programs that do it"},
	Part:  core.Processor, Purposes: []core.Purpose{Purpose, core.PurposeService, core.PurposeSecurity},
	Persons: []core.Text{{FR: "contacts de l'organisation", EN: "contacts of the organization"}, {FR: "utilisateurs", EN: "users"}},
	Tables:  []string{"recognition_sync", "recognition_chunk", "recognition_agent"},
	Acts:    []core.Permission{"sync.push", "sync.await", "sync.fault", "sync.read", "sync.approve", "sync.late", "agent.invite", "agent.read", "agent.dismiss", "agent.enrol"},
}

var intakeEstates = []lapse.Estate{
	{Table: "recognition_sync"},
	{Table: "recognition_chunk"},
	{Table: "recognition_agent"},
}

var (
	errNoSession = i18n.Fault(core.Conflict, "sync.session", "Cette synchronisation n'est plus ouverte : recommencez.", "This synchronisation is not open any more: start anew.")
	errOrder     = i18n.Fault(core.Conflict, "sync.order", "Ce n'est pas le morceau attendu.", "This is not the chunk expected.")
	errChunk     = i18n.Fault(core.Malformed, "sync.chunk", "Ce morceau ne peut pas être lu.", "This chunk cannot be read.")
	errMapping   = i18n.Fault(core.Conflict, "sync.mapping", "Ce morceau suit un autre choix de champs que la synchronisation.", "This chunk follows another choice of fields than the synchronisation.")
	errTooLarge  = i18n.Fault(core.Conflict, "sync.large", "Trop de changements d'un coup : apportez l'ensemble.", "Too many changes at once: bring the whole set.")
	errTooHeavy  = i18n.Fault(core.Conflict, "sync.heavy", "Cet ensemble de fiches est trop grand pour une synchronisation : reliez l'outil en plusieurs parties.", "This set of cards is too large for one synchronisation: link the tool in several parts.")
	errCells     = i18n.Fault(core.Invalid, "sync.cells", "Ce nombre de cellules n'est pas possible.", "This number of cells is not possible.")
	errSyncOften = i18n.Fault(core.TooMany, "sync.too_many", "Toutes les fiches de cet outil sont relues trop souvent. Attendez le temps indiqué.", "All the cards of this tool are read again too often. Wait for the time given.")
	errNotYours  = i18n.Fault(core.NotFound, "sync.link", "Ce programme n'apporte pas les fiches de cet outil.", "This program does not bring the cards of this tool.")
	errNothing   = i18n.Fault(core.NotFound, "sync.nothing", "Rien n'attend ici.", "Nothing waits here.")
	errFaultCode = i18n.Fault(core.Invalid, "sync.fault", "Ce n'est pas un mot de notre liste d'erreurs.", "This is no word of our list of errors.")
	errCode      = i18n.Fault(core.Gone, "enrol.code", "Ce code est inconnu, a expiré ou a déjà servi. Demandez-en un autre.", "This code is unknown, has expired or was used. Ask for another.")
	errEnrolSlow = i18n.Fault(core.TooMany, "enrol.too_many", "Trop d'essais. Réessayez plus tard.", "Too many tries. Try again later.")
	errWhat      = i18n.Fault(core.Invalid, "agent.invalid", "Un champ du programme est à corriger.", "A field of the program needs correcting.")
	whatBad      = i18n.Reason("agent.task", "Choisissez ce que le programme fera.", "Choose what the program will do.")
	agentNameBad = i18n.Reason("agent.title", "De 1 à 80 caractères.", "From 1 to 80 characters.")

	waitingSubject = i18n.T("Une synchronisation attend votre accord", "A synchronisation waits for your approval")
	waitingBody    = i18n.T("Une synchronisation retirerait %d fiches sur %d. Rien n'a changé : approuvez-la ou refusez-la dans les réglages de la reconnaissance d'appels.",
		"A synchronisation would take %d of %d cards away. Nothing has changed: approve it or refuse it in the settings of caller recognition.")
	lateSubject = i18n.T("Une synchronisation est en retard", "A synchronisation is late")
	lateBody    = i18n.T("Les fiches d'un outil relié n'ont pas été mises à jour depuis le %s. Vérifiez que le programme tourne et que l'outil répond : la page des réglages dit ce qu'il a signalé.",
		"The cards of a linked tool were not updated since %s. Check that the program runs and that the tool answers: the page of settings says what it reported.")
)
