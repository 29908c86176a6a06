package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ui"
)

type pages struct{ m *consent.Module }

const minePath = "/me/shares"

// Routes are the pages of this module.
func Routes(m *consent.Module) []edge.Route {
	p := pages{m}
	see, give, back := edge.Needs(consent.SeeOwn), edge.Needs(consent.Give), edge.Needs(consent.Withdraw)
	routes := []edge.Route{
		{Pattern: "GET " + minePath, Access: see, Handle: p.mine},
		{Pattern: "GET " + minePath + "/{question}", Access: see, Handle: p.one},
		{Pattern: "POST " + minePath + "/{question}/preview", Access: see, Handle: p.preview},
		{Pattern: "POST " + minePath + "/{question}/give", Access: give, Handle: p.give},
		{Pattern: "POST " + minePath + "/{question}/withdraw", Access: back, Handle: p.withdraw},
		{Pattern: "GET " + minePath + "/receipts/{record}", Access: edge.Needs(consent.Receipt), Handle: p.receipt},

		{Pattern: "GET /o/{org}/shares", Access: edge.Needs(consent.ListShares), Handle: p.inbox},
		{Pattern: "GET /o/{org}/shares/{share}", Access: edge.Needs(consent.ReadShare), Handle: p.read},
		{Pattern: "POST /o/{org}/shares/{share}/notes", Access: edge.Needs(consent.NoteShare), Handle: p.write},
		{Pattern: "POST /o/{org}/shares/notes/{note}/drop", Access: edge.Needs(consent.NoteShare), Handle: p.drop},

		{Pattern: "GET /provider/consents/counts", Access: edge.Needs(consent.CountAll), Handle: p.counts},
	}
	for _, base := range []string{"/provider/consents", "/o/{org}/consents"} {
		read, publish := edge.Needs(consent.ReadTexts), edge.Needs(consent.PublishText)
		routes = append(routes,
			edge.Route{Pattern: "GET " + base, Access: read, Handle: p.questions},
			edge.Route{Pattern: "GET " + base + "/new", Access: publish, Handle: p.drafting},
			edge.Route{Pattern: "POST " + base + "/new", Access: publish, Handle: p.publish},
			edge.Route{Pattern: "GET " + base + "/{question}", Access: read, Handle: p.question},
			edge.Route{Pattern: "GET " + base + "/{question}/new", Access: publish, Handle: p.drafting},
			edge.Route{Pattern: "POST " + base + "/{question}/new", Access: publish, Handle: p.publish},
			edge.Route{Pattern: "POST " + base + "/{question}/close", Access: edge.Needs(consent.CloseText), Handle: p.close},
		)
	}
	return routes
}

func say(ctx context.Context, t core.Text) string { return i18n.From(t).In(ctx) }

func me(r *http.Request) core.ID { return core.ActorOf(r.Context()).ID }

// dayOf reads a date as the end of that day; what cannot be read is no date, which the module refuses in words.
func dayOf(text string) time.Time {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(text))
	if err != nil || t.Year() > 2200 || t.Year() < 2000 {
		return time.Time{}
	}
	return t.AddDate(0, 0, 1).Add(-time.Second)
}

func showDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// orgOf gives the organization of a page: the provider's own when its path names none.
func orgOf(r *http.Request) core.ID {
	if org := r.PathValue("org"); org != "" {
		return core.ID(org)
	}
	return core.Platform
}

func base(org core.ID) string {
	if org == core.Platform {
		return "/provider/consents"
	}
	return "/o/" + string(org) + "/consents"
}

func section(org core.ID) string {
	if org == core.Platform {
		return ui.ProviderConsents
	}
	return ui.Consents
}

// titles names fields, in the order of pages.
func (p pages) titles(ctx context.Context, fields []string) string {
	var list []string
	for _, f := range p.m.Fields() {
		if slices.Contains(fields, f.ID) {
			list = append(list, say(ctx, f.Title))
		}
	}
	return strings.Join(list, ", ")
}

// options are the fields that can be ticked.
func (p pages) options(ctx context.Context, among []string) (list []ui.Option) {
	for _, f := range p.m.Fields() {
		if among == nil || slices.Contains(among, f.ID) {
			list = append(list, ui.Option{Value: f.ID, Label: say(ctx, f.Title)})
		}
	}
	return list
}

func number(text string) int64 { n, _ := strconv.ParseInt(text, 10, 64); return n }

// rows draws fields with their owners.
func fieldFacts(ctx context.Context, list []consent.Field) (facts ui.Facts) {
	for _, f := range list {
		facts = append(facts, ui.Fact{Label: say(ctx, f.Title), Text: f.Value})
	}
	return facts
}
