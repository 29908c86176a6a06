package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/inventory"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tClientLead     = i18n.T("Qui traite des données pour le compte du prestataire, où et pour quoi faire. Vous êtes prévenu 30 jours avant un changement.", "Who processes data on behalf of the provider, where and what for. You are told 30 days before a change.")
	tClientNone     = i18n.T("Aucun sous-traitant", "No sub-processor")
	tClientNoneText = i18n.T("Le prestataire n'en déclare aucun. Vous serez prévenu si cela change.", "The provider declares none. You will be told if that changes.")
)

// shown are the columns of clients.
var shown = []string{"label", "service", "country", "region", "ground", "data", "terms", "starts"}

func (p pages) clients(w http.ResponseWriter, r *http.Request) error {
	v, err := p.m.ForClients(r.Context(), core.ID(r.PathValue("org")))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, clientsPage(v))
}

func clientColumns(ctx context.Context) (cols []ui.Column) {
	for _, name := range shown {
		f, _ := inventory.Processors.FieldOf(name)
		cols = append(cols, ui.Column{Label: f.Title.In(ctx)})
	}
	return cols
}

func clientRows(ctx context.Context, list []inventory.Values) []ui.Row {
	out := make([]ui.Row, len(list))
	for i, v := range list {
		out[i].Label = v["label"]
		for _, name := range shown {
			f, _ := inventory.Processors.FieldOf(name)
			out[i].Cells = append(out[i].Cells, templ.Component(ui.Words(say(ctx, f, v[name], nil))))
		}
	}
	return out
}

// action is where a form goes; back is where one comes from.
func (v formView) action() string {
	if v.item == "" {
		return v.at()
	}
	return v.at(string(v.item))
}

func (v formView) back() string {
	if v.item == "" && v.parent != "" {
		return inventory.Paths[inventory.Evaluations.ID] + "/" + string(v.parent)
	}
	return v.action()
}
