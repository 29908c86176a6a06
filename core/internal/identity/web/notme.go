package web

import (
	"net/http"

	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tNotMeTitle = i18n.T("Ce n'était pas vous ?", "It was not you?")
	tIsMe       = i18n.T("Si c'était bien vous, fermez simplement cette page.", "If it was you after all, just close this page.")
	tNotMeSaid  = i18n.T("C'est fait", "Done")
	tNotMeNext  = i18n.T("Vos sessions et vos jetons sont fermés, et l'équipe est prévenue. Pour revenir, connectez-vous : un code envoyé à votre adresse vous permettra de choisir un nouveau mot de passe.", "Your sessions and tokens are ended, and the team is told. To come back, sign in: a code sent to your address will let you choose a new password.")
	tToSignIn   = i18n.T("Se connecter", "Sign in")
)

// notMe asks before it does anything: programs that check mail open links by themselves.
func (p pages) notMe(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Referrer-Policy", "no-referrer")
	return ui.Render(w, r, http.StatusOK, notMePage("/not-me/"+r.PathValue("token")))
}

func (p pages) notMeSaid(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.NotMe(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, notMeDonePage())
}
