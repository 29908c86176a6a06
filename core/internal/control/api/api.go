// Package api gives the operations of clauses, observations and policies under /api/v1.
//
// Owns: the shape of a clause, an observation, a policy in JSON. Must not know: how a status is computed. Start reading at:
// Register.
package api

import (
	"context"
	"net/url"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/policies"
)

const tag = "Controls"

// Register adds the operations of this room.
func Register(a *rest.API, m *control.Module) {
	readClauses(a, m)
	readObservations(a, m)
	readPolicies(a, m)
	changePolicies(a, m)
	ofOrganizations(a, m)
	webhooks(a, m)
}

// Filter is what clauses are chosen by.
type Filter struct {
	Pack   string `query:"pack" maxLength:"60" doc:"One policy, in force or not"`
	Clause string `query:"clause" maxLength:"60" doc:"One clause"`
	Status string `query:"status" enum:"held,broken,stale,attested,not_built,outside" doc:"One status"`
	Kind   string `query:"kind" enum:"enforced,verified,attested" doc:"How it is kept"`
}

func (f Filter) of() control.Filter {
	return control.Filter{Pack: f.Pack, Clause: f.Clause, Status: control.Status(f.Status), Kind: policies.Kind(f.Kind)}
}

// Clauses is the answer of a list of clauses with the split over them.
type Clauses struct {
	Body struct {
		Summary Summary  `json:"summary"`
		Items   []Clause `json:"items" nullable:"false"`
	}
}

func clausesOf(list []control.Clause, sum control.Summary) *Clauses {
	out := &Clauses{}
	out.Body.Summary = Summary(sum)
	out.Body.Items = make([]Clause, len(list))
	for i := range list {
		out.Body.Items[i] = clauseOf(&list[i])
	}
	return out
}

func readClauses(a *rest.API, m *control.Module) {
	see := edge.Needs(control.ReadClauses)
	rest.Op(a, see, rest.Operation{
		ID: "listClauses", Method: "GET", Path: "/provider/clauses", Summary: "List the clauses in force with their computed status", Tag: tag,
		Detail: "Every clause that ships when no policy is in force.",
	}, func(ctx context.Context, in *Filter) (*Clauses, error) {
		list, sum, err := m.Clauses(ctx, in.of())
		if err != nil {
			return nil, err
		}
		return clausesOf(list, sum), nil
	})
	rest.Op(a, see, rest.Operation{
		ID: "readClauseHistory", Method: "GET", Path: "/provider/policies/{pack}/history", Summary: "Read the share of time that a clause, or a whole policy, held", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Pack   string `path:"pack" maxLength:"60" doc:"Id of the policy"`
		Clause string `query:"clause" maxLength:"60" doc:"One clause; absent for all of them"`
		Days   int    `query:"days" minimum:"1" maximum:"366" default:"30" doc:"How many days back, today included"`
	},
	) (*History, error) {
		h, err := m.History(ctx, in.Pack, in.Clause, in.Days)
		if err != nil {
			return nil, err
		}
		return historyOf(h), nil
	})
}

func readObservations(a *rest.API, m *control.Module) {
	see := edge.Needs(control.ReadClauses)
	rest.Op(a, see, rest.Operation{
		ID: "listObservations", Method: "GET", Path: "/provider/observations", Summary: "List what probes saw, newest first", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.Cursor
		Probe string `query:"probe" maxLength:"60" doc:"Those of one probe"`
	},
	) (*rest.List[Observation], error) {
		list, next, err := m.Observations(ctx, in.Probe, core.ID(in.After), in.Limit)
		if err != nil {
			return nil, err
		}
		out := make([]Observation, len(list))
		for i := range list {
			out[i] = observationOf(&list[i])
		}
		return rest.Listed(out, string(next)), nil
	})
	rest.Op(a, see, rest.Operation{
		ID: "readObservation", Method: "GET", Path: "/provider/observations/{observation}", Summary: "Open an observation down to its journal entries and their proofs", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Observation core.ID `path:"observation" doc:"Id of the observation"`
	},
	) (*Evidence, error) {
		e, err := m.Observation(ctx, in.Observation)
		if err != nil {
			return nil, err
		}
		return evidenceOf(e), nil
	})
	rest.Op(a, edge.Needs(control.RunProbe), rest.Operation{
		ID: "runProbes", Method: "POST", Path: "/provider/probes/run", Summary: "Run probes now on the live system", Tag: tag, Status: 200,
		Detail: "At most ten at once; a probe runs at most every ten seconds.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Probes []string `json:"probes" minItems:"1" maxItems:"10" doc:"Names of the probes"`
		}
	},
	) (*rest.List[Observation], error) {
		list, err := m.Run(ctx, in.Body.Probes...)
		if err != nil {
			return nil, err
		}
		out := make([]Observation, len(list))
		for i := range list {
			out[i] = observationOf(&list[i])
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, see, rest.Operation{
		ID: "listAlerts", Method: "GET", Path: "/provider/clauses/alerts", Summary: "List breaks of clauses in force, those that last first", Tag: tag,
	}, func(ctx context.Context, in *rest.Cursor) (*rest.List[Alert], error) {
		list, err := m.Alerts(ctx, core.ID(in.After), in.Limit)
		if err != nil {
			return nil, err
		}
		out := make([]Alert, len(list))
		for i := range list {
			out[i] = alertOf(list[i])
		}
		next := ""
		if len(list) >= in.Limit {
			next = string(list[len(list)-1].ID)
		}
		return rest.Listed(out, next), nil
	})
}

