package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/ui"
)

type pages struct {
	m     *access.Module
	clock core.Clock
}

// Routes are the pages of this module. Those of /provider act on the platform; the provider's own roles and table are
// also under /o/platform, like those of any organization.
func Routes(m *access.Module) []edge.Route {
	p := pages{m, m.Needs.Clock}
	read, export := edge.Needs(&access.ReadHabilitations), edge.Needs(&access.ExportHabilitations)
	give, take := edge.Needs(&access.GiveAssignment), edge.Needs(&access.RevokeAssignment)
	define, roles := edge.Needs(&access.DefineRole), edge.Needs(&access.ReadRoles)
	suspend, lift, suspended := edge.Needs(&access.Suspend), edge.Needs(&access.Lift), edge.Needs(&access.ReadSuspensions)
	allow, allowed := edge.Needs(&access.ChangeAllow), edge.Needs(&access.ReadAllow)
	return []edge.Route{
		{Pattern: "GET /o/{org}/roles", Access: roles, Handle: p.roles},
		{Pattern: "GET /o/{org}/roles/new", Access: roles, Handle: p.newRole},
		{Pattern: "POST /o/{org}/roles/new", Access: define, Handle: p.saveRole},
		{Pattern: "GET /o/{org}/roles/{role}", Access: read, Handle: p.role},
		{Pattern: "GET /o/{org}/roles/{role}/edit", Access: read, Handle: p.editRole},
		{Pattern: "POST /o/{org}/roles/{role}/edit", Access: define, Handle: p.saveRole},
		{Pattern: "POST /o/{org}/roles/{role}/retire", Access: define, Handle: p.retireRole},
		{Pattern: "POST /o/{org}/roles/{role}/assign", Access: give, Handle: p.assignByEmail},

		{Pattern: "GET /o/{org}/habilitations", Access: read, Handle: p.table},
		{Pattern: "GET /o/{org}/habilitations/file", Access: export, Handle: p.file},
		{Pattern: "GET /o/{org}/habilitations/who", Access: read, Handle: p.whoCan},
		{Pattern: "GET /o/{org}/habilitations/unused", Access: read, Handle: p.unused},
		{Pattern: "GET /o/{org}/habilitations/unused/file", Access: export, Handle: p.unusedFile},
		{Pattern: "GET /o/{org}/habilitations/policies", Access: roles, Handle: p.policies},
		{Pattern: "GET /o/{org}/habilitations/persons/{person}", Access: read, Handle: p.person},
		{Pattern: "GET /o/{org}/my-rights", Access: edge.Needs(&access.ReadOwn), Handle: p.myRights},
		{Pattern: "POST /o/{org}/habilitations/persons/{person}/assign", Access: give, Handle: p.assign},
		{Pattern: "POST /o/{org}/assignments/{assignment}/revoke", Access: take, Handle: p.revoke},
		{Pattern: "POST /o/{org}/assignments/{assignment}/again", Access: give, Handle: p.again},

		{Pattern: "GET /o/{org}/support", Access: read, Handle: p.support},
		{Pattern: "POST /o/{org}/support", Access: give, Handle: p.openToSupport},

		{Pattern: "GET /o/{org}/suspensions", Access: suspended, Handle: p.suspensions},
		{Pattern: "POST /o/{org}/suspensions", Access: suspend, Handle: p.suspend},
		{Pattern: "POST /o/{org}/suspensions/{suspension}/lift", Access: lift, Handle: p.lift},
		{Pattern: "GET /provider/suspensions", Access: suspended, Handle: p.suspensions},
		{Pattern: "POST /provider/suspensions", Access: suspend, Handle: p.suspend},
		{Pattern: "POST /provider/suspensions/{suspension}/lift", Access: lift, Handle: p.lift},

		{Pattern: "GET /o/{org}/addresses", Access: allowed, Handle: p.addresses},
		{Pattern: "POST /o/{org}/addresses", Access: allow, Handle: p.saveAddresses},
		{Pattern: "GET /provider/addresses", Access: allowed, Handle: p.addresses},
		{Pattern: "POST /provider/addresses", Access: allow, Handle: p.saveAddresses},

		{Pattern: "GET /provider/habilitations", Access: read, Handle: p.staff},
		{Pattern: "GET /provider/habilitations/file", Access: export, Handle: p.staffFile},
	}
}

// place is where a page stands: an organization, or the provider's console.
type place struct {
	org  core.ID
	base string // "/o/…" or "/provider"
}

func placeOf(r *http.Request) place {
	if org := core.ID(r.PathValue("org")); org != "" {
		return place{org, "/o/" + string(org)}
	}
	return place{core.Platform, "/provider"}
}

func (p place) provider() bool { return p.base == "/provider" }

// table is where the habilitations of the place are.
func (p place) table() string { return "/o/" + string(p.org) + "/habilitations" }

func (p place) person(id core.ID) string { return p.table() + "/persons/" + string(id) }

func (p place) role(id string) string { return "/o/" + string(p.org) + "/roles/" + id }

// section is the entry of the menu that is current.
func (p place) section(own string) string {
	if !p.provider() {
		return own
	}
	switch own {
	case ui.Suspensions:
		return ui.ProviderCuts
	case ui.Addresses:
		return ui.ProviderDoors
	}
	return ui.ProviderStaff
}

var codeDate = i18n.Reason("access.date", "Écrivez une date, comme 2026-12-31.", "Write a date, such as 2026-12-31.")

var errDate = i18n.Fault(core.Invalid, "access.date_invalid", "Cette date ne se lit pas.", "This date cannot be read.")

// dayEnd reads a date: the moment that day ends in UTC; an empty text is no date.
func dayEnd(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() > 2200 {
		return time.Time{}, errDate
	}
	return t.AddDate(0, 0, 1), nil
}

// asOf reads the date of a table from the address: its end, or now for today, a date to come or none.
func (p pages) asOf(r *http.Request) (at time.Time, text string, err error) {
	text = r.URL.Query().Get("at")
	at, err = dayEnd(text)
	if err != nil {
		return at, "", errDate.With("at", codeDate)
	}
	if !at.Before(p.clock.Now()) {
		return time.Time{}, "", nil
	}
	return at, text, nil
}

func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// id reads an id of a path; what has no form of one is nothing that exists.
func id(r *http.Request, name string) core.ID {
	v := r.PathValue(name)
	if len(v) > 64 {
		return ""
	}
	return core.ID(v)
}

// object reads the id of one object from a form; empty is none.
func object(text string) core.ID {
	if ids.Valid(text) {
		return core.ID(text)
	}
	return core.ID(text[:min(len(text), 64)])
}

var (
	tSomeone  = i18n.T("Personne effacée", "Erased person")
	tPlatform = i18n.T("La plateforme", "The platform")
	tNoEnd    = i18n.T("sans fin", "no end")
)

func nameOf(ctx context.Context, names map[core.ID]string, id core.ID) string {
	if n := names[id]; n != "" {
		return n
	}
	if id == "" {
		return tPlatform.In(ctx)
	}
	return tSomeone.In(ctx)
}

func orSomeone(ctx context.Context, name string) string {
	if name == "" {
		return tSomeone.In(ctx)
	}
	return name
}

// format is that of an export: CSV unless another is asked.
func format(r *http.Request) string {
	if f := r.URL.Query().Get("format"); f != "" {
		return f
	}
	return access.FormatCSV
}

// renamed leads what is wrong with one field to the input that stands for it on this page.
func renamed(problems ui.Problems, field, input string) ui.Problems {
	for i := range problems {
		if problems[i].Field == field {
			problems[i].Field = input
		}
	}
	return problems
}
