// Package rest is the frame of the API under /api/v1: it turns a typed Go function into an operation that is checked,
// described by OpenAPI 3.1 and answered as RFC 9110, RFC 9457 and the Idempotency-Key draft ask.
//
// Owns: the shape of requests and answers, pages of lists, ETag and If-Match, Idempotency-Key, the rate of each token,
// /api/openapi.json. Must not know: any module, any permission.
//
// How a module gives its operations, in its api/ folder:
//
//	// Register adds the operations of sessions.
//	func Register(a *rest.API, m *session.Module) {
//		rest.Op(a, edge.Needs(&session.List), rest.Operation{
//			ID: "listMemberSessions", Method: "GET", Path: "/organizations/{org}/sessions",
//			Summary: "List the live sessions of members", Tag: "Sessions",
//		}, func(ctx context.Context, in *struct {
//			rest.InOrg  // the path's {org}
//			rest.Cursor // ?after=&limit=
//		}) (*rest.List[Session], error) {
//			page, err := m.OfOrganization(ctx, in.Org, core.ID(in.After))
//			if err != nil {
//				return nil, err // a core.Error becomes its problem document; anything else a bare 500
//			}
//			return rest.Listed(mapped(page.Sessions), string(page.Next)), nil
//		})
//	}
//
// The rules of the house for operations:
//   - The fields of the input, and the types embedded in it, are exported: a hidden one would be left empty (Op panics).
//   - Nouns in the plural, ids in the path, /organizations/{org}/… for what belongs to one. Never personal data in a URL.
//   - The access is stated as for a page; the handler acts through the gate, which decides and journals.
//   - A body is a struct field named Body with json tags; doc: tags describe it. Unknown fields are refused.
//   - A refused value is never repeated in an error.
//   - What is edited carries a version: answer it as ETag (rest.Tag), demand it as If-Match (rest.Version).
//   - Every POST, PUT, PATCH and DELETE accepts Idempotency-Key: nothing to do, unless the answer holds a secret: then
//     set Once, so that the secret is never kept.
//
// Start reading at: Op (op.go).
package rest
