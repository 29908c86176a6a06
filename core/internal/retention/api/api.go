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
	holds(a, m)
}

// Holding is what a hold covers and why.
type Holding struct {
	Person string     `json:"person,omitempty" maxLength:"254" doc:"E-mail address of the person that it covers; everybody when absent"`
	Ground string     `json:"ground" doc:"Ground or case, in 10 to 1000 characters; kept sealed"`
	Review time.Time  `json:"review_at" doc:"When it must be looked at again, within a year"`
	Ends   *time.Time `json:"ends_at,omitempty" doc:"When it ends by itself; absent: until it is lifted"`
}

// Identified is the id of what was made.
type Identified struct {
	ID core.ID `json:"id" doc:"Id of the hold"`
}

// Lifting is why a hold is lifted.
type Lifting struct {
	Why string `json:"why" doc:"Why, in 10 to 1000 characters; kept sealed"`
}

func place(ctx context.Context, m *retention.Module, in, org core.ID, h Holding) (*rest.One[Identified], error) {
	person, err := m.Find(ctx, in, h.Person)
	if err != nil {
		return nil, err
	}
	d := retention.Draft{Org: org, Person: person, Ground: h.Ground, Review: h.Review}
	if h.Ends != nil {
		d.Ends = *h.Ends
	}
	id, err := m.Place(ctx, in, d)
	if err != nil {
		return nil, err
	}
	return rest.Got(Identified{id}, 0), nil
}

func list(ctx context.Context, m *retention.Module, in core.ID) (*rest.List[Hold], error) {
	all, _, err := m.Holds(ctx, in)
	if err != nil {
		return nil, err
	}
	out := make([]Hold, len(all))
	for i, h := range all {
		out[i] = Hold{h.ID, h.Org, h.Person, h.Ground, h.Since, h.Review, moment(h.Ends), moment(h.Lifted)}
	}
	return rest.Listed(out, ""), nil
}

// holds adds the operations on legal holds: those of an organization, and those of the provider on any of them.
func holds(a *rest.API, m *retention.Module) {
	rest.Op(a, edge.Needs(retention.ReadHolds), rest.Operation{
		ID: "listHolds", Method: "GET", Path: "/organizations/{org}/holds", Summary: "List legal holds", Tag: tag,
	}, func(ctx context.Context, in *inOrg) (*rest.List[Hold], error) { return list(ctx, m, in.Org) })
	rest.Op(a, edge.Needs(retention.PlaceHold), rest.Operation{
		ID: "placeHold", Method: "POST", Path: "/organizations/{org}/holds", Summary: "Place a legal hold on a member, or on the whole organization", Tag: tag, Status: 201,
		Detail: "It acts at once: neither sweep nor erasure touches what it covers.",
	}, func(ctx context.Context, in *struct {
		Org  core.ID `path:"org" doc:"Id of the organization"`
		Body Holding
	},
	) (*rest.One[Identified], error) {
		return place(ctx, m, in.Org, in.Org, in.Body)
	})
	rest.Op(a, edge.Needs(retention.LiftHold), rest.Operation{
		ID: "liftHold", Method: "POST", Path: "/organizations/{org}/holds/{hold}/lift", Summary: "Lift a legal hold that the organization placed", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Org  core.ID `path:"org" doc:"Id of the organization"`
		Hold core.ID `path:"hold" maxLength:"64" doc:"Id of the hold"`
		Body Lifting
	},
	) (*rest.None, error) {
		return nil, m.Lift(ctx, in.Org, in.Hold, in.Body.Why)
	})
	rest.Op(a, edge.Needs(retention.ReadHolds), rest.Operation{
		ID: "listAllHolds", Method: "GET", Path: "/provider/holds", Summary: "List the legal holds of every organization", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Hold], error) { return list(ctx, m, core.Platform) })
	rest.Op(a, edge.Needs(retention.PlaceHold), rest.Operation{
		ID: "placeAnyHold", Method: "POST", Path: "/provider/holds", Summary: "Place a legal hold on an organization, or on a person everywhere", Tag: tag, Status: 201,
	}, func(ctx context.Context, in *struct {
		Body struct {
			Organization core.ID `json:"organization,omitempty" maxLength:"64" doc:"Organization that it covers; absent: the person everywhere"`
			Holding
		}
	},
	) (*rest.One[Identified], error) {
		org := in.Body.Organization
		if org == "" {
			org = core.Platform
		}
		return place(ctx, m, core.Platform, org, in.Body.Holding)
	})
	rest.Op(a, edge.Needs(retention.LiftHold), rest.Operation{
		ID: "liftAnyHold", Method: "POST", Path: "/provider/holds/{hold}/lift", Summary: "Lift a legal hold", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Hold core.ID `path:"hold" maxLength:"64" doc:"Id of the hold"`
		Body Lifting
	},
	) (*rest.None, error) {
		return nil, m.Lift(ctx, core.Platform, in.Hold, in.Body.Why)
	})
}
