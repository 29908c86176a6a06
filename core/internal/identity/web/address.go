package web

import (
	"net/http"

	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tAddressChange = i18n.T("Changer d'adresse de connexion", "Change the sign-in address")
	tAddressLead   = i18n.T("Un lien est envoyé à la nouvelle adresse, valable deux heures ; rien ne change avant qu'il soit ouvert. L'adresse actuelle est prévenue, et peut tout annuler pendant sept jours.", "A link that works for two hours is sent to the new address; nothing changes before it is opened. The present address is told, and can take it all back for seven days.")
	tAddressNew    = i18n.T("Nouvelle adresse", "New address")
	tAddressSend   = i18n.T("Envoyer le lien", "Send the link")
	tAddressSent   = i18n.T("Si cette adresse peut servir, un lien vient d'y partir. Ouvrez-le dans les deux heures.", "If this address can be used, a link has just left for it. Open it within two hours.")
	tAddressTake   = i18n.T("Confirmer cette adresse", "Confirm this address")
	tAddressAsk    = i18n.T("Votre compte s'ouvrira désormais avec l'adresse qui a reçu ce message.", "Your account will from now on be opened with the address that got this message.")
	tAddressTaken  = i18n.T("Adresse confirmée. Connectez-vous désormais avec elle.", "Address confirmed. Sign in with it from now on.")
	tAddressBack   = i18n.T("Revenir à l'ancienne adresse", "Come back to the former address")
	tAddressWasNot = i18n.T("Si vous n'avez pas demandé ce changement, revenez à l'adresse qui a reçu ce message : vos sessions et vos jetons seront fermés, l'équipe sera prévenue, et vous choisirez un nouveau mot de passe.", "If you did not ask for this change, come back to the address that got this message: your sessions and tokens will end, the team will be told, and you will choose a new password.")
	tAddressOurs   = i18n.T("C'est fait : votre ancienne adresse ouvre à nouveau votre compte, tout le reste est fermé. Connectez-vous pour choisir un nouveau mot de passe.", "Done: your former address opens your account again, everything else is ended. Sign in to choose a new password.")
)

func (p pages) address(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, addressPage("", nil))
}

func (p pages) addressAsked(w http.ResponseWriter, r *http.Request) error {
	typed := r.PostFormValue("email")
	err := p.m.AskForAddress(r.Context(), me(r), typed)
	if err != nil && ui.Shown(err) {
		list := ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, status(list), addressPage(typed, list))
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/profile", tAddressSent.In(r.Context()))
}

// addressLink asks before it does anything: programs that check mail open links by themselves.
func (p pages) addressLink(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Referrer-Policy", "no-referrer")
	return ui.Render(w, r, http.StatusOK, addressLinkPage(tAddressTake, tAddressAsk, "/address/"+r.PathValue("token"), ui.Primary))
}

func (p pages) addressTaken(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.TakeAddress(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/signin", tAddressTaken.In(r.Context()))
}

func (p pages) addressBackLink(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Referrer-Policy", "no-referrer")
	return ui.Render(w, r, http.StatusOK, addressLinkPage(tAddressBack, tAddressWasNot, "/address-back/"+r.PathValue("token"), ui.Danger))
}

func (p pages) addressGivenBack(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.GiveAddressBack(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/signin", tAddressOurs.In(r.Context()))
}
