package web

import (
	"context"
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
)

type pages struct{ m *rights.Module }

// Routes are the pages of this module.
func Routes(m *rights.Module) []edge.Route {
	p := pages{m}
	form := edge.Public("whoever has data here may exercise their rights without an account; throttled, tells nothing of anyone")
	link := edge.Public("opened by a link mailed to the requester; shows their own request alone")
	routes := []edge.Route{
		{Pattern: "GET /rights/{desk}", Access: form, Handle: p.form},
		{Pattern: "POST /rights/{desk}", Access: form, Handle: p.filed},
		{Pattern: "GET /rights/follow/{token}", Access: link, Handle: p.follow},
		{Pattern: "POST /rights/follow/{token}", Access: link, Handle: p.confirmed},
		{Pattern: "POST /rights/follow/{token}/document", Access: link, Handle: p.sent, MaxBody: rights.DocumentBytes + 1<<20},
		{Pattern: "POST /rights/follow/{token}/withdraw", Access: link, Handle: p.dropped},

		{Pattern: "GET " + minePath, Access: edge.Needs(rights.SeeOwn), Handle: p.mine},
		{Pattern: "GET " + minePath + "/new", Access: edge.Needs(rights.Ask), Handle: p.asking},
		{Pattern: "POST " + minePath, Access: edge.Needs(rights.Ask), Handle: p.asked},
		{Pattern: "GET " + minePath + "/{rights_request}", Access: edge.Needs(rights.SeeOwn), Handle: p.mineOne},
		{Pattern: "POST " + minePath + "/{rights_request}/withdraw", Access: edge.Needs(rights.WithdrawOwn), Handle: p.withdrawn},
	}
	for _, base := range []string{"/o/{org}/rights", "/provider/rights"} {
		routes = append(routes, p.desk(base)...)
	}
	return routes
}

// desk are the pages of the officer, of an organization or of the platform.
func (p pages) desk(base string) []edge.Route {
	one := base + "/{rights_request}"
	return []edge.Route{
		{Pattern: "GET " + base, Access: edge.Needs(rights.List), Handle: p.queue},
		{Pattern: "GET " + base + "-new", Access: edge.Needs(rights.Record), Handle: p.recording},
		{Pattern: "POST " + base, Access: edge.Needs(rights.Record), Handle: p.recorded},
		{Pattern: "GET " + base + "-systems", Access: edge.Needs(rights.Systems), Handle: p.systems},
		{Pattern: "POST " + base + "-systems", Access: edge.Needs(rights.Manage), Handle: p.addSystem},
		{Pattern: "POST " + base + "-systems/{rights_system}/remove", Access: edge.Needs(rights.Manage), Handle: p.dropSystem},
		{Pattern: "GET " + one, Access: edge.Needs(rights.Read), Handle: p.one},
		{Pattern: "POST " + one + "/doubt", Access: edge.Needs(rights.Doubt), Handle: p.doubt},
		{Pattern: "POST " + one + "/identity", Access: edge.Needs(rights.Prove), Handle: p.identity},
		{Pattern: "GET " + one + "/documents/{rights_document}/file", Access: edge.Needs(rights.OpenDoc), Handle: p.document},
		{Pattern: "POST " + one + "/carry", Access: edge.Needs(rights.Carry), Handle: p.carry},
		{Pattern: "POST " + one + "/tasks/{rights_task}", Access: edge.Needs(rights.DoTask), Handle: p.task},
		{Pattern: "POST " + one + "/extend", Access: edge.Needs(rights.Extend), Handle: p.extend},
		{Pattern: "POST " + one + "/answer", Access: edge.Needs(rights.Answer), Handle: p.answer},
		{Pattern: "POST " + one + "/refuse", Access: edge.Needs(rights.Refuse), Handle: p.refuse},
	}
}

const minePath = "/me/rights"

// orgOf is the organization of a page of the officer.
func orgOf(r *http.Request) core.ID {
	if org := id(r, "org"); org != "" {
		return org
	}
	return core.Platform
}

// id reads an id of a path; what has no form of one is nothing that exists.
func id(r *http.Request, name string) core.ID {
	if v := r.PathValue(name); len(v) <= 64 {
		return core.ID(v)
	}
	return ""
}

var tSomebody = i18n.T("Personne effacée", "Erased person")

func nameOf(ctx context.Context, names map[core.ID]string, id core.ID) string {
	if n := names[id]; n != "" {
		return n
	}
	return tSomebody.In(ctx)
}

// dayOf reads a date of a form.
func dayOf(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return t.Add(12 * time.Hour)
}

// draftOf reads a request from a form.
func draftOf(r *http.Request) rights.Draft {
	v := r.PostFormValue
	d := rights.Draft{Kind: rights.Kind(v("kind")), Details: rights.Details{
		Name: v("name"), Email: v("email"), Text: v("text"), Ground: v("ground"), Purpose: core.Purpose(v("purpose")), Fields: map[string]string{},
	}}
	if len(d.Purpose) > 64 {
		d.Purpose = ""
	}
	for _, f := range rights.Fields {
		if said := v("field_" + f); said != "" {
			d.Fields[f] = said
		}
	}
	return d
}
