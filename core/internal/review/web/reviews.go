package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tReviews     = i18n.T("Revues des habilitations", "Reviews of assignments")
	tReviewsLead = i18n.T("Une fois par an au moins, chaque habilitation est gardée avec un mot, ou retirée. Ce que personne ne confirme à temps est retiré par la plateforme.", "Once a year at least, each assignment is kept with a word, or revoked. What nobody confirms in time is revoked by the platform.")
	tNextReview  = i18n.T("Prochaine revue", "Next review")
	tLastReview  = i18n.T("Dernière revue", "Last review")
	tEveryDays   = i18n.T("tous les %d jours au plus", "every %d days at most")
	tOverdue     = i18n.T("La revue périodique est en retard", "The periodic review is overdue")
	tOverdueText = i18n.T("Elle aurait dû s'ouvrir le %s. Ouvrez-la maintenant.", "It should have opened on %s. Open it now.")
	tNoReview    = i18n.T("Aucune revue encore", "No review yet")
	tNoReviewTxt = i18n.T("La plateforme ouvrira la première à l'échéance.", "The platform will open the first one when it is due.")
	tBegan       = i18n.T("Ouverte", "Opened")
	tDeadline    = i18n.T("Échéance", "Deadline")
	tOrigin      = i18n.T("Pourquoi", "Why")
	tLooksAt     = i18n.T("Champ", "Scope")
	tProgress    = i18n.T("Réponses", "Answers")
	tProgressOf  = i18n.T("%d sur %d", "%d of %d")
	tOpenNow     = i18n.T("ouverte", "open")
	tClosed      = i18n.T("close", "closed")
	tOpenTitle   = i18n.T("Ouvrir une revue", "Open a review")
	tOpenDo      = i18n.T("Ouvrir la revue", "Open the review")
	tAllOf       = i18n.T("Toutes les habilitations", "All assignments")
	tOneRole     = i18n.T("Un seul rôle", "One role")
	tWhichRole   = i18n.T("Lequel, pour un seul rôle", "Which one, for one role")
	tStaffOnly   = i18n.T("Ce que le personnel du prestataire tient", "What the provider's staff holds")
	tOnePerson   = i18n.T("Les habilitations d'une personne", "One person's assignments")
	tDays        = i18n.T("Jours pour répondre (1 à 90)", "Days to answer (1 to 90)")
	tOpened      = i18n.T("La revue est ouverte ; ceux qui répondent sont prévenus.", "The review is open; those who answer are told.")

	tResult     = i18n.T("Résultat de la revue", "Result of the review")
	tResultLead = i18n.T("Ce qui a été gardé, par qui et pourquoi ; ce qui a été retiré.", "What was kept, by whom and why; what was revoked.")
	tWaitingN   = i18n.T("Sans réponse", "No answer")
	tKeptN      = i18n.T("Gardées", "Kept")
	tRevokedN   = i18n.T("Retirées", "Revoked")
	tLapsedN    = i18n.T("Retirées faute de réponse", "Revoked without an answer")
	tLeftTitle  = i18n.T("Une habilitation est restée sans réponse et n'a pas été retirée", "An assignment got no answer and was not revoked")
	tLeftText   = i18n.T("Elle tient la dernière personne qui administre l'organisation. Nommez une seconde personne, puis revoyez-la.", "It is the last administrator's. Name a second one, then review it.")
	tBy         = i18n.T("Par", "By")
	tExportCSV  = i18n.T("CSV", "CSV")
	tExportPDF  = i18n.T("PDF", "PDF")
	tExportHint = i18n.T("exporter le résultat", "export the result")
	tRestore    = i18n.T("Rétablir", "Restore")
	tRestoreWhy = i18n.T("Pourquoi la rétablir", "Why restore it")
	tRestored   = i18n.T("L'habilitation est rétablie.", "The assignment is restored.")
	tMore       = i18n.T("Suite", "More")

	tToReview     = i18n.T("À revoir", "To review")
	tToReviewLead = i18n.T("Dites pour chaque habilitation si elle est encore nécessaire. Sans réponse à l'échéance, elle est retirée. Jamais les vôtres.", "Say for each assignment whether it is still needed. Without an answer by the deadline it is revoked. Never your own.")
	tAllDone      = i18n.T("Tout est revu", "Everything is reviewed")
	tAllDoneText  = i18n.T("Quand une revue s'ouvre, ou qu'une personne que vous dirigez change de poste, ce qui vous attend arrive ici.", "When a review opens, or somebody you manage changes post, what awaits you comes here.")
	tLastUse      = i18n.T("Dernier usage", "Last use")
	tUnused       = i18n.T("inutilisé : à retirer ?", "unused: to be revoked?")
	tMoved        = i18n.T("changement de poste", "change of post")
	tKeep         = i18n.T("Garder", "Keep")
	tRevoke       = i18n.T("Retirer", "Revoke")
	tKeepBulk     = i18n.T("Garder les lignes cochées", "Keep the ticked lines")
	tKeepHint     = i18n.T("un même rôle, rien d'inutilisé, un motif pour toutes", "one role, nothing unused, one reason for all")
	tAnswered     = i18n.T("C'est noté.", "Noted.")
	tKeptTogether = i18n.N("%d habilitation gardée.", "%d habilitations gardées.", "%d assignment kept.", "%d assignments kept.")
	tOfThem       = i18n.T("%d à revoir ; les %d premières sont ici.", "%d to review; the first %d are here.")
)

