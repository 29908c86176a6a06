package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/core/internal/control/export"
	"github.com/rempart/rempart/core/internal/control/trust"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tBoardLead  = i18n.T("Chaque promesse, et sa preuve vivante à côté. Rien n'est vert sans la date de sa preuve.", "Each promise, and its live proof beside it. Nothing is green without the date of its evidence.")
	tOwnLead    = i18n.T("Ce que le fournisseur a promis à l'organisation, et la preuve vivante de chaque promesse.", "What the provider promised to the organization, and the live proof of each promise.")
	tEnforced   = i18n.T("Tenues par le logiciel", "Enforced by the software")
	tProbed     = i18n.T("Vérifiées par une sonde", "Verified by a probe")
	tAttested   = i18n.T("Attestées par une personne", "Attested by a person")
	tOutsideIt  = i18n.T("Hors du logiciel", "Outside the software")
	tUnbuilt    = i18n.T("Pas encore construites", "Not built yet")
	tHeldNow    = i18n.T("Tenues aujourd'hui", "Held today")
	tBrokenNow  = i18n.T("Rompues", "Broken")
	tStaleNow   = i18n.T("Sans preuve récente", "Stale")
	tOfTotal    = i18n.T("sur %s, soit %s", "of %s, %s")
	tShare      = i18n.T("%s des promesses", "%s of the promises")
	tSearch     = i18n.T("Chercher", "Search")
	tSearchIn   = i18n.T("Numéro, titre, texte, sonde…", "Number, title, text, probe…")
	tAnyPolicy  = i18n.T("Toutes les politiques", "Every policy")
	tAnyStatus  = i18n.T("Tous les états", "Every status")
	tAnyKind    = i18n.T("Toutes les natures", "Every kind")
	tEvery      = i18n.T("Aussi les politiques qui ne sont pas en vigueur", "Policies that are not in force too")
	tFilter     = i18n.T("Filtrer", "Filter")
	tPromise    = i18n.T("Promesse", "Promise")
	tProof      = i18n.T("Preuve vivante", "Live proof")
	tFound      = i18n.N("%d clause", "%d clauses", "%d clause", "%d clauses")
	tNone       = i18n.T("Aucune clause", "No clause")
	tNoneText   = i18n.T("Aucune clause ne répond à ces critères.", "No clause answers these criteria.")
	tNoPack     = i18n.T("Aucune politique n'est en vigueur", "No policy is in force")
	tNoPackText = i18n.T("Publiez une politique : chacune de ses clauses sera sondée, et sa preuve montrée ici.", "Publish a policy: each of its clauses will be probed, and its proof shown here.")
	tNoPromise  = i18n.T("Rien n'a encore été promis à l'organisation", "Nothing has been promised to the organization yet")
	tNoPromised = i18n.T("Quand le fournisseur publie une politique, ses clauses et leur preuve sont ici.", "When the provider publishes a policy, its clauses and their proof are here.")
	tSeePacks   = i18n.T("Voir les politiques", "See the policies")
	tHistory    = i18n.T("Dans le temps", "Over time")
	tDays       = i18n.N("%d jour", "%d jours", "%d day", "%d days")
	tHeldFor    = i18n.T("Tenue %s du temps connu", "Held %s of the known time")
	tHeldDay    = i18n.T("Part du temps tenue, par jour, en %", "Share of time held, per day, in %")
	tHeldWeek   = i18n.T("Part du temps tenue, par semaine, en %", "Share of time held, per week, in %")
	tUnknown    = i18n.T("Rien n'est encore connu de cette période.", "Nothing is known of this period yet.")
	tWindow     = i18n.T("Période", "Period")
	tExport     = i18n.T("Exporter", "Export")
	tAlerts     = i18n.T("Alertes", "Alerts")
	tToIncident = i18n.T("Ouvrir un incident", "Open an incident")
	tAuditors   = i18n.T("Auditeurs et public", "Auditors and public")
	tAuditor    = i18n.T("Auditeurs", "Auditors")
	tWebhooks   = i18n.T("Destinations d'alertes", "Webhooks")
	tAnnex      = i18n.T("Annexe de sécurité", "Security annex")
	tRunAll     = i18n.T("Tout sonder maintenant", "Probe everything now")
	tRunDone    = i18n.N("%d sonde exécutée.", "%d sondes exécutées.", "%d probe run.", "%d probes run.")
	tRunBroken  = i18n.N("%d sonde a vu une rupture.", "%d sondes ont vu une rupture.", "%d probe saw a break.", "%d probes saw a break.")

	formatWords = map[export.Format]i18n.Sentence{
		export.CSV:       i18n.T("CSV, pour un tableur", "CSV, for a spreadsheet"),
		export.Results:   i18n.T("OSCAL : résultats d'évaluation", "OSCAL: assessment results"),
		export.Component: i18n.T("OSCAL : définition de composant", "OSCAL: component definition"),
		export.OCSF:      i18n.T("OCSF : Compliance Finding (2003)", "OCSF: Compliance Finding (2003)"),
	}
)

