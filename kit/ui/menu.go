package ui

import (
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
	Overview      = "overview"
	Members       = "members"
	Import        = "members" // the import belongs to the members
	Roles         = "roles"
	Habilitations = "habilitations"
	Suspensions   = "suspensions"
	OrgSessions   = "sessions"
	Journal       = "journal"
	Services      = "services"
	Settings      = "settings"
	Provider      = "provider"
	ProviderOrgs  = "provider.organizations"
	ProviderStaff = "provider.staff"
	ProviderFloor = "provider.floors"
	ProviderTerms = "provider.terms"
	ProviderAlert = "provider.reports"
	ProviderLog   = "provider.journal"
)

// entry is one line of the menu. It is drawn for whoever holds one of the permissions; none asks for none.
type entry struct {
	section string
	path    string // {org} stands for the organization
	title   i18n.Sentence
	icon    string
	key     string // pressed after g
	needs   []core.Permission
	says    i18n.Sentence // what one does there
}

var orgMenu = []entry{
	{Overview, "/o/{org}", i18n.T("Aperçu", "Overview"), "building", "a", []core.Permission{"home.place"}, i18n.Sentence{}},
	{Members, "/o/{org}/members", i18n.T("Membres", "Members"), "people", "m", []core.Permission{"member.list"}, i18n.T("Inviter, importer, retirer, changer une fonction.", "Invite, import, remove, change a function.")},
	{Habilitations, "/o/{org}/habilitations", i18n.T("Habilitations", "Access table"), "grid", "h", []core.Permission{"habilitation.read"}, i18n.T("Qui peut quoi, pourquoi et depuis quand.", "Who can do what, why and since when.")},
	{Roles, "/o/{org}/roles", i18n.T("Rôles", "Roles"), "key", "r", []core.Permission{"role.read"}, i18n.T("Ce que chaque rôle permet, et qui l'a.", "What each role permits, and who has it.")},
	{Suspensions, "/o/{org}/suspensions", i18n.T("Suspensions", "Suspensions"), "pause", "u", []core.Permission{"suspension.read"}, i18n.T("Couper un accès à la seconde, le rétablir.", "Cut an access within a second, restore it.")},
	{OrgSessions, "/o/{org}/sessions", i18n.T("Sessions", "Sessions"), "device", "s", []core.Permission{"session.list"}, i18n.T("Les sessions ouvertes, et y mettre fin.", "Open sessions, and ending them.")},
	{Services, "/o/{org}/services", i18n.T("Comptes de service", "Service accounts"), "bot", "c", []core.Permission{"service_account.list"}, i18n.T("Les programmes qui agissent ici, et leurs jetons.", "The programs that act here, and their tokens.")},
	{Journal, "/o/{org}/journal", i18n.T("Journal", "Journal"), "journal", "j", []core.Permission{"journal.read"}, i18n.T("Tout ce qui s'est fait, avec sa preuve.", "All that was done, with its proof.")},
	{Settings, "/o/{org}/settings", i18n.T("Réglages", "Settings"), "sliders", "p", []core.Permission{"setting.read"}, i18n.T("Les règles en vigueur et leurs planchers.", "The rules in force and their floors.")},
}

var myMenu = []entry{
	{Home, "/", i18n.T("Mes organisations", "My organizations"), "home", "o", nil, i18n.Sentence{}},
	{MySecurity, "/me/security", i18n.T("Ma sécurité", "My security"), "shield", "e", nil, i18n.Sentence{}},
	{MySessions, "/me/sessions", i18n.T("Mes sessions", "My sessions"), "device", "", nil, i18n.Sentence{}},
	{MyTokens, "/me/tokens", i18n.T("Mes jetons", "My tokens"), "key", "", nil, i18n.Sentence{}},
	{MyProfile, "/me/profile", i18n.T("Mon profil", "My profile"), "person", "", nil, i18n.Sentence{}},
}

var providerMenu = []entry{
	{Provider, "/provider", i18n.T("Console", "Console"), "gauge", "k", nil, i18n.Sentence{}},
}

// menuPermissions are all those that the menu asks about.
var menuPermissions = func() []core.Permission {
	var all []core.Permission
	seen := map[core.Permission]bool{}
	for _, menu := range [][]entry{orgMenu, myMenu, providerMenu} {
		for _, e := range menu {
			for _, p := range e.needs {
				if !seen[p] {
					seen[p] = true
					all = append(all, p)
				}
			}
		}
	}
	return all
}()

// shown keeps the entries that who may open.
func shown(menu []entry, who Who) []entry {
	var list []entry
	for _, e := range menu {
		ok := len(e.needs) == 0
		for _, p := range e.needs {
			ok = ok || who.May[p]
		}
		if ok {
			list = append(list, e)
		}
	}
	return list
}

// at gives the entry's address in an organization.
func (e entry) at(org core.ID) string { return strings.Replace(e.path, "{org}", string(org), 1) }