var origins = map[string]i18n.Sentence{
	review.Planned: i18n.T("revue périodique", "periodic review"),
	review.AskedBy: i18n.T("demandée par %s", "asked by %s"),
	review.Mover:   i18n.T("changement de poste de %s", "%s changed post"),
}

type reviewsView struct {
	org      core.ID
	now      time.Time
	list     review.Overview
	form     review.Start
	problems ui.Problems
}

func (p pages) reviews(w http.ResponseWriter, r *http.Request) error {
	return p.showReviews(w, r, http.StatusOK, review.Start{Scope: review.ScopeAll, Days: 30}, nil)
}

func (p pages) showReviews(w http.ResponseWriter, r *http.Request, status int, f review.Start, problems ui.Problems) error {
	list, err := p.m.Reviews(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "access_review.open"), status, reviewsPage(reviewsView{orgOf(r), p.m.Now(), list, f, problems}))
}

func (p pages) begin(w http.ResponseWriter, r *http.Request) error {
	f := review.Start{Scope: r.PostFormValue("scope"), Role: r.PostFormValue("role"), Days: number(r.PostFormValue("days"))}
	review, err := p.m.Begin(r.Context(), orgOf(r), f)
	if ui.Shown(err) {
		return p.showReviews(w, r, http.StatusUnprocessableEntity, f, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/reviews/"+string(review)), tOpened.In(r.Context()))
}

// why says why a review began.
func why(ctx context.Context, c review.Campaign, names map[core.ID]string) string {
	switch c.Origin {
	case review.Mover:
		return origins[c.Origin].In(ctx, nameOf(ctx, names, c.Person))
	case review.AskedBy:
		return origins[c.Origin].In(ctx, nameOf(ctx, names, c.StartedBy))
	}
	return origins[c.Origin].In(ctx)
}

// looksAt says what a review bears on.
func looksAt(ctx context.Context, c review.Campaign, roles []review.Role) string {
	switch c.Scope {
	case review.ScopeRole:
		return tOneRole.In(ctx) + " : " + review.RoleTitle(ctx, roles, c.Role)
	case review.ScopeStaff:
		return tStaffOnly.In(ctx)
	case review.ScopePerson:
		return tOnePerson.In(ctx)
	}
	return tAllOf.In(ctx)
}

func openBadge(ctx context.Context, c review.Campaign) ui.Badge {
	if c.Open() {
		return ui.Badge{Text: tOpenNow.In(ctx), Tone: ui.Info}
	}
	if c.Counts.Left > 0 {
		return ui.Badge{Text: tClosed.In(ctx), Tone: ui.Warn}
	}
	return ui.Badge{Text: tClosed.In(ctx), Tone: ui.Good}
}

func (v reviewsView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list.Campaigns))
	for i, c := range v.list.Campaigns {
		href := at(v.org, "/reviews/"+string(c.ID))
		rows[i] = ui.Row{Href: href, Cells: []templ.Component{
			ui.To(i18n.Date(ctx, c.StartedAt), href), ui.Words(why(ctx, c, v.list.Names)), ui.Words(looksAt(ctx, c, v.list.Roles)),
			ui.Time{At: c.Deadline},
			ui.Words(tProgressOf.In(ctx, c.Counts.Done(), c.Counts.Total)),
			ui.Words(strconv.Itoa(c.Counts.Kept)), ui.Words(strconv.Itoa(c.Counts.Revoked + c.Counts.Lapsed)), openBadge(ctx, c),
		}}
	}
	return rows
}

