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

// Permission is one permission of the catalogue in JSON.
type Permission struct {
	Name    core.Permission `json:"name" doc:"noun.verb"`
	Title   string          `json:"title" doc:"What it permits, in the language of the request"`
	Service string          `json:"service" doc:"Service that declares it"`
	StepUp  bool            `json:"step_up" doc:"Whether it asks for a recent proof of identity"`
	Roles   []string        `json:"roles" nullable:"false" doc:"Built-in roles that hold it"`
}

// Habilitation is what one person can do, in JSON.
type Habilitation struct {
	Person   core.ID    `json:"person" doc:"Person or service account"`
	Name     string     `json:"name,omitempty" doc:"Name"`
	Function string     `json:"function,omitempty" doc:"Function in the organization"`
	Blocked  string     `json:"suspended_for,omitempty" doc:"Reason of the suspension in force at that date"`
	LastUsed *time.Time `json:"last_act,omitempty" doc:"Day of the last act here"`
	Dormant  bool       `json:"dormant" doc:"Whether nothing was done for the days that the policy says"`
	Can      []Can      `json:"can" nullable:"false" doc:"Permissions, each with why"`
}

// Can is one permission of a person and one reason of it.
type Can struct {
	Permission core.Permission `json:"permission" doc:"noun.verb"`
	Role       string          `json:"role" doc:"Role that holds it"`
	Assignment core.ID         `json:"assignment,omitempty" doc:"Assignment; absent when the role comes with the membership"`
	Service    string          `json:"service,omitempty" doc:"Service that the assignment is limited to"`
	Object     core.ID         `json:"object,omitempty" doc:"Object that the assignment is limited to"`
	Policy     string          `json:"policy" doc:"Policy that permits"`
	Since      time.Time       `json:"since" doc:"Since when"`
	Until      *time.Time      `json:"until,omitempty" doc:"Until when"`
	By         core.ID         `json:"by,omitempty" doc:"Who answers for it"`
	Reason     string          `json:"reason,omitempty" doc:"Why it was given"`
	LastUsed   *time.Time      `json:"last_used,omitempty" doc:"Day of last use"`
	Unused     bool            `json:"unused" doc:"Whether it was not used for the days that the policy says"`
}

func shapeRow(r access.Row, columns []access.PermissionInfo) Habilitation {
	h := Habilitation{Person: r.Person, Name: r.Name, Function: r.Function, LastUsed: moment(r.LastUsed), Dormant: r.Dormant, Can: []Can{}}
	if r.Blocked != nil {
		h.Blocked = r.Blocked.Reason
	}
	for _, p := range columns {
		c := r.Cells[p.Name]
		for _, w := range c.Whys {
			h.Can = append(h.Can, Can{
				Permission: p.Name, Role: w.Role, Assignment: w.Assignment, Service: w.Service, Object: w.Object, Policy: w.Policy,
				Since: w.Since, Until: moment(w.Until), By: w.By, Reason: w.Reason, LastUsed: moment(c.LastUsed), Unused: c.Unused,
			})
		}
	}
	return h
}

func habilitations(a *rest.API, m *access.Module) {
	rest.Op(a, edge.Needs(&access.ReadRoles), rest.Operation{
		ID: "listPermissions", Method: "GET", Path: "/organizations/{org}/permissions", Summary: "Read the catalogue of permissions", Tag: tagHabilitations,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Permission], error) {
		if _, err := m.ListRoles(ctx, in.Org); err != nil {
			return nil, err
		}
		var out []Permission
		for _, p := range m.Permissions(in.Org) {
			holders := p.Holders
			if holders == nil {
				holders = []string{}
			}
			out = append(out, Permission{Name: p.Name, Title: i18n.From(p.Title).In(ctx), Service: p.Module, StepUp: p.StepUp, Roles: holders})
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(&access.ReadHabilitations), rest.Operation{
		ID: "listHabilitations", Method: "GET", Path: "/organizations/{org}/habilitations", Summary: "Read who can do what, why and since when", Tag: tagHabilitations,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		rest.Cursor
		At time.Time `query:"at" doc:"As of a past moment; now when absent"`
	},
	) (*rest.List[Habilitation], error) {
		t, err := m.View(ctx, in.Org, in.At, core.ID(in.After), in.Limit)
		if err != nil {
			return nil, err
		}
		out := make([]Habilitation, len(t.Rows))
		for i, r := range t.Rows {
			out[i] = shapeRow(r, t.Columns)
		}
		return rest.Listed(out, string(t.Next)), nil
	})
	rest.Op(a, edge.Needs(&access.ReadHabilitations), rest.Operation{
		ID: "whoCan", Method: "GET", Path: "/organizations/{org}/permissions/{permission}/holders", Summary: "Read who can do this on that", Tag: tagHabilitations,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Permission core.Permission `path:"permission" maxLength:"64" doc:"noun.verb"`
		Object     core.ID         `query:"object" maxLength:"64" doc:"One object; absent for the organization"`
	},
	) (*rest.List[Habilitation], error) {
		rows, err := m.Who(ctx, in.Org, in.Permission, in.Object)
		if err != nil {
			return nil, err
		}
		var out []Habilitation
		for _, r := range rows {
			out = append(out, shapeRow(r, m.Permissions(in.Org)))
		}
		return rest.Listed(out, ""), nil
	})
}

