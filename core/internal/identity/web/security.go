package web

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tSecurityLead = i18n.T("Ce qui protège votre compte, et ce qu'il reste à faire.", "What protects your account, and what is left to do.")
	tScore        = i18n.T("État de votre compte", "State of your account")
	tSolid        = i18n.T("Solide", "Solid")
	tToStrengthen = i18n.T("À renforcer", "To strengthen")
	tAtRisk       = i18n.T("En danger", "At risk")
	tNothingLeft  = i18n.T("Rien à faire.", "Nothing to do.")
	tLeft         = i18n.N("%d point à régler.", "%d points à régler.", "%d point to settle.", "%d points to settle.")

	tFactorOn      = i18n.T("Second facteur actif", "Second factor in use")
	tFactorOnText  = i18n.T("Application d'authentification enregistrée le %s.", "Authenticator application set up on %s.")
	tFactorOff     = i18n.T("Aucun second facteur", "No second factor")
	tFactorOffText = i18n.T("Un mot de passe volé suffirait à ouvrir votre compte.", "A stolen password would be enough to open your account.")
	tSetUp         = i18n.T("Enregistrer une application", "Set up an application")
	tManage        = i18n.T("Gérer", "Manage")
	tCodesGood     = i18n.N("%d code de secours restant", "%d codes de secours restants", "%d recovery code left", "%d recovery codes left")
	tCodesText     = i18n.T("Ils ouvrent votre compte si vous perdez votre téléphone.", "They open your account if you lose your phone.")
	tCodesNone     = i18n.T("Aucun code de secours", "No recovery code")
	tCodesNoneText = i18n.T("Sans téléphone, vous devriez passer par un administrateur.", "Without your phone, you would have to go through an administrator.")
	tRenew         = i18n.T("Refaire les codes", "Renew the codes")
	tPasswordSet   = i18n.T("Mot de passe", "Password")
	tPasswordText  = i18n.T("Choisi le %s. Aucun changement périodique n'est demandé : changez-le si vous pensez qu'il est connu.", "Chosen on %s. No periodic change is asked: change it if you think that it is known.")
	tPasswordAge   = i18n.T("Choisi le %s ; votre organisation demande d'en changer avant le %s.", "Chosen on %s; your organization asks for a change before %s.")
	tPasswordBad   = i18n.T("Mot de passe peut-être connu d'autrui", "Password possibly known to somebody else")
	tPasswordFix   = i18n.T("Changez-le maintenant.", "Change it now.")
	tChange        = i18n.T("Changer", "Change")
	tFunctional    = i18n.N("Vous répondez de %d compte fonctionnel", "Vous répondez de %d comptes fonctionnels", "You answer for %d functional account", "You answer for %d functional accounts")
	tFunctionalTxt = i18n.T("Ce qui s'y fait est écrit à votre nom dans le journal.", "What is done with it is written against your name in the journal.")

	tElsewhere    = i18n.T("Où votre compte est ouvert", "Where your account is open")
	tMySessions   = i18n.T("Mes sessions", "My sessions")
	tSessionsText = i18n.T("Voir chaque session et y mettre fin.", "See each session and end it.")
	tMyDevices    = i18n.T("Mes navigateurs connus", "My known browsers")
	tDevicesText  = i18n.T("Ceux qui ne sont jamais freinés par les essais d'un inconnu.", "Those that a stranger's attempts never slow down.")
	tMyOverlaps   = i18n.T("Usages simultanés de mon compte", "Simultaneous uses of my account")
	tOverlapsText = i18n.T("Un compte est personnel : les moments où le vôtre a servi à deux endroits à la fois.", "An account is personal: the moments when yours was used in two places at once.")
	tSee          = i18n.T("Voir", "See")

	tNotMe     = i18n.T("Ce n'était pas moi", "It was not me")
	tNotMeLead = i18n.T("Une connexion ou un changement que vous ne reconnaissez pas ?", "A sign-in or a change that you do not recognize?")
	tNotMeText = i18n.T("Toutes vos sessions et tous vos jetons seront fermés, un code envoyé à votre adresse vous permettra de choisir un nouveau mot de passe, et l'équipe de la plateforme sera prévenue.", "All your sessions and tokens will be ended, a code sent to your address will let you choose a new password, and the platform's team will be told.")
	tNotMeDo   = i18n.T("Tout fermer et prévenir", "End everything and tell")
	tNotMeDone = i18n.T("C'est fait : tout est fermé et l'équipe est prévenue. Connectez-vous pour choisir un nouveau mot de passe.", "Done: everything is ended and the team is told. Sign in to choose a new password.")
)

