package edge

import (
	"net/http"

	"github.com/rempart/rempart/core"
)

// Access says who may reach a route. It has no usable zero value: a route cannot be made without stating it.
type Access struct {
	kind accessKind
	act  *core.ActDef
	why  string
}

type accessKind uint8

const (
	unstated accessKind = iota
	public
	signedIn
	permitted
)

// Public opens a route to anyone; why says what makes that right (it is printed in the route list).
func Public(why string) Access { return Access{kind: public, why: why} }

// SignedIn asks for a live session or token of anyone: the person's own pages.
func SignedIn() Access { return Access{kind: signedIn} }

// Needs asks for the permission of act, in the organization named by the path's {org} (Platform when it has none).
// The handler still acts through the gate, which decides; this declares it and drives the isolation test.
func Needs(act *core.ActDef) Access { return Access{kind: permitted, act: act} }

// Act gives the act that a permitted route performs, nil for the others.
func (a Access) Act() *core.ActDef { return a.act }

// IsPublic tells whether anyone may reach the route.
func (a Access) IsPublic() bool { return a.kind == public }

// Why gives the reason of a public route.
func (a Access) Why() string { return a.why }

// Handler serves one request; an error becomes the page or the problem document of its kind.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one page or endpoint. Pattern is that of net/http: "GET /o/{org}/members".
type Route struct {
	Pattern string
	Access  Access
	Handle  Handler
}
