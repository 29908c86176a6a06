package web

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
)

var (
	tCases       = i18n.T("Problèmes signalés", "Reported problems")
	tCasesLead   = i18n.T("Rien de ce que chacun fait n'est noté en détail, sauf pendant un problème signalé : de la partie choisie, pour les jours choisis, lu du seul support désigné, détruit à la clôture.", "Nothing of what people do is noted in detail, except during a reported problem: of the part chosen, for the days chosen, read by the support staff named alone, destroyed when it closes.")
	tProblems    = i18n.T("Signaler un problème", "Report a problem")
	tProblemsFor = i18n.T("Vos appels ne sont notés en détail que pendant un problème que vous signalez vous-même.", "Your calls are noted in detail only during a problem that you report yourself.")
	tWhat        = i18n.T("Ce qui pose problème", "What the problem is with")
	tWhatHint    = i18n.T("Seul ce qui s'y passe sera noté.", "Only what happens there will be noted.")
	tChoose      = i18n.T("Choisissez", "Choose")
	tLinkNamed   = i18n.T("Outil : %s", "Tool: %s")
	tLineNamed   = i18n.T("Central : %s", "Exchange: %s")
	tMyCalls     = i18n.T("Mes appels", "My calls")
	tPartCalls   = i18n.T("Les appels de %s", "The calls of %s")
	tProblem     = i18n.T("Le problème", "The problem")
	tProblemHint = i18n.T("Ce que vous attendiez, ce qui s'est passé, vers quelle heure. Sans numéro ni nom de client.", "What you expected, what happened, about what time. No number and no client's name.")
	tForDays     = i18n.T("Noter pendant", "Note for")
	tDaysHint    = i18n.T("En jours, 14 au plus. Vous pouvez clore avant.", "In days, 14 at most. You may close it before.")
	tReport      = i18n.T("Signaler et faire noter", "Report and have it noted")
	tReported    = i18n.T("Problème signalé. Ce qui se passe est noté dès maintenant, numéros masqués.", "Problem reported. What happens is noted from now on, with numbers masked.")
	tPart        = i18n.T("Partie", "Part")
	tBy          = i18n.T("Signalé par", "Reported by")
	tNotedTo     = i18n.T("Noté jusqu'au", "Noted until")
	tLinesNoted  = i18n.T("Lignes notées", "Lines noted")
	tReaders     = i18n.T("Support désigné", "Support staff named")
	tNobodyYet   = i18n.T("personne encore", "nobody yet")
	tCaseState   = i18n.T("État", "State")
	tCloseIt     = i18n.T("Clore et détruire", "Close and destroy")
	tClosedNow   = i18n.T("Problème clos : ce qui avait été noté est détruit, sa clé aussi.", "Problem closed: what had been noted is destroyed, and its key too.")
	tNoCases     = i18n.T("Aucun problème signalé", "No problem reported")
	tNoCasesText = i18n.T("Rien n'est noté en détail en ce moment.", "Nothing is noted in detail now.")
	tNoting      = i18n.T("noté en ce moment", "being noted")
	tWaitsClose  = i18n.T("n'est plus noté, reste à clore", "no longer noted, waits to be closed")
	tCaseEnds    = map[string]i18n.Sentence{
		"closed":  i18n.T("clos, détruit", "closed, destroyed"),
		"settled": i18n.T("résolu par le support, détruit", "solved by support, destroyed"),
		"expired": i18n.T("clos par la plateforme, détruit", "closed by the platform, destroyed"),
	}
	tErased    = i18n.T("Personne effacée", "Erased person")
	tActions   = i18n.T("Actions", "Actions")
	tOneDay    = i18n.T("1 jour", "1 day")
	tManyDays  = i18n.T("%d jours", "%d days")
	tSomeTool  = i18n.T("Outil relié", "Linked tool")
	tSomeLine  = i18n.T("Central téléphonique", "Telephone exchange")
	tReadByYou = i18n.T("Qui a lu, et quand, est dans le journal de l'organisation.", "Who read it, and when, is in the organization's journal.")
)

type caseForm struct{ Target, Problem, Days string }

type casesView struct {
	list     recognition.CaseList
	targets  []ui.Option
	titles   map[core.ID]string
	form     caseForm
	problems ui.Problems
	base     string
	mine     bool
	now      time.Time
}

func orgOf(r *http.Request) core.ID {
	return core.ID(cmp.Or(r.PathValue("org"), string(core.Platform)))
}

func casesAt(r *http.Request) string {
	return strings.Replace(casesPattern, "{org}", r.PathValue("org"), 1)
}

func problemsAt(r *http.Request) string {
	return strings.Replace(problemsPattern, "{org}", r.PathValue("org"), 1)
}

func (p supportPages) cases(w http.ResponseWriter, r *http.Request) error {
	return p.showCases(w, r, http.StatusOK, caseForm{Days: "3"}, nil)
}

func (p supportPages) showCases(w http.ResponseWriter, r *http.Request, status int, f caseForm, problems ui.Problems) error {
	ctx, org := r.Context(), orgOf(r)
	list, err := p.m.Cases(ctx, org)
	if err != nil {
		return err
	}
	v := casesView{list: list, titles: map[core.ID]string{}, form: f, problems: problems, base: casesAt(r), now: p.m.Now()}
	v.targets = []ui.Option{{Value: "", Label: tChoose.In(ctx)}}
	links, err := p.m.Links(ctx, org)
	if err != nil {
		return err
	}
	for i := range links {
		v.titles[links[i].ID] = tLinkNamed.In(ctx, links[i].Name)
		v.targets = append(v.targets, ui.Option{Value: recognition.TraceLink + string(links[i].ID), Label: v.titles[links[i].ID]})
	}
	lines, err := p.m.Lines(ctx, org)
	if err != nil {
		return err
	}
	for i := range lines {
		v.titles[lines[i].ID] = tLineNamed.In(ctx, lines[i].Title)
		v.targets = append(v.targets, ui.Option{Value: recognition.TraceLine + string(lines[i].ID), Label: v.titles[lines[i].ID]})
	}
	return ui.Render(w, ui.Asking(r, "support_log.open"), status, casesPage(v))
}

