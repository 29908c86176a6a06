package ui

import (
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// The sections of the menu, for Page.Section.
const (
	Home          = "home"
	MySecurity    = "me.security"
	MySessions    = "me.sessions"
	MyDevices     = "me.devices"
	MyTokens      = "me.tokens"
	MyProfile     = "me.profile"
	MyShares      = "me.shares"
	Overview      = "overview"
	Members       = "members"
	Import        = "members" // the import belongs to the members
	Roles         = "roles"
	Habilitations = "habilitations"
	Suspensions   = "suspensions"
	OrgSessions   = "sessions"
	Journal       = "journal"
	Services      = "services"
	Addresses     = "addresses"
	Requests      = "requests"
	Reviews       = "reviews"
	Departures    = "departures"
	Sharing       = "sharing"
	Terms         = "terms"
	Settings      = "settings"
	Controls      = "controls"
	Provider      = "provider"
	ProviderOrgs  = "provider.organizations"
	ProviderStaff = "provider.staff"
	ProviderFloor = "provider.floors"
	ProviderCuts  = "provider.suspensions"
	ProviderDoors = "provider.addresses"
	ProviderIn    = "provider.sessions"
	ProviderTerms = "provider.terms"
	ProviderAlert = "provider.reports"
	ProviderAsk   = "provider.support"
	ProviderLog   = "provider.journal"

	ProviderControls = "provider.controls"
	ProviderAttested = "provider.attestations"

	ProviderRegisters = "provider.registers"
	Retention         = "retention"
	Offboarding       = "offboarding"

	ProviderRetention   = "provider.retention"
	ProviderOffboarding = "provider.offboarding"
	ProviderIncidents   = "provider.incidents"
	Breaches            = "breaches"
	SubProcessors       = "subprocessors"
	ProviderRecord      = "provider.register"
	Record              = "register"
	Consents            = "consents"
	SharesReceived      = "shares"
	ProviderConsents    = "provider.consents"

	Statistics         = "statistics"
	ProviderStatistics = "provider.statistics"

	ProviderErasures = "provider.erasures"
	Erasures         = "erasures"

	Rights         = "rights"
	MyRights       = "me.rights"
	ProviderRights = "provider.rights"

	Workstations        = "devices"
	MyWorkstation       = "workstation"
	SupportLogs         = "support.logs"
	MyProblems          = "problems"
	ProviderDevices     = "provider.devices"
	ProviderSupportLogs = "provider.support_logs"

	MyData             = "me.data"
	ProviderRestraints = "provider.restraints"

	Recognition         = "recognition"
	Calls               = "calls"
	Lines               = "lines"
	ProviderRecognition = "provider.recognition"
)

// entry is one line of the menu, drawn for whoever holds its permission; none asks for none.
type entry struct {
	section string
	path    string // {org} stands for the organization
	title   i18n.Sentence
	icon    string
	key     string // pressed after g
	needs   core.Permission
	says    i18n.Sentence // what one does there, on its tile
	tile    bool          // shown as a tile only, not in the menu
}

var orgMenu = []entry{
	{section: Overview, path: "/o/{org}", title: i18n.T("Aperçu", "Overview"), icon: "building", key: "a", needs: "home.place"},
	{section: Members, path: "/o/{org}/members", title: i18n.T("Membres", "Members"), icon: "people", key: "m", needs: "member.list", says: i18n.T("Inviter, importer, retirer, changer une fonction.", "Invite, import, remove, change a function.")},
	{section: Habilitations, path: "/o/{org}/habilitations", title: i18n.T("Habilitations", "Access table"), icon: "grid", key: "h", needs: "habilitation.read", says: i18n.T("Qui peut quoi, pourquoi et depuis quand.", "Who can do what, why and since when.")},
	{section: Roles, path: "/o/{org}/roles", title: i18n.T("Rôles", "Roles"), icon: "key", key: "r", needs: "role.read", says: i18n.T("Ce que chaque rôle permet, et qui l'a.", "What each role permits, and who has it.")},
	{section: Requests, path: "/o/{org}/requests", title: i18n.T("Demandes", "Requests"), icon: "mail", key: "q", needs: "access_request.own", says: i18n.T("Demander un rôle, juger, revoir ce qui vous attend.", "Ask for a role, judge, review what awaits you.")},
	{section: Reviews, path: "/o/{org}/reviews", title: i18n.T("Revues", "Reviews"), icon: "check", key: "v", needs: "access_review.read", says: i18n.T("Ce qui est encore nécessaire, gardé avec un mot ou retiré.", "What is still needed, kept with a word or revoked.")},
	{section: Departures, path: "/o/{org}/departures", title: i18n.T("Départs", "Leavers"), icon: "out", needs: "departure.compare", says: i18n.T("Faire partir les absents d'une liste complète ; comptes dormants.", "Make those absent from a full list leave; dormant accounts."), tile: true},
	{section: Sharing, path: "/o/{org}/sharing", title: i18n.T("Comptes partagés", "Shared accounts"), icon: "people", needs: "sharing.read", says: i18n.T("Les comptes qui semblent servir à plusieurs, et pourquoi.", "Accounts that several people seem to use, and why."), tile: true},
	{section: Departures, path: "/o/{org}/dormant", title: i18n.T("Comptes dormants", "Dormant accounts"), icon: "clock", needs: "dormant.read", says: i18n.T("Qui ne se connecte plus, ou ne l'a jamais fait.", "Who no longer signs in, or never did."), tile: true},
	{section: Suspensions, path: "/o/{org}/suspensions", title: i18n.T("Suspensions", "Suspensions"), icon: "pause", key: "u", needs: "suspension.read", says: i18n.T("Couper un accès à la seconde, le rétablir.", "Cut an access within a second, restore it.")},
	{section: OrgSessions, path: "/o/{org}/sessions", title: i18n.T("Sessions", "Sessions"), icon: "device", key: "s", needs: "session.list", says: i18n.T("Les sessions ouvertes, et y mettre fin.", "Open sessions, and ending them.")},
	{section: Services, path: "/o/{org}/services", title: i18n.T("Comptes de service", "Service accounts"), icon: "bot", key: "c", needs: "service_account.list", says: i18n.T("Les programmes qui agissent ici, et leurs jetons.", "The programs that act here, and their tokens.")},
	{section: Journal, path: "/o/{org}/journal", title: i18n.T("Journal", "Journal"), icon: "journal", key: "j", needs: "journal.read", says: i18n.T("Tout ce qui s'est fait, avec sa preuve.", "All that was done, with its proof.")},
	{section: Erasures, path: "/o/{org}/erasures", title: i18n.T("Effacements à répercuter", "Erasures to carry on"), icon: "out", needs: "erasure.consult", says: i18n.T("Les personnes effacées dont vous aviez reçu des données.", "Erased persons whose data you had received."), tile: true},
	{section: Rights, path: "/o/{org}/rights", title: i18n.T("Demandes de droits", "Requests of rights"), icon: "person", needs: "rights_request.list", says: i18n.T("Ce que des personnes demandent sur leurs données, et pour quand.", "What persons ask about their data, and by when.")},
	{section: Record, path: "/o/{org}/register", title: i18n.T("Registre des traitements", "Record of processing"), icon: "doc", needs: "register.read", says: i18n.T("Ce qui est fait des données, pourquoi, et jusqu'à quand.", "What is done with data, why, and until when.")},
	{section: SubProcessors, path: "/o/{org}/subprocessors", title: i18n.T("Sous-traitants", "Sub-processors"), icon: "building", needs: "subprocessor.consult", says: i18n.T("Qui traite des données pour le prestataire, et où.", "Who processes data for the provider, and where.")},
	{section: Breaches, path: "/o/{org}/breaches", title: i18n.T("Violations de données", "Data breaches"), icon: "flag", needs: "breach.consult", says: i18n.T("Ce dont vous avez été prévenu, et qui est touché.", "What you were told of, and who is affected.")},
	{section: Controls, path: "/o/{org}/controls", title: i18n.T("Clauses et preuves", "Clauses and proof"), icon: "shield", key: "v", needs: "promise.read", says: i18n.T("Ce qui vous est promis, et sa preuve vivante.", "What you are promised, and its live proof.")},
	{section: Addresses, path: "/o/{org}/addresses", title: i18n.T("Adresses", "Addresses"), icon: "globe", key: "d", needs: "allow.read", says: i18n.T("D'où l'on peut entrer.", "Where one may come in from.")},
	{section: Terms, path: "/o/{org}/terms", title: i18n.T("Conditions", "Terms"), icon: "doc", key: "t", needs: "terms.manage", says: i18n.T("Vos textes, leurs versions, qui les a acceptés.", "Your texts, their versions, who accepted them.")},
	{section: Consents, path: "/o/{org}/consents", title: i18n.T("Consentements", "Consents"), icon: "check", needs: "consent_text.read", says: i18n.T("Ce que vous demandez aux personnes, texte exact à l'appui.", "What you ask of persons, with the exact text.")},
	{section: SharesReceived, path: "/o/{org}/shares", title: i18n.T("Partages reçus", "Shares received"), icon: "people", needs: "share.list", says: i18n.T("Ce que des personnes ont choisi de vous montrer.", "What persons chose to show you.")},
	{section: Retention, path: "/o/{org}/retention", title: i18n.T("Conservation", "Retention"), icon: "clock", needs: "retention.read", says: i18n.T("Combien de temps chaque donnée est gardée, et ce qui est parti.", "How long each datum is kept, and what went.")},
	{section: Offboarding, path: "/o/{org}/offboarding", title: i18n.T("Fin de contrat", "End of contract"), icon: "out", needs: "offboarding.extend", says: i18n.T("Tout emporter, et mettre fin au contrat.", "Take everything away, and end the contract."), tile: true},
	{section: Calls, path: "/o/{org}/calls", title: i18n.T("Appels", "Calls"), icon: "phone", needs: "call.watch", says: i18n.T("Qui vous appelle, vos appels, appeler d'un clic.", "Who calls you, your calls, calling with a click.")},
	{section: Lines, path: "/o/{org}/recognition/lines", title: i18n.T("Centraux téléphoniques", "Telephone exchanges"), icon: "phone", needs: "line.read", says: i18n.T("D'où viennent les appels, et qui a quel poste.", "Where calls come from, and who has which phone."), tile: true},
	{section: Recognition, path: "/o/{org}/recognition", title: i18n.T("Reconnaissance d'appels", "Caller recognition"), icon: "people", needs: "link.read", says: i18n.T("Relier vos outils, choisir ce que montre un appel.", "Link your tools, choose what a call shows.")},
	{section: Recognition, path: "/o/{org}/recognition/scripts", title: i18n.T("Scripts d'appel", "Call scripts"), icon: "doc", needs: "script.read", says: i18n.T("Ce qui s'ouvre quand un appel arrive, l'annuaire des téléphones.", "What opens when a call comes in, the directory for telephones."), tile: true},
	{section: Statistics, path: "/o/{org}/statistics", title: i18n.T("Statistiques", "Statistics"), icon: "gauge", needs: "statistic.read", says: i18n.T("Des chiffres sur tous, qui ne désignent personne.", "Figures about all that single out nobody."), tile: true},
	{section: Workstations, path: "/o/{org}/devices", title: i18n.T("Postes de travail", "Workstations"), icon: "device", needs: "workstation.list", says: i18n.T("Quels postes ne sont pas protégés comme promis.", "Which workstations are not protected as promised."), tile: true},
	{section: MyWorkstation, path: "/o/{org}/recognition/workstation", title: i18n.T("Mon poste", "My workstation"), icon: "device", needs: "call.watch", says: i18n.T("Installer l'agent qui montre qui appelle.", "Install the agent that shows who is calling."), tile: true},
	{section: MyProblems, path: "/o/{org}/recognition/problems", title: i18n.T("Signaler un problème d'appels", "Report a problem with calls"), icon: "flag", needs: "support_log.report", says: i18n.T("Faire noter vos appels pour quelques jours, puis tout détruire.", "Have your calls noted for some days, then destroy it all."), tile: true},
	{section: SupportLogs, path: "/o/{org}/recognition/support", title: i18n.T("Problèmes signalés", "Reported problems"), icon: "flag", needs: "support_log.list", says: i18n.T("Ce qui est noté en détail en ce moment, et le clore.", "What is noted in detail now, and closing it."), tile: true},
	{section: Settings, path: "/o/{org}/settings", title: i18n.T("Réglages", "Settings"), icon: "sliders", key: "p", needs: "setting.read", says: i18n.T("Les règles en vigueur et leurs planchers.", "The rules in force and their floors.")},
	{section: Overview, path: "/o/{org}/my-rights", title: i18n.T("Mes droits", "My rights"), icon: "shield", says: i18n.T("Ce que vous pouvez faire ici, et d'où cela vient.", "What you can do here, and where it comes from."), tile: true},
	{section: Settings, path: "/o/{org}/profile", title: i18n.T("Fiche de l'organisation", "Organization's details"), icon: "building", needs: "organization.edit", says: i18n.T("Son nom, sa langue, son fuseau horaire.", "Its name, its language, its time zone."), tile: true},
}

var myMenu = []entry{
	{section: Home, path: "/", title: i18n.T("Mes organisations", "My organizations"), icon: "home", key: "o"},
	{section: MySecurity, path: "/me/security", title: i18n.T("Ma sécurité", "My security"), icon: "shield", key: "e"},
	{section: MySessions, path: "/me/sessions", title: i18n.T("Mes sessions", "My sessions"), icon: "device"},
	{section: MyTokens, path: "/me/tokens", title: i18n.T("Mes jetons", "My tokens"), icon: "key"},
	{section: MyRights, path: "/me/rights", title: i18n.T("Mes demandes de droits", "My requests of rights"), icon: "doc"},
	{section: MyProfile, path: "/me/profile", title: i18n.T("Mon profil", "My profile"), icon: "person"},
	{section: MyData, path: "/me/data", title: i18n.T("Mes données", "My data"), icon: "doc", key: "n"},
	{section: MyShares, path: "/me/shares", title: i18n.T("Mes partages", "My shares"), icon: "check"},
}

var providerMenu = []entry{
	{section: Provider, path: "/provider", title: i18n.T("Console", "Console"), icon: "gauge", key: "k", needs: "console.read"},
	{section: ProviderOrgs, path: "/provider/organizations", title: i18n.T("Organisations", "Organizations"), icon: "building", needs: "organization.list", says: i18n.T("En créer, les voir, en fermer une.", "Make one, see them, close one.")},
	{section: ProviderStaff, path: "/provider/habilitations", title: i18n.T("Droits de l'équipe", "Staff rights"), icon: "grid", needs: "habilitation.read", says: i18n.T("Qui de l'équipe peut quoi, et chez qui.", "Who of the staff can do what, and where.")},
	{section: ProviderCuts, path: "/provider/suspensions", title: i18n.T("Suspensions", "Suspensions"), icon: "pause", needs: "suspension.read", says: i18n.T("Suspendre une organisation, un service, une personne.", "Suspend an organization, a service, a person.")},
	{section: ProviderAlert, path: "/provider/reports", title: i18n.T("Signalements", "Reports"), icon: "flag", needs: "report.list", says: i18n.T("« Ce n'était pas moi » : ce que des personnes signalent.", "“This wasn't me”: what persons report.")},
	{section: ProviderIncidents, path: "/provider/incidents", title: i18n.T("Incidents", "Incidents"), icon: "flag", needs: "incident.read", says: i18n.T("Incidents, violations de données, leurs horloges et leurs avis.", "Incidents, breaches of personal data, their clocks and notices.")},
	{section: ProviderAsk, path: "/provider/support", title: i18n.T("Entrer chez un client", "Enter a client"), icon: "key", needs: "support.mine", says: i18n.T("Demander à une organisation de vous laisser entrer.", "Ask an organization to let you in.")},
	{section: ProviderSupportLogs, path: "/provider/support-logs", title: i18n.T("Problèmes signalés", "Reported problems"), icon: "flag", needs: "support_log.see", says: i18n.T("Les problèmes que des clients signalent, et qui les lit.", "The problems that clients report, and who reads them.")},
	{section: ProviderDevices, path: "/provider/devices", title: i18n.T("Postes de l'équipe", "Staff workstations"), icon: "device", needs: "workstation.list", says: i18n.T("Quels postes ne sont pas protégés comme promis.", "Which workstations are not protected as promised."), tile: true},
	{section: ProviderIn, path: "/provider/sessions", title: i18n.T("Sessions", "Sessions"), icon: "device", needs: "session.list", says: i18n.T("Qui de l'équipe est connecté, et arrêter une session.", "Who of the staff is signed in, and stop a session.")},
	{section: ProviderLog, path: "/provider/journal", title: i18n.T("Journal", "Journal"), icon: "journal", needs: "journal.read", says: i18n.T("Les actes de la plateforme, avec leur preuve.", "The platform's acts, with their proof.")},
	{section: ProviderControls, path: "/provider/controls", title: i18n.T("Clauses et preuves", "Clauses and proof"), icon: "shield", needs: "clause.read", says: i18n.T("Chaque promesse, sa preuve, l'annexe, les auditeurs.", "Each promise, its proof, the annex, the auditors.")},
	{section: ProviderAttested, path: "/provider/attestations", title: i18n.T("Attestations", "Attestations"), icon: "check", needs: "attestation.read", says: i18n.T("Ce qu'une personne signe, et jusqu'à quand.", "What a person signs for, and until when.")},
	{section: ProviderAttested, path: "/provider/duties", title: i18n.T("Formations et charte", "Training and charter"), icon: "people", needs: "duty.read", says: i18n.T("Qui de l'équipe est à jour, enregistrer une formation.", "Who of the staff is up to date, record a training."), tile: true},
	{section: ProviderRecord, path: "/provider/register", title: i18n.T("Registre des traitements", "Record of processing"), icon: "doc", needs: "register.read", says: i18n.T("Les activités, leurs finalités, l'approbation du délégué.", "Activities, their purposes, the officer's approval.")},
	{section: ProviderRegisters, path: "/provider/assets", title: i18n.T("Registres", "Registers"), icon: "doc", needs: "asset.read", says: i18n.T("Le matériel, qui le détient, comment il sort.", "Assets, who holds them, how they leave.")},
	{section: ProviderRegisters, path: "/provider/subprocessors", title: i18n.T("Sous-traitants", "Sub-processors"), icon: "doc", needs: "subprocessor.read", says: i18n.T("Contrats, clauses, régions, échéances.", "Contracts, terms, regions, expiries."), tile: true},
	{section: ProviderRegisters, path: "/provider/documents", title: i18n.T("Documents", "Documents"), icon: "doc", needs: "document.read", says: i18n.T("La PSSI et les autres textes, leur revue.", "The security policy and other texts, their review."), tile: true},
	{section: ProviderRegisters, path: "/provider/evaluations", title: i18n.T("Évaluations", "Evaluations"), icon: "doc", needs: "evaluation.read", says: i18n.T("Évaluations de sécurité et constats.", "Security evaluations and findings."), tile: true},
	{section: MySecurity, path: "/me/duties", title: i18n.T("Mes engagements", "My undertakings"), icon: "doc", needs: "console.read", says: i18n.T("La charte que vous signez, vos formations.", "The charter that you sign, your training."), tile: true},
	{section: ProviderErasures, path: "/provider/erasures", title: i18n.T("Effacements", "Erasures"), icon: "out", needs: "erasure.read", says: i18n.T("Les ordres, leurs étapes, leurs reçus signés.", "The orders, their steps, their signed receipts.")},
	{section: ProviderRights, path: "/provider/rights", title: i18n.T("Demandes de droits", "Requests of rights"), icon: "person", needs: "rights_request.list", says: i18n.T("Ce que des personnes demandent au fournisseur, et pour quand.", "What persons ask of the provider, and by when.")},
	{section: ProviderRestraints, path: "/provider/restraints", title: i18n.T("Limitations", "Restrictions"), icon: "pause", needs: "restraint.list", says: i18n.T("Les données gardées sans servir, et les oppositions.", "Data kept and not used, and objections.")},
	{section: ProviderRetention, path: "/provider/retention", title: i18n.T("Conservation", "Retention"), icon: "clock", needs: "retention.read", says: i18n.T("Durées, balayages, conservations imposées, archive.", "Durations, sweeps, legal holds, archive.")},
	{section: ProviderOffboarding, path: "/provider/offboarding", title: i18n.T("Fins de contrat", "Ends of contracts"), icon: "out", needs: "offboarding.list", says: i18n.T("Qui s'en va, quand, et les certificats.", "Who is leaving, when, and the certificates.")},
	{section: ProviderDoors, path: "/provider/addresses", title: i18n.T("Adresses", "Addresses"), icon: "globe", needs: "allow.read", says: i18n.T("D'où l'équipe peut entrer.", "Where staff may come in from.")},
	{section: ProviderTerms, path: "/provider/terms", title: i18n.T("Conditions", "Terms"), icon: "doc", needs: "terms.manage", says: i18n.T("Les textes que chacun accepte.", "The texts that everyone accepts.")},
	{section: ProviderConsents, path: "/provider/consents", title: i18n.T("Consentements", "Consents"), icon: "check", needs: "consent_text.read", says: i18n.T("Ce que la plateforme demande, et des comptes par organisation.", "What the platform asks, and counts by organization.")},
	{section: ProviderStatistics, path: "/provider/statistics", title: i18n.T("Statistiques", "Statistics"), icon: "gauge", needs: "statistic.read", says: i18n.T("Des chiffres sur tous, qui ne désignent personne.", "Figures about all that single out nobody."), tile: true},
	{section: ProviderRecognition, path: "/provider/recognition", title: i18n.T("Reconnaissance d'appels", "Caller recognition"), icon: "people", needs: "subscription_form.read", says: i18n.T("La page et le formulaire par lesquels on souscrit.", "The page and the form by which one subscribes."), tile: true},
	{section: ProviderFloor, path: "/provider/settings", title: i18n.T("Planchers", "Floors"), icon: "sliders", needs: "floor.read", says: i18n.T("Ce qu'aucune organisation ne peut assouplir.", "What no organization can loosen.")},
}

// MenuPaths are the addresses that the menus lead to, {org} standing for an organization: each must be a page.
func MenuPaths() []string {
	var all []string
	for _, e := range slices.Concat(orgMenu, myMenu, providerMenu) {
		all = append(all, e.path)
	}
	return all
}

// menuPermissions are all those that the menus ask about.
var menuPermissions = func() []core.Permission {
	var all []core.Permission
	for _, e := range slices.Concat(orgMenu, myMenu, providerMenu) {
		if e.needs != "" && !slices.Contains(all, e.needs) {
			all = append(all, e.needs)
		}
	}
	return all
}()

// opened keeps the entries that who may open.
func opened(menu []entry, who Who) []entry {
	var list []entry
	for _, e := range menu {
		if e.needs == "" || who.May[e.needs] {
			list = append(list, e)
		}
	}
	return list
}

// shown keeps those of the menu proper.
func shown(menu []entry, who Who) []entry {
	return slices.DeleteFunc(opened(menu, who), func(e entry) bool { return e.tile })
}

// consoleMenu is the provider's: whole on pages of no organization, one line elsewhere, since permissions are then asked
// of that organization.
func consoleMenu(s scene) []entry {
	switch {
	case !s.who.Staff:
		return nil
	case s.org.IsZero():
		return shown(providerMenu, s.who)
	}
	return providerMenu[:1]
}

// at gives the entry's address in an organization.
func (e entry) at(org core.ID) string { return strings.Replace(e.path, "{org}", string(org), 1) }
