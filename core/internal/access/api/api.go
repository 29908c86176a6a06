// Package api gives the operations of rights under /api/v1.
//
// Owns: the shape of roles, assignments, habilitations, suspensions and address lists in JSON. Must not know: how they
// are decided or kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/kit/i18n"
)

const (
	tagRoles         = "Roles"
	tagAssignments   = "Assignments"
	tagHabilitations = "Habilitations"
	tagSuspensions   = "Suspensions"
	tagAddresses     = "Allowed addresses"
)

// Register adds the operations of rights. Use "platform" as the organization for the provider's own.
func Register(a *rest.API, m *access.Module) {
	roles(a, m)
	assignments(a, m)
	habilitations(a, m)
	suspensions(a, m)
	addresses(a, m)
}

// Role is a role in JSON.
type Role struct {
	ID          string            `json:"id" doc:"Name of a built-in role, or id of one of the organization's own"`
	Title       string            `json:"title" doc:"Title, in the language of the request"`
	Description string            `json:"description,omitempty" doc:"What it is for"`
	Custom      bool              `json:"custom" doc:"Whether it is one of the organization's own"`
	Service     string            `json:"service,omitempty" doc:"Service that it is limited to"`
	Permissions []core.Permission `json:"permissions" nullable:"false" doc:"Permissions that it holds"`
	Holders     int64             `json:"holders" doc:"Live assignments; every active member holds the role member"`
}

// RoleDraft is what makes or changes a role.
type RoleDraft struct {
	Name        string            `json:"name" minLength:"1" maxLength:"80" doc:"Name, which no other role bears"`
	Description string            `json:"description,omitempty" maxLength:"300" doc:"What it is for"`
	Service     string            `json:"service,omitempty" maxLength:"64" doc:"Limits it to one service; not changed afterwards"`
	Permissions []core.Permission `json:"permissions" minItems:"1" maxItems:"500" nullable:"false" doc:"Permissions that it holds: none that you do not hold"`
}

func (d RoleDraft) form() access.RoleForm {
	return access.RoleForm{Name: d.Name, Description: d.Description, Service: d.Service, Permissions: d.Permissions}
}

// Identified is the id of what was made.
type Identified struct {
	ID string `json:"id" doc:"Id of what was made"`
}

func shapeRole(ctx context.Context, r access.RoleInfo) Role {
	perms := r.Permissions
	if perms == nil {
		perms = []core.Permission{}
	}
	return Role{
		ID: r.ID, Title: i18n.From(r.Title).In(ctx), Description: i18n.From(r.Description).In(ctx), Custom: r.Custom, Service: r.Service,
		Permissions: perms, Holders: r.Holders,
	}
}

// InRole is the input of operations on one role.
type InRole struct {
	rest.InOrg
	Role string `path:"role" maxLength:"64" doc:"Id of the role"`
}

func roles(a *rest.API, m *access.Module) {
	rest.Op(a, edge.Needs(&access.ReadRoles), rest.Operation{
		ID: "listRoles", Method: "GET", Path: "/organizations/{org}/roles", Summary: "List the roles that can be assigned", Tag: tagRoles,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Role], error) {
		list, err := m.ListRoles(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Role, len(list))
		for i, r := range list {
			out[i] = shapeRole(ctx, r)
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(&access.ReadHabilitations), rest.Operation{
		ID: "getRole", Method: "GET", Path: "/organizations/{org}/roles/{role}", Summary: "Read one role", Tag: tagRoles,
	}, func(ctx context.Context, in *InRole) (*rest.One[Role], error) {
		v, err := m.ReadRole(ctx, in.Org, in.Role)
		if err != nil {
			return nil, err
		}
		return rest.Got(shapeRole(ctx, v.RoleInfo), 0), nil
	})
	rest.Op(a, edge.Needs(&access.DefineRole), rest.Operation{
		ID: "createRole", Method: "POST", Path: "/organizations/{org}/roles", Summary: "Make a role of the organization", Tag: tagRoles, Status: 201,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body RoleDraft
	},
	) (*rest.One[Identified], error) {
		id, err := m.Define(ctx, in.Org, "", in.Body.form())
		if err != nil {
			return nil, err
		}
		return rest.Got(Identified{id}, 0), nil
	})
	rest.Op(a, edge.Needs(&access.DefineRole), rest.Operation{
		ID: "replaceRole", Method: "PUT", Path: "/organizations/{org}/roles/{role}", Summary: "Change a role of the organization", Tag: tagRoles,
	}, func(ctx context.Context, in *struct {
		InRole
		Body RoleDraft
	},
	) (*rest.None, error) {
		_, err := m.Define(ctx, in.Org, in.Role, in.Body.form())
		return nil, err
	})
	rest.Op(a, edge.Needs(&access.DefineRole), rest.Operation{
		ID: "retireRole", Method: "DELETE", Path: "/organizations/{org}/roles/{role}", Summary: "Take a role of the organization out of use", Tag: tagRoles,
	}, func(ctx context.Context, in *InRole) (*rest.None, error) {
		return nil, m.RetireRole(ctx, in.Org, in.Role)
	})
}

