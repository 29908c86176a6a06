// Package api gives the operations of requests of rights under /api/v1.
//
// Owns: their shapes in JSON. Must not know: how requests are decided or kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "Rights of persons"

// Request is one in JSON.
type Request struct {
	ID       core.ID    `json:"id" doc:"Id of the request, its reference"`
	Kind     string     `json:"kind" doc:"information, access, rectification, erasure, restriction, objection, portability or consent (withdrawal)"`
	State    string     `json:"state" doc:"open, answered, refused, withdrawn or joined"`
	Proof    string     `json:"proof" doc:"Identity: none, mailed, doubted, given, proved or failed"`
	Received time.Time  `json:"received" doc:"When it came"`
	Due      time.Time  `json:"due" doc:"First moment at which it is late"`
	Extended *time.Time `json:"extended,omitempty" doc:"When two more months were taken"`
	Carried  *time.Time `json:"carried,omitempty" doc:"When it was carried out"`
	Closed   *time.Time `json:"closed,omitempty" doc:"When it was closed"`
	Person   core.ID    `json:"person,omitempty" doc:"Person of the platform, once known"`
	Name     string     `json:"name,omitempty" doc:"Name given; with one request only"`
	Email    string     `json:"email,omitempty" doc:"Address given; with one request only"`
	Text     string     `json:"text,omitempty" doc:"What is asked, in the person's words; with one request only"`
	Tasks    []Task     `json:"tasks,omitempty" doc:"What is to do; with one request only"`
	Letters  []Letter   `json:"letters,omitempty" doc:"Proofs of answer; with one request only"`
	Draft    string     `json:"draft,omitempty" doc:"First words of an answer; with one request only"`
}

// Task is one in JSON.
type Task struct {
	ID      core.ID `json:"id" doc:"Id of the task"`
	Place   string  `json:"place" doc:"module, system or recipient"`
	Target  string  `json:"target" doc:"Module, outside system or activity"`
	Records int     `json:"records" doc:"Rows of the person, in a module"`
	State   string  `json:"state" doc:"open, sent or done"`
}

// Letter is the proof that something was written, in JSON.
type Letter struct {
	Kind   string    `json:"kind" doc:"receipt, again, doubt, extension, answer, refusal or withdrawn"`
	Text   string    `json:"text,omitempty" doc:"What was written, as long as the person is not erased"`
	SHA256 string    `json:"sha256" doc:"SHA-256 of the text"`
	SentAt time.Time `json:"sent_at" doc:"When"`
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func shape(r *rights.Request) Request {
	return Request{
		ID: r.ID, Kind: string(r.Kind), State: string(r.State), Proof: string(r.Proof), Received: r.Received, Due: r.Due,
		Extended: moment(r.Extended), Carried: moment(r.Carried), Closed: moment(r.Closed), Person: r.Account,
	}
}

func shown(list []rights.Letter) []Letter {
	out := make([]Letter, len(list))
	for i, l := range list {
		out[i] = Letter{l.Kind, l.Text, l.Digest, l.At}
	}
	return out
}

// Identified is the id of what was made.
type Identified struct {
	ID core.ID `json:"id" doc:"Id of the request"`
}

// Register adds the operations.
func Register(a *rest.API, m *rights.Module) {
	own(a, m)
	desk(a, m)
	deciding(a, m)
}

// Asking is what a person asks, in JSON.
type Asking struct {
	Kind    string            `json:"kind" enum:"information,access,rectification,erasure,restriction,objection,portability,consent" doc:"The right"`
	Text    string            `json:"text,omitempty" maxLength:"4000" doc:"Details, in the person's words"`
	Ground  string            `json:"ground,omitempty" enum:"accuracy,unlawful,claims,objection" doc:"Reason of a restriction"`
	Purpose string            `json:"purpose,omitempty" maxLength:"64" doc:"Purpose of an objection or a withdrawal; none: all"`
	Fields  map[string]string `json:"fields,omitempty" doc:"Corrections: given_name, family_name, phone, gender, language"`
}

func (b Asking) draft() rights.Draft {
	return rights.Draft{Kind: rights.Kind(b.Kind), Details: rights.Details{Text: b.Text, Ground: b.Ground, Purpose: core.Purpose(b.Purpose), Fields: b.Fields}}
}

func own(a *rest.API, m *rights.Module) {
	rest.Op(a, edge.Needs(rights.SeeOwn), rest.Operation{
		ID: "listOwnRightsRequests", Method: "GET", Path: "/me/rights", Summary: "List one's own requests of rights", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Request], error) {
		list, err := m.Mine(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]Request, len(list))
		for i := range list {
			out[i] = shape(&list[i].Request)
			out[i].Letters = shown(list[i].Letters)
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(rights.Ask), rest.Operation{
		ID: "askRight", Method: "POST", Path: "/me/rights", Summary: "Exercise a right", Tag: tag, Status: 201,
		Detail: "The caller must have proved who they are within 15 minutes: no other proof of identity is asked. The same right asked again while it is open gives the request that is open.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Organization core.ID `json:"organization" maxLength:"64" doc:"To whom: an organization of the caller, or platform"`
			Asking
		}
	},
	) (*rest.One[Identified], error) {
		id, err := m.Ask(ctx, in.Body.Organization, in.Body.draft())
		if err != nil {
			return nil, err
		}
		return rest.Got(Identified{id}, 0), nil
	})
	rest.Op(a, edge.Needs(rights.WithdrawOwn), rest.Operation{
		ID: "withdrawOwnRightsRequest", Method: "POST", Path: "/me/rights/{rights_request}/withdraw", Summary: "Withdraw one's own request", Tag: tag, Status: 204,
	}, func(ctx context.Context, in *struct {
		Request core.ID `path:"rights_request" maxLength:"64" doc:"Id of the request"`
	},
	) (*rest.None, error) {
		return nil, m.Withdraw(ctx, in.Request)
	})
}

