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
	tFactorTitle   = i18n.T("Second facteur", "Second factor")
	tFactorLead    = i18n.T("Un code que votre téléphone calcule, même sans réseau, demandé après le mot de passe.", "A code that your phone works out, even without network, asked after the password.")
	tFactorReplace = i18n.T("Enregistrer un autre téléphone", "Set up another phone")
	tFactorRemove  = i18n.T("Retirer le second facteur", "Remove the second factor")
	tFactorRemoved = i18n.T("Le second facteur et les codes de secours sont retirés.", "The second factor and the recovery codes are removed.")
	tFactorSure    = i18n.T("Retirer le second facteur ? Un mot de passe volé suffirait alors à ouvrir votre compte.", "Remove the second factor? A stolen password would then be enough to open your account.")
	tApp           = i18n.T("Application d'authentification", "Authenticator application")
	tRecovery      = i18n.T("Codes de secours", "Recovery codes")
	tRenewText     = i18n.T("De nouveaux codes remplacent les anciens, qui cessent de servir.", "New codes replace the former ones, which stop working.")
	tScanTitle     = i18n.T("Enregistrer une application", "Set up an application")
	tScan          = i18n.T("Scannez cette image avec votre application d'authentification, puis recopiez le code qu'elle affiche.", "Scan this picture with your authenticator application, then copy the code it shows.")
	tScanAlt       = i18n.T("Image à scanner ; la même clé est donnée en lettres ci-dessous.", "Picture to scan; the same key is given in letters below.")
	tKey           = i18n.T("Ou recopiez cette clé", "Or type this key")
	tKeyHint       = i18n.T("Type : basé sur l'heure, 6 chiffres, 30 secondes.", "Type: time-based, 6 digits, 30 seconds.")
	tShown         = i18n.T("Code affiché par l'application", "Code shown by the application")
	tConfirm       = i18n.T("Confirmer", "Confirm")
	tCodesTitle    = i18n.T("Vos codes de secours", "Your recovery codes")
	tCodesLead     = i18n.T("Gardez-les en lieu sûr : chacun ouvre votre compte une fois. Ils ne seront plus jamais affichés.", "Keep them in a safe place: each opens your account once. They will never be shown again.")
	tDownload      = i18n.T("Télécharger", "Download")
	tKept          = i18n.T("Je les ai gardés", "I have kept them")
)

type pendingView struct {
	Secret   string
	PNG      []byte
	Problems ui.Problems
}

func (p pages) factor(w http.ResponseWriter, r *http.Request) error { return p.showFactor(w, r, nil) }

func (p pages) showFactor(w http.ResponseWriter, r *http.Request, list ui.Problems) error {
	s, err := p.m.Security(r.Context(), me(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, status(list), factorPage(s, list))
}

func (p pages) factorBegun(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.m.Enrol(r.Context(), me(r)); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/second-factor/confirm", "")
}

func (p pages) factorPending(w http.ResponseWriter, r *http.Request) error {
	return p.showPending(w, r, nil)
}

func (p pages) showPending(w http.ResponseWriter, r *http.Request, list ui.Problems) error {
	secret, err := p.m.Pending(r.Context(), me(r))
	if core.KindOf(err) == core.Gone {
		return ui.Redirect(w, r, "/me/second-factor", "")
	}
	if err != nil {
		return err
	}
	s, err := p.m.Security(r.Context(), me(r))
	if err != nil {
		return err
	}
	picture, err := form.Picture(s.Person.Email, secret)
	if err != nil {
		return err
	}
	return ui.Render(w, r, status(list), pendingPage(pendingView{Secret: spaced(secret), PNG: picture, Problems: list}))
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

func (p pages) factorConfirmed(w http.ResponseWriter, r *http.Request) error {
	batch, err := p.m.Confirm(r.Context(), me(r), r.PostFormValue("code"))
	if err != nil && ui.Shown(err) {
		return p.showPending(w, r, ui.ProblemsOf(r.Context(), err))
	}
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, codesPage(batch))
}

func (p pages) factorRemoved(w http.ResponseWriter, r *http.Request) error {
	err := p.m.RemoveFactor(r.Context(), me(r))
	if err != nil && ui.Shown(err) {
		return p.showFactor(w, r, ui.ProblemsOf(r.Context(), err))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/security", tFactorRemoved.In(r.Context()))
}

func (p pages) codesRenewed(w http.ResponseWriter, r *http.Request) error {
	batch, err := p.m.RenewCodes(r.Context(), me(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, codesPage(batch))
}
