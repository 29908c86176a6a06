package web

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tMine      = i18n.T("Mes demandes", "My requests")
	tMineLead  = i18n.T("Ce que vous avez demandé au sujet de vos données, et où cela en est. Une réponse vous est due dans le mois.", "What you asked about your data, and where it stands. An answer is due to you within one month.")
	tNewOne    = i18n.T("Exercer un droit", "Exercise a right")
	tNoneMine  = i18n.T("Aucune demande", "No request")
	tNoneText  = i18n.T("Vous pouvez accéder à vos données, les faire corriger ou effacer, vous opposer à un usage.", "You can have access to your data, have them corrected or erased, object to a use.")
	tToWhom    = i18n.T("À qui", "To whom")
	tSure      = i18n.T("Vous venez de prouver qui vous êtes : la demande est traitée sans autre vérification.", "You have just proved who you are: the request is dealt with without any other check.")
	tCorrect   = i18n.T("Corrections", "Corrections")
	tCorrHint  = i18n.T("Pour une rectification : écrivez seulement ce qui doit changer.", "For a rectification: write only what must change.")
	tPurpose   = i18n.T("Usage visé", "Use concerned")
	tPurpHint  = i18n.T("Pour une opposition ou un retrait de consentement.", "For an objection or a withdrawal of consent.")
	tEveryUse  = i18n.T("tous, ou celui que je décris plus haut", "all, or the one that I describe above")
	tAskedNote = i18n.T("Demande enregistrée. Un accusé de réception vous a été envoyé.", "Request recorded. A receipt was sent to you.")
)

func (p pages) mine(w http.ResponseWriter, r *http.Request) error {
	list, err := p.m.Mine(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, minePage(list))
}

func mineRows(ctx context.Context, list []rights.Followed) []ui.Row {
	rows := make([]ui.Row, len(list))
	for i, f := range list {
		href := minePath + "/" + string(f.ID)
		rows[i] = ui.Row{Label: f.Kind.Title().In(ctx), Href: href, Cells: []templ.Component{
			ui.To(f.Kind.Title().In(ctx), href), ui.Words(f.Desk), stateBadge(ctx, f.State), ui.Words(i18n.Date(ctx, f.Received)), ui.Words(i18n.Date(ctx, f.Due.Add(-time.Second))),
		}}
	}
	return rows
}

type askView struct {
	places   []rights.Place
	uses     []rights.Use
	draft    rights.Draft
	org      core.ID
	problems ui.Problems
}

func (v askView) options() []ui.Option {
	list := make([]ui.Option, len(v.places))
	for i, p := range v.places {
		list[i] = ui.Option{Value: string(p.Org), Label: p.Name}
	}
	return list
}

func (v askView) purposes(ctx context.Context) []ui.Option {
	list := []ui.Option{{Label: tEveryUse.In(ctx)}}
	for _, u := range v.uses {
		list = append(list, ui.Option{Value: string(u.Purpose), Label: u.Title.In(ctx)})
	}
	return list
}

func (p pages) asking(w http.ResponseWriter, r *http.Request) error {
	places, err := p.m.Places(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, askPage(askView{places: places, uses: p.m.Uses(r.Context()), draft: rights.Draft{Kind: rights.Kind(r.URL.Query().Get("kind"))}}))
}

func (p pages) asked(w http.ResponseWriter, r *http.Request) error {
	d, org := draftOf(r), core.ID(r.PostFormValue("desk"))
	made, err := p.m.Ask(r.Context(), org, d)
	if ui.Shown(err) {
		places, again := p.m.Places(r.Context())
		if again != nil {
			return again
		}
		return ui.Render(w, r, edge.StatusOf(err), askPage(askView{places, p.m.Uses(r.Context()), d, org, ui.ProblemsOf(r.Context(), err)}))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, minePath+"/"+string(made), tAskedNote.In(r.Context()))
}

func (p pages) mineOne(w http.ResponseWriter, r *http.Request) error {
	f, err := p.m.MineOne(r.Context(), id(r, "rights_request"))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, mineOnePage(f))
}

func (p pages) withdrawn(w http.ResponseWriter, r *http.Request) error {
	one := id(r, "rights_request")
	if err := p.m.Withdraw(r.Context(), one); err != nil {
		return err
	}
	return ui.Redirect(w, r, minePath+"/"+string(one), tWithdrawn.In(r.Context()))
}
