package web

import (
	"context"

	"github.com/rempart/rempart/kit/i18n"
)

// nouns say in words what an act bears on and which fields it changed; entries keep the stable name.
var nouns = map[string]i18n.Sentence{
	"account": i18n.T("compte", "account"), "allow": i18n.T("liste d'adresses", "address list"), "assignment": i18n.T("attribution", "assignment"),
	"subscription": i18n.T("souscription", "subscription"), "subscription_form": i18n.T("formulaire de souscription", "subscription form"), "sync": i18n.T("synchronisation", "synchronisation"),
	"console": i18n.T("console", "console"), "counter": i18n.T("numéros", "numbers"), "factor": i18n.T("second facteur", "second factor"),
	"habilitation": i18n.T("habilitations", "access table"), "import": i18n.T("import", "import"), "invitation": i18n.T("invitation", "invitation"),
	"rights_request": i18n.T("demande de droits", "request of rights"), "rights_document": i18n.T("pièce d'identité", "proof of identity"),
	"rights_task": i18n.T("tâche d'une demande", "task of a request"), "rights_system": i18n.T("système extérieur", "outside system"),
	"journal": i18n.T("journal", "journal"), "journal_search": i18n.T("recherche enregistrée", "saved search"),
	"journal_visit": i18n.T("lecture du journal", "reading of the journal"), "member": i18n.T("membre", "member"),
	"key": i18n.T("clé", "key"), "organization_key": i18n.T("clé de l'organisation", "key of the organization"), "organization": i18n.T("organisation", "organization"), "password": i18n.T("mot de passe", "password"), "person": i18n.T("personne", "person"),
	"photo": i18n.T("photo", "photo"), "platform": i18n.T("plateforme", "platform"), "recovery": i18n.T("codes de secours", "recovery codes"), "report": i18n.T("signalement", "report"),
	"role": i18n.T("rôle", "role"), "service_account": i18n.T("compte de service", "service account"), "session": i18n.T("session", "session"),
	"setting": i18n.T("réglage", "setting"), "setup": i18n.T("mise en place", "set-up"), "signin": i18n.T("connexion", "sign-in"), "suspension": i18n.T("suspension", "suspension"),
	"access_request": i18n.T("demande de rôle", "request for a role"), "access_review": i18n.T("revue des habilitations", "review of assignments"),
	"sharing": i18n.T("compte qui semble partagé", "account that seems shared"), "support": i18n.T("entrée chez une organisation", "entry into an organization"),
	"attestation": i18n.T("attestation", "attestation"), "attestation_file": i18n.T("pièce d'une attestation", "evidence of an attestation"), "duty": i18n.T("engagement de l'équipe", "duty of staff"),
	"clause": i18n.T("clause", "clause"), "policy": i18n.T("politique", "policy"), "observation": i18n.T("constat", "observation"), "webhook": i18n.T("destination d'alertes", "destination of alerts"),
	"annex": i18n.T("annexe", "annex"), "auditor_link": i18n.T("lien d'auditeur", "auditor's link"), "trust_page": i18n.T("page publique", "public page"),
	"card": i18n.T("fiche d'un appelant", "card of a caller"), "link": i18n.T("outil relié", "linked tool"), "mapping": i18n.T("correspondance des champs", "mapping of fields"), "secret": i18n.T("secret", "secret"),
	"support_log": i18n.T("problème signalé", "reported problem"), "workstation": i18n.T("poste de travail", "workstation"),
	"asset": i18n.T("matériel", "asset"), "subprocessor": i18n.T("sous-traitant", "sub-processor"), "document": i18n.T("document", "document"),
	"evaluation": i18n.T("évaluation de sécurité", "security evaluation"), "inventory": i18n.T("registres", "registers"),
	"register": i18n.T("registre des traitements", "record of processing"), "incident": i18n.T("incident", "incident"), "breach": i18n.T("violation de données", "breach of personal data"),
	"retention": i18n.T("conservation", "retention"), "hold": i18n.T("conservation imposée", "legal hold"), "offboarding": i18n.T("fin de contrat", "end of contract"), "destination": i18n.T("destination", "destination"),
	"restraint": i18n.T("limitation ou opposition", "restriction or objection"), "archive": i18n.T("archive d'une personne", "archive of a person"), "own_data": i18n.T("données de la personne", "data of the person"),
	"script": i18n.T("script d'appel", "call script"), "directory": i18n.T("annuaire des téléphones", "directory for telephones"), "hosts": i18n.T("hôtes permis", "allowed hosts"), "schemes": i18n.T("schémas permis", "allowed schemes"), "programs": i18n.T("programmes signés", "signed programs"),
	"call": i18n.T("appel", "call"), "line": i18n.T("central téléphonique", "telephone exchange"),
	"erasure": i18n.T("effacement", "erasure"), "stage": i18n.T("étape", "stage"), "deleted": i18n.T("lignes supprimées", "rows deleted"), "kept": i18n.T("lignes conservées", "rows kept"),
	"digest": i18n.T("empreinte", "digest"), "organizations": i18n.T("organisations prévenues", "organizations told"), "ordered": i18n.T("ordonné le", "ordered on"),
	"consent_text": i18n.T("demande de consentement", "consent question"), "consent": i18n.T("consentement", "consent"), "share": i18n.T("partage", "share"), "statistic": i18n.T("statistique", "statistic"),
	"purpose": i18n.T("finalité", "purpose"), "version": i18n.T("version", "version"), "fields": i18n.T("champs", "fields"), "measure": i18n.T("mesure", "measure"), "milliepsilon": i18n.T("millièmes d'epsilon", "thousandths of epsilon"),
	"agent": i18n.T("programme installé", "installed program"), "cards": i18n.T("fiches", "cards"), "put": i18n.T("fiches apportées", "cards brought"), "decision": i18n.T("décision", "decision"), "what": i18n.T("rôle du programme", "what the program does"),
	"terms": i18n.T("conditions", "terms"), "token": i18n.T("jeton", "token"), "device": i18n.T("navigateur", "browser"),

	"answer": i18n.T("réponse", "answer"), "sha256": i18n.T("empreinte SHA-256", "SHA-256"), "scope": i18n.T("champ", "scope"),
	"assurance": i18n.T("niveau d'assurance", "assurance level"), "charter": i18n.T("version de la charte", "version of the charter"), "kind": i18n.T("objet", "subject"),
	"place": i18n.T("site ou équipe", "site or team"), "step": i18n.T("échéance", "step"), "training": i18n.T("formation", "training"),
	"accepted": i18n.T("accepté", "accepted"), "committee": i18n.T("commission", "committee"), "department": i18n.T("service", "department"),
	"description": i18n.T("description", "description"), "email": i18n.T("courriel", "e-mail"), "evidence": i18n.T("preuve d'identité", "evidence of identity"), "email2": i18n.T("second courriel", "second e-mail"),
	"ends": i18n.T("fin", "end"), "family_name": i18n.T("nom", "family name"), "format": i18n.T("format", "format"),
	"function": i18n.T("fonction", "function"), "gender": i18n.T("genre", "gender"), "given_name": i18n.T("prénom", "given name"),
	"group": i18n.T("groupe", "group"), "language": i18n.T("langue", "language"), "manager": i18n.T("responsable hiérarchique", "manager"),
	"name": i18n.T("nom", "name"), "object": i18n.T("objet", "object"), "others": i18n.T("autres", "others"),
	"permissions": i18n.T("permissions", "permissions"), "phone": i18n.T("téléphone", "phone"), "reason": i18n.T("motif", "reason"),
	"responsible": i18n.T("personne responsable", "person responsible"), "scopes": i18n.T("portée", "scopes"), "service": i18n.T("service", "service"),
	"state": i18n.T("état", "state"), "target": i18n.T("cible", "target"), "time_zone": i18n.T("fuseau horaire", "time zone"), "until": i18n.T("jusqu'au", "until"),
}

// noun says a stable name in words; a name that has none stands as it is.
func noun(ctx context.Context, name string) string {
	if s, ok := nouns[name]; ok {
		return s.In(ctx)
	}
	return name
}

// Speaks tells whether the journal has a word for what an act bears on.
func Speaks(resource string) bool { _, ok := nouns[resource]; return ok }
