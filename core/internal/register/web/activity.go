package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tObjective  = i18n.T("Objectif", "Objective")
	tRecipients = i18n.T("Destinataires", "Recipients")
	tTransfers  = i18n.T("Transferts hors de l'Union", "Transfers outside the Union")
	tRetention  = i18n.T("Durées de conservation", "Retention")
	tSoftware   = i18n.T("Logiciels utilisés", "Software used")
	tColumns    = i18n.T("Données traitées", "Data processed")
	tOf         = i18n.T("%s : %s", "%s: %s")
	tColumn     = i18n.T("Colonne", "Column")
	tCategory   = i18n.T("Catégorie", "Category")
	tPurpose    = i18n.T("Finalité", "Purpose")
	tBasis      = i18n.T("Base légale", "Legal basis")
	tKeptFor    = i18n.T("Durée", "Retention")
	tSealed     = i18n.T("Chiffrée", "Encrypted")
	tBlind      = i18n.T("Oui, illisible du prestataire", "Yes, unreadable to the provider")
	tErasure    = i18n.T("À l'effacement", "When erased")
	tYes        = i18n.T("oui", "yes")
	tNo         = i18n.T("non", "no")
	tNoColumn   = i18n.T("Aucune donnée personnelle n'est gardée par cette activité.", "This activity keeps no personal data.")
	tHands      = i18n.T("Écrit à la main", "Written by hand")
	tNoHand     = i18n.T("Rien n'a été ajouté à la main.", "Nothing was added by hand.")
	tAddSaid    = i18n.T("Ajouter une phrase", "Add a sentence")
	tChange     = i18n.T("Modifier", "Change")
	tSuspend    = i18n.T("Suspendre l'activité", "Suspend the activity")
	tSuspendHow = i18n.T("Ses finalités sont retirées : tout acte qui s'en réclame est refusé à la prochaine requête, sur tous les serveurs. La plateforme continue d'effacer, et chacun de lire et d'emporter ses données.", "Its purposes are taken away: any act that claims them is refused at the next request, on every server. The platform goes on erasing, and everyone reading and taking their own data.")
	tReason     = i18n.T("Raison", "Reason")
	tResume     = i18n.T("Remettre en vigueur", "Put in force again")
	tPaused     = i18n.T("Activité suspendue. Ses finalités sont refusées dès maintenant.", "Activity suspended. Its purposes are refused from now on.")
	tResumed    = i18n.T("Activité remise en vigueur.", "Activity in force again.")
	tPauses     = i18n.T("Suspensions", "Suspensions")
	tLifted     = i18n.T("Levée", "Lifted")
	tNotLifted  = i18n.T("en cours", "still suspended")
	tProvider   = i18n.T("Vérifiées sur la plateforme par ses propres sondes.", "Checked on the platform by its own probes.")
)

type activityView struct {
	pages
	register.Page
	org      core.ID
	problems ui.Problems
	reason   string
}

func (p pages) show(w http.ResponseWriter, r *http.Request, status int, v activityView) error {
	page, err := p.m.Activity(r.Context(), v.org, r.PathValue("activity"))
	if err != nil {
		return err
	}
	v.pages, v.Page = p, page
	return ui.Render(w, ui.Asking(r, register.Write.Permission, register.Suspend.Permission), status, activityPage(v))
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, http.StatusOK, activityView{org: p.org(r)})
}

func (p pages) suspend(w http.ResponseWriter, r *http.Request) error {
	org, activity, reason := p.org(r), r.PathValue("activity"), r.PostFormValue("reason")
	err := p.m.Suspend(r.Context(), org, activity, reason)
	if ui.Shown(err) {
		return p.show(w, r, http.StatusUnprocessableEntity, activityView{org: org, problems: ui.ProblemsOf(r.Context(), err), reason: reason})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, p.at(org, "activities", activity), tPaused.In(r.Context()))
}

func (p pages) resume(w http.ResponseWriter, r *http.Request) error {
	org, activity := p.org(r), r.PathValue("activity")
	if err := p.m.Resume(r.Context(), org, activity); err != nil {
		return err
	}
	return ui.Redirect(w, r, p.at(org, "activities", activity), tResumed.In(r.Context()))
}

func (v activityView) title(ctx context.Context) string { return i18n.From(v.Title).In(ctx) }

func (v activityView) facts(ctx context.Context) ui.Facts {
	facts := ui.Facts{{Label: tState.In(ctx), Value: badges(ctx, v.Entry)}, {Label: tObjective.In(ctx), Text: i18n.From(v.About).In(ctx)}}
	for _, one := range []struct {
		label i18n.Sentence
		list  []core.Text
	}{
		{tPurposes, v.Purposes},
		{tBases, v.Bases},
		{tPersons, v.Persons},
		{tData, v.Data},
		{tRetention, v.Retention},
		{tRecipients, v.Recipients},
		{tTransfers, v.Transfers},
		{tMeasures, v.Measures},
	} {
		if len(one.list) > 0 {
			facts = append(facts, ui.Fact{Label: one.label.In(ctx), Text: join(ctx, one.list)})
		}
	}
	if v.Software != "" {
		facts = append(facts, ui.Fact{Label: tSoftware.In(ctx), Text: v.Software})
	}
	return facts
}

func (v activityView) columns(ctx context.Context) (out []ui.Row) {
	say := func(t core.Text) templ.Component { return ui.Words(i18n.From(t).In(ctx)) }
	for _, t := range v.Tables {
		for _, c := range t.Columns {
			sealed := tNo
			switch {
			case c.Blind:
				sealed = tBlind
			case c.Sealed:
				sealed = tYes
			}
			out = append(out, ui.Row{Label: c.Name, Cells: []templ.Component{
				ui.Words(tOf.In(ctx, i18n.From(t.Title).In(ctx), c.Name)), say(c.Category), say(c.Purpose), say(c.Basis), say(c.Retention), ui.Words(sealed.In(ctx)), say(c.Erasure),
			}})
		}
	}
	return out
}

func columnHeads(ctx context.Context) (cols []ui.Column) {
	for _, s := range []i18n.Sentence{tColumn, tCategory, tPurpose, tBasis, tKeptFor, tSealed, tErasure} {
		cols = append(cols, ui.Column{Label: s.In(ctx)})
	}
	return cols
}

func (v activityView) pauses(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Pauses))
	for i, p := range v.Pauses {
		who := v.Names[p.By]
		if who == "" {
			who = tGone.In(ctx)
		}
		out[i] = ui.Row{Cells: []templ.Component{ui.Time{At: p.At}, ui.Words(who), ui.Words(p.Reason), ui.Time{At: p.LiftedAt, Never: tNotLifted.In(ctx)}}}
	}
	return out
}
