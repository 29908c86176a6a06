// Package edge is the door of the house: everything that arrives by HTTP enters through one Server.
//
// Owns: request ids, the client's real address, security headers, the language of a request, who asks (through an
// injected check), the access that each route states, errors as pages or as problem documents (RFC 9457), health,
// metrics, the session cookie. Must not know: any module, kit/ui, any database.
//
// The way of a request, in order: request id → address → headers and nonce → host → rate gate → cross-origin
// protection → language → route → body limit and deadline → who asks → access → handler → error, if any → access log.
//
// A module gives its pages as routes and nothing else:
//
//	func Routes(m *session.Module) []edge.Route {
//		return []edge.Route{
//			{Pattern: "GET /me/sessions", Access: edge.SignedIn(), Handle: page},
//			{Pattern: "POST /o/{org}/sessions/{session}/end", Access: edge.Needs(&session.EndMember), Handle: end},
//		}
//	}
//
// A handler reads the actor with core.ActorOf(r.Context()), acts through the gate and returns its error as it is.
//
// Start reading at: Server.ServeHTTP (server.go), then Server.enter (enter.go).
package edge
