package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/home"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tTitle      = i18n.T("Mes organisations", "My organizations")
	tLead       = i18n.T("Choisissez où travailler. Chaque organisation a ses membres, ses règles et son journal.", "Choose where to work. Each organization has its members, its rules and its journal.")
	tNone       = i18n.T("Vous n'êtes membre d'aucune organisation", "You are not a member of any organization")
	tNoneText   = i18n.T("Un administrateur peut vous inviter : le lien arrive par courriel.", "An administrator can invite you: the link comes by e-mail.")
	tSince      = i18n.T("Membre depuis le", "Member since")
	tSuspended  = i18n.T("Suspendu", "Suspended")
	tProvider   = i18n.T("Opérateur", "Provider")
	tUntil      = i18n.T("Suspendu jusqu'au %s", "Suspended until %s")
	tPlace      = i18n.T("Ma place", "My place")
	tFunction   = i18n.T("Fonction", "Function")
	tDept       = i18n.T("Service", "Department")
	tGroup      = i18n.T("Groupe", "Group")
	tCommittee  = i18n.T("Comité", "Committee")
	tRoles      = i18n.T("Mes rôles", "My roles")
	tNoRole     = i18n.T("Aucun rôle particulier : vous êtes membre.", "No particular role: you are a member.")
	tEverything = i18n.T("Sur toute l'organisation", "On the whole organization")
	tOnService  = i18n.T("Sur %s", "On %s")
	tNoEnd      = i18n.T("sans fin", "no end")
	tRole       = i18n.T("Rôle", "Role")
	tScope      = i18n.T("Étendue", "Scope")
	tEnd        = i18n.T("Fin", "End")
)

type pages struct{ home *home.Module }

// Routes are the pages of this module.
func Routes(m *home.Module) []edge.Route {
	p := pages{m}
	return []edge.Route{
		{Pattern: "GET /{$}", Access: edge.SignedIn(), Handle: p.mine},
		{Pattern: "GET /o/{org}", Access: edge.Needs(home.SeePlace), Handle: p.place},
		{Pattern: "GET /provider", Access: edge.Needs(home.SeeConsole), Handle: p.console},
	}
}

func (p pages) mine(w http.ResponseWriter, r *http.Request) error {
	list, err := p.home.Mine(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, minePage(list))
}

func (p pages) place(w http.ResponseWriter, r *http.Request) error {
	place, err := p.home.In(r.Context(), core.ID(r.PathValue("org")))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, placePage(place))
}

// what says what one does in an organization: the function, then the roles.
func what(ctx context.Context, p home.Place) string {
	text := p.Function
	for _, r := range p.Roles {
		if text != "" {
			text += " · "
		}
		text += i18n.From(r.Title).In(ctx)
	}
	return text
}

func since(ctx context.Context, p home.Place) string {
	if p.JoinedAt.IsZero() {
		return ""
	}
	return i18n.Date(ctx, p.JoinedAt)
}

func roleRows(ctx context.Context, p home.Place) []ui.Row {
	var rows []ui.Row
	for _, r := range p.Roles {
		scope := tEverything.In(ctx)
		if r.Assignment.Service != "" {
			scope = tOnService.In(ctx, r.Assignment.Service)
		}
		rows = append(rows, ui.Row{Cells: []templ.Component{
			ui.Words(i18n.From(r.Title).In(ctx)), ui.Words(scope), ui.Time{At: r.Assignment.Until, Never: tNoEnd.In(ctx)},
		}})
	}
	return rows
}

func suspended(ctx context.Context, b core.Block) string {
	if b.Until.IsZero() {
		return tSuspended.In(ctx)
	}
	return tUntil.In(ctx, i18n.Moment(ctx, b.Until))
}