func readPolicies(a *rest.API, m *control.Module) {
	see := edge.Needs(control.ReadClauses)
	rest.Op(a, see, rest.Operation{
		ID: "listPolicies", Method: "GET", Path: "/provider/policies", Summary: "List the policies that ship and those that were published", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Policy], error) {
		list, err := m.Packs(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]Policy, len(list))
		for i := range list {
			out[i] = policyOf(&list[i])
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, see, rest.Operation{
		ID: "listPins", Method: "GET", Path: "/provider/policies/{pack}/organizations", Summary: "List which organization was promised which version, who was told and who signed", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Pack string `path:"pack" maxLength:"60" doc:"Id of the policy"`
	},
	) (*rest.List[Pin], error) {
		list, err := m.Pins(ctx, in.Pack)
		if err != nil {
			return nil, err
		}
		return rest.Listed(pinsOf(list), ""), nil
	})
}

func changePolicies(a *rest.API, m *control.Module) {
	publish := edge.Needs(control.PublishPolicy)
	rest.Op(a, publish, rest.Operation{
		ID: "publishPolicy", Method: "POST", Path: "/provider/policies", Summary: "Publish a policy: no setting can be weaker than it promises from then on", Tag: tag, Status: 200,
		MaxBody: 2 << 20,
	}, func(ctx context.Context, in *struct {
		Body struct {
			Policy  string `json:"policy,omitempty" maxLength:"60" doc:"Id of a policy that ships; absent when text is given"`
			Text    string `json:"text,omitempty" maxLength:"1000000" doc:"Text of a policy of one's own (YAML)"`
			Tighten bool   `json:"tighten,omitempty" doc:"Raise the settings that are weaker than it promises, instead of refusing"`
			Reason  string `json:"reason" maxLength:"500" doc:"Why; kept in the journal"`
		}
	},
	) (*Published, error) {
		out, err := m.Publish(ctx, control.Order{Pack: in.Body.Policy, Source: []byte(in.Body.Text), Tighten: in.Body.Tighten, Reason: in.Body.Reason})
		if err != nil {
			return nil, err
		}
		return publishedOf(out), nil
	})
	rest.Op(a, publish, rest.Operation{
		ID: "withdrawPolicy", Method: "POST", Path: "/provider/policies/{pack}/withdraw", Summary: "Take clauses back, or a whole policy, in a new version; organizations are told", Tag: tag, Status: 200,
	}, func(ctx context.Context, in *struct {
		Pack string `path:"pack" maxLength:"60" doc:"Id of the policy"`
		Body struct {
			Clauses []string `json:"clauses,omitempty" maxItems:"200" doc:"Clauses to take back; absent for the whole policy"`
			Reason  string   `json:"reason" maxLength:"500" doc:"Why; kept in the journal"`
		}
	},
	) (*Published, error) {
		out, err := m.Withdraw(ctx, control.Withdrawal{Pack: in.Pack, Clauses: in.Body.Clauses, Reason: in.Body.Reason})
		if err != nil {
			return nil, err
		}
		return publishedOf(out), nil
	})
}