func formOf(r *http.Request) (caseForm, recognition.CaseDraft) {
	f := caseForm{r.PostFormValue("target"), r.PostFormValue("problem"), r.PostFormValue("days")}
	scope, target, _ := strings.Cut(f.Target, ":")
	days, _ := strconv.Atoi(f.Days)
	return f, recognition.CaseDraft{Scope: scope, Target: supportID(target), Problem: f.Problem, Days: days}
}

func (p supportPages) open(w http.ResponseWriter, r *http.Request) error {
	f, draft := formOf(r)
	if draft.Scope == recognition.ScopeCalls {
		draft.Scope = "" // one's own calls are reported on one's own page
	}
	_, err := p.m.ReportProblem(r.Context(), orgOf(r), draft)
	if ui.Shown(err) {
		return p.showCases(w, r, http.StatusUnprocessableEntity, f, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, casesAt(r), tReported.In(r.Context()))
}

func (p supportPages) closeCase(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.CloseReport(r.Context(), orgOf(r), supportID(r.PathValue("case"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, casesAt(r), tClosedNow.In(r.Context()))
}

func (p supportPages) problems(w http.ResponseWriter, r *http.Request) error {
	return p.showProblems(w, r, http.StatusOK, caseForm{Days: "3"}, nil)
}

func (p supportPages) showProblems(w http.ResponseWriter, r *http.Request, status int, f caseForm, problems ui.Problems) error {
	list, err := p.m.MyCases(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	v := casesView{list: list, form: f, problems: problems, base: problemsAt(r), mine: true, now: p.m.Now()}
	return ui.Render(w, ui.Asking(r, "support_log.report"), status, casesPage(v))
}

func (p supportPages) report(w http.ResponseWriter, r *http.Request) error {
	f, draft := formOf(r)
	draft.Scope, draft.Target = recognition.ScopeCalls, ""
	_, err := p.m.ReportProblem(r.Context(), orgOf(r), draft)
	if ui.Shown(err) {
		return p.showProblems(w, r, http.StatusUnprocessableEntity, f, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, problemsAt(r), tReported.In(r.Context()))
}

func (p supportPages) closeOwn(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.CloseMyReport(r.Context(), orgOf(r), supportID(r.PathValue("case"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, problemsAt(r), tClosedNow.In(r.Context()))
}

func (v casesView) title() i18n.Sentence {
	if v.mine {
		return tProblems
	}
	return tCases
}

func (v casesView) lead() i18n.Sentence {
	if v.mine {
		return tProblemsFor
	}
	return tCasesLead
}

func (v casesView) section() string {
	if v.mine {
		return ui.MyProblems
	}
	return ui.SupportLogs
}

func (v casesView) days(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, n := range []int{1, 3, 7, recognition.LongestCase} {
		label := tManyDays.In(ctx, n)
		if n == 1 {
			label = tOneDay.In(ctx)
		}
		out = append(out, ui.Option{Value: strconv.Itoa(n), Label: label})
	}
	return out
}

// partOf says what a case is about.
func partOf(ctx context.Context, c *recognition.Case, titles, names map[core.ID]string) string {
	switch c.Scope {
	case recognition.ScopeCalls:
		return tPartCalls.In(ctx, nameFrom(ctx, names, c.Target))
	case recognition.ScopeLink:
		return cmp.Or(titles[c.Target], tSomeTool.In(ctx))
	}
	return cmp.Or(titles[c.Target], tSomeLine.In(ctx))
}

func nameFrom(ctx context.Context, names map[core.ID]string, id core.ID) string {
	return cmp.Or(names[id], tErased.In(ctx))
}

func namesFrom(ctx context.Context, names map[core.ID]string, ids []core.ID) string {
	if len(ids) == 0 {
		return tNobodyYet.In(ctx)
	}
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = nameFrom(ctx, names, id)
	}
	return strings.Join(list, ", ")
}

func caseState(ctx context.Context, c *recognition.Case, now time.Time) ui.Badge {
	switch {
	case c.Notes(now):
		return ui.Badge{Text: tNoting.In(ctx), Tone: ui.Warn}
	case c.Open():
		return ui.Badge{Text: tWaitsClose.In(ctx), Tone: ui.Warn}
	}
	return ui.Badge{Text: tCaseEnds[c.Ended].In(ctx), Tone: ui.Good}
}

func (v casesView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list.Cases))
	for i := range v.list.Cases {
		c := &v.list.Cases[i]
		part, act := partOf(ctx, c, v.titles, v.list.Names), templ.Component(ui.Words(""))
		if c.Open() {
			act = closeForm(v.base+"/"+string(c.ID)+"/close", part)
		}
		rows[i] = ui.Row{Label: part, Faded: !c.Open(), Cells: []templ.Component{
			ui.Words(part), ui.Words(nameFrom(ctx, v.list.Names, c.OpenedBy)),
			ui.Time{At: c.Until},
			ui.Words(strconv.Itoa(c.Noted)),
			ui.Words(namesFrom(ctx, v.list.Names, c.Staff)), caseState(ctx, c, v.now), act,
		}}
	}
	return rows
}
