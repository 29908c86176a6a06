package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/retention"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tTitle     = i18n.T("Conservation", "Retention")
	tLead      = i18n.T("Combien de temps chaque donnée est gardée, ce qui part bientôt, et la preuve de ce qui est parti.", "How long each datum is kept, what goes soon, and the proof of what went.")
	tRules     = i18n.T("Durées", "Durations")
	tRuns      = i18n.T("Balayages", "Sweeps")
	tHolds     = i18n.T("Conservations imposées", "Legal holds")
	tArchive   = i18n.T("Archive", "Archive")
	tWhat      = i18n.T("Données", "Data")
	tKept      = i18n.T("Gardées", "Kept")
	tFrom      = i18n.T("À partir de", "From")
	tHere      = i18n.T("En vigueur ici", "In force here")
	tThen      = i18n.T("Puis archivées", "Then archived")
	tSoon      = i18n.T("Partent sous 30 jours", "Go within 30 days")
	tDays      = i18n.T("%d jours", "%d days")
	tOneDay    = i18n.T("1 jour", "1 day")
	tHangs     = i18n.T("aussi longtemps que ce dont elles dépendent", "as long as what they hang on")
	tHeldSome  = i18n.T("%d, et %d retenues", "%d, and %d held")
	tTry       = i18n.T("Essayer un balayage", "Try a sweep")
	tTryLead   = i18n.T("Compte ce qui partirait maintenant. Rien n'est effacé.", "Counts what would go now. Nothing is deleted.")
	tTried     = i18n.T("Voici ce qui partirait maintenant. Rien n'a été effacé.", "This is what would go now. Nothing was deleted.")
	tSettings  = i18n.T("Raccourcir une durée", "Shorten a duration")
	tNoRun     = i18n.T("Aucun balayage", "No sweep")
	tNoRunText = i18n.T("La plateforme balaie d'elle-même chaque heure ; ce qui n'a rien effacé ne laisse rien ici.", "The platform sweeps by itself each hour; what deleted nothing leaves nothing here.")
	tBegan     = i18n.T("Début", "Began")
	tEnded     = i18n.T("Fin", "Ended")
	tKind      = i18n.T("Sorte", "Kind")
	tDry       = i18n.T("essai", "dry run")
	tReal      = i18n.T("balayage", "sweep")
	tGoing     = i18n.T("en cours", "under way")
	tRun       = i18n.T("Balayage du %s", "Sweep of %s")
	tRule      = i18n.T("Règle", "Rule")
	tTable     = i18n.T("Table", "Table")
	tOrg       = i18n.T("Organisation", "Organization")
	tGone      = i18n.T("Effacées", "Deleted")
	tMoved     = i18n.T("Dont archivées", "Of them archived")
	tStay      = i18n.T("Retenues", "Held")
	tEntry     = i18n.T("Entrée du journal", "Entry of the journal")
	tCert      = i18n.T("Télécharger le certificat", "Download the certificate")
	tNothing   = i18n.T("Rien n'a atteint son terme", "Nothing has reached its end")
	tOpenRun   = i18n.T("Ouvrir", "Open")
)

// at is where the pages of a place begin.
func at(r *http.Request) (core.ID, string) {
	if org := r.PathValue("org"); org != "" {
		return core.ID(org), "/o/" + org + "/retention"
	}
	return core.Platform, "/provider/retention"
}

type base struct {
	org  core.ID
	path string
}

func (b base) provider() bool { return b.org == core.Platform }

func (b base) section() string {
	if b.provider() {
		return ui.ProviderRetention
	}
	return ui.Retention
}

func (b base) tabs(ctx context.Context, now string) ui.Tabs {
	t := ui.Tabs{Label: tTitle.In(ctx), Items: []ui.Tab{
		{Label: tRules.In(ctx), Href: b.path, Current: now == ""},
		{Label: tRuns.In(ctx), Href: b.path + "/runs", Current: now == "runs"},
	}}
	if now == "holds" || ui.May(ctx, retention.ReadHolds.Permission) {
		t.Items = append(t.Items, ui.Tab{Label: tHolds.In(ctx), Href: b.path + "/holds", Current: now == "holds"})
	}
	if b.provider() && (now == "archive" || ui.May(ctx, retention.SearchArchive.Permission)) {
		t.Items = append(t.Items, ui.Tab{Label: tArchive.In(ctx), Href: b.path + "/archive", Current: now == "archive"})
	}
	return t
}

// asking tells the frame what these pages ask of permissions.
func asking(r *http.Request) *http.Request {
	return ui.Asking(r, retention.Try.Permission, retention.ReadHolds.Permission, retention.PlaceHold.Permission, retention.LiftHold.Permission,
		retention.SearchArchive.Permission, retention.Certify.Permission, "setting.read", "floor.read")
}

