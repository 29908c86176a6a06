package web

import (
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password/form"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tResetTitle = i18n.T("Mot de passe oublié", "Forgotten password")
	tResetLead  = i18n.T("Donnez l'adresse de votre compte : un lien valable trente minutes y sera envoyé.", "Give the address of your account: a link valid for thirty minutes will be sent to it.")
	tResetSend  = i18n.T("Envoyer le lien", "Send the link")
	tResetSent  = i18n.T("Si un compte a cette adresse, un lien vient d'y être envoyé. Regardez votre messagerie.", "If an account has this address, a link has just been sent to it. Look in your mailbox.")
	tResetDone  = i18n.T("Mot de passe enregistré, toutes vos sessions sont fermées. Connectez-vous.", "Password saved, all your sessions were ended. Sign in.")
	tFirstLead  = i18n.T("Votre adresse est vérifiée. Il reste à choisir un mot de passe.", "Your address is verified. What is left is to choose a password.")
	tBeginFirst = i18n.T("Commencer", "Begin")
)

type resetView struct {
	Email    string
	Problems ui.Problems
}

func (p pages) reset(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, resetPage(resetView{}))
}

func (p pages) resetAsked(w http.ResponseWriter, r *http.Request) error {
	v := resetView{Email: r.PostFormValue("email")}
	err := p.m.AskReset(r.Context(), v.Email)
	if err != nil && ui.Shown(err) {
		v.Problems = problems(w, r, err)
		return ui.Render(w, r, status(v.Problems, err), resetPage(v))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/signin", tResetSent.In(r.Context()))
}

func (p pages) newPassword(w http.ResponseWriter, r *http.Request) error {
	return p.showNewPassword(w, r, "", nil, nil)
}

func (p pages) showNewPassword(w http.ResponseWriter, r *http.Request, typed string, list ui.Problems, fault error) error {
	verdict, policy, err := p.m.JudgeReset(r.Context(), r.PathValue("token"), typed)
	if err != nil {
		return err
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	v := chooseView{
		Title: tChangeTitle, Why: tWhyFirst, Action: "/reset/" + r.PathValue("token"), Policy: policy, Problems: list,
		Rules: form.Rules(r.Context(), verdict, policy, typed != ""),
	}
	return ui.Render(w, r, status(list, fault), choosePage(v))
}

func (p pages) newPasswordGiven(w http.ResponseWriter, r *http.Request) error {
	typed := r.PostFormValue("password")
	err := p.m.Reset(r.Context(), r.PathValue("token"), typed)
	if core.KindOf(err) == core.Invalid {
		return p.showNewPassword(w, r, typed, problems(w, r, err), err)
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/signin", tResetDone.In(r.Context()))
}

func (p pages) newPasswordCheck(w http.ResponseWriter, r *http.Request) error {
	verdict, policy, err := p.m.JudgeReset(r.Context(), r.PathValue("token"), r.PostFormValue("password"))
	return check(w, r, verdict, policy, err)
}

func (p pages) first(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, firstPage("/signin/first/"+r.PathValue("token")))
}

func (p pages) firstBegun(w http.ResponseWriter, r *http.Request) error {
	flow, err := p.m.BeginFirst(r.Context(), r.PathValue("token"), p.m.Browsers().Of(r))
	if err != nil {
		return err
	}
	putFlow(w, flow)
	return p.goOn(w, r, flow)
}
