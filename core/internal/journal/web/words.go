package web

import (
	"context"

	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tJournal     = i18n.T("Journal", "Journal")
	tLead        = i18n.T("Tout ce qui s'est fait, ou a été refusé, dans l'ordre du temps. Chaque ligne est scellée dans un arbre signé : elle ne peut être changée ni retirée sans que cela se voie.", "All that was done, or refused, in the order of time. Each line is sealed in a signed tree: it cannot be changed nor removed unseen.")
	tWhyTitle    = i18n.T("Pourquoi lisez-vous le journal ?", "Why are you reading the journal?")
	tWhyText     = i18n.T("Le journal montre ce que font des personnes. Votre raison y est gardée avec chaque page que vous ouvrez ; elle vaut pour deux heures.", "The journal shows what people do. Your reason is kept in it with each page that you open; it holds for two hours.")
	tReason      = i18n.T("Raison de la lecture", "Reason for reading")
	tReasonHint  = i18n.T("Par exemple : « revue mensuelle des refus », « signalement du 12 mars ».", "For example: “monthly review of refusals”, “report of 12 March”.")
	tOpen        = i18n.T("Ouvrir le journal", "Open the journal")
	tOpened      = i18n.T("Votre lecture est consignée.", "Your visit is recorded.")
	tReading     = i18n.T("Vous lisez pour cette raison", "You are reading for this reason")
	tUntil       = i18n.T("jusqu'au %s", "until %s")
	tSearch      = i18n.T("Chercher", "Search")
	tWords       = i18n.T("Mots", "Words")
	tWordsHint   = i18n.T("Nom, motif, valeur, « suite exacte »", "Name, reason, value, \"words in a row\"")
	tAction      = i18n.T("Acte", "Act")
	tOutcome     = i18n.T("Issue", "Outcome")
	tFrom        = i18n.T("Du", "From")
	tTo          = i18n.T("Au", "To")
	tApply       = i18n.T("Afficher", "Show")
	tAny         = i18n.T("Toutes", "Any")
	tUnusual     = i18n.T("Refus et échecs", "Refusals and failures")
	tSuccess     = i18n.T("Réussi", "Success")
	tFailure     = i18n.T("Échec", "Failure")
	tRefused     = i18n.T("Refusé", "Refused")
	tWhen        = i18n.T("Quand", "When")
	tWho         = i18n.T("Qui", "Who")
	tWhat        = i18n.T("Acte", "Act")
	tOn          = i18n.T("Sur", "On")
	tAbout       = i18n.T("Personne concernée", "Person concerned")
	tAboutN      = i18n.N("%d autre personne", "%d autres personnes", "%d other person", "%d other persons")
	tChanges     = i18n.T("Changement ou motif", "Change or reason")
	tNothing     = i18n.T("Aucune entrée", "No entry")
	tNothingText = i18n.T("Rien ne répond à ces filtres.", "Nothing answers these filters.")
	tSearched    = i18n.T("Rien n'a encore été trouvé dans la partie parcourue. Continuez vers le passé.", "Nothing was found yet in the part that was looked at. Go on towards the past.")
	tShown       = i18n.N("%d entrée sur cette page, le journal en compte %s", "%d entrées sur cette page, le journal en compte %s", "%d entry on this page, the journal holds %s", "%d entries on this page, the journal holds %s")
	tActor       = i18n.T("Auteur", "Actor")
	tSubject     = i18n.T("Personne concernée", "Person concerned")
	tPerson      = i18n.T("Chronologie de", "Timeline of")
	tResource    = i18n.T("Objet", "Resource")
	tExport      = i18n.T("Exporter", "Export")
	tExportText  = i18n.T("Ce que montrent les filtres en cours, sans les mots. Chaque ligne porte sa preuve ; l'export est lui-même consigné.", "What the filters in force show, without the words. Each line carries its proof; the export is itself recorded.")
	tJSONL       = i18n.T("JSON Lines, vérifiable hors ligne", "JSON Lines, can be verified offline")
	tOCSF        = i18n.T("OCSF 1.3 pour un outil de supervision", "OCSF 1.3 for a monitoring tool")
	tCSV         = i18n.T("CSV pour un tableur", "CSV for a spreadsheet")
	tVerify      = i18n.T("Vérifier ces entrées", "Verify these entries")
	tVerifyOne   = i18n.T("Vérifier cette entrée", "Verify this entry")
	tVerifyAll   = i18n.T("Vérifier tout le journal", "Verify the whole journal")
	tSaved       = i18n.T("Recherches gardées", "Saved searches")
	tKeep        = i18n.T("Garder cette recherche", "Keep this search")
	tName        = i18n.T("Nom", "Name")
	tKept        = i18n.T("La recherche est gardée.", "The search is kept.")
	tForgetIt    = i18n.T("Oublier", "Forget")
	tForgotten   = i18n.T("La recherche est oubliée.", "The search is forgotten.")
	tSystem      = i18n.T("Système", "System")
	tAnonymous   = i18n.T("Personne non identifiée", "Nobody identified")
	tService     = i18n.T("compte de service", "service account")
	tStaff       = i18n.T("personnel de l'éditeur", "provider staff")
	tUnknown     = i18n.T("Personne inconnue ici", "Person unknown here")
)

