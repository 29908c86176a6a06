package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tImports     = i18n.T("Importer des membres", "Import members")
	tImportsLead = i18n.T("Un tableau CSV ou Excel est d'abord essayé : rien ne change avant que vous l'ayez vu et appliqué. Un import s'annule pendant 24 heures.", "A CSV or Excel sheet is tried first: nothing changes before you have seen it and applied it. An import can be undone for 24 hours.")
	tFile        = i18n.T("Fichier", "File")
	tFileHint    = i18n.T("CSV ou .xlsx, 10 Mo et 20 000 lignes au plus, sans formule ni macro.", "CSV or .xlsx, at most 10 MB and 20,000 lines, without formulas or macros.")
	tPaste       = i18n.T("Ou collez les lignes", "Or paste the lines")
	tPasteHint   = i18n.T("Depuis un tableur, avec la ligne de titres.", "From a spreadsheet, with the heading line.")
	tTry         = i18n.T("Essayer", "Try it")
	tLast        = i18n.T("Derniers imports", "Last imports")
	tNoImport    = i18n.T("Aucun import", "No import")
	tNoImportHow = i18n.T("Les imports de cette organisation apparaîtront ici.", "The imports of this organization will show here.")
	tWhen        = i18n.T("Quand", "When")
	tNew         = i18n.T("Nouveaux", "New")
	tChanged     = i18n.T("Modifiés", "Changed")
	tSame        = i18n.T("Inchangés", "Same")
	tRefused     = i18n.T("Refusés", "Refused")
	tNewOne      = i18n.T("Nouveau", "New")
	tChangedOne  = i18n.T("Modifié", "Changed")
	tSameOne     = i18n.T("Inchangé", "Same")
	tRefusedOne  = i18n.T("Refusé", "Refused")
	tAll         = i18n.T("Toutes les lignes", "All lines")
	tDry         = i18n.T("Essai d'import", "Dry run of an import")
	tDryLead     = i18n.T("Rien n'a encore changé. Voici ce que chaque ligne ferait.", "Nothing has changed yet. Here is what each line would do.")
	tColumns     = i18n.T("Colonnes", "Columns")
	tColumnsLead = i18n.T("Ce que chaque colonne contient, deviné d'après les titres et les valeurs. Corrigez si besoin.", "What each column holds, guessed from headings and values. Correct it if needed.")
	tColumn      = i18n.T("Colonne %d", "Column %d")
	tIgnore      = i18n.T("ne pas importer", "do not import")
	tHeaded      = i18n.T("La première ligne est une ligne de titres", "The first line is a heading line")
	tAgain       = i18n.T("Refaire l'essai", "Try again")
	tApply       = i18n.T("Appliquer", "Apply")
	tApplyN      = i18n.N("Appliquer : %d membre touché", "Appliquer : %d membres touchés", "Apply: %d member concerned", "Apply: %d members concerned")
	tLeaveOut    = i18n.N("Laisser de côté %d ligne refusée", "Laisser de côté %d lignes refusées", "Leave %d refused line out", "Leave %d refused lines out")
	tInviteNow   = i18n.T("Envoyer tout de suite les invitations", "Send the invitations now")
	tInviteLater = i18n.T("Sinon, envoyez-les plus tard depuis la liste des invités.", "Otherwise, send them later from the list of invited members.")
	tApplied     = i18n.T("Import appliqué. Il peut être annulé pendant 24 heures.", "Import applied. It can be undone for 24 hours.")
	tUndo        = i18n.T("Annuler cet import", "Undo this import")
	tUndoLead    = i18n.T("Les membres ajoutés qui n'ont pas encore accepté disparaissent ; les autres modifications reprennent leur valeur d'avant, sauf si elles ont changé depuis.", "Added members who have not accepted yet go away; other changes take their former value back, unless they changed since.")
	tUndone      = i18n.T("Import annulé.", "Import undone.")
	tUndoneKept  = i18n.N("Import annulé ; %d ligne a été laissée, car elle a changé depuis.", "Import annulé ; %d lignes ont été laissées, car elles ont changé depuis.", "Import undone; %d line was left because it has changed since.", "Import undone; %d lines were left because they have changed since.")
	tDrop        = i18n.T("Jeter cet essai", "Throw this dry run away")
	tDropped     = i18n.T("Essai jeté.", "Dry run thrown away.")
	tLine        = i18n.T("Ligne", "Line")
	tWho         = i18n.T("Personne", "Person")
	tWhat        = i18n.T("Ce qui se passerait", "What would happen")
	tKeptOwn     = i18n.T("laissé à la personne : %s", "left to the person: %s")
	tNothing     = i18n.T("Aucune ligne de cette sorte", "No line of this sort")
	tNothingHow  = i18n.T("Choisissez une autre sorte ci-dessus.", "Choose another sort above.")
	tCutAt       = i18n.T("Les 500 premières lignes de cette sorte sont affichées.", "The first 500 lines of this sort are shown.")
	tUntilWhen   = i18n.T("jusqu'au %s", "until %s")
	tStateOf     = map[string]i18n.Sentence{
		organization.ImportReady: i18n.T("essayé", "tried"), organization.ImportApplied: i18n.T("appliqué", "applied"),
		organization.ImportUndone: i18n.T("annulé", "undone"), organization.ImportEnded: i18n.T("définitif", "final"),
	}
)