// Assignment is a role given, in JSON.
type Assignment struct {
	ID        core.ID    `json:"id" doc:"Id of the assignment"`
	Person    core.ID    `json:"person" doc:"Person or service account"`
	Role      string     `json:"role" doc:"Id of the role"`
	Service   string     `json:"service,omitempty" doc:"Service that it is limited to"`
	Object    core.ID    `json:"object,omitempty" doc:"Object that it is limited to"`
	Reason    string     `json:"reason,omitempty" doc:"Why it was given"`
	Approver  core.ID    `json:"approver,omitempty" doc:"Who answers for it"`
	From      time.Time  `json:"from" doc:"When it begins"`
	Until     *time.Time `json:"until,omitempty" doc:"When it ends by itself"`
	RevokedAt *time.Time `json:"revoked_at,omitempty" doc:"When it was revoked"`
	RevokedBy core.ID    `json:"revoked_by,omitempty" doc:"Who revoked it"`
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func shapeLine(l access.Line) Assignment {
	return Assignment{
		ID: l.ID, Person: l.Person, Role: l.Role, Service: l.Service, Object: l.Object, Reason: l.Reason, Approver: l.Approver,
		From: l.From, Until: moment(l.Until), RevokedAt: moment(l.RevokedAt), RevokedBy: l.RevokedBy,
	}
}

// AssignmentDraft is what gives a role.
type AssignmentDraft struct {
	Person  core.ID   `json:"person" minLength:"1" maxLength:"64" doc:"Person or service account"`
	Role    string    `json:"role" minLength:"1" maxLength:"64" doc:"Id of the role"`
	Service string    `json:"service,omitempty" maxLength:"64" doc:"Limits it to one service"`
	Object  core.ID   `json:"object,omitempty" maxLength:"64" doc:"Limits it to one object"`
	Reason  string    `json:"reason" minLength:"1" maxLength:"500" doc:"Why; kept in the journal"`
	Until   time.Time `json:"until,omitempty" doc:"When it ends by itself; required for support"`
}

// Reason is the body of operations that take something away.
type Reason struct {
	Reason string `json:"reason,omitempty" maxLength:"500" doc:"Why; kept in the journal"`
}

// InPerson is the input of operations on one person.
type InPerson struct {
	rest.InOrg
	Person core.ID `path:"person" maxLength:"64" doc:"Person or service account"`
}

func assignments(a *rest.API, m *access.Module) {
	rest.Op(a, edge.Needs(&access.ReadHabilitations), rest.Operation{
		ID: "listAssignments", Method: "GET", Path: "/organizations/{org}/persons/{person}/assignments",
		Summary: "List every assignment a person has and had", Tag: tagAssignments,
	}, func(ctx context.Context, in *InPerson) (*rest.List[Assignment], error) {
		v, err := m.ViewPerson(ctx, in.Org, in.Person, time.Time{})
		if err != nil {
			return nil, err
		}
		out := make([]Assignment, len(v.History))
		for i, l := range v.History {
			out[i] = shapeLine(l)
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(&access.GiveAssignment), rest.Operation{
		ID: "assignRole", Method: "POST", Path: "/organizations/{org}/assignments", Summary: "Assign a role", Tag: tagAssignments, Status: 201,
		Detail: "Nobody gives more than they hold, nor to themselves.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body AssignmentDraft
	},
	) (*rest.One[Identified], error) {
		d := in.Body
		id, err := m.Give(ctx, core.Assignment{Org: in.Org, Person: d.Person, Role: d.Role, Service: d.Service, Object: d.Object, Reason: d.Reason, Until: d.Until})
		if err != nil {
			return nil, err
		}
		return rest.Got(Identified{string(id)}, 0), nil
	})
	rest.Op(a, edge.Needs(&access.RevokeAssignment), rest.Operation{
		ID: "revokeAssignment", Method: "POST", Path: "/organizations/{org}/assignments/{assignment}/revoke", Summary: "Revoke an assignment at once", Tag: tagAssignments,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Assignment core.ID `path:"assignment" maxLength:"64" doc:"Id of the assignment"`
		Body       Reason
	},
	) (*rest.None, error) {
		_, err := m.Take(ctx, in.Org, in.Assignment, in.Body.Reason)
		return nil, err
	})
}

// List of addresses in JSON.
type AddressList struct {
	Service   string    `json:"service,omitempty" doc:"Service; absent for the whole organization"`
	Addresses []Address `json:"addresses" nullable:"false" doc:"Addresses and blocks that are allowed"`
}

// Address is one line of a list.
type Address struct {
	Prefix string `json:"prefix" maxLength:"64" doc:"Address or block, v4 or v6"`
	Note   string `json:"note,omitempty" maxLength:"80" doc:"What it is"`
}

func addresses(a *rest.API, m *access.Module) {
	rest.Op(a, edge.Needs(&access.ReadAllow), rest.Operation{
		ID: "listAllowedAddresses", Method: "GET", Path: "/organizations/{org}/addresses", Summary: "Read the lists of allowed addresses", Tag: tagAddresses,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[AddressList], error) {
		v, err := m.ReadLists(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := []AddressList{shapeList("", v.Lists[""])}
		for _, s := range v.Services {
			if len(v.Lists[s.Name]) > 0 {
				out = append(out, shapeList(s.Name, v.Lists[s.Name]))
			}
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(&access.ChangeAllow), rest.Operation{
		ID: "setAllowedAddresses", Method: "PUT", Path: "/organizations/{org}/addresses", Summary: "Replace one list of allowed addresses", Tag: tagAddresses,
		Detail: "Refused when it would lock out who asks. An empty list allows every address; for provider staff, this machine alone.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body AddressList
	},
	) (*rest.None, error) {
		text := ""
		for _, l := range in.Body.Addresses {
			text += l.Prefix + " " + oneLine(l.Note) + "\n"
		}
		return nil, m.SaveList(ctx, in.Org, in.Body.Service, text)
	})
}

func shapeList(service string, lines []access.Allowed) AddressList {
	l := AddressList{Service: service, Addresses: []Address{}}
	for _, a := range lines {
		l.Addresses = append(l.Addresses, Address{Prefix: a.Prefix.String(), Note: a.Note})
	}
	return l
}

func oneLine(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r < ' ' {
			out[i] = ' '
		}
	}
	return string(out)
}
