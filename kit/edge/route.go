package edge

import (
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
)

// Access says who may reach a route. It has no usable zero value: a route cannot be made without stating it.
type Access struct {
	kind    accessKind
	act     *core.ActDef
	why     string
	blind   bool
	despite []string
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

// Blind makes a public route one that never looks at who asks: assets and health, which must cost no check.
func (a Access) Blind() Access { a.blind = true; return a }

// Despite lets a signed-in person in although the check refused them for one of these codes: the page where a locked
// session is unlocked is reachable despite "session.locked". The actor of the request is the one of the refused check.
func (a Access) Despite(codes ...string) Access { a.despite = codes; return a }

// IsBlind tells whether the route never looks at who asks.
func (a Access) IsBlind() bool { return a.blind }

// String says the access in words for the list of routes: "public: why", "signed in", "needs member.invite".
func (a Access) String() string {
	switch a.kind {
	case public:
		return "public: " + a.why
	case signedIn:
		return "signed in"
	case permitted:
		return "needs " + string(a.act.Permission)
	}
	return "unstated"
}

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
	// Decides says that the handler asks the gate before it answers, and has nothing to show before: it is not decided beforehand,
	// as a page is whose form must not be filled for nothing.
	Decides bool
	// CrossSite takes what forms of other sites send. Its access must be Blind, so that such a form can never act for whoever
	// is signed in here; the handler says itself which sites it takes.
	CrossSite bool
	// MaxBody is the largest body read, in bytes; zero takes the server's limit (1 MiB unless configured).
	MaxBody int64
	// Deadline is how long the handler may take; zero takes the server's (30 s unless configured).
	Deadline time.Duration
}
