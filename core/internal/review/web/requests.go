package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tRequests     = i18n.T("Mes demandes", "My requests")
	tRequestsLead = i18n.T("Demandez un rôle pour le temps qu'il vous faut. Votre responsable décide ; chaque étape est au journal.", "Ask for a role for as long as you need it. Your manager decides; every step is in the journal.")
	tBossIs       = i18n.T("Votre responsable, %s, répond à vos demandes.", "Your manager, %s, answers your requests.")
	tNoBoss       = i18n.T("Vous n'avez pas de responsable dans cette organisation : les personnes qui l'administrent répondent à vos demandes.", "You have no manager in this organization: its administrators answer your requests.")
	tAskTitle     = i18n.T("Demander un rôle", "Ask for a role")
	tAskFor       = i18n.T("Demander", "Ask")
	tChooseRole   = i18n.T("Choisissez un rôle", "Choose a role")
	tGraveHint    = i18n.T("Un rôle sensible demande aussi l'accord d'une personne qui administre l'organisation.", "A sensitive role also needs the word of an administrator of the organization.")
	tObject       = i18n.T("Identifiant de l'objet", "Id of the object")
	tObjectHint   = i18n.T("Pour un seul objet ; vide pour toute l'organisation.", "For one object only; empty for the whole organization.")
	tWishUntil    = i18n.T("Jusqu'au (inclus), un an au plus", "Until (included), a year at most")
	tWhyAsk       = i18n.T("Ce que vous avez à faire, et pour combien de temps.", "What you have to do, and for how long.")
	tAskedNote    = i18n.T("Votre demande est partie.", "Your request is sent.")
	tNoRequest    = i18n.T("Aucune demande", "No request")
	tAskedOn      = i18n.T("Demandé", "Asked")
	tAnswerWord   = i18n.T("Réponse", "Answer")
	tWithdraw     = i18n.T("Retirer", "Withdraw")
	tWithdrawn    = i18n.T("La demande est retirée.", "The request is withdrawn.")
	tToJudgeN     = i18n.N("%d demande attend votre réponse", "%d demandes attendent votre réponse", "%d request awaits your answer", "%d requests await your answer")
	tToReviewN    = i18n.N("%d habilitation attend que vous la revoyiez", "%d habilitations attendent que vous les revoyiez", "%d assignment awaits your review", "%d assignments await your review")
	tSeeThem      = i18n.T("Les voir", "See them")

	tToJudge     = i18n.T("À juger", "To judge")
	tToJudgeLead = i18n.T("Les demandes des personnes que vous dirigez, et celles que personne d'autre ne juge. Jamais les vôtres.", "The requests of those you manage, and those that nobody else judges. Never your own.")
	tNothing     = i18n.T("Rien à juger", "Nothing to judge")
	tNothingText = i18n.T("Quand une personne que vous dirigez demande un rôle, sa demande arrive ici.", "When somebody you manage asks for a role, the request comes here.")
	tAsksFor     = i18n.T("%s demande : %s", "%s asks for: %s")
	tWants       = i18n.T("Fin souhaitée", "End wished")
	tManagerSaid = i18n.T("Accordée par", "Granted by")
	tGraveRole   = i18n.T("Ce rôle est sensible : après votre accord, une personne qui administre l'organisation confirmera.", "This role is sensitive: after your word, an administrator of the organization will confirm.")
	tGrantUntil  = i18n.T("Accorder jusqu'au (inclus)", "Grant until (included)")
	tJudgeWord   = i18n.T("Votre mot à la personne", "Your word to the person")
	tJudgeHint   = i18n.T("Obligatoire pour refuser.", "Required to refuse.")
	tGrant       = i18n.T("Accorder", "Grant")
	tRefuse      = i18n.T("Refuser", "Refuse")
	tJudged      = i18n.T("C'est dit ; la personne est prévenue.", "Said; the person is told.")
)

var requestStates = map[string]struct {
	words i18n.Sentence
	tone  ui.Tone
}{
	review.Asked:     {i18n.T("attend une réponse", "awaits an answer"), ui.Info},
	review.Confirm:   {i18n.T("attend une confirmation", "awaits a confirmation"), ui.Info},
	review.Granted:   {i18n.T("accordée", "granted"), ui.Good},
	review.Refused:   {i18n.T("refusée", "refused"), ui.Bad},
	review.Expired:   {i18n.T("restée sans réponse", "got no answer"), ui.Warn},
	review.Withdrawn: {i18n.T("retirée", "withdrawn"), ui.Neutral},
}

func stateBadge(ctx context.Context, state string) ui.Badge {
	s := requestStates[state]
	return ui.Badge{Text: s.words.In(ctx), Tone: s.tone}
}

type askForm struct{ Role, Object, Until, Reason string }

type requestsView struct {
	org      core.ID
	mine     review.Mine
	form     askForm
	problems ui.Problems
}

func (p pages) requests(w http.ResponseWriter, r *http.Request) error {
	f := askForm{Role: r.URL.Query().Get("role"), Until: p.inDays(90)}
	return p.showRequests(w, r, http.StatusOK, f, nil)
}

func (p pages) showRequests(w http.ResponseWriter, r *http.Request, status int, f askForm, problems ui.Problems) error {
	mine, err := p.m.Own(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, requestsPage(requestsView{orgOf(r), mine, f, problems}))
}

