package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/inventory"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var (
	tRegisters = i18n.T("Registres", "Registers")
	tAdd       = i18n.T("Ajouter", "Add")
	tEdit      = i18n.T("Modifier", "Change")
	tSave      = i18n.T("Enregistrer", "Save")
	tBack      = i18n.T("Retour", "Back")
	tExport    = i18n.T("Exporter en CSV", "Export as CSV")
	tFilter    = i18n.T("Filtrer", "Filter")
	tSettle    = i18n.T("À régler", "To be settled")
	tNothing   = i18n.T("Rien ici", "Nothing here")
	tNoneOver  = i18n.T("Aucune ligne ne correspond à ce filtre.", "No line matches this filter.")
	tKept      = i18n.T("Enregistré. La version précédente reste lisible.", "Saved. The former version can still be read.")
	tAdded     = i18n.T("Ajouté au registre.", "Added to the register.")
	tFileHint  = i18n.T("PDF, PNG, JPEG ou texte, 10 Mio chacun, 5 à la fois. Ils sont chiffrés. Si le formulaire revient, joignez-les de nouveau.", "PDF, PNG, JPEG or text, 10 MiB each, 5 at once. They are encrypted. If the form comes back, attach them again.")
	tNobody    = i18n.T("Personne", "Nobody")
	tChoose    = i18n.T("Choisir", "Choose")
	tHistory   = i18n.T("Histoire", "History")
	tWhen      = i18n.T("Quand", "When")
	tWhat      = i18n.T("Ce qui a changé", "What changed")
	tWho       = i18n.T("Qui", "Who")
	tRevision  = i18n.T("Révision", "Revision")
	tEntry     = i18n.T("Entrée du journal", "Entry of the journal")
	tName      = i18n.T("Nom", "Name")
	tSize      = i18n.T("Taille", "Size")
	tNoFile    = i18n.T("Aucun fichier joint", "No file attached")
	tCreated   = i18n.T("ajout au registre", "added to the register")
	tSet       = i18n.T("%s : %s", "%s: %s")
	tCleared   = i18n.T("%s : %s → vide", "%s: %s → empty")
	tTurned    = i18n.T("%s : %s → %s", "%s: %s → %s")
	tNext      = i18n.T(" ; ", "; ")
	tFileOnly  = i18n.T("fichier joint", "file attached")
	tGone      = i18n.T("Personne effacée", "Erased person")
	tKibi      = i18n.T("%d Kio", "%d KiB")
	tFindings  = i18n.T("Constats", "Findings")
	tAddFind   = i18n.T("Ajouter un constat", "Add a finding")
	tNoFind    = i18n.T("Aucun constat", "No finding")
	tParent    = i18n.T("Évaluation", "Evaluation")
	tSee       = i18n.T("Ouvrir l'évaluation", "Open the evaluation")
)

var filters = map[string]i18n.Sentence{
	inventory.FilterLive: i18n.T("En cours", "Current"), inventory.FilterFlagged: tSettle, inventory.FilterOver: i18n.T("Terminé", "Over"),
}

// list is the pages of one register.
type list struct {
	pages
	r *inventory.Register
}

func (p list) at(parts ...string) string {
	path := inventory.Paths[p.r.ID]
	for _, part := range parts {
		path += "/" + part
	}
	return path
}

type listView struct {
	list
	view   inventory.View
	filter string
}

func (p list) list(w http.ResponseWriter, r *http.Request) error {
	filter := r.URL.Query().Get("show")
	if _, known := filters[filter]; !known {
		filter = inventory.FilterLive
	}
	v, err := p.m.List(r.Context(), p.r, filter)
	if err != nil {
		return err
	}
	asked := ui.Asking(r, p.r.Add.Permission, p.r.Export.Permission, "asset.read", "subprocessor.read", "document.read", "evaluation.read")
	return ui.Render(w, asked, http.StatusOK, listPage(listView{p, v, filter}))
}

// registers are the tabs from one register to the others.
func (p list) registers(ctx context.Context) ui.Tabs {
	t := ui.Tabs{Label: tRegisters.In(ctx)}
	for _, r := range inventory.Registers {
		if r == p.r || ui.May(ctx, r.Read.Permission) {
			t.Items = append(t.Items, ui.Tab{Label: r.Title.In(ctx), Href: inventory.Paths[r.ID], Current: r == p.r})
		}
	}
	return t
}

func (v listView) tabs(ctx context.Context) ui.Tabs {
	t := ui.Tabs{Label: tFilter.In(ctx)}
	for _, f := range inventory.Filters {
		href := v.at()
		if f != "" {
			href += "?show=" + f
		}
		t.Items = append(t.Items, ui.Tab{Label: filters[f].In(ctx), Href: href, Current: v.filter == f, Count: v.view.Count[f]})
	}
	return t
}

