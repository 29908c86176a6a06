package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tReference     = i18n.T("Ce que l'API sait faire", "What the API can do")
	tReferenceLead = i18n.T("Toutes les opérations, sous /api/v1, avec la permission que chacune demande. La description complète, pour les programmes, est au format OpenAPI 3.1.", "Every operation, under /api/v1, with the permission that each asks for. The full description, for programs, is in the OpenAPI 3.1 format.")
	tOpenAPI       = i18n.T("Description OpenAPI", "OpenAPI description")
	tOperation     = i18n.T("Opération", "Operation")
	tWhat          = i18n.T("Ce qu'elle fait", "What it does")
	tPermission    = i18n.T("Permission", "Permission")
	tProof         = i18n.T("Preuve récente : pas par jeton", "Recent proof: not by token")
	tEnglish       = i18n.T("Les noms et les descriptions des opérations sont en anglais, comme dans OpenAPI.", "The names and descriptions of operations are in English, as in OpenAPI.")
)

// group is the operations of one subject.
type group struct {
	tag  string
	rows []ui.Row
}

func groups(ctx context.Context, all []rest.Described) []group {
	var list []group
	at := map[string]int{}
	for _, d := range all {
		i, ok := at[d.Tag]
		if !ok {
			i = len(list)
			at[d.Tag] = i
			list = append(list, group{tag: d.Tag})
		}
		var needs templ.Component = ui.Faint("—")
		if act := d.Access.Act(); act != nil {
			parts := []templ.Component{ui.Mono(string(act.Permission))}
			if act.Fresh > 0 {
				parts = append(parts, ui.Badge{Text: tProof.In(ctx), Tone: ui.Info})
			}
			needs = ui.Line(parts...)
		}
		list[i].rows = append(list[i].rows, ui.Row{Label: d.Summary, Cells: []templ.Component{ui.Mono(d.Method + " " + strings.TrimPrefix(d.Path, rest.Prefix)), english(d.Summary), needs}})
	}
	return list
}

func (p pages) reference(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, referencePage(groups(r.Context(), p.operations())))
}
