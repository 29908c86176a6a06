// Package api gives the end of the contract of an organization under /api/v1.
//
// Owns: its shape in JSON. Must not know: how it is decided or kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/offboarding"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "End of contract"

// State is how an organization stands.
type State struct {
	Leaving  bool       `json:"leaving" doc:"Whether the contract is ending"`
	State    string     `json:"state,omitempty" doc:"leaving, closing, erased"`
	Ends     *time.Time `json:"ends_at,omitempty" doc:"Until when everything can be read and taken away"`
	Days     int        `json:"days_left,omitempty" doc:"Days left"`
	Held     bool       `json:"held,omitempty" doc:"Whether a legal hold stops the erasure"`
	Earliest time.Time  `json:"earliest" doc:"The first date at which a contract that ends now can be over"`
}

type inOrg struct {
	Org core.ID `path:"org" doc:"Id of the organization"`
}

func read(ctx context.Context, m *offboarding.Module, org core.ID) (*rest.One[State], error) {
	s, err := m.State(ctx, org, org)
	if err != nil {
		return nil, err
	}
	out := State{Leaving: s.Set, Earliest: s.Earliest}
	if s.Set {
		out.State, out.Ends, out.Days, out.Held = s.End.State, &s.End.Ends, s.End.Left(m.Now()), s.End.Held != ""
	}
	return rest.Got(out, 0), nil
}

// Register adds the operations.
func Register(a *rest.API, m *offboarding.Module) {
	rest.Op(a, edge.Needs(offboarding.Read), rest.Operation{
		ID: "readOffboarding", Method: "GET", Path: "/organizations/{org}/offboarding", Summary: "Read whether the contract is ending, and until when", Tag: tag,
	}, func(ctx context.Context, in *inOrg) (*rest.One[State], error) { return read(ctx, m, in.Org) })
	rest.Op(a, edge.Needs(offboarding.Extend), rest.Operation{
		ID: "extendOffboarding", Method: "POST", Path: "/organizations/{org}/offboarding/extensions", Summary: "Ask for more time to take everything away", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Org  core.ID `path:"org" doc:"Id of the organization"`
		Body struct {
			Until  time.Time `json:"until" doc:"The new date"`
			Reason string    `json:"reason" doc:"Why, in 10 to 1000 characters"`
		}
	},
	) (*rest.One[State], error) {
		if _, err := m.AskMore(ctx, in.Org, in.Body.Until, in.Body.Reason); err != nil {
			return nil, err
		}
		return read(ctx, m, in.Org)
	})
}
