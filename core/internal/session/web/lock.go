package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tLockTitle  = i18n.T("Session verrouillée", "Session locked")
	tLockLead   = i18n.T("Prouvez que c'est bien vous : vous reprenez où vous en étiez.", "Prove that it is you: you go on where you were.")
	tPassword   = i18n.T("Mot de passe", "Password")
	tCode       = i18n.T("Code de votre application", "Code of your application")
	tCodeHint   = i18n.T("Les six chiffres affichés par votre application d'authentification.", "The six digits shown by your authenticator application.")
	tUnlock     = i18n.T("Déverrouiller", "Unlock")
	tByPassword = i18n.T("Utiliser mon mot de passe", "Use my password")
	tByCode     = i18n.T("Utiliser un code", "Use a code")
	tOther      = i18n.T("Ce n'est pas vous ?", "Not you?")
)

// lockView is what the lock shows.
type lockView struct {
	next     string // where to go on
	code     bool   // a code is asked, not the password
	both     bool   // the person can choose
	problems ui.Problems
}

// other is the address of the lock that asks for the other proof.
func (v lockView) other() string {
	q := url.Values{}
	if v.next != "" {
		q.Set("next", v.next)
	}
	q.Set("by", "password")
	if !v.code {
		q.Set("by", "code")
	}
	return "/lock?" + q.Encode()
}

func (v lockView) otherLabel(ctx context.Context) string {
	if v.code {
		return tByPassword.In(ctx)
	}
	return tByCode.In(ctx)
}

// lock locks the session in use and shows the lock, which leads back to the page it was asked from.
func (p pages) lock(w http.ResponseWriter, r *http.Request) error {
	if err := p.sessions.Lock(r.Context()); err != nil {
		return err
	}
	to := "/lock"
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
		if next := edge.SafeNext(from.RequestURI()); next != "" {
			to += "?next=" + url.QueryEscape(next)
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (p pages) view(r *http.Request) (lockView, error) {
	f, err := p.prover.Asked(r.Context())
	if err != nil {
		return lockView{}, err
	}
	return lockView{
		next: edge.SafeNext(r.FormValue("next")), code: f.TOTP && r.FormValue("by") == "code", both: f.TOTP,
	}, nil
}

func (p pages) locked(w http.ResponseWriter, r *http.Request) error {
	v, err := p.view(r)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, lockPage(v))
}

func (p pages) unlock(w http.ResponseWriter, r *http.Request) error {
	v, err := p.view(r)
	if err != nil {
		return err
	}
	secret, err := p.prover.Unlock(r.Context(), r.PostFormValue("answer"), v.code)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, edge.StatusOf(err), lockPage(v))
	} else if err != nil {
		return err
	}
	edge.PutSession(w, secret)
	to := v.next
	if to == "" {
		to = "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
