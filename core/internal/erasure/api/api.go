// Package api gives the operations of erasures under /api/v1.
//
// Owns: their shapes in JSON. Must not know: how they are decided or carried out. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/erasure"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "Erasures"

// Count is what a table has of a person.
type Count struct {
	Table   string `json:"table" doc:"Name of the table"`
	Deleted int64  `json:"deleted" doc:"Rows deleted, or that would be"`
	Kept    int64  `json:"kept" doc:"Rows that stay"`
	Ground  string `json:"ground,omitempty" doc:"Legal basis of what stays"`
	Rule    string `json:"rule,omitempty" doc:"Retention rule that ends it"`
	WhyFR   string `json:"why_fr,omitempty" doc:"Why, in French"`
	WhyEN   string `json:"why_en,omitempty" doc:"Why, in English"`
}

func counts(list []core.Receipt) []Count {
	out := make([]Count, len(list))
	for i, r := range list {
		out[i] = Count{r.Table, r.Deleted, r.Kept, string(r.Ground), r.Rule, r.Why.FR, r.Why.EN}
	}
	return out
}

// Passed is one step that was passed.
type Passed struct {
	Step string    `json:"step" doc:"bury, weigh, cut, rooms, person, key, scrub, check or certify"`
	At   time.Time `json:"at" doc:"When"`
}

// Order is one order in JSON.
type Order struct {
	ID           core.ID    `json:"id" doc:"Id of the order"`
	Person       core.ID    `json:"person" doc:"Who is erased, by id"`
	Organization core.ID    `json:"organization,omitempty" doc:"Who asked for what it holds only; absent for the whole person"`
	Reason       string     `json:"reason" doc:"request, retention, offboarding or operator"`
	Scope        string     `json:"scope,omitempty" doc:"person or member, once it has begun"`
	State        string     `json:"state" doc:"ordered, waiting, running, done, refused or cancelled"`
	Blocked      string     `json:"blocked,omitempty" doc:"Why it waits: approval, hold or left"`
	OrderedAt    time.Time  `json:"ordered_at" doc:"When it was ordered"`
	EndedAt      *time.Time `json:"ended_at,omitempty" doc:"When it ended"`
	ReplayedAt   *time.Time `json:"replayed_at,omitempty" doc:"When a restore had it done again"`
	Entry        core.ID    `json:"entry,omitempty" doc:"Entry of the journal that certifies it"`
	SHA256       string     `json:"sha256,omitempty" doc:"SHA-256 of the receipt, which is in that entry"`
	Receipt      string     `json:"receipt,omitempty" doc:"The signed receipt (C2SP signed note); with one order only"`
	Steps        []Passed   `json:"steps,omitempty" doc:"Steps passed; with one order only"`
	Weighed      []Count    `json:"weighed,omitempty" doc:"What the dry run counted; with one order only"`
	Erased       []Count    `json:"erased,omitempty" doc:"What was erased; with one order only"`
	Left         []Count    `json:"left,omitempty" doc:"What the check still finds; with one order only"`
}

func shape(o *erasure.Order) Order {
	out := Order{
		ID: o.ID, Person: o.Person, Organization: o.Org, Reason: o.Reason, Scope: o.Scope, State: string(o.State), Blocked: o.Blocked,
		OrderedAt: o.At, Entry: o.Entry, SHA256: o.Digest,
	}
	if !o.Ended.IsZero() {
		out.EndedAt = &o.Ended
	}
	if !o.Replayed.IsZero() {
		out.ReplayedAt = &o.Replayed
	}
	return out
}

func whole(s *erasure.Sheet) Order {
	out := shape(&s.Order)
	out.Receipt = s.Receipt
	for _, p := range s.Steps {
		out.Steps = append(out.Steps, Passed{p.Step, p.At})
	}
	for phase, into := range map[string]*[]Count{erasure.Weighed: &out.Weighed, erasure.Erased: &out.Erased, erasure.Left: &out.Left} {
		for _, l := range s.Of(phase) {
			*into = append(*into, counts([]core.Receipt{l.Receipt})...)
		}
	}
	return out
}

// Identified is the id of what was made.
type Identified struct {
	ID core.ID `json:"id" doc:"Id of what was made"`
}

// Plan is what an erasure would do.
type Plan struct {
	Person   core.ID `json:"person" doc:"Who would be erased, by id"`
	Scope    string  `json:"scope" doc:"person, or member when they belong elsewhere too"`
	Holds    int     `json:"holds" doc:"Legal holds that forbid it for now"`
	Approval bool    `json:"approval" doc:"Whether a second person would have to approve it"`
	Counts   []Count `json:"counts" doc:"Table by table"`
}

// Asked is whom to erase.
type Asked struct {
	Person       string  `json:"person" minLength:"1" maxLength:"254" doc:"Id or e-mail address"`
	Organization core.ID `json:"organization,omitempty" maxLength:"64" doc:"Only what this organization holds, when the person belongs elsewhere too"`
}

// Named is an operation on one order.
type Named struct {
	Erasure core.ID `path:"erasure" maxLength:"64" doc:"Id of the order"`
}

// Register adds the operations.
func Register(a *rest.API, m *erasure.Module) {
	reading(a, m)
	deciding(a, m)
	told(a, m)
}

