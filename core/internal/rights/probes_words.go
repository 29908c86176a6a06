package rights

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tpForm      = i18n.T("Chacun peut exercer ses droits sans compte, et sait jusqu'à quand une réponse lui est due", "Anyone can exercise their rights without an account, and knows by when an answer is due")
	tpIdentity  = i18n.T("Rien n'est fait sur une demande avant que l'identité soit établie", "Nothing is done on a request before identity is established")
	tpClock     = i18n.T("Le terme de chaque demande est celui de la loi", "The term of each request is that of the law")
	tpAuthority = i18n.T("Chaque réponse nomme l'autorité à qui se plaindre", "Each answer names the authority to complain to")
	tpLate      = i18n.T("Une demande en retard est dite à qui doit répondre", "A late request is told to whoever must answer")

	tpDark = i18n.T("Un canari n'a pas pu faire ce que la sonde demande (%s : %d) : rien ne peut être vu.", "A canary could not do what the probe asks (%s: %d): nothing can be seen.")

	tpFormShut    = i18n.T("Le formulaire public n'a pas pris la demande d'un canari (%d).", "The public form did not take a canary's request (%d).")
	tpFormDue     = i18n.T("La demande d'un canari est due le %s, et non le %s.", "A canary's request is due on %s, and not on %s.")
	tpFormMute    = i18n.T("La demande d'un canari n'a donné aucun accusé de réception.", "A canary's request gave no receipt.")
	tpFormUndated = i18n.T("L'accusé de réception ne dit pas le %s.", "The receipt does not say %s.")
	tpFormHeld    = i18n.T("Un canari sans session a exercé un droit par le formulaire public ; l'accusé de réception dit la date due, %d jours après.", "A canary without a session exercised a right by the public form; the receipt says the due date, %d days later.")

	tpActed        = i18n.T("Sans identité établie, un acte est passé sur la demande d'un canari : %s.", "Without an established identity, an act passed on a canary's request: %s.")
	tpShut         = i18n.T("L'identité établie, la réponse ne part pas (%d).", "Once identity is established, the answer does not leave (%d).")
	tpIdentityHeld = i18n.T("L'exécution et la réponse ont été refusées sans identité, puis avec la seule adresse confirmée ; l'identité établie, la réponse est partie.", "Carrying out and answering were refused without identity, then with the confirmed address alone; once identity was established, the answer left.")

	tpWrong     = i18n.T("Le terme de %d demandes sur %d n'est pas celui de la loi.", "The term of %d requests of %d is not that of the law.")
	tpStill     = i18n.T("Le temps de %d demandes sur %d est arrêté sans que l'identité soit en doute, ou court alors qu'elle l'est.", "The time of %d requests of %d stands still although identity is not in doubt, or runs while it is.")
	tpClockHeld = i18n.T("Le terme de %d demandes en cours, recalculé, est celui qui est écrit ; aucune n'est suspendue sans doute sur l'identité.", "The term of %d open requests, reckoned again, is the one that is written; none stands still without a doubt on identity.")

	tpUnsent        = i18n.T("Le refus opposé à un canari n'est pas parti.", "The refusal to a canary did not leave.")
	tpMute          = i18n.T("Ce que reçoit un canari ne nomme pas l'autorité et son adresse : %s.", "What a canary receives does not name the authority and its address: %s.")
	tpAuthorityHeld = i18n.T("Le refus reçu par un canari, son message et sa page nomment l'autorité et son adresse : %s.", "The refusal that a canary received, its message and its page name the authority and its address: %s.")

	tpUntold   = i18n.T("Une demande en retard n'a pas été dite à qui doit répondre.", "A late request was not told to whoever must answer.")
	tpUnmarked = i18n.T("Le rappel n'est pas marqué : il partirait à chaque passage.", "The reminder is not marked: it would leave at each run.")
	tpForgot   = i18n.T("%d demandes sur %d, en retard de plus de deux jours, n'ont été dites à personne.", "%d requests of %d, late by more than two days, were told to nobody.")
	tpLateHeld = i18n.T("La demande d'un canari, passée en retard, a été dite à qui doit répondre ; %d demandes réelles en retard, toutes dites.", "A canary's request, once late, was told to whoever must answer; %d real requests late, all told.")
)

