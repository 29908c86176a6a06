package web

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/offboarding"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tTitle      = i18n.T("Fin de contrat", "End of contract")
	tLead       = i18n.T("Partir avec tout, puis que tout soit effacé, preuve à l'appui.", "Leave with everything, then have everything erased, with proof.")
	tAll        = i18n.T("Fins de contrat", "Ends of contracts")
	tAllLead    = i18n.T("Qui s'en va, quand, et ce qui a été effacé.", "Who is leaving, when, and what was erased.")
	tNone       = i18n.T("Aucune fin de contrat", "No end of contract")
	tNotSet     = i18n.T("Le contrat court toujours", "The contract is running")
	tNotSetText = i18n.T("Si vous y mettez fin : vos administrateurs sont prévenus, tout reste lisible et peut être emporté jusqu'au terme, rien ne peut plus être modifié. Ensuite tout est effacé et les clés sont détruites ; ce que la loi demande de garder l'est sept ans, à part.", "If you end it: your administrators are told, everything can be read and taken away until the date, nothing can be changed. After that everything is erased and the keys are destroyed; what the law asks to keep is kept apart for seven years.")
	tBegin      = i18n.T("Mettre fin au contrat", "End the contract")
	tBegun      = i18n.T("La fin du contrat est fixée. Les administrateurs sont prévenus.", "The end of the contract is set. The administrators are told.")
	tEnds       = i18n.T("Terme", "Date")
	tEndsHint   = i18n.T("Au plus tôt le %s.", "%s at the earliest.")
	tReason     = i18n.T("Raison", "Reason")
	tLeft       = i18n.T("Il reste %d jour(s)", "%d day(s) left")
	tLeftText   = i18n.T("Jusqu'au %s, tout peut être lu et emporté ; rien ne peut être modifié. Ensuite, tout est effacé.", "Until %s everything can be read and taken away; nothing can be changed. After that everything is erased.")
	tPast       = i18n.T("Le terme est passé", "The date has passed")
	tPastText   = i18n.T("L'effacement est en cours.", "The erasure is under way.")
	tHeld       = i18n.T("Une conservation imposée empêche l'effacement : %s", "A legal hold prevents the erasure: %s")
	tTake       = i18n.T("Tout emporter", "Take everything away")
	tTakeText   = i18n.T("Membres et photos, habilitations et revues, journal avec ses preuves, annexes, conditions, registre, réponses aux personnes, notifications de violations, notes, et chaque table : un seul fichier ZIP, dans les formats d'origine.", "Members and photos, assignments and reviews, the journal with its proofs, annexes, terms, the register, answers to persons, notices of breaches, notes, and every table: one ZIP file, in native formats.")
	tOff        = i18n.T("Renoncer", "Call it off")
	tOffText    = i18n.T("Tout redevient modifiable ; rien n'est effacé.", "Everything can be changed again; nothing is erased.")
	tOffDone    = i18n.T("La fin de contrat est annulée.", "The end of the contract is cancelled.")
	tMore       = i18n.T("Demander plus de temps", "Ask for more time")
	tMoreText   = i18n.T("Le fournisseur juge la demande.", "The provider judges the request.")
	tMoreDone   = i18n.T("La demande est partie ; le fournisseur la jugera.", "The request has left; the provider will judge it.")
	tUntil      = i18n.T("Jusqu'au", "Until")
	tAskedMore  = i18n.T("Demandes de délai", "Requests for more time")
	tState      = i18n.T("État", "State")
	tWord       = i18n.T("Réponse", "Answer")
	tOrg        = i18n.T("Organisation", "Organization")
	tChoose     = i18n.T("Choisir", "Choose")
	tCert       = i18n.T("Certificat", "Certificate")
	tGrant      = i18n.T("Accorder", "Grant")
	tRefuse     = i18n.T("Refuser", "Refuse")
	tDecided    = i18n.T("C'est décidé, et le client est prévenu.", "It is decided, and the client is told.")
	tDecide     = i18n.T("Juger la demande de délai", "Judge the request for more time")
	tOpenIt     = i18n.T("Ouvrir", "Open")
	tSetLead    = i18n.T("Les administrateurs sont prévenus aussitôt, et peuvent demander plus de temps ou renoncer.", "The administrators are told at once, and can ask for more time or call it off.")
	tMoreAsked  = i18n.T("Demande jusqu'au %s : %s", "Asks until %s: %s")
)

