// Package api gives statistics under /api/v1.
//
// Owns: their shapes in JSON. Must not know: how they are drawn. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/statistics"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "Statistics"

// Figure is the size of one group.
type Figure struct {
	Group string `json:"group" doc:"Id of the group"`
	Value *int64 `json:"value" doc:"How many, noise included; null below ten"`
}

// Release is a statistic that was given.
type Release struct {
	Measure string    `json:"measure" doc:"What was counted"`
	Period  string    `json:"period" doc:"Week or month"`
	Epsilon float64   `json:"epsilon" doc:"Cost in the privacy budget"`
	Spread  int64     `json:"spread" doc:"How far the noise stays from nothing, 95 times out of 100"`
	AskedAt time.Time `json:"asked_at" doc:"When it was given"`
	Figures []Figure  `json:"figures" doc:"Each group"`
}

func shape(r *statistics.Release) Release {
	out := Release{Measure: r.Measure.ID, Period: r.Period, Epsilon: float64(r.Milli) / 1000, Spread: statistics.Spread(r.Milli), AskedAt: r.AskedAt, Figures: make([]Figure, len(r.Figures))}
	for i, f := range r.Figures {
		out.Figures[i].Group = f.ID
		if f.Shown {
			out.Figures[i].Value = &f.Value
		}
	}
	return out
}

// Question is what is asked.
type Question struct {
	Measure   string `json:"measure" enum:"members,sign-ins,consents" doc:"What to count"`
	Precision string `json:"precision" enum:"coarse,usual,fine" doc:"How exactly: 0.1, 0.25 or 0.5 of the monthly budget of 2"`
}

// Register adds the operations.
func Register(a *rest.API, m *statistics.Module) {
	rest.Op(a, edge.Needs(statistics.See), rest.Operation{
		ID: "listStatistics", Method: "GET", Path: "/organizations/{org}/statistics", Summary: "List the statistics that were given", Tag: tag,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Release], error) {
		return list(ctx, m, in.Org)
	})
	rest.Op(a, edge.Needs(statistics.Ask), rest.Operation{
		ID: "askStatistic", Method: "POST", Path: "/organizations/{org}/statistics", Summary: "Ask for a statistic, from the privacy budget of the month", Tag: tag, Status: 200,
		Detail: "One that was given in its period at this precision is given again, with the same noise, for nothing.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body Question
	},
	) (*rest.One[Release], error) {
		r, err := m.Ask(ctx, in.Org, in.Body.Measure, in.Body.Precision)
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(&r), 0), nil
	})
}

func list(ctx context.Context, m *statistics.Module, org core.ID) (*rest.List[Release], error) {
	v, err := m.List(ctx, org)
	if err != nil {
		return nil, err
	}
	out := make([]Release, len(v.Releases))
	for i := range v.Releases {
		out[i] = shape(&v.Releases[i])
	}
	return rest.Listed(out, ""), nil
}