type resultView struct {
	org      core.ID
	now      time.Time
	result   review.Result
	problems ui.Problems
}

func (p pages) result(w http.ResponseWriter, r *http.Request) error {
	return p.showResult(w, r, http.StatusOK, ids.Typed(r.PathValue("review")), nil)
}

func (p pages) showResult(w http.ResponseWriter, r *http.Request, status int, which core.ID, problems ui.Problems) error {
	v, err := p.m.Review(r.Context(), orgOf(r), which, ids.Typed(r.URL.Query().Get("after")))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "access_review.export", "access_review.undo"), status, resultPage(resultView{orgOf(r), p.m.Now(), v, problems}))
}

func (v resultView) path() string { return at(v.org, "/reviews/"+string(v.result.Campaign.ID)) }

func (v resultView) next() string {
	if v.result.Next == "" {
		return ""
	}
	return v.path() + "?after=" + string(v.result.Next)
}

var answerTones = map[string]ui.Tone{
	review.Kept: ui.Good, review.Revoked: ui.Bad, review.Lapsed: ui.Warn, review.Left: ui.Warn, review.Restored: ui.Info,
}

func (v resultView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.result.Lines))
	for i, l := range v.result.Lines {
		name := nameOf(ctx, v.result.Names, l.Person)
		by := v.result.Names[l.AnsweredBy]
		if by == "" && l.Answer != "" {
			by = tPlatform.In(ctx)
		}
		var act templ.Component = ui.Words("")
		if l.Answer == review.Lapsed && v.now.Sub(l.AnsweredAt) <= 24*time.Hour && ui.May(ctx, "access_review.undo") {
			act = restoreForm(v, l, name)
		}
		rows[i] = ui.Row{Label: name, Cells: []templ.Component{
			ui.Person(name, v.result.Posts[l.Person]), ui.Words(review.RoleTitle(ctx, v.result.Roles, l.Role)), ui.Words(review.ScopeWords(ctx, l.Service, l.Object)),
			templ.Join(ui.Time{At: l.From}, ui.Words(" – "), ui.Time{At: l.Until, Never: tNoEnd.In(ctx)}),
			ui.Badge{Text: review.AnswerTitle(ctx, l.Answer), Tone: answerTones[l.Answer]},
			ui.Words(l.Word), templ.Join(ui.Words(by+" "), ui.Time{At: l.AnsweredAt, Relative: true}),
			act,
		}}
	}
	return rows
}

func (p pages) file(w http.ResponseWriter, r *http.Request) error {
	format := r.URL.Query().Get("format")
	if format == "" {
		format = review.FormatCSV
	}
	f, err := p.m.Export(r.Context(), orgOf(r), ids.Typed(r.PathValue("review")), format)
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, f.Bytes)
}

