package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/terms"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

type pages struct{ terms *terms.Module }

// Routes are the pages of terms.
func Routes(m *terms.Module) []edge.Route {
	p := pages{m}
	open := edge.Public("terms are read before an account exists (ACC-2.3, ACC-13.1); they say nothing of anyone")
	routes := []edge.Route{
		{Pattern: "GET /terms", Access: open, Handle: p.list},
		{Pattern: "GET /terms/{document}", Access: open, Handle: p.read},
		{Pattern: "GET /terms/{document}/{version}", Access: open, Handle: p.read},
	}
	for _, base := range []string{"/provider/terms", "/o/{org}/terms"} {
		routes = append(routes,
			edge.Route{Pattern: "GET " + base, Access: edge.Needs(terms.ManageTerms), Handle: p.manage},
			edge.Route{Pattern: "GET " + base + "/new", Access: edge.Needs(terms.PublishTerms), Handle: p.drafting},
			edge.Route{Pattern: "POST " + base + "/new", Access: edge.Needs(terms.PublishTerms), Handle: p.publish},
			edge.Route{Pattern: "GET " + base + "/{document}", Access: edge.Needs(terms.ManageTerms), Handle: p.document},
			edge.Route{Pattern: "GET " + base + "/{document}/accepted", Access: edge.Needs(terms.ListAccepted), Handle: p.accepted},
			edge.Route{Pattern: "GET " + base + "/{document}/new", Access: edge.Needs(terms.PublishTerms), Handle: p.drafting},
			edge.Route{Pattern: "POST " + base + "/{document}/new", Access: edge.Needs(terms.PublishTerms), Handle: p.publish},
			edge.Route{Pattern: "POST " + base + "/{document}/withdraw", Access: edge.Needs(terms.PublishTerms), Handle: p.withdraw},
		)
	}
	return routes
}

var (
	tTerms      = i18n.T("Conditions et politiques", "Terms and policies")
	tTermsLead  = i18n.T("Les documents en vigueur sur cette plateforme, chacun avec ses versions et ce qui a changé.", "The documents in force on this platform, each with its versions and what changed.")
	tManageLead = i18n.T("Les documents que les personnes lisent et acceptent. Une version publiée ne change plus.", "The documents that persons read and accept. A published version never changes.")
	tConsole    = i18n.T("Console", "Console")
	tVersion    = i18n.T("Version %d", "Version %d")
	tInForce    = i18n.T("en vigueur", "in force")
	tPublished  = i18n.T("publiée le %s", "published on %s")
	tVersions   = i18n.T("Versions", "Versions")
	tChanges    = i18n.T("Ce qui a changé depuis la version %d", "What changed since version %d")
	tNone       = i18n.T("Aucun document", "No document")
	tNoneText   = i18n.T("Aucun document n'est publié pour le moment.", "No document is published at the moment.")
	tNew        = i18n.T("Nouveau document", "New document")
	tNewVersion = i18n.T("Publier une version", "Publish a version")
	tTitle      = i18n.T("Titre", "Title")
	tTitleFR    = i18n.T("Titre en français", "Title in French")
	tTitleEN    = i18n.T("Titre en anglais", "Title in English")
	tTextFR     = i18n.T("Texte en français", "Text in French")
	tTextEN     = i18n.T("Texte en anglais", "Text in English")
	tMarks      = i18n.T("Titres : « # » et « ## » ; listes : « - » ou « 1. » ; **gras**, *italique*, [lien](https://…).", "Headings: “#” and “##”; lists: “-” or “1.”; **bold**, *italics*, [link](https://…).")
	tSummaryFR  = i18n.T("Ce qui change, en une phrase, en français", "What changes, in one sentence, in French")
	tSummaryEN  = i18n.T("Ce qui change, en une phrase, en anglais", "What changes, in one sentence, in English")
	tRequired   = i18n.T("Acceptation exigée à la connexion", "Acceptance required at sign-in")
	tAgain      = i18n.T("Demander à nouveau l'acceptation à tous", "Ask everyone to accept again")
	tAgainHint  = i18n.T("À cocher dès que le fond change ; une faute corrigée ne le demande pas.", "Tick it whenever the substance changes; a corrected typo does not call for it.")
	tPublish    = i18n.T("Publier", "Publish")
	tCancel     = i18n.T("Annuler", "Cancel")
	tDone       = i18n.T("Version publiée.", "Version published.")
	tWithdraw   = i18n.T("Retirer ce document", "Withdraw this document")
	tAskGone    = i18n.T("Retirer ce document ? Il ne sera plus demandé ni lisible par tous ; les acceptations restent.", "Withdraw this document? It will no longer be asked nor readable by all; acceptances stay.")
	tWithdrawn  = i18n.T("Document retiré.", "Document withdrawn.")
	tGone       = i18n.T("retiré", "withdrawn")
	tAsked      = i18n.T("exigé", "required")
	tInformed   = i18n.T("pour information", "for information")
	tAccepted   = i18n.T("Acceptations", "Acceptances")
	tState      = i18n.T("État", "State")
	tDate       = i18n.T("Date", "Date")
	tPerson     = i18n.T("Personne", "Person")
	tNobody     = i18n.T("Personne n'a encore accepté", "Nobody has accepted yet")
	tNobodyText = i18n.T("L'acceptation est demandée à la connexion.", "Acceptance is asked at sign-in.")
	tShown      = i18n.N("%d acceptation sur cette page", "%d acceptations sur cette page", "%d acceptance on this page", "%d acceptances on this page")
	tHash       = i18n.T("Empreinte SHA-256 des deux textes", "SHA-256 of both texts")
	tAddedWord  = i18n.T("ajouté", "added")
	tGoneWord   = i18n.T("supprimé", "removed")
)

