package web

import (
	"net/http"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ui"
)

// pages are those of one register: the provider's, or an organization's.
type pages struct {
	m       *register.Module
	base    string // with {org}
	section string
}

// Routes are the pages of this module.
func Routes(m *register.Module) (routes []edge.Route) {
	for _, p := range []pages{{m, "/provider/register", ui.ProviderRecord}, {m, "/o/{org}/register", ui.Record}} {
		read, write := edge.Needs(register.Read), edge.Needs(register.Write)
		approve, suspend := edge.Needs(register.Approve), edge.Needs(register.Suspend)
		routes = append(routes,
			edge.Route{Pattern: "GET " + p.base, Access: read, Handle: p.list},
			edge.Route{Pattern: "GET " + p.base + "/card", Access: write, Handle: p.card},
			edge.Route{Pattern: "GET " + p.base + "/new", Access: write, Handle: p.blank},
			edge.Route{Pattern: "GET " + p.base + "/export/{format}", Access: edge.Needs(register.Export), Handle: p.export},
			edge.Route{Pattern: "POST " + p.base + "/approve", Access: approve, Handle: p.approve},
			edge.Route{Pattern: "POST " + p.base + "/hands", Access: write, Handle: p.add},
			edge.Route{Pattern: "GET " + p.base + "/hands/{hand}", Access: write, Handle: p.edit},
			edge.Route{Pattern: "POST " + p.base + "/hands/{hand}", Access: write, Handle: p.change},
			edge.Route{Pattern: "POST " + p.base + "/hands/{hand}/end", Access: write, Handle: p.end},
			edge.Route{Pattern: "GET " + p.base + "/activities/{activity}", Access: read, Handle: p.one},
			edge.Route{Pattern: "POST " + p.base + "/activities/{activity}/suspend", Access: suspend, Handle: p.suspend},
			edge.Route{Pattern: "POST " + p.base + "/activities/{activity}/resume", Access: suspend, Handle: p.resume},
		)
	}
	return append(routes, edge.Route{Pattern: "GET /me/register", Access: edge.Needs(register.SeeShown), Handle: shown(m)})
}

// org is whose register a request is about.
func (p pages) org(r *http.Request) core.ID {
	if id := r.PathValue("org"); id != "" {
		return core.ID(id)
	}
	return core.Platform
}

// at is an address of these pages.
func (p pages) at(org core.ID, parts ...string) string {
	return strings.Join(append([]string{strings.ReplaceAll(p.base, "{org}", string(org))}, parts...), "/")
}

// part reads which form is asked for; the first of the register when none is.
func part(r *http.Request, org core.ID) core.Part {
	asked := core.Part(r.FormValue("form"))
	for _, one := range register.Parts(org) {
		if one == asked {
			return one
		}
	}
	return register.Parts(org)[0]
}
