package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/incident"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

var filters = map[string]i18n.Sentence{
	incident.FilterLive: i18n.T("En cours", "Current"), incident.FilterBreaches: i18n.T("Violations", "Breaches"), incident.FilterClosed: i18n.T("Clos", "Closed"),
}

type listView struct {
	view   incident.View
	filter string
	now    time.Time
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	filter := r.URL.Query().Get("show")
	if _, known := filters[filter]; !known {
		filter = incident.FilterLive
	}
	v, err := p.m.Incidents(r.Context(), filter)
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, incident.Open.Permission, incident.Export.Permission), http.StatusOK, listPage(listView{v, filter, p.m.Now()}))
}

func (v listView) tabs(ctx context.Context) ui.Tabs {
	t := ui.Tabs{Label: tFilter.In(ctx)}
	for _, f := range incident.Filters {
		href := at
		if f != "" {
			href += "?show=" + f
		}
		t.Items = append(t.Items, ui.Tab{Label: filters[f].In(ctx), Href: href, Current: v.filter == f, Count: v.view.Count[f]})
	}
	return t
}

func (v listView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.view.List))
	for i := range v.view.List {
		it := &v.view.List[i]
		out[i] = ui.Row{Label: it.Values["title"], Href: path(it.ID), Faded: it.State == incident.StateClosed, Cells: []templ.Component{
			ui.Line(ui.To(it.Values["title"], path(it.ID)), badges(ctx, it, v.now)), ui.Words(optionIn(ctx, incident.Gravities, it.Gravity)),
			ui.Words(named(ctx, v.view.Names, it.Lead)),
			ui.Time{At: it.Opened},
			deadlines(ctx, it, v.now),
		}}
	}
	return out
}

// badges say in a word or two what an incident is and where it stands.
func badges(ctx context.Context, it *incident.Incident, now time.Time) templ.Component {
	var parts []templ.Component
	if it.Exercise {
		parts = append(parts, ui.Badge{Text: tExercise.In(ctx), Tone: ui.Info})
	}
	if it.Breach {
		parts = append(parts, ui.Badge{Text: tBreach.In(ctx), Tone: ui.Bad})
	}
	tone := map[string]ui.Tone{incident.StateOpen: ui.Warn, incident.StateContained: ui.Info, incident.StateClosed: ui.Good}[it.State]
	parts = append(parts, ui.Badge{Text: states[it.State].In(ctx), Tone: tone})
	for _, d := range it.Deadlines() {
		if d.Late(now) {
			parts = append(parts, ui.Badge{Text: tLate.In(ctx), Tone: ui.Bad})
			break
		}
	}
	return ui.Line(parts...)
}

// deadlines say what each clock shows.
func deadlines(ctx context.Context, it *incident.Incident, now time.Time) templ.Component {
	var parts []string
	for _, d := range it.Deadlines() {
		parts = append(parts, clockIn(ctx, d, now))
	}
	if len(parts) == 0 {
		return ui.Faint("—")
	}
	return ui.Words(strings.Join(parts, " · "))
}

func clockIn(ctx context.Context, d incident.Deadline, now time.Time) string {
	what := clocks[d.What].In(ctx)
	switch left := d.Left(now); {
	case !d.Met.IsZero():
		return tMet.In(ctx, what, ui.Exact(ctx, d.Met))
	case left < 0:
		return tOver.In(ctx, what, hours(-left))
	default:
		return tLeft.In(ctx, what, hours(left))
	}
}

func hours(d time.Duration) string {
	return strconv.Itoa(int(d.Hours())) + " h " + strconv.Itoa(int(d.Minutes())%60) + " min"
}

func optionIn(ctx context.Context, list []incident.Option, value string) string {
	for _, o := range list {
		if o.Value == value {
			return o.Title.In(ctx)
		}
	}
	return value
}

func named(ctx context.Context, names map[core.ID]string, who core.ID) string {
	if who == "" {
		return tNobody.In(ctx)
	}
	return cmp.Or(names[who], tGone.In(ctx))
}

func (p pages) register(w http.ResponseWriter, r *http.Request) error {
	f, err := p.m.Register(r.Context(), i18n.Of(r.Context()))
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, f.Bytes)
}

