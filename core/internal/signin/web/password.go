package web

import (
	"net/http"

	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tPasswordTitle = i18n.T("Votre mot de passe", "Your password")
	tPassword      = i18n.T("Mot de passe", "Password")
	tOther         = i18n.T("Changer d'adresse", "Use another address")
	tSignInButton  = i18n.T("Se connecter", "Sign in")
)

type passwordView struct {
	Login, Challenge string
	Bits             int
	Problems         ui.Problems
}

func (p pages) password(w http.ResponseWriter, r *http.Request) error {
	f, ok, err := p.at(w, r, "password")
	if !ok {
		return err
	}
	return p.showPassword(w, r, &f, nil, nil)
}

func (p pages) showPassword(w http.ResponseWriter, r *http.Request, f *signin.Facts, list ui.Problems, err error) error {
	v := passwordView{Login: f.Flow.Login, Challenge: p.m.Puzzle(r.Context(), f), Problems: list}
	v.Bits = signin.PuzzleBits(v.Challenge)
	return ui.Render(w, r, status(list, err), passwordPage(v))
}

func (p pages) passwordGiven(w http.ResponseWriter, r *http.Request) error {
	err := p.m.Password(r.Context(), flowOf(r), r.PostFormValue("password"), signin.Proof{Challenge: r.PostFormValue("challenge"), Nonce: r.PostFormValue("nonce")})
	return p.after(w, r, err, func(list ui.Problems) error {
		due, f, nextErr := p.m.Next(r.Context(), flowOf(r))
		if nextErr != nil || due != "password" {
			return p.goOn(w, r, flowOf(r)) // this attempt was the last one before the mailed code
		}
		return p.showPassword(w, r, &f, list, err)
	})
}