type rulesView struct {
	base
	lines []retention.Line
}

func (p pages) rules(w http.ResponseWriter, r *http.Request) error {
	org, path := at(r)
	lines, err := p.m.Rules(r.Context(), org)
	if err != nil {
		return err
	}
	return ui.Render(w, asking(r), http.StatusOK, rulesPage(rulesView{base{org, path}, lines}))
}

func (b base) settings() string {
	if b.provider() {
		return "/provider/settings#group-retention"
	}
	return "/o/" + string(b.org) + "/settings#group-retention"
}

func inDays(ctx context.Context, n int) string {
	switch n {
	case 0:
		return tHangs.In(ctx)
	case 1:
		return tOneDay.In(ctx)
	}
	return tDays.In(ctx, n)
}

func (v rulesView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.lines))
	for i, l := range v.lines {
		soon, archive := "–", "–"
		if l.Days > 0 && len(l.Tables) > 0 {
			soon = i18n.Number(ctx, l.Soon)
			if l.Kept > 0 {
				soon = tHeldSome.In(ctx, l.Soon, l.Kept)
			}
		}
		if l.Rule.Archive > 0 {
			archive = inDays(ctx, l.Rule.Archive)
		}
		out[i] = ui.Row{Label: i18n.From(l.Rule.Title).In(ctx), Cells: []templ.Component{
			ui.Words(i18n.From(l.Title).In(ctx)), ui.Words(i18n.From(l.Rule.Title).In(ctx)), ui.Words(i18n.From(l.Rule.From).In(ctx)),
			ui.Words(inDays(ctx, l.Days)), ui.Words(archive), ui.Words(soon),
		}}
	}
	return out
}

func (p pages) try(w http.ResponseWriter, r *http.Request) error {
	org, path := at(r)
	run, err := p.m.Try(r.Context(), org)
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, path+"/runs/"+string(run), tTried.In(r.Context()))
}

type runsView struct {
	base
	runs []retention.Run
}

func (p pages) runs(w http.ResponseWriter, r *http.Request) error {
	org, path := at(r)
	list, err := p.m.Runs(r.Context(), org)
	if err != nil {
		return err
	}
	return ui.Render(w, asking(r), http.StatusOK, runsPage(runsView{base{org, path}, list}))
}

func kind(ctx context.Context, run retention.Run) templ.Component {
	switch {
	case run.Dry:
		return ui.Badge{Text: tDry.In(ctx), Tone: ui.Info}
	case run.State == "running":
		return ui.Badge{Text: tGoing.In(ctx), Tone: ui.Warn}
	}
	return ui.Badge{Text: tReal.In(ctx), Tone: ui.Good}
}

func (v runsView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.runs))
	for i, run := range v.runs {
		href := v.path + "/runs/" + string(run.ID)
		out[i] = ui.Row{Label: tRun.In(ctx, i18n.Date(ctx, run.Began)), Href: href, Cells: []templ.Component{
			ui.Time{At: run.Began}, ui.Time{At: run.Ended}, kind(ctx, run), ui.To(tOpenRun.In(ctx), href),
		}}
	}
	return out
}

type runView struct {
	base
	run    retention.Run
	counts []retention.Count
}

func (p pages) run(w http.ResponseWriter, r *http.Request) error {
	org, path := at(r)
	run, counts, err := p.m.Report(r.Context(), org, ids.Typed(r.PathValue("sweep")))
	if err != nil {
		return err
	}
	return ui.Render(w, asking(r), http.StatusOK, runPage(runView{base{org, path}, run, counts}))
}

func (v runView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.counts))
	for i, c := range v.counts {
		out[i] = ui.Row{Label: c.Table, Cells: []templ.Component{
			ui.Mono(string(c.Org)), ui.Mono(c.Table), ui.Words(fmt.Sprintf("%s, %s", c.Rule, inDays(ctx, int(c.Days)))),
			ui.Words(i18n.Number(ctx, c.Deleted)), ui.Words(i18n.Number(ctx, c.Archived)), ui.Words(i18n.Number(ctx, c.Kept)), ui.Mono(cmp.Or(string(c.Entry), "–")),
		}}
	}
	return out
}

func (p pages) certificate(w http.ResponseWriter, r *http.Request) error {
	org, _ := at(r)
	run := ids.Typed(r.PathValue("sweep"))
	content, err := p.m.Certificate(r.Context(), org, run)
	if err != nil {
		return err
	}
	return edge.Attach(w, "application/json", "certificate-"+string(run)+".json", content)
}

// date reads a day of a form as its end, in UTC; zero when it is none.
func date(text string) time.Time {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(text))
	if err != nil {
		return time.Time{}
	}
	return t.Add(24*time.Hour - time.Second)
}
