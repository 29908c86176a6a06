package annex

import (
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	tAnnex     = i18n.T("Annexe de sécurité", "Security annex")
	tBetween   = i18n.T("Entre %s (fournisseur) et %s (client)", "Between %s (provider) and %s (client)")
	tEdition   = i18n.T("Version %d, établie le %s", "Version %d, made on %s")
	tMadeBy    = i18n.T("Rédigée par Rempart %s à partir de l'état du système à cette date : chaque valeur est lue, aucune n'est recopiée.", "Written by Rempart %s from the state of the system at that date: every value is read, none is typed.")
	tSummary   = i18n.T("En bref", "In short")
	tPromises  = i18n.T("Promesses", "Promises")
	tStatus    = i18n.T("État", "Status")
	tMeaning   = i18n.T("Ce que cela veut dire", "What it means")
	tNumber    = i18n.T("Nombre", "Count")
	tPolicies  = i18n.T("Politiques en vigueur", "Policies in force")
	tPolicy    = i18n.T("Politique", "Policy")
	tVersion   = i18n.T("Version", "Version")
	tPrint     = i18n.T("Empreinte SHA-256", "SHA-256")
	tIssuer    = i18n.T("Éditeur", "Issuer")
	tContacts  = i18n.T("À qui écrire", "Whom to write to")
	tAddress   = i18n.T("Adresse", "Address")
	tSubject   = i18n.T("Sujet", "Subject")
	tKept      = i18n.T("Preuve du %s.", "Evidence of %s.")
	tSince     = i18n.T("Depuis le %s.", "Since %s.")
	tNoProof   = i18n.T("Aucune preuve à ce jour.", "No evidence to this day.")
	tSaw       = i18n.T("Ce que la sonde a vu", "What the probe saw")
	tProbe     = i18n.T("Sonde", "Probe")
	tSample    = i18n.T("Échantillon", "Sample")
	tOf        = i18n.T("%d sur %d", "%d of %d")
	tDate      = i18n.T("Date", "Date")
	tNeverRan  = i18n.T("jamais exécutée", "never run")
	tSigned    = i18n.T("Attestation « %s » signée le %s, valable jusqu'au %s.", "Attestation “%s” signed on %s, valid until %s.")
	tSignedEnd = i18n.T("Attestation « %s » signée le %s, sans terme.", "Attestation “%s” signed on %s, without an end.")
	tProofFile = i18n.T("Empreinte des pièces : %s.", "SHA-256 of its files: %s.")
	tParts     = i18n.T("Ce qui manque encore", "What is still missing")
	tNotShown  = i18n.T("Ce que le logiciel ne peut pas montrer", "What the software cannot show")
	tDiffers   = i18n.T("Écart avec notre recommandation", "Departs from our recommendation")
	tRefers    = i18n.T("Références : %s.", "References: %s.")
	tDrafted   = i18n.T("Non publiée : elle n'engage personne.", "Not published: it binds nobody.")
	tRules     = i18n.T("Réglages en vigueur", "Settings in force")
	tSetting   = i18n.T("Réglage", "Setting")
	tAsked     = i18n.T("Demandé", "Asked")
	tInForce   = i18n.T("En vigueur", "In force")
	tFromWhich = i18n.T("Clause", "Clause")
	tTightened = i18n.T("Ce que l'organisation a durci", "What the organization has tightened")
	tTightLead = i18n.T("Ces réglages sont plus stricts que ce que le fournisseur impose.", "These settings are stricter than what the provider imposes.")
	tFloor     = i18n.T("Imposé", "Imposed")
	tChosen    = i18n.T("Choisi", "Chosen")
	tNoTight   = i18n.T("Rien : les réglages du fournisseur s'appliquent tels quels.", "Nothing: the provider's settings apply as they are.")
	tDeviating = i18n.T("Écarts avec notre recommandation", "Departures from our recommendation")
	tDevLead   = i18n.T("Ces clauses demandent ce qu'une référence publique déconseille. Elles sont appliquées, et l'écart est montré.", "These clauses ask what a public reference advises against. They are kept, and the difference is shown.")
	tReference = i18n.T("Référence", "Reference")
	tReason    = i18n.T("Raison", "Reason")
	tUnbuilt   = i18n.T("Pas encore construit", "Not built yet")
	tUnbuiltIn = i18n.T("Le logiciel ne tient pas encore ces promesses, en tout ou partie. Elles ne comptent pas comme tenues.", "The software does not keep these promises yet, in whole or in part. They do not count as held.")
	tOutside   = i18n.T("Hors du logiciel", "Outside the software")
	tOutsideIn = i18n.T("Rien dans le logiciel ne peut montrer ces promesses : elles se vérifient autrement.", "Nothing in the software can show these promises: they are checked in another way.")
	tNothing   = i18n.T("Rien.", "Nothing.")
	tProof     = i18n.T("Vérifier cette annexe", "Checking this annex")
	tProofLead = i18n.T("Chaque constat est une entrée du journal, scellée dans un arbre de Merkle dont voici la tête signée. Qui a la clé publique vérifie sans accès à nos serveurs.", "Each observation is an entry of the journal, sealed in a Merkle tree whose signed head stands below. Whoever has the public key checks it without access to our servers.")
	tHead      = i18n.T("Tête signée du journal", "Signed head of the journal")
	tKey       = i18n.T("Clé publique", "Public key")
	tNoHead    = i18n.T("Le journal n'a pas encore de tête signée.", "The journal has no signed head yet.")
	tHow       = i18n.T("Pour vérifier", "To check")
	tStep1     = i18n.T("Demandez au fournisseur le dossier d'une clause : rempart prove --clause %s", "Ask the provider for the bundle of a clause: rempart prove --clause %s")
	tStep2     = i18n.T("Sur une autre machine, sans notre base : rempart verify --offline DOSSIER", "On another machine, without our database: rempart verify --offline BUNDLE")
	tStep3     = i18n.T("Relisez les constats à tout moment avec un lien d'auditeur : la page dit la date, l'échantillon et l'entrée du journal de chacun.", "Read the observations at any time with an auditor's link: the page gives the date, the sample and the journal entry of each.")
	tPrinted   = i18n.T("Empreinte de l'annexe : %s", "SHA-256 of the annex: %s")
)

