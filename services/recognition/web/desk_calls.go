package web

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/pop"
)

// deskView is what the page of calls shows.
type deskView struct {
	org      core.ID
	live     []recognition.Seen
	list     []recognition.Seen
	search   string
	before   core.ID
	dial     string
	plain    bool
	problems ui.Problems
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// plainEvery is how often the page without scripts comes again.
const plainEvery = 10

func (d desk) page(w http.ResponseWriter, r *http.Request) error {
	v := deskView{org: deskOrg(r), before: core.ID(r.URL.Query().Get("before")), plain: r.URL.Query().Has("plain")}
	if r.Method == http.MethodPost {
		v.search = r.PostFormValue("search")
	}
	if v.plain {
		w.Header().Set("Refresh", strconv.Itoa(plainEvery))
	}
	return d.show(w, r, v, http.StatusOK)
}

func (d desk) show(w http.ResponseWriter, r *http.Request, v deskView, status int) (err error) {
	if v.live, err = d.m.Live(r.Context(), v.org, time.Time{}); err != nil {
		return err
	}
	if v.list, err = d.m.History(r.Context(), v.org, recognition.HistoryQuery{Search: v.search, Before: v.before}); err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "call.dial", "call.note", "script.run"), status, callsPage(v))
}

// live draws again what is going on, for the script.
func (d desk) live(w http.ResponseWriter, r *http.Request) error {
	v := deskView{org: deskOrg(r)}
	var err error
	if v.live, err = d.m.Live(r.Context(), v.org, time.Time{}); err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, "call.dial", "call.note", "script.run"), http.StatusOK, liveCalls(v))
}

// ring is what a page is told of a call: enough for a notification, and for a program that has no page.
type ring struct {
	Call    core.ID      `json:"call"`
	State   line.State   `json:"state"`
	Live    bool         `json:"live"`
	Pop     bool         `json:"pop"`   // it rings now and nobody knows yet
	Title   string       `json:"title"` // in the language of the page
	Body    string       `json:"body"`
	Number  string       `json:"number,omitempty"`
	Out     bool         `json:"outgoing,omitempty"`
	Actions []pop.Action `json:"actions,omitempty"`
}

func ringOf(ctx context.Context, c recognition.Seen) ring {
	var lines []string
	if c.Remote != "" && len(c.Cards) > 0 {
		lines = append(lines, numberOf(c))
	}
	if c.Automated && len(c.Cards) == 0 {
		lines = append(lines, tdAutomated.In(ctx))
	}
	for _, f := range fieldsOf(c) {
		lines = append(lines, f.Label+" : "+f.Text)
	}
	return ring{
		Call: c.ID, State: c.State, Live: c.Live(), Pop: c.State == line.Ringing && !c.Outgoing && !c.Own, Title: whoOf(ctx, c), Body: strings.Join(lines, "\n"),
		Number: c.Remote, Out: c.Outgoing, Actions: c.Actions,
	}
}

// stream tells a page its person's calls as they change.
func (d desk) stream(ctx context.Context, r *http.Request, s *edge.Stream) error {
	org := deskOrg(r)
	told, stop := d.m.Follow(ctx, org)
	defer stop()
	var last time.Time
	if micros, err := strconv.ParseInt(s.Last, 10, 64); err == nil {
		last = time.UnixMicro(micros)
	}
	send := func(c recognition.Seen) error {
		text, err := json.Marshal(ringOf(ctx, c))
		if err != nil {
			return err
		}
		last = c.Changed
		return s.Send(strconv.FormatInt(c.Changed.UnixMicro(), 10), "call", text)
	}
	missed := func() error {
		list, err := d.m.Live(ctx, org, last)
		for _, c := range list {
			if err == nil {
				err = send(c)
			}
		}
		return err
	}
	now, err := d.m.Live(ctx, org, last) // decided before the first word leaves
	if err == nil {
		err = s.Open(2 * time.Second)
	}
	for _, c := range now {
		if err == nil {
			err = send(c)
		}
	}
	if err != nil || s.Once {
		return err
	}
	beat := s.Heartbeat()
	defer beat.Stop()
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
			err = s.Beat()
		case id := <-told:
			if id == "" {
				err = missed()
				continue
			}
			var c recognition.Seen
			if c, err = d.m.Watch(ctx, org, id); err == nil {
				err = send(c)
			} else if core.CodeOf(err) == "call.absent" {
				err = nil // erased meanwhile
			}
		}
	}
	return err
}

func (d desk) dial(w http.ResponseWriter, r *http.Request) error {
	org := deskOrg(r)
	number := r.PostFormValue("number")
	switch err := d.m.Dial(r.Context(), org, number); {
	case ui.Shown(err):
		return d.show(w, r, deskView{org: org, dial: number, problems: ui.ProblemsOf(r.Context(), err)}, edge.StatusOf(err))
	case core.KindOf(err) == core.Busy:
		return ui.RedirectWith(w, r, deskAt(org, ""), ui.Note{Tone: ui.Bad, Text: edge.ProblemOf(r.Context(), err).Detail})
	case err != nil:
		return err
	}
	return ui.Redirect(w, r, deskAt(org, ""), tdDialled.In(r.Context()))
}

// done leads back to the calls, with what went wrong when something did.
func (d desk) done(w http.ResponseWriter, r *http.Request, err error, well string) error {
	if ui.Shown(err) || core.KindOf(err) == core.Busy && err != nil {
		return ui.RedirectWith(w, r, deskAt(deskOrg(r), ""), ui.Note{Tone: ui.Bad, Text: edge.ProblemOf(r.Context(), err).Detail})
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, deskAt(deskOrg(r), ""), well)
}

func callOf(r *http.Request) core.ID { return core.ID(r.PathValue("call")) }

func (d desk) hangup(w http.ResponseWriter, r *http.Request) error {
	return d.done(w, r, d.m.Hangup(r.Context(), deskOrg(r), callOf(r)), tdHungUp.In(r.Context()))
}

func (d desk) note(w http.ResponseWriter, r *http.Request) error {
	return d.done(w, r, d.m.Note(r.Context(), deskOrg(r), callOf(r), r.PostFormValue("note")), tdNoted.In(r.Context()))
}

func (d desk) script(w http.ResponseWriter, r *http.Request) error {
	return d.done(w, r, d.m.RunScript(r.Context(), deskOrg(r), callOf(r), core.ID(r.PostFormValue("script"))), tdRan.In(r.Context()))
}
