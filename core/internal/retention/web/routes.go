package web

import (
	"github.com/rempart/rempart/core/internal/retention"
	"github.com/rempart/rempart/kit/edge"
)

type pages struct{ m *retention.Module }

// Routes are the pages of this module: the same ones for the provider, over everything, and for an organization, over its own.
func Routes(m *retention.Module) []edge.Route {
	p := pages{m}
	var all []edge.Route
	for _, at := range []string{"/provider/retention", "/o/{org}/retention"} {
		all = append(all,
			edge.Route{Pattern: "GET " + at, Access: edge.Needs(retention.ReadRules), Handle: p.rules},
			edge.Route{Pattern: "POST " + at + "/try", Access: edge.Needs(retention.Try), Handle: p.try},
			edge.Route{Pattern: "GET " + at + "/runs", Access: edge.Needs(retention.ReadRules), Handle: p.runs},
			edge.Route{Pattern: "GET " + at + "/runs/{sweep}", Access: edge.Needs(retention.ReadRules), Handle: p.run},
			edge.Route{Pattern: "GET " + at + "/runs/{sweep}/certificate", Access: edge.Needs(retention.Certify), Handle: p.certificate},
			edge.Route{Pattern: "GET " + at + "/holds", Access: edge.Needs(retention.ReadHolds), Handle: p.holds},
			edge.Route{Pattern: "GET " + at + "/holds/new", Access: edge.Needs(retention.PlaceHold), Handle: p.blank},
			edge.Route{Pattern: "POST " + at + "/holds", Access: edge.Needs(retention.PlaceHold), Handle: p.place},
			edge.Route{Pattern: "GET " + at + "/holds/{hold}/lift", Access: edge.Needs(retention.LiftHold), Handle: p.lifting},
			edge.Route{Pattern: "POST " + at + "/holds/{hold}/lift", Access: edge.Needs(retention.LiftHold), Handle: p.lift},
		)
	}
	return append(all,
		edge.Route{Pattern: "GET /provider/retention/archive", Access: edge.Needs(retention.SearchArchive), Handle: p.archive},
		edge.Route{Pattern: "POST /provider/retention/archive", Access: edge.Needs(retention.SearchArchive), Handle: p.search},
	)
}
