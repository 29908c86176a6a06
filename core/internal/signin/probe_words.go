package signin

import "github.com/rempart/rempart/kit/i18n"

// What the probes of this room say.
var (
	tPassword     = i18n.T("On n'entre qu'avec son mot de passe exact", "Nobody comes in but with the exact password")
	tUnknown      = i18n.T("Rien ne dit si un compte existe", "Nothing tells whether an account exists")
	tLockout      = i18n.T("Les essais de mots de passe sont bloqués", "Attempts at passwords are blocked")
	tOwner        = i18n.T("Un attaquant ne peut pas enfermer le titulaire dehors", "An attacker cannot lock the owner out")
	tChallenge    = i18n.T("Sous attaque une preuve de travail est exigée", "Under attack a proof of work is demanded")
	tFactor       = i18n.T("Le second facteur est exigé et ne sert qu'une fois", "The second factor is demanded and works once")
	tStaffFactor  = i18n.T("Le personnel n'entre qu'avec deux facteurs", "Staff comes in with two factors only")
	tStaffAddress = i18n.T("Le personnel n'entre que depuis les adresses admises", "Staff comes in from admitted addresses only")

	tExact     = i18n.T("%d variantes du mot de passe d'un canari ont été refusées, le mot exact l'a fait entrer ; %d essais sont au journal.", "%d variants of a canary's password were refused, the exact one let it in; %d attempts are in the journal.")
	tLoose     = i18n.T("Une variante du mot de passe a fait entrer : %s.", "A variant of the password let somebody in: %s.")
	tShut      = i18n.T("Le mot de passe exact n'a pas fait entrer.", "The exact password did not let the person in.")
	tUnwritten = i18n.T("%d essais ont eu lieu, %d sont au journal.", "%d attempts took place, %d are in the journal.")
	tCase      = i18n.T("autre casse", "other case")
	tCut       = i18n.T("coupé", "cut short")
	tPadded    = i18n.T("avec un espace", "with a space")

	tAlike    = i18n.T("%d essais sur un compte et sur une adresse inconnue ont reçu les mêmes réponses, à %d ms près ; le formulaire de mot de passe oublié aussi.", "%d attempts on an account and on an unknown address were answered alike, within %d ms; so was the form of forgotten passwords.")
	tApart    = i18n.T("Une adresse inconnue est traitée autrement qu'un compte : %s.", "An unknown address is treated otherwise than an account: %s.")
	tByAnswer = i18n.T("la réponse diffère", "the answer differs")
	tByTime   = i18n.T("le temps de réponse diffère", "the time of the answer differs")
	tBusy     = i18n.T("La machine est trop occupée pour comparer des temps de réponse.", "The machine is too busy to compare times of answers.")
	tByReset  = i18n.T("le formulaire de mot de passe oublié répond autrement", "the form of forgotten passwords answers otherwise")

	tBlocked   = i18n.T("Après %d mots de passe faux, chacun d'un navigateur et d'une adresse différents, l'essai suivant a été refusé, même avec le bon ; la personne a été prévenue.", "After %d wrong passwords, each from another browser and address, the next attempt was refused, even with the right one; the person was told.")
	tUnblocked = i18n.T("Après %d mots de passe faux (limite : %d) un navigateur inconnu peut encore essayer.", "After %d wrong passwords (limit: %d) an unknown browser can still try.")
	tUntold    = i18n.T("Après %d mots de passe faux la personne n'a pas été prévenue.", "After %d wrong passwords the person was not told.")
	tBypassed  = i18n.T("Le compte est bloqué pour les inconnus, et le mot de passe y fait entrer quand même.", "The account is blocked for strangers, and the password lets them in all the same.")
	tStillIn   = i18n.T("Pendant une attaque (%d essais), le titulaire est entré du premier coup depuis son navigateur habituel, et par un code reçu par courriel depuis un autre.", "During an attack (%d attempts) the owner came in at once from the usual browser, and by a mailed code from another one.")
	tKeptOut   = i18n.T("Pendant une attaque (%d essais), le titulaire ne peut plus entrer : %s.", "During an attack (%d attempts) the owner can no longer come in: %s.")
	tUsual     = i18n.T("depuis son navigateur habituel", "from the usual browser")
	tNewOne    = i18n.T("par le code reçu par courriel depuis un autre navigateur", "by the mailed code from another browser")

	tWary    = i18n.T("Après %d essais manqués une preuve de travail est exigée : sans elle, ou rejouée, le bon mot de passe n'ouvre rien ; avec elle il ouvre.", "After %d failed attempts a proof of work is demanded: without it, or replayed, the right password opens nothing; with it, it opens.")
	tCalm    = i18n.T("Après %d essais manqués (moitié de la limite de %d) aucune preuve de travail n'est exigée.", "After %d failed attempts (half of the limit of %d) no proof of work is demanded.")
	tForNone = i18n.T("Le bon mot de passe ouvre sans preuve de travail valable : %s.", "The right password opens without a valid proof of work: %s.")
	tWithout = i18n.T("sans preuve", "without any")
	tAgain   = i18n.T("avec une preuve déjà servie", "with one used before")
	tUseless = i18n.T("Avec une preuve de travail valable le bon mot de passe n'ouvre pas.", "With a valid proof of work the right password does not open.")

	tTwice     = i18n.T("Avec le seul mot de passe aucune session ; un code faux et un code déjà servi ont été refusés, le suivant a fait entrer ; un code de secours a servi une fois sur deux.", "With the password alone no session; a wrong code and one used before were refused, the next one opened; a recovery code worked once of twice.")
	tOnlyOne   = i18n.T("Le second facteur n'est pas exigé.", "The second factor is not demanded.")
	tAnyCode   = i18n.T("Un code qui ne devait pas servir a fait entrer : %s.", "A code that must not work let somebody in: %s.")
	tWrongCode = i18n.T("un code faux", "a wrong code")
	tOldCode   = i18n.T("un code déjà servi", "a code used before")
	tOldBackup = i18n.T("un code de secours déjà servi", "a recovery code used before")
	tNoCode    = i18n.T("Le bon code ne fait pas entrer.", "The right code does not open.")
	tStaff     = i18n.T("Un canari du personnel n'est entré qu'avec un code en plus du mot de passe, et n'a pas pu retirer son second facteur.", "A staff canary came in only with a code besides the password, and could not remove its second factor.")
	tStripped  = i18n.T("Un membre du personnel peut retirer son second facteur.", "Staff can remove their second factor.")

	tAdmitted  = i18n.T("Un canari du personnel est entré depuis une adresse admise ; depuis %s ni ses preuves ni sa session n'ont servi.", "A staff canary came in from an admitted address; from %s neither its proofs nor its session worked.")
	tElsewhere = i18n.T("Depuis %s, qu'aucune liste n'admet, un canari du personnel %s.", "From %s, which no list admits, a staff canary %s.")
	tCameIn    = i18n.T("est entré", "came in")
	tWentOn    = i18n.T("a continué une session", "went on with a session")
	tNowhere   = i18n.T("Un canari du personnel n'entre pas depuis l'adresse admise de cette machine : rien ne peut être comparé.", "A staff canary does not come in from the admitted address of this machine: nothing can be compared.")
)
