package identity

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// What a person is told when something about their account changes (ASVS 6.3.5, 6.3.7). Each mail carries the
// "this wasn't me" link (ACC-10.1).
var (
	mailPasswordSubject    = i18n.T("Votre mot de passe a été changé", "Your password was changed")
	mailPasswordBody       = i18n.T("Le mot de passe de votre compte vient d'être changé.", "The password of your account has just been changed.")
	mailPasswordTokens     = i18n.T("Le mot de passe de votre compte vient d'être changé. Vos jetons d'accès personnels ont pris fin : refaites ceux dont vous vous servez.", "The password of your account has just been changed. Your personal access tokens have ended: make those that you use again.")
	mailCompromisedSubject = i18n.T("Votre compte demande votre attention", "Your account needs your attention")
	mailCompromisedBody    = i18n.T(
		"Votre mot de passe est peut-être connu de quelqu'un d'autre. Toutes vos sessions ont été fermées. À la prochaine connexion, un code vous sera envoyé à cette adresse et vous choisirez un nouveau mot de passe.",
		"Your password may be known to somebody else. All your sessions were ended. When you next sign in, a code will be sent to this address and you will choose a new password.")
	mailFactorSubject     = i18n.T("Un second facteur a été ajouté à votre compte", "A second factor was added to your account")
	mailFactorBody        = i18n.T("Une application d'authentification vient d'être enregistrée pour votre compte.", "An authenticator application has just been set up for your account.")
	mailFactorGoneSubject = i18n.T("Le second facteur de votre compte a été retiré", "The second factor of your account was removed")
	mailFactorGoneBody    = i18n.T("L'application d'authentification et les codes de secours de votre compte viennent d'être retirés.", "The authenticator application and the recovery codes of your account have just been removed.")
	mailCodeSubject       = i18n.T("Un code de secours a été utilisé", "A recovery code was used")
	mailCodeBody          = i18n.T("Un de vos codes de secours vient de servir à une connexion. Il ne servira plus.", "One of your recovery codes has just been used to sign in. It will not work again.")
	mailLinkSubject       = i18n.T("Choisissez un nouveau mot de passe", "Choose a new password")
	mailLinkBody          = i18n.T("Pour choisir un nouveau mot de passe, ouvrez ce lien dans les 30 minutes. Il ne sert qu'une fois.\n\n%s", "To choose a new password, open this link within 30 minutes. It works once.\n\n%s")

	mailHello = i18n.T("Bonjour %s,", "Hello %s,")
	mailNotMe = i18n.T("Si ce n'est pas vous, dites-le tout de suite : vos sessions seront fermées et nous serons prévenus.", "If this was not you, say so at once: your sessions will be ended and we will be told.")
	mailSign  = i18n.T("Rempart\nNous ne vous demanderons jamais votre mot de passe.", "Rempart\nWe will never ask for your password.")
)

// Alert tells a person about something that happened to their account, in their language, with a "this wasn't me"
// link. kind is the stable word of the message; about goes with the link to the report that it may open.
func (m *Module) Alert(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text, about string) error {
	p, err := m.person(ctx, tx, person)
	if err != nil {
		return err
	}
	return m.alert(ctx, tx, p, kind, i18n.From(subject), i18n.From(body), about)
}

func (m *Module) alert(ctx context.Context, tx core.Tx, p core.Person, kind string, subject, body i18n.Sentence, about string) error {
	token, err := m.MakeLink(ctx, tx, LinkNotMe, p.ID, kind+" "+about, NotMeLife)
	if err != nil {
		return err
	}
	lang := languageOf(p)
	return m.send(ctx, tx, p, kind, subject.Say(lang), body.Say(lang)+"\n\n"+mailNotMe.Say(lang)+"\n"+m.needs.Origin+"/not-me/"+token)
}

// Send queues a message to a person without a "this wasn't me" link: what they asked for themselves.
func (m *Module) Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error {
	p, err := m.person(ctx, tx, person)
	if err != nil {
		return err
	}
	lang := languageOf(p)
	return m.send(ctx, tx, p, kind, i18n.From(subject).Say(lang), i18n.From(body).Say(lang))
}

func (m *Module) send(ctx context.Context, tx core.Tx, p core.Person, kind, subject, body string) error {
	lang := languageOf(p)
	text := mailHello.Say(lang, p.Name()) + "\n\n" + body + "\n\n" + mailSign.Say(lang) + "\n" + m.needs.Origin + "\n"
	err := m.needs.Mail.Queue(ctx, tx, core.Mail{Org: core.Platform, Person: p.ID, To: p.Email, Kind: kind, Subject: subject, Body: text})
	if err != nil {
		return fmt.Errorf("identity: queue %s: %w", kind, err)
	}
	return nil
}

func languageOf(p core.Person) i18n.Lang {
	l, _ := i18n.Parse(p.Language)
	return l
}