var states = map[string]struct {
	title i18n.Sentence
	tone  ui.Tone
}{
	offboarding.Leaving: {i18n.T("en partance", "leaving"), ui.Warn}, offboarding.Cancelled: {i18n.T("annulée", "cancelled"), ui.Neutral},
	offboarding.Closing: {i18n.T("effacement en cours", "being erased"), ui.Bad}, offboarding.Erased: {i18n.T("effacée", "erased"), ui.Bad},
	offboarding.Ended: {i18n.T("effacée, clés détruites", "erased, keys destroyed"), ui.Good},
	"asked":           {i18n.T("à juger", "to be judged"), ui.Warn}, "granted": {i18n.T("accordée", "granted"), ui.Good}, "refused": {i18n.T("refusée", "refused"), ui.Neutral},
}

func badge(ctx context.Context, state string) templ.Component {
	s := states[state]
	return ui.Badge{Text: s.title.In(ctx), Tone: s.tone}
}

type pages struct{ m *offboarding.Module }

// Routes are the pages of this module.
func Routes(m *offboarding.Module) []edge.Route {
	p := pages{m}
	return []edge.Route{
		{Pattern: "GET /o/{org}/offboarding", Access: edge.Needs(offboarding.Read), Handle: p.own},
		{Pattern: "POST /o/{org}/offboarding", Access: edge.Needs(offboarding.Ask), Handle: p.begin},
		{Pattern: "POST /o/{org}/offboarding/off", Access: edge.Needs(offboarding.CallOff), Handle: p.off},
		{Pattern: "POST /o/{org}/offboarding/more", Access: edge.Needs(offboarding.Extend), Handle: p.more},
		{Pattern: "GET /o/{org}/offboarding/download", Access: edge.Needs(offboarding.Take), Handle: p.take},
		{Pattern: "GET /provider/offboarding", Access: edge.Needs(offboarding.List), Handle: p.all},
		{Pattern: "POST /provider/offboarding", Access: edge.Needs(offboarding.Set), Handle: p.set},
		{Pattern: "GET /provider/offboarding/{client}", Access: edge.Needs(offboarding.List), Handle: p.one},
		{Pattern: "POST /provider/offboarding/{client}/off", Access: edge.Needs(offboarding.Stop), Handle: p.stop},
		{Pattern: "POST /provider/offboarding/{client}/extensions/{extension}", Access: edge.Needs(offboarding.Judge), Handle: p.judge},
		{Pattern: "GET /provider/offboarding/ends/{contract}/certificate", Access: edge.Needs(offboarding.Certify), Handle: p.certificate},
	}
}

// date reads a day of a form as its end, in UTC; zero when it is none.
func date(text string) time.Time {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(text))
	if err != nil {
		return time.Time{}
	}
	return t.Add(24*time.Hour - time.Second)
}

type view struct {
	offboarding.State
	in, org  core.ID
	now      time.Time
	path     string
	values   map[string]string
	problems ui.Problems
}

func (v view) provider() bool { return v.in == core.Platform }

func (v view) page(ctx context.Context) ui.Page {
	if v.provider() {
		return ui.Page{Title: v.Name, Lead: tAllLead.In(ctx), Section: ui.ProviderOffboarding, Problems: v.problems, Crumbs: []ui.Crumb{{Label: tAll.In(ctx), Href: "/provider/offboarding"}}}
	}
	return ui.Page{Title: tTitle.In(ctx), Lead: tLead.In(ctx), Section: ui.Offboarding, Problems: v.problems}
}

