// Package api gives the end of the contract of an organization under /api/v1.
//
// Owns: its shape in JSON. Must not know: how it is decided or kept. Start reading at: Register.
package api

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/offboarding"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

const tag = "End of contract"

// State is how an organization stands.
type State struct {
	Leaving  bool       `json:"leaving" doc:"Whether the contract is ending"`
	State    string     `json:"state,omitempty" doc:"leaving, closing, erased"`
	Ends     *time.Time `json:"ends_at,omitempty" doc:"Until when everything can be read and taken away"`
	Days     int        `json:"days_left,omitempty" doc:"Days left"`
	Held     bool       `json:"held,omitempty" doc:"Whether a legal hold stops the erasure"`
	Earliest time.Time  `json:"earliest" doc:"The first date at which a contract that ends now can be over"`
}

type inOrg struct {
	Org core.ID `path:"org" doc:"Id of the organization"`
}

func read(ctx context.Context, m *offboarding.Module, org core.ID) (*rest.One[State], error) {
	s, err := m.State(ctx, org, org)
	if err != nil {
		return nil, err
	}
	out := State{Leaving: s.Set, Earliest: s.Earliest}
	if s.Set {
		out.State, out.Ends, out.Days, out.Held = s.End.State, &s.End.Ends, s.End.Left(m.Now()), s.End.Held != ""
	}
	return rest.Got(out, 0), nil
}

// Register adds the operations.
func Register(a *rest.API, m *offboarding.Module) {
	rest.Op(a, edge.Needs(offboarding.Read), rest.Operation{
		ID: "readOffboarding", Method: "GET", Path: "/organizations/{org}/offboarding", Summary: "Read whether the contract is ending, and until when", Tag: tag,
	}, func(ctx context.Context, in *inOrg) (*rest.One[State], error) { return read(ctx, m, in.Org) })
	rest.Op(a, edge.Needs(offboarding.Extend), rest.Operation{
		ID: "extendOffboarding", Method: "POST", Path: "/organizations/{org}/offboarding/extensions", Summary: "Ask for more time to take everything away", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Org  core.ID `path:"org" doc:"Id of the organization"`
		Body struct {
			Until  time.Time `json:"until" doc:"The new date"`
			Reason string    `json:"reason" doc:"Why, in 10 to 1000 characters"`
		}
	},
	) (*rest.One[State], error) {
		if _, err := m.AskMore(ctx, in.Org, in.Body.Until, in.Body.Reason); err != nil {
			return nil, err
		}
		return read(ctx, m, in.Org)
	})
	rest.Op(a, edge.Needs(offboarding.Ask), rest.Operation{
		ID: "beginOffboarding", Method: "POST", Path: "/organizations/{org}/offboarding", Summary: "End the contract: everything can be taken away until the date, then it is erased", Tag: tag, Status: 200,
	}, func(ctx context.Context, in *struct {
		Org  core.ID `path:"org" doc:"Id of the organization"`
		Body Beginning
	},
	) (*rest.One[State], error) {
		if _, err := m.Begin(ctx, in.Org, in.Org, in.Body.draft()); err != nil {
			return nil, err
		}
		return read(ctx, m, in.Org)
	})
	rest.Op(a, edge.Needs(offboarding.CallOff), rest.Operation{
		ID: "callOffOffboarding", Method: "POST", Path: "/organizations/{org}/offboarding/off", Summary: "Call the end of the contract off before its date", Tag: tag, Status: 200,
	}, func(ctx context.Context, in *struct {
		Org  core.ID `path:"org" doc:"Id of the organization"`
		Body Reason
	},
	) (*rest.One[State], error) {
		if err := m.Cancel(ctx, in.Org, in.Org, in.Body.Reason); err != nil {
			return nil, err
		}
		return read(ctx, m, in.Org)
	})
	rest.Op(a, edge.Needs(offboarding.Take), rest.Operation{
		ID: "takeAway", Method: "GET", Path: "/organizations/{org}/offboarding/download", Summary: "Take everything away as one ZIP file, in native formats", Tag: tag,
	}, func(ctx context.Context, in *inOrg) (*rest.Stream, error) {
		return rest.Streamed("application/zip", string(in.Org)+".zip", func(begin func() io.Writer) error { return m.TakeAway(ctx, in.Org, begin) })
	})
	provider(a, m)
}