const base = "/organizations/{org}/rights-requests"

func desk(a *rest.API, m *rights.Module) {
	rest.Op(a, edge.Needs(rights.List), rest.Operation{
		ID: "listRightsRequests", Method: "GET", Path: base, Summary: "List requests of rights, the most urgent first", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Org   core.ID `path:"org" maxLength:"64" doc:"Organization"`
		State string  `query:"state" maxLength:"20" doc:"Only those of this state"`
		Kind  string  `query:"kind" maxLength:"20" doc:"Only those of this right"`
	},
	) (*rest.List[Request], error) {
		q, err := m.Requests(ctx, in.Org, rights.Filter{State: rights.State(in.State), Kind: rights.Kind(in.Kind)})
		if err != nil {
			return nil, err
		}
		out := make([]Request, len(q.List))
		for i := range q.List {
			out[i] = shape(&q.List[i])
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(rights.Read), rest.Operation{
		ID: "readRightsRequest", Method: "GET", Path: base + "/{rights_request}", Summary: "Read a request of rights", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Org     core.ID `path:"org" maxLength:"64" doc:"Organization"`
		Request core.ID `path:"rights_request" maxLength:"64" doc:"Id of the request"`
	},
	) (*rest.One[Request], error) {
		s, err := m.Get(ctx, in.Org, in.Request)
		if err != nil {
			return nil, err
		}
		out := shape(&s.Request)
		out.Name, out.Email, out.Text, out.Draft, out.Letters = s.Name, s.Email, s.Text, s.Draft, shown(s.Letters)
		for _, t := range s.Tasks {
			out.Tasks = append(out.Tasks, Task{t.ID, t.Place, t.Target, t.Records, t.State})
		}
		return rest.Got(out, 0), nil
	})
	rest.Op(a, edge.Needs(rights.Record), rest.Operation{
		ID: "recordRightsRequest", Method: "POST", Path: base, Summary: "Record a request received otherwise", Tag: tag, Status: 201,
	}, func(ctx context.Context, in *struct {
		Org  core.ID `path:"org" maxLength:"64" doc:"Organization"`
		Body struct {
			Name     string    `json:"name" minLength:"1" maxLength:"120" doc:"Name of the person"`
			Email    string    `json:"email" maxLength:"254" doc:"Address that the receipt and the answer go to"`
			Language string    `json:"language,omitempty" enum:"fr,en" doc:"Language of the answer"`
			Received time.Time `json:"received,omitzero" doc:"When it came; now when it is left out"`
			Asking
		}
	},
	) (*rest.One[Identified], error) {
		d := in.Body.draft()
		d.Name, d.Email, d.Language = in.Body.Name, in.Body.Email, in.Body.Language
		id, err := m.Record(ctx, in.Org, d, in.Body.Received)
		if err != nil {
			return nil, err
		}
		return rest.Got(Identified{id}, 0), nil
	})
}

