package web

import (
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password"
	"github.com/rempart/rempart/kit/password/form"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tChangeTitle  = i18n.T("Choisissez un nouveau mot de passe", "Choose a new password")
	tFirstTitle   = i18n.T("Choisissez votre mot de passe", "Choose your password")
	tWhyFirst     = i18n.T("Vous seul le connaîtrez : il n'est jamais conservé en clair, et personne ici ne peut le lire.", "You alone will know it: it is never kept in clear, and nobody here can read it.")
	tWhyFlagged   = i18n.T("Votre mot de passe est peut-être connu de quelqu'un d'autre.", "Your password may be known to somebody else.")
	tWhyExpired   = i18n.T("Votre organisation demande un changement périodique, et l'âge permis est atteint.", "Your organization asks for a periodic change, and the permitted age is reached.")
	tNewPassword  = i18n.T("Nouveau mot de passe", "New password")
	tSavePassword = i18n.T("Enregistrer ce mot de passe", "Save this password")
)

// chooseView is any page where a password is chosen.
type chooseView struct {
	Title, Why    i18n.Sentence
	Action, Login string
	Rules         []ui.Rule
	Policy        core.PasswordPolicy
	Problems      ui.Problems
}

func (p pages) change(w http.ResponseWriter, r *http.Request) error {
	f, ok, err := p.at(w, r, "change")
	if !ok {
		return err
	}
	return p.showChange(w, r, &f, "", nil, nil)
}

func (p pages) showChange(w http.ResponseWriter, r *http.Request, f *signin.Facts, typed string, list ui.Problems, fault error) error {
	verdict, policy, err := p.m.Judge(r.Context(), flowOf(r), typed)
	if err != nil {
		return err
	}
	v := chooseView{
		Title: tChangeTitle, Why: tWhyExpired, Action: "/signin/change", Login: f.Flow.Login, Policy: policy, Problems: list,
		Rules: form.Rules(r.Context(), verdict, policy, typed != ""),
	}
	switch {
	case f.Credential.Hash == "":
		v.Title, v.Why = tFirstTitle, tWhyFirst
	case f.Credential.Compromised:
		v.Why = tWhyFlagged
	}
	return ui.Render(w, r, status(list, fault), choosePage(v))
}

func (p pages) changed(w http.ResponseWriter, r *http.Request) error {
	typed := r.PostFormValue("password")
	err := p.m.Choose(r.Context(), flowOf(r), typed)
	return p.after(w, r, err, func(list ui.Problems) error {
		f, ok, atErr := p.at(w, r, "change")
		if !ok {
			return atErr
		}
		return p.showChange(w, r, &f, typed, list, err)
	})
}

func (p pages) changeCheck(w http.ResponseWriter, r *http.Request) error {
	verdict, policy, err := p.m.Judge(r.Context(), flowOf(r), r.PostFormValue("password"))
	return check(w, r, verdict, policy, err)
}

// check answers the script that helps while typing.
func check(w http.ResponseWriter, r *http.Request, v password.Verdict, p core.PasswordPolicy, err error) error {
	if err != nil {
		return err
	}
	return form.Answer(w, r, "password", v, p)
}