func columns(ctx context.Context, r *inventory.Register) (cols []ui.Column) {
	for _, f := range r.Fields {
		if f.Listed {
			cols = append(cols, ui.Column{Label: f.Title.In(ctx)})
		}
	}
	return append(cols, ui.Column{Label: tSettle.In(ctx)})
}

func rows(ctx context.Context, p list, items []inventory.Item, names map[core.ID]string) []ui.Row {
	out := make([]ui.Row, len(items))
	for i := range items {
		it := &items[i]
		row := ui.Row{Label: it.Values["label"], Href: p.at(string(it.ID)), Faded: it.Over()}
		for _, f := range p.r.Fields {
			switch {
			case !f.Listed:
			case f.Name == "label":
				row.Cells = append(row.Cells, ui.To(it.Values["label"], row.Href))
			default:
				row.Cells = append(row.Cells, ui.Words(say(ctx, f, it.Values[f.Name], names)))
			}
		}
		row.Cells = append(row.Cells, badges(ctx, it.Flags(p.m.Now())))
		out[i] = row
	}
	return out
}

// say is a value as a page shows it: days in words.
func say(ctx context.Context, f inventory.Field, value string, names map[core.ID]string) string {
	if f.Sort == inventory.Day {
		if day, err := time.Parse(time.DateOnly, value); err == nil {
			return i18n.Date(ctx, day)
		}
	}
	return f.Show(ctx, value, names)
}

func badges(ctx context.Context, flags []string) templ.Component {
	parts := make([]templ.Component, len(flags))
	for i, f := range flags {
		tone := ui.Warn
		if inventory.Grave(f) {
			tone = ui.Bad
		}
		parts[i] = ui.Badge{Text: inventory.FlagTitle(f).In(ctx), Tone: tone}
	}
	return ui.Line(parts...)
}

func (v listView) none(ctx context.Context) ui.Empty {
	if v.filter != inventory.FilterLive {
		return ui.Empty{Title: tNothing.In(ctx), Text: tNoneOver.In(ctx), Icon: "check"}
	}
	return ui.Empty{Title: tNothing.In(ctx), Text: v.r.Empty.In(ctx), Icon: "doc"}
}

type formView struct {
	list
	item     core.ID // "" for a new line
	parent   core.ID
	revision int64
	values   inventory.Values
	team     map[core.ID]string
	problems ui.Problems
}

func (p list) form(w http.ResponseWriter, r *http.Request, status int, v formView) (err error) {
	v.list = p
	if v.team, err = p.m.Team(r.Context()); err != nil {
		return err
	}
	return ui.Render(w, r, status, formPage(v))
}

func (p list) blank(w http.ResponseWriter, r *http.Request) error {
	v := formView{parent: ids.Typed(r.URL.Query().Get("evaluation")), values: inventory.Values{}}
	if p.r == inventory.Findings && v.parent == "" {
		return ui.Redirect(w, r, inventory.Paths[inventory.Evaluations.ID], inventory.Findings.Empty.In(r.Context()))
	}
	if f, ok := p.r.FieldOf("state"); ok { // the first state is the usual one
		v.values["state"] = f.Options[0].Value
	}
	return p.form(w, r, http.StatusOK, v)
}

func (p list) edit(w http.ResponseWriter, r *http.Request) error {
	page, err := p.m.Get(r.Context(), p.r, ids.Typed(r.PathValue("item")))
	if err != nil {
		return err
	}
	return p.form(w, r, http.StatusOK, formView{item: page.ID, parent: page.Parent, revision: page.Revision, values: page.Values})
}

// typed reads what a person wrote.
func (p list) typed(r *http.Request) (inventory.Draft, error) {
	files, err := uploads(r)
	d := inventory.Draft{Values: inventory.Values{}, Files: files}
	for _, f := range p.r.Fields {
		d.Values[f.Name] = r.PostFormValue(f.Name)
	}
	d.Revision, _ = strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	return d, err
}