func (p pages) ask(w http.ResponseWriter, r *http.Request) error {
	f := askForm{r.PostFormValue("role"), r.PostFormValue("object"), r.PostFormValue("until"), r.PostFormValue("reason")}
	until, err := dayEnd(f.Until, "until")
	if err == nil {
		_, err = p.m.Ask(r.Context(), orgOf(r), review.Wish{Role: f.Role, Object: core.ID(f.Object), Reason: f.Reason, Until: until})
	}
	if ui.Shown(err) {
		return p.showRequests(w, r, http.StatusUnprocessableEntity, f, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/requests"), tAskedNote.In(r.Context()))
}

func (p pages) withdraw(w http.ResponseWriter, r *http.Request) error {
	err := p.m.Withdraw(r.Context(), orgOf(r), ids.Typed(r.PathValue("request")))
	if ui.Shown(err) {
		return p.showRequests(w, r, http.StatusUnprocessableEntity, askForm{Until: p.inDays(90)}, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/requests"), tWithdrawn.In(r.Context()))
}

func (v requestsView) boss(ctx context.Context) string {
	if v.mine.Manager == "" {
		return tNoBoss.In(ctx)
	}
	return tBossIs.In(ctx, v.mine.Manager)
}

func roleOptions(ctx context.Context, roles []review.Role, first string) []ui.Option {
	out := []ui.Option{{Value: "", Label: first}}
	for _, r := range roles {
		out = append(out, ui.Option{Value: r.ID, Label: i18n.From(r.Title).In(ctx)})
	}
	return out
}

func (v requestsView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.mine.Requests))
	for i, r := range v.mine.Requests {
		var act templ.Component = ui.Words("")
		title := review.RoleTitle(ctx, v.mine.All, r.Role)
		if r.Open() {
			act = withdrawForm(v.org, r.ID, title)
		}
		rows[i] = ui.Row{Label: title, Cells: []templ.Component{
			ui.Words(title), ui.Words(review.ScopeWords(ctx, r.Service, r.Object)), ui.Words(r.Reason),
			ui.Time{At: r.AskedAt, Relative: true},
			ui.Time{At: r.Until},
			stateBadge(ctx, r.State), ui.Words(r.Word), act,
		}}
	}
	return rows
}

type judgeView struct {
	org      core.ID
	queue    review.Queue
	typed    map[core.ID]judgeForm // what was typed, by request
	problems ui.Problems
}

type judgeForm struct{ Until, Word string }

func (p pages) toJudge(w http.ResponseWriter, r *http.Request) error {
	return p.showToJudge(w, r, http.StatusOK, nil, nil)
}

func (p pages) showToJudge(w http.ResponseWriter, r *http.Request, status int, typed map[core.ID]judgeForm, problems ui.Problems) error {
	q, err := p.m.ToJudge(r.Context(), orgOf(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, judgePage(judgeView{orgOf(r), q, typed, problems}))
}

func (p pages) judge(w http.ResponseWriter, r *http.Request) error {
	request := ids.Typed(r.PathValue("request"))
	f := judgeForm{r.PostFormValue("until"), r.PostFormValue("word")}
	until, err := dayEnd(f.Until, "until")
	if err == nil {
		err = p.m.Judge(r.Context(), orgOf(r), request, review.Verdict{Grant: r.PostFormValue("verdict") == "grant", Until: until, Word: f.Word})
	}
	if ui.Shown(err) {
		return p.showToJudge(w, r, http.StatusUnprocessableEntity, map[core.ID]judgeForm{request: f}, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(orgOf(r), "/requests/judge"), tJudged.In(r.Context()))
}

// form gives what was typed for a request, or what it proposes.
func (v judgeView) form(r review.Request) judgeForm {
	if f, ok := v.typed[r.ID]; ok {
		return f
	}
	return judgeForm{Until: dayOf(r.Until)}
}

// error gives what is wrong with a field of the request that was sent.
func (v judgeView) error(r review.Request, field string) string {
	if _, sent := v.typed[r.ID]; sent {
		return v.problems.For(field)
	}
	return ""
}

func (v judgeView) grave(r review.Request) bool {
	for _, role := range v.queue.Roles {
		if role.ID == r.Role {
			return role.Grave && r.State == review.Asked && v.queue.Posts[r.Person].Manager != ""
		}
	}
	return false
}

func (v judgeView) facts(ctx context.Context, r review.Request) ui.Facts {
	facts := ui.Facts{
		{Label: tFunction.In(ctx), Text: v.queue.Posts[r.Person].Function},
		{Label: tScope.In(ctx), Text: review.ScopeWords(ctx, r.Service, r.Object)},
		{Label: tReason.In(ctx), Text: r.Reason},
		{Label: tWants.In(ctx), Value: lastDay(ctx, r.Until)},
		{Label: tAskedOn.In(ctx), Value: ui.Time{At: r.AskedAt, Relative: true}},
	}
	if r.State == review.Confirm {
		facts = append(facts, ui.Fact{Label: tManagerSaid.In(ctx), Text: nameOf(ctx, v.queue.Names, r.Judge)})
	}
	return facts
}
