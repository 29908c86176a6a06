package web

import (
	"net/http"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password/form"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tEnrolTitle = i18n.T("Protégez votre compte", "Protect your account")
	tEnrolLead  = i18n.T("Votre rôle ou votre organisation demande un second facteur : un code que votre téléphone calcule, même sans réseau.", "Your role or your organization requires a second factor: a code that your phone works out, even without network.")
	tScan       = i18n.T("Scannez cette image avec votre application d'authentification.", "Scan this picture with your authenticator application.")
	tScanAlt    = i18n.T("Image à scanner ; la même clé est donnée en lettres ci-dessous.", "Picture to scan; the same key is given in letters below.")
	tKey        = i18n.T("Ou recopiez cette clé", "Or type this key")
	tKeyHint    = i18n.T("Type : basé sur l'heure, 6 chiffres, 30 secondes.", "Type: time-based, 6 digits, 30 seconds.")
	tConfirm    = i18n.T("Confirmer", "Confirm")
	tShown      = i18n.T("Code affiché par l'application", "Code shown by the application")
	tCodesTitle = i18n.T("Vos codes de secours", "Your recovery codes")
	tCodesLead  = i18n.T("Gardez-les en lieu sûr : chacun ouvre votre compte une fois si vous perdez votre téléphone. Ils ne seront plus jamais affichés.", "Keep them in a safe place: each opens your account once if you lose your phone. They will never be shown again.")
	tDownload   = i18n.T("Télécharger", "Download")
	tKept       = i18n.T("Je les ai gardés, continuer", "I have kept them, continue")
	tPauseTitle = i18n.T("Presque fini", "Nearly done")
)

type enrolView struct {
	Secret   string
	PNG      []byte
	Problems ui.Problems
}

func (p pages) enrol(w http.ResponseWriter, r *http.Request) error {
	_, ok, err := p.at(w, r, "enrol")
	if !ok {
		return err
	}
	return p.showEnrol(w, r, nil, nil)
}

func (p pages) showEnrol(w http.ResponseWriter, r *http.Request, list ui.Problems, fault error) error {
	secret, f, err := p.m.Enrolment(r.Context(), flowOf(r))
	if core.KindOf(err) == core.Forbidden {
		return p.goOn(w, r, flowOf(r))
	}
	if err != nil {
		return err
	}
	picture, err := form.Picture(f.Person.Email, secret)
	if err != nil {
		return err
	}
	return ui.Render(w, r, status(list, fault), enrolPage(enrolView{Secret: spaced(secret), PNG: picture, Problems: list}))
}

// spaced sets a key in groups of four, to be read and typed.
func spaced(key string) string {
	var b strings.Builder
	for i, c := range key {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (p pages) enrolled(w http.ResponseWriter, r *http.Request) error {
	batch, err := p.m.Enrol(r.Context(), flowOf(r), r.PostFormValue("code"))
	if err != nil {
		return p.after(w, r, err, func(list ui.Problems) error { return p.showEnrol(w, r, list, err) })
	}
	return ui.Render(w, r, http.StatusOK, codesPage(batch))
}

// pause stands where every step is done and only the press of a button is missing.
func (p pages) pause(w http.ResponseWriter, r *http.Request) error {
	_, ok, err := p.at(w, r, "")
	if !ok {
		return err
	}
	return ui.Render(w, r, http.StatusOK, pausePage())
}

func (p pages) resume(w http.ResponseWriter, r *http.Request) error { return p.goOn(w, r, flowOf(r)) }
