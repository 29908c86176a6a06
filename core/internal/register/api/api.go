// Package api gives the record of processing activities under /api/v1, to read.
//
// Owns: its shapes in JSON. Must not know: how forms are made or kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/kit/i18n"
)

const tag = "Record of processing"

// Activity is one activity of the record in JSON, in the language of who asks.
type Activity struct {
	ID         string   `json:"id" doc:"Id of the activity"`
	ByHand     bool     `json:"by_hand" doc:"Whether a person wrote it; the program declares the others"`
	Title      string   `json:"title" doc:"Name"`
	About      string   `json:"objective" doc:"What it is for, in a sentence"`
	Part       string   `json:"acting_as" doc:"controller or processor"`
	Purposes   []string `json:"purposes" doc:"Purposes"`
	Bases      []string `json:"legal_bases" doc:"Legal bases (article 6)"`
	Persons    []string `json:"persons" doc:"Categories of persons"`
	Data       []string `json:"data" doc:"Categories of data"`
	Recipients []string `json:"recipients" doc:"Categories of recipients"`
	Transfers  []string `json:"transfers" doc:"Transfers outside the European Economic Area, with their grounds"`
	Retention  []string `json:"retention" doc:"How long each category is kept"`
	Sentences  []string `json:"written_by_hand,omitempty" doc:"Sentences that a person added"`
	Suspended  bool     `json:"suspended" doc:"Whether the officer suspended it: its purposes are refused"`
	Columns    []Column `json:"columns,omitempty" doc:"Personal columns that it treats"`
}

// Column is one personal column.
type Column struct {
	Table     string `json:"table" doc:"Table"`
	Name      string `json:"column" doc:"Column"`
	Category  string `json:"category" doc:"Category of data"`
	Purpose   string `json:"purpose" doc:"Purpose"`
	Basis     string `json:"legal_basis" doc:"Legal basis (article 6)"`
	Retention string `json:"retention" doc:"How long it is kept"`
	Sealed    bool   `json:"encrypted" doc:"Whether it is encrypted at rest"`
	Erasure   string `json:"erasure" doc:"What becomes of it when the person is erased"`
}

// Record is a form of the record in JSON.
type Record struct {
	Form         string     `json:"form" doc:"controller (article 30-1) or processor (article 30-2)"`
	Organization string     `json:"organization" doc:"Whose record it is"`
	Officer      string     `json:"officer_contact" doc:"Where the data-protection officer is written to"`
	Hash         string     `json:"sha256" doc:"SHA-256 of what an approval is about"`
	Approved     bool       `json:"approved" doc:"Whether it stands as it was last approved"`
	ApprovedAt   *time.Time `json:"approved_at,omitempty" doc:"When it was last approved"`
	Changes      []string   `json:"changes,omitempty" doc:"What changed since, in words"`
	Controllers  []string   `json:"controllers,omitempty" doc:"Controllers acted for (article 30-2-a)"`
	Activities   []Activity `json:"activities" doc:"Activities"`
}

func words(ctx context.Context, list []core.Text) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = i18n.From(t).In(ctx)
	}
	return out
}

func shape(ctx context.Context, e register.Entry, columns bool) Activity {
	say := func(t core.Text) string { return i18n.From(t).In(ctx) }
	a := Activity{
		ID: e.ID, ByHand: e.ByHand, Title: say(e.Title), About: say(e.About), Part: string(e.Part), Purposes: words(ctx, e.Purposes), Bases: words(ctx, e.Bases),
		Persons: words(ctx, e.Persons), Data: words(ctx, e.Data), Recipients: words(ctx, e.Recipients), Transfers: words(ctx, e.Transfers),
		Retention: words(ctx, e.Retention), Suspended: e.Suspended,
	}
	for _, s := range e.Sentences {
		a.Sentences = append(a.Sentences, s.Text)
	}
	if !columns {
		return a
	}
	for _, t := range e.Tables {
		for _, c := range t.Columns {
			a.Columns = append(a.Columns, Column{t.Name, c.Name, say(c.Category), say(c.Purpose), say(c.Basis), say(c.Retention), c.Sealed, say(c.Erasure)})
		}
	}
	return a
}

func record(ctx context.Context, v register.View) Record {
	r := Record{Form: string(v.Part), Organization: v.Organization, Officer: v.Contact, Hash: v.Hash, Changes: words(ctx, v.Changes), Activities: []Activity{}}
	if v.Last != nil {
		r.ApprovedAt, r.Approved = &v.Last.At, v.Last.Hash == v.Hash
	}
	for _, c := range v.Controllers {
		r.Controllers = append(r.Controllers, c.Name)
	}
	for _, e := range v.Activities {
		r.Activities = append(r.Activities, shape(ctx, e, false))
	}
	return r
}

// Register adds the operations.
func Register(a *rest.API, m *register.Module) {
	read := edge.Needs(register.Read)
	rest.Op(a, read, rest.Operation{
		ID: "readProviderRecord", Method: "GET", Path: "/provider/register", Summary: "Read the provider's record of processing activities", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Form string `query:"form" enum:"controller,processor" doc:"Which form; that of the controller when absent"`
	},
	) (*rest.One[Record], error) {
		part := core.Controller
		if in.Form == string(core.Processor) {
			part = core.Processor
		}
		v, err := m.View(ctx, core.Platform, part)
		if err != nil {
			return nil, err
		}
		return rest.Got(record(ctx, v), 0), nil
	})
	rest.Op(a, read, rest.Operation{
		ID: "readProviderActivity", Method: "GET", Path: "/provider/register/activities/{activity}", Summary: "Read an activity of the provider's record", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Activity string `path:"activity" maxLength:"64" doc:"Id of the activity"`
	},
	) (*rest.One[Activity], error) {
		return one(ctx, m, core.Platform, in.Activity)
	})
	rest.Op(a, read, rest.Operation{
		ID: "readRecord", Method: "GET", Path: "/organizations/{org}/register", Summary: "Read an organization's record of processing activities", Tag: tag,
	}, func(ctx context.Context, in *struct{ rest.InOrg }) (*rest.One[Record], error) {
		v, err := m.View(ctx, in.Org, core.Controller)
		if err != nil {
			return nil, err
		}
		return rest.Got(record(ctx, v), 0), nil
	})
	rest.Op(a, read, rest.Operation{
		ID: "readActivity", Method: "GET", Path: "/organizations/{org}/register/activities/{activity}", Summary: "Read an activity of an organization's record", Tag: tag,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Activity string `path:"activity" maxLength:"64" doc:"Id of the activity"`
	},
	) (*rest.One[Activity], error) {
		return one(ctx, m, in.Org, in.Activity)
	})
}

func one(ctx context.Context, m *register.Module, org core.ID, activity string) (*rest.One[Activity], error) {
	p, err := m.Activity(ctx, org, activity)
	if err != nil {
		return nil, err
	}
	return rest.Got(shape(ctx, p.Entry, true), 0), nil
}
