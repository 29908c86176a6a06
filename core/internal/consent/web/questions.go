package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tConsole   = i18n.T("Console", "Console")
	tList      = i18n.T("Demandes de consentement", "Consent questions")
	tListLead  = i18n.T("Ce que vous demandez aux personnes, texte exact à l'appui. Une version publiée ne change plus.", "What you ask of persons, with the exact text. A published version never changes.")
	tNew       = i18n.T("Nouvelle demande", "New question")
	tNewText   = i18n.T("Publier une version", "Publish a version")
	tHeld      = i18n.T("Consentements en cours", "Consents in force")
	tLive      = i18n.T("Partages en cours", "Shares in force")
	tFieldsCol = i18n.T("Champs demandés", "Fields asked for")
	tNoField   = i18n.T("Aucun : consentement seul", "None: a consent alone")
	tEmpty     = i18n.T("Aucune demande", "No question")
	tEmptyText = i18n.T("Publiez ce que vous demandez : chacun répond, puis reprend sa réponse, depuis sa page.", "Publish what you ask: each person answers, then takes the answer back, on their own page.")
	tOpen      = i18n.T("posée", "asked")
	tClosed    = i18n.T("close", "closed")
	tClose     = i18n.T("Clore la demande", "Close the question")
	tAskClose  = i18n.T("Clore cette demande ? Elle ne sera plus posée ; ce qui est donné tient jusqu'à son retrait ou son terme.", "Close this question? It will no longer be asked; what is given stands until it is withdrawn or ends.")
	tCloseDone = i18n.T("Demande close.", "Question closed.")
	tPublish   = i18n.T("Publier", "Publish")
	tPublished = i18n.T("Version publiée.", "Version published.")
	tCancel    = i18n.T("Annuler", "Cancel")
	tVersions  = i18n.T("Versions", "Versions")
	tOn        = i18n.T("Publiée le", "Published on")
	tAgainCol  = i18n.T("Redemandée à tous", "Asked again of everyone")
	tYes       = i18n.T("oui", "yes")
	tNo        = i18n.T("non", "no")
	tText      = i18n.T("Texte en vigueur", "Text in force")

	tPurposeTip = i18n.T("En minuscules, comme lettre-information. Elle ne change plus ensuite.", "In lower case, such as newsletter. It never changes afterwards.")
	tTitleFR    = i18n.T("Titre en français", "Title in French")
	tTitleEN    = i18n.T("Titre en anglais", "Title in English")
	tTextFR     = i18n.T("Texte en français", "Text in French")
	tTextEN     = i18n.T("Texte en anglais", "Text in English")
	tTextTip    = i18n.T("Dites à quoi servent les données, qui les voit, combien de temps.", "Say what the data are for, who sees them, for how long.")
	tAsksField  = i18n.T("Champs que vous demandez", "Fields that you ask for")
	tAsksTip    = i18n.T("Le moins possible. Chacun choisit lesquels il partage. Aucun : un consentement seul.", "As few as possible. Each person chooses which to share. None: a consent alone.")
	tDays       = i18n.T("Plus longue durée du partage, en jours", "Longest time of the share, in days")
	tDaysTip    = i18n.T("Seulement si vous demandez des champs.", "Only when you ask for fields.")
	tAgain      = i18n.T("Redemander à tous", "Ask everyone again")
	tAgainTip   = i18n.T("À cocher dès que le fond change. Demander un champ de plus redemande toujours.", "Tick it whenever the substance changes. Asking for one more field always asks again.")

	tCounts     = i18n.T("Consentements par organisation", "Consents by organization")
	tCountsLead = i18n.T("Des comptes seulement : le fournisseur ne voit ni qui, ni quoi.", "Counts only: the provider sees neither who nor what.")
	tAskedCol   = i18n.T("Demandes posées", "Questions asked")
	tNoCount    = i18n.T("Rien n'est encore demandé", "Nothing is asked yet")
)

type listView struct {
	pages
	org  core.ID
	list []consent.Counted
}

func crumbs(ctx context.Context, org core.ID, deep bool) (list []ui.Crumb) {
	if org == core.Platform {
		list = append(list, ui.Crumb{Label: tConsole.In(ctx), Href: "/provider"})
	}
	if deep {
		list = append(list, ui.Crumb{Label: tList.In(ctx), Href: base(org)})
	}
	return list
}

func (p pages) questions(w http.ResponseWriter, r *http.Request) error {
	org := orgOf(r)
	list, err := p.m.Questions(r.Context(), org)
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, consent.PublishText.Permission, consent.CountAll.Permission), http.StatusOK, listPage(listView{p, org, list}))
}

func count(ctx context.Context, n int64) templ.Component { return ui.Words(i18n.Number(ctx, n)) }

func stateOf(ctx context.Context, q consent.Question) ui.Badge {
	if q.Closed {
		return ui.Badge{Text: tClosed.In(ctx)}
	}
	return ui.Badge{Text: tOpen.In(ctx), Tone: ui.Good}
}

func (p pages) asked(ctx context.Context, fields []string) string {
	if len(fields) == 0 {
		return tNoField.In(ctx)
	}
	return p.titles(ctx, fields)
}

