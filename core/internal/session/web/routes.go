package web

import (
	"github.com/rempart/rempart/core/internal/session"
	"github.com/rempart/rempart/kit/edge"
)

type pages struct{ sessions *session.Module }

// Routes are the pages of sessions. The lock itself, where a proof is asked, is a page of the sign-in.
func Routes(m *session.Module) []edge.Route {
	p := pages{m}
	locked := edge.SignedIn().Despite("session.locked")
	return []edge.Route{
		{Pattern: "GET /me/sessions", Access: edge.Needs(&session.ListOwn), Handle: p.mine},
		{Pattern: "POST /me/sessions/{session}/end", Access: edge.Needs(&session.EndOwn), Handle: p.endMine},
		{Pattern: "POST /me/sessions/end-others", Access: edge.Needs(&session.EndOwn), Handle: p.endOthers},
		{Pattern: "POST /signout", Access: locked, Handle: p.signOut},
		{Pattern: "POST /lock/now", Access: locked, Handle: p.lock},
		{Pattern: "GET /o/{org}/sessions", Access: edge.Needs(&session.List), Handle: p.members},
		{Pattern: "POST /o/{org}/sessions/end", Access: edge.Needs(&session.End), Handle: p.endMembers},
		{Pattern: "GET /provider/sessions", Access: edge.Needs(&session.List), Handle: p.members},
		{Pattern: "POST /provider/sessions/end", Access: edge.Needs(&session.End), Handle: p.endMembers},
	}
}