var (
	tEntry       = i18n.T("Entrée %s", "Entry %s")
	tCode        = i18n.T("Code", "Code")
	tPurpose     = i18n.T("Finalité", "Purpose")
	tMotive      = i18n.T("Motif", "Reason")
	tNote        = i18n.T("Texte", "Text")
	tRequest     = i18n.T("Requête", "Request")
	tAddress     = i18n.T("Adresse", "Address")
	tTrimmed     = i18n.T("%s (le reste de l'adresse a été effacé après le délai prévu)", "%s (the rest of the address was erased after the set delay)")
	tAgent       = i18n.T("Navigateur", "Browser")
	tSession     = i18n.T("Session", "Session")
	tBeforeAfter = i18n.T("Avant et après", "Before and after")
	tField       = i18n.T("Champ", "Field")
	tBefore      = i18n.T("Avant", "Before")
	tAfter       = i18n.T("Après", "After")
	tGone        = i18n.T("Une partie de cette entrée ne peut plus être lue : la clé de la personne a été détruite à son effacement. L'entrée et sa preuve demeurent.", "Part of this entry can no longer be read: the person's key was destroyed with their erasure. The entry and its proof remain.")
	tProof       = i18n.T("Preuve", "Proof")
	tProofText   = i18n.T("Son empreinte dans l'arbre, recalculable par n'importe qui à partir de l'export.", "Its hash in the tree, which anybody can compute again from the export.")
	tLeaf        = i18n.T("Empreinte", "Hash")
	tPlace       = i18n.T("Place", "Place")
	tProcess     = i18n.T("Processus", "Process")
	tVerified    = i18n.T("Vérification du journal", "Verification of the journal")
	tSound       = i18n.T("Le journal est intact", "The journal is sound")
	tSoundText   = i18n.T("%s entrées relues, %s sommets signés comparés, en %s.", "%s entries read again, %s signed heads compared, in %s.")
	tBroken      = i18n.T("Le journal n'est pas ce qui a été signé", "The journal is not what was signed")
	tBrokenText  = i18n.T("Gardez la base de données telle quelle et prévenez le responsable de la sécurité.", "Keep the database as it is and tell the security officer.")
	tFault       = i18n.T("Constat", "Finding")
	tWhereCol    = i18n.T("Entrées", "Entries")
	tDetail      = i18n.T("Détail", "Detail")
	tRoot        = i18n.T("Racine de l'arbre", "Root of the tree")
	tSize        = i18n.T("Entrées dans l'arbre", "Entries in the tree")
	tPruned      = i18n.T("Entrées effacées par la durée de conservation (leur empreinte reste)", "Entries pruned by retention (their hash stays)")
	tKeyLabel    = i18n.T("Clé publique du journal", "Public key of the journal")
	tKeyHint     = i18n.T("À conserver hors de cette installation : elle seule permet de vérifier un export.", "To keep outside this installation: it alone verifies an export.")
)

var faults = map[string]i18n.Sentence{
	"changed":    i18n.T("Modifiée", "Changed"),
	"removed":    i18n.T("Retirée", "Removed"),
	"inserted":   i18n.T("Ajoutée", "Inserted"),
	"reordered":  i18n.T("Déplacée", "Moved"),
	"truncated":  i18n.T("Fin coupée", "Cut off"),
	"rewritten":  i18n.T("Histoire réécrite", "History rewritten"),
	"unsigned":   i18n.T("Signature fausse", "False signature"),
	"lost":       i18n.T("Perdue avant d'être placée", "Lost before it was placed"),
	"misindexed": i18n.T("Cachée de l'index", "Hidden from the index"),
}

var purposes = map[string]i18n.Sentence{
	"service":  i18n.T("Service rendu", "Service"),
	"security": i18n.T("Sécurité", "Security"),
	"support":  i18n.T("Assistance", "Support"),
	"legal":    i18n.T("Obligation légale", "Legal duty"),
}

func outcome(ctx context.Context, o string) ui.Badge {
	switch o {
	case "refused":
		return ui.Badge{Text: tRefused.In(ctx), Tone: ui.Bad}
	case "failure":
		return ui.Badge{Text: tFailure.In(ctx), Tone: ui.Warn}
	}
	return ui.Badge{Text: tSuccess.In(ctx), Tone: ui.Good}
}
