package web

import (
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tInvitation     = i18n.T("Vous êtes invité", "You are invited")
	tInvitationLead = i18n.T("%s vous invite à la rejoindre.", "%s invites you to join it.")
	tInvitationWhat = i18n.T("En acceptant, vous devenez membre de cette organisation : les personnes qui l'administrent verront votre nom, votre adresse et votre fonction.", "By accepting you become a member of this organization: those who administer it will see your name, your address and your function.")
	tInvitationEnds = i18n.T("Ce lien fonctionne jusqu'au %s.", "This link works until %s.")
	tAccept         = i18n.T("Accepter l'invitation", "Accept the invitation")

	tSignUp       = i18n.T("Inscrire une organisation", "Sign an organization up")
	tSignUpLead   = i18n.T("Vous en serez la première personne à l'administrer. Rien n'est créé avant la confirmation de votre adresse.", "You will be the first person to administer it. Nothing is made before your address is confirmed.")
	tOrgName      = i18n.T("Nom de l'organisation", "Name of the organization")
	tYourEmail    = i18n.T("Votre adresse professionnelle", "Your work e-mail address")
	tYourMailHint = i18n.T("Un lien de confirmation y est envoyé.", "A confirmation link is sent there.")
	tSendLink     = i18n.T("Recevoir le lien de confirmation", "Get the confirmation link")
	tClosed       = i18n.T("L'inscription libre est fermée", "Self-service sign-up is closed")
	tClosedText   = i18n.T("Demandez au fournisseur de créer votre organisation.", "Ask the provider to make your organization.")
	tToSignIn     = i18n.T("Se connecter", "Sign in")
	tCheckMail    = i18n.T("Consultez votre boîte aux lettres", "Check your mailbox")
	tCheckText    = i18n.T("Si cette adresse peut recevoir des messages, un lien valable 24 heures vient d'y partir.", "If this address can receive mail, a link that works for 24 hours has just left for it.")
	tConfirm      = i18n.T("Confirmer l'inscription", "Confirm the sign-up")
	tConfirmLead  = i18n.T("L'organisation « %s » sera créée, et vous l'administrerez.", "The organization “%s” will be made, and you will administer it.")
	tCreate       = i18n.T("Créer l'organisation", "Make the organization")
	tTimeZone     = i18n.T("Fuseau horaire", "Time zone")
)

func (p pages) invitation(w http.ResponseWriter, r *http.Request) error {
	v, err := p.orgs.Look(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, invitationPage(r.URL.Path, v))
}

func (p pages) accept(w http.ResponseWriter, r *http.Request) error {
	next, err := p.orgs.Accept(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, next, "")
}

// signUpView is the form of sign-up.
type signUpView struct {
	s        organization.SignUp
	problems ui.Problems
}

func (p pages) signUp(w http.ResponseWriter, r *http.Request) error {
	open, err := p.orgs.SignUpOpen(r.Context())
	if err != nil {
		return err
	}
	if !open {
		return ui.Render(w, r, http.StatusOK, closedPage())
	}
	return ui.Render(w, r, http.StatusOK, signUpPage(signUpView{s: organization.SignUp{TimeZone: "Europe/Paris"}}))
}

func (p pages) signUpAsked(w http.ResponseWriter, r *http.Request) error {
	ctx, v := r.Context(), r.PostFormValue
	s := organization.SignUp{
		Organization: v("organization"), TimeZone: v("time_zone"), GivenName: v("given_name"), FamilyName: v("family_name"),
		Email: v("email"), Language: i18n.Of(ctx).String(),
	}
	if err := p.orgs.AskSignUp(ctx, s); ui.Shown(err) {
		return ui.Render(w, r, edge.StatusOf(err), signUpPage(signUpView{s, ui.ProblemsOf(ctx, err)}))
	} else if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, checkMailPage())
}

func (p pages) signUpLink(w http.ResponseWriter, r *http.Request) error {
	s, err := p.orgs.LookSignUp(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, confirmPage(r.URL.Path, s.Organization))
}

func (p pages) signUpConfirmed(w http.ResponseWriter, r *http.Request) error {
	next, err := p.orgs.ConfirmSignUp(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, next, "")
}

// leave ends one's own membership.
func (p pages) leave(w http.ResponseWriter, r *http.Request) error {
	org := core.ID(r.PathValue("org"))
	if err := p.orgs.Leave(r.Context(), org); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/signin", "")
}
