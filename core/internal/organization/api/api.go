// Package api gives the operations of organizations, members and imports under /api/v1.
//
// Owns: the shapes of these things in JSON. Must not know: how they are kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

// Register adds the operations.
func Register(a *rest.API, m *organization.Module) {
	organizations(a, m)
	provider(a, m)
	members(a, m)
	changes(a, m)
	imports(a, m)
}

// Organization is an organization in JSON.
type Organization struct {
	ID        core.ID   `json:"id"`
	Name      string    `json:"name"`
	Kind      string    `json:"kind" doc:"client or provider"`
	Language  string    `json:"language" doc:"fr or en"`
	TimeZone  string    `json:"time_zone" doc:"IANA name"`
	State     string    `json:"state" doc:"active or closed"`
	CreatedAt time.Time `json:"created_at"`
	Active    int64     `json:"active" doc:"How many active members"`
	Invited   int64     `json:"invited" doc:"How many invited members"`
}

func organizationOf(o organization.OrgLine) Organization {
	return Organization{o.ID, o.Name, o.Kind, o.Language, o.TimeZone, o.State, o.CreatedAt, o.Active, o.Invited}
}

// OrganizationForm is what can be said of an organization.
type OrganizationForm struct {
	Name     string `json:"name" minLength:"2" maxLength:"120"`
	Language string `json:"language,omitempty" enum:"fr,en"`
	TimeZone string `json:"time_zone,omitempty" maxLength:"40" doc:"IANA name"`
}

// Mine is one's own membership.
type Mine struct {
	Member       core.ID `json:"member" doc:"Id of the membership"`
	Organization core.ID `json:"organization"`
	Name         string  `json:"name" doc:"Name of the organization"`
	Kind         string  `json:"kind" doc:"client or provider"`
	Function     string  `json:"function,omitempty"`
	State        string  `json:"state" doc:"invited or active"`
}

const tagOrgs = "Organizations"

func organizations(a *rest.API, m *organization.Module) {
	rest.Op(a, edge.Needs(organization.ReadMine), rest.Operation{
		ID: "listMyOrganizations", Method: "GET", Path: "/organizations", Summary: "List the organizations one belongs to", Tag: tagOrgs,
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Mine], error) {
		list, err := m.Mine(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]Mine, len(list))
		for i, x := range list {
			out[i] = Mine{x.ID, x.Org, x.OrgName, x.OrgKind, x.Function, x.State}
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(organization.ReadOrganization), rest.Operation{
		ID: "readOrganization", Method: "GET", Path: "/organizations/{org}", Summary: "Read an organization", Tag: tagOrgs,
	}, func(ctx context.Context, in *rest.InOrg) (*rest.One[Organization], error) {
		o, err := m.ReadOrg(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		return rest.Got(organizationOf(o), o.Version), nil
	})
	rest.Op(a, edge.Needs(organization.EditOrganization), rest.Operation{
		ID: "editOrganization", Method: "PUT", Path: "/organizations/{org}", Summary: "Edit an organization", Tag: tagOrgs,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		rest.IfMatch
		Body OrganizationForm
	},
	) (*rest.None, error) {
		version, err := in.Version()
		if err != nil {
			return nil, err
		}
		return nil, m.EditOrg(ctx, core.Organization{ID: in.Org, Name: in.Body.Name, Language: in.Body.Language, TimeZone: in.Body.TimeZone}, version)
	})
}

func provider(a *rest.API, m *organization.Module) {
	rest.Op(a, edge.Needs(organization.ListOrganizations), rest.Operation{
		ID: "listOrganizations", Method: "GET", Path: "/provider/organizations", Summary: "List every organization", Tag: tagOrgs,
	}, func(ctx context.Context, in *rest.Cursor) (*rest.List[Organization], error) {
		list, next, err := m.Orgs(ctx, core.ID(in.After), in.Limit)
		if err != nil {
			return nil, err
		}
		out := make([]Organization, len(list))
		for i, o := range list {
			out[i] = organizationOf(o)
		}
		return rest.Listed(out, string(next)), nil
	})
	rest.Op(a, edge.Needs(organization.CreateOrganization), rest.Operation{
		ID: "createOrganization", Method: "POST", Path: "/provider/organizations", Summary: "Make an organization and invite its first administrator", Tag: tagOrgs, Status: 201,
	}, func(ctx context.Context, in *struct {
		Body struct {
			OrganizationForm
			Email      string `json:"email" format:"email" doc:"Address of the first administrator"`
			GivenName  string `json:"given_name,omitempty" maxLength:"80"`
			FamilyName string `json:"family_name,omitempty" maxLength:"80"`
		}
	},
	) (*rest.One[Made], error) {
		b := in.Body
		id, err := m.CreateOrg(ctx, core.Organization{Name: b.Name, Language: b.Language, TimeZone: b.TimeZone},
			organization.Profile{Email: b.Email, GivenName: b.GivenName, FamilyName: b.FamilyName, Language: b.Language})
		if err != nil {
			return nil, err
		}
		return rest.Got(Made{id}, 1), nil
	})
	rest.Op(a, edge.Needs(organization.CloseOrganization), rest.Operation{
		ID: "closeOrganization", Method: "POST", Path: "/provider/organizations/{client}/close", Summary: "Close an organization: every member leaves it", Tag: tagOrgs,
	}, func(ctx context.Context, in *struct {
		Client core.ID `path:"client" doc:"Id of the organization"`
		Body   Reason
	},
	) (*rest.None, error) {
		return nil, m.CloseOrg(ctx, in.Client, in.Body.Reason)
	})
}

// Made names what was made.
type Made struct {
	ID core.ID `json:"id"`
}

// Reason is the body of grave acts.
type Reason struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why; kept in the journal"`
}