func say(ctx context.Context, t core.Text) string { return i18n.From(t).In(ctx) }

// orgOf gives the organization of a page: the provider's own when its path names none.
func orgOf(r *http.Request) core.ID {
	if org := r.PathValue("org"); org != "" {
		return core.ID(org)
	}
	return core.Platform
}

func base(org core.ID) string {
	if org == core.Platform {
		return "/provider/terms"
	}
	return "/o/" + string(org) + "/terms"
}

func section(org core.ID) string {
	if org == core.Platform {
		return ui.ProviderTerms
	}
	return ui.Terms
}

func crumbs(ctx context.Context, org core.ID, deep bool) []ui.Crumb {
	var list []ui.Crumb
	if org == core.Platform {
		list = append(list, ui.Crumb{Label: tConsole.In(ctx), Href: "/provider"})
	}
	if deep {
		list = append(list, ui.Crumb{Label: tTerms.In(ctx), Href: base(org)})
	}
	return list
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	docs, err := p.terms.Public(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, listPage(docs))
}

func versionOf(r *http.Request) int64 {
	n, err := strconv.ParseInt(r.PathValue("version"), 10, 64)
	if err != nil {
		n, _ = strconv.ParseInt(r.FormValue("version"), 10, 64)
	}
	return n
}

func (p pages) read(w http.ResponseWriter, r *http.Request) error {
	doc, err := p.terms.Read(r.Context(), core.ID(r.PathValue("document")), versionOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, readPage(doc))
}

// changes compares the version shown with the one before, in the language of the page.
func changes(ctx context.Context, d terms.Reading) []terms.Row {
	if d.Before == nil {
		return nil
	}
	return terms.Compare(say(ctx, d.Before.Text), say(ctx, d.Shown.Text))
}

func changed(rows []terms.Row) []terms.Row {
	var out []terms.Row
	for _, r := range rows {
		if r.Sign != 0 {
			out = append(out, r)
		}
	}
	return out
}

func path(d terms.Reading, n int64) string {
	return "/terms/" + string(d.ID) + "/" + strconv.FormatInt(n, 10)
}

// manageView is the list of those who manage documents.
type manageView struct {
	org  core.ID
	list []terms.Managed
}

func state(ctx context.Context, d terms.Document) ui.Badge {
	switch {
	case d.Withdrawn:
		return ui.Badge{Text: tGone.In(ctx)}
	case d.Required:
		return ui.Badge{Text: tAsked.In(ctx), Tone: ui.Good}
	}
	return ui.Badge{Text: tInformed.In(ctx), Tone: ui.Info}
}

func (v manageView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, d := range v.list {
		href := base(v.org) + "/" + string(d.ID)
		rows[i] = ui.Row{Label: say(ctx, d.Title), Href: href, Faded: d.Withdrawn, Cells: []templ.Component{
			ui.To(say(ctx, d.Title), href), state(ctx, d.Document), ui.Words(tVersion.In(ctx, d.Latest)),
			ui.Time{At: d.PublishedAt},
			ui.Words(i18n.Number(ctx, d.Accepted)),
		}}
	}
	return rows
}

func asking(r *http.Request) *http.Request { return ui.Asking(r, "terms.publish", "terms.acceptances") }

func (p pages) manage(w http.ResponseWriter, r *http.Request) error {
	v := manageView{org: orgOf(r)}
	var err error
	if v.list, err = p.terms.Manage(r.Context(), v.org); err != nil {
		return err
	}
	return ui.Render(w, asking(r), http.StatusOK, managePage(v))
}

func (p pages) document(w http.ResponseWriter, r *http.Request) error {
	d, err := p.terms.ManageOne(r.Context(), orgOf(r), core.ID(r.PathValue("document")), versionOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, asking(r), http.StatusOK, documentPage(d))
}