// Reason is why something is done.
type Reason struct {
	Reason string `json:"reason" doc:"Why, in 10 to 1000 characters"`
}

// Beginning is an end of contract to set.
type Beginning struct {
	Ends *time.Time `json:"ends_at,omitempty" doc:"The date; absent: as early as can be"`
	Reason
}

func (b Beginning) draft() offboarding.Draft {
	d := offboarding.Draft{Reason: b.Reason.Reason}
	if b.Ends != nil {
		d.Ends = *b.Ends
	}
	return d
}

// Extension is a request for more time.
type Extension struct {
	ID     core.ID   `json:"id" doc:"Id of the request"`
	Until  time.Time `json:"until" doc:"The date that is asked"`
	State  string    `json:"state" doc:"asked, granted, refused"`
	Reason string    `json:"reason" doc:"Why more time is asked"`
	Word   string    `json:"word,omitempty" doc:"What was answered"`
}

// Contract is an end of contract as the provider sees it.
type Contract struct {
	ID         core.ID     `json:"id" doc:"Id of the end of contract"`
	Org        core.ID     `json:"organization" doc:"Whose contract ends"`
	Name       string      `json:"name" doc:"Its name when the end was set"`
	State      string      `json:"state" doc:"leaving, cancelled, closing, erased, ended"`
	Ends       time.Time   `json:"ends_at" doc:"Until when everything can be read and taken away"`
	Held       bool        `json:"held,omitempty" doc:"Whether a legal hold stops the erasure"`
	Extensions []Extension `json:"extensions,omitempty" doc:"Requests for more time; with one organization only"`
}

func shape(e offboarding.End, more []offboarding.More) Contract {
	c := Contract{ID: e.ID, Org: e.Org, Name: e.Name, State: e.State, Ends: e.Ends, Held: e.Held != ""}
	for _, x := range more {
		c.Extensions = append(c.Extensions, Extension{x.ID, x.Until, x.State, x.Reason, x.Word})
	}
	return c
}

func one(ctx context.Context, m *offboarding.Module, client core.ID) (*rest.One[Contract], error) {
	s, err := m.State(ctx, core.Platform, client)
	if err != nil {
		return nil, err
	}
	if !s.Set {
		return rest.Got(Contract{Org: client, Name: s.Name, State: "none"}, 0), nil
	}
	return rest.Got(shape(s.End, s.More), 0), nil
}

// Certificate tells what the end of a contract erased.
type Certificate struct {
	Org    core.ID         `json:"organization" doc:"Whose contract ended"`
	Name   string          `json:"name" doc:"Its name when the end was set"`
	Asked  string          `json:"asked_at" doc:"When the end was asked"`
	Ends   string          `json:"ends_at" doc:"The date"`
	Erased string          `json:"erased_at" doc:"When its data were erased"`
	Tables []Emptied       `json:"tables" doc:"Table by table"`
	Entry  core.ID         `json:"entry" doc:"Entry of the journal that certifies it"`
	Proof  json.RawMessage `json:"proof,omitempty" doc:"Proof of that entry, checked offline"`
}

// Emptied is one table of a certificate.
type Emptied struct {
	Table    string `json:"table" doc:"Name of the table"`
	Deleted  int64  `json:"deleted" doc:"Rows that left it"`
	Archived int64  `json:"archived,omitempty" doc:"Those of them that the archive keeps"`
	Kept     int64  `json:"kept,omitempty" doc:"Rows that stay"`
	Ground   string `json:"ground,omitempty" doc:"Legal basis of what stays"`
	Why      string `json:"why,omitempty" doc:"Why it stays"`
}

