package web

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/incident"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

// oneView is the page of an incident.
type oneView struct {
	incident.Page
	pages
	team     map[core.ID]string
	problems ui.Problems
	typed    map[string]string // what a refused form said
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	return p.draw(w, r, http.StatusOK, nil)
}

// draw shows an incident, with what was wrong with a form of its page.
func (p pages) draw(w http.ResponseWriter, r *http.Request, status int, problems ui.Problems) error {
	page, err := p.m.Get(r.Context(), of(r))
	if err != nil {
		return err
	}
	team, err := p.m.Team(r.Context())
	if err != nil {
		return err
	}
	v := oneView{Page: page, pages: p, team: team, problems: problems, typed: map[string]string{}}
	if len(problems) > 0 {
		for _, name := range []string{"text", "title", "due", "owner", "person", "part", "org", "from", "to", "only"} {
			v.typed[name] = r.PostFormValue(name)
		}
	}
	asked := ui.Asking(r, incident.Work.Permission, incident.Close.Permission, incident.Freeze.Permission, incident.List.Permission, incident.Notify.Permission, "clause.read", "report.list")
	return ui.Render(w, asked, status, onePage(v))
}

func (v oneView) live() bool { return v.State != incident.StateClosed }

func (v oneView) facts(ctx context.Context) ui.Facts {
	facts := ui.Facts{
		{Label: tState.In(ctx), Value: badges(ctx, &v.Incident, v.m.Now())},
		{Label: tGravity.In(ctx), Text: optionIn(ctx, incident.Gravities, v.Gravity)},
		{Label: tLead.In(ctx), Text: named(ctx, v.Names, v.Lead)},
		{Label: tAware.In(ctx), Value: ui.Time{At: v.Aware}},
		{Label: tSource.In(ctx), Value: v.source(ctx)},
	}
	if v.Breach {
		facts = append(facts, ui.Fact{Label: tPart.In(ctx), Text: optionIn(ctx, incident.Parts, v.Part)}, ui.Fact{Label: tClocks.In(ctx), Value: deadlines(ctx, &v.Incident, v.m.Now())})
	}
	return facts
}

// source leads back to the alert or to the reports that it began with.
func (v oneView) source(ctx context.Context) templ.Component {
	words := sources[v.Source].In(ctx)
	switch v.Source {
	case incident.SourceAlert:
		return ui.ToIf("clause.read", words, "/provider/controls/alerts/"+string(v.About))
	case incident.SourceReport:
		return ui.ToIf("report.list", words, "/provider/reports")
	}
	return ui.Words(words)
}

func (v oneView) said(ctx context.Context) (facts ui.Facts) {
	for _, f := range incident.Fields {
		if value := v.Values[f.Name]; value != "" && f.Name != "title" {
			facts = append(facts, ui.Fact{Label: f.Title.In(ctx), Text: optionIn(ctx, f.Options, value)})
		}
	}
	return facts
}

func (v oneView) timeline(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Steps))
	for i, s := range v.Steps {
		text := s.Text
		if k := kinds[s.Kind]; s.Kind != "note" {
			text = strings.TrimSuffix(k.In(ctx)+" · "+s.Text, " · ")
		}
		out[i] = ui.Row{Cells: []templ.Component{ui.Time{At: s.At}, ui.Words(text), ui.Words(named(ctx, v.Names, s.By)), ui.Mono(string(s.Entry))}}
	}
	return out
}

func (v oneView) tasks(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Page.Tasks))
	for i, t := range v.Page.Tasks {
		last := templ.Component(ui.Time{At: t.Done})
		if t.Done.IsZero() {
			last = ui.Faint("—")
			if v.live() && ui.May(ctx, incident.Work.Permission) {
				last = doneForm(path(v.ID, "tasks", string(t.ID)), t.Title)
			}
		}
		out[i] = ui.Row{Label: t.Title, Faded: !t.Done.IsZero(), Cells: []templ.Component{ui.Words(t.Title), ui.Words(named(ctx, v.Names, t.Owner)), ui.Time{At: t.Due}, last}}
	}
	return out
}

