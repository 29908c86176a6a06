package rest

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/edge"
)

// Prefix is where every operation lives.
const Prefix = "/api/v1"

// Config is what the API is made of; the zero value works, without Idempotency-Key.
type Config struct {
	// Replies keeps the answers of requests that carry an Idempotency-Key.
	Replies Replies
	// Rate is how many requests per second one token or session may make for long, Burst how many at once: 20 and 100.
	Rate, Burst int
	// Watch looks at the texts of a request that was kept, by name of field, and gives what seems sensitive in them, as the header
	// Rempart-Sensitive tells it; nil looks at nothing.
	Watch func(r *http.Request, said url.Values) string
	Clock core.Clock
	Log   *slog.Logger
}

// API gathers the operations. Make it with New, add operations with Op, then give Routes to the server.
type API struct {
	cfg       Config
	huma      huma.API
	routes    []edge.Route
	rates     *rates
	described []Described
	// adding is the operation being registered: huma hands its handler to HandleFunc.
	adding *adding
}

type adding struct {
	access edge.Access
	op     Operation
}

// asItIs is JSON; an answer that a module wrote as JSON itself is not read and written once more.
var asItIs = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		if text, is := v.(json.RawMessage); is {
			_, err := w.Write(text)
			return err
		}
		return huma.DefaultJSONFormat.Marshal(w, v)
	},
	Unmarshal: huma.DefaultJSONFormat.Unmarshal,
}

// New makes an API without operations.
func New(cfg Config) *API {
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Rate == 0 {
		cfg.Rate, cfg.Burst = 20, 100
	}
	a := &API{cfg: cfg, rates: newRates(cfg.Rate, cfg.Burst)}
	c := huma.DefaultConfig("Rempart", "1") // the version of the API, not of the program
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", nameOf)
	c.CreateHooks = nil // no $schema links
	c.Formats = map[string]huma.Format{"application/json": asItIs, "json": asItIs}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.RejectUnknownQueryParameters = true
	c.Info.Description = "Accounts, sessions, permissions and the journal of Rempart. " +
		"Authenticate with a token: Authorization: Bearer rpt_… (a person's) or rps_… (a service account's). " +
		"Errors are problem documents (RFC 9457) with a stable code. Lists are read page by page with ?after=. " +
		"POST, PUT, PATCH and DELETE accept Idempotency-Key. A text that was kept and seems to hold sensitive data is answered " +
		"with Rempart-Sensitive: its categories (health, nir…). What is edited carries an ETag, demanded back as If-Match."
	c.Info.License = nil
	c.Servers = []*huma.Server{{URL: "/"}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "Personal access token (rpt_) or token of a service account (rps_)"},
		"session": {Type: "apiKey", In: "cookie", Name: edge.SessionCookie, Description: "Session of a signed-in person, for pages of the same origin"},
	}
	a.huma = humago.New(mux{a}, c)
	return a
}

var moduleOf = regexp.MustCompile(`/internal/([a-z]+)/api\b`)

// nameOf names a schema after its type and, where it does not say so itself, its module: two modules may both have a
// Reason.
func nameOf(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	m := moduleOf.FindStringSubmatch(t.PkgPath() + " " + t.Name())
	if t.Kind() == reflect.Pointer {
		m = moduleOf.FindStringSubmatch(t.Elem().PkgPath() + " " + t.Elem().Name())
	}
	if m == nil {
		return name
	}
	module := strings.ToUpper(m[1][:1]) + m[1][1:]
	if strings.Contains(name, module) {
		return name
	}
	return module + name
}

// mux receives from huma the handler of the operation being added.
type mux struct{ api *API }

func (m mux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	now := m.api.adding
	if now == nil {
		panic(fmt.Sprintf("rest: %s was not added by Op", pattern))
	}
	m.api.routes = append(m.api.routes, edge.Route{
		Pattern: pattern, Access: now.access, MaxBody: now.op.MaxBody, Deadline: now.op.Deadline,
		Handle: m.api.wrap(now.op, func(w http.ResponseWriter, r *http.Request) { handler(unhurried{w}, r) }),
	})
}

// unhurried keeps the library from giving a body five seconds to come: the server's own limits do that. Where the body was read before, to be
// looked at, net/http would take the end of that time for the end of the connection: it cancels the work under way, and every request that
// follows on the same connection.
type unhurried struct{ http.ResponseWriter }

// SetReadDeadline does nothing.
func (unhurried) SetReadDeadline(time.Time) error { return nil }

// Unwrap lets http.ResponseController reach the connection.
func (u unhurried) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// ServeHTTP is never called: the server routes.
func (mux) ServeHTTP(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusNotFound) }

// Routes gives every operation as a route, and the description of the API.
func (a *API) Routes() []edge.Route {
	describe := edge.Route{Pattern: "GET /api/openapi.json", Access: edge.SignedIn(), Handle: a.describe}
	return append(a.routes[:len(a.routes):len(a.routes)], describe)
}

// Operations lists every operation in the order it was added.
func (a *API) Operations() []Described { return slices.Clone(a.described) }

// OpenAPI gives the description of the API as it is kept in the repository: indented, keys in a stable order.
func (a *API) OpenAPI() ([]byte, error) {
	raw, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("rest: describe: %w", err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("rest: describe: %w", err)
	}
	out, err := json.MarshalIndent(tree, "", " ")
	return append(out, '\n'), err
}

func (a *API) describe(w http.ResponseWriter, _ *http.Request) error {
	doc, err := a.OpenAPI()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	_, err = w.Write(doc)
	return err
}
