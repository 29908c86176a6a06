// Package api gives the operations of tokens and service accounts under /api/v1.
//
// Owns: the shape of a token and of a service account in JSON. Must not know: how they are kept. Start reading at: Register.
package api

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

// Token is a token in JSON.
type Token struct {
	ID      core.ID           `json:"id" doc:"Id of the token"`
	Name    string            `json:"name" doc:"Name given to it"`
	Hint    string            `json:"hint" doc:"Prefix and last letters of its secret" example:"rpt_…k7qd"`
	Scopes  []core.Permission `json:"scopes" nullable:"false" doc:"Permissions it is limited to"`
	Made    time.Time         `json:"made" doc:"When it was made"`
	Ends    time.Time         `json:"ends" doc:"When it ends"`
	LastDay string            `json:"last_day,omitempty" format:"date" doc:"Day of last use"`
	Live    bool              `json:"live" doc:"Whether it can be used"`
	Secret  string            `json:"secret,omitempty" doc:"The secret, in the answer that makes it and never again"`
}

func shape(t token.Token, secret string) Token {
	out := Token{
		ID: t.ID, Name: t.Name, Hint: t.Hint, Scopes: t.Scopes, Made: t.Made, Ends: t.Ends,
		Live: t.Ended.IsZero() && time.Now().Before(t.Ends), Secret: secret,
	}
	if !t.LastDay.IsZero() {
		out.LastDay = t.LastDay.Format(time.DateOnly)
	}
	return out
}

func shapes(list []token.Token) []Token {
	out := make([]Token, len(list))
	for i, t := range list {
		out[i] = shape(t, "")
	}
	return out
}

// NewToken is the body of the operations that make a token.
type NewToken struct {
	Name   string            `json:"name" minLength:"1" maxLength:"80" doc:"What it is for"`
	Scopes []core.Permission `json:"scopes" nullable:"false" minItems:"1" maxItems:"200" doc:"Permissions it is limited to"`
	Ends   time.Time         `json:"ends" doc:"When it ends, a year from now at most"`
}

// Renewal is the body of the operations that give a token a new secret.
type Renewal struct {
	Ends time.Time `json:"ends" doc:"When it ends, a year from now at most"`
}

// Service is a service account in JSON.
type Service struct {
	ID              core.ID   `json:"id" doc:"Id of the service account"`
	Name            string    `json:"name" doc:"Name given to it"`
	Description     string    `json:"description,omitempty" doc:"What it does"`
	Responsible     core.ID   `json:"responsible,omitempty" doc:"Id of the person who answers for it"`
	ResponsibleName string    `json:"responsible_name,omitempty" doc:"Name of that person"`
	Made            time.Time `json:"made" doc:"When it was made"`
	Closed          bool      `json:"closed" doc:"Whether it was closed"`
	Tokens          []Token   `json:"tokens,omitempty" doc:"Its tokens, when one account is read"`
}

func account(s token.Service, tokens []token.Token) Service {
	out := Service{
		ID: s.ID, Name: s.Name, Description: s.Description, Responsible: s.Responsible, ResponsibleName: s.ResponsibleName,
		Made: s.Made, Closed: !s.Closed.IsZero(),
	}
	if tokens != nil {
		out.Tokens = shapes(tokens)
	}
	return out
}

// Draft is the body of the operations that make or change a service account.
type Draft struct {
	Name        string  `json:"name" minLength:"1" maxLength:"80" doc:"Name of the program"`
	Description string  `json:"description,omitempty" maxLength:"500" doc:"What it does"`
	Responsible core.ID `json:"responsible" doc:"Id of the person who answers for it: an active member"`
}

func (d Draft) draft() token.Draft {
	return token.Draft{Name: d.Name, Description: d.Description, Responsible: d.Responsible}
}

const (
	tagTokens   = "Tokens"
	tagServices = "Service accounts"
)

// Register adds the operations of tokens and service accounts.
func Register(a *rest.API, m *token.Module) {
	own(a, m)
	services(a, m)
	serviceTokens(a, m)
}

// InToken is the input of operations on one token.
type InToken struct {
	Token core.ID `path:"token" doc:"Id of the token"`
}

func own(a *rest.API, m *token.Module) {
	rest.Op(a, edge.Needs(&token.ListOwn), rest.Operation{
		ID: "listMyTokens", Method: "GET", Path: "/tokens", Summary: "List one's own tokens", Tag: tagTokens,
	}, func(ctx context.Context, _ *struct{}) (*rest.List[Token], error) {
		list, err := m.Own(ctx)
		if err != nil {
			return nil, err
		}
		return rest.Listed(shapes(list), ""), nil
	})
	rest.Op(a, edge.Needs(&token.CreateOwn), rest.Operation{
		ID: "createMyToken", Method: "POST", Path: "/tokens", Summary: "Create a personal token", Tag: tagTokens, Status: 201, Once: true,
	}, func(ctx context.Context, in *struct{ Body NewToken }) (*rest.One[Token], error) {
		t, secret, err := m.Create(ctx, token.Order{Name: in.Body.Name, Scopes: in.Body.Scopes, Ends: in.Body.Ends})
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(t, secret), 0), nil
	})
	rest.Op(a, edge.Needs(&token.RotateOwn), rest.Operation{
		ID: "rotateMyToken", Method: "POST", Path: "/tokens/{token}/rotate", Summary: "Give a personal token a new secret", Tag: tagTokens, Once: true,
	}, func(ctx context.Context, in *struct {
		InToken
		Body Renewal
	},
	) (*rest.One[Token], error) {
		t, secret, err := m.Rotate(ctx, in.Token, in.Body.Ends)
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(t, secret), 0), nil
	})
	rest.Op(a, edge.Needs(&token.EndOwn), rest.Operation{
		ID: "endMyToken", Method: "DELETE", Path: "/tokens/{token}", Summary: "End a personal token", Tag: tagTokens,
	}, func(ctx context.Context, in *InToken) (*rest.None, error) {
		return nil, m.End(ctx, in.Token)
	})
}

