package edge

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errUnknown     = i18n.Fault(core.NotFound, "route.unknown", "Cette page n'existe pas, ou ne vous est pas ouverte.", "This page does not exist, or is not open to you.")
	errSignIn      = i18n.Fault(core.Unauthenticated, "session.required", "Connectez-vous pour continuer.", "Sign in to continue.")
	errHost        = i18n.Fault(core.Malformed, "request.host", "Cette adresse n'est pas celle de la plateforme.", "This address is not the platform's.")
	errTooMany     = i18n.Fault(core.TooMany, "request.too_many", "Trop de requêtes depuis votre adresse. Réessayez dans un instant.", "Too many requests from your address. Try again in a moment.")
	errCrossOrigin = i18n.Fault(core.Forbidden, "request.cross_origin", "Cette demande vient d'un autre site et a été refusée.", "This request comes from another site and was refused.")
	errTooLarge    = i18n.Fault(core.Malformed, "request.too_large", "Ce que vous envoyez est trop volumineux.", "What you are sending is too large.")
	errLeft        = i18n.Fault(core.Busy, "request.left", "La demande a été abandonnée avant sa réponse. Refaites-la.", "The request was given up before its answer. Make it again.")
	errTimeout     = i18n.Fault(core.Busy, "request.timeout", "La plateforme a mis trop de temps à répondre. Réessayez dans un instant.", "The platform took too long to answer. Try again in a moment.")
)

// visit is what the edge remembers of one request for its log line.
type visit struct {
	actor core.Actor
	nonce string
	route string
	// allowed asks again whether the request would be let in now; nil for a public route.
	allowed func(context.Context) error
	server  *Server
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}

// Nonce gives the nonce of this response, for a <script nonce> element.
func Nonce(ctx context.Context) string { return visitOf(ctx).nonce }

// connectionMargin is what a connection has beyond the deadline of its route, to say that it was too slow.
const connectionMargin = 5 * time.Second

