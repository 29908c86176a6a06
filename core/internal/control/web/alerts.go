package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tAlertsLead  = i18n.T("Les ruptures de clauses en vigueur : celles qui durent d'abord.", "Breaks of clauses in force: those that last first.")
	tNoAlert     = i18n.T("Aucune rupture", "No break")
	tNoAlertIn   = i18n.T("Quand une sonde voit une clause rompue, l'alerte est ici, par courriel et à vos destinations.", "When a probe sees a clause broken, the alert is here, by mail and at your destinations.")
	tBreak       = i18n.T("Rupture", "Break")
	tBeganAt     = i18n.T("Vue le", "Seen on")
	tMendedAt    = i18n.T("Réparée", "Mended")
	tLasting     = i18n.T("dure encore", "still lasts")
	tOrgsHit     = i18n.N("%d organisation a cette promesse dans son annexe", "%d organisations ont cette promesse dans leur annexe", "%d organization has this promise in its annex", "%d organizations have this promise in their annex")
	tConcerned   = i18n.T("Concerne", "Concerns")
	tOlder       = i18n.T("Plus anciennes", "Older")
	tHooksLead   = i18n.T("Chaque rupture et chaque réparation y est envoyée, signée par HMAC-SHA-256 avec le secret de la destination.", "Each break and each mending is sent there, signed with HMAC-SHA-256 by the secret of the destination.")
	tHookURL     = i18n.T("Adresse https", "https address")
	tHookAdd     = i18n.T("Ajouter une destination", "Add a destination")
	tHookAdded   = i18n.T("Destination ajoutée", "Destination added")
	tHookSecret  = i18n.T("Secret de signature", "Signing secret")
	tHookOnce    = i18n.T("Il ne sera plus montré : gardez-le dans le programme qui reçoit.", "It will not be shown again: keep it in the program that receives.")
	tHookBack    = i18n.T("Revenir aux destinations", "Back to the destinations")
	tHookLast    = i18n.T("Dernier envoi", "Last delivery")
	tHookReply   = i18n.T("Réponse", "Reply")
	tHookMade    = i18n.T("Ajoutée", "Added")
	tHookDrop    = i18n.T("Retirer", "Remove")
	tHookAsk     = i18n.T("Retirer cette destination ?", "Remove this destination?")
	tHookGone    = i18n.T("Destination retirée.", "Destination removed.")
	tHookTest    = i18n.T("Envoyer un essai", "Send a test")
	tHookTested  = i18n.T("Essai envoyé : la destination a répondu %s.", "Test sent: the destination answered %s.")
	tNoHook      = i18n.T("Aucune destination", "No destination")
	tNoHookIn    = i18n.T("Les alertes vont par courriel à qui tient les rôles de sécurité.", "Alerts go by mail to those who hold the security roles.")
	tDestination = i18n.T("Destination", "Destination")
)

// alertsView lists breaks.
type alertsView struct {
	place
	list []control.Alert
	next core.ID
}

func (p pages) alerts(w http.ResponseWriter, r *http.Request) (err error) {
	v := alertsView{place: placeOf(r)}
	if v.list, err = p.control.Alerts(r.Context(), core.ID(r.FormValue("before")), perPage); err != nil {
		return err
	}
	if len(v.list) >= perPage {
		v.next = v.list[len(v.list)-1].ID
	}
	return ui.Render(w, asks(r), http.StatusOK, alertsPage(v))
}

func (v alertsView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, a := range v.list {
		mended := templ.Component(ui.Badge{Text: tLasting.In(ctx), Tone: ui.Bad})
		if !a.Mended.IsZero() {
			mended = ui.Time{At: a.Mended}
		}
		rows[i] = ui.Row{Label: a.Probe, Href: v.base + "/observations/" + string(a.Observation), Cells: []templ.Component{
			alertCell(v, a), ui.Time{At: a.Began}, mended, concernedCell(v, a),
		}}
	}
	return rows
}

// hooksView lists destinations.
type hooksView struct {
	place
	list     []control.Webhook
	url      string
	secret   string // of the one just added
	problems ui.Problems
}

func (p pages) webhooks(w http.ResponseWriter, r *http.Request) error {
	return p.hooked(w, r, hooksView{}, http.StatusOK)
}

func (p pages) hooked(w http.ResponseWriter, r *http.Request, v hooksView, status int) (err error) {
	v.place = placeOf(r)
	if v.list, err = p.control.Webhooks(r.Context()); err != nil {
		return err
	}
	return ui.Render(w, asks(r), status, hooksPage(v))
}

func (p pages) addWebhook(w http.ResponseWriter, r *http.Request) error {
	v := hooksView{url: r.PostFormValue("url")}
	_, secret, err := p.control.AddWebhook(r.Context(), v.url)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return p.hooked(w, r, v, edge.StatusOf(err))
	} else if err != nil {
		return err
	}
	v.secret, v.place = secret, placeOf(r)
	return ui.Render(w, r, http.StatusOK, hookAddedPage(v))
}

func (p pages) dropWebhook(w http.ResponseWriter, r *http.Request) error {
	if err := p.control.DropWebhook(r.Context(), core.ID(r.PathValue("webhook"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/provider/controls/webhooks", tHookGone.In(r.Context()))
}

func (v hooksView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, h := range v.list {
		rows[i] = ui.Row{Label: h.URL, Cells: []templ.Component{ui.Mono(h.URL), ui.Time{At: h.MadeAt}, ui.Time{At: h.LastAt, Never: tNever.In(ctx)}, ui.Words(h.LastReply), dropCell(v, h)}}
	}
	return rows
}

func count(n int) string { return strconv.Itoa(n) }