type securityView struct {
	Score    i18n.Sentence
	Tone     ui.Tone
	Summary  string
	Findings []ui.Finding
}

func (p pages) security(w http.ResponseWriter, r *http.Request) error {
	s, err := p.m.Security(r.Context(), me(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, securityPage(checkUp(r.Context(), s, time.Now())))
}

// checkUp turns the state of an account into findings, the worst first word into the score.
func checkUp(ctx context.Context, s identity.State, now time.Time) securityView {
	v := securityView{Findings: []ui.Finding{factorFinding(ctx, s), passwordFinding(ctx, s, now)}}
	if s.Factors.TOTP {
		v.Findings = append(v.Findings, codesFinding(ctx, s))
	}
	if n := len(s.Functional); n > 0 {
		v.Findings = append(v.Findings, ui.Finding{Tone: ui.Info, Title: tFunctional.In(ctx, n), Text: tFunctionalTxt.In(ctx)})
	}
	worst, left := ui.Good, 0
	for _, f := range v.Findings {
		switch f.Tone {
		case ui.Bad:
			worst, left = ui.Bad, left+1
		case ui.Warn:
			left++
			if worst != ui.Bad {
				worst = ui.Warn
			}
		}
	}
	v.Tone, v.Score = worst, tSolid
	switch worst {
	case ui.Warn:
		v.Score = tToStrengthen
	case ui.Bad:
		v.Score = tAtRisk
	}
	if v.Summary = tNothingLeft.In(ctx); left > 0 {
		v.Summary = tLeft.In(ctx, left)
	}
	return v
}

func action(label, href string) templ.Component {
	return ui.Link{Label: label, Href: href, Small: true}
}

func factorFinding(ctx context.Context, s identity.State) ui.Finding {
	if s.Factors.TOTP {
		return ui.Finding{Tone: ui.Good, Title: tFactorOn.In(ctx), Text: tFactorOnText.In(ctx, i18n.Date(ctx, s.Factors.Since)), Action: action(tManage.In(ctx), "/me/second-factor")}
	}
	return ui.Finding{Tone: ui.Warn, Title: tFactorOff.In(ctx), Text: tFactorOffText.In(ctx), Action: action(tSetUp.In(ctx), "/me/second-factor")}
}

func codesFinding(ctx context.Context, s identity.State) ui.Finding {
	f := ui.Finding{Tone: ui.Good, Title: tCodesGood.In(ctx, s.Factors.Codes), Text: tCodesText.In(ctx), Action: action(tRenew.In(ctx), "/me/second-factor")}
	switch {
	case s.Factors.Codes == 0:
		f.Tone, f.Title, f.Text = ui.Bad, tCodesNone.In(ctx), tCodesNoneText.In(ctx)
	case s.Factors.Codes < 4:
		f.Tone = ui.Warn
	}
	return f
}

func passwordFinding(ctx context.Context, s identity.State, now time.Time) ui.Finding {
	f := ui.Finding{Tone: ui.Good, Title: tPasswordSet.In(ctx), Text: tPasswordText.In(ctx, i18n.Date(ctx, s.Credential.SetAt)), Action: action(tChange.In(ctx), "/me/password")}
	if days := s.Policy.Password.MaxAgeDays; days > 0 {
		end := s.Credential.SetAt.AddDate(0, 0, days)
		f.Text = tPasswordAge.In(ctx, i18n.Date(ctx, s.Credential.SetAt), i18n.Date(ctx, end))
		if now.After(end.AddDate(0, 0, -14)) {
			f.Tone = ui.Warn
		}
	}
	if s.Credential.Compromised {
		f.Tone, f.Title, f.Text = ui.Bad, tPasswordBad.In(ctx), tPasswordFix.In(ctx)
	}
	return f
}

func (p pages) notMeMyself(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.NotMeMyself(r.Context(), core.ActorOf(r.Context()).ID); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/signin", tNotMeDone.In(r.Context()))
}
