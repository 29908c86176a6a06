package access

import (
	"strings"

	"github.com/rempart/rempart/core"
)

// The roles that the code itself names.
const (
	RoleAdmin         = "admin"
	RoleMember        = "member"
	RoleSupport       = "support"
	RoleProviderAdmin = "provider.admin"
	roleAuditor       = "auditor"
)

// The kinds of organization that can assign a role.
const (
	kindClient   = "client"   // an organization: a client's, or the provider's own
	kindPlatform = "provider" // the platform (core.Platform)
)

// builtin are the roles every installation has; which permissions each holds is read from the manifests.
var builtin = []core.Role{
	{
		ID: RoleAdmin, Kind: kindClient, Title: core.Text{FR: "Administration", EN: "Administration"},
		Description: core.Text{
			FR: "Répond de l'organisation : membres, rôles, réglages, support.",
			EN: "Answers for the organization: members, roles, settings, support.",
		},
	},
	{
		ID: "people", Kind: kindClient, Title: core.Text{FR: "Gestion des membres", EN: "Member management"},
		Description: core.Text{
			FR: "Invite, importe, met à jour et retire les membres.",
			EN: "Invites, imports, updates and removes members.",
		},
	},
	{
		ID: "security", Kind: kindClient, Title: core.Text{FR: "Sécurité", EN: "Security"},
		Description: core.Text{
			FR: "Surveille les sessions, suspend, fixe les adresses admises, lit le journal.",
			EN: "Watches sessions, suspends, sets the allowed addresses, reads the journal.",
		},
	},
	{
		ID: "privacy", Kind: kindClient, Title: core.Text{FR: "Protection des données", EN: "Data protection"},
		Description: core.Text{
			FR: "Répond aux demandes des personnes sur leurs données et tient le registre.",
			EN: "Answers people's requests about their data and keeps the register.",
		},
	},
	{
		ID: roleAuditor, Kind: kindClient, Title: core.Text{FR: "Audit", EN: "Audit"},
		Description: core.Text{
			FR: "Lit les habilitations, le journal et les réglages sans rien changer.",
			EN: "Reads habilitations, the journal and the settings, and changes nothing.",
		},
	},
	{
		ID: RoleMember, Kind: kindClient, Title: core.Text{FR: "Membre", EN: "Member"},
		Description: core.Text{
			FR: "Toute personne active de l'organisation ; ce rôle vient avec l'adhésion.",
			EN: "Every active person of the organization; it comes with the membership.",
		},
	},
	{
		ID: RoleSupport, Kind: kindClient, Title: core.Text{FR: "Support du prestataire", EN: "Provider support"},
		Description: core.Text{
			FR: "Laisse une personne du prestataire lire l'organisation jusqu'à une date, pour l'aider.",
			EN: "Lets a person of the provider read the organization until a date, to help.",
		},
	},
	{
		ID: RoleProviderAdmin, Kind: kindPlatform, Title: core.Text{FR: "Administration de la plateforme", EN: "Platform administration"},
		Description: core.Text{
			FR: "Planchers, organisations, habilitations du personnel.",
			EN: "Floors, organizations, habilitations of staff.",
		},
	},
	{
		ID: "provider.operator", Kind: kindPlatform, Title: core.Text{FR: "Exploitation", EN: "Operations"},
		Description: core.Text{
			FR: "Fait fonctionner la plateforme : tâches, sauvegardes, suspensions.",
			EN: "Runs the platform: jobs, backups, suspensions.",
		},
	},
	{
		ID: "provider.support", Kind: kindPlatform, Title: core.Text{FR: "Support", EN: "Support"},
		Description: core.Text{
			FR: "Répond aux organisations ; n'entre chez l'une d'elles que si elle l'y invite.",
			EN: "Answers organizations; enters one of them only when it lets them in.",
		},
	},
	{
		ID: "provider.dpo", Kind: kindPlatform, Title: core.Text{FR: "Protection des données", EN: "Data protection"},
		Description: core.Text{
			FR: "Registre, droits des personnes, violations.",
			EN: "Register, people's rights, breaches.",
		},
	},
	{
		ID: "provider.auditor", Kind: kindPlatform, Title: core.Text{FR: "Audit de la plateforme", EN: "Platform audit"},
		Description: core.Text{
			FR: "Lit tout ce qui regarde la plateforme sans rien changer.",
			EN: "Reads everything about the platform and changes nothing.",
		},
	},
}

// supportReads tells whether the support role holds a permission without its act saying so: support sees what an
// auditor of the organization sees, but exports nothing, changes nothing and never reads the journal (KSK-1.3).
func supportReads(def *core.ActDef) bool {
	if def.Verb != core.Reads || def.Staff || strings.HasPrefix(string(def.Permission), "journal.") {
		return false
	}
	for _, h := range def.Holders {
		if h == roleAuditor {
			return true
		}
	}
	return false
}

// assignableIn tells whether a role of this kind can be given in org.
func assignableIn(kind string, org core.ID) bool {
	if org == core.Platform {
		return kind == kindPlatform || kind == ""
	}
	return kind == kindClient || kind == ""
}
