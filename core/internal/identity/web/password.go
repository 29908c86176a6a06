package web

import (
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password/form"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tMyPassword    = i18n.T("Changer mon mot de passe", "Change my password")
	tPasswordLead  = i18n.T("Vos autres sessions et vos jetons d'accès personnels prendront fin, et un message vous le confirmera.", "Your other sessions and your personal access tokens will end, and a message will confirm it.")
	tCurrent       = i18n.T("Mot de passe actuel", "Current password")
	tNew           = i18n.T("Nouveau mot de passe", "New password")
	tSavePassword  = i18n.T("Changer le mot de passe", "Change the password")
	tPasswordSaved = i18n.T("Mot de passe changé ; vos autres sessions et vos jetons ont pris fin.", "Password changed; your other sessions and your tokens have ended.")
)

type passwordView struct {
	Rules    []ui.Rule
	Policy   core.PasswordPolicy
	Problems ui.Problems
}

func (p pages) password(w http.ResponseWriter, r *http.Request) error {
	return p.showPassword(w, r, "", nil)
}

func (p pages) showPassword(w http.ResponseWriter, r *http.Request, typed string, list ui.Problems) error {
	verdict, policy, err := p.m.JudgePassword(r.Context(), me(r), typed)
	if err != nil {
		return err
	}
	v := passwordView{Rules: form.Rules(r.Context(), verdict, policy, typed != ""), Policy: policy, Problems: list}
	return ui.Render(w, r, status(list), passwordPage(v))
}

func (p pages) passwordChanged(w http.ResponseWriter, r *http.Request) error {
	typed := r.PostFormValue("password")
	err := p.m.ChangePassword(r.Context(), me(r), r.PostFormValue("current"), typed)
	if err != nil && ui.Shown(err) {
		return p.showPassword(w, r, typed, ui.ProblemsOf(r.Context(), err))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/security", tPasswordSaved.In(r.Context()))
}

func (p pages) passwordCheck(w http.ResponseWriter, r *http.Request) error {
	verdict, policy, err := p.m.JudgePassword(r.Context(), me(r), r.PostFormValue("password"))
	if err != nil {
		return err
	}
	return form.Answer(w, r, "password", verdict, policy)
}
