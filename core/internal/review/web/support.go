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
	tSupport     = i18n.T("Entrer chez une organisation", "Enter an organization")
	tSupportLead = i18n.T("Le personnel n'entre chez un client que si ce client l'y laisse, pour une raison dite et jusqu'à une date. Demandez-le ; une personne qui administre l'organisation répond.", "Staff enters a client's space only when that client lets it, for a stated reason and until a date. Ask; an administrator of the organization answers.")
	tOrg         = i18n.T("Organisation", "Organization")
	tChooseOrg   = i18n.T("Choisissez une organisation", "Choose an organization")
	tSupportEnd  = i18n.T("Jusqu'au (inclus), 90 jours au plus", "Until (included), 90 days at most")
	tSupportWhy  = i18n.T("Numéro du ticket, question posée…", "Ticket number, question asked…")
	tSupportMine = i18n.T("Mes demandes d'entrée", "My requests to be let in")
	tSupportNone = i18n.T("Aucune demande d'entrée", "No request to be let in")
	tSupportSent = i18n.T("L'organisation est prévenue ; rien ne s'ouvre avant sa réponse.", "The organization is told; nothing opens before its answer.")
)

type supportForm struct{ Org, Until, Reason string }

type supportView struct {
	view     review.SupportView
	form     supportForm
	problems ui.Problems
}

func (p pages) support(w http.ResponseWriter, r *http.Request) error {
	return p.showSupport(w, r, http.StatusOK, supportForm{Until: p.inDays(7)}, nil)
}

func (p pages) showSupport(w http.ResponseWriter, r *http.Request, status int, f supportForm, problems ui.Problems) error {
	v, err := p.m.OwnSupport(r.Context())
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, supportPage(supportView{v, f, problems}))
}

func (p pages) askIn(w http.ResponseWriter, r *http.Request) error {
	f := supportForm{r.PostFormValue("organization"), r.PostFormValue("until"), r.PostFormValue("reason")}
	until, err := dayEnd(f.Until, "until")
	if err == nil {
		_, err = p.m.AskIn(r.Context(), ids.Typed(f.Org), f.Reason, until)
	}
	if ui.Shown(err) {
		return p.showSupport(w, r, http.StatusUnprocessableEntity, f, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, "/provider/support", tSupportSent.In(r.Context()))
}

func (v supportView) orgs(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: "", Label: tChooseOrg.In(ctx)}}
	for _, o := range v.view.Orgs {
		if o.State == "active" && o.ID != core.Canaries && o.ID != core.Strangers {
			out = append(out, ui.Option{Value: string(o.ID), Label: o.Name})
		}
	}
	return out
}

func (v supportView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.view.Requests))
	for i, r := range v.view.Requests {
		name := templ.Component(ui.Words(v.view.Names[r.Org]))
		if r.State == review.Granted {
			name = ui.To(v.view.Names[r.Org], "/o/"+string(r.Org)+"/habilitations")
		}
		rows[i] = ui.Row{Cells: []templ.Component{name, ui.Words(r.Reason), ui.Time{At: r.AskedAt, Relative: true}, lastDay(ctx, r.Until), stateBadge(ctx, r.State), ui.Words(r.Word)}}
	}
	return rows
}