// importsView is the page that takes a file and lists the last imports.
type importsView struct {
	org      core.ID
	list     []organization.Import
	paste    string
	problems ui.Problems
}

func (v importsView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.list))
	for i, m := range v.list {
		tone := ui.Neutral
		if m.State == organization.ImportApplied {
			tone = ui.Good
		}
		n := func(n int) templ.Component { return ui.Words(strconv.Itoa(n)) }
		href := at(v.org, "/import/"+string(m.ID))
		rows[i] = ui.Row{Href: href, Label: i18n.Moment(ctx, m.CreatedAt), Cells: []templ.Component{
			ui.To(i18n.Moment(ctx, m.CreatedAt), href),
			ui.Badge{Text: tStateOf[m.State].In(ctx), Tone: tone},
			n(m.Counts.New), n(m.Counts.Changed), n(m.Counts.Same), n(m.Counts.Refused),
		}}
	}
	return rows
}

func (p pages) imports(w http.ResponseWriter, r *http.Request) error {
	return p.importForm(w, r, http.StatusOK, "", nil)
}

func (p pages) importForm(w http.ResponseWriter, r *http.Request, status int, paste string, problems ui.Problems) error {
	org := core.ID(r.PathValue("org"))
	list, err := p.orgs.Imports(r.Context(), org)
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, importsPage(importsView{org, list, paste, problems}))
}

// upload takes a file or pasted lines; the name of the file is not kept.
func (p pages) upload(w http.ResponseWriter, r *http.Request) error {
	org := core.ID(r.PathValue("org"))
	if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return err
	}
	defer func() {
		if r.MultipartForm != nil {
			_ = r.MultipartForm.RemoveAll() // parts beyond the memory limit leave files behind otherwise
		}
	}()
	paste := r.PostFormValue("paste")
	data := []byte(paste)
	if file, _, err := r.FormFile("file"); err == nil {
		defer func() { _ = file.Close() }()
		sent, err := io.ReadAll(io.LimitReader(file, organization.MostBytes+1))
		if err != nil {
			return err
		}
		if len(sent) > 0 {
			data = sent
		}
	}
	id, err := p.orgs.CheckSheet(r.Context(), org, data)
	if ui.Shown(err) {
		return p.importForm(w, r, http.StatusUnprocessableEntity, paste, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, at(org, "/import/"+string(id)), "")
}

// dryView is the page of one import.
type dryView struct {
	organization.Import
	sort     string // which lines are shown
	problems ui.Problems
}

func (v dryView) href(rest string) string { return at(v.Org, "/import/"+string(v.ID)+rest) }

func (v dryView) tabs(ctx context.Context) ui.Tabs {
	tab := func(label i18n.Sentence, sort string, n int) ui.Tab {
		href := v.href("")
		if sort != "" {
			href += "?lines=" + sort
		}
		return ui.Tab{Label: label.In(ctx), Href: href, Current: v.sort == sort, Count: n}
	}
	c := v.Counts
	return ui.Tabs{Label: tLine.In(ctx), Items: []ui.Tab{
		tab(tAll, "", c.New+c.Changed+c.Same+c.Refused), tab(tNew, organization.LineNew, c.New), tab(tChanged, organization.LineChanged, c.Changed),
		tab(tSame, organization.LineSame, c.Same), tab(tRefused, organization.LineRefused, c.Refused),
	}}
}

const mostLines = 500

func (v dryView) rows(ctx context.Context) (rows []ui.Row, cut bool) {
	for _, l := range v.Lines {
		if v.sort != "" && l.Verdict != v.sort {
			continue
		}
		if len(rows) == mostLines {
			return rows, true
		}
		name := core.Person{GivenName: l.Profile.GivenName, FamilyName: l.Profile.FamilyName, Email: l.Profile.Email}.Name()
		rows = append(rows, ui.Row{Label: name, Faded: l.Verdict == organization.LineSame, Cells: []templ.Component{
			ui.Words(strconv.Itoa(l.Number)), verdict(ctx, l.Verdict), ui.Person(name, l.Profile.Email), ui.Words(says(ctx, l)),
		}})
	}
	return rows, false
}

func verdict(ctx context.Context, v string) ui.Badge {
	switch v {
	case organization.LineNew:
		return ui.Badge{Text: tNewOne.In(ctx), Tone: ui.Good}
	case organization.LineChanged:
		return ui.Badge{Text: tChangedOne.In(ctx), Tone: ui.Info}
	case organization.LineSame:
		return ui.Badge{Text: tSameOne.In(ctx)}
	}
	return ui.Badge{Text: tRefusedOne.In(ctx), Tone: ui.Bad}
}