// enter lets one request through one route: bounds, who asks, access, handler.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, route Route) {
	limit, deadline := s.cfg.MaxBody, s.cfg.Deadline
	if route.MaxBody > 0 {
		limit = route.MaxBody
	}
	if route.Deadline > 0 {
		deadline = route.Deadline
		// The connection's own limits, meant for ordinary pages, must not cut a long export or import short. A writer that has
		// none (a test's) refuses, harmlessly.
		control, until := http.NewResponseController(w), time.Now().Add(deadline+connectionMargin)
		if r.ContentLength != 0 { // without a body net/http is already listening for the client to leave, and takes the limit for that
			_ = control.SetReadDeadline(until)
		}
		_ = control.SetWriteDeadline(until)
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	ctx, cancel := context.WithTimeout(r.Context(), deadline)
	defer cancel()
	r = r.WithContext(ctx)
	visitOf(ctx).route = route.Pattern

	r, err := s.identify(w, r, route)
	if err == nil {
		visitOf(ctx).allowed = s.allowance(r, route.Access)
		err = route.Handle(w, r)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// identify puts the actor in the request and applies the access of the route.
func (s *Server) identify(w http.ResponseWriter, r *http.Request, route Route) (*http.Request, error) {
	access := route.Access
	if access.blind {
		return r, nil
	}
	actor := core.ActorOf(r.Context())
	var refusal error
	if s.cfg.Authenticate != nil {
		var known core.Actor
		known, refusal = s.cfg.Authenticate(w, r)
		if refusal != nil && access.IsPublic() {
			known, refusal = core.Actor{}, nil
		}
		if refusal != nil && slices.Contains(access.despite, core.CodeOf(refusal)) {
			refusal = nil
		}
		known.Address, known.Agent, known.Request = actor.Address, actor.Agent, actor.Request
		actor = known
	}
	visitOf(r.Context()).actor = actor
	r = r.WithContext(core.WithActor(r.Context(), actor))
	switch {
	case refusal != nil:
		return r, refusal
	case access.IsPublic():
		return r, nil
	case actor.Kind != core.HumanActor && actor.Kind != core.ServiceActor:
		return r, errSignIn
	case access.kind == permitted && actor.Scopes != nil && !slices.Contains(actor.Scopes, access.act.Permission):
		return r, errUnknown
	case access.kind == permitted && asks(access.act) && s.cfg.Permit != nil && reads(r) && !route.Decides:
		org, object := placeOf(r)
		return r, s.cfg.Permit(r.Context(), access.act, org, object)
	}
	return r, nil
}

// asks tells whether a page that needs act is worth a decision of its own: what roles permit, and what asks for a fresh
// proof, so that the proof comes before the form is filled and not after.
func asks(act *core.ActDef) bool {
	return act.Reach == core.ByAssignment || act.Reach == core.BySelf && act.Fresh > 0
}

func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// placeOf reads from the path the organization (the platform when it names none) and the innermost thing named.
func placeOf(r *http.Request) (org, object core.ID) {
	org = core.Platform
	for piece := range strings.SplitSeq(r.Pattern, "{") {
		name, _, inside := strings.Cut(piece, "}")
		switch value := core.ID(r.PathValue(name)); {
		case !inside || value == "":
		case name == "org":
			org = value
		default:
			object = value
		}
	}
	return org, object
}

// IsAPI tells whether a request is made by a program, which gets problem documents instead of pages.
func IsAPI(r *http.Request) bool {
	return r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/")
}

// fail answers an error: a detour, a page or a problem document, by its kind.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	err = Typed(r.Context(), err)
	kind, code := core.KindOf(err), core.CodeOf(err)
	if kind == core.Internal {
		s.cfg.Log.ErrorContext(r.Context(), "request failed", "request", core.ActorOf(r.Context()).Request,
			"route", visitOf(r.Context()).route, "error", err.Error())
	}
	if out, ok := w.(*answer); ok && out.status != 0 {
		s.cfg.Log.WarnContext(r.Context(), "error after the answer had begun", "request", core.ActorOf(r.Context()).Request, "code", code)
		return
	}
	if to := s.detour(r, kind, code); to != "" {
		if !s.held(w, r, to) {
			http.Redirect(w, r, withNext(to, returnTo(r)), http.StatusSeeOther)
		}
		return
	}
	problem := ProblemOf(r.Context(), err)
	if problem.RetryAfter > 0 {
		w.Header().Set("Retry-After", Seconds(problem.RetryAfter))
	}
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case IsAPI(r):
		WriteProblem(w, problem)
	case s.cfg.ErrorPage != nil:
		s.cfg.ErrorPage(w, r, problem)
	default:
		http.Error(w, problem.Detail+"\n"+string(problem.Request), problem.Status)
	}
}

// detour tells which page asks for what was missing, instead of an error page; "" when none does.
func (s *Server) detour(r *http.Request, kind core.Kind, code string) string {
	if IsAPI(r) {
		return ""
	}
	switch to := s.cfg.Detours[code]; {
	case to != "":
		return to
	case kind == core.StepUp:
		return s.cfg.StepUp
	case kind == core.Unauthenticated && reads(r):
		return s.cfg.SignIn
	}
	return ""
}

func withNext(to, next string) string {
	if next == "" || next == "/" {
		return to
	}
	return to + "?next=" + url.QueryEscape(next)
}

// returnTo is the page to come back to: the one asked for, or for a form the page that showed it.
func returnTo(r *http.Request) string {
	if reads(r) {
		return r.URL.RequestURI()
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host {
		return ""
	}
	return SafeNext(from.RequestURI())
}

// SafeNext gives next when it is a path of this site, "" otherwise: never another site, never a scheme.
func SafeNext(next string) string {
	if len(next) > 2048 || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsFunc(next, func(c rune) bool { return c < ' ' || c == '\\' || c == 0x7f }) {
		return ""
	}
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || strings.HasPrefix(u.Path, "//") {
		return ""
	}
	return next
}

// Typed turns the errors of the standard library that a client or the clock can cause into ours; ctx is that of the request. Nothing of
// ours failed when a client left before its answer: that is no fault in the log.
func Typed(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*core.Error](err); ok {
		return err
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge.Because(err)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		return errTimeout.Because(err).After(retrySoon)
	case errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled):
		return errLeft.Because(err)
	}
	return err
}