// statusWords says each status, and what it means, plainly.
var statusWords = map[control.Status]struct{ word, means i18n.Sentence }{
	control.Held:     {i18n.T("Tenue", "Held"), i18n.T("Toutes les sondes l'ont vue tenir, et la preuve n'a pas expiré.", "Every probe saw it hold, and the evidence has not expired.")},
	control.Attested: {i18n.T("Attestée", "Attested"), i18n.T("Une personne nommée l'a attestée, jusqu'à une date.", "A named person attested it, until a date.")},
	control.Broken:   {i18n.T("Rompue", "Broken"), i18n.T("Une sonde l'a vue rompue.", "A probe saw it broken.")},
	control.Stale:    {i18n.T("Sans preuve récente", "Stale"), i18n.T("Aucune preuve, ou une preuve expirée.", "No evidence, or evidence that has expired.")},
	control.NotBuilt: {i18n.T("Pas encore construite", "Not built yet"), i18n.T("Le mécanisme, ou une part, n'existe pas encore.", "The mechanism, or a part of it, is not there yet.")},
	control.Outside:  {i18n.T("Hors du logiciel", "Outside the software"), i18n.T("Le logiciel ne peut pas la montrer.", "The software cannot show it.")},
}

// order is the order in which statuses are told.
var order = []control.Status{control.Held, control.Attested, control.Broken, control.Stale, control.NotBuilt, control.Outside}

// StatusWord gives the word for a status.
func StatusWord(s control.Status) i18n.Sentence { return statusWords[s].word }

// StatusMeaning says what a status means.
func StatusMeaning(s control.Status) i18n.Sentence { return statusWords[s].means }
