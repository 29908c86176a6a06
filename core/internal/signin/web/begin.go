package web

import (
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tSignIn     = i18n.T("Connexion", "Sign in")
	tEmail      = i18n.T("Adresse électronique", "E-mail address")
	tNextButton = i18n.T("Continuer", "Continue")
	tForgot     = i18n.T("Mot de passe oublié ?", "Forgot your password?")
	tSignUp     = i18n.T("Créer un compte d'organisation", "Create an account for an organization")
)

type beginView struct {
	Email, Next string
	Problems    ui.Problems
}

func (p pages) begin(w http.ResponseWriter, r *http.Request) error {
	next := edge.SafeNext(r.URL.Query().Get("next"))
	if core.ActorOf(r.Context()).Kind == core.HumanActor {
		if next == "" {
			next = "/"
		}
		return ui.Redirect(w, r, next, "")
	}
	return ui.Render(w, r, http.StatusOK, beginPage(beginView{Next: next}))
}

func (p pages) begun(w http.ResponseWriter, r *http.Request) error {
	v := beginView{Email: r.PostFormValue("email"), Next: edge.SafeNext(r.PostFormValue("next"))}
	flow, err := p.m.Begin(r.Context(), v.Email, p.m.Browsers().Of(r), v.Next)
	if err != nil && ui.Shown(err) {
		v.Problems = problems(w, r, err)
		return ui.Render(w, r, status(v.Problems, err), beginPage(v))
	}
	if err != nil {
		return err
	}
	putFlow(w, flow)
	return p.goOn(w, r, flow)
}
