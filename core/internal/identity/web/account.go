package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tAccount      = i18n.T("Compte de %s", "Account of %s")
	tAccountLead  = i18n.T("Vous ne verrez ni ne choisirez jamais son mot de passe : seule la personne le fait.", "You never see nor choose the password: only the person does.")
	tLastIn       = i18n.T("Dernière connexion", "Last sign-in")
	tNever        = i18n.T("Jamais", "Never")
	tState        = i18n.T("État", "State")
	tSecond       = i18n.T("Second facteur", "Second factor")
	tYes          = i18n.T("Enregistré", "Set up")
	tNo           = i18n.T("Absent", "None")
	tFlag         = i18n.T("Déclarer compromis", "Mark as compromised")
	tFlagText     = i18n.T("Ses sessions et ses jetons se ferment à la seconde ; à la prochaine connexion, un code envoyé à son adresse puis un nouveau mot de passe seront demandés.", "Sessions and tokens end within a second; at the next sign-in, a code sent to the address and then a new password will be asked.")
	tSendLink     = i18n.T("Envoyer un lien", "Send a link")
	tSendTitle    = i18n.T("Nouveau mot de passe", "New password")
	tSendText     = i18n.T("Un lien à usage unique, valable trente minutes, est envoyé à la personne.", "A single-use link, valid for thirty minutes, is sent to the person.")
	tUnbind       = i18n.T("Retirer le second facteur perdu", "Remove the lost second factor")
	tUnbindText   = i18n.T("Assurez-vous d'abord de l'identité de la personne. À la prochaine connexion, un code envoyé à son adresse lui sera demandé avec son mot de passe.", "Make sure of the person's identity first. At the next sign-in, a code sent to the address will be asked for beside the password.")
	tEvidence     = i18n.T("Comment l'identité a-t-elle été vérifiée ?", "How was the identity verified?")
	tInPerson     = i18n.T("En face à face", "Face to face")
	tByVideo      = i18n.T("En vidéo, par quelqu'un qui connaît la personne", "By video, by somebody who knows the person")
	tByCallBack   = i18n.T("En rappelant un numéro déjà connu", "By calling back a number known before")
	tFunctionalOf = i18n.T("Compte fonctionnel, dont répond", "Functional account, answered for by")
	tReason       = i18n.T("Motif", "Reason")
	tFlagged      = i18n.T("Compte déclaré compromis : tout est fermé.", "Account marked as compromised: everything is ended.")
	tLinkSent     = i18n.T("Lien envoyé.", "Link sent.")
	tUnbound      = i18n.T("Second facteur retiré, sessions fermées.", "Second factor removed, sessions ended.")
	tCompromised  = i18n.T("Compromis", "Compromised")
	tActive       = i18n.T("Actif", "Active")
	tInvited      = i18n.T("Invité", "Invited")
	tDisabled     = i18n.T("Désactivé", "Disabled")
)

func (p pages) account(w http.ResponseWriter, r *http.Request) error {
	return p.showAccount(w, r, nil)
}

func (p pages) showAccount(w http.ResponseWriter, r *http.Request, list ui.Problems) error {
	r = ui.Asking(r, "account.compromise", "account.reset", "account.unbind")
	org := core.ID(r.PathValue("org"))
	v, err := p.m.Account(r.Context(), org, core.ID(r.PathValue("person")))
	if err != nil {
		return err
	}
	return ui.Render(w, r, status(list), accountPage(string(org), v, list))
}

func evidence(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "in_person", Label: tInPerson.In(ctx)}, {Value: "video", Label: tByVideo.In(ctx)}, {Value: "call_back", Label: tByCallBack.In(ctx)}}
}

func stateBadge(s string) (i18n.Sentence, ui.Tone) {
	switch s {
	case "compromised":
		return tCompromised, ui.Bad
	case "active":
		return tActive, ui.Good
	case "disabled":
		return tDisabled, ui.Neutral
	}
	return tInvited, ui.Info
}

// act does one of the acts of the page, whose reason is in the field of that name, and says so.
func (p pages) act(w http.ResponseWriter, r *http.Request, field string, done i18n.Sentence, do func(org, person core.ID, reason string) error) error {
	org, person := core.ID(r.PathValue("org")), core.ID(r.PathValue("person"))
	err := do(org, person, strings.TrimSpace(r.PostFormValue(field)))
	if err != nil && ui.Shown(err) {
		list := ui.ProblemsOf(r.Context(), err)
		for i := range list {
			if list[i].Field == "reason" {
				list[i].Field = field
			}
		}
		return p.showAccount(w, r, list)
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/o/"+string(org)+"/accounts/"+string(person), done.In(r.Context()))
}

func (p pages) accountFlagged(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "reason", tFlagged, func(org, person core.ID, reason string) error { return p.m.Flag(r.Context(), org, person, reason) })
}

func (p pages) accountReset(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "", tLinkSent, func(org, person core.ID, _ string) error { return p.m.SendReset(r.Context(), org, person) })
}

func (p pages) accountUnbound(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "unbind_reason", tUnbound, func(org, person core.ID, reason string) error {
		return p.m.Unbind(r.Context(), org, person, r.PostFormValue("evidence"), reason)
	})
}

func accountFacts(ctx context.Context, v identity.AccountView) ui.Facts {
	list := ui.Facts{
		{Label: tEmail.In(ctx), Text: v.Person.Email},
		{Label: tState.In(ctx), Value: stateView(v.Person.State)},
		{Label: tLastIn.In(ctx), Value: ui.Time{At: v.SignedInAt, Relative: true, Never: tNever.In(ctx)}},
		{Label: tSecond.In(ctx), Value: factorView(v.Factors.TOTP)},
	}
	if v.Person.Functional {
		list = append(list, ui.Fact{Label: tFunctionalOf.In(ctx), Text: v.Responsible.Name()})
	}
	return list
}
