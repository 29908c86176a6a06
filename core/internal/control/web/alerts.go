package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/egress"
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
	tOrgsListed  = i18n.T("Organisations concernées", "Organizations concerned")
	tOrgsMore    = i18n.N("et %d autre", "et %d autres", "and %d other", "and %d others")
	tConcerned   = i18n.T("Concerne", "Concerns")
	tPlaces      = i18n.T("Destinations nommées par la configuration", "Destinations that the configuration names")
	tPlacesLead  = i18n.T("La plateforme n'appelle rien d'autre que ces destinations, celles ci-dessus, les systèmes extérieurs que des organisations préviennent, et sa base de données. Le reste est refusé et journalisé (egress.refused).", "The platform calls nothing but these destinations, those above, the outside systems that organizations notify, and its database. The rest is refused and journaled (egress.refused).")
	tPlaceWhy    = i18n.T("Pour", "For")
	tNoPlace     = i18n.T("La configuration ne nomme aucune destination.", "The configuration names no destination.")
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
		rows[i] = ui.Row{Label: a.Probe, Href: v.base + "/alerts/" + string(a.ID), Cells: []templ.Component{
			alertCell(v, a), ui.Time{At: a.Began}, mended, concernedCell(v, a),
		}}
	}
	return rows
}

// alertView is one break, with the organizations whose annex has the promise.
type alertView struct {
	place
	a    control.Alert
	orgs []control.Pin
	more int // that are not listed
}

// listed is how many organizations a page names.
const listed = 200

func (p pages) alert(w http.ResponseWriter, r *http.Request) (err error) {
	ctx, v := r.Context(), alertView{place: placeOf(r)}
	if v.a, err = p.control.Alert(ctx, core.ID(r.PathValue("alert"))); err != nil {
		return err
	}
	ids, err := p.control.AlertOrgs(ctx, v.a.ID, listed)
	if err != nil {
		return err
	}
	seen := map[core.ID]bool{}
	for _, ref := range v.a.Clauses {
		pins, err := p.control.Pins(ctx, ref.Pack)
		if err != nil {
			return err
		}
		for _, one := range pins {
			if slices.Contains(ids, one.Org) && !seen[one.Org] {
				seen[one.Org] = true
				v.orgs = append(v.orgs, one)
			}
		}
	}
	v.more = max(v.a.Orgs-len(v.orgs), 0)
	return ui.Render(w, asks(r), http.StatusOK, alertPage(v))
}

func (v alertView) facts(ctx context.Context) ui.Facts {
	mended := templ.Component(ui.Badge{Text: tLasting.In(ctx), Tone: ui.Bad})
	if !v.a.Mended.IsZero() {
		mended = ui.Time{At: v.a.Mended}
	}
	return ui.Facts{
		{Label: tBeganAt.In(ctx), Value: ui.Time{At: v.a.Began}},
		{Label: tMendedAt.In(ctx), Value: mended},
		{Label: tOutcome.In(ctx), Value: ui.To(v.a.Probe, v.base+"/observations/"+string(v.a.Observation))},
		{Label: tConcerned.In(ctx), Value: refs(v.place, v.a.Clauses)},
	}
}

// hooksView lists destinations.
type hooksView struct {
	place
	list     []control.Webhook
	places   []egress.Place
	url      string
	secret   string // of the one just added
	problems ui.Problems
}

func (p pages) webhooks(w http.ResponseWriter, r *http.Request) error {
	return p.hooked(w, r, hooksView{}, http.StatusOK)
}

func (p pages) hooked(w http.ResponseWriter, r *http.Request, v hooksView, status int) (err error) {
	v.place, v.places = placeOf(r), p.control.Places()
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

func (p pages) tryWebhook(w http.ResponseWriter, r *http.Request) error {
	reply, err := p.control.TryWebhook(r.Context(), core.ID(r.PathValue("webhook")))
	if err != nil {
		return err
	}
	note := ui.Note{Tone: ui.Warn, Text: tHookTested.In(r.Context(), reply)}
	if strings.HasPrefix(reply, "2") {
		note.Tone = ui.Good
	}
	return ui.RedirectWith(w, r, "/provider/controls/webhooks", note)
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

// called are the rows of what the configuration names.
func (v hooksView) called(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.places))
	for i, p := range v.places {
		rows[i] = ui.Row{Label: p.Address(), Cells: []templ.Component{ui.Mono(p.Address()), ui.Words(say(ctx, p.Why))}}
	}
	return rows
}

func count(n int) string { return strconv.Itoa(n) }