func ofOrganizations(a *rest.API, m *control.Module) {
	see := edge.Needs(control.ReadPromises)
	rest.Op(a, see, rest.Operation{
		ID: "listPromisedClauses", Method: "GET", Path: "/organizations/{org}/clauses", Summary: "List the clauses promised to an organization with their status", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Filter
	},
	) (*Clauses, error) {
		list, sum, err := m.Promised(ctx, in.Org, in.of())
		if err != nil {
			return nil, err
		}
		return clausesOf(list, sum), nil
	})
	rest.Op(a, see, rest.Operation{
		ID: "listPromisedPolicies", Method: "GET", Path: "/organizations/{org}/policies", Summary: "List the versions of policies that an organization was promised", Tag: tag,
	}, func(ctx context.Context, in *rest.InOrg) (*rest.List[Pin], error) {
		list, err := m.PinsOf(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		return rest.Listed(pinsOf(list), ""), nil
	})
	rest.Op(a, see, rest.Operation{
		ID: "comparePolicy", Method: "GET", Path: "/organizations/{org}/policies/{pack}/changes", Summary: "Say what changed since the version that the organization signed", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Pack string `path:"pack" maxLength:"60" doc:"Id of the policy"`
	},
	) (*rest.List[Change], error) {
		list, err := m.Difference(ctx, in.Org, in.Pack)
		if err != nil {
			return nil, err
		}
		return rest.Listed(changesOf(list), ""), nil
	})
	rest.Op(a, edge.Needs(control.SignPromises), rest.Operation{
		ID: "signPolicy", Method: "POST", Path: "/organizations/{org}/policies/{pack}/sign", Summary: "Sign the version in force, whose hash was read", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Pack string `path:"pack" maxLength:"60" doc:"Id of the policy"`
		Body struct {
			Hash string `json:"hash" maxLength:"64" doc:"Hash of the version that was read"`
		}
	},
	) (*struct{}, error) {
		return nil, m.Sign(ctx, in.Org, in.Pack, in.Body.Hash)
	})
}

// Webhook is where alerts are sent.
type Webhook struct {
	ID        core.ID    `json:"id"`
	URL       string     `json:"url"`
	MadeAt    time.Time  `json:"made_at"`
	LastAt    *time.Time `json:"last_at,omitempty" doc:"Last delivery tried"`
	LastReply string     `json:"last_reply,omitempty" doc:"Its outcome: a status, or refused, or unreachable"`
	Secret    string     `json:"secret,omitempty" doc:"Key of the signature; in this answer only"`
}

// placeOf is an address without its path: chat services put a secret there, and who reads clauses need not post there.
func placeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/"
}

func webhooks(a *rest.API, m *control.Module) {
	manage := edge.Needs(control.ManageWebhooks)
	rest.Op(a, edge.Needs(control.ReadClauses), rest.Operation{
		ID: "listWebhooks", Method: "GET", Path: "/provider/webhooks", Summary: "List where alerts are sent", Tag: tag,
		Detail: "Addresses are given without their path, which may hold a secret of the destination.",
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Webhook], error) {
		list, err := m.Webhooks(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]Webhook, len(list))
		for i, h := range list {
			out[i] = Webhook{ID: h.ID, URL: placeOf(h.URL), MadeAt: h.MadeAt, LastAt: given(h.LastAt), LastReply: h.LastReply}
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, manage, rest.Operation{
		ID: "addWebhook", Method: "POST", Path: "/provider/webhooks", Summary: "Send alerts to an address from now on", Tag: tag, Status: 201, Once: true,
		Detail: "Each request carries Rempart-Signature: t=<seconds>,v1=<hex>, the HMAC-SHA256 of \"<t>.<body>\" under the secret.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			URL string `json:"url" maxLength:"500" doc:"A public https address"`
		}
	},
	) (*struct{ Body Webhook }, error) {
		id, secret, err := m.AddWebhook(ctx, in.Body.URL)
		if err != nil {
			return nil, err
		}
		return &struct{ Body Webhook }{Webhook{ID: id, URL: in.Body.URL, MadeAt: time.Now().UTC(), Secret: secret}}, nil
	})
	rest.Op(a, manage, rest.Operation{
		ID: "dropWebhook", Method: "DELETE", Path: "/provider/webhooks/{webhook}", Summary: "Stop sending alerts to an address", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Webhook core.ID `path:"webhook" doc:"Id of the destination"`
	},
	) (*struct{}, error) {
		return nil, m.DropWebhook(ctx, in.Webhook)
	})
}