func (p list) add(w http.ResponseWriter, r *http.Request) error {
	d, err := p.typed(r)
	if err != nil {
		return err
	}
	d.Parent = ids.Typed(r.PostFormValue("parent"))
	made, err := p.m.Add(r.Context(), p.r, d)
	if ui.Shown(err) {
		return p.form(w, r, http.StatusUnprocessableEntity, formView{parent: d.Parent, values: d.Values, problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, p.at(string(made)), tAdded.In(r.Context()))
}

func (p list) change(w http.ResponseWriter, r *http.Request) error {
	item := ids.Typed(r.PathValue("item"))
	d, err := p.typed(r)
	if err != nil {
		return err
	}
	err = p.m.Change(r.Context(), p.r, item, d)
	if ui.Shown(err) {
		return p.form(w, r, http.StatusUnprocessableEntity, formView{item: item, revision: d.Revision, values: d.Values, problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, p.at(string(item)), tKept.In(r.Context()))
}

// options are the choices of a field; an empty one stands first.
func (v formView) options(ctx context.Context, f inventory.Field) []ui.Option {
	first := ui.Option{Label: tChoose.In(ctx)}
	var out []ui.Option
	if f.Sort == inventory.Staff {
		if !f.Due {
			first.Label = tNobody.In(ctx)
		}
		for person, name := range v.team {
			out = append(out, ui.Option{Value: string(person), Label: name})
		}
		slices.SortFunc(out, func(a, b ui.Option) int { return cmp.Compare(a.Label, b.Label) })
		if now := v.values[f.Name]; now != "" && v.team[core.ID(now)] == "" {
			out = append(out, ui.Option{Value: now, Label: tGone.In(ctx)})
		}
	}
	for _, o := range f.Options {
		out = append(out, ui.Option{Value: o.Value, Label: o.Title.In(ctx)})
	}
	return append([]ui.Option{first}, out...)
}

// crumbs lead back to the register, and to the line that is changed.
func (v formView) crumbs(ctx context.Context) []ui.Crumb {
	list := []ui.Crumb{{Label: v.r.Title.In(ctx), Href: v.at()}}
	if v.item != "" && v.values["label"] != "" {
		list = append(list, ui.Crumb{Label: v.values["label"], Href: v.at(string(v.item))})
	}
	return list
}

func hint(ctx context.Context, f inventory.Field) string { return f.Hint.In(ctx) }

type oneView struct {
	list
	inventory.Page
}

func (p list) one(w http.ResponseWriter, r *http.Request) error {
	page, err := p.m.Get(r.Context(), p.r, ids.Typed(r.PathValue("item")))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, p.r.Change.Permission, p.r.Add.Permission), http.StatusOK, onePage(oneView{p, page}))
}

func (v oneView) facts(ctx context.Context) ui.Facts {
	var facts ui.Facts
	if flags := v.Flags(v.m.Now()); len(flags) > 0 {
		facts = append(facts, ui.Fact{Label: tSettle.In(ctx), Value: badges(ctx, flags)})
	}
	if v.Parent != "" {
		facts = append(facts, ui.Fact{Label: tParent.In(ctx), Value: ui.To(tSee.In(ctx), inventory.Paths[inventory.Evaluations.ID]+"/"+string(v.Parent))})
	}
	for _, f := range v.r.Fields {
		if s := say(ctx, f, v.Values[f.Name], v.Names); s != "" && f.Name != "label" {
			facts = append(facts, ui.Fact{Label: f.Title.In(ctx), Text: s})
		}
	}
	return facts
}

func (v oneView) files(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Files))
	for i, f := range v.Files {
		out[i] = ui.Row{Label: f.Name, Cells: []templ.Component{
			ui.To(f.Name, v.at(string(v.ID), "files", string(f.ID))), ui.Words(strconv.FormatInt(f.Revision, 10)), ui.Words(tKibi.In(ctx, (f.Size+1023)/1024)), ui.Mono(f.Digest),
		}}
	}
	return out
}

// history says what each version changed, newest first.
func (v oneView) history(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Versions))
	for i := range v.Versions {
		it := &v.Versions[i]
		what := ""
		if i+1 == len(v.Versions) {
			what = tCreated.In(ctx)
		} else {
			what = changes(ctx, v.r, v.Versions[i+1].Values, it.Values, v.Names)
		}
		who := v.Names[it.ChangedBy]
		if who == "" {
			who = tGone.In(ctx)
		}
		out[i] = ui.Row{Cells: []templ.Component{ui.Words(strconv.FormatInt(it.Revision, 10)), ui.Time{At: it.ChangedAt}, ui.Words(what), ui.Words(who), ui.Mono(string(it.Entry))}}
	}
	return out
}

func changes(ctx context.Context, r *inventory.Register, before, after inventory.Values, names map[core.ID]string) string {
	text := ""
	for _, f := range r.Fields {
		if before[f.Name] == after[f.Name] {
			continue
		}
		if text != "" {
			text += tNext.In(ctx)
		}
		title, was, is := f.Title.In(ctx), say(ctx, f, before[f.Name], names), say(ctx, f, after[f.Name], names)
		switch {
		case f.Sort == inventory.Lines:
			text += title
		case was == "":
			text += tSet.In(ctx, title, is)
		case is == "":
			text += tCleared.In(ctx, title, was)
		default:
			text += tTurned.In(ctx, title, was, is)
		}
	}
	if text == "" {
		return tFileOnly.In(ctx)
	}
	return text
}

func (p list) file(w http.ResponseWriter, r *http.Request) error {
	f, content, err := p.m.Open(r.Context(), p.r, ids.Typed(r.PathValue("item")), ids.Typed(r.PathValue("file")))
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, content)
}

func (p list) export(w http.ResponseWriter, r *http.Request) error {
	content, name, err := p.m.CSV(r.Context(), p.r)
	if err != nil {
		return err
	}
	return edge.Attach(w, "text/csv; charset=utf-8", name, content)
}