// Suspension is a suspension in JSON.
type Suspension struct {
	ID       core.ID    `json:"id" doc:"Id of the suspension"`
	Scope    string     `json:"scope" enum:"person,organization,service" doc:"What is suspended"`
	Target   core.ID    `json:"target" doc:"Person, organization, or name of the service"`
	Within   core.ID    `json:"within,omitempty" doc:"Organization it acts in; absent when it acts everywhere"`
	Reason   string     `json:"reason" doc:"One of the seven reasons"`
	Text     string     `json:"text,omitempty" doc:"Explanation, shown to the person"`
	By       core.ID    `json:"by,omitempty" doc:"Who declared it"`
	From     time.Time  `json:"from" doc:"Since when"`
	Until    *time.Time `json:"until,omitempty" doc:"When it ends by itself"`
	LiftedAt *time.Time `json:"lifted_at,omitempty" doc:"When it was lifted"`
	LiftedBy core.ID    `json:"lifted_by,omitempty" doc:"Who lifted it"`
	InForce  bool       `json:"in_force" doc:"Whether it acts now"`
}

// SuspensionDraft is what suspends.
type SuspensionDraft struct {
	Scope     string    `json:"scope" enum:"person,organization,service" doc:"What to suspend; an organization only on the platform"`
	Target    string    `json:"target" minLength:"1" maxLength:"64" doc:"Person, organization, or name of the service"`
	Within    core.ID   `json:"within,omitempty" maxLength:"64" doc:"On the platform: a service of one organization"`
	Reason    string    `json:"reason" enum:"suspicious_activity,intrusion_attempt,presumed_compromise,breach_of_terms,security_risk,non_payment,abuse" doc:"Why"`
	Text      string    `json:"text" minLength:"1" maxLength:"500" doc:"Explanation, shown to the person"`
	Until     time.Time `json:"until,omitempty" doc:"When it ends by itself; absent: when it is lifted"`
	Confirmed bool      `json:"confirmed,omitempty" doc:"Says that cutting oneself or the last administrator off is meant"`
}

func suspensions(a *rest.API, m *access.Module) {
	rest.Op(a, edge.Needs(&access.ReadSuspensions), rest.Operation{
		ID: "listSuspensions", Method: "GET", Path: "/organizations/{org}/suspensions", Summary: "List the suspensions that the organization declared", Tag: tagSuspensions,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Suspension], error) {
		v, err := m.ViewSuspensions(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		var out []Suspension
		for _, s := range append(v.Own, v.Above...) {
			out = append(out, Suspension{
				ID: s.ID, Scope: s.Scope, Target: s.Target, Within: s.ActsIn, Reason: s.Reason, Text: s.Text, By: s.DeclaredBy,
				From: s.From, Until: moment(s.Until), LiftedAt: moment(s.LiftedAt), LiftedBy: s.LiftedBy, InForce: s.InForce(v.Now),
			})
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(&access.Suspend), rest.Operation{
		ID: "suspend", Method: "POST", Path: "/organizations/{org}/suspensions", Summary: "Suspend a person, an organization or a service", Tag: tagSuspensions, Status: 201,
		Detail: "Acts at the next request on every node; the person is told.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body SuspensionDraft
	},
	) (*rest.One[Identified], error) {
		d := in.Body
		f := access.SuspensionForm{Scope: d.Scope, Reason: d.Reason, Text: d.Text, Until: d.Until, Confirmed: d.Confirmed, Within: d.Within}
		switch d.Scope {
		case access.ScopeOrganization:
			f.Organization = core.ID(d.Target)
		case access.ScopeService:
			f.Service = d.Target
		default:
			f.Person = core.ID(d.Target)
		}
		id, err := m.DeclareSuspension(ctx, in.Org, f)
		if err != nil {
			return nil, err
		}
		return rest.Got(Identified{string(id)}, 0), nil
	})
	rest.Op(a, edge.Needs(&access.Lift), rest.Operation{
		ID: "liftSuspension", Method: "POST", Path: "/organizations/{org}/suspensions/{suspension}/lift", Summary: "Lift a suspension", Tag: tagSuspensions,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Suspension core.ID `path:"suspension" maxLength:"64" doc:"Id of the suspension"`
		Body       Reason
	},
	) (*rest.None, error) {
		return nil, m.EndSuspension(ctx, in.Org, in.Suspension, in.Body.Reason)
	})
}
