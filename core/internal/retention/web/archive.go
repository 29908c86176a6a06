package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/retention"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tArcLead    = i18n.T("Ce qui doit être gardé des années après la fin, à part. Chaque lecture a une raison, et le journal la garde.", "What must be kept for years after the end, apart. Each reading has a reason, and the journal keeps it.")
	tShelves    = i18n.T("Ce que l'archive contient", "What the archive holds")
	tFirstTerm  = i18n.T("Premier terme", "First term")
	tRecords    = i18n.T("Enregistrements", "Records")
	tSearch     = i18n.T("Chercher", "Search")
	tReason     = i18n.T("Raison", "Reason")
	tReasonHint = i18n.T("Écrite dans le journal avec votre nom.", "Written in the journal with your name.")
	tWhich      = i18n.T("Organisation", "Organization")
	tWhichHint  = i18n.T("Son identifiant, tel que la liste le montre ; une organisation effacée y reste jusqu'au terme.", "Its id, as the list shows it; an erased organization stays there until the term.")
	tPerson     = i18n.T("Personne", "Person")
	tPersonHint = i18n.T("Son adresse, ou son identifiant si son compte est effacé.", "Their address, or their id when their account is erased.")
	tFound      = i18n.T("Trouvé", "Found")
	tNoneFound  = i18n.T("Aucun enregistrement", "No record")
	tEmptyArc   = i18n.T("L'archive est vide", "The archive is empty")
	tMovedAt    = i18n.T("Archivé le", "Archived on")
	tTerm       = i18n.T("Terme", "Term")
	tContent    = i18n.T("Contenu", "Content")
)

type archiveView struct {
	base
	shelves             []retention.Shelf
	searched            bool
	found               []retention.Kept
	which, who, because string
	problems            ui.Problems
}

func (p pages) archive(w http.ResponseWriter, r *http.Request) error {
	return p.shown(w, r, http.StatusOK, archiveView{})
}

func (p pages) shown(w http.ResponseWriter, r *http.Request, status int, v archiveView) (err error) {
	v.org, v.path = at(r)
	if v.shelves, err = p.m.Shelves(r.Context()); err != nil {
		return err
	}
	return ui.Render(w, asking(r), status, archivePage(v))
}

func (p pages) search(w http.ResponseWriter, r *http.Request) error {
	v := archiveView{which: r.PostFormValue("org"), who: r.PostFormValue("person"), because: r.PostFormValue("reason")}
	person, err := ids.Typed(strings.TrimSpace(v.who)), error(nil)
	if strings.Contains(v.who, "@") {
		person, err = p.m.Find(r.Context(), core.Platform, v.who)
	}
	if err == nil {
		v.found, err = p.m.Search(r.Context(), retention.Quest{Org: ids.Typed(strings.TrimSpace(v.which)), Person: person, Reason: v.because})
	}
	if ui.Shown(err) || core.CodeOf(err) == "hold.nobody" {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return p.shown(w, r, http.StatusUnprocessableEntity, v)
	} else if err != nil {
		return err
	}
	v.searched = true
	return p.shown(w, r, http.StatusOK, v)
}

func (v archiveView) shelfRows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.shelves))
	for i, s := range v.shelves {
		out[i] = ui.Row{Label: string(s.Org), Cells: []templ.Component{ui.Mono(string(s.Org)), ui.Mono(s.Table), ui.Words(i18n.Number(ctx, s.N)), ui.Words(i18n.Date(ctx, s.Next))}}
	}
	return out
}

func (v archiveView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.found))
	for i, k := range v.found {
		var text []string
		for _, f := range k.Fields() {
			if value := fmt.Sprint(k.Values[f]); value != "" && value != "0" {
				text = append(text, f+": "+value)
			}
		}
		out[i] = ui.Row{Label: k.Table, Cells: []templ.Component{
			ui.Mono(k.Table), ui.Words(i18n.Date(ctx, k.Moved)), ui.Words(i18n.Date(ctx, k.Until)), ui.Words(strings.Join(text, " · ")),
		}}
	}
	return out
}