// draftView is the form of a version.
type draftView struct {
	org      core.ID
	document core.ID // "" for a new document
	d        terms.Draft
	problems ui.Problems
}

func (v draftView) action() string {
	if v.document.IsZero() {
		return base(v.org) + "/new"
	}
	return base(v.org) + "/" + string(v.document) + "/new"
}

func (v draftView) back() string {
	if v.document.IsZero() {
		return base(v.org)
	}
	return base(v.org) + "/" + string(v.document)
}

func (v draftView) title(ctx context.Context) string {
	if v.document.IsZero() {
		return tNew.In(ctx)
	}
	return tNewVersion.In(ctx)
}

func (p pages) drafting(w http.ResponseWriter, r *http.Request) error {
	v := draftView{org: orgOf(r), document: core.ID(r.PathValue("document"))}
	v.d.Required = true
	if !v.document.IsZero() {
		d, err := p.terms.ManageOne(r.Context(), v.org, v.document, 0)
		if err != nil {
			return err
		}
		v.d = terms.Draft{Title: d.Title, Text: d.Shown.Text, Required: d.Required, Again: true, Version: d.Version}
	}
	return ui.Render(w, r, http.StatusOK, draftPage(v))
}

func (p pages) publish(w http.ResponseWriter, r *http.Request) error {
	f := r.PostFormValue
	v := draftView{org: orgOf(r), document: core.ID(r.PathValue("document")), d: terms.Draft{
		Title: core.Text{FR: f("title_fr"), EN: f("title_en")}, Text: core.Text{FR: f("text_fr"), EN: f("text_en")},
		Summary: core.Text{FR: f("summary_fr"), EN: f("summary_en")}, Required: f("required") != "", Again: f("again") != "",
	}}
	v.d.Version, _ = strconv.ParseInt(f("version"), 10, 64)
	id, err := p.terms.Publish(r.Context(), v.org, v.document, v.d)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, edge.StatusOf(err), draftPage(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, base(v.org)+"/"+string(id), tDone.In(r.Context()))
}

func (p pages) withdraw(w http.ResponseWriter, r *http.Request) error {
	org := orgOf(r)
	version, _ := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err := p.terms.Withdraw(r.Context(), org, core.ID(r.PathValue("document")), version); err != nil {
		return err
	}
	return ui.Redirect(w, r, base(org), tWithdrawn.In(r.Context()))
}

// acceptedView lists who accepted a document.
type acceptedView struct {
	doc  terms.Reading
	list []terms.Acceptance
	next string
}

const perPage = 50

func (p pages) accepted(w http.ResponseWriter, r *http.Request) error {
	ctx, org, id := r.Context(), orgOf(r), core.ID(r.PathValue("document"))
	d, err := p.terms.ManageOne(ctx, org, id, 0)
	if err != nil {
		return err
	}
	var before time.Time
	if us, err := strconv.ParseInt(r.FormValue("before"), 10, 64); err == nil {
		before = time.UnixMicro(us)
	}
	v := acceptedView{doc: d}
	if v.list, err = p.terms.Accepted(ctx, org, id, before, core.ID(r.FormValue("after")), perPage); err != nil {
		return err
	}
	if len(v.list) == perPage {
		last := v.list[perPage-1]
		v.next = base(org) + "/" + string(id) + "/accepted?before=" + strconv.FormatInt(last.At.UnixMicro(), 10) + "&after=" + string(last.Person)
	}
	return ui.Render(w, r, http.StatusOK, acceptedPage(v))
}

func (v acceptedView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, a := range v.list {
		rows[i] = ui.Row{Label: a.Name, Cells: []templ.Component{ui.Person(a.Name, ""), ui.Words(tVersion.In(ctx, a.Version)), ui.Time{At: a.At}}}
	}
	return rows
}

func lead(ctx context.Context, d terms.Reading) string {
	return tVersion.In(ctx, d.Shown.Number) + ", " + tPublished.In(ctx, i18n.Date(ctx, d.Shown.PublishedAt))
}

// grouped puts the items of one list together.
func grouped(list []terms.Block) [][]terms.Block {
	var out [][]terms.Block
	for _, b := range list {
		if n := len(out); n > 0 && out[n-1][0].Kind == b.Kind && (b.Kind == "li" || b.Kind == "oli") {
			out[n-1] = append(out[n-1], b)
			continue
		}
		out = append(out, []terms.Block{b})
	}
	return out
}

// outlined keeps headings in order for who hears the page: a smaller one under none becomes a great one.
func outlined(list []terms.Block) []terms.Block {
	list = slices.Clone(list)
	for i, b := range list {
		if b.Kind == "h2" {
			break
		}
		if b.Kind == "h3" {
			list[i].Kind = "h2"
		}
	}
	return list
}
