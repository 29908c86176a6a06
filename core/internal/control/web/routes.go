package web

import (
	"context"
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/trust"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

type pages struct {
	control *control.Module
	trust   *trust.Module
	now     func() time.Time
}

// longRun is how long a run asked from a page may take: a probe that waits for a session to die takes its time.
const longRun = 2 * time.Minute

// Routes are the pages of controls.
func Routes(c *control.Module, t *trust.Module, now func() time.Time) []edge.Route {
	p := pages{c, t, now}
	routes := append(p.outside(), p.staff()...)
	for _, base := range []struct {
		path string
		see  *core.ActDef
	}{{"/provider/controls", control.ReadClauses}, {"/o/{org}/controls", control.ReadPromises}} {
		routes = append(routes,
			edge.Route{Pattern: "GET " + base.path, Access: edge.Needs(base.see), Handle: p.board},
			edge.Route{Pattern: "GET " + base.path + "/clauses/{pack}/{clause}", Access: edge.Needs(base.see), Handle: p.clause},
			edge.Route{Pattern: "GET " + base.path + "/export/{format}", Access: edge.Needs(trust.ExportControls), Handle: p.export},
			edge.Route{Pattern: "GET " + base.path + "/auditors", Access: edge.Needs(trust.ReadLinks), Handle: p.auditors},
			edge.Route{Pattern: "POST " + base.path + "/auditors", Access: edge.Needs(trust.MakeLink), Handle: p.giveLink},
			edge.Route{Pattern: "POST " + base.path + "/auditors/{link}/end", Access: edge.Needs(trust.EndLink), Handle: p.endLink},
		)
	}
	for _, base := range []string{"/provider/controls/annexes/{client}", "/o/{org}/controls/annex"} {
		routes = append(routes,
			edge.Route{Pattern: "GET " + base, Access: edge.Needs(trust.ReadAnnexes), Handle: p.annexes},
			edge.Route{Pattern: "POST " + base, Access: edge.Needs(trust.MakeAnnex), Handle: p.makeAnnex},
			edge.Route{Pattern: "GET " + base + "/{number}/{form}", Access: edge.Needs(trust.ReadAnnexes), Handle: p.annexFile},
		)
	}
	return append(routes,
		edge.Route{Pattern: "GET /o/{org}/controls/policies", Access: edge.Needs(control.ReadPromises), Handle: p.promised},
		edge.Route{Pattern: "POST /o/{org}/controls/policies/{pack}/sign", Access: edge.Needs(control.SignPromises), Handle: p.sign},
	)
}

// staff are the pages of provider staff alone.
func (p pages) staff() []edge.Route {
	const base = "/provider/controls"
	see, publish, hooks := edge.Needs(control.ReadClauses), edge.Needs(control.PublishPolicy), edge.Needs(control.ManageWebhooks)
	return []edge.Route{
		{Pattern: "POST " + base + "/run", Access: edge.Needs(control.RunProbe), Handle: p.run, Deadline: longRun},
		{Pattern: "GET " + base + "/observations", Access: see, Handle: p.observations},
		{Pattern: "GET " + base + "/observations/{observation}", Access: see, Handle: p.observation},
		{Pattern: "GET " + base + "/policies", Access: see, Handle: p.packs},
		{Pattern: "GET " + base + "/policies/{pack}", Access: see, Handle: p.pack},
		{Pattern: "GET " + base + "/policies/{pack}/publish", Access: publish, Handle: p.preview},
		{Pattern: "POST " + base + "/policies/{pack}/publish", Access: publish, Handle: p.publish},
		{Pattern: "GET " + base + "/policies/{pack}/withdraw", Access: publish, Handle: p.withdrawal},
		{Pattern: "POST " + base + "/policies/{pack}/withdraw", Access: publish, Handle: p.withdraw},
		{Pattern: "GET " + base + "/alerts", Access: see, Handle: p.alerts},
		{Pattern: "GET " + base + "/alerts/{alert}", Access: see, Handle: p.alert},
		{Pattern: "POST " + base + "/webhooks/{webhook}/test", Access: hooks, Handle: p.tryWebhook},
		{Pattern: "GET " + base + "/webhooks", Access: hooks, Handle: p.webhooks},
		{Pattern: "POST " + base + "/webhooks", Access: hooks, Handle: p.addWebhook},
		{Pattern: "POST " + base + "/webhooks/{webhook}/drop", Access: hooks, Handle: p.dropWebhook},
		{Pattern: "POST " + base + "/trust", Access: edge.Needs(trust.OpenTrust), Handle: p.openTrust},
	}
}

// outside are the pages of those who have no account.
func (p pages) outside() []edge.Route {
	page := edge.Public("the public trust page: only what is held or attested, and only while staff has opened it")
	contact := edge.Public("ACC-14.1: whom to write to; says nothing of anyone else")
	audit := edge.Public("an auditor's link: its secret is asked at each request, each visit is an entry, and it opens the controls only")
	return []edge.Route{
		{Pattern: "GET /trust", Access: page, Handle: p.public},
		{Pattern: "GET /contacts", Access: contact, Handle: p.contacts},
		{Pattern: "GET /.well-known/security.txt", Access: edge.Public("RFC 9116: whom to tell of a weakness"), Handle: p.securityText},
		{Pattern: "GET /audit/open/{secret}", Access: audit, Handle: p.auditDoor},
		{Pattern: "POST /audit/open/{secret}", Access: audit, Handle: p.auditEnter},
		{Pattern: "GET /audit", Access: audit, Handle: p.audit},
		{Pattern: "GET /audit/clauses/{pack}/{clause}", Access: audit, Handle: p.auditClause},
		{Pattern: "GET /audit/file/{form}", Access: audit, Handle: p.auditFile},
		{Pattern: "POST /audit/leave", Access: audit, Handle: p.auditLeave},
	}
}

// place is where a page stands: the provider's console, an organization, or an auditor's visit.
type place struct {
	org  core.ID
	base string
	// audit marks the pages of an auditor: nothing of them acts.
	audit bool
}

func placeOf(r *http.Request) place {
	if org := r.PathValue("org"); org != "" {
		return place{org: core.ID(org), base: "/o/" + org + "/controls"}
	}
	return place{org: core.Platform, base: "/provider/controls"}
}

func (p place) provider() bool { return p.org == core.Platform && !p.audit }

func (p place) section() string {
	if p.provider() {
		return ui.ProviderControls
	}
	return ui.Controls
}

func (p place) clauseHref(pack, clause string) string {
	return p.base + "/clauses/" + pack + "/" + clause
}

// crumbs lead back to the dashboard, and to the console before it.
func (p place) crumbs(ctx context.Context, more ...ui.Crumb) []ui.Crumb {
	var list []ui.Crumb
	if p.provider() {
		list = append(list, ui.Crumb{Label: tConsole.In(ctx), Href: "/provider"})
	}
	return append(append(list, ui.Crumb{Label: tControls.In(ctx), Href: p.base}), more...)
}

func say(ctx context.Context, t core.Text) string { return i18n.From(t).In(ctx) }

// asks tells the frame which acts the page may offer.
func asks(r *http.Request) *http.Request {
	return ui.Asking(r, "probe.run", "clause.export", "annex.read", "annex.make", "auditor_link.read", "auditor_link.make", "auditor_link.end",
		"policy.publish", "webhook.manage", "promise.sign", "trust.open", "clause.read", "incident.open")
}