func asking(r *http.Request) *http.Request {
	return ui.Asking(r, offboarding.Ask.Permission, offboarding.CallOff.Permission, offboarding.Extend.Permission, offboarding.Take.Permission,
		offboarding.Set.Permission, offboarding.Stop.Permission, offboarding.Judge.Permission, offboarding.Certify.Permission)
}

func (p pages) show(w http.ResponseWriter, r *http.Request, v view, err error) error {
	status := http.StatusOK
	if err != nil {
		if !ui.Shown(err) {
			return err
		}
		status, v.problems = http.StatusUnprocessableEntity, ui.ProblemsOf(r.Context(), err)
	}
	v.now = p.m.Now()
	v.path = "/o/" + string(v.org) + "/offboarding"
	if v.provider() {
		v.path = "/provider/offboarding/" + string(v.org)
	}
	if v.State, err = p.m.State(r.Context(), v.in, v.org); err != nil {
		return err
	}
	return ui.Render(w, asking(r), status, statePage(v))
}

func (p pages) own(w http.ResponseWriter, r *http.Request) error {
	org := core.ID(r.PathValue("org"))
	return p.show(w, r, view{in: org, org: org}, nil)
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, view{in: core.Platform, org: ids.Typed(r.PathValue("client"))}, nil)
}

func typed(r *http.Request) map[string]string {
	values := map[string]string{}
	for _, name := range []string{"org", "ends", "reason", "until", "why", "word", "off"} {
		values[name] = r.PostFormValue(name)
	}
	return values
}

func (p pages) begin(w http.ResponseWriter, r *http.Request) error {
	org := core.ID(r.PathValue("org"))
	v := view{in: org, org: org, values: typed(r)}
	if _, err := p.m.Begin(r.Context(), org, org, offboarding.Draft{Ends: date(v.values["ends"]), Reason: v.values["reason"]}); err != nil {
		return p.show(w, r, v, err)
	}
	return ui.Redirect(w, r, "/o/"+string(org)+"/offboarding", tBegun.In(r.Context()))
}

func (p pages) off(w http.ResponseWriter, r *http.Request) error {
	org := core.ID(r.PathValue("org"))
	v := view{in: org, org: org, values: typed(r)}
	if err := p.m.Cancel(r.Context(), org, org, v.values["reason"]); err != nil {
		return p.show(w, r, v, err)
	}
	return ui.Redirect(w, r, "/o/"+string(org)+"/offboarding", tOffDone.In(r.Context()))
}

func (p pages) stop(w http.ResponseWriter, r *http.Request) error {
	org := ids.Typed(r.PathValue("client"))
	v := view{in: core.Platform, org: org, values: typed(r)}
	if err := p.m.Cancel(r.Context(), core.Platform, org, v.values["reason"]); err != nil {
		return p.show(w, r, v, err)
	}
	return ui.Redirect(w, r, "/provider/offboarding", tOffDone.In(r.Context()))
}

func (p pages) more(w http.ResponseWriter, r *http.Request) error {
	org := core.ID(r.PathValue("org"))
	v := view{in: org, org: org, values: typed(r)}
	if _, err := p.m.AskMore(r.Context(), org, date(v.values["until"]), v.values["reason"]); err != nil {
		return p.show(w, r, v, err)
	}
	return ui.Redirect(w, r, "/o/"+string(org)+"/offboarding", tMoreDone.In(r.Context()))
}

func (p pages) judge(w http.ResponseWriter, r *http.Request) error {
	org := ids.Typed(r.PathValue("client"))
	v := view{in: core.Platform, org: org, values: typed(r)}
	if err := p.m.Decide(r.Context(), ids.Typed(r.PathValue("extension")), r.PostFormValue("answer") == "grant", v.values["word"]); err != nil {
		return p.show(w, r, v, err)
	}
	return ui.Redirect(w, r, "/provider/offboarding/"+string(org), tDecided.In(r.Context()))
}

