package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/preview"
)

var (
	tsSees       = i18n.T("Ce que voit le programme", "What the program sees")
	tsSeesLead   = i18n.T("Il annonce des noms : fichiers, tables, colonnes. Jamais une valeur, ni une adresse, ni un compte.", "It announces names: files, tables, columns. Never a value, nor an address, nor an account.")
	tsSeesWhich  = i18n.T("Où sont vos contacts ?", "Where are your contacts?")
	tsSeesPick   = i18n.T("Choisissez un outil de la liste.", "Choose a tool of the list.")
	tsUseTool    = i18n.T("Lire cet outil", "Read this tool")
	tsWriteIt    = i18n.T("Écrire l'accès moi-même", "Write the access myself")
	tsSeesWait   = i18n.T("Le programme n'a pas encore dit ce qu'il voit", "The program has not told what it sees yet")
	tsSeesWaitTx = i18n.T("Il regarde toutes les quelques secondes si on l'attend. Il faut qu'il tourne, et que son fichier agent.yaml dise où il peut regarder.", "It looks every few seconds whether somebody waits for it. It has to be running, and its file agent.yaml has to say where it may look.")
	tsSeesNone   = i18n.T("Le programme ne voit aucun outil", "The program sees no tool")
	tsSeesNoneTx = i18n.T("Dans agent.yaml, dites où il peut regarder : look: {folder: /dossier}, puis relancez-le.", "In agent.yaml, say where it may look: look: {folder: /folder}, then start it again.")
	tsSeesFault  = i18n.T("Le programme n'a pas pu regarder", "The program could not look")
	tsSeesAgain  = i18n.T("Regarder de nouveau", "Look again")
	tsSeesOff    = i18n.T("Vus, mais illisibles", "Seen, but they cannot be read")
	tsSeesNoCols = i18n.T("%s ; ses champs seront dits ensuite", "%s; its fields are told next")
	tsSeesHint   = i18n.T("%s : %s", "%s: %s")
	tsOnTheSpot  = i18n.T("L'outil est réglé sur place", "The tool is set on the spot")
	tsChooseSeen = i18n.T("Choisir parmi ce qu'il voit", "Choose among what it sees")
)

// mostHinted is how many columns a choice names.
const mostHinted = 12

type toolsView struct {
	recognition.Link
	recognition.Tools
	problems ui.Problems
}

func (v toolsView) told() bool { return !v.ToldAt.IsZero() }

// options are the tools that can be read, each with its columns.
func (v toolsView) options(ctx context.Context) (list []ui.Option) {
	for _, t := range v.Tools.Tools.Tools {
		if t.Fault != "" {
			continue
		}
		hint := tsSeesNoCols.In(ctx, kindTitle(ctx, t.Kind))
		if len(t.Fields) > 0 {
			columns := t.Fields[:min(len(t.Fields), mostHinted)]
			hint = tsSeesHint.In(ctx, kindTitle(ctx, t.Kind), strings.Join(columns, ", "))
			if len(columns) < len(t.Fields) {
				hint += "…"
			}
		}
		list = append(list, ui.Option{Value: t.Name, Label: t.Name, Hint: hint})
	}
	return list
}

// off are those that cannot be read, with the reason.
func (v toolsView) off(ctx context.Context) (rows []ui.Row) {
	for _, t := range v.Tools.Tools.Tools {
		if t.Fault != "" {
			rows = append(rows, ui.Row{Label: t.Name, Cells: []templ.Component{ui.Words(t.Name), ui.Words(kindTitle(ctx, t.Kind)), ui.Words(explained(ctx, t.Fault))}})
		}
	}
	return rows
}

func (p setup) toolsView(ctx context.Context, org, link core.ID) (v toolsView, err error) {
	if v.Link, err = p.m.Link(ctx, org, link); err != nil {
		return v, err
	}
	v.Tools, err = p.m.ReadTools(ctx, org, link)
	return v, err
}

func (p setup) tools(w http.ResponseWriter, r *http.Request) error {
	v, err := p.toolsView(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), http.StatusOK, toolsPage(v))
}

func (p setup) toolsState(w http.ResponseWriter, r *http.Request) error {
	v, err := p.toolsView(r.Context(), setupOrg(r), setupLink(r))
	if err != nil {
		return err
	}
	return ui.Render(w, askedOf(r), http.StatusOK, toolsState(v))
}

// toolChosen has the program read a tool that it announced, and asks it for the shapes of its fields.
func (p setup) toolChosen(w http.ResponseWriter, r *http.Request) error {
	ctx, org, link := r.Context(), setupOrg(r), setupLink(r)
	v, err := p.toolsView(ctx, org, link)
	if err != nil {
		return err
	}
	name := r.PostFormValue("tool")
	if name == "" {
		v.problems = ui.Problems{{Field: "tool", Text: tsSeesPick.In(ctx)}}
		return ui.Render(w, askedOf(r), http.StatusUnprocessableEntity, toolsPage(v))
	}
	err = p.m.ChooseTool(ctx, org, link, name)
	if err == nil {
		err = p.m.AskPreview(ctx, org, link)
	}
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, linkAt(org, link, "/fields"), "")
}

func (p setup) toolsAsked(w http.ResponseWriter, r *http.Request) error {
	org, link := setupOrg(r), setupLink(r)
	if err := p.m.AskTools(r.Context(), org, link); err != nil {
		return err
	}
	return ui.Redirect(w, r, linkAt(org, link, "/tools"), "")
}

// announced gives the fields of the tool that was chosen among those announced, before the program has read it.
func announced(t recognition.Tools) (fields []preview.Field) {
	tool, _ := t.Named(t.Chosen)
	for _, name := range tool.Fields {
		fields = append(fields, preview.Field{Name: name})
	}
	return fields
}
