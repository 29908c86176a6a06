package letter

import (
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/kit/i18n"
)

// The kinds of letters.
const (
	Receipt   = "receipt"
	Again     = "again" // the same was asked already
	Doubt     = "doubt" // identity must be established
	Extension = "extension"
	Answer    = "answer"
	Refusal   = "refusal"
	Withdrawn = "withdrawn"
)

// Facts are what a letter tells. It holds nothing of the person: what is personal stands on a page behind the link.
type Facts struct {
	Kind      i18n.Sentence // the right
	Desk      string        // name of the organization
	Number    string        // reference of the request
	Received  time.Time
	Due       time.Time // the last day
	Officer   string
	Authority string
	Address   string // of the authority
	Link      string // page where the person goes on
	Known     bool   // the person has an account here: the page asks to sign in
	Reason    string // of a doubt or an extension, in the officer's words
}

var (
	tHello = i18n.T("Bonjour,", "Hello,")
	tBears = i18n.T("Votre demande : %s.\nAdressée à : %s.\nRéférence : %s.", "Your request: %s.\nAddressed to: %s.\nReference: %s.")

	tReceiptSubject = i18n.T("Votre demande est reçue : réponse au plus tard le %s", "Your request was received: answer by %s")
	tReceipt        = i18n.T("Votre demande est arrivée le %s. La réponse vous est due au plus tard le %s.", "Your request arrived on %s. An answer is due to you by %s.")
	tConfirm        = i18n.T("Pour que nous puissions y donner suite, confirmez d'abord que cette adresse est la vôtre et dites-nous un fait qui permette de vous reconnaître :\n%s\n\nCe lien est aussi celui qui permet de suivre votre demande ou de la retirer. Si vous n'avez rien demandé, ignorez ce message : rien ne sera fait.", "So that we can act on it, first confirm that this address is yours and tell us a fact by which you can be recognized:\n%s\n\nThis link also lets you follow your request or withdraw it. If you asked for nothing, ignore this message: nothing will be done.")
	tFollow         = i18n.T("Vous pouvez la suivre ou la retirer ici :\n%s", "You can follow it or withdraw it here:\n%s")

	tAgainSubject = i18n.T("Votre demande était déjà en cours", "Your request was already open")
	tAgain        = i18n.T("Vous aviez déjà fait cette demande le %s : ce que vous venez d'écrire y est joint, et il n'y aura qu'une réponse, au plus tard le %s.", "You had already made this request on %s: what you just wrote was added to it, and there will be one answer, by %s.")

	tDoubtSubject = i18n.T("Une preuve de votre identité est nécessaire", "A proof of your identity is needed")
	tDoubt        = i18n.T("Nous ne pouvons pas encore savoir que cette demande vient bien de vous :\n%s\n\nRépondez ici, où vous pouvez joindre une pièce. Elle est chiffrée et détruite dès la vérification. Masquez ce qui n'est pas utile.\n%s\n\nLe délai de réponse est suspendu jusque-là.", "We cannot yet know that this request really comes from you:\n%s\n\nAnswer here, where you can attach a document. It is encrypted and destroyed as soon as it was checked. Hide what is not needed.\n%s\n\nThe time to answer stands still until then.")

	tExtensionSubject = i18n.T("Deux mois de plus pour répondre à votre demande", "Two more months to answer your request")
	tExtension        = i18n.T("Nous ne pouvons pas répondre dans le mois. Motif : %s\n\nComme l'article 12-3 du RGPD le permet, la réponse vous est due au plus tard le %s.", "We cannot answer within one month. Reason: %s\n\nAs article 12-3 GDPR allows, the answer is due to you by %s.")

	tAnswerSubject  = i18n.T("Réponse à votre demande", "Answer to your request")
	tAnswer         = i18n.T("La réponse à votre demande du %s est prête. Pour la lire :\n%s", "The answer to your request of %s is ready. To read it:\n%s")
	tRefusalSubject = i18n.T("Votre demande n'a pas pu être satisfaite", "Your request could not be satisfied")
	tRefusal        = i18n.T("Votre demande du %s n'a pas pu être satisfaite. Les motifs sont ici :\n%s", "Your request of %s could not be satisfied. The reasons are here:\n%s")
	tSignIn         = i18n.T("La page demande de se connecter.", "The page asks you to sign in.")

	tWithdrawnSubject = i18n.T("Votre demande est retirée", "Your request is withdrawn")
	tWithdrawn        = i18n.T("Vous avez retiré votre demande du %s. Vous pouvez en faire une autre à tout moment.", "You withdrew your request of %s. You can make another one at any time.")

	tOfficer   = i18n.T("Pour toute question : délégué à la protection des données, %s.", "For any question: data-protection officer, %s.")
	tNobody    = i18n.T("Pour toute question, répondez à l'organisation nommée plus haut.", "For any question, turn to the organization named above.")
	tComplaint = i18n.T("Si vous estimez que vos droits ne sont pas respectés, vous pouvez introduire une réclamation auprès de l'autorité de contrôle : %s, %s. Vous pouvez aussi former un recours devant un tribunal.", "If you consider that your rights are not respected, you can lodge a complaint with the supervisory authority: %s, %s. You can also seek a judicial remedy.")
)

