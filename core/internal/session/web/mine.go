package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/session"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tMine       = i18n.T("Mes sessions", "My sessions")
	tMineLead   = i18n.T("Les navigateurs où vous êtes connecté en ce moment. Si l'un d'eux ne vous dit rien, mettez-y fin et changez votre mot de passe.", "The browsers where you are signed in right now. If one means nothing to you, end it and change your password.")
	tBrowser    = i18n.T("Navigateur", "Browser")
	tFrom       = i18n.T("Adresse au début", "Address at the start")
	tBegan      = i18n.T("Début", "Began")
	tUsed       = i18n.T("Dernière utilisation", "Last used")
	tEnds       = i18n.T("Prend fin", "Ends")
	tEndsUnused = i18n.T("%s sans activité", "%s if unused")
	tEndsLast   = i18n.T("au plus tard le %s", "at the latest on %s")
	tAct        = i18n.T("Action", "Action")
	tThis       = i18n.T("Cette session", "This session")
	tLocked     = i18n.T("Verrouillée", "Locked")
	tTwo        = i18n.T("Deux facteurs", "Two factors")
	tEnd        = i18n.T("Mettre fin", "End")
	tEndOthers  = i18n.T("Se déconnecter partout ailleurs", "Sign out everywhere else")
	tAskOthers  = i18n.T("Mettre fin à toutes vos autres sessions ?", "End all your other sessions?")
	tSignOut    = i18n.T("Se déconnecter", "Sign out")
	tUnknown    = i18n.T("Navigateur inconnu", "Unknown browser")
	tOnSystem   = i18n.T("%s sur %s", "%s on %s")
	tEndedOne   = i18n.T("La session a pris fin : elle est refusée partout dès maintenant.", "The session has ended: it is refused everywhere from now on.")
	tEndedN     = i18n.N("%d session a pris fin.", "%d sessions ont pris fin.", "%d session ended.", "%d sessions ended.")
	tNoPlace    = i18n.T("Ces adresses ne disent pas où se trouve une personne : un réseau mobile ou d'entreprise peut sortir ailleurs.", "These addresses do not tell where a person is: a mobile or company network may surface elsewhere.")
	tDevices    = i18n.T("Navigateurs connus", "Known browsers")
)

// what names the browser and the system of a session.
func what(ctx context.Context, v session.View) string {
	switch {
	case v.Browser == "":
		return tUnknown.In(ctx)
	case v.System == "":
		return v.Browser
	}
	return tOnSystem.In(ctx, v.Browser, v.System)
}

// ends says when a session ends by itself.
func ends(ctx context.Context, v session.View) templ.Component {
	return twoLines(tEndsUnused.In(ctx, ui.Ago(ctx, v.IdleEnd)), tEndsLast.In(ctx, i18n.Moment(ctx, v.FinalEnd)))
}

// marks are what to know of a session at a glance.
func marks(ctx context.Context, v session.View) []templ.Component {
	var all []templ.Component
	if v.Current {
		all = append(all, ui.Badge{Text: tThis.In(ctx), Tone: ui.Good})
	}
	if v.AAL >= 2 {
		all = append(all, ui.Badge{Text: tTwo.In(ctx), Tone: ui.Info})
	}
	if v.Locked {
		all = append(all, ui.Badge{Text: tLocked.In(ctx), Tone: ui.Warn})
	}
	return all
}

func mineRows(ctx context.Context, list []session.View) []ui.Row {
	rows := make([]ui.Row, len(list))
	for i, v := range list {
		act := endForm(v)
		if v.Current {
			act = signOutForm()
		}
		rows[i] = ui.Row{ID: string(v.ID), Label: what(ctx, v), Cells: []templ.Component{
			ui.Line(append([]templ.Component{ui.Words(what(ctx, v))}, marks(ctx, v)...)...),
			ui.Mono(orDash(v.Address)),
			ui.Time{At: v.Began},
			ui.Time{At: v.Used, Relative: true},
			ends(ctx, v),
			act,
		}}
	}
	return rows
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func others(list []session.View) bool {
	for _, v := range list {
		if !v.Current {
			return true
		}
	}
	return false
}

func (p pages) mine(w http.ResponseWriter, r *http.Request) error {
	list, err := p.sessions.Own(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, minePage(list, nil))
}

// again shows the list with what went wrong above it.
func (p pages) again(w http.ResponseWriter, r *http.Request, cause error) error {
	list, err := p.sessions.Own(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, edge.StatusOf(cause), minePage(list, ui.ProblemsOf(r.Context(), cause)))
}

func (p pages) endMine(w http.ResponseWriter, r *http.Request) error {
	err := p.sessions.End(r.Context(), core.ID(r.PathValue("session")))
	if ui.Shown(err) {
		return p.again(w, r, err)
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/sessions", tEndedOne.In(r.Context()))
}

func (p pages) endOthers(w http.ResponseWriter, r *http.Request) error {
	n, err := p.sessions.EndOthers(r.Context())
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/sessions", tEndedN.In(r.Context(), int(n)))
}

// signOut ends the session in use, whatever state it is in, and forgets it in the browser.
func (p pages) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := p.sessions.SignOut(r.Context()); err != nil {
		return err
	}
	edge.DropSession(w)
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
	return nil
}
