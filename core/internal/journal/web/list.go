package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

// listView is what the explorer's page shows.
type listView struct {
	where
	titles  Titles
	view    journal.View
	filter  journal.Filter
	search  core.ID // the search that holds the words in force
	started bool    // not on the newest page
	saved   []journal.Search
}

// asked reads the filter of an address: typed filters, and the words of a kept search by its id.
func (p pages) asked(r *http.Request, at where) (listView, error) {
	v := listView{where: at, titles: p.titles, filter: journal.ParseFilter(r.URL.Query())}
	id := core.ID(r.URL.Query().Get("q"))
	if !ids.Valid(string(id)) {
		id = ""
	}
	saved, one, err := p.x.Searches(r.Context(), at.org, id)
	if err != nil {
		return v, err
	}
	v.saved = saved
	if one != nil {
		v.search, v.filter.Words = one.ID, one.Filter.Words
	}
	return v, nil
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	at := whereIs(r)
	if err := p.x.Allowed(r.Context(), at.org); err != nil {
		return err
	}
	v, err := p.asked(r, at)
	if err != nil {
		return err
	}
	mark := journal.Mark{}
	if s := r.URL.Query().Get("before"); s != "" {
		mark, v.started = journal.ParseMark(s), true
	}
	v.view, err = p.x.Page(r.Context(), at.org, v.filter, mark)
	if core.CodeOf(err) == "journal.reason_needed" {
		return ui.Render(w, r, http.StatusOK, reasonPage(reasonView{where: at, back: r.URL.RequestURI()}))
	}
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, listPage(v))
}

// href is the address of the explorer with the filter changed and from the newest entry.
func (v listView) href(change func(*journal.Filter)) string {
	f := v.filter
	change(&f)
	q := f.Query()
	if v.search != "" && f.Words != "" {
		q.Set("q", string(v.search))
	}
	if len(q) == 0 {
		return v.path
	}
	return v.path + "?" + q.Encode()
}

func (v listView) next() string {
	if v.view.Next == (journal.Mark{}) {
		return ""
	}
	here := v.href(func(*journal.Filter) {})
	sep := "?"
	if strings.Contains(here, "?") {
		sep = "&"
	}
	return here + sep + "before=" + url.QueryEscape(v.view.Next.String())
}

func (v listView) first() string {
	if !v.started {
		return ""
	}
	return v.href(func(*journal.Filter) {})
}

func (v listView) exportHref(f journal.Format) string {
	q := v.filter.Query()
	q.Set("format", string(f))
	return v.path + "/export?" + q.Encode()
}

// chips are the filters in force.
func (v listView) chips(ctx context.Context) ui.Chips {
	var c ui.Chips
	add := func(label, value string, drop func(*journal.Filter)) {
		if value != "" {
			c.Items = append(c.Items, ui.Chip{Label: label, Value: value, Remove: v.href(drop)})
		}
	}
	f := v.filter
	add(tPerson.In(ctx), v.named(ctx, f.Person), func(f *journal.Filter) { f.Person = "" })
	add(tActor.In(ctx), v.named(ctx, f.Actor), func(f *journal.Filter) { f.Actor = "" })
	add(tSubject.In(ctx), v.named(ctx, f.Subject), func(f *journal.Filter) { f.Subject = "" })
	add(tAction.In(ctx), f.Action, func(f *journal.Filter) { f.Action = "" })
	add(tResource.In(ctx), string(f.Resource), func(f *journal.Filter) { f.Resource = "" })
	if f.Outcome == "unusual" {
		add(tOutcome.In(ctx), tUnusual.In(ctx), func(f *journal.Filter) { f.Outcome = "" })
	} else if f.Outcome != "" {
		add(tOutcome.In(ctx), outcome(ctx, f.Outcome).Text, func(f *journal.Filter) { f.Outcome = "" })
	}
	if !f.From.IsZero() {
		add(tFrom.In(ctx), i18n.Date(ctx, f.From), func(f *journal.Filter) { *f = without(*f, true) })
	}
	if !f.To.IsZero() {
		add(tTo.In(ctx), i18n.Date(ctx, f.To.AddDate(0, 0, -1)), func(f *journal.Filter) { *f = without(*f, false) })
	}
	add(tWords.In(ctx), f.Words, func(f *journal.Filter) { f.Words = "" })
	if len(c.Items) > 0 {
		c.Clear = v.path
	}
	return c
}

func without(f journal.Filter, from bool) journal.Filter {
	var none journal.Filter
	if from {
		f.From = none.From
	} else {
		f.To = none.To
	}
	return f
}

// named gives the name of a person when it is known here, else their id.
func (v listView) named(ctx context.Context, id core.ID) string {
	if id == "" {
		return ""
	}
	if p, ok := v.view.People[id]; ok {
		return p.Name()
	}
	if !ids.Valid(string(id)) {
		return string(id)
	}
	return tUnknown.In(ctx) + " " + short(string(id))
}

// short is the end of an id: enough to tell two apart on a page.
func short(id string) string {
	if ids.Valid(id) {
		return "…" + id[len(id)-6:]
	}
	return id
}

func (v listView) rows(ctx context.Context) []ui.Row {
	rows := make([]ui.Row, len(v.view.Rows))
	for i, r := range v.view.Rows {
		href := v.entryHref(r.Seq)
		rows[i] = ui.Row{Href: href, Label: v.act(ctx, r), Cells: []templ.Component{
			ui.To(ui.Exact(ctx, r.When), href),
			v.actor(ctx, r),
			actCell(v.act(ctx, r), r.Action),
			onCell(noun(ctx, r.Type), short(r.Resource)),
			v.about(ctx, r),
			changesCell(changed(ctx, r), r.Reason),
			outcome(ctx, r.Outcome),
		}}
	}
	return rows
}

// act says what was done in words.
func (v listView) act(ctx context.Context, r *journal.Row) string {
	if t, ok := v.titles(core.Permission(r.Action)); ok {
		return i18n.From(t).In(ctx)
	}
	return r.Action
}

// actor shows who acted, with the way to their timeline.
func (v listView) actor(ctx context.Context, r *journal.Row) templ.Component {
	switch r.Kind {
	case "system":
		return ui.Person(tSystem.In(ctx), r.Actor)
	case "anonymous":
		return ui.Faint(tAnonymous.In(ctx))
	}
	note := map[string]string{"service": tService.In(ctx), "staff": tStaff.In(ctx)}[r.Kind]
	return ui.PersonLink(v.named(ctx, core.ID(r.Actor)), note, v.timeline(core.ID(r.Actor)))
}

func (v listView) timeline(id core.ID) string {
	return v.href(func(f *journal.Filter) { *f = journal.Filter{Person: id} })
}

// about shows the person concerned, when it is someone else.
func (v listView) about(ctx context.Context, r *journal.Row) templ.Component {
	if len(r.Subjects) == 0 || len(r.Subjects) == 1 && r.Subjects[0] == r.Actor {
		return ui.Faint("—")
	}
	note := ""
	if n := len(r.Subjects) - 1; n > 0 {
		note = tAboutN.In(ctx, n)
	}
	return ui.PersonLink(v.named(ctx, core.ID(r.Subjects[0])), note, v.timeline(core.ID(r.Subjects[0])))
}

// changed names the fields that changed.
func changed(ctx context.Context, r *journal.Row) string {
	names := make([]string, len(r.Content.Changes))
	for i, c := range r.Content.Changes {
		names[i] = noun(ctx, c.Field)
	}
	return strings.Join(names, ", ")
}
