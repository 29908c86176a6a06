package rest

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
)

// Operation says what one operation is.
type Operation struct {
	ID      string // stable name for generated clients: "listMemberSessions"
	Method  string
	Path    string // after /api/v1
	Summary string
	Detail  string
	Tag     string // group: "Sessions"
	Status  int    // of success; 200 when there is a body, else 204
	// Once marks an answer that holds a secret: it is never kept for an Idempotency-Key.
	Once bool
	// MaxBody is the largest body read, in bytes; zero takes the server's limit.
	MaxBody int64
	// Deadline is how long the operation may take; zero takes the server's.
	Deadline time.Duration
}

// Described is one operation as a page lists it.
type Described struct {
	Tag, Method, Path, Summary string
	Access                     edge.Access
}

// Op adds an operation. The access is stated as for a page, and the operation joins the same list of routes.
func Op[I, O any](a *API, access edge.Access, op Operation, handle func(context.Context, *I) (*O, error)) {
	full := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: Prefix + op.Path, Summary: op.Summary, Description: describe(op, access),
		Tags: []string{op.Tag}, DefaultStatus: op.Status, MaxBodyBytes: op.MaxBody,
		Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests},
	}
	if !access.IsPublic() {
		full.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	}
	if act := access.Act(); act != nil {
		full.Extensions = map[string]any{"x-permission": string(act.Permission), "x-step-up": act.Fresh > 0}
	}
	if unsafeMethod(op.Method) {
		full.Errors = append(full.Errors, http.StatusConflict)
		full.Parameters = append(full.Parameters, &huma.Param{
			Name: idempotencyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(255)},
			Description: "Any value of your own: the same request sent again with the same key within 24 hours acts once",
		})
	}
	a.described = append(a.described, Described{op.Tag, op.Method, full.Path, op.Summary, access})
	a.adding = &adding{access, op}
	defer func() { a.adding = nil }()
	huma.Register(a.huma, full, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.failed(ctx, err)
		}
		return out, nil
	})
	a.mustBind(full)
	a.routes[len(a.routes)-1].Decides = a.asksFirst(full)
}

// asksFirst tells whether nothing that the path names can be refused before the gate was asked: a number that is none would tell
// a stranger that there is something.
func (a *API) asksFirst(op huma.Operation) bool {
	for _, p := range a.parameters(op) {
		if p.In == "path" && p.Schema.Type != huma.TypeString {
			return false
		}
	}
	return true
}

var pathParameter = regexp.MustCompile(`\{([a-z_]+)\}`)

// mustBind panics when a parameter of the path reaches no field of the input: the operation would act on nothing, or
// on everything. It happens to a field of an embedded struct whose type is not exported, which huma does not see.
func (a *API) mustBind(op huma.Operation) {
	known := map[string]bool{}
	for _, p := range a.parameters(op) {
		known[p.In+" "+p.Name] = true
	}
	for _, m := range pathParameter.FindAllStringSubmatch(op.Path, -1) {
		if !known["path "+m[1]] {
			panic(fmt.Sprintf("rest: %s %s: no exported field of the input takes {%s}", op.Method, op.Path, m[1]))
		}
	}
}

// parameters are those that huma read from the input of an operation.
func (a *API) parameters(op huma.Operation) []*huma.Param {
	item := a.huma.OpenAPI().Paths[op.Path]
	for _, o := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete} {
		if o != nil && o.OperationID == op.OperationID {
			return o.Parameters
		}
	}
	return nil
}

func describe(op Operation, access edge.Access) string {
	lines := []string{}
	if op.Detail != "" {
		lines = append(lines, op.Detail)
	}
	if act := access.Act(); act != nil {
		lines = append(lines, "Permission: "+string(act.Permission)+".")
		if act.Fresh > 0 {
			lines = append(lines, "Asks for a recent proof of identity: not possible with a token.")
		}
	}
	if op.Once {
		lines = append(lines, "The secret is in this answer only.")
	}
	return strings.Join(lines, " ")
}

func unsafeMethod(m string) bool {
	return !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, m)
}

// failed turns the error of a handler into its problem document; what is ours alone goes to the log.
func (a *API) failed(ctx context.Context, err error) error {
	err = edge.Typed(ctx, err)
	if core.KindOf(err) == core.Internal {
		a.cfg.Log.ErrorContext(ctx, "operation failed", "request", core.ActorOf(ctx).Request, "error", err.Error())
	}
	return &Problem{edge.ProblemOf(ctx, err)}
}

// wrap puts around an operation what all of them do: the rate of its caller and Idempotency-Key.
func (a *API) wrap(op Operation, handler http.HandlerFunc) edge.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if wait, ok := a.rates.take(core.ActorOf(r.Context()), a.cfg.Clock.Now()); !ok {
			return errRate.After(wait)
		}
		w, r = a.watched(w, r)
		key := r.Header.Get(idempotencyHeader)
		if key == "" || a.cfg.Replies == nil || !unsafeMethod(op.Method) {
			handler(w, r)
			return nil
		}
		return a.once(w, r, op, key, handler)
	}
}
