package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tDevices     = i18n.T("Mes navigateurs connus", "My known browsers")
	tDevicesLead = i18n.T("Un navigateur connu compte ses essais pour lui seul : les tentatives d'un inconnu ne vous empêchent jamais d'y entrer.", "A known browser counts its attempts for itself: a stranger's attempts never keep you out of it.")
	tBrowser     = i18n.T("Navigateur", "Browser")
	tSince       = i18n.T("Connu depuis", "Known since")
	tSeen        = i18n.T("Dernière connexion", "Last sign-in")
	tAct         = i18n.T("Action", "Action")
	tForget      = i18n.T("Oublier", "Forget")
	tForgotten   = i18n.T("Ce navigateur n'est plus connu.", "This browser is no longer known.")
	tThis        = i18n.T("celui-ci", "this one")
	tNoDevice    = i18n.T("Aucun navigateur connu", "No known browser")
	tNoDevText   = i18n.T("Un navigateur devient connu après une connexion complète.", "A browser becomes known after a complete sign-in.")
	tMySecurity  = i18n.T("Ma sécurité", "My security")
)

func (p pages) devices(w http.ResponseWriter, r *http.Request) error {
	list, err := p.m.Devices(r.Context(), core.ActorOf(r.Context()).ID)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, devicesPage(deviceRows(r.Context(), list, p.m.Browsers().Of(r))))
}

func deviceRows(ctx context.Context, list []signin.Device, here core.ID) []ui.Row {
	rows := make([]ui.Row, 0, len(list))
	for _, d := range list {
		name := templ.Component(ui.Words(d.Label))
		if d.Browser == here {
			name = ui.Line(ui.Words(d.Label), ui.Badge{Text: tThis.In(ctx), Tone: ui.Info})
		}
		rows = append(rows, ui.Row{ID: string(d.ID), Label: d.Label, Cells: []templ.Component{
			name, ui.Time{At: d.CreatedAt}, ui.Time{At: d.SeenAt, Relative: true}, forgetButton(d),
		}})
	}
	return rows
}

func (p pages) deviceForgotten(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.Forget(r.Context(), core.ActorOf(r.Context()).ID, core.ID(r.PathValue("device"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/devices", tForgotten.In(r.Context()))
}