func (v oneView) hands(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Hands))
	for i, h := range v.Hands {
		last := ui.Faint("")
		if v.live() && ui.May(ctx, incident.Work.Permission) {
			last = takeForm(path(v.ID, "hands"), string(h.Person), h.Part, named(ctx, v.Names, h.Person))
		}
		out[i] = ui.Row{Cells: []templ.Component{ui.Words(optionIn(ctx, incident.Duties, h.Part)), ui.Words(named(ctx, v.Names, h.Person)), last}}
	}
	return out
}

func (v oneView) evidenceRows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Evidence))
	for i, e := range v.Evidence {
		out[i] = ui.Row{Label: e.Name, Cells: []templ.Component{
			ui.ToIf(incident.Freeze.Permission, e.Name, path(v.ID, "evidence", string(e.ID))), ui.Time{At: e.At}, ui.Words(tKibi.In(ctx, (e.Size+1023)/1024)), ui.Mono(e.Digest),
		}}
	}
	return out
}

func (v oneView) groups(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.Groups))
	for i, g := range v.Groups {
		said := tNotSent.In(ctx)
		for _, n := range g.Notices {
			said = tSentOn.In(ctx, ui.Exact(ctx, n.Sent))
			if !n.Seen.IsZero() {
				said += ", " + tSeenOn.In(ctx, ui.Exact(ctx, n.Seen))
			}
		}
		act := ui.Faint("")
		if v.Breach && v.live() && g.Org != core.Platform {
			act = ui.ToIf(incident.Notify.Permission, tNotice.In(ctx), path(v.ID, "notices", string(g.Org)))
		}
		out[i] = ui.Row{Label: g.Name, Cells: []templ.Component{
			ui.ToIf(incident.List.Permission, g.Name, path(v.ID, "affected", string(g.Org))), ui.Words(count(g.Persons)), ui.Words(said), act,
		}}
	}
	return out
}

func (p pages) note(w http.ResponseWriter, r *http.Request) error {
	return p.after(w, r, p.m.Note(r.Context(), of(r), r.PostFormValue("text")), tNoted.In(r.Context()))
}

func (p pages) task(w http.ResponseWriter, r *http.Request) error {
	t := incident.Task{Title: r.PostFormValue("title"), Owner: ids.Typed(r.PostFormValue("owner")), Due: typedMoment(r.PostFormValue("due"))}
	return p.after(w, r, p.m.AddTask(r.Context(), of(r), t), tGiven.In(r.Context()))
}

func (p pages) done(w http.ResponseWriter, r *http.Request) error {
	return p.after(w, r, p.m.EndTask(r.Context(), of(r), ids.Typed(r.PathValue("task"))), tTaskOver.In(r.Context()))
}

func (p pages) hand(w http.ResponseWriter, r *http.Request) error {
	h := incident.Hand{Person: ids.Typed(r.PostFormValue("person")), Part: r.PostFormValue("part")}
	return p.after(w, r, p.m.SetHand(r.Context(), of(r), h, r.PostFormValue("take") != ""), tHandSet.In(r.Context()))
}

func (p pages) attach(w http.ResponseWriter, r *http.Request) error {
	files, err := edge.Files(r, "file", incident.FileBytes)
	if err != nil {
		return err
	}
	var one edge.File
	if len(files) > 0 {
		one = files[0]
	}
	return p.after(w, r, p.m.Attach(r.Context(), of(r), one.Name, one.Content), tFrozen.In(r.Context()))
}

func (p pages) extract(w http.ResponseWriter, r *http.Request) error {
	s := incident.Span{From: typedMoment(r.PostFormValue("from")), To: typedMoment(r.PostFormValue("to")), Actor: ids.Typed(strings.TrimSpace(r.PostFormValue("only")))}
	org := ids.Typed(cmp.Or(strings.TrimSpace(r.PostFormValue("org")), string(core.Platform)))
	return p.after(w, r, p.m.FreezeJournal(r.Context(), of(r), org, s), tFrozen.In(r.Context()))
}

func (p pages) evidence(w http.ResponseWriter, r *http.Request) error {
	e, content, err := p.m.OpenEvidence(r.Context(), of(r), ids.Typed(r.PathValue("evidence")))
	if err != nil {
		return err
	}
	return edge.Attach(w, e.Type, e.Name, content)
}

func (p pages) state(w http.ResponseWriter, r *http.Request) error {
	return p.after(w, r, p.m.Move(r.Context(), of(r), r.PostFormValue("from"), r.PostFormValue("to")), tMoved.In(r.Context()))
}
