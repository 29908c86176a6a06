package identity

import (
	"time"

	"github.com/rempart/rempart/core"
)

// fresh is how recent the proof of identity must be to touch what proves identity.
const fresh = 15 * time.Minute

var (
	readSecurity = core.ActDef{
		Permission: "security.read", Resource: "account", Verb: core.Reads, Reach: core.BySelf, Purpose: core.PurposeService,
		Title: core.Text{FR: "Voir l'état de sécurité de son compte", EN: "See the security of one's own account"},
	}
	ReadProfile = core.ActDef{
		Permission: "profile.read", Resource: "person", Verb: core.Reads, Reach: core.BySelf, Purpose: core.PurposeService,
		Title: core.Text{FR: "Voir son profil", EN: "See one's own profile"},
	}
	changeProfile = core.ActDef{
		Permission: "profile.change", Resource: "person", Verb: core.Updates, Reach: core.BySelf, Purpose: core.PurposeService,
		Title: core.Text{FR: "Modifier son profil", EN: "Change one's own profile"},
	}
	changePassword = core.ActDef{
		Permission: "password.change", Resource: "password", Verb: core.Updates, Reach: core.BySelf, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Changer son mot de passe", EN: "Change one's own password"},
	}
	enrolFactor = core.ActDef{
		Permission: "factor.enrol", Resource: "factor", Verb: core.Creates, Reach: core.BySelf, Purpose: core.PurposeSecurity, Fresh: fresh,
		Title: core.Text{FR: "Enregistrer un second facteur", EN: "Set up a second factor"},
	}
	removeFactor = core.ActDef{
		Permission: "factor.remove", Resource: "factor", Verb: core.Deletes, Reach: core.BySelf, Purpose: core.PurposeSecurity, Fresh: fresh,
		Title: core.Text{FR: "Retirer son second facteur", EN: "Remove one's second factor"},
	}
	renewCodes = core.ActDef{
		Permission: "recovery.renew", Resource: "recovery", Verb: core.Creates, Reach: core.BySelf, Purpose: core.PurposeSecurity, Fresh: fresh,
		Title: core.Text{FR: "Refaire ses codes de secours", EN: "Renew one's recovery codes"},
	}
	openReport = core.ActDef{
		Permission: "report.open", Resource: "report", Verb: core.Creates, Reach: core.ByAnyone, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Dire « ce n'est pas moi » depuis un message", EN: "Say \"this wasn't me\" from a message"},
	}
	openOwnReport = core.ActDef{
		Permission: "report.open_own", Resource: "report", Verb: core.Creates, Reach: core.BySelf, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Dire « ce n'est pas moi » depuis sa page de sécurité", EN: "Say \"this wasn't me\" from one's security page"},
	}
	// ListReports is exported for the route of the page.
	ListReports = core.ActDef{
		Permission: "report.list", Resource: "report", Verb: core.Reads, Purpose: core.PurposeSecurity, Staff: true,
		Holders: []string{"provider.admin", "provider.operator", "provider.dpo"},
		Title:   core.Text{FR: "Voir les signalements « ce n'est pas moi »", EN: "See the \"this wasn't me\" reports"},
	}
	// HandleReports is exported for the route of the page.
	HandleReports = core.ActDef{
		Permission: "report.handle", Resource: "report", Verb: core.Updates, Purpose: core.PurposeSecurity, Staff: true,
		Holders: []string{"provider.admin", "provider.operator"},
		Title:   core.Text{FR: "Traiter un signalement", EN: "Handle a report"},
	}
	// FlagAccount and ResetAccount are exported for the routes of the members' pages.
	FlagAccount = core.ActDef{
		Permission: "account.compromise", Resource: "account", Verb: core.Updates, Purpose: core.PurposeSecurity, Fresh: fresh,
		Holders: []string{"admin", "security", "provider.admin", "provider.operator"},
		Title:   core.Text{FR: "Déclarer un compte compromis", EN: "Mark an account as compromised"},
	}
	ResetAccount = core.ActDef{
		Permission: "account.reset", Resource: "account", Verb: core.Updates, Purpose: core.PurposeSecurity,
		Holders: []string{"admin", "people", "security", "provider.admin", "provider.operator"},
		Title:   core.Text{FR: "Envoyer un lien de nouveau mot de passe", EN: "Send a link to choose a new password"},
	}
	// SeeAccount shows the state of a member's account, without any secret.
	SeeAccount = core.ActDef{
		Permission: "account.read", Resource: "account", Verb: core.Reads, Purpose: core.PurposeSecurity,
		Holders: []string{"admin", "people", "security", "auditor", "provider.admin", "provider.operator"},
		Title:   core.Text{FR: "Voir l'état du compte d'un membre", EN: "See the state of a member's account"},
	}
	// UnbindFactor takes the lost second factor of somebody else away (ASVS 6.4.4).
	UnbindFactor = core.ActDef{
		Permission: "account.unbind", Resource: "factor", Verb: core.Deletes, Purpose: core.PurposeSecurity, Fresh: fresh,
		Holders: []string{"admin", "security", "provider.admin"},
		Title:   core.Text{FR: "Retirer le second facteur perdu d'une personne", EN: "Remove a person's lost second factor"},
	}

	guessing = core.Duty{Name: "identity.guess", Why: "counts attempts at the current password; the attempt itself is journaled"}
	indexing = core.Duty{Name: "identity.index", Why: "sign-in addresses are indexed anew under a newer secret"}
)
