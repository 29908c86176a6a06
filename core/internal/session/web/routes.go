package web

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/session"
	"github.com/rempart/rempart/kit/edge"
)

// Prover takes a fresh proof from the person of a locked session: the module of sign-in.
type Prover interface {
	// Asked tells which factors the person of ctx holds.
	Asked(ctx context.Context) (core.Factors, error)
	// Unlock opens the session of ctx by a password or a code and gives its new secret.
	Unlock(ctx context.Context, answer string, isCode bool) (secret string, err error)
}

type pages struct {
	sessions *session.Module
	prover   Prover
}

// Routes are the pages of sessions.
func Routes(m *session.Module, prover Prover) []edge.Route {
	p := pages{m, prover}
	locked := edge.SignedIn().Despite("session.locked")
	return []edge.Route{
		{Pattern: "GET /me/sessions", Access: edge.Needs(&session.ListOwn), Handle: p.mine},
		{Pattern: "POST /me/sessions/{session}/end", Access: edge.Needs(&session.EndOwn), Handle: p.endMine},
		{Pattern: "POST /me/sessions/end-others", Access: edge.Needs(&session.EndOwn), Handle: p.endOthers},
		{Pattern: "POST /signout", Access: locked, Handle: p.signOut},
		{Pattern: "POST /lock", Access: locked, Handle: p.lock},
		{Pattern: "GET /lock", Access: locked, Handle: p.locked},
		{Pattern: "POST /lock/open", Access: locked, Handle: p.unlock},
		{Pattern: "GET /o/{org}/sessions", Access: edge.Needs(&session.List), Handle: p.members},
		{Pattern: "POST /o/{org}/sessions/end", Access: edge.Needs(&session.End), Handle: p.endMembers},
	}
}
