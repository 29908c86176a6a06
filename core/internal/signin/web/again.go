package web

import (
	"net/http"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tAgainTitle  = i18n.T("Confirmez que c'est vous", "Confirm that it is you")
	tAgainLead   = i18n.T("Ce que vous allez faire est sensible : une preuve récente est demandée.", "What you are about to do is sensitive: a recent proof is asked.")
	tLockTitle   = i18n.T("Session verrouillée", "Session locked")
	tLockLead    = i18n.T("Rien n'est perdu : déverrouillez pour reprendre où vous étiez.", "Nothing is lost: unlock to take up where you were.")
	tUnlock      = i18n.T("Déverrouiller", "Unlock")
	tByPassword  = i18n.T("Avec mon mot de passe", "With my password")
	tByCode      = i18n.T("Avec mon application", "With my application")
	tSignOut     = i18n.T("Se déconnecter", "Sign out")
	tCancelAgain = i18n.T("Annuler", "Cancel")
)

// proofView is a page that asks a signed-in person for a proof.
type proofView struct {
	Next     string
	Code     bool // a code is asked, or may be given
	Problems ui.Problems
	Draft    string // what was typed in the form that asked for the proof, sealed; "" when there is none
	Left     bool   // something of it was not kept
	Lost     bool   // it belongs to somebody else, or is too old
}

const againPath, lockPath = "/signin/again", "/lock"

// status is that of the page: a form that was refused until the proof comes is not done.
func (v proofView) status(fault error) int {
	if v.Draft != "" && len(v.Problems) == 0 {
		return http.StatusForbidden
	}
	return status(v.Problems, fault)
}

func nextOf(r *http.Request, given string) string {
	if next := edge.SafeNext(given); next != "" {
		return next
	}
	return "/"
}

func (p pages) again(w http.ResponseWriter, r *http.Request) error {
	return p.showAgain(w, r, proofView{Next: nextOf(r, r.URL.Query().Get("next"))}, nil)
}

func (p pages) showAgain(w http.ResponseWriter, r *http.Request, v proofView, fault error) error {
	held, err := p.m.Asked(r.Context())
	if err != nil {
		return err
	}
	v.Code = held.TOTP
	return ui.Render(w, r, v.status(fault), againPage(v))
}

func (p pages) againGiven(w http.ResponseWriter, r *http.Request) error {
	v, d := p.held(r, proofView{Next: nextOf(r, r.PostFormValue("next"))})
	session, err := p.m.Again(r.Context(), r.PostFormValue("answer"))
	if err != nil && ui.Shown(err) {
		v.Problems = problems(w, r, err)
		return p.showAgain(w, r, v, err)
	}
	if err != nil {
		return err
	}
	return p.goBack(w, r, v, d, session)
}

func (p pages) lock(w http.ResponseWriter, r *http.Request) error {
	return p.showLock(w, r, proofView{Next: nextOf(r, r.URL.Query().Get("next"))}, nil)
}

func (p pages) showLock(w http.ResponseWriter, r *http.Request, v proofView, fault error) error {
	held, err := p.m.Asked(r.Context())
	if err != nil {
		return err
	}
	v.Code = held.TOTP
	return ui.Render(w, r, v.status(fault), lockPage(v))
}

func (p pages) unlock(w http.ResponseWriter, r *http.Request) error {
	v, d := p.held(r, proofView{Next: nextOf(r, r.PostFormValue("next"))})
	code := r.PostFormValue("code")
	session, err := p.m.Unlock(r.Context(), code+r.PostFormValue("password"), code != "")
	if err != nil && ui.Shown(err) && core.KindOf(err) != core.Conflict {
		v.Problems = problems(w, r, err)
		return p.showLock(w, r, v, err)
	}
	if err != nil {
		return err
	}
	return p.goBack(w, r, v, d, session)
}
