package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
	"github.com/rempart/rempart/services/recognition"
)

type setup struct{ m *recognition.Module }

const (
	setupBase     = "/o/{org}/recognition"
	linkBase      = setupBase + "/links/{link}"
	providerPath  = "/provider/recognition"
	subscribePath = "/recognition/subscribe"
	formPath      = "/recognition/subscribe/form"
)

func setupRoutes(m *recognition.Module) []edge.Route {
	p := setup{m}
	read, manage := edge.Needs(recognition.ReadLinks), edge.Needs(recognition.ManageLink)
	previews, invite, approve := edge.Needs(recognition.ReadPreview), edge.Needs(&recognition.AgentInvite), edge.Needs(&recognition.SyncApprove)
	remove, end := edge.Needs(recognition.RemoveLinkAct), edge.Needs(recognition.EndSubscription)
	sign := edge.Public("whoever has no account signs an organization up for the service; throttled, closed by a setting, confirmed by mail")
	return []edge.Route{
		{Pattern: "GET " + setupBase, Access: read, Handle: p.overview},
		{Pattern: "POST " + setupBase + "/subscribe", Access: edge.Needs(recognition.StartSubscription), Handle: p.subscribe},
		{Pattern: "GET " + setupBase + "/end", Access: end, Handle: p.ending},
		{Pattern: "POST " + setupBase + "/end", Access: end, Handle: p.end},

		{Pattern: "GET " + setupBase + "/new", Access: manage, Handle: p.choose},
		{Pattern: "POST " + setupBase + "/new", Access: manage, Handle: p.chosen},
		{Pattern: "GET " + linkBase, Access: read, Handle: p.link},
		{Pattern: "GET " + linkBase + "/settings", Access: manage, Handle: p.settings},
		{Pattern: "POST " + linkBase + "/settings", Access: manage, Handle: p.settingsSaved},
		{Pattern: "POST " + linkBase + "/secret", Access: edge.Needs(recognition.ReadLinkSecret), Handle: p.secret},
		{Pattern: "POST " + linkBase + "/pause", Access: manage, Handle: p.pause},
		{Pattern: "GET " + linkBase + "/remove", Access: remove, Handle: p.removing},
		{Pattern: "POST " + linkBase + "/remove", Access: remove, Handle: p.removed},
		{Pattern: "GET " + linkBase + "/approve", Access: approve, Handle: p.approving},
		{Pattern: "POST " + linkBase + "/approve", Access: approve, Handle: p.approved},
		{Pattern: "POST " + linkBase + "/refuse", Access: approve, Handle: p.refused},

		{Pattern: "GET " + linkBase + "/install", Access: invite, Handle: p.installing},
		{Pattern: "POST " + linkBase + "/install", Access: invite, Handle: p.install},
		{Pattern: "POST " + linkBase + "/dismiss", Access: edge.Needs(&recognition.AgentDismiss), Handle: p.dismiss},
		{Pattern: "GET " + linkBase + "/wait", Access: read, Handle: p.wait},
		{Pattern: "GET " + linkBase + "/wait/progress", Access: read, Handle: p.waitState},
		{Pattern: "GET " + linkBase + "/tools", Access: edge.Needs(recognition.ReadTools), Handle: p.tools},
		{Pattern: "GET " + linkBase + "/tools/progress", Access: edge.Needs(recognition.ReadTools), Handle: p.toolsState},
		{Pattern: "POST " + linkBase + "/tools", Access: manage, Handle: p.toolChosen},
		{Pattern: "POST " + linkBase + "/tools/ask", Access: edge.Needs(recognition.AskTools), Handle: p.toolsAsked},
		{Pattern: "GET " + linkBase + "/fields", Access: previews, Handle: p.fields},
		{Pattern: "POST " + linkBase + "/fields", Access: manage, Handle: p.fieldsSaved},
		{Pattern: "POST " + linkBase + "/ask", Access: edge.Needs(recognition.AskPreview), Handle: p.ask},
		{Pattern: "GET " + linkBase + "/numbers", Access: previews, Handle: p.numbers},
		{Pattern: "GET " + linkBase + "/numbers/progress", Access: previews, Handle: p.numbersState},
		{Pattern: "GET " + linkBase + "/shown", Access: previews, Handle: p.shown},
		{Pattern: "POST " + linkBase + "/shown", Access: manage, Handle: p.shownSaved},
		{Pattern: "GET " + linkBase + "/try", Access: edge.Needs(recognition.TryNumber), Handle: p.trying},
		{Pattern: "POST " + linkBase + "/try", Access: edge.Needs(recognition.TryNumber), Handle: p.tried},

		{Pattern: "GET " + providerPath, Access: edge.Needs(recognition.ReadOrigins), Handle: p.sites},
		{Pattern: "POST " + providerPath, Access: edge.Needs(recognition.AddOrigin), Handle: p.siteAdded},
		{Pattern: "POST " + providerPath + "/remove", Access: edge.Needs(recognition.DropOrigin), Handle: p.siteDropped},
		{Pattern: "GET " + subscribePath, Access: sign, Handle: p.public},
		{Pattern: "POST " + subscribePath, Access: sign, Handle: p.publicAsked},
		{
			Pattern: "POST " + formPath, CrossSite: true, Handle: p.fromSite,
			Access: edge.Public("a form of a site that the provider named; it acts for nobody, is throttled and confirmed by mail").Blind(),
		},
	}
}

func setupOrg(r *http.Request) core.ID  { return core.ID(r.PathValue("org")) }
func setupLink(r *http.Request) core.ID { return core.ID(r.PathValue("link")) }

// setupAt gives an address of the tool, linkAt one of a link.
func setupAt(org core.ID, rest string) string { return "/o/" + string(org) + "/recognition" + rest }

func linkAt(org, link core.ID, rest string) string {
	return setupAt(org, "/links/"+string(link)+rest)
}

// asked makes a page of the tool know which acts to offer.
func askedOf(r *http.Request) *http.Request {
	return ui.Asking(r, "link.manage", "link.remove", "link.secret", "link.preview", "link.tools", "link.try", "agent.invite", "agent.read", "agent.dismiss", "sync.read", "sync.approve",
		"subscription.start", "subscription.end", "subscription_form.add", "subscription_form.remove")
}

func setupCrumbs(ctx context.Context, org core.ID, more ...ui.Crumb) []ui.Crumb {
	return append([]ui.Crumb{{Label: tsSetup.In(ctx), Href: setupAt(org, "")}}, more...)
}

func linkCrumbs(ctx context.Context, l recognition.Link) []ui.Crumb {
	return setupCrumbs(ctx, l.Org, ui.Crumb{Label: l.Name, Href: linkAt(l.Org, l.ID, "")})
}

// kindTitle says a kind in words.
func kindTitle(ctx context.Context, kind string) string {
	switch kind {
	case anyKind:
		return tsAnyKind.In(ctx)
	case "form":
		return tsForm.In(ctx)
	case "postgres", "mysql":
		kind = "sql"
	}
	for _, k := range kinds {
		if k.kind == kind {
			return k.title.In(ctx)
		}
	}
	return kind
}

// unsaid stands where a sentence names what a program does not tell: a file, a host, a figure of its machine.
var unsaid = strings.NewReplacer("%s", "…", "%d", "…")

// explained says a code of a fault in words.
func explained(ctx context.Context, code string) string {
	if code == "" {
		return ""
	}
	return unsaid.Replace(strings.TrimSpace(i18n.Explain(ctx, code)))
}