// Compose writes a letter: its subject, and its text with the foot.
func Compose(l i18n.Lang, kind string, f Facts) (subject, text string) {
	ctx := i18n.With(context.Background(), l)
	received, due := i18n.Date(ctx, f.Received), i18n.Date(ctx, f.Due)
	var body string
	switch kind {
	case Receipt:
		subject, body = tReceiptSubject.Say(l, due), tReceipt.Say(l, received, due)+"\n\n"
		if f.Known {
			body += tFollow.Say(l, f.Link)
		} else {
			body += tConfirm.Say(l, f.Link)
		}
	case Again:
		subject, body = tAgainSubject.Say(l), tAgain.Say(l, received, due)+"\n\n"+tFollow.Say(l, f.Link)
	case Doubt:
		subject, body = tDoubtSubject.Say(l), tDoubt.Say(l, f.Reason, f.Link)
	case Extension:
		subject, body = tExtensionSubject.Say(l), tExtension.Say(l, f.Reason, due)+"\n\n"+tFollow.Say(l, f.Link)
	case Answer:
		subject, body = tAnswerSubject.Say(l), tAnswer.Say(l, received, f.Link)
	case Refusal:
		subject, body = tRefusalSubject.Say(l), tRefusal.Say(l, received, f.Link)
	case Withdrawn:
		subject, body = tWithdrawnSubject.Say(l), tWithdrawn.Say(l, received)
	}
	if f.Known && (kind == Answer || kind == Refusal || kind == Doubt) {
		body += "\n" + tSignIn.Say(l)
	}
	return subject, tHello.Say(l) + "\n\n" + tBears.Say(l, f.Kind.Say(l), f.Desk, f.Number) + "\n\n" + body + "\n\n" + Foot(l, f)
}

// Foot names whom to write to and where to complain. It ends every letter and every answer.
func Foot(l i18n.Lang, f Facts) string {
	officer := tNobody.Say(l)
	if f.Officer != "" {
		officer = tOfficer.Say(l, f.Officer)
	}
	return officer + "\n\n" + tComplaint.Say(l, f.Authority, f.Address) + "\n"
}

// Signed is a text of the officer's, with the foot.
func Signed(l i18n.Lang, text string, f Facts) string {
	return strings.TrimSpace(text) + "\n\n" + Foot(l, f)
}

// Whole tells whether a text names the authority, its address and the officer where there is one, and says that one can complain.
func Whole(l i18n.Lang, text string, f Facts) bool {
	return f.Authority != "" && f.Address != "" && strings.HasSuffix(text, Foot(l, f))
}
