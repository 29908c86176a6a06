package review

import (
	"github.com/rempart/rempart/kit/i18n"
)

var (
	tpRequest  = i18n.T("Un rôle demandé n'est donné qu'après le jugement de la personne responsable", "A role that is asked for is given only after the manager's judgement")
	tpCampaign = i18n.T("Ce qu'une revue ne confirme pas est retiré", "What a review does not confirm is revoked")
	tpMover    = i18n.T("Qui change de poste ne garde que ce que sa nouvelle hiérarchie confirme", "Whoever changes post keeps only what the new manager confirms")
	tpLeaver   = i18n.T("Un départ met fin à tout en un acte", "Leaving ends everything in one act")
	tpDormant  = i18n.T("Les comptes dormants sont listés d'après les lignes vivantes", "Dormant accounts are listed from live rows")
	tpSharing  = i18n.T("Un compte utilisé à deux endroits à la fois est signalé", "An account used in two places at once is flagged")
	tpSupport  = i18n.T("Le prestataire n'entre chez un client qu'avec son accord, jusqu'à une date", "The provider enters a client's space only with its consent, until a date")

	tpDark = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")

	tpEarly   = i18n.T("Un canari a eu le rôle demandé avant tout jugement.", "A canary had the role before any judgement.")
	tpSelf    = i18n.T("Un canari a jugé sa propre demande.", "A canary judged their own request.")
	tpAlone   = i18n.T("La personne responsable a donné seule un rôle sensible.", "The line manager gave a sensitive role alone.")
	tpNoRole  = i18n.T("Une demande accordée et confirmée n'a pas donné le rôle.", "A request granted and confirmed did not give the role.")
	tpJudged  = i18n.T("Un canari a demandé un rôle sensible : refusé jusqu'au jugement (%d étapes), impossible à juger soi-même, donné après l'accord de la personne responsable puis d'une personne qui administre, avec une fin.", "A canary asked for a sensitive role: refused until the judgement (%d steps), not to be judged by oneself, given after the word of the manager then of an administrator, with an end.")
	tpEndless = i18n.T("Le rôle donné n'a pas de fin, ou ne nomme pas qui l'a approuvé.", "The role given has no end, or does not name its approver.")

	tpLapsed  = i18n.T("De deux rôles en revue, celui qui a été gardé avec un mot sert encore, celui resté sans réponse est refusé dès la requête suivante ; %d organisations sur %d sont à jour de leur revue.", "Of two roles under review, the one kept with a word still serves, the one without an answer is refused from the next request on; %d organizations of %d are up to date with their review.")
	tpStays   = i18n.T("Un rôle resté sans réponse à l'échéance sert encore.", "A role without an answer at the deadline still serves.")
	tpKeptOff = i18n.T("Un rôle gardé avec un mot ne sert plus.", "A role kept with a word no longer serves.")
	tpLate    = i18n.T("%d organisations sur %d n'ont pas eu leur revue à temps.", "%d organizations of %d did not have their review in time.")
	tpOwnLine = i18n.T("Un canari a revu sa propre habilitation.", "A canary reviewed their own assignment.")

	tpMoved   = i18n.T("Un canari a changé de poste : une revue s'est ouverte dans la même transaction ; ce que la nouvelle responsable a gardé reste, l'autre rôle est retiré.", "A canary changed post: a review opened in the same transaction; what the new manager kept stays, the other role is revoked.")
	tpNoMove  = i18n.T("Un changement de poste n'a ouvert aucune revue.", "A change of post opened no review.")
	tpByOther = i18n.T("Quelqu'un d'autre que la nouvelle personne responsable a gardé un rôle.", "Somebody else than the new manager kept a role.")
	tpHolds   = i18n.T("Après l'échéance le canari tient : %s.", "After the deadline the canary holds: %s.")

	tpLeft = i18n.T("Un canari avait une session, un jeton et un rôle : un seul acte a mis fin aux trois ; la session et le jeton sont refusés %d ms plus tard.", "A canary had a session, a token and a role: one act ended all three; the session and the token are refused %d ms later.")
	tpOn   = i18n.T("Après le départ d'un canari, ceci sert encore : %s.", "After a canary left, this still serves: %s.")

	tpListed   = i18n.T("De deux canaris, celui qui ne s'est jamais connecté est listé, l'autre non ; %d comptes dormants sur %d membres regardés ici.", "Of two canaries, the one who never signed in is listed, the other is not; %d dormant accounts of %d members looked at here.")
	tpUnlisted = i18n.T("Le rapport des comptes dormants se trompe : dormant listé %t, éveillé listé %t.", "The report of dormant accounts is wrong: sleeper listed %t, awake listed %t.")

	tpFlagged   = i18n.T("Un canari connecté de deux réseaux et de deux ordinateurs à la fois : signalé à la %de observation, prévenu avec le lien « ce n'était pas moi », et la page dit pourquoi.", "A canary signed in from two networks and two computers at once: flagged at the %dth observation, told with the \"this wasn't me\" link, and the page says why.")
	tpUnflagged = i18n.T("Un canari utilisé de deux réseaux et de deux ordinateurs à la fois, %d fois, n'est pas signalé.", "A canary used from two networks and two computers at once, %d times, is not flagged.")
	tpTooSoon   = i18n.T("Un canari est signalé dès la première observation.", "A canary is flagged at the first observation.")
	tpUntold    = i18n.T("Le canari signalé n'en voit rien, ou n'a pas reçu le lien « ce n'était pas moi ».", "The flagged canary sees nothing of it, or did not receive the \"this wasn't me\" link.")

	tpLetIn    = i18n.T("Une personne du support n'entre pas (404), demande, n'entre toujours pas ; l'accord donné elle lit et ne change rien (403) ; l'accès retiré, elle n'entre plus. %d accès de support en cours, tous motivés et datés.", "A person of support does not enter (404), asks, still does not; once let in they read and change nothing (403); the access revoked, they are out. %d support assignments are live, all with a reason and an end.")
	tpUninvite = i18n.T("Une personne du support lit l'espace d'un client qui ne l'y a pas laissée entrer.", "A person of support reads the space of a client that did not let them in.")
	tpShut     = i18n.T("Une personne du support que le client a laissée entrer ne lit rien.", "A person of support whom the client let in reads nothing.")
	tpWrites   = i18n.T("Une personne du support que le client a laissée lire a pu agir.", "A person of support whom the client let read could act.")
	tpLasting  = i18n.T("L'accès de support retiré sert encore.", "A revoked support access still serves.")
	tpWrong    = i18n.T("%d attributions de personnel chez des clients n'ont pas de fin, pas de motif, ou ne sont pas de support.", "%d assignments of staff in clients' organizations have no end, no reason, or are not support.")
)
