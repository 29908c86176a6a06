package edge

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/draft"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Config is what a Server is made of. The zero value serves on plain HTTP to anyone, trusts no proxy and knows nobody.
type Config struct {
	// Origin is where people reach the platform: "https://trust.example.org". An https origin turns HSTS on.
	Origin string
	// Hosts are the only values of Host that are answered, "" entries ignored; none means any.
	// It stops a foreign name rebound to a loopback listener.
	Hosts []string
	// Proxies are the only peers believed when they say for whom they ask.
	Proxies []netip.Prefix
	// ForwardedBy names the one header those proxies set: "X-Forwarded-For" (default) or "Forwarded" (RFC 7239).
	// Only one is ever read: a client could fill the other.
	ForwardedBy string
	// Authenticate tells who asks, from the session cookie or a bearer token. The anonymous actor and nil mean nobody.
	// It may set cookies on w. An actor given together with an error is one who is known and refused.
	Authenticate func(w http.ResponseWriter, r *http.Request) (core.Actor, error)
	// Alive tells whether the session of an actor that Authenticate gave still stands, without counting as a use of it: what lasts
	// longer than a request asks it. nil: as long as it was let in.
	Alive func(ctx context.Context, a core.Actor) error
	// Permit decides beforehand whether the actor of ctx may open a page that needs act in org, on object ("" for none).
	// It is asked for reads (GET) alone, so that a form is not shown to who may not send it; acts are decided by the gate
	// in any case.
	Permit func(ctx context.Context, act *core.ActDef, org, object core.ID) error
	// ErrorPage renders an error for people; without it a plain text is given.
	ErrorPage func(w http.ResponseWriter, r *http.Request, p Problem)
	// Detours sends the pages that end in an error of this code elsewhere, with ?next=: "session.locked" → "/lock".
	Detours map[string]string
	// Hold answers a form that is refused for want of a proof of identity: it asks for the proof at the place of page (StepUp, or one
	// of Detours) and keeps what was typed meanwhile. Without it the form leads to that page, and what was typed is lost.
	Hold func(w http.ResponseWriter, r *http.Request, page string, d draft.Draft) error
	// SignIn and StepUp are the pages that ask for a proof of identity; "/signin" and "/signin/again" unless set.
	SignIn, StepUp string
	// Admit is the cheap first gate per address; ok false refuses with 429 and the time to wait.
	Admit func(netip.Addr) (wait time.Duration, ok bool)
	Log   *slog.Logger
	Clock core.Clock
	// MaxBody and Deadline bound a request unless its route says otherwise: 1 MiB and 30 s unless set.
	MaxBody  int64
	Deadline time.Duration
	// Context adds to every request what pages need (the frame of kit/ui); nil adds nothing.
	Context func(context.Context) context.Context
	// Checks must all pass for /readyz to answer 200.
	Checks []Check
}

// Server is the door. Make it with New, give it routes with Add, then serve.
type Server struct {
	cfg    Config
	mux    *http.ServeMux
	routes []Route
	cross  *http.CrossOriginProtection
	stats  *stats
	state  draining
}

// New makes a server with its own routes: health.
func New(cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	cfg.SignIn = orElse(cfg.SignIn, "/signin")
	cfg.StepUp = orElse(cfg.StepUp, "/signin/again")
	cfg.ForwardedBy = orElse(cfg.ForwardedBy, "X-Forwarded-For")
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 1 << 20
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = 30 * time.Second
	}
	cfg.Hosts = slices.DeleteFunc(slices.Clone(cfg.Hosts), func(h string) bool { return h == "" })
	s := &Server{cfg: cfg, mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(), stats: newStats()}
	if cfg.Origin != "" {
		if err := s.cross.AddTrustedOrigin(cfg.Origin); err != nil {
			panic(fmt.Sprintf("edge: Origin %q: %v", cfg.Origin, err))
		}
	}
	s.mux.Handle("/", http.HandlerFunc(s.unknown))
	s.Add(s.health()...)
	return s
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// Add registers routes. A route without a method, a handler or a stated access panics: it must never be served.
func (s *Server) Add(routes ...Route) {
	for _, route := range routes {
		method, path, ok := strings.Cut(route.Pattern, " ")
		switch {
		case !ok || method == "" || !strings.HasPrefix(path, "/"):
			panic(fmt.Sprintf("edge: %q is not \"METHOD /path\"", route.Pattern))
		case route.Access.kind == unstated:
			panic(fmt.Sprintf("edge: %q states no access", route.Pattern))
		case route.Access.kind == permitted && route.Access.act == nil:
			panic(fmt.Sprintf("edge: %q needs no act", route.Pattern))
		case route.Access.kind == public && route.Access.why == "":
			panic(fmt.Sprintf("edge: %q is public and does not say why", route.Pattern))
		case route.Handle == nil:
			panic(fmt.Sprintf("edge: %q has no handler", route.Pattern))
		case route.CrossSite && !route.Access.blind:
			panic(fmt.Sprintf("edge: %q takes forms of other sites and looks at who asks", route.Pattern))
		}
		if route.CrossSite {
			s.cross.AddInsecureBypassPattern(route.Pattern)
		}
		s.mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) { s.enter(w, r, route) })
		s.routes = append(s.routes, route)
	}
}

// Routes lists every route, in the order they were added: the isolation walk and the list of routes read it.
func (s *Server) Routes() []Route { return slices.Clone(s.routes) }

// ServeHTTP does what every request needs, whatever its route.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	out := &answer{ResponseWriter: w}
	actor := core.Actor{
		Request: ids.New(),
		Address: s.address(r),
		Agent:   cut(r.UserAgent(), 256),
	}
	visit := &visit{actor: actor, nonce: newNonce(), server: s}
	ctx := context.WithValue(r.Context(), visitKey{}, visit)
	ctx = core.WithActor(i18n.With(ctx, language(r)), actor)
	if ctx = withNonce(ctx, visit.nonce); s.cfg.Context != nil {
		ctx = s.cfg.Context(ctx)
	}
	r = r.WithContext(ctx)
	out.Header().Set("X-Request-Id", string(actor.Request))
	s.secure(out.Header(), r, visit.nonce)

	defer s.closeVisit(out, r, visit, began)
	defer func() {
		if broken := recover(); broken != nil {
			s.broken(out, r, broken)
		}
	}()
	if err := s.preliminaries(r, actor.Address); err != nil {
		s.fail(out, r, err)
		return
	}
	s.mux.ServeHTTP(out, r)
}

// preliminaries refuses what no route should ever see.
func (s *Server) preliminaries(r *http.Request, from netip.Addr) error {
	if len(s.cfg.Hosts) > 0 && !slices.Contains(s.cfg.Hosts, r.Host) && !isHealth(r.URL.Path) {
		return errHost
	}
	if s.cfg.Admit != nil && !isHealth(r.URL.Path) {
		if wait, ok := s.cfg.Admit(from); !ok {
			s.stats.refused.WithLabelValues("rate").Inc()
			return errTooMany.After(wait)
		}
	}
	if err := s.cross.Check(r); err != nil {
		s.stats.refused.WithLabelValues("cross_origin").Inc()
		return errCrossOrigin.Because(err)
	}
	return nil
}

// unknown answers for every path that no route has: to someone who is not signed in, exactly as a page that exists.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	s.enter(w, r, Route{Access: SignedIn(), Handle: func(http.ResponseWriter, *http.Request) error { return errUnknown }})
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