type formView struct {
	incident core.ID // "" for a new one
	draft    incident.Draft
	team     map[core.ID]string
	problems ui.Problems
}

func (p pages) form(w http.ResponseWriter, r *http.Request, status int, v formView) (err error) {
	if v.team, err = p.m.Team(r.Context()); err != nil {
		return err
	}
	return ui.Render(w, r, status, formPage(v))
}

func (p pages) blank(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return p.form(w, r, http.StatusOK, formView{draft: incident.Draft{
		Gravity: "limited", Part: "processor", Aware: p.m.Now(), Source: q.Get("source"), About: ids.Typed(q.Get("about")), Values: incident.Values{},
	}})
}

// typed reads what a person wrote.
func typed(r *http.Request) incident.Draft {
	d := incident.Draft{
		Breach: r.PostFormValue("breach") != "", Exercise: r.PostFormValue("exercise") != "", Part: r.PostFormValue("part"), Gravity: r.PostFormValue("gravity"),
		Aware: typedMoment(r.PostFormValue("aware")), Lead: ids.Typed(r.PostFormValue("lead")), Source: r.PostFormValue("source"), About: ids.Typed(r.PostFormValue("about")), Values: incident.Values{},
	}
	for _, f := range incident.Fields {
		d.Values[f.Name] = r.PostFormValue(f.Name)
	}
	d.Revision, _ = strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	return d
}

func (p pages) open(w http.ResponseWriter, r *http.Request) error {
	d := typed(r)
	made, err := p.m.OpenIncident(r.Context(), d)
	if ui.Shown(err) {
		return p.form(w, r, http.StatusUnprocessableEntity, formView{draft: d, problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, path(made), tOpened.In(r.Context()))
}

func (p pages) edit(w http.ResponseWriter, r *http.Request) error {
	page, err := p.m.Get(r.Context(), of(r))
	if err != nil {
		return err
	}
	return p.form(w, r, http.StatusOK, formView{incident: page.ID, draft: incident.Draft{
		Breach: page.Breach, Exercise: page.Exercise, Part: page.Part, Gravity: page.Gravity, Aware: page.Aware, Lead: page.Lead, Values: page.Values, Revision: page.Revision,
	}})
}

func (p pages) change(w http.ResponseWriter, r *http.Request) error {
	d := typed(r)
	err := p.m.Change(r.Context(), of(r), d)
	if ui.Shown(err) {
		return p.form(w, r, http.StatusUnprocessableEntity, formView{incident: of(r), draft: d, problems: ui.ProblemsOf(r.Context(), err)})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, path(of(r)), tSaved.In(r.Context()))
}

func choices(ctx context.Context, list []incident.Option, first string) []ui.Option {
	var out []ui.Option
	if first != "" {
		out = append(out, ui.Option{Label: first})
	}
	for _, o := range list {
		out = append(out, ui.Option{Value: o.Value, Label: o.Title.In(ctx)})
	}
	return out
}

func teamOptions(ctx context.Context, team map[core.ID]string, now core.ID) []ui.Option {
	out := []ui.Option{{Label: tNobody.In(ctx)}}
	var people []ui.Option
	for person, name := range team {
		people = append(people, ui.Option{Value: string(person), Label: name})
	}
	slices.SortFunc(people, func(a, b ui.Option) int { return cmp.Compare(a.Label, b.Label) })
	if now != "" && team[now] == "" {
		people = append(people, ui.Option{Value: string(now), Label: tGone.In(ctx)})
	}
	return append(out, people...)
}

// asked are the fields of the form: all of them once it is a breach, those of any incident before.
func (v formView) asked(breach bool) (list []incident.Field) {
	for _, f := range incident.Fields {
		if f.Breach == breach && (v.incident != "" || f.Name != "lessons") {
			list = append(list, f)
		}
	}
	return list
}

func (v formView) hint(ctx context.Context, f incident.Field) string {
	hint := f.Hint.In(ctx)
	if f.Told {
		hint = strings.TrimSpace(hint + " " + tAsked33.In(ctx))
	}
	return hint
}