func fieldTitle(ctx context.Context, id string) string {
	for _, f := range organization.ImportFields() {
		if f.ID == id {
			return i18n.From(f.Title).In(ctx)
		}
	}
	return id
}

// says writes what a line would do: why it is refused, or each value before and after.
func says(ctx context.Context, l organization.Line) string {
	if l.Verdict == organization.LineRefused {
		return i18n.Explain(ctx, l.Problem.Code, l.Problem.Args...)
	}
	var parts []string
	for _, c := range l.Changes {
		before := c.Before
		if before == "" {
			before = "∅"
		}
		parts = append(parts, fieldTitle(ctx, c.Field)+" : "+before+" → "+c.After)
	}
	if l.Verdict == organization.LineNew {
		for _, text := range []string{l.Profile.Function, l.Profile.Department, l.Manager} {
			if text != "" {
				parts = append(parts, text)
			}
		}
	}
	if len(l.Kept) > 0 {
		var kept []string
		for _, f := range l.Kept {
			kept = append(kept, fieldTitle(ctx, f))
		}
		parts = append(parts, tKeptOwn.In(ctx, strings.Join(kept, ", ")))
	}
	return strings.Join(parts, " · ")
}

func (v dryView) choice(ctx context.Context, i int) ui.Select {
	options := []ui.Option{{Value: "", Label: tIgnore.In(ctx)}}
	for _, f := range organization.ImportFields() {
		options = append(options, ui.Option{Value: f.ID, Label: i18n.From(f.Title).In(ctx)})
	}
	head := tColumn.In(ctx, i+1)
	if v.Headed && i < len(v.Heads) && v.Heads[i] != "" {
		head = v.Heads[i]
	}
	var sample []string
	for _, row := range v.Sample {
		if i < len(row) && row[i] != "" {
			sample = append(sample, row[i])
		}
	}
	return ui.Select{Name: "column" + strconv.Itoa(i), Label: head, Hint: strings.Join(sample, ", "), Value: v.Columns[i], Options: options, Optional: true}
}

func (p pages) dryRun(w http.ResponseWriter, r *http.Request) error {
	return p.dry(w, r, http.StatusOK, nil)
}

func (p pages) dry(w http.ResponseWriter, r *http.Request, status int, problems ui.Problems) error {
	i, err := p.orgs.ReadImport(r.Context(), core.ID(r.PathValue("org")), core.ID(r.PathValue("import")))
	if err != nil {
		return err
	}
	return ui.Render(w, r, status, dryPage(dryView{i, r.FormValue("lines"), problems}))
}

func (p pages) importDone(w http.ResponseWriter, r *http.Request, err error, to, note string) error {
	if ui.Shown(err) {
		return p.dry(w, r, http.StatusUnprocessableEntity, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, to, note)
}

func (p pages) theImport(r *http.Request) (context.Context, core.ID, core.ID, string) {
	org, id := core.ID(r.PathValue("org")), core.ID(r.PathValue("import"))
	return r.Context(), org, id, at(org, "/import/"+string(id))
}

func (p pages) columns(w http.ResponseWriter, r *http.Request) error {
	ctx, org, id, here := p.theImport(r)
	var columns []string
	for i := 0; i < 100 && r.PostForm != nil || i == 0; i++ {
		v := r.PostFormValue("column" + strconv.Itoa(i))
		if _, sent := r.PostForm["column"+strconv.Itoa(i)]; !sent {
			break
		}
		columns = append(columns, v)
	}
	return p.importDone(w, r, p.orgs.MapColumns(ctx, org, id, columns, r.PostFormValue("headed") != ""), here, "")
}

func (p pages) apply(w http.ResponseWriter, r *http.Request) error {
	ctx, org, id, here := p.theImport(r)
	err := p.orgs.Apply(ctx, org, id, organization.ApplyOptions{LeaveOut: r.PostFormValue("leave_out") != "", Invite: r.PostFormValue("invite") != ""})
	return p.importDone(w, r, err, here, tApplied.In(ctx))
}

func (p pages) undo(w http.ResponseWriter, r *http.Request) error {
	ctx, org, id, here := p.theImport(r)
	kept, err := p.orgs.Undo(ctx, org, id)
	note := tUndone.In(ctx)
	if kept > 0 {
		note = tUndoneKept.In(ctx, kept)
	}
	return p.importDone(w, r, err, here, note)
}

func (p pages) drop(w http.ResponseWriter, r *http.Request) error {
	ctx, org, id, _ := p.theImport(r)
	return p.importDone(w, r, p.orgs.DropImport(ctx, org, id), at(org, "/import"), tDropped.In(ctx))
}

func crumbs(ctx context.Context, v dryView) []ui.Crumb {
	return []ui.Crumb{membersCrumb(ctx, v.Org), {Label: tImports.In(ctx), Href: at(v.Org, "/import")}}
}

func refusedTone(v dryView) ui.Tone {
	if v.Counts.Refused > 0 {
		return ui.Bad
	}
	return ui.Neutral
}

func leaveOut(ctx context.Context, n int) string { return tLeaveOut.In(ctx, n) }
