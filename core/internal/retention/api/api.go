// Package api gives retention under /api/v1: rules, sweeps, legal holds.
//
// Owns: their shapes in JSON. Must not know: how they are decided or kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/retention"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "Retention"

// Rule is a retention rule in force.
type Rule struct {
	Module  string   `json:"module" doc:"Room that owns the rows"`
	Name    string   `json:"name" doc:"Name of the rule"`
	Days    int      `json:"days" doc:"Days at hand in this organization; 0: as long as what it hangs on"`
	Archive int      `json:"archive_days,omitempty" doc:"Days in the intermediate archive after that"`
	FR      string   `json:"fr" doc:"In French words"`
	EN      string   `json:"en" doc:"In English words"`
	Tables  []string `json:"tables,omitempty" doc:"Tables whose rows it ends"`
	Soon    int64    `json:"soon" doc:"Rows that reach their end within thirty days, 5,000 at most"`
	Held    int64    `json:"held" doc:"Rows of these that a legal hold keeps"`
}

// Sweep is one run of the sweeper.
type Sweep struct {
	ID    core.ID    `json:"id" doc:"Id of the run"`
	Dry   bool       `json:"dry_run" doc:"Whether it only counted"`
	State string     `json:"state" doc:"running or done"`
	Began time.Time  `json:"began_at" doc:"When it began"`
	Ended *time.Time `json:"ended_at,omitempty" doc:"When it ended"`
	Lines []Line     `json:"lines,omitempty" doc:"What it ended, by organization, rule and table"`
}

// Line is what a run ended of one table.
type Line struct {
	Org      core.ID `json:"organization" doc:"Whose rows"`
	Rule     string  `json:"rule" doc:"Rule"`
	Table    string  `json:"table" doc:"Table"`
	Days     int64   `json:"days" doc:"Days in force"`
	Deleted  int64   `json:"deleted" doc:"Rows that left the table"`
	Archived int64   `json:"archived" doc:"Those of them that the archive keeps"`
	Held     int64   `json:"held" doc:"Rows that a legal hold kept"`
	Entry    core.ID `json:"entry,omitempty" doc:"Certificate in the journal"`
}

// Hold is a legal hold.
type Hold struct {
	ID     core.ID    `json:"id" doc:"Id of the hold"`
	Org    core.ID    `json:"organization" doc:"Organization that it covers; platform for a person everywhere"`
	Person core.ID    `json:"person,omitempty" doc:"Person that it covers; everybody when absent"`
	Ground string     `json:"ground" doc:"Ground or case"`
	Since  time.Time  `json:"since" doc:"When it was placed"`
	Review time.Time  `json:"review_at" doc:"When it must be looked at again"`
	Ends   *time.Time `json:"ends_at,omitempty" doc:"When it ends by itself"`
	Lifted *time.Time `json:"lifted_at,omitempty" doc:"When it was lifted"`
}

type inOrg struct {
	Org core.ID `path:"org" doc:"Id of the organization"`
}

func shape(run retention.Run, counts []retention.Count) Sweep {
	s := Sweep{ID: run.ID, Dry: run.Dry, State: run.State, Began: run.Began, Ended: moment(run.Ended)}
	for _, c := range counts {
		s.Lines = append(s.Lines, Line{c.Org, c.Rule, c.Table, c.Days, c.Deleted, c.Archived, c.Kept, c.Entry})
	}
	return s
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Register adds the operations.
func Register(a *rest.API, m *retention.Module) {
	rest.Op(a, edge.Needs(retention.ReadRules), rest.Operation{
		ID: "listRetentionRules", Method: "GET", Path: "/organizations/{org}/retention", Summary: "List the retention rules in force", Tag: tag,
	}, func(ctx context.Context, in *inOrg) (*rest.List[Rule], error) {
		lines, err := m.Rules(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Rule, len(lines))
		for i, l := range lines {
			out[i] = Rule{l.Module, l.Rule.Name, l.Days, l.Rule.Archive, l.Rule.Title.FR, l.Rule.Title.EN, l.Tables, l.Soon, l.Kept}
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(retention.ReadRules), rest.Operation{
		ID: "listSweeps", Method: "GET", Path: "/organizations/{org}/retention/runs", Summary: "List the sweeps that ended something", Tag: tag,
	}, func(ctx context.Context, in *inOrg) (*rest.List[Sweep], error) {
		runs, err := m.Runs(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Sweep, len(runs))
		for i, r := range runs {
			out[i] = shape(r, nil)
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(retention.ReadRules), rest.Operation{
		ID: "readSweep", Method: "GET", Path: "/organizations/{org}/retention/runs/{sweep}", Summary: "Read what a sweep ended", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Org   core.ID `path:"org" doc:"Id of the organization"`
		Sweep core.ID `path:"sweep" doc:"Id of the sweep"`
	},
	) (*rest.One[Sweep], error) {
		run, counts, err := m.Report(ctx, in.Org, in.Sweep)
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(run, counts), 0), nil
	})
	rest.Op(a, edge.Needs(retention.Try), rest.Operation{
		ID: "trySweep", Method: "POST", Path: "/organizations/{org}/retention/try", Summary: "Count what a sweep would end now, without ending anything", Tag: tag,
	}, func(ctx context.Context, in *inOrg) (*rest.One[Sweep], error) {
		id, err := m.Try(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		run, counts, err := m.Report(ctx, in.Org, id)
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(run, counts), 0), nil
	})
	rest.Op(a, edge.Needs(retention.ReadHolds), rest.Operation{
		ID: "listHolds", Method: "GET", Path: "/organizations/{org}/holds", Summary: "List legal holds", Tag: tag,
	}, func(ctx context.Context, in *inOrg) (*rest.List[Hold], error) {
		list, _, err := m.Holds(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Hold, len(list))
		for i, h := range list {
			out[i] = Hold{h.ID, h.Org, h.Person, h.Ground, h.Since, h.Review, moment(h.Ends), moment(h.Lifted)}
		}
		return rest.Listed(out, ""), nil
	})
}
