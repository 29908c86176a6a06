package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/incident"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

func count(n int) string { return strconv.Itoa(n) }

type criteriaView struct {
	incident incident.Page
	form     map[string]string
	tables   []string
	known    []core.Table
	problems ui.Problems
}

func (p pages) criteria(w http.ResponseWriter, r *http.Request) error {
	page, err := p.m.Get(r.Context(), of(r))
	if err != nil {
		return err
	}
	v := criteriaView{incident: page, known: p.m.Tables(), form: map[string]string{}}
	if s := page.Scope; s != nil {
		v.form["from"], v.form["to"] = shownMoment(s.Criteria.From), shownMoment(s.Criteria.To)
		v.form["accounts"], v.form["orgs"], v.tables = joined(s.Criteria.Accounts), joined(s.Criteria.Orgs), s.Criteria.Tables
		for _, a := range s.Criteria.Addresses {
			v.form["addresses"] += a.String() + "\n"
		}
	}
	return ui.Render(w, r, http.StatusOK, criteriaPage(v))
}

func joined(list []core.ID) string {
	text := ""
	for _, id := range list {
		text += string(id) + "\n"
	}
	return text
}

func idsIn(text string) (list []core.ID) {
	for _, word := range strings.Fields(strings.ReplaceAll(text, ",", " ")) {
		list = append(list, ids.Typed(word))
	}
	return list
}

func (p pages) compute(w http.ResponseWriter, r *http.Request) error {
	c := incident.Criteria{
		From: typedMoment(r.PostFormValue("from")), To: typedMoment(r.PostFormValue("to")), Accounts: idsIn(r.PostFormValue("accounts")), Orgs: idsIn(r.PostFormValue("orgs")),
		Tables: r.PostForm["tables"],
	}
	var err error
	c.Addresses, err = incident.ParseAddresses(r.PostFormValue("addresses"))
	var s incident.Scope
	if err == nil {
		s, err = p.m.Compute(r.Context(), of(r), c)
	}
	if ui.Shown(err) {
		page, again := p.m.Get(r.Context(), of(r))
		if again != nil {
			return again
		}
		v := criteriaView{incident: page, known: p.m.Tables(), tables: c.Tables, form: map[string]string{}, problems: ui.ProblemsOf(r.Context(), err)}
		for _, name := range []string{"from", "to", "accounts", "addresses", "orgs"} {
			v.form[name] = r.PostFormValue(name)
		}
		return ui.Render(w, r, http.StatusUnprocessableEntity, criteriaPage(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, path(of(r)), tComputed.In(r.Context(), s.Persons, s.Orgs, s.Entries))
}

func (v criteriaView) options(ctx context.Context) []ui.Option {
	out := make([]ui.Option, len(v.known))
	for i, t := range v.known {
		out[i] = ui.Option{Value: t.Name, Label: i18n.From(t.Title).In(ctx)}
	}
	return out
}

type affectedView struct {
	incident core.ID
	org      core.ID
	rows     []ui.Row
}

func (p pages) affected(w http.ResponseWriter, r *http.Request) error {
	org := ids.Typed(r.PathValue("client"))
	list, people, err := p.m.Listed(r.Context(), of(r), org)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, affectedPage(affectedView{of(r), org, p.rows(r.Context(), list, people)}))
}

func (p pages) rows(ctx context.Context, list []incident.Affected, people map[core.ID]core.Person) []ui.Row {
	out := make([]ui.Row, len(list))
	for i, a := range list {
		name, mail := people[a.Person].Name(), people[a.Person].Email
		if people[a.Person].ID == "" {
			name = tGone.In(ctx)
		}
		out[i] = ui.Row{Label: name, Cells: []templ.Component{
			ui.Person(name, mail), ui.Words(p.m.Why(i18n.Of(ctx), a.Why)), ui.Words(count(a.Acts)), ui.Time{At: a.First}, ui.Time{At: a.Last},
		}}
	}
	return out
}

func affectedColumns(ctx context.Context) []ui.Column {
	return []ui.Column{{Label: tPerson.In(ctx)}, {Label: tWhy.In(ctx)}, {Label: tActs.In(ctx), Num: true}, {Label: tFirst.In(ctx)}, {Label: tLast.In(ctx)}}
}

type noticeView struct {
	incident core.ID
	client   core.ID
	incident.Proposal
	text     string
	problems ui.Problems
}

func (p pages) propose(w http.ResponseWriter, r *http.Request) error {
	client := ids.Typed(r.PathValue("client"))
	proposal, err := p.m.Propose(r.Context(), of(r), client)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, noticePage(noticeView{of(r), client, proposal, proposal.Text, nil}))
}