func (v listView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.list))
	for i, c := range v.list {
		title, href := say(ctx, c.Text.Title), base(v.org)+"/"+string(c.ID)
		out[i] = ui.Row{Label: title, Href: href, Faded: c.Closed, Cells: []templ.Component{
			ui.To(title, href), ui.Mono(string(c.Purpose)), ui.Words(v.asked(ctx, c.Text.Asks)), stateOf(ctx, c.Question), count(ctx, c.Held), count(ctx, c.Live),
		}}
	}
	return out
}

type readingView struct {
	pages
	org core.ID
	one consent.Managed
}

func (p pages) question(w http.ResponseWriter, r *http.Request) error {
	org := orgOf(r)
	one, err := p.m.Manage(r.Context(), org, ids.Typed(r.PathValue("question")))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, consent.PublishText.Permission, consent.CloseText.Permission), http.StatusOK, questionPage(readingView{p, org, one}))
}

func (v readingView) at(parts ...string) string {
	path := base(v.org) + "/" + string(v.one.ID)
	for _, part := range parts {
		path += "/" + part
	}
	return path
}

func (v readingView) facts(ctx context.Context) ui.Facts {
	return ui.Facts{
		{Label: tState.In(ctx), Value: stateOf(ctx, v.one.Question)},
		{Label: tPurpose.In(ctx), Value: ui.Mono(string(v.one.Purpose))},
		{Label: tFieldsCol.In(ctx), Text: v.asked(ctx, v.one.Text.Asks)},
		{Label: tHeld.In(ctx), Text: i18n.Number(ctx, v.one.Held)},
		{Label: tLive.In(ctx), Text: i18n.Number(ctx, v.one.Live)},
		{Label: tDigest.In(ctx), Value: ui.Mono(v.one.Text.Digest)},
	}
}

func (v readingView) versions(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.one.Versions))
	for i, t := range v.one.Versions {
		again := tNo
		if t.Again {
			again = tYes
		}
		out[i] = ui.Row{Cells: []templ.Component{ui.Words(strconv.FormatInt(t.Number, 10)), ui.Time{At: t.PublishedAt}, ui.Words(v.asked(ctx, t.Asks)), ui.Words(again.In(ctx)), ui.Mono(t.Digest)}}
	}
	return out
}

type draftView struct {
	pages
	org      core.ID
	question core.ID // "" for a new one
	draft    consent.Draft
	days     string
	problems ui.Problems
}

func (v draftView) action() string {
	if v.question == "" {
		return base(v.org) + "/new"
	}
	return base(v.org) + "/" + string(v.question) + "/new"
}

func (v draftView) title(ctx context.Context) string {
	if v.question == "" {
		return tNew.In(ctx)
	}
	return tNewText.In(ctx)
}

func (v draftView) back() string {
	if v.question == "" {
		return base(v.org)
	}
	return base(v.org) + "/" + string(v.question)
}

func (p pages) drafting(w http.ResponseWriter, r *http.Request) error {
	v := draftView{pages: p, org: orgOf(r), question: ids.Typed(r.PathValue("question")), days: "90"}
	if v.question != "" {
		one, err := p.m.Manage(r.Context(), v.org, v.question)
		if err != nil {
			return err
		}
		t := one.Text
		v.draft = consent.Draft{Purpose: one.Purpose, Title: t.Title, Body: t.Body, Asks: t.Asks, Number: t.Number}
		if t.Days > 0 {
			v.days = strconv.Itoa(t.Days)
		}
	}
	return ui.Render(w, r, http.StatusOK, draftPage(v))
}

func (p pages) publish(w http.ResponseWriter, r *http.Request) error {
	v := draftView{pages: p, org: orgOf(r), question: ids.Typed(r.PathValue("question")), days: r.PostFormValue("days")}
	v.draft = consent.Draft{
		Purpose: core.Purpose(r.PostFormValue("purpose")), Title: core.Text{FR: r.PostFormValue("title_fr"), EN: r.PostFormValue("title_en")},
		Body: core.Text{FR: r.PostFormValue("text_fr"), EN: r.PostFormValue("text_en")}, Asks: r.PostForm["asks"], Days: int(number(v.days)),
		Again: r.PostFormValue("again") != "", Number: number(r.PostFormValue("version")),
	}
	made, err := p.m.Publish(r.Context(), v.org, v.question, v.draft)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, http.StatusUnprocessableEntity, draftPage(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, base(v.org)+"/"+string(made), tPublished.In(r.Context()))
}

func (p pages) close(w http.ResponseWriter, r *http.Request) error {
	org, question := orgOf(r), ids.Typed(r.PathValue("question"))
	if err := p.m.Close(r.Context(), org, question); err != nil {
		return err
	}
	return ui.Redirect(w, r, base(org)+"/"+string(question), tCloseDone.In(r.Context()))
}

type countsView struct{ list []consent.OrgCount }

func (p pages) counts(w http.ResponseWriter, r *http.Request) error {
	list, err := p.m.Counts(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, countsPage(countsView{list}))
}

func (v countsView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.list))
	for i, c := range v.list {
		out[i] = ui.Row{Label: c.Name, Cells: []templ.Component{ui.Words(c.Name), count(ctx, c.Asked), count(ctx, c.Held), count(ctx, c.Live)}}
	}
	return out
}
