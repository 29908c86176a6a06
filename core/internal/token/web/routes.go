package web

import (
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

type pages struct {
	tokens     *token.Module
	operations func() []rest.Described
}

// Routes are the pages of tokens, of service accounts, and the list of what the API can do.
func Routes(m *token.Module, operations func() []rest.Described) []edge.Route {
	p := pages{m, operations}
	list, make, end := edge.Needs(&token.ListServiceAccounts), edge.Needs(&token.CreateServiceToken), edge.Needs(&token.EndServiceToken)
	return []edge.Route{
		{Pattern: "GET /me/tokens", Access: edge.Needs(&token.ListOwn), Handle: p.mine},
		{Pattern: "GET /me/tokens/new", Access: edge.Needs(&token.CreateOwn), Handle: p.newMine},
		{Pattern: "GET /me/tokens/api", Access: edge.SignedIn(), Handle: p.reference},
		{Pattern: "POST /me/tokens", Access: edge.Needs(&token.CreateOwn), Handle: p.createMine},
		{Pattern: "POST /me/tokens/{token}/end", Access: edge.Needs(&token.EndOwn), Handle: p.endMine},
		{Pattern: "POST /me/tokens/{token}/rotate", Access: edge.Needs(&token.RotateOwn), Handle: p.rotateMine},

		{Pattern: "GET /o/{org}/services", Access: list, Handle: p.services},
		{Pattern: "GET /o/{org}/services/new", Access: edge.Needs(&token.CreateServiceAccount), Handle: p.newService},
		{Pattern: "POST /o/{org}/services", Access: edge.Needs(&token.CreateServiceAccount), Handle: p.createService},
		{Pattern: "GET /o/{org}/services/{service}", Access: list, Handle: p.service},
		{Pattern: "POST /o/{org}/services/{service}", Access: edge.Needs(&token.EditServiceAccount), Handle: p.editService},
		{Pattern: "POST /o/{org}/services/{service}/close", Access: edge.Needs(&token.CloseServiceAccount), Handle: p.closeService},
		{Pattern: "GET /o/{org}/services/{service}/tokens/new", Access: make, Handle: p.newToken},
		{Pattern: "POST /o/{org}/services/{service}/tokens", Access: make, Handle: p.createToken},
		{Pattern: "POST /o/{org}/services/{service}/tokens/{token}/end", Access: end, Handle: p.endToken},
		{Pattern: "POST /o/{org}/services/{service}/tokens/{token}/rotate", Access: make, Handle: p.rotateToken},
	}
}
