// Package api gives the operations of sessions under /api/v1.
//
// Owns: the shape of a session in JSON. Must not know: how sessions are kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/session"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

// Session is a live session in JSON.
type Session struct {
	ID       core.ID   `json:"id" doc:"Id of the session"`
	Person   core.ID   `json:"person" doc:"Id of the person"`
	Name     string    `json:"name,omitempty" doc:"Name of the person, in lists of an organization"`
	Browser  string    `json:"browser,omitempty" doc:"Family of the browser"`
	System   string    `json:"system,omitempty" doc:"Operating system"`
	Address  string    `json:"address,omitempty" doc:"Address it began from"`
	AAL      int       `json:"aal" doc:"Assurance level reached: 1 password, 2 with a second factor"`
	Began    time.Time `json:"began" doc:"When it began"`
	Used     time.Time `json:"used" doc:"When it was last used, to half a minute"`
	IdleEnd  time.Time `json:"idle_end" doc:"When it ends if it is not used"`
	FinalEnd time.Time `json:"final_end" doc:"When it ends anyway"`
	Locked   bool      `json:"locked" doc:"Whether its person must prove themselves again to use it"`
	Current  bool      `json:"current" doc:"Whether it carries this request"`
}

func shape(views []session.View) []Session {
	out := make([]Session, len(views))
	for i, v := range views {
		out[i] = Session{
			ID: v.ID, Person: v.Person, Name: v.Name, Browser: v.Browser, System: v.System, Address: v.Address, AAL: v.AAL,
			Began: v.Began, Used: v.Used, IdleEnd: v.IdleEnd, FinalEnd: v.FinalEnd, Locked: v.Locked, Current: v.Current,
		}
	}
	return out
}

// Ended tells how many sessions ended.
type Ended struct {
	Ended int64 `json:"ended" doc:"How many sessions ended"`
}

// Reason is the body of the operations that end other people's sessions.
type Reason struct {
	Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"Why; kept in the journal"`
}

const tag = "Sessions"

// Register adds the operations of sessions.
func Register(a *rest.API, m *session.Module) {
	own(a, m)
	members(a, m)
}

// InSession is the input of operations on one of one's own sessions.
type InSession struct {
	Session core.ID `path:"session" doc:"Id of the session"`
}

func own(a *rest.API, m *session.Module) {
	rest.Op(a, edge.Needs(&session.ListOwn), rest.Operation{
		ID: "listMySessions", Method: "GET", Path: "/sessions", Summary: "List one's own live sessions", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Session], error) {
		list, err := m.Own(ctx)
		if err != nil {
			return nil, err
		}
		return rest.Listed(shape(list), ""), nil
	})
	rest.Op(a, edge.Needs(&session.EndOwn), rest.Operation{
		ID: "endMySession", Method: "DELETE", Path: "/sessions/{session}", Summary: "End one of one's own sessions", Tag: tag,
		Detail: "Not the one in use: sign out instead.",
	}, func(ctx context.Context, in *InSession) (*rest.None, error) {
		return nil, m.End(ctx, in.Session)
	})
	rest.Op(a, edge.Needs(&session.EndOwn), rest.Operation{
		ID: "endMyOtherSessions", Method: "POST", Path: "/sessions/end-others", Summary: "End all one's sessions but the one in use", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*rest.One[Ended], error) {
		n, err := m.EndOthers(ctx)
		if err != nil {
			return nil, err
		}
		return rest.Got(Ended{n}, 0), nil
	})
}

func members(a *rest.API, m *session.Module) {
	rest.Op(a, edge.Needs(&session.List), rest.Operation{
		ID: "listMemberSessions", Method: "GET", Path: "/organizations/{org}/sessions", Summary: "List the live sessions of members", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		After string `query:"after" maxLength:"64" doc:"Where to read on: the next of the page before"`
	},
	) (*rest.List[Session], error) {
		page, err := m.OfOrganization(ctx, in.Org, core.ID(in.After))
		if err != nil {
			return nil, err
		}
		return rest.Listed(shape(page.Sessions), string(page.Next)), nil
	})
	rest.Op(a, edge.Needs(&session.End), rest.Operation{
		ID: "endMemberSession", Method: "POST", Path: "/organizations/{org}/sessions/{session}/end", Summary: "End a session of a member", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		InSession
		Body Reason
	},
	) (*rest.None, error) {
		return nil, m.EndMember(ctx, in.Org, in.Session, in.Body.Reason)
	})
	rest.Op(a, edge.Needs(&session.End), rest.Operation{
		ID: "endMemberSessions", Method: "POST", Path: "/organizations/{org}/persons/{person}/sessions/end",
		Summary: "End all the sessions of a member", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Person core.ID `path:"person" doc:"Id of the person"`
		Body   Reason
	},
	) (*rest.One[Ended], error) {
		n, err := m.EndPerson(ctx, in.Org, in.Person, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return rest.Got(Ended{n}, 0), nil
	})
	rest.Op(a, edge.Needs(&session.End), rest.Operation{
		ID: "endOrganizationSessions", Method: "POST", Path: "/organizations/{org}/sessions/end",
		Summary: "End the sessions of all members", Tag: tag, Detail: "Not the one in use.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body Reason
	},
	) (*rest.One[Ended], error) {
		n, err := m.EndOrganization(ctx, in.Org, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return rest.Got(Ended{n}, 0), nil
	})
}