// take streams everything: once it has begun, a failure can only break the file off.
func (p pages) take(w http.ResponseWriter, r *http.Request) error {
	org := core.ID(r.PathValue("org"))
	begun := false
	err := p.m.TakeAway(r.Context(), org, func() io.Writer {
		begun = true
		head := w.Header()
		head.Set("Content-Type", "application/zip")
		head.Set("Content-Disposition", `attachment; filename="`+string(org)+`.zip"`)
		head.Set("Cache-Control", "no-store")
		head.Set("X-Content-Type-Options", "nosniff")
		return w
	})
	if err != nil && begun {
		panic(http.ErrAbortHandler)
	}
	return err
}

type listView struct {
	list     []offboarding.End
	rest     []core.Organization
	now      time.Time
	values   map[string]string
	problems ui.Problems
}

func (p pages) all(w http.ResponseWriter, r *http.Request) error { return p.list(w, r, nil, nil) }

func (p pages) list(w http.ResponseWriter, r *http.Request, values map[string]string, problem error) error {
	v := listView{now: p.m.Now(), values: values}
	status := http.StatusOK
	if problem != nil {
		if !ui.Shown(problem) {
			return problem
		}
		status, v.problems = http.StatusUnprocessableEntity, ui.ProblemsOf(r.Context(), problem)
	}
	var err error
	if v.list, v.rest, err = p.m.All(r.Context()); err != nil {
		return err
	}
	return ui.Render(w, asking(r), status, listPage(v))
}

func (p pages) set(w http.ResponseWriter, r *http.Request) error {
	values := typed(r)
	org := ids.Typed(values["org"])
	if _, err := p.m.Begin(r.Context(), core.Platform, org, offboarding.Draft{Ends: date(values["ends"]), Reason: values["reason"]}); err != nil {
		return p.list(w, r, values, err)
	}
	return ui.Redirect(w, r, "/provider/offboarding/"+string(org), tBegun.In(r.Context()))
}

func (p pages) certificate(w http.ResponseWriter, r *http.Request) error {
	end := ids.Typed(r.PathValue("contract"))
	content, err := p.m.CertificateFile(r.Context(), end)
	if err != nil {
		return err
	}
	return edge.Attach(w, "application/json", "end-of-contract-"+string(end)+".json", content)
}

func (v listView) options(ctx context.Context) []ui.Option {
	out := []ui.Option{{Label: tChoose.In(ctx)}}
	for _, o := range v.rest {
		out = append(out, ui.Option{Value: string(o.ID), Label: o.Name})
	}
	return out
}

func (v listView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.list))
	for i, e := range v.list {
		var act templ.Component = ui.Words("")
		href := ""
		switch {
		case e.Live():
			href = "/provider/offboarding/" + string(e.Org)
			act = ui.Link{Label: tOpenIt.In(ctx), Href: href, Kind: ui.Quiet, Small: true, Hint: e.Name}
		case e.State == offboarding.Ended && ui.May(ctx, offboarding.Certify.Permission):
			act = ui.Link{Label: tCert.In(ctx), Href: "/provider/offboarding/ends/" + string(e.ID) + "/certificate", Kind: ui.Quiet, Small: true, File: true, Hint: e.Name}
		}
		left := ""
		if e.State == offboarding.Leaving {
			left = tLeft.In(ctx, e.Left(v.now))
		}
		out[i] = ui.Row{Label: e.Name, Href: href, Faded: !e.Live(), Cells: []templ.Component{
			ui.Words(e.Name), ui.Words(i18n.Date(ctx, e.Ends)), ui.Words(left), badge(ctx, e.State), act,
		}}
	}
	return out
}

func (v view) moreRows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.More))
	for i, x := range v.More {
		out[i] = ui.Row{Cells: []templ.Component{ui.Words(i18n.Date(ctx, x.Until)), ui.Words(x.Reason), badge(ctx, x.State), ui.Words(x.Word)}}
	}
	return out
}