func reading(a *rest.API, m *erasure.Module) {
	rest.Op(a, edge.Needs(erasure.Read), rest.Operation{
		ID: "listErasures", Method: "GET", Path: "/provider/erasures", Summary: "List the orders of erasure", Tag: tag,
	}, func(ctx context.Context, in *struct{ rest.Cursor }) (*rest.List[Order], error) {
		list, next, err := m.List(ctx, core.ID(in.After), in.Limit)
		if err != nil {
			return nil, err
		}
		out := make([]Order, len(list))
		for i := range list {
			out[i] = shape(&list[i])
		}
		return rest.Listed(out, string(next)), nil
	})
	rest.Op(a, edge.Needs(erasure.Read), rest.Operation{
		ID: "readErasure", Method: "GET", Path: "/provider/erasures/{erasure}", Summary: "Read an order with its counts and its receipt", Tag: tag,
	}, func(ctx context.Context, in *Named) (*rest.One[Order], error) {
		s, err := m.Get(ctx, in.Erasure)
		if err != nil {
			return nil, err
		}
		return rest.Got(whole(&s), 0), nil
	})
	rest.Op(a, edge.Needs(erasure.Weigh), rest.Operation{
		ID: "weighErasure", Method: "POST", Path: "/provider/erasures/weigh", Summary: "See what an erasure would delete and what must stay", Tag: tag,
		Detail: "The rooms really erase, and it is undone.",
	}, func(ctx context.Context, in *struct{ Body Asked }) (*rest.One[Plan], error) {
		p, err := m.Weigh(ctx, in.Body.Organization, in.Body.Person)
		if err != nil {
			return nil, err
		}
		return rest.Got(Plan{p.Person, p.Scope, len(p.Holds), p.Approval, counts(p.Lines)}, 0), nil
	})
}

func deciding(a *rest.API, m *erasure.Module) {
	rest.Op(a, edge.Needs(erasure.Command), rest.Operation{
		ID: "orderErasure", Method: "POST", Path: "/provider/erasures", Summary: "Order the erasure of a person", Tag: tag, Status: 201,
		Detail: "The caller must have proved who they are within 15 minutes. The order is carried out after the answer.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Asked
			Why string `json:"why" minLength:"1" maxLength:"500" doc:"Why, kept sealed in the journal"`
		}
	},
	) (*rest.One[Identified], error) {
		id, err := m.Command(ctx, in.Body.Organization, in.Body.Person, in.Body.Why)
		if err != nil {
			return nil, err
		}
		return rest.Got(Identified{id}, 0), nil
	})
	rest.Op(a, edge.Needs(erasure.Approve), rest.Operation{
		ID: "approveErasure", Method: "POST", Path: "/provider/erasures/{erasure}/approve", Summary: "Approve an order with those that wait beside it", Tag: tag,
		Detail: "Whoever ordered does not approve.",
	}, func(ctx context.Context, in *Named) (*rest.None, error) {
		_, err := m.Approve(ctx, in.Erasure)
		return nil, err
	})
	rest.Op(a, edge.Needs(erasure.Refuse), rest.Operation{
		ID: "refuseErasure", Method: "POST", Path: "/provider/erasures/{erasure}/refuse", Summary: "Refuse an order that has not begun", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Named
		Body struct {
			Why string `json:"why" minLength:"1" maxLength:"500" doc:"Why"`
		}
	},
	) (*rest.None, error) {
		return nil, m.Refuse(ctx, in.Erasure, in.Body.Why)
	})
	rest.Op(a, edge.Needs(erasure.Cancel), rest.Operation{
		ID: "cancelOwnErasure", Method: "POST", Path: "/me/erasures/{erasure}/cancel", Summary: "Cancel one's own erasure before it begins", Tag: tag,
	}, func(ctx context.Context, in *Named) (*rest.None, error) {
		return nil, m.Cancel(ctx, in.Erasure)
	})
}

// Notice is what an organization was told, in JSON.
type Notice struct {
	ID        core.ID    `json:"id" doc:"Id of the notice"`
	Person    core.ID    `json:"person" doc:"Who was erased, by id"`
	Member    core.ID    `json:"member,omitempty" doc:"Their membership, when they had one"`
	ToldAt    time.Time  `json:"told_at" doc:"When the organization was told"`
	HandledAt *time.Time `json:"handled_at,omitempty" doc:"When it said that its copies are erased"`
}

func told(a *rest.API, m *erasure.Module) {
	rest.Op(a, edge.Needs(erasure.Consult), rest.Operation{
		ID: "listErasuresToCarryOn", Method: "GET", Path: "/organizations/{org}/erasures", Summary: "List the persons erased whose data the organization had received", Tag: tag,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Notice], error) {
		list, err := m.ForOrg(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Notice, len(list))
		for i, n := range list {
			out[i] = Notice{ID: n.ID, Person: n.Person, Member: n.Member, ToldAt: n.Told}
			if !n.Handled.IsZero() {
				out[i].HandledAt = &list[i].Handled
			}
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(erasure.Handle), rest.Operation{
		ID: "handleErasure", Method: "POST", Path: "/organizations/{org}/erasures/{notice}/handled", Summary: "Say that the organization erased its own copies", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Notice core.ID `path:"notice" maxLength:"64" doc:"Id of the notice"`
	},
	) (*rest.None, error) {
		return nil, m.Handle(ctx, in.Org, in.Notice)
	})
}