func deciding(a *rest.API, m *rights.Module) {
	one := base + "/{rights_request}"
	rest.Op(a, edge.Needs(rights.Carry), rest.Operation{
		ID: "carryOutRightsRequest", Method: "POST", Path: one + "/carry", Summary: "Carry out a request of rights", Tag: tag, Status: 204,
		Detail: "Refused (rights.unproved) as long as the identity of the requester is not established.",
	}, func(ctx context.Context, in *struct {
		Org     core.ID `path:"org" maxLength:"64" doc:"Organization"`
		Request core.ID `path:"rights_request" maxLength:"64" doc:"Id of the request"`
		Body    struct {
			Fields []string `json:"fields,omitempty" maxItems:"10" doc:"Corrections approved, of those asked"`
		}
	},
	) (*rest.None, error) {
		return nil, m.CarryOut(ctx, in.Org, in.Request, in.Body.Fields)
	})
	rest.Op(a, edge.Needs(rights.Answer), rest.Operation{
		ID: "answerRightsRequest", Method: "POST", Path: one + "/answer", Summary: "Answer a request of rights", Tag: tag, Status: 204,
		Detail: "The platform adds who may be written to and the authority to complain to; refused as long as the identity is not established or a task is open.",
	}, func(ctx context.Context, in *struct {
		Org     core.ID `path:"org" maxLength:"64" doc:"Organization"`
		Request core.ID `path:"rights_request" maxLength:"64" doc:"Id of the request"`
		Body    struct {
			Text string `json:"text" minLength:"1" maxLength:"20000" doc:"The answer, in the language of the person"`
		}
	},
	) (*rest.None, error) {
		return nil, m.Reply(ctx, in.Org, in.Request, in.Body.Text)
	})
	rest.Op(a, edge.Needs(rights.Refuse), rest.Operation{
		ID: "refuseRightsRequest", Method: "POST", Path: one + "/refuse", Summary: "Refuse a request of rights, with a ground of the law", Tag: tag, Status: 204,
	}, func(ctx context.Context, in *struct {
		Org     core.ID `path:"org" maxLength:"64" doc:"Organization"`
		Request core.ID `path:"rights_request" maxLength:"64" doc:"Id of the request"`
		Body    struct {
			Ground string `json:"ground" enum:"identity,nothing,unfounded,excessive,others,law,claims,speech,interest,contract,accurate" doc:"Ground of the law"`
			Motive string `json:"motive" minLength:"1" maxLength:"20000" doc:"The reasons, which the person reads"`
		}
	},
	) (*rest.None, error) {
		return nil, m.RefuseOne(ctx, in.Org, in.Request, rights.Ground(in.Body.Ground), in.Body.Motive)
	})
	rest.Op(a, edge.Needs(rights.Extend), rest.Operation{
		ID: "extendRightsRequest", Method: "POST", Path: one + "/extend", Summary: "Take two more months, with a reason", Tag: tag, Status: 204,
	}, func(ctx context.Context, in *struct {
		Org     core.ID `path:"org" maxLength:"64" doc:"Organization"`
		Request core.ID `path:"rights_request" maxLength:"64" doc:"Id of the request"`
		Body    struct {
			Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"The reason, which the person reads"`
		}
	},
	) (*rest.None, error) {
		return nil, m.ExtendOne(ctx, in.Org, in.Request, in.Body.Reason)
	})
	rest.Op(a, edge.Needs(rights.DoTask), rest.Operation{
		ID: "finishRightsTask", Method: "POST", Path: one + "/tasks/{rights_task}", Summary: "Tell that a task is done", Tag: tag, Status: 204,
		Detail: "An outside system that was told by a signed message closes its own task here, with a token of a service account.",
	}, func(ctx context.Context, in *struct {
		Org     core.ID `path:"org" maxLength:"64" doc:"Organization"`
		Request core.ID `path:"rights_request" maxLength:"64" doc:"Id of the request"`
		Task    core.ID `path:"rights_task" maxLength:"64" doc:"Id of the task"`
		Body    struct {
			Note string `json:"note,omitempty" maxLength:"2000" doc:"What was done"`
		}
	},
	) (*rest.None, error) {
		return nil, m.FinishTask(ctx, in.Org, in.Request, in.Task, in.Body.Note)
	})
}
