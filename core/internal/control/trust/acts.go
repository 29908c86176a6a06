package trust

import (
	"time"

	"github.com/rempart/rempart/core"
)

var (
	readers = []string{"admin", "security", "auditor", "provider.admin", "provider.dpo", "provider.auditor"}
	makers  = []string{"admin", "security", "provider.admin", "provider.dpo"}
)

func def(p core.Permission, resource string, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{Permission: p, Resource: resource, Verb: verb, Purpose: core.PurposeLegal, Holders: holders, Title: core.Text{FR: fr, EN: en}}
}

// The acts of this module.
var (
	ReadAnnexes    = def("annex.read", "annex", core.Reads, "Lire les annexes de sécurité", "Read the security annexes", readers...)
	MakeAnnex      = def("annex.make", "annex", core.Creates, "Établir une annexe de sécurité", "Make a security annex", makers...)
	ExportControls = def("clause.export", "clause", core.Exports, "Exporter les clauses et leurs preuves", "Export the clauses and their evidence", readers...)
	ReadLinks      = def("auditor_link.read", "auditor_link", core.Reads, "Voir les liens d'auditeurs", "See the auditors' links", makers...)
	MakeLink       = def("auditor_link.make", "auditor_link", core.Creates, "Donner un lien à un auditeur", "Give an auditor a link", makers...)
	EndLink        = def("auditor_link.end", "auditor_link", core.Deletes, "Mettre fin au lien d'un auditeur", "End an auditor's link", makers...)
	VisitLink      = def("auditor_link.visit", "auditor_link", core.Reads, "Visite d'un auditeur par son lien", "Visit of an auditor by their link")
	ReadTrust      = def("trust.read", "trust_page", core.Reads, "Lire la page publique de confiance", "Read the public trust page")
	OpenTrust      = def("trust.open", "trust_page", core.Updates, "Ouvrir ou fermer la page publique de confiance", "Open or close the public trust page", "provider.admin")
)

func init() {
	ReadAnnexes.Quiet, ReadLinks.Quiet, ReadTrust.Quiet = true, true, true
	MakeLink.Fresh, OpenTrust.Fresh = 15*time.Minute, 15*time.Minute
	VisitLink.Reach, ReadTrust.Reach = core.ByAnyone, core.ByAnyone
	VisitLink.Purpose, MakeLink.Purpose, EndLink.Purpose = core.PurposeSecurity, core.PurposeSecurity, core.PurposeSecurity
	OpenTrust.Staff = true
}
