// Package api gives the operations of requests, reviews, leavers, dormant accounts and marks of sharing under /api/v1.
//
// Owns: their shapes in JSON. Must not know: how they are decided or kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const (
	tagRequests = "Access requests"
	tagReviews  = "Access reviews"
	tagAccounts = "Accounts"
)

// Register adds the operations. remove is the act that makes a member leave. Use "platform" as the organization for the
// provider's own.
func Register(a *rest.API, m *review.Module, remove *core.ActDef) {
	requests(a, m)
	reviews(a, m)
	accounts(a, m, remove)
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Identified is the id of what was made.
type Identified struct {
	ID core.ID `json:"id" doc:"Id of what was made"`
}

// Request is a request for a role in JSON.
type Request struct {
	ID         core.ID    `json:"id" doc:"Id of the request"`
	Person     core.ID    `json:"person" doc:"Who asks"`
	Role       string     `json:"role" doc:"Id of the role"`
	Service    string     `json:"service,omitempty" doc:"Service that it is limited to"`
	Object     core.ID    `json:"object,omitempty" doc:"Object that it is limited to"`
	Reason     string     `json:"reason" doc:"Why it is asked"`
	State      string     `json:"state" doc:"asked, confirm (an administrator confirms what the manager granted), granted, refused, expired or withdrawn"`
	Until      time.Time  `json:"until" doc:"End that was wished, then the one that was granted"`
	AskedAt    time.Time  `json:"asked_at" doc:"When it was asked"`
	ExpiresAt  time.Time  `json:"expires_at" doc:"When it lapses without an answer"`
	Judge      core.ID    `json:"judge,omitempty" doc:"Who granted or refused"`
	JudgedAt   *time.Time `json:"judged_at,omitempty" doc:"When"`
	Confirmer  core.ID    `json:"confirmer,omitempty" doc:"Administrator who confirmed"`
	Word       string     `json:"word,omitempty" doc:"What the judge said"`
	Assignment core.ID    `json:"assignment,omitempty" doc:"Assignment that was given"`
}

func shapeRequests(list []review.Request) []Request {
	out := make([]Request, len(list))
	for i, r := range list {
		out[i] = Request{
			r.ID, r.Person, r.Role, r.Service, r.Object, r.Reason, r.State, r.Until, r.AskedAt, r.ExpiresAt, r.Judge, moment(r.JudgedAt),
			r.Confirmer, r.Word, r.Assignment,
		}
	}
	return out
}

// InRequest is the input of operations on one request.
type InRequest struct {
	rest.InOrg
	Request core.ID `path:"request" maxLength:"64" doc:"Id of the request"`
}

func requests(a *rest.API, m *review.Module) {
	rest.Op(a, edge.Needs(review.SeeOwn), rest.Operation{
		ID: "listMyRequests", Method: "GET", Path: "/organizations/{org}/requests", Summary: "List one's own requests for a role", Tag: tagRequests,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Request], error) {
		v, err := m.Own(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		return rest.Listed(shapeRequests(v.Requests), ""), nil
	})
	rest.Op(a, edge.Needs(review.AskRequest), rest.Operation{
		ID: "askForRole", Method: "POST", Path: "/organizations/{org}/requests", Summary: "Ask for a role", Tag: tagRequests, Status: 201,
		Detail: "The line manager judges; without one, whoever could give the role.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Role   string    `json:"role" minLength:"1" maxLength:"64" doc:"Id of the role"`
			Object core.ID   `json:"object,omitempty" maxLength:"64" doc:"One object; absent for everything"`
			Reason string    `json:"reason" minLength:"1" maxLength:"500" doc:"Why"`
			Until  time.Time `json:"until" doc:"Wished end, within a year"`
		}
	},
	) (*rest.One[Identified], error) {
		id, err := m.Ask(ctx, in.Org, review.Wish{Role: in.Body.Role, Object: in.Body.Object, Reason: in.Body.Reason, Until: in.Body.Until})
		if err != nil {
			return nil, err
		}
		return rest.Got(Identified{id}, 0), nil
	})
	rest.Op(a, edge.Needs(review.WithdrawRequest), rest.Operation{
		ID: "withdrawRequest", Method: "DELETE", Path: "/organizations/{org}/requests/{request}", Summary: "Withdraw one's request", Tag: tagRequests,
	}, func(ctx context.Context, in *InRequest) (*rest.None, error) {
		return nil, m.Withdraw(ctx, in.Org, in.Request)
	})
	rest.Op(a, edge.Needs(review.SeeToJudge), rest.Operation{
		ID: "listRequestsToJudge", Method: "GET", Path: "/organizations/{org}/requests-to-judge", Summary: "List the requests that wait for the caller", Tag: tagRequests,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Request], error) {
		q, err := m.ToJudge(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		return rest.Listed(shapeRequests(q.Requests), ""), nil
	})
	rest.Op(a, edge.Needs(review.JudgeRequest), rest.Operation{
		ID: "judgeRequest", Method: "POST", Path: "/organizations/{org}/requests/{request}/judgement", Summary: "Grant or refuse a request", Tag: tagRequests,
	}, func(ctx context.Context, in *struct {
		InRequest
		Body struct {
			Grant bool       `json:"grant" doc:"Whether it is granted"`
			Until *time.Time `json:"until,omitempty" doc:"End; the wished one when absent"`
			Word  string     `json:"word,omitempty" maxLength:"500" doc:"Word to the person; required to refuse"`
		}
	},
	) (*rest.None, error) {
		v := review.Verdict{Grant: in.Body.Grant, Word: in.Body.Word}
		if in.Body.Until != nil {
			v.Until = *in.Body.Until
		}
		return nil, m.Judge(ctx, in.Org, in.Request, v)
	})
	rest.Op(a, edge.Needs(review.AskSupport), rest.Operation{
		ID: "askToBeLetIn", Method: "POST", Path: "/provider/support-requests", Summary: "Ask an organization to be let in", Tag: tagRequests, Status: 201,
		Detail: "Provider staff only. Nothing opens before an administrator of the organization consents.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Organization core.ID   `json:"organization" maxLength:"64" doc:"Id of the client organization"`
			Reason       string    `json:"reason" minLength:"1" maxLength:"500" doc:"Why"`
			Until        time.Time `json:"until" doc:"Wished end, within 90 days"`
		}
	},
	) (*rest.One[Identified], error) {
		id, err := m.AskIn(ctx, in.Body.Organization, in.Body.Reason, in.Body.Until)
		if err != nil {
			return nil, err
		}
		return rest.Got(Identified{id}, 0), nil
	})
}