// InService is the input of operations on one service account.
type InService struct {
	rest.InOrg
	Service core.ID `path:"service" doc:"Id of the service account"`
}

func services(a *rest.API, m *token.Module) {
	const path = "/organizations/{org}/service-accounts"
	rest.Op(a, edge.Needs(&token.ListServiceAccounts), rest.Operation{
		ID: "listServiceAccounts", Method: "GET", Path: path, Summary: "List service accounts", Tag: tagServices,
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		After string `query:"after" maxLength:"64" doc:"Where to read on: the next of the page before"`
	},
	) (*rest.List[Service], error) {
		list, next, err := m.Services(ctx, in.Org, core.ID(in.After))
		if err != nil {
			return nil, err
		}
		out := make([]Service, len(list))
		for i, s := range list {
			out[i] = account(s, nil)
		}
		return rest.Listed(out, string(next)), nil
	})
	rest.Op(a, edge.Needs(&token.CreateServiceAccount), rest.Operation{
		ID: "createServiceAccount", Method: "POST", Path: path, Summary: "Create a service account", Tag: tagServices, Status: 201,
		Detail: "It can do nothing until a role is assigned to it and a token made for it.",
	}, func(ctx context.Context, in *struct {
		rest.InOrg
		Body Draft
	},
	) (*rest.One[Service], error) {
		s, err := m.CreateService(ctx, in.Org, in.Body.draft())
		if err != nil {
			return nil, err
		}
		return rest.Got(account(s, nil), s.Version), nil
	})
	rest.Op(a, edge.Needs(&token.ListServiceAccounts), rest.Operation{
		ID: "getServiceAccount", Method: "GET", Path: path + "/{service}", Summary: "Read a service account and its tokens", Tag: tagServices,
	}, func(ctx context.Context, in *InService) (*rest.One[Service], error) {
		s, tokens, err := m.Service(ctx, in.Org, in.Service)
		if err != nil {
			return nil, err
		}
		return rest.Got(account(s, tokens), s.Version), nil
	})
	rest.Op(a, edge.Needs(&token.EditServiceAccount), rest.Operation{
		ID: "editServiceAccount", Method: "PUT", Path: path + "/{service}", Summary: "Change a service account", Tag: tagServices,
	}, func(ctx context.Context, in *struct {
		InService
		rest.IfMatch
		Body Draft
	},
	) (*rest.None, error) {
		version, err := in.Version()
		if err != nil {
			return nil, err
		}
		return nil, m.EditService(ctx, in.Org, in.Service, in.Body.draft(), version)
	})
	rest.Op(a, edge.Needs(&token.CloseServiceAccount), rest.Operation{
		ID: "closeServiceAccount", Method: "POST", Path: path + "/{service}/close",
		Summary: "Close a service account for ever and end its tokens", Tag: tagServices,
	}, func(ctx context.Context, in *struct {
		InService
		Body struct {
			Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"Why; kept in the journal"`
		}
	},
	) (*rest.None, error) {
		return nil, m.CloseService(ctx, in.Org, in.Service, in.Body.Reason)
	})
}

func serviceTokens(a *rest.API, m *token.Module) {
	const path = "/organizations/{org}/service-accounts/{service}/tokens"
	rest.Op(a, edge.Needs(&token.CreateServiceToken), rest.Operation{
		ID: "createServiceToken", Method: "POST", Path: path, Summary: "Create a token of a service account", Tag: tagServices, Status: 201, Once: true,
	}, func(ctx context.Context, in *struct {
		InService
		Body NewToken
	},
	) (*rest.One[Token], error) {
		t, secret, err := m.CreateFor(ctx, in.Org, in.Service, token.Order{Name: in.Body.Name, Scopes: in.Body.Scopes, Ends: in.Body.Ends})
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(t, secret), 0), nil
	})
	rest.Op(a, edge.Needs(&token.CreateServiceToken), rest.Operation{
		ID: "rotateServiceToken", Method: "POST", Path: path + "/{token}/rotate", Summary: "Give a token of a service account a new secret",
		Tag: tagServices, Once: true,
	}, func(ctx context.Context, in *struct {
		InService
		InToken
		Body Renewal
	},
	) (*rest.One[Token], error) {
		t, secret, err := m.RotateFor(ctx, in.Org, in.Service, in.Token, in.Body.Ends)
		if err != nil {
			return nil, err
		}
		return rest.Got(shape(t, secret), 0), nil
	})
	rest.Op(a, edge.Needs(&token.EndServiceToken), rest.Operation{
		ID: "endServiceToken", Method: "DELETE", Path: path + "/{token}", Summary: "End a token of a service account", Tag: tagServices,
	}, func(ctx context.Context, in *struct {
		InService
		InToken
	},
	) (*rest.None, error) {
		return nil, m.EndFor(ctx, in.Org, in.Service, in.Token)
	})
}