// filter is what the address of the dashboard says.
type filter struct {
	pack, status, kind, q string
	every                 bool
	days                  int
}

func filterOf(r *http.Request) filter {
	f := filter{pack: r.FormValue("pack"), status: r.FormValue("status"), kind: r.FormValue("kind"), q: strings.TrimSpace(r.FormValue("q")), every: r.FormValue("every") != ""}
	f.days, _ = strconv.Atoi(r.FormValue("days"))
	if f.days != 90 && f.days != 365 {
		f.days = 30
	}
	return f
}

func (f filter) query() url.Values {
	q := url.Values{}
	for k, v := range map[string]string{"pack": f.pack, "status": f.status, "kind": f.kind, "q": f.q} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if f.every {
		q.Set("every", "1")
	}
	if f.days != 30 {
		q.Set("days", strconv.Itoa(f.days))
	}
	return q
}

// boardView is the dashboard.
type boardView struct {
	place
	f       filter
	titles  map[string]core.Text // of the policies that have clauses here
	order   []string
	all     []annex.Clause // of the policy chosen
	list    []annex.Clause // those that answer the filters
	sum     control.Summary
	history []trust.Past
	visit   string // which audit, for the pages of an auditor
	until   time.Time
	at      time.Time
}

func (v boardView) href(change func(*filter)) string {
	f := v.f
	change(&f)
	if q := f.query().Encode(); q != "" {
		return v.base + "?" + q
	}
	return v.base
}

// taken keeps the clauses that answer the filters.
func (v *boardView) take(clauses []annex.Clause) {
	words := strings.Fields(strings.ToLower(v.f.q))
	for _, c := range clauses {
		if v.f.pack != "" && c.Pack != v.f.pack {
			continue
		}
		v.all = append(v.all, c)
		if v.f.status != "" && string(c.Status) != v.f.status || v.f.kind != "" && !slices.Contains(c.Kinds, v.f.kind) || !answers(c, words) {
			continue
		}
		v.list = append(v.list, c)
	}
	v.sum = annex.Document{Clauses: v.all}.Tally()
}

// answers tells whether every word stands somewhere in a clause, in either language.
func answers(c annex.Clause, words []string) bool {
	if len(words) == 0 {
		return true
	}
	var b strings.Builder
	for _, s := range []string{c.ID, c.Title.FR, c.Title.EN, c.Text.FR, c.Text.EN, c.Why.FR, c.Why.EN, strings.Join(c.References, " ")} {
		b.WriteString(s)
		b.WriteByte('\n')
	}
	for _, p := range c.Probes {
		b.WriteString(p.ID + "\n" + p.Title.FR + "\n" + p.Title.EN + "\n")
	}
	all := strings.ToLower(b.String())
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(all, w) })
}

func (v *boardView) name(packs []control.PackView, clauses []annex.Clause) {
	v.titles = map[string]core.Text{}
	for _, p := range packs {
		v.titles[p.ID] = p.Title
	}
	for _, c := range clauses {
		if !slices.Contains(v.order, c.Pack) {
			v.order = append(v.order, c.Pack)
		}
	}
}

func (v boardView) packTitle(ctx context.Context, id string) string {
	if t := say(ctx, v.titles[id]); t != "" {
		return t
	}
	return id
}

func (p pages) board(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v := boardView{place: placeOf(r), f: filterOf(r)}
	clauses, err := p.trust.Clauses(ctx, v.org, control.Filter{Every: v.f.every})
	if err != nil {
		return err
	}
	packs, err := p.trust.Policies(ctx, v.org)
	if err != nil {
		return err
	}
	v.name(packs, clauses)
	v.take(clauses)
	if v.history, err = p.trust.Histories(ctx, v.org, clauses, v.f.pack, v.f.days); err != nil {
		return err
	}
	return ui.Render(w, asks(r), http.StatusOK, boardPage(v))
}

func (p pages) export(w http.ResponseWriter, r *http.Request) error {
	at := placeOf(r)
	f, err := p.trust.Export(r.Context(), at.org, at.org, export.Format(r.PathValue("format")))
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, f.Bytes)
}

func (p pages) run(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var probes []string
	if one := r.PostFormValue("probe"); one != "" {
		probes = strings.Split(one, ",")
	}
	list, err := p.control.Run(ctx, probes...)
	if err != nil {
		return err
	}
	back := "/provider/controls"
	if to := r.PostFormValue("back"); strings.HasPrefix(to, back) {
		back = to
	}
	broken := 0
	for _, o := range list {
		if !o.Held {
			broken++
		}
	}
	if broken > 0 {
		return ui.RedirectWith(w, r, back, ui.Note{Tone: ui.Bad, Text: tRunDone.In(ctx, len(list)) + " " + tRunBroken.In(ctx, broken)})
	}
	return ui.Redirect(w, r, back, tRunDone.In(ctx, len(list)))
}

