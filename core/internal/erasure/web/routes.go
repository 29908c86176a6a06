package web

import (
	"net/http"

	"github.com/rempart/rempart/core/internal/erasure"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

type pages struct{ m *erasure.Module }

const listPath = "/provider/erasures"

// Routes are the pages of this module.
func Routes(m *erasure.Module) []edge.Route {
	p := pages{m}
	read := edge.Needs(erasure.Read)
	return []edge.Route{
		{Pattern: "GET " + listPath, Access: read, Handle: p.list},
		{Pattern: "GET " + listPath + "/new", Access: edge.Needs(erasure.Weigh), Handle: p.blank},
		{Pattern: "POST " + listPath + "/weigh", Access: edge.Needs(erasure.Weigh), Handle: p.weigh},
		{Pattern: "POST " + listPath, Access: edge.Needs(erasure.Command), Handle: p.order},
		{Pattern: "GET " + listPath + "/{erasure}", Access: read, Handle: p.one},
		{Pattern: "GET " + listPath + "/{erasure}/receipt", Access: read, Handle: p.receipt},
		{Pattern: "POST " + listPath + "/{erasure}/approve", Access: edge.Needs(erasure.Approve), Handle: p.approve},
		{Pattern: "POST " + listPath + "/{erasure}/refuse", Access: edge.Needs(erasure.Refuse), Handle: p.refuse},
		{Pattern: "POST /me/erasures/{erasure}/cancel", Access: edge.Needs(erasure.Cancel), Handle: p.cancel},

		{Pattern: "GET /o/{org}/erasures", Access: edge.Needs(erasure.Consult), Handle: p.told},
		{Pattern: "POST /o/{org}/erasures/{notice}/handled", Access: edge.Needs(erasure.Handle), Handle: p.handled},
	}
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	list, next, err := p.m.List(r.Context(), ids.Typed(r.URL.Query().Get("from")), 50)
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, erasure.Weigh.Permission), http.StatusOK, listPage(listView{list, next}))
}

func (p pages) blank(w http.ResponseWriter, r *http.Request) error {
	return ui.Render(w, r, http.StatusOK, newPage(newView{}))
}

func (p pages) weigh(w http.ResponseWriter, r *http.Request) error {
	v := newView{who: r.PostFormValue("person"), org: ids.Typed(r.PostFormValue("organization"))}
	plan, err := p.m.Weigh(r.Context(), v.org, v.who)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, http.StatusUnprocessableEntity, newPage(v))
	} else if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, erasure.Command.Permission), http.StatusOK, weighedPage(weighedView{v, plan}))
}

func (p pages) order(w http.ResponseWriter, r *http.Request) error {
	v := newView{who: r.PostFormValue("person"), org: ids.Typed(r.PostFormValue("organization")), why: r.PostFormValue("why")}
	if v.why == "" || len(v.why) > 500 {
		v.problems = ui.Problems{{Field: "why", Text: tWhyDue.In(r.Context())}}
		return ui.Render(w, r, http.StatusUnprocessableEntity, newPage(v))
	}
	made, err := p.m.Command(r.Context(), v.org, v.who, v.why)
	if ui.Shown(err) {
		v.problems = ui.ProblemsOf(r.Context(), err)
		return ui.Render(w, r, http.StatusUnprocessableEntity, newPage(v))
	} else if err != nil {
		return err
	}
	return ui.Redirect(w, r, listPath+"/"+string(made), tOrdered.In(r.Context()))
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	s, err := p.m.Get(r.Context(), ids.Typed(r.PathValue("erasure")))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, erasure.Approve.Permission, erasure.Refuse.Permission), http.StatusOK, onePage(oneView{s}))
}

func (p pages) receipt(w http.ResponseWriter, r *http.Request) error {
	one := ids.Typed(r.PathValue("erasure"))
	text, err := p.m.Receipt(r.Context(), one)
	if err != nil {
		return err
	}
	return edge.Attach(w, "text/plain; charset=utf-8", "erasure-"+string(one)+".txt", []byte(text))
}

func (p pages) approve(w http.ResponseWriter, r *http.Request) error {
	one := ids.Typed(r.PathValue("erasure"))
	n, err := p.m.Approve(r.Context(), one)
	if err != nil {
		return err
	}
	return ui.Redirect(w, r, listPath+"/"+string(one), tApproved.In(r.Context(), n))
}

func (p pages) refuse(w http.ResponseWriter, r *http.Request) error {
	one := ids.Typed(r.PathValue("erasure"))
	if err := p.m.Refuse(r.Context(), one, r.PostFormValue("why")); err != nil {
		return err
	}
	return ui.Redirect(w, r, listPath+"/"+string(one), tRefused.In(r.Context()))
}

func (p pages) cancel(w http.ResponseWriter, r *http.Request) error {
	if err := p.m.Cancel(r.Context(), ids.Typed(r.PathValue("erasure"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/me/data", tCancelled.In(r.Context()))
}

func (p pages) told(w http.ResponseWriter, r *http.Request) error {
	list, err := p.m.ForOrg(r.Context(), ids.Typed(r.PathValue("org")))
	if err != nil {
		return err
	}
	return ui.Render(w, ui.Asking(r, erasure.Handle.Permission), http.StatusOK, toldPage(toldView{ids.Typed(r.PathValue("org")), list}))
}

func (p pages) handled(w http.ResponseWriter, r *http.Request) error {
	org := ids.Typed(r.PathValue("org"))
	if err := p.m.Handle(r.Context(), org, ids.Typed(r.PathValue("notice"))); err != nil {
		return err
	}
	return ui.Redirect(w, r, "/o/"+string(org)+"/erasures", tHandled.In(r.Context()))
}