func (v noticeView) lacks(ctx context.Context) string {
	var names []string
	for _, f := range v.Lacks {
		names = append(names, f.Title.In(ctx))
	}
	return strings.Join(names, ", ")
}

func (p pages) notify(w http.ResponseWriter, r *http.Request) error {
	client, text := ids.Typed(r.PathValue("client")), strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n"))
	_, err := p.m.Notify(r.Context(), of(r), client, text, r.PostFormValue("partial") != "")
	if ui.Shown(err) {
		proposal, again := p.m.Propose(r.Context(), of(r), client)
		if again != nil {
			return again
		}
		return ui.Render(w, r, http.StatusUnprocessableEntity, noticePage(noticeView{of(r), client, proposal, text, ui.ProblemsOf(r.Context(), err)}))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, path(of(r)), tSent.In(r.Context()))
}

type letterView struct {
	incident core.ID
	text     core.Text
	problems ui.Problems
}

func (p pages) letter(w http.ResponseWriter, r *http.Request) error {
	text, err := p.m.PersonLetter(r.Context(), of(r))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, letterPage(letterView{of(r), text, nil}))
}

func (p pages) persons(w http.ResponseWriter, r *http.Request) error {
	text := core.Text{FR: strings.TrimSpace(r.PostFormValue("text")), EN: strings.TrimSpace(r.PostFormValue("text_en"))}
	n, err := p.m.TellPersons(r.Context(), of(r), text)
	if ui.Shown(err) {
		return ui.Render(w, r, http.StatusUnprocessableEntity, letterPage(letterView{of(r), text, ui.ProblemsOf(r.Context(), err)}))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, path(of(r)), tPersonsTold.In(r.Context(), n))
}

type toldView struct {
	org  core.ID
	list []incident.Notice
}

func (p pages) told(w http.ResponseWriter, r *http.Request) error {
	org := core.ID(r.PathValue("org"))
	list, err := p.m.Told(r.Context(), org)
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, toldPage(toldView{org, list}))
}

func clientAt(org core.ID, parts ...string) string {
	return strings.Join(append([]string{"/o/" + string(org) + "/breaches"}, parts...), "/")
}

func (v toldView) rows(ctx context.Context) []ui.Row {
	out := make([]ui.Row, len(v.list))
	for i, n := range v.list {
		label, href := tNoticeOf.In(ctx, ui.Exact(ctx, n.Sent)), clientAt(v.org, string(n.ID))
		out[i] = ui.Row{Label: label, Href: href, Cells: []templ.Component{ui.To(label, href), ui.Words(phases[n.Phase].In(ctx)), ui.Words(count(n.Persons)), ui.Time{At: n.Seen}}}
	}
	return out
}

type readView struct {
	org core.ID
	incident.ClientView
	rows []ui.Row
}

func (p pages) notice(w http.ResponseWriter, r *http.Request) error {
	org := core.ID(r.PathValue("org"))
	v, err := p.m.Read(r.Context(), org, ids.Typed(r.PathValue("notice")))
	if err != nil {
		return err
	}
	return ui.Render(w, r, http.StatusOK, readPage(readView{org, v, p.rows(r.Context(), v.List, v.People)}))
}

func (p pages) sheet(w http.ResponseWriter, r *http.Request) error {
	f, err := p.m.ClientList(r.Context(), core.ID(r.PathValue("org")), ids.Typed(r.PathValue("notice")), i18n.Of(r.Context()))
	if err != nil {
		return err
	}
	return edge.Attach(w, f.Type, f.Name, f.Bytes)
}
