// Package api gives the registers under /api/v1, to read.
//
// Owns: their shapes in JSON. Must not know: how they are decided or kept. Start reading at: Register.
package api

import (
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/inventory"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "Registers"

// Line is a line of a register in JSON.
type Line struct {
	ID         core.ID           `json:"id" doc:"Id of the line"`
	Evaluation core.ID           `json:"evaluation,omitempty" doc:"Evaluation that a finding belongs to"`
	Owner      core.ID           `json:"owner,omitempty" doc:"Who holds it or answers for it"`
	State      string            `json:"state" doc:"State of the line, by the words of its register"`
	Due        *time.Time        `json:"due_at,omitempty" doc:"The date that comes next"`
	Flags      []string          `json:"flags,omitempty" doc:"What is missing, overdue or due soon: record, terms, ground, contract, told, approval, text, report, overdue, soon, outside, findings"`
	Revision   int64             `json:"revision" doc:"Number of its version"`
	ChangedAt  time.Time         `json:"changed_at" doc:"When this version was written"`
	Values     map[string]string `json:"values" doc:"What it says, by the name of the field"`
}

func shape(it *inventory.Item, now time.Time) Line {
	l := Line{
		ID: it.ID, Evaluation: it.Parent, Owner: it.Owner, State: it.State, Flags: it.Flags(now), Revision: it.Revision,
		ChangedAt: it.ChangedAt, Values: it.Values,
	}
	if !it.Due.IsZero() {
		l.Due = &it.Due
	}
	return l
}

// names are those of the operations of each register.
var names = map[string]struct{ list, of string }{
	"asset": {"listAssets", "the assets"}, "subprocessor": {"listSubProcessors", "the sub-processors"}, "document": {"listDocuments", "the documents"},
	"evaluation": {"listEvaluations", "the security evaluations"}, "finding": {"listFindings", "the findings of security evaluations"},
}

// Register adds the operations.
func Register(a *rest.API, m *inventory.Module) {
	for _, r := range inventory.Registers {
		rest.Op(a, edge.Needs(r.Read), rest.Operation{
			ID: names[r.ID].list, Method: "GET", Path: inventory.Paths[r.ID], Summary: "List " + names[r.ID].of, Tag: tag,
		}, func(ctx context.Context, in *struct {
			Show string `query:"show" enum:"flagged,over" doc:"Only the flagged lines, or those of which nothing is expected any more; the current ones when absent"`
		},
		) (*rest.List[Line], error) {
			v, err := m.List(ctx, r, in.Show)
			if err != nil {
				return nil, err
			}
			out := make([]Line, len(v.List))
			for i := range v.List {
				out[i] = shape(&v.List[i], m.Now())
			}
			return rest.Listed(out, ""), nil
		})
		one := strings.TrimSuffix(strings.Replace(names[r.ID].list, "list", "read", 1), "s")
		rest.Op(a, edge.Needs(r.Read), rest.Operation{
			ID: one, Method: "GET", Path: inventory.Paths[r.ID] + "/{item}", Summary: "Read one of " + names[r.ID].of, Tag: tag,
		}, func(ctx context.Context, in *struct {
			Item core.ID `path:"item" maxLength:"64" doc:"Id of the line"`
		},
		) (*rest.One[Line], error) {
			p, err := m.Get(ctx, r, in.Item)
			if err != nil {
				return nil, err
			}
			return rest.Got(shape(&p.Item, m.Now()), 0), nil
		})
	}
	clients(a, m)
}

// Processor is a sub-processor as clients know it.
type Processor struct {
	Name    string `json:"name" doc:"Name"`
	Service string `json:"service" doc:"What it does"`
	Country string `json:"country" doc:"Where it works"`
	Region  string `json:"region" doc:"eea, adequate (outside, adequacy decision) or outside"`
	Ground  string `json:"ground,omitempty" doc:"Ground of the transfer outside the EEA"`
	Data    string `json:"data" doc:"Categories of data"`
	Terms   bool   `json:"terms" doc:"Whether it signed data-protection terms"`
	Starts  string `json:"starts" doc:"As of which day"`
}

func clients(a *rest.API, m *inventory.Module) {
	rest.Op(a, edge.Needs(inventory.Consult), rest.Operation{
		ID: "consultSubProcessors", Method: "GET", Path: "/organizations/{org}/subprocessors", Summary: "List the sub-processors of the provider", Tag: tag,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Processor], error) {
		list, err := m.ForClients(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Processor, len(list))
		for i, v := range list {
			out[i] = Processor{v["label"], v["service"], v["country"], v["region"], v["ground"], v["data"], v["terms"] == "yes", v["starts"]}
		}
		return rest.Listed(out, ""), nil
	})
}
