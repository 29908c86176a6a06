package web

import (
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/incident"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

type pages struct{ m *incident.Module }

const at = "/provider/incidents"

// Routes are the pages of this module.
func Routes(m *incident.Module) []edge.Route {
	p := pages{m}
	read, open, work, list, tell := edge.Needs(incident.Read), edge.Needs(incident.Open), edge.Needs(incident.Work), edge.Needs(incident.List), edge.Needs(incident.Notify)
	consult := edge.Needs(incident.Consult)
	return []edge.Route{
		{Pattern: "GET " + at, Access: read, Handle: p.list},
		{Pattern: "GET " + at + "/new", Access: open, Handle: p.blank},
		{Pattern: "POST " + at, Access: open, Handle: p.open},
		{Pattern: "GET " + at + "/register", Access: edge.Needs(incident.Export), Handle: p.register},
		{Pattern: "GET " + at + "/{incident}", Access: read, Handle: p.one},
		{Pattern: "GET " + at + "/{incident}/edit", Access: work, Handle: p.edit},
		{Pattern: "POST " + at + "/{incident}", Access: work, Handle: p.change},
		{Pattern: "POST " + at + "/{incident}/notes", Access: work, Handle: p.note},
		{Pattern: "POST " + at + "/{incident}/tasks", Access: work, Handle: p.task},
		{Pattern: "POST " + at + "/{incident}/tasks/{task}", Access: work, Handle: p.done},
		{Pattern: "POST " + at + "/{incident}/hands", Access: work, Handle: p.hand},
		{Pattern: "POST " + at + "/{incident}/files", Access: work, Handle: p.attach, MaxBody: incident.FileBytes + 1<<20},
		{Pattern: "POST " + at + "/{incident}/extracts", Access: edge.Needs(incident.Freeze), Handle: p.extract},
		{Pattern: "GET " + at + "/{incident}/evidence/{evidence}", Access: edge.Needs(incident.Freeze), Handle: p.evidence},
		{Pattern: "POST " + at + "/{incident}/state", Access: work, Handle: p.state},
		{Pattern: "GET " + at + "/{incident}/affected", Access: list, Handle: p.criteria},
		{Pattern: "POST " + at + "/{incident}/affected", Access: list, Handle: p.compute},
		{Pattern: "GET " + at + "/{incident}/affected/{client}", Access: list, Handle: p.affected},
		{Pattern: "GET " + at + "/{incident}/notices/{client}", Access: tell, Handle: p.propose},
		{Pattern: "POST " + at + "/{incident}/notices/{client}", Access: tell, Handle: p.notify},
		{Pattern: "GET " + at + "/{incident}/persons", Access: tell, Handle: p.letter},
		{Pattern: "POST " + at + "/{incident}/persons", Access: tell, Handle: p.persons},
		{Pattern: "GET /o/{org}/breaches", Access: consult, Handle: p.told},
		{Pattern: "GET /o/{org}/breaches/{notice}", Access: consult, Handle: p.notice},
		{Pattern: "GET /o/{org}/breaches/{notice}/persons", Access: consult, Handle: p.sheet},
	}
}

func of(r *http.Request) core.ID { return ids.Typed(r.PathValue("incident")) }

func path(incident core.ID, parts ...string) string {
	p := at + "/" + string(incident)
	for _, part := range parts {
		p += "/" + part
	}
	return p
}

// form of the field of a moment (HTML datetime-local); it is read and written in universal time.
const moment = "2006-01-02T15:04"

// typedMoment reads a moment; the zero time for none, a time long past for what is no moment, which the room refuses.
func typedMoment(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(moment, text)
	if err != nil {
		return time.Unix(1, 0)
	}
	return t
}

func shownMoment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(moment)
}

// after goes back to a page with a note, or draws what was wrong on the page of the incident.
func (p pages) after(w http.ResponseWriter, r *http.Request, err error, note string) error {
	if ui.Shown(err) {
		return p.draw(w, r, http.StatusUnprocessableEntity, ui.ProblemsOf(r.Context(), err))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, path(of(r)), note)
}