// InClient is an operation of the provider on one organization.
type InClient struct {
	Client core.ID `path:"client" maxLength:"64" doc:"Id of the organization"`
}

// provider adds what the provider does.
func provider(a *rest.API, m *offboarding.Module) {
	rest.Op(a, edge.Needs(offboarding.List), rest.Operation{
		ID: "listOffboardings", Method: "GET", Path: "/provider/offboarding", Summary: "List the ends of contracts", Tag: tag,
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Contract], error) {
		all, _, err := m.All(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]Contract, len(all))
		for i, e := range all {
			out[i] = shape(e, nil)
		}
		return rest.Listed(out, ""), nil
	})
	rest.Op(a, edge.Needs(offboarding.List), rest.Operation{
		ID: "readClientOffboarding", Method: "GET", Path: "/provider/offboarding/{client}", Summary: "Read how the contract of an organization stands, with its requests for more time", Tag: tag,
	}, func(ctx context.Context, in *InClient) (*rest.One[Contract], error) { return one(ctx, m, in.Client) })
	rest.Op(a, edge.Needs(offboarding.Set), rest.Operation{
		ID: "setOffboarding", Method: "POST", Path: "/provider/offboarding/{client}", Summary: "Set the end of the contract of an organization", Tag: tag, Status: 200,
	}, func(ctx context.Context, in *struct {
		InClient
		Body Beginning
	},
	) (*rest.One[Contract], error) {
		if _, err := m.Begin(ctx, core.Platform, in.Client, in.Body.draft()); err != nil {
			return nil, err
		}
		return one(ctx, m, in.Client)
	})
	rest.Op(a, edge.Needs(offboarding.Stop), rest.Operation{
		ID: "stopOffboarding", Method: "POST", Path: "/provider/offboarding/{client}/off", Summary: "Cancel an end of contract", Tag: tag, Status: 200,
	}, func(ctx context.Context, in *struct {
		InClient
		Body Reason
	},
	) (*rest.One[Contract], error) {
		if err := m.Cancel(ctx, core.Platform, in.Client, in.Body.Reason); err != nil {
			return nil, err
		}
		return one(ctx, m, in.Client)
	})
	rest.Op(a, edge.Needs(offboarding.Judge), rest.Operation{
		ID: "judgeExtension", Method: "POST", Path: "/provider/offboarding/{client}/extensions/{extension}", Summary: "Grant or refuse more time", Tag: tag, Status: 200,
	}, func(ctx context.Context, in *struct {
		InClient
		Extension core.ID `path:"extension" maxLength:"64" doc:"Id of the request for more time"`
		Body      struct {
			Grant bool   `json:"grant" doc:"Whether more time is granted"`
			Word  string `json:"word" doc:"A word to the organization, in 10 to 1000 characters"`
		}
	},
	) (*rest.One[Contract], error) {
		if err := m.Decide(ctx, in.Extension, in.Body.Grant, in.Body.Word); err != nil {
			return nil, err
		}
		return one(ctx, m, in.Client)
	})
	rest.Op(a, edge.Needs(offboarding.Certify), rest.Operation{
		ID: "readOffboardingCertificate", Method: "GET", Path: "/provider/offboarding/ends/{contract}/certificate", Summary: "Read the certificate of an end of contract, with the proof of its entry", Tag: tag,
	}, func(ctx context.Context, in *struct {
		Contract core.ID `path:"contract" maxLength:"64" doc:"Id of the end of contract"`
	},
	) (*rest.One[Certificate], error) {
		c, err := m.Certificate(ctx, in.Contract)
		if err != nil {
			return nil, err
		}
		out := Certificate{Org: c.Organization, Name: c.Name, Asked: c.Asked, Ends: c.Ends, Erased: c.Erased, Tables: make([]Emptied, len(c.Tables)), Entry: c.Entry, Proof: c.Proof}
		for i, t := range c.Tables {
			out.Tables[i] = Emptied(t)
		}
		return rest.Got(out, 0), nil
	})
}