func (p pages) restore(w http.ResponseWriter, r *http.Request) error {
	err := p.m.Restore(r.Context(), orgOf(r), ids.Typed(r.PathValue("line")), r.PostFormValue("word"))
	which := ids.Typed(r.PostFormValue("review"))
	if ui.Shown(err) && which != "" {
		return p.showResult(w, r, http.StatusUnprocessableEntity, which, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/reviews/"+string(which)), tRestored.In(r.Context()))
}

type tasksView struct {
	org      core.ID
	tasks    review.Tasks
	word     string
	problems ui.Problems
}

func (p pages) tasks(w http.ResponseWriter, r *http.Request) error {
	return p.showTasks(w, r, http.StatusOK, "", nil)
}

func (p pages) showTasks(w http.ResponseWriter, r *http.Request, status int, word string, problems ui.Problems) error {
	t, err := p.m.ToAnswer(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, tasksPage(tasksView{orgOf(r), t, word, problems}))
}

func (p pages) answer(w http.ResponseWriter, r *http.Request) error {
	word := r.PostFormValue("word")
	err := p.m.Answer(r.Context(), orgOf(r), ids.Typed(r.PathValue("line")), r.PostFormValue("answer") == "keep", word)
	if ui.Shown(err) {
		return p.showTasks(w, r, http.StatusUnprocessableEntity, "", ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/reviews/mine"), tAnswered.In(r.Context()))
}

func (p pages) keep(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	word := r.PostFormValue("word")
	n, err := p.m.KeepTogether(r.Context(), orgOf(r), idsOf(r.PostForm["line"]), word)
	if ui.Shown(err) {
		return p.showTasks(w, r, http.StatusUnprocessableEntity, word, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/reviews/mine"), tKeptTogether.In(r.Context(), n))
}

func (v tasksView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.tasks.Tasks))
	for i, t := range v.tasks.Tasks {
		name := nameOf(ctx, v.tasks.Names, t.Person)
		role := review.RoleTitle(ctx, v.tasks.Roles, t.Role)
		used := ui.Line(lastUse(ctx, t.LastUse))
		if t.Unused {
			used = ui.Line(lastUse(ctx, t.LastUse), ui.Badge{Text: tUnused.In(ctx), Tone: ui.Warn})
		}
		what := taskWhat(role, scoped(ctx, t.Line), t.Reason)
		if t.Origin == review.Mover {
			what = ui.Line(what, ui.Badge{Text: tMoved.In(ctx), Tone: ui.Info})
		}
		rows[i] = ui.Row{ID: string(t.ID), Label: name + ", " + role, Cells: []templ.Component{
			ui.Person(name, v.tasks.Posts[t.Person].Function), what, used, ui.Words(i18n.Date(ctx, t.Deadline)), answerForm(v.org, t, name+", "+role),
		}}
		if t.Unused || t.Origin == review.Mover {
			rows[i].ID = "" // looked at one by one
		}
	}
	return rows
}

// scoped says what a line reaches, when it is not everything.
func scoped(ctx context.Context, l review.Line) string {
	if l.Service == "" && l.Object == "" {
		return ""
	}
	return review.ScopeWords(ctx, l.Service, l.Object)
}

// lastDay shows an end as the last day that it includes.
func lastDay(ctx context.Context, t time.Time) templ.Component {
	if t.IsZero() {
		return ui.Faint(tNoEnd.In(ctx))
	}
	return ui.Words(i18n.Date(ctx, t.Add(-time.Microsecond)))
}

func lastUse(ctx context.Context, t time.Time) templ.Component {
	if t.IsZero() {
		return ui.Faint(tNever.In(ctx))
	}
	return ui.Words(i18n.Date(ctx, t))
}

// ticked puts before each row the checkbox that joins it to the form above the table.
func ticked(rows []ui.Row) []ui.Row {
	for i, r := range rows {
		rows[i].Cells = append([]templ.Component{tick(r)}, r.Cells...)
	}
	return rows
}
