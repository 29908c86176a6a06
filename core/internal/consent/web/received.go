package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tInbox      = i18n.T("Partages reçus", "Shares received")
	tInboxLead  = i18n.T("Ce que des personnes ont choisi de vous montrer, et rien d'autre. Elles voient quand vous regardez, et peuvent arrêter à tout moment.", "What persons chose to show you, and nothing else. They see when you look, and can stop at any time.")
	tPerson     = i18n.T("Personne", "Person")
	tRef        = i18n.T("Partage %s", "Share %s")
	tNoShare    = i18n.T("Aucun partage", "No share")
	tNoShareTxt = i18n.T("Par défaut, seule la personne voit ses données. Publiez une demande : ce que des personnes partagent s'affichera ici.", "By default only the person sees their data. Publish a question: what persons share will be listed here.")
	tTheirs     = i18n.T("Appartient à la personne", "Belongs to the person")
	tOurs       = i18n.T("Appartient à votre organisation", "Belongs to your organization")
	tTheirsLead = i18n.T("Sa copie disparaît dès que la personne arrête, ou à la date dite.", "Your copy goes as soon as the person stops, or on the date said.")
	tOursLead   = i18n.T("Vos notes. La personne les trouve dans l'export de ses données.", "Your notes. The person finds them in the export of their data.")
	tNote       = i18n.T("Note", "Note")
	tAddNote    = i18n.T("Ajouter une note", "Add a note")
	tNoted      = i18n.T("Note ajoutée.", "Note added.")
	tDrop       = i18n.T("Retirer", "Remove")
	tDropped    = i18n.T("Note retirée.", "Note removed.")
	tNoNote     = i18n.T("Aucune note", "No note")
	tLeft       = i18n.T("Vos notes dont le partage a pris fin", "Your notes whose share has ended")
)

type inboxView struct {
	consent.Inbox
	org core.ID
}

func (p pages) inbox(w http.ResponseWriter, r *http.Request) error {
	org := orgOf(r)
	v, err := p.m.List(r.Context(), org)
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, consent.NoteShare.Permission), http.StatusOK, inboxPage(inboxView{v, org}))
}

func sharesPath(org core.ID, parts ...string) string {
	path := "/o/" + string(org) + "/shares"
	for _, part := range parts {
		path += "/" + part
	}
	return path
}

// name is the person's when they share it, the end of the share's id otherwise.
func name(ctx context.Context, s consent.Received) string {
	if s.Name != "" {
		return s.Name
	}
	return tRef.In(ctx, string(s.ID[max(0, len(s.ID)-6):]))
}

func (v inboxView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Shares))
	for i, s := range v.Shares {
		who, href := name(ctx, s), sharesPath(v.org, string(s.ID))
		out[i] = ui.Row{Label: who, Href: href, Cells: []templ.Component{ui.To(who, href), ui.Words(say(ctx, s.Title)), ui.Mono(string(s.Purpose)), ui.Time{At: s.From}, ui.Time{At: s.Until}}}
	}
	return out
}

func noteRows(ctx context.Context, org core.ID, notes []consent.Note) []ui.Row {
	out := make([]ui.Row, len(notes))
	for i, n := range notes {
		out[i] = ui.Row{Cells: []templ.Component{ui.Time{At: n.At}, ui.Words(n.Text), dropButton(org, n.ID, i18n.Moment(ctx, n.At))}}
	}
	return out
}

func noteColumns(ctx context.Context) []ui.Column {
	return []ui.Column{{Label: tWhen.In(ctx)}, {Label: tNote.In(ctx)}, {Label: tDrop.In(ctx), Aside: true}}
}

type shareView struct {
	consent.Reading
	org      core.ID
	text     string
	problems ui.Problems
}

func (p pages) read(w http.ResponseWriter, r *http.Request) error {
	return p.showShare(w, r, http.StatusOK, shareView{})
}

func (p pages) showShare(w http.ResponseWriter, r *http.Request, status int, v shareView) (err error) {
	v.org = orgOf(r)
	if v.Reading, err = p.m.Read(r.Context(), v.org, ids.Typed(r.PathValue("share"))); err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, consent.NoteShare.Permission), status, sharePage(v))
}

func (p pages) write(w http.ResponseWriter, r *http.Request) error {
	org, share, text := orgOf(r), ids.Typed(r.PathValue("share")), r.PostFormValue("text")
	_, err := p.m.Write(r.Context(), org, share, text)
	if ui.Shown(err) {
		return p.showShare(w, r, http.StatusUnprocessableEntity, shareView{text: text, problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, sharesPath(org, string(share)), tNoted.In(r.Context()))
}

func (p pages) drop(w http.ResponseWriter, r *http.Request) error {
	org := orgOf(r)
	if err := p.m.DropNote(r.Context(), org, ids.Typed(r.PathValue("note"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, sharesPath(org), tDropped.In(r.Context()))
}
