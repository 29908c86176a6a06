package export

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var article = map[core.Part]string{core.Controller: "30-1", core.Processor: "30-2"}

var (
	tTitle      = i18n.T("Registre des activités de traitement : %s (article %s du RGPD)", "Record of processing activities: %s (article %s GDPR)")
	tHash       = i18n.T("Empreinte du registre : %s", "SHA-256 of the record: %s")
	tMade       = i18n.T("Écrit par le programme le %s, d'après ce qu'il fait ; ce qui est écrit à la main le dit.", "Written by the program on %s, from what it does; what is written by hand says so.")
	tNone       = i18n.T("aucun", "none")
	tNotGiven   = i18n.T("non renseigné", "not given")
	tOfficer    = i18n.T("Contact du délégué à la protection des données", "Contact of the data-protection officer")
	tProvider   = i18n.T("Sous-traitant (fournisseur de la plateforme)", "Processor (provider of the platform)")
	tByProgram  = i18n.T("le programme, d'après ses déclarations", "the program, from its declarations")
	tByHand     = i18n.T("écrit à la main (version %d)", "written by hand (version %d)")
	tInForce    = i18n.T("en vigueur", "in force")
	tSuspended  = i18n.T("suspendue", "suspended")
	tObjective  = i18n.T("Objectif poursuivi", "Objective")
	tPurposes   = i18n.T("Finalités", "Purposes")
	tBases      = i18n.T("Bases légales", "Legal bases")
	tSoftware   = i18n.T("Logiciels utilisés", "Software used")
	tPersons    = i18n.T("Catégories de personnes", "Categories of persons")
	tData       = i18n.T("Catégories de données", "Categories of data")
	tSensitive  = i18n.T("Données sensibles (article 9)", "Sensitive data (article 9)")
	tSeeData    = i18n.T("voir les catégories de données", "see the categories of data")
	tRetention  = i18n.T("Durées de conservation", "Retention")
	tRecipients = i18n.T("Destinataires", "Recipients")
	tProcessors = i18n.T("Sous-traitants", "Processors")
	tTransfers  = i18n.T("Transferts hors de l'Union", "Transfers outside the Union")
	tMeasures   = i18n.T("Mesures de sécurité", "Security measures")
	tSeeCommon  = i18n.T("voir les mesures communes", "see the common measures")
	tNoMeasure  = i18n.T("Aucune clause n'est publiée.", "No clause is published.")
	tState      = i18n.T("État", "State")
	tSource     = i18n.T("Source", "Source")
	tID         = i18n.T("Identifiant", "Id")
	tActivity   = i18n.T("Activité", "Activity")
	tActivities = i18n.T("Activités", "Activities")
	tCommon     = i18n.T("Page commune", "Common page")
	tDate       = i18n.T("Date", "Date")
	tPrint      = i18n.T("Empreinte SHA-256", "SHA-256")
	tService    = i18n.T("Service rendu", "Service")
	tCountry    = i18n.T("Pays", "Country")
	tGround     = i18n.T("Fondement du transfert", "Ground of the transfer")
	tOf         = i18n.T("%s : %s", "%s: %s")
	tColumn     = i18n.T("Table et colonne", "Table and column")
	tWhat       = i18n.T("Rubrique", "Heading")
	tSaid       = i18n.T("Contenu", "Content")
	tClause     = i18n.T("Clause", "Clause")

	tControllers    = i18n.T("Responsables pour qui l'on agit", "Controllers acted for")
	tRepresentative = i18n.T("Représentant", "Representative")
	tCarried        = i18n.T("Traitements effectués", "Processing carried out")
)

var states = map[string]i18n.Sentence{
	"held": i18n.T("tenue", "held"), "broken": i18n.T("rompue", "broken"), "stale": i18n.T("sans preuve récente", "stale"), "attested": i18n.T("attestée", "attested"),
	"not_built": i18n.T("pas encore construite", "not built yet"), "outside": i18n.T("hors du logiciel", "outside the software"),
}

// StateWord says how a measure stands.
func StateWord(state string) i18n.Sentence { return states[state] }
