package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

// Member is a member in JSON.
type Member struct {
	ID          core.ID    `json:"id" doc:"Id of the membership"`
	Person      core.ID    `json:"person" doc:"Id of the person"`
	Name        string     `json:"name" doc:"What the organization typed, then the person's own name once they have accepted"`
	Email       string     `json:"email"`
	Function    string     `json:"function,omitempty"`
	Department  string     `json:"department,omitempty"`
	Group       string     `json:"group,omitempty"`
	Committee   string     `json:"committee,omitempty"`
	Manager     core.ID    `json:"manager,omitempty" doc:"Id of the manager's membership"`
	Functional  bool       `json:"functional" doc:"Whether the account serves a desk or a machine"`
	Responsible core.ID    `json:"responsible,omitempty" doc:"Id of the person who answers for a functional account"`
	State       string     `json:"state" doc:"invited, active or left"`
	InvitedAt   time.Time  `json:"invited_at"`
	JoinedAt    *time.Time `json:"joined_at,omitempty"`
	LeftAt      *time.Time `json:"left_at,omitempty"`
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func memberOf(m organization.Member) Member {
	return Member{
		m.ID, m.Person, m.Name, m.Email, m.Function, m.Department, m.Group, m.Committee, m.Manager, m.Functional, m.Responsible, m.State,
		m.InvitedAt, moment(m.JoinedAt), moment(m.LeftAt),
	}
}

// MemberForm is what can be said of a member.
type MemberForm struct {
	GivenName  string  `json:"given_name,omitempty" maxLength:"80"`
	FamilyName string  `json:"family_name,omitempty" maxLength:"80"`
	Gender     string  `json:"gender,omitempty" enum:"f,m,x"`
	Phone      string  `json:"phone,omitempty" maxLength:"30"`
	Language   string  `json:"language,omitempty" enum:"fr,en"`
	Function   string  `json:"function,omitempty" maxLength:"120"`
	Department string  `json:"department,omitempty" maxLength:"120"`
	Group      string  `json:"group,omitempty" maxLength:"120"`
	Committee  string  `json:"committee,omitempty" maxLength:"120"`
	Manager    core.ID `json:"manager,omitempty" doc:"Id of the manager's membership"`
	// Responsible keeps or moves a functional account to a person (CTI-37.1).
	Responsible core.ID `json:"responsible,omitempty" doc:"Id of the membership of the person who answers for a functional account"`
}

func (f MemberForm) profile() organization.Profile {
	return organization.Profile{
		GivenName: f.GivenName, FamilyName: f.FamilyName, Gender: f.Gender, Phone: f.Phone, Language: f.Language, Function: f.Function,
		Department: f.Department, Group: f.Group, Committee: f.Committee, Manager: f.Manager, Responsible: f.Responsible,
	}
}

// InMember is the input of operations on one member.
type InMember struct {
	rest.InOrg
	Member core.ID `path:"member" doc:"Id of the membership"`
}

const tagMembers = "Members"

func members(a *rest.API, m *organization.Module) {
	rest.Op(a, edge.Needs(organization.ListMembers), rest.Operation{
		ID: "listMembers", Method: "GET", Path: "/organizations/{org}/members", Summary: "List members", Tag: tagMembers,
		Detail: "There is no search by name here: names never stand in an address. Use POST …/members/search.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		rest.Cursor
		State string `query:"state" enum:"active,invited,left,all" doc:"Present members (active and invited) when absent"`
		Role  string `query:"role" maxLength:"60" doc:"Id of a role"`
		Sort  string `query:"sort" enum:"name,-name,since,-since" default:"name"`
	},
	) (*rest.List[Member], error) {
		return listed(m.List(ctx, in.Org, organization.Filter{State: in.State, Role: in.Role, Sort: in.Sort, After: core.ID(in.After), Limit: in.Limit}))
	})
	rest.Op(a, edge.Needs(organization.ListMembers), rest.Operation{
		ID: "searchMembers", Method: "POST", Path: "/organizations/{org}/members/search", Summary: "Find members by a part of their name or address", Tag: tagMembers, Status: 200,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Find  string  `json:"find" minLength:"1" maxLength:"100"`
			State string  `json:"state,omitempty" enum:"active,invited,left,all"`
			After core.ID `json:"after,omitempty" doc:"The next of the page before"`
		}
	},
	) (*rest.List[Member], error) {
		return listed(m.Search(ctx, in.Org, organization.Filter{Find: in.Body.Find, State: in.Body.State, After: in.Body.After, Limit: 50}))
	})
	rest.Op(a, edge.Needs(organization.ReadMember), rest.Operation{
		ID: "readMember", Method: "GET", Path: "/organizations/{org}/members/{member}", Summary: "Read a member", Tag: tagMembers,
	}, func(ctx context.Context, in *InMember) (*rest.One[Member], error) {
		d, err := m.Read(ctx, in.Org, in.Member)
		if err != nil {
			return nil, err
		}
		return rest.Got(memberOf(d.Member), d.Version), nil
	})
}

