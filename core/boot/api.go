package boot

import (
	"strings"

	"github.com/rempart/rempart/core"
	accessapi "github.com/rempart/rempart/core/internal/access/api"
	archiveapi "github.com/rempart/rempart/core/internal/archive/api"
	attestationapi "github.com/rempart/rempart/core/internal/attestation/api"
	consentapi "github.com/rempart/rempart/core/internal/consent/api"
	controlapi "github.com/rempart/rempart/core/internal/control/api"
	erasureapi "github.com/rempart/rempart/core/internal/erasure/api"
	identityapi "github.com/rempart/rempart/core/internal/identity/api"
	incidentapi "github.com/rempart/rempart/core/internal/incident/api"
	inventoryapi "github.com/rempart/rempart/core/internal/inventory/api"
	journalapi "github.com/rempart/rempart/core/internal/journal/api"
	offboardingapi "github.com/rempart/rempart/core/internal/offboarding/api"
	"github.com/rempart/rempart/core/internal/organization"
	organizationapi "github.com/rempart/rempart/core/internal/organization/api"
	registerapi "github.com/rempart/rempart/core/internal/register/api"
	retentionapi "github.com/rempart/rempart/core/internal/retention/api"
	reviewapi "github.com/rempart/rempart/core/internal/review/api"
	rightsapi "github.com/rempart/rempart/core/internal/rights/api"
	sessionapi "github.com/rempart/rempart/core/internal/session/api"
	settingsapi "github.com/rempart/rempart/core/internal/settings/api"
	statisticsapi "github.com/rempart/rempart/core/internal/statistics/api"
	termsapi "github.com/rempart/rempart/core/internal/terms/api"
	tokenapi "github.com/rempart/rempart/core/internal/token/api"
	"github.com/rempart/rempart/kit/edge/rest"
)

// makeAPI gathers the operations of every room.
func (h *House) makeAPI() *rest.API {
	a := rest.New(rest.Config{Replies: h.tokens, Clock: h.cfg.Clock, Log: h.cfg.Log, Rate: h.cfg.Rate, Burst: 5 * h.cfg.Rate, Watch: h.sent})
	sessionapi.Register(a, h.sessions)
	identityapi.Register(a, h.identity)
	tokenapi.Register(a, h.tokens)
	accessapi.Register(a, h.access)
	organizationapi.Register(a, h.organizations)
	reviewapi.Register(a, h.review, organization.RemoveMember)
	settingsapi.Register(a, h.settings)
	termsapi.Register(a, h.terms)
	attestationapi.Register(a, h.attestation)
	inventoryapi.Register(a, h.inventory)
	rightsapi.Register(a, h.rights)
	incidentapi.Register(a, h.incident)
	retentionapi.Register(a, h.retention)
	offboardingapi.Register(a, h.offboarding)
	registerapi.Register(a, h.register)
	erasureapi.Register(a, h.erasure)
	consentapi.Register(a, h.consent)
	statisticsapi.Register(a, h.statistics)
	archiveapi.Register(a, h.archive)
	controlapi.Register(a, h.control)
	journalapi.Register(a, h.journal.Explorer(h.gate, h.identity))
	for _, g := range h.guests {
		if g.Register != nil {
			g.Register(a)
		}
	}
	return a
}

// scopes lists the acts that operations perform: a token is for the API, nothing else can be among its scopes.
func (h *House) scopes() []*core.ActDef {
	var all []*core.ActDef
	for _, route := range h.api.Routes() {
		if act := route.Access.Act(); act != nil {
			all = append(all, act)
		}
	}
	// A stream is no operation of the API, and a program follows it all the same.
	for _, g := range h.guests {
		for _, route := range g.Routes {
			if act := route.Access.Act(); act != nil && strings.Contains(route.Pattern, " "+rest.Prefix+"/") {
				all = append(all, act)
			}
		}
	}
	return all
}

// OpenAPI is the description of the API (OpenAPI 3.1) as it is kept in docs/openapi.json.
func (h *House) OpenAPI() ([]byte, error) { return h.api.OpenAPI() }