// percent writes a share with as many decimals as its distance from the whole deserves.
func percent(ctx context.Context, share float64) string {
	text := strconv.FormatFloat(share, 'f', 2, 64)
	if share == 100 || share == 0 {
		text = strconv.FormatFloat(share, 'f', 0, 64)
	}
	if i18n.Of(ctx) == i18n.FR {
		text = strings.Replace(text, ".", ",", 1)
	}
	return tPercent.In(ctx, text)
}

// rounded writes a part of a whole without decimals.
func rounded(ctx context.Context, part, whole int) string {
	if whole == 0 {
		return tPercent.In(ctx, "0")
	}
	return tPercent.In(ctx, strconv.Itoa((part*100+whole/2)/whole))
}

// chart draws a history: a column per day, or per week for a year. A day is rounded down: only a whole one shows 100.
func chart(ctx context.Context, title string, d control.Days) ui.Chart {
	span := 1
	said := tHeldDay
	if len(d.Days) > 100 {
		span, said = 7, tHeldWeek
	}
	c := ui.Chart{Title: strings.TrimSpace(title + " " + said.In(ctx)), Unit: "%"}
	for at := 0; at < len(d.Days); at += span {
		var held, known time.Duration
		for _, day := range d.Days[at:min(at+span, len(d.Days))] {
			held += day.Held
			known += day.Held + day.Broken + day.Other
		}
		point := ui.Point{Label: i18n.Date(ctx, d.Days[at].Date)}
		if known > 0 {
			point.Value = int64(100 * held / known)
		}
		c.Points = append(c.Points, point)
	}
	return c
}

func (v boardView) options(ctx context.Context, any i18n.Sentence, values []string, word func(string) string) []ui.Option {
	list := []ui.Option{{Value: "", Label: any.In(ctx)}}
	for _, one := range values {
		list = append(list, ui.Option{Value: one, Label: word(one)})
	}
	return list
}

func (v boardView) packOptions(ctx context.Context) []ui.Option {
	return v.options(ctx, tAnyPolicy, v.order, func(id string) string { return v.packTitle(ctx, id) })
}

func (v boardView) statusOptions(ctx context.Context) []ui.Option {
	var all []string
	for _, s := range statuses {
		all = append(all, string(s))
	}
	return v.options(ctx, tAnyStatus, all, func(s string) string { return annex.StatusWord(control.Status(s)).In(ctx) })
}

func (v boardView) kindOptions(ctx context.Context) []ui.Option {
	return v.options(ctx, tAnyKind, []string{"enforced", "verified", "attested"}, func(k string) string { return kinds[k].In(ctx) })
}

func (v boardView) chips(ctx context.Context) ui.Chips {
	var c ui.Chips
	add := func(label i18n.Sentence, value string, drop func(*filter)) {
		if value != "" {
			c.Items = append(c.Items, ui.Chip{Label: label.In(ctx), Value: value, Remove: v.href(drop)})
		}
	}
	if v.f.pack != "" {
		add(tPolicy, v.packTitle(ctx, v.f.pack), func(f *filter) { f.pack = "" })
	}
	if v.f.status != "" {
		add(tStatus, annex.StatusWord(control.Status(v.f.status)).In(ctx), func(f *filter) { f.status = "" })
	}
	if v.f.kind != "" {
		add(tKind, kinds[v.f.kind].In(ctx), func(f *filter) { f.kind = "" })
	}
	add(tSearch, v.f.q, func(f *filter) { f.q = "" })
	c.Clear = v.href(func(f *filter) { *f = filter{days: f.days, every: f.every} })
	return c
}

func (v boardView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, c := range v.list {
		href := v.clauseHref(c.Pack, c.ID)
		rows[i] = ui.Row{Label: c.ID, Href: href, Cells: []templ.Component{promiseCell(c, href), proofCell(c)}}
	}
	return rows
}

func (v boardView) windows(ctx context.Context) ui.Tabs {
	t := ui.Tabs{Label: tWindow.In(ctx)}
	for _, n := range []int{30, 90, 365} {
		t.Items = append(t.Items, ui.Tab{Label: tDays.In(ctx, n), Href: v.href(func(f *filter) { f.days = n }), Current: v.f.days == n})
	}
	return t
}

func (v boardView) page(ctx context.Context) ui.Page {
	p := ui.Page{Title: tControls.In(ctx), Lead: tOwnLead.In(ctx), Section: v.section(), Wide: true, Actions: boardActions(v)}
	if v.provider() {
		p.Lead, p.Crumbs = tBoardLead.In(ctx), []ui.Crumb{{Label: tConsole.In(ctx), Href: "/provider"}}
	}
	return p
}
