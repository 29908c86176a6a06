package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/statistics"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

type pages struct{ m *statistics.Module }

// Routes are the pages of this module.
func Routes(m *statistics.Module) (routes []edge.Route) {
	p := pages{m}
	for _, base := range []string{"/provider/statistics", "/o/{org}/statistics"} {
		routes = append(routes,
			edge.Route{Pattern: "GET " + base, Access: edge.Needs(statistics.See), Handle: p.list},
			edge.Route{Pattern: "POST " + base, Access: edge.Needs(statistics.Ask), Handle: p.ask},
		)
	}
	return routes
}

var (
	tTitle    = i18n.T("Statistiques", "Statistics")
	tLead     = i18n.T("Des chiffres sur tous, qui ne disent rien d'un seul : chaque compte porte un bruit tiré au sort, et un groupe de moins de dix personnes ne se montre pas.", "Figures about all that tell nothing about one: each count carries noise drawn at random, and a group of fewer than ten persons is not shown.")
	tBudget   = i18n.T("Budget de confidentialité du mois", "Privacy budget of the month")
	tSpent    = i18n.T("%s sur %s dépensés en %s", "%s of %s spent in %s")
	tBudgetIs = i18n.T("Chaque question coûte selon sa précision. Au-delà du budget, elle est refusée jusqu'au mois suivant ; la même question, posée de nouveau, reçoit le même chiffre et ne coûte rien.", "Each question costs according to its precision. Beyond the budget it is refused until the next month; the same question, asked again, gets the same figure and costs nothing.")
	tAsk      = i18n.T("Demander", "Ask")
	tAskCard  = i18n.T("Demander une statistique", "Ask for a statistic")
	tMeasure  = i18n.T("Ce que l'on compte", "What is counted")
	tHow      = i18n.T("Précision", "Precision")
	tHowTip   = i18n.T("Plus elle est fine, plus elle coûte.", "The finer, the dearer.")
	tCosts    = i18n.T("%s : à ± %d près, coûte %s", "%s: within ± %d, costs %s")
	tGroup    = i18n.T("Groupe", "Group")
	tCount    = i18n.T("Personnes", "Persons")
	tFew      = i18n.T("moins de 10", "fewer than 10")
	tAbout    = i18n.T("environ %s", "about %s")
	tNoise    = i18n.T("%s, bruit de ± %d (95 fois sur 100), coût %s", "%s, noise of ± %d (95 times out of 100), cost %s")
	tNone     = i18n.T("Aucune statistique demandée", "No statistic was asked for")
	tNoneText = i18n.T("Choisissez ce qu'il faut compter : le chiffre restera affiché ici.", "Choose what to count: the figure will stay here.")
	tGiven    = i18n.T("Statistique donnée.", "Statistic given.")
	tConsole  = i18n.T("Console", "Console")
)

type view struct {
	statistics.View
	org                core.ID
	measure, precision string
	problems           ui.Problems
}

func orgOf(r *http.Request) core.ID {
	if org := r.PathValue("org"); org != "" {
		return core.ID(org)
	}
	return core.Platform
}

func (v view) path() string {
	if v.org == core.Platform {
		return "/provider/statistics"
	}
	return "/o/" + string(v.org) + "/statistics"
}

func (v view) section() string {
	if v.org == core.Platform {
		return ui.ProviderStatistics
	}
	return ui.Statistics
}

func (v view) crumbs(ctx context.Context) []ui.Crumb {
	if v.org == core.Platform {
		return []ui.Crumb{{Label: tConsole.In(ctx), Href: "/provider"}}
	}
	return nil
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, http.StatusOK, view{})
}

func (p pages) show(w http.ResponseWriter, r *http.Request, status int, v view) (err error) {
	v.org = orgOf(r)
	if v.View, err = p.m.List(r.Context(), v.org); err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, statistics.Ask.Permission), status, page(v))
}

func (p pages) ask(w http.ResponseWriter, r *http.Request) error {
	v := view{org: orgOf(r), measure: r.PostFormValue("measure"), precision: r.PostFormValue("precision")}
	_, err := p.m.Ask(r.Context(), v.org, v.measure, v.precision)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return p.show(w, r, http.StatusUnprocessableEntity, v)
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, v.path(), tGiven.In(r.Context()))
}

func say(ctx context.Context, t core.Text) string { return i18n.From(t).In(ctx) }

// epsilon writes thousandths of epsilon.
func epsilon(ctx context.Context, milli int64) string {
	text := []byte{byte('0' + milli/1000), '.', byte('0' + milli/100%10), byte('0' + milli/10%10)}
	if i18n.Of(ctx) == i18n.FR {
		text[1] = ','
	}
	return string(text)
}

func measures(ctx context.Context) (list []ui.Option) {
	for _, m := range statistics.Measures {
		list = append(list, ui.Option{Value: m.ID, Label: say(ctx, m.Title)})
	}
	return list
}

func precisions(ctx context.Context) (list []ui.Option) {
	for _, p := range statistics.Precisions {
		list = append(list, ui.Option{Value: p.ID, Label: tCosts.In(ctx, say(ctx, p.Title), statistics.Spread(p.Milli), epsilon(ctx, p.Milli))})
	}
	return list
}

func rows(ctx context.Context, r statistics.Release) []ui.Row {
	out := make([]ui.Row, len(r.Figures))
	for i, f := range r.Figures {
		value := tFew.In(ctx)
		if f.Shown {
			value = tAbout.In(ctx, i18n.Number(ctx, f.Value))
		}
		out[i] = ui.Row{Cells: []templ.Component{ui.Words(say(ctx, f.Title)), ui.Words(value)}}
	}
	return out
}
