package web

import (
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/kit/edge"
)

type pages struct{ tokens *token.Module }

// Routes are the pages of tokens and service accounts.
func Routes(m *token.Module) []edge.Route {
	p := pages{m}
	list, make, end := edge.Needs(&token.ListServiceAccounts), edge.Needs(&token.CreateServiceToken), edge.Needs(&token.EndServiceToken)
	return []edge.Route{
		{Pattern: "GET /me/tokens", Access: edge.Needs(&token.ListOwn), Handle: p.mine},
		{Pattern: "GET /me/tokens/new", Access: edge.Needs(&token.ListOwn), Handle: p.newMine},
		{Pattern: "POST /me/tokens", Access: edge.Needs(&token.CreateOwn), Handle: p.createMine},
		{Pattern: "POST /me/tokens/{token}/end", Access: edge.Needs(&token.EndOwn), Handle: p.endMine},
		{Pattern: "POST /me/tokens/{token}/rotate", Access: edge.Needs(&token.RotateOwn), Handle: p.rotateMine},

		{Pattern: "GET /o/{org}/services", Access: list, Handle: p.services},
		{Pattern: "GET /o/{org}/services/new", Access: list, Handle: p.newService},
		{Pattern: "POST /o/{org}/services", Access: edge.Needs(&token.CreateServiceAccount), Handle: p.createService},
		{Pattern: "GET /o/{org}/services/{service}", Access: list, Handle: p.service},
		{Pattern: "POST /o/{org}/services/{service}", Access: edge.Needs(&token.EditServiceAccount), Handle: p.editService},
		{Pattern: "POST /o/{org}/services/{service}/close", Access: edge.Needs(&token.CloseServiceAccount), Handle: p.closeService},
		{Pattern: "GET /o/{org}/services/{service}/tokens/new", Access: list, Handle: p.newToken},
		{Pattern: "POST /o/{org}/services/{service}/tokens", Access: make, Handle: p.createToken},
		{Pattern: "POST /o/{org}/services/{service}/tokens/{token}/end", Access: end, Handle: p.endToken},
		{Pattern: "POST /o/{org}/services/{service}/tokens/{token}/rotate", Access: make, Handle: p.rotateToken},
	}
}