func fault(id, fr, en string, statements ...string) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: probe.Rows(statements...)}
}

var (
	formSilent = fault("rights.form/silent", "Les accusés de réception n'entrent pas dans le courrier", "Receipts do not enter the mail",
		`CREATE TRIGGER silent AFTER INSERT ON mail_outbox WHEN NEW.kind = 'rights.receipt' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`)
	formSlow = fault("rights.form/slow", "Chaque demande a un mois de plus", "Each request has one month more",
		`CREATE TRIGGER slow AFTER INSERT ON rights_request BEGIN UPDATE rights_request SET due_at = NEW.due_at + 2592000000000 WHERE org = NEW.org AND id = NEW.id; END`)

	bornProved = fault("rights.identity/born", "Chaque demande naît avec une identité établie", "Each request is born with an established identity",
		`CREATE TRIGGER born AFTER INSERT ON rights_request BEGIN UPDATE rights_request SET proof = 'proved' WHERE org = NEW.org AND id = NEW.id; END`)
	mailProves = fault("rights.identity/mail", "Ouvrir un lien suffit à établir une identité", "Opening a link is enough to establish an identity",
		`CREATE TRIGGER mail_proves AFTER UPDATE OF proof ON rights_request WHEN NEW.proof = 'mailed' BEGIN UPDATE rights_request SET proof = 'proved' WHERE org = NEW.org AND id = NEW.id; END`)

	oneMoreWeek = fault("rights.clock/week", "Le terme est reporté d'une semaine", "The term is put off by a week",
		`CREATE TRIGGER week AFTER INSERT ON rights_request BEGIN UPDATE rights_request SET due_at = NEW.due_at + 604800000000 WHERE org = NEW.org AND id = NEW.id; END`)
	standsStill = fault("rights.clock/still", "Le temps de chaque demande est arrêté d'office", "The time of each request is stopped as a matter of course",
		`CREATE TRIGGER still AFTER INSERT ON rights_request BEGIN INSERT INTO rights_pause (org, request, from_at, until_at) VALUES (NEW.org, NEW.id, NEW.received_at, 0); END`)

	mutePage = core.PlantedFault{
		ID: "rights.authority/page", Title: core.Text{FR: "La page de la réponse ne dit plus à qui se plaindre", EN: "The page of the answer no longer says whom to complain to"},
		Plant: probe.Front(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/rights/follow/") {
					next.ServeHTTP(w, r)
					return
				}
				probe.Rewrite(next, func(page []byte) []byte { return bytes.ReplaceAll(page, []byte("Fontenoy"), nil) }).ServeHTTP(w, r)
			})
		}),
	}
	noRefusal = fault("rights.authority/unsent", "Les refus ne partent pas", "Refusals do not leave",
		`CREATE TRIGGER unsent_refusal AFTER INSERT ON mail_outbox WHEN NEW.kind = 'rights.refusal' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`)

	lateUnsaid = fault("rights.late/unsaid", "Les retards n'entrent pas dans le courrier", "Delays do not enter the mail",
		`CREATE TRIGGER unsaid AFTER INSERT ON mail_outbox WHEN NEW.kind = 'rights.late' BEGIN DELETE FROM mail_outbox WHERE id = NEW.id; END`)
	lateAgain = fault("rights.late/again", "Un rappel n'est pas marqué comme envoyé", "A reminder is not marked as sent",
		`CREATE TRIGGER late_again AFTER INSERT ON rights_notice BEGIN DELETE FROM rights_notice WHERE org = NEW.org AND request = NEW.request; END`)
)
