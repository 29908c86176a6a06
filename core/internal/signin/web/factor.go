package web

import (
	"net/http"

	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tFactorTitle  = i18n.T("Second facteur", "Second factor")
	tFactorLead   = i18n.T("Ouvrez votre application d'authentification et recopiez le code affiché.", "Open your authenticator application and copy the code it shows.")
	tCode         = i18n.T("Code à six chiffres", "Six-digit code")
	tRecovery     = i18n.T("Je n'ai plus mon téléphone", "I no longer have my phone")
	tRecoveryText = i18n.T("Donnez un de vos codes de secours. Chacun sert une fois. Sans code, demandez à un administrateur de votre organisation de retirer votre second facteur.", "Give one of your recovery codes. Each works once. Without any, ask an administrator of your organization to remove your second factor.")
	tRecoveryCode = i18n.T("Code de secours", "Recovery code")
	tUseRecovery  = i18n.T("Utiliser ce code de secours", "Use this recovery code")
)

func (p pages) factor(w http.ResponseWriter, r *http.Request) error {
	_, ok, err := p.at(w, r, "factor")
	if !ok {
		return err
	}
	return ui.Render(w, r, http.StatusOK, factorPage(nil))
}

func (p pages) factorGiven(w http.ResponseWriter, r *http.Request) error {
	code := r.PostFormValue("code")
	if recovery := r.PostFormValue("recovery"); recovery != "" {
		code = recovery
	}
	err := p.m.Factor(r.Context(), flowOf(r), code)
	return p.after(w, r, err, func(list ui.Problems) error { return ui.Render(w, r, status(list, err), factorPage(list)) })
}