func listed(page organization.Page, err error) (*rest.List[Member], error) {
	if err != nil {
		return nil, err
	}
	out := make([]Member, len(page.Members))
	for i, x := range page.Members {
		out[i] = memberOf(x)
	}
	return rest.Listed(out, string(page.Next)), nil
}

func changes(a *rest.API, m *organization.Module) {
	rest.Op(a, edge.Needs(organization.InviteMember), rest.Operation{
		ID: "inviteMember", Method: "POST", Path: "/organizations/{org}/members", Summary: "Invite a member by mail", Tag: tagMembers, Status: 201,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			MemberForm
			Email      string   `json:"email" format:"email"`
			Functional bool     `json:"functional,omitempty" doc:"Whether the account serves a desk or a machine; then responsible is required"`
			Roles      []string `json:"roles,omitempty" maxItems:"20" doc:"Roles given as soon as the invitation is accepted; the actor must be allowed to give each"`
		}
	},
	) (*rest.One[Member], error) {
		p := in.Body.profile()
		p.Email, p.Functional = in.Body.Email, in.Body.Functional
		got, err := m.Invite(ctx, in.Org, p, in.Body.Roles...)
		if err != nil {
			return nil, err
		}
		return rest.Got(memberOf(got), got.Version), nil
	})
	rest.Op(a, edge.Needs(organization.EditMember), rest.Operation{
		ID: "editMember", Method: "PUT", Path: "/organizations/{org}/members/{member}", Summary: "Edit a member", Tag: tagMembers,
		Detail: "The address never changes here. Names, gender, phone and language of a person who belongs to another organization too are theirs alone: send them unchanged.",
	}, func(ctx context.Context, in *struct {
		InMember
		rest.IfMatch
		Body MemberForm
	},
	) (*rest.None, error) {
		version, err := in.Version()
		if err != nil {
			return nil, err
		}
		return nil, m.Edit(ctx, in.Org, in.Member, in.Body.profile(), version)
	})
	rest.Op(a, edge.Needs(organization.RemoveMember), rest.Operation{
		ID: "removeMember", Method: "POST", Path: "/organizations/{org}/members/{member}/remove", Summary: "Remove a member: rights, sessions and tokens end at once", Tag: tagMembers,
	}, func(ctx context.Context, in *struct {
		InMember
		Body Reason
	},
	) (*rest.None, error) {
		return nil, m.Remove(ctx, in.Org, []core.ID{in.Member}, in.Body.Reason)
	})
	rest.Op(a, edge.Needs(organization.InviteMember), rest.Operation{
		ID: "resendInvitation", Method: "POST", Path: "/organizations/{org}/members/{member}/invitation", Summary: "Mail a new link; the former one dies", Tag: tagMembers,
	}, func(ctx context.Context, in *InMember) (*rest.None, error) {
		_, err := m.Resend(ctx, in.Org, []core.ID{in.Member})
		return nil, err
	})
	rest.Op(a, edge.Needs(organization.CancelInvitation), rest.Operation{
		ID: "cancelInvitation", Method: "DELETE", Path: "/organizations/{org}/members/{member}/invitation", Summary: "Cancel an invitation", Tag: tagMembers,
	}, func(ctx context.Context, in *InMember) (*rest.None, error) {
		return nil, m.Cancel(ctx, in.Org, in.Member)
	})
}
