package journal

import "github.com/rempart/rempart/kit/i18n"

var (
	tComplete      = i18n.T("Chaque acte laisse une entrée dans le journal", "Each act leaves an entry in the journal")
	tCompleteHeld  = i18n.T("%d actes d'un canari (connexions, lectures, changement, refus) ont laissé %d entrées.", "%d acts of a canary (sign-ins, reads, a change, a refusal) left %d entries.")
	tCompleteLacks = i18n.T("Sur %d actes d'un canari, le journal n'a pas gardé ceux-ci : %s.", "Of %d acts of a canary the journal did not keep these: %s.")
	tFaultCache    = i18n.T("Une mémoire qui rend les pages sans le dire au journal", "A cache that gives pages without telling the journal")
	tFaultSilent   = i18n.T("Un changement qui ne passe pas par le journal", "A change that does not go through the journal")

	tReason       = i18n.T("Lire le journal demande un droit et une raison, et se journalise", "Reading the journal takes a right and a reason, and is journaled")
	tReasonHeld   = i18n.T("Sans droit, sans raison, avec une raison d'un mot : refusé ; avec une raison : ouvert, et la lecture est au journal.", "Without a right, without a reason, with a reason of one word: refused; with a reason: opened, and the reading is in the journal.")
	tReasonOpen   = i18n.T("Le journal s'ouvre sans droit (%d), sans raison (%d) ou avec une raison d'un mot (%d).", "The journal opens without a right (%d), without a reason (%d) or with a reason of one word (%d).")
	tReasonShut   = i18n.T("Avec un droit et une raison (%d) le journal ne s'ouvre pas (%d).", "With a right and a reason (%d) the journal does not open (%d).")
	tReasonUntold = i18n.T("La lecture du journal n'est pas au journal.", "The reading of the journal is not in the journal.")
	tFaultOpen    = i18n.T("Un journal montré à qui le demande", "A journal shown to whoever asks")

	tExported      = i18n.T("Un export du journal se vérifie ailleurs, avec la seule clé publique", "An export of the journal is checked elsewhere, with the public key alone")
	tExportHeld    = i18n.T("Un export de %d entrées se vérifie avec la clé publique ; une ligne changée est vue.", "An export of %d entries is checked with the public key; a changed line is seen.")
	tExportRefused = i18n.T("L'export est refusé (%d) à qui y a droit.", "The export is refused (%d) to who has the right.")
	tExportWrong   = i18n.T("Un export ne se vérifie pas : %d constat(s).", "An export does not check: %d finding(s).")
	tExportDeaf    = i18n.T("Une ligne changée dans un export n'est pas vue.", "A line changed in an export is not seen.")
	tExportBlind   = i18n.T("N'a pas pu être vu : l'export ne se lit pas.", "Could not be seen: the export cannot be read.")
	tFaultExport   = i18n.T("Un export dont une ligne est changée en chemin", "An export of which a line is changed on its way")

	tVerified      = i18n.T("Chaque entrée répond à son arbre et aux sommets signés", "Each entry answers to its tree and to the signed heads")
	tVerifiedHeld  = i18n.T("%d entrées de %d journaux relues, %d signatures vérifiées : rien n'a été changé.", "%d entries of %d logs read again, %d signatures checked: nothing was changed.")
	tVerifiedWrong = i18n.T("Le journal ne se vérifie pas : %d constat(s), le premier étant « %s ».", "The journal does not verify: %d finding(s), the first being \"%s\".")
	tFaultEntry    = i18n.T("Une entrée changée dans la base", "An entry changed in the database")
	tFaultGone     = i18n.T("Des entrées retirées de la base", "Entries taken out of the database")

	tTamper     = i18n.T("Un journal coupé ou réécrit dans la base est vu", "A journal cut or rewritten in the database is seen")
	tTamperHeld = i18n.T("%d journaux prolongent le dernier sommet que ce serveur a signé et gardé hors de la base.", "%d logs extend the last head that this server signed and kept outside of the database.")
	tTamperSeen = i18n.T("La base est en retard sur le journal que ce serveur a signé, ou s'en écarte.", "The database is behind the journal that this server signed, or differs from it.")
	tFaultCut   = i18n.T("Un journal coupé de sa fin, sommets signés compris", "A journal cut short, signed heads included")

	tOutside     = i18n.T("Les sommets signés du journal sont gardés hors de cette machine", "The journal's signed heads are kept outside of this machine")
	tOutsideHeld = i18n.T("%d envois vers %d lieu(x) extérieur(s), tous reçus ; le plus ancien date de %s.", "%d deliveries to %d outside place(s), all received; the oldest is %s old.")
	tOutsideNone = i18n.T("Aucun lieu extérieur n'est configuré : les sommets restent sur cette machine et ne prouvent rien contre qui l'administre.", "No outside place is configured: heads stay on this machine and prove nothing against who administers it.")
	tOutsideLate = i18n.T("%d envois sur %d vers un lieu extérieur n'ont pas été reçus.", "%d deliveries of %d to an outside place were not received.")
	tFaultLost   = i18n.T("Un lieu extérieur qui ne reçoit rien", "An outside place that receives nothing")

	tRetained     = i18n.T("Le journal n'est pas gardé au-delà de sa durée", "The journal is not kept beyond its time")
	tRetainedHeld = i18n.T("%d journaux : aucune entrée effaçable n'a dépassé la durée réglée.", "%d logs: no entry that can be pruned is beyond the time set.")
	tRetainedOld  = i18n.T("%d journaux sur %d gardent des entrées au-delà de leur durée, ou n'en ont pas.", "%d logs of %d keep entries beyond their time, or have none.")
	tAddress      = i18n.T("Les adresses du journal sont tronquées après leur délai", "Addresses of the journal are truncated after their delay")
	tAddressHeld  = i18n.T("%d journaux : aucune entrée plus ancienne que le délai réglé n'a gardé son adresse entière.", "%d logs: no entry older than the delay set has kept its full address.")
	tAddressOld   = i18n.T("%d journaux sur %d gardent des adresses entières au-delà de leur délai, ou n'en ont pas.", "%d logs of %d keep full addresses beyond their delay, or have none.")
	tFaultAged    = i18n.T("Un journal vieux d'un demi-siècle que rien n'efface", "A journal half a century old that nothing prunes")
	tFaultFull    = i18n.T("Des adresses vieilles d'un demi-siècle, entières", "Addresses half a century old, in full")
)
