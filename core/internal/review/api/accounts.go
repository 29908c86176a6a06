package api

import (
	"context"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

// Sleeper is a dormant account in JSON.
type Sleeper struct {
	Member      core.ID    `json:"member" doc:"Id of the membership"`
	Person      core.ID    `json:"person" doc:"Id of the person"`
	Name        string     `json:"name"`
	Function    string     `json:"function,omitempty"`
	Joined      time.Time  `json:"joined_at" doc:"Member since"`
	SignedIn    *time.Time `json:"signed_in_at,omitempty" doc:"Last sign-in; absent when never"`
	LastAct     *time.Time `json:"last_act,omitempty" doc:"Day of the last act, with a token too"`
	Assignments int        `json:"assignments" doc:"Roles held here"`
}

// Leaver is a member absent from a full list.
type Leaver struct {
	Member      core.ID `json:"member" doc:"Id of the membership"`
	Person      core.ID `json:"person" doc:"Id of the person"`
	Name        string  `json:"name"`
	Assignments int     `json:"assignments" doc:"Roles held here"`
}

// Compared is what a full list says of an organization.
type Compared struct {
	Members int      `json:"members" doc:"Present members"`
	Listed  int      `json:"listed" doc:"Of them, on the list"`
	Unknown int      `json:"unknown" doc:"Addresses of the list that are nobody's here"`
	Absent  []Leaver `json:"absent" nullable:"false" doc:"Members who are not on the list; functional accounts apart"`
}

// Flagged is an account that seems shared, in JSON.
type Flagged struct {
	ID     core.ID   `json:"id" doc:"Id of the flag"`
	Person core.ID   `json:"person" doc:"Id of the person"`
	Name   string    `json:"name"`
	State  string    `json:"state" doc:"open, explained, mine or shared"`
	Score  int       `json:"score" doc:"0 to 100"`
	Why    []Points  `json:"why" nullable:"false" doc:"What makes the score"`
	First  time.Time `json:"first_at"`
	Last   time.Time `json:"last_at"`
}

// Points is one part of a score.
type Points struct {
	Kind   string `json:"kind" doc:"computers, phone, networks or far"`
	Times  int    `json:"times"`
	Points int    `json:"points"`
}

func accounts(a *rest.API, m *review.Module, remove *core.ActDef) {
	rest.Op(a, edge.Needs(review.ReadDormant), rest.Operation{
		ID: "listDormantAccounts", Method: "GET", Path: "/organizations/{org}/dormant-accounts", Summary: "List the accounts that nobody uses", Tag: tagAccounts,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Days int `query:"days" minimum:"0" maximum:"3650" doc:"Days without a sign-in; those of the settings when absent"`
	},
	) (*rest.List[Sleeper], error) {
		d, err := m.Dormant(ctx, in.Org, in.Days)
		if err != nil {
			return nil, err
		}
		out := make([]Sleeper, len(d.Sleepers))
		for i, s := range d.Sleepers {
			out[i] = Sleeper{s.Member, s.Person, s.Name, s.Function, s.Joined, moment(s.SignedIn), moment(s.Act), s.Assignments}
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(review.CompareList), rest.Operation{
		ID: "compareFullList", Method: "POST", Path: "/organizations/{org}/departures/compare", Summary: "Tell who is absent from a full list of present members", Tag: tagAccounts, Status: 200,
		Detail: "Changes nothing. Give the ids back to departMembers.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Emails []string `json:"emails" minItems:"1" maxItems:"20000" nullable:"false" doc:"E-mail addresses of everyone present"`
		}
	},
	) (*rest.One[Compared], error) {
		c, err := m.Compare(ctx, in.Org, []byte(strings.Join(in.Body.Emails, "\n")))
		if err != nil {
			return nil, err
		}
		out := Compared{c.Members, c.Listed, c.Unknown, []Leaver{}}
		for _, l := range c.Absent {
			out.Absent = append(out.Absent, Leaver{l.Member, l.Person, l.Name, l.Assignments})
		}
		return rest.Got(out, 0), nil
	})
	rest.Op(a, edge.Needs(remove), rest.Operation{
		ID: "departMembers", Method: "POST", Path: "/organizations/{org}/departures", Summary: "Make members leave: membership, roles, sessions and tokens end at once", Tag: tagAccounts,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body struct {
			Members []core.ID `json:"members" minItems:"1" maxItems:"500" nullable:"false" doc:"Ids of memberships"`
			Reason  string    `json:"reason" minLength:"1" maxLength:"500" doc:"Why; kept in the journal"`
			Meant   bool      `json:"meant,omitempty" doc:"Confirms that more than a third of the members leave"`
		}
	},
	) (*rest.None, error) {
		return nil, m.Depart(ctx, in.Org, in.Body.Members, in.Body.Reason, in.Body.Meant)
	})
	rest.Op(a, edge.Needs(review.ReadSharing), rest.Operation{
		ID: "listSharedAccounts", Method: "GET", Path: "/organizations/{org}/shared-accounts", Summary: "List the accounts that seem shared, with the reasons", Tag: tagAccounts,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.List[Flagged], error) {
		list, err := m.Sharing(ctx, in.Org)
		if err != nil {
			return nil, err
		}
		out := make([]Flagged, len(list))
		for i, c := range list {
			out[i] = Flagged{c.Flag.ID, c.Flag.Person, c.Name, c.Flag.State, c.Flag.Score, []Points{}, c.Flag.First, c.Flag.Last}
			for _, w := range c.Why {
				out[i].Why = append(out[i].Why, Points{w.Kind, w.Times, w.Points})
			}
		}
		return rest.Listed(out, ""), nil
	})
}
