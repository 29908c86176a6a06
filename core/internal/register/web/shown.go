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
	tShown     = i18n.T("Pourquoi vos données sont traitées", "Why your data are processed")
	tShownLead = i18n.T("Ce que chaque organisation fait de vos données, d'après le registre en vigueur : pourquoi, sur quelle base, combien de temps, pour qui (articles 13 et 14 du RGPD).", "What each organization does with your data, from the register in force: why, on which ground, for how long, for whom (articles 13 and 14 GDPR).")
	tShownWho  = i18n.T("Responsable", "Controller")
	tShownAsk  = i18n.T("Exercer un droit", "Exercise a right")
	tMine      = i18n.T("Mes données", "My data")
	tAbroad    = i18n.T("Sous-traitants", "Sub-processors")
)

type shownView struct{ list []register.Form }

// shown is the person's own page: anyone reads what is done with their data.
func shown(m *register.Module) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		list, err := m.Shown(r.Context(), core.ActorOf(r.Context()).ID)
		if err != nil {
			return err
		}
		return ui.Render(w, r, http.StatusOK, shownPage(shownView{list}))
	}
}

// answers says who is responsible, as the register has it, and where to write.
func (v shownView) answers(ctx context.Context, f register.Form) ui.Facts {
	name := f.Organization
	if f.Card["name"] != "" {
		name = f.Card["name"]
	}
	facts := ui.Facts{{Label: tShownWho.In(ctx), Text: name}}
	for _, field := range register.Fields[register.Card] {
		if text := f.Card[field.Name]; text != "" && field.Name != "name" {
			facts = append(facts, ui.Fact{Label: field.Title.In(ctx), Text: text})
		}
	}
	if f.Contact != "" {
		facts = append(facts, ui.Fact{Label: tOfficer.In(ctx), Text: f.Contact})
	}
	var names []core.Text
	for _, p := range f.Processors {
		names = append(names, core.Text{FR: p.Name + " (" + p.Country + ")", EN: p.Name + " (" + p.Country + ")"})
	}
	if len(names) > 0 {
		facts = append(facts, ui.Fact{Label: tAbroad.In(ctx), Text: join(ctx, names)})
	}
	return facts
}

func (v shownView) heads(ctx context.Context) (cols []ui.Column) {
	for _, s := range []i18n.Sentence{tActivity, tPurposes, tBases, tData, tRetention, tRecipients} {
		cols = append(cols, ui.Column{Label: s.In(ctx)})
	}
	return cols
}

func (v shownView) rows(ctx context.Context, f register.Form) []ui.Row {
	out := make([]ui.Row, len(f.Activities))
	for i, e := range f.Activities {
		title := i18n.From(e.Title).In(ctx)
		cells := []templ.Component{ui.Words(tOf.In(ctx, title, i18n.From(e.About).In(ctx)))}
		for _, list := range [][]core.Text{e.Purposes, e.Bases, e.Data, e.Retention, append(e.Recipients[:len(e.Recipients):len(e.Recipients)], e.Transfers...)} {
			cells = append(cells, ui.Words(join(ctx, list)))
		}
		out[i] = ui.Row{Label: title, Cells: cells}
	}
	return out
}
