package web

import (
	"net/http"

	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tMailboxTitle = i18n.T("Vérifions que c'est vous", "Let us check that it is you")
	tMailboxLead  = i18n.T("De nombreux essais ont lieu sur ce compte, ou ce navigateur n'est pas connu. Un code envoyé à l'adresse du compte permet de continuer.", "Many attempts are being made on this account, or this browser is not known. A code sent to the account's address lets you go on.")
	tMailboxFlag  = i18n.T("Ce compte a été signalé comme compromis. Un code envoyé à son adresse est nécessaire avant de choisir un nouveau mot de passe.", "This account was reported as compromised. A code sent to its address is needed before a new password is chosen.")
	tMailboxLost  = i18n.T("Votre second facteur perdu a été retiré. Un code envoyé à votre adresse est nécessaire avant d'en enregistrer un autre.", "Your lost second factor was removed. A code sent to your address is needed before another one is set up.")
	tMailed       = i18n.T("Code reçu par courriel", "Code received by mail")
	tMailedHint   = i18n.T("Huit lettres et chiffres, valables dix minutes.", "Eight letters and digits, valid for ten minutes.")
	tSend         = i18n.T("Envoyer un code", "Send a code")
	tSendAgain    = i18n.T("Envoyer un autre code", "Send another code")
	tSent         = i18n.T("Si un compte a cette adresse, un code vient d'y être envoyé.", "If an account has this address, a code has just been sent to it.")
)

type mailboxView struct {
	Login       string
	Compromised bool
	Lost        bool
	Sent        bool
	Problems    ui.Problems
}

func (p pages) mailbox(w http.ResponseWriter, r *http.Request) error {
	f, ok, err := p.at(w, r, "mailbox")
	if !ok {
		return err
	}
	return p.showMailbox(w, r, &f, nil, nil)
}

func (p pages) showMailbox(w http.ResponseWriter, r *http.Request, f *signin.Facts, list ui.Problems, err error) error {
	v := mailboxView{Login: f.Flow.Login, Compromised: f.Proved() && f.Credential.Compromised, Lost: f.Proved() && f.Factors.Lost, Sent: !f.Flow.CodeAt.IsZero(), Problems: list}
	return ui.Render(w, r, status(list, err), mailboxPage(v))
}

func (p pages) mailboxSend(w http.ResponseWriter, r *http.Request) error {
	err := p.m.SendCode(r.Context(), flowOf(r))
	if err == nil {
		return ui.Redirect(w, r, "/signin/mailbox", tSent.In(r.Context()))
	}
	return p.after(w, r, err, p.mailboxAgain(w, r, err))
}

func (p pages) mailboxGiven(w http.ResponseWriter, r *http.Request) error {
	err := p.m.Mailbox(r.Context(), flowOf(r), r.PostFormValue("code"))
	return p.after(w, r, err, p.mailboxAgain(w, r, err))
}

func (p pages) mailboxAgain(w http.ResponseWriter, r *http.Request, err error) func(ui.Problems) error {
	return func(list ui.Problems) error {
		f, ok, atErr := p.at(w, r, "mailbox")
		if !ok {
			return atErr
		}
		return p.showMailbox(w, r, &f, list, err)
	}
}
