package identity

import "github.com/rempart/rempart/kit/i18n"

// What the probes of this room say.
var (
	tRules       = i18n.T("Les règles des mots de passe sont appliquées", "The rules of passwords are applied")
	tBreached    = i18n.T("Les mots de passe volés sont refusés", "Stolen passwords are refused")
	tHistory     = i18n.T("Les derniers mots de passe sont refusés", "The last passwords are refused")
	tHash        = i18n.T("Les mots de passe ne sont gardés qu'en argon2id", "Passwords are kept as argon2id only")
	tChange      = i18n.T("Chacun change son mot de passe, et cela ferme le reste", "Everyone changes their own password, and that closes the rest")
	tCompromised = i18n.T("Un compte compromis est coupé", "A compromised account is cut off")
	tGenerated   = i18n.T("La page propose de bons mots de passe", "The page offers good passwords")
	tReset       = i18n.T("Un lien de nouveau mot de passe sert une fois, pour un moment", "A link to a new password works once, for a while")
	tReport      = i18n.T("« Ce n'était pas moi » coupe les accès", "\"This wasn't me\" cuts every access")
	tPersonal    = i18n.T("Un compte est à une personne et à une seule", "An account belongs to one person alone")
	tDefault     = i18n.T("Il n'existe aucun compte par défaut", "There is no default account")
	tFunctional  = i18n.T("Un compte fonctionnel a un responsable", "A functional account has somebody responsible")

	tRulesHeld   = i18n.T("%d règles sur %d : un candidat qui n'en viole qu'une a été refusé chaque fois, un bon a été pris ; la page dit en direct laquelle manque.", "%d rules of %d: a candidate that breaks one was refused each time, a good one was taken; the page says live which is missing.")
	tRulesTaken  = i18n.T("Un mot de passe qui viole la règle « %s » a été pris.", "A password that breaks the rule \"%s\" was taken.")
	tRulesNone   = i18n.T("Seule une longueur de %d caractères est exigée : ni force estimée, ni classes de caractères.", "Only a length of %d characters is demanded: neither an estimated strength nor classes of characters.")
	tRulesHidden = i18n.T("La page ne montre en direct que %d règles sur %d.", "The page shows live %d rules of %d only.")
	tRulesShut   = i18n.T("Un mot de passe conforme à toutes les règles est refusé.", "A password that meets every rule is refused.")

	tBreachedHeld  = i18n.T("%d mots de passe courants sur %d sont dans les listes, et %d proposés par un canari ont été refusés ; les listes ont %d entrées.", "%d common passwords of %d are in the lists, and %d proposed by a canary were refused; the lists have %d entries.")
	tBreachedOff   = i18n.T("Le refus des mots de passe volés est désactivé.", "The refusal of stolen passwords is switched off.")
	tBreachedEmpty = i18n.T("Les listes ne connaissent que %d mots de passe courants sur %d, ou en voient là où il n'y en a pas.", "The lists know %d common passwords of %d only, or see some where there are none.")
	tBreachedTaken = i18n.T("Un mot de passe volé n'est pas reconnu.", "A stolen password is not recognized.")

	tHistoryHeld  = i18n.T("Un canari a eu %d mots de passe : le premier et le dernier ont été refusés (les %d derniers le sont).", "A canary had %d passwords: the first and the last were refused (the last %d are).")
	tHistoryTaken = i18n.T("Le mot de passe d'il y a %d choix a été repris (les %d derniers devraient être refusés).", "The password of %d choices ago was taken again (the last %d should be refused).")
	tHistoryOff   = i18n.T("Aucun ancien mot de passe n'est refusé.", "No former password is refused.")

	tHashHeld  = i18n.T("%d empreintes sur %d sont en argon2id, à %d Kio et %d passes au moins (%d coûts différents).", "%d hashes of %d are argon2id, at %d KiB and %d passes at least (%d different costs).")
	tHashOther = i18n.T("Un mot de passe est gardé autrement qu'en argon2id.", "A password is kept otherwise than as argon2id.")
	tHashCheap = i18n.T("Une empreinte argon2id est trop faible : %d Kio, %d passes.", "An argon2id hash is too cheap: %d KiB, %d passes.")

	tChangeHeld   = i18n.T("Sans le mot de passe actuel le changement est refusé ; avec lui il est fait, l'autre session prend fin, l'ancien mot n'ouvre plus, le nouveau ouvre, et la personne est prévenue.", "Without the current password the change is refused; with it, it is done, the other session ends, the old one opens no more, the new one opens, and the person is told.")
	tChangeAny    = i18n.T("Le mot de passe se change sans l'actuel.", "The password can be changed without the current one.")
	tChangeShut   = i18n.T("Une personne ne peut pas changer son mot de passe.", "A person cannot change their password.")
	tChangeStays  = i18n.T("Après le changement une autre session sert encore.", "After the change another session still serves.")
	tChangeOld    = i18n.T("Après le changement l'ancien mot de passe ouvre encore, ou le nouveau n'ouvre pas.", "After the change the old password still opens, or the new one does not.")
	tChangeSilent = i18n.T("La personne n'est pas prévenue du changement.", "The person is not told of the change.")

	tCompromisedHeld = i18n.T("Signalé compromis par un administrateur, un canari a perdu sa session à la requête suivante ; son mot de passe n'ouvrait plus sans un code reçu par courriel et un nouveau mot de passe.", "Marked as compromised by an administrator, a canary lost its session at the next request; its password opened no more without a mailed code and a new password.")
	tCutStays        = i18n.T("Une session d'un compte compromis sert encore.", "A session of a compromised account still serves.")
	tCutOpens        = i18n.T("Le mot de passe d'un compte compromis ouvre sans preuve de la boîte aux lettres.", "The password of a compromised account opens without a proof of the mailbox.")
	tCutSilent       = i18n.T("Le code attendu n'a pas été envoyé.", "The code that is asked for was not sent.")
	tCutUnchanged    = i18n.T("Après la preuve de la boîte aux lettres aucun nouveau mot de passe n'est exigé.", "After the proof of the mailbox no new password is demanded.")
	tCutShut         = i18n.T("La personne ne peut pas revenir.", "The person cannot come back.")

	tOfferHeld = i18n.T("%d propositions, toutes différentes, toutes conformes et de la plus haute solidité ; une a été prise telle quelle.", "%d offers, all different, all meeting the rules at the highest strength; one was taken as it stood.")
	tOfferWeak = i18n.T("Une proposition ne suit pas les règles, ou se devine (%s).", "An offer does not meet the rules, or can be guessed (%s).")
	tOfferSame = i18n.T("%d propositions différentes seulement sur %d attendues.", "Only %d different offers of %d expected.")
	tOfferShut = i18n.T("Une proposition n'est pas acceptée.", "An offer is not taken.")

	tResetHeld   = i18n.T("Le lien a servi une fois et fermé les sessions ; la seconde fois, et passé %d minutes, il n'a rien changé.", "The link worked once and ended the sessions; the second time, and after %d minutes, it changed nothing.")
	tResetSilent = i18n.T("Aucun lien n'a été envoyé.", "No link was sent.")
	tResetWeak   = i18n.T("Un mot de passe refusé a pourtant agi.", "A password that was refused acted all the same.")
	tResetStays  = i18n.T("Après le nouveau mot de passe une session sert encore.", "After the new password a session still serves.")
	tResetTwice  = i18n.T("Un lien déjà servi change encore le mot de passe, ou l'ancien ouvre encore.", "A link that was used still changes the password, or the old one still opens.")
	tResetLasts  = i18n.T("Un lien de plus de %d minutes sert encore.", "A link older than %d minutes still works.")

	tReportHeld    = i18n.T("Ouvrir le lien n'a rien fait ; confirmer a fermé la session et prévenu l'équipe, une fois ; le mot de passe n'ouvrait plus sans un code reçu par courriel et un nouveau mot de passe.", "Opening the link did nothing; confirming ended the session and told the team, once; the password opened no more without a mailed code and a new password.")
	tReportSilent  = i18n.T("Le message d'alerte, ou son lien, manque.", "The alert, or its link, is missing.")
	tReportHasty   = i18n.T("Ouvrir le lien agit déjà : un programme qui lit le courrier suffirait.", "Opening the link already acts: a program that reads mail would be enough.")
	tReportUnheard = i18n.T("Signalements ouverts pour une confirmation : %d, au lieu d'un.", "Reports opened for one confirmation: %d instead of one.")

	tPersonalHeld = i18n.T("Comptes : %d, chacun à une personne et à une adresse ; une seconde invitation de la même adresse n'en a pas fait d'autre.", "Accounts: %d, each of one person and one address; inviting the same address again made no other.")
	tPersonalBad  = i18n.T("Personnes à plusieurs comptes : %d ; adresses qui en nomment plusieurs : %d ; comptes qui ne sont à personne : %d.", "Persons with several accounts: %d; addresses that name several: %d; accounts that are nobody's: %d.")
	tPersonalTwin = i18n.T("La même adresse, écrite autrement, a reçu un second compte.", "The same address, written otherwise, was given a second account.")

	tDefaultHeld  = i18n.T("Comptes : %d, tous au mot de passe choisi par leur titulaire ; au nom usuel : %d, qu'aucun des %d mots de passe d'usine n'ouvre ; la mise en service est fermée.", "Accounts: %d, all with a password chosen by their holder; with a usual name: %d, opened by none of the %d factory passwords; the set-up is closed.")
	tDefaultGiven = i18n.T("Comptes dont le mot de passe n'a pas été choisi par leur titulaire : %d.", "Accounts with a password that their holder did not choose: %d.")
	tDefaultOpens = i18n.T("Un compte au nom usuel s'ouvre avec un mot de passe d'usine.", "An account with a usual name opens with a factory password.")
	tDefaultSetup = i18n.T("La page de mise en service répond %d : elle devrait être fermée.", "The set-up page answers %d: it should be closed.")

	tFunctionalHeld = i18n.T("Comptes fonctionnels : %d, tous avec un responsable ; sans responsable un canari n'a pas pu en créer, avec un responsable il a pu.", "Functional accounts: %d, each with somebody responsible; without one a canary could not make any, with one it could.")
	tFunctionalBad  = i18n.T("Comptes fonctionnels sans responsable en fonction : %d sur %d.", "Functional accounts with nobody in charge: %d of %d.")
	tFunctionalFree = i18n.T("Un compte fonctionnel a été créé sans responsable.", "A functional account was made without anybody responsible.")
)
