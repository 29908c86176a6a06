package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
)

var errTeapot = i18n.Fault(core.Conflict, "test.teapot", "Une théière.", "A teapot.")

var readThing = core.ActDef{Permission: "thing.read"}

// person signs in whoever sends the header X-Test; "locked" is one whose session is locked.
func person(_ http.ResponseWriter, r *http.Request) (core.Actor, error) {
	switch r.Header.Get("X-Test") {
	case "":
		return core.Actor{}, nil
	case "locked":
		return core.Actor{Kind: core.HumanActor, ID: "locked"}, core.Fault(core.Forbidden, "test.locked")
	case "scoped":
		return core.Actor{Kind: core.HumanActor, ID: "p", Scopes: []core.Permission{"other.read"}}, nil
	}
	return core.Actor{Kind: core.HumanActor, ID: "p"}, nil
}

func answer(text string) edge.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, text+" "+string(core.ActorOf(r.Context()).ID))
		return err
	}
}

func fails(err error) edge.Handler {
	return func(http.ResponseWriter, *http.Request) error { return err }
}

func server(t *testing.T, change func(*edge.Config)) *edge.Server {
	t.Helper()
	cfg := edge.Config{
		Authenticate: person, Detours: map[string]string{"test.locked": "/lock"},
		Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	s := edge.New(cfg)
	s.Add(
		edge.Route{Pattern: "GET /open", Access: edge.Public("test"), Handle: answer("open")},
		edge.Route{Pattern: "GET /mine", Access: edge.SignedIn(), Handle: answer("mine")},
		edge.Route{Pattern: "POST /mine", Access: edge.SignedIn(), Handle: answer("done")},
		edge.Route{Pattern: "GET /lock", Access: edge.SignedIn().Despite("test.locked"), Handle: answer("lock")},
		edge.Route{Pattern: "GET /o/{org}/things", Access: edge.Needs(&readThing), Handle: answer("things")},
		edge.Route{Pattern: "GET /api/v1/things", Access: edge.Needs(&readThing), Handle: answer("things")},
		edge.Route{Pattern: "GET /stale", Access: edge.SignedIn(), Handle: fails(core.Fault(core.StepUp, "test.stale"))},
		edge.Route{Pattern: "POST /stale", Access: edge.SignedIn(), Handle: fails(core.Fault(core.StepUp, "test.stale"))},
		edge.Route{Pattern: "GET /teapot", Access: edge.Public("test"), Handle: fails(errTeapot)},
		edge.Route{Pattern: "GET /api/v1/teapot", Access: edge.Public("test"), Handle: fails(errTeapot.With("handle", "test.teapot"))},
		edge.Route{Pattern: "GET /api/v1/bare", Access: edge.Public("test"), Handle: fails(errors.New("secret: hunter2"))},
		edge.Route{Pattern: "GET /api/v1/panic", Access: edge.Public("test"), Handle: func(http.ResponseWriter, *http.Request) error { panic("ann@example.org") }},
		edge.Route{Pattern: "GET /busy", Access: edge.Public("test"), Handle: fails(core.Fault(core.Busy, "test.busy").After(90 * time.Second))},
		edge.Route{Pattern: "POST /upload", Access: edge.Public("test"), MaxBody: 10, Handle: func(_ http.ResponseWriter, r *http.Request) error {
			_, err := io.ReadAll(r.Body)
			return err
		}},
		edge.Route{Pattern: "GET /slow", Access: edge.Public("test"), Deadline: time.Millisecond, Handle: func(_ http.ResponseWriter, r *http.Request) error {
			<-r.Context().Done()
			return r.Context().Err()
		}},
		edge.Route{Pattern: "GET /address", Access: edge.Public("test"), Handle: func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.WriteString(w, core.ActorOf(r.Context()).Address.String())
			return err
		}},
		edge.Route{Pattern: "GET /lang", Access: edge.Public("test"), Handle: func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.WriteString(w, i18n.Of(r.Context()).String()+" "+edge.Nonce(r.Context()))
			return err
		}},
	)
	return s
}

// ask makes one request; head lists headers as name, value, name, value.
func ask(t *testing.T, s http.Handler, method, target string, head ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader("a=0123456789"))
	for i := 0; i+1 < len(head); i += 2 {
		if head[i] == "peer" {
			r.RemoteAddr = head[i+1]
			continue
		}
		r.Header.Add(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAccessOfRoutes(t *testing.T) {
	s := server(t, nil)
	for _, c := range []struct {
		name, method, target, who string
		status                    int
		location, body            string
	}{
		{"a public page opens to anyone", "GET", "/open", "", 200, "", "open "},
		{"a public page knows who asks", "GET", "/open", "p", 200, "", "open p"},
		{"a public page ignores a refused session", "GET", "/open", "locked", 200, "", "open "},
		{"a page leads to the sign-in and back", "GET", "/mine?a=1", "", 303, "/signin?next=%2Fmine%3Fa%3D1", ""},
		{"a form is refused, not redirected", "POST", "/mine", "", 401, "", ""},
		{"a page opens to who is signed in", "GET", "/mine", "p", 200, "", "mine p"},
		{"a permitted page asks to sign in", "GET", "/o/1/things", "", 303, "/signin?next=%2Fo%2F1%2Fthings", ""},
		{"the API answers 401", "GET", "/api/v1/things", "", 401, "", ""},
		{"an unknown page answers as one that exists", "GET", "/nowhere", "", 303, "/signin?next=%2Fnowhere", ""},
		{"an unknown form answers as one that exists", "POST", "/nowhere", "", 401, "", ""},
		{"an unknown operation answers as one that exists", "GET", "/api/v1/nowhere", "", 401, "", ""},
		{"an unknown page is not found once signed in", "GET", "/nowhere", "p", 404, "", ""},
		{"another method is not found once signed in", "DELETE", "/mine", "p", 404, "", ""},
		{"a locked session is led to the lock", "GET", "/mine", "locked", 303, "/lock?next=%2Fmine", ""},
		{"a locked session opens the lock", "GET", "/lock", "locked", 200, "", "lock locked"},
		{"the API tells a locked session", "GET", "/api/v1/things", "locked", 403, "", ""},
		{"a token outside its scopes sees nothing", "GET", "/api/v1/things", "scoped", 404, "", ""},
		{"a stale proof leads to the step-up", "GET", "/stale", "p", 303, "/signin/again?next=%2Fstale", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := ask(t, s, c.method, c.target, "X-Test", c.who)
			if r.StatusCode != c.status || r.Header.Get("Location") != c.location {
				t.Errorf("got %d %q, want %d %q", r.StatusCode, r.Header.Get("Location"), c.status, c.location)
			}
			if body := text(t, r); c.body != "" && body != c.body {
				t.Errorf("body %q, want %q", body, c.body)
			}
		})
	}
}

func TestUnknownRouteSaysNothingToStrangers(t *testing.T) {
	s := server(t, nil)
	strip := regexp.MustCompile(`"request":"[^"]+"`)
	known, unknown := ask(t, s, "GET", "/api/v1/things"), ask(t, s, "GET", "/api/v1/nowhere")
	if a, b := strip.ReplaceAllString(text(t, known), ""), strip.ReplaceAllString(text(t, unknown), ""); a != b {
		t.Errorf("a stranger can tell routes apart:\n%s\n%s", a, b)
	}
}

func TestStepUpOfAFormLeadsBackToItsPage(t *testing.T) {
	s := server(t, nil)
	r := ask(t, s, "POST", "http://example.com/stale", "X-Test", "p", "Referer", "http://example.com/o/1/members?x=1")
	if got := r.Header.Get("Location"); r.StatusCode != 303 || got != "/signin/again?next=%2Fo%2F1%2Fmembers%3Fx%3D1" {
		t.Errorf("got %d %q", r.StatusCode, got)
	}
	r = ask(t, s, "POST", "http://example.com/stale", "X-Test", "p", "Referer", "https://evil.example/o/1")
	if got := r.Header.Get("Location"); got != "/signin/again" {
		t.Errorf("a foreign referrer leads to %q", got)
	}
}

func TestProblemDocument(t *testing.T) {
	s := server(t, nil)
	r := ask(t, s, "GET", "/api/v1/teapot", "Accept-Language", "en-GB,en;q=0.9")
	if r.StatusCode != 409 || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("got %d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	var p edge.Problem
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	if p.Code != "test.teapot" || p.Detail != "A teapot." || p.Status != 409 || p.Type != "urn:rempart:error:test.teapot" ||
		string(p.Request) != r.Header.Get("X-Request-Id") || len(p.Fields) != 1 || p.Fields[0].Field != "handle" {
		t.Errorf("got %+v", p)
	}
	if r := ask(t, s, "GET", "/busy"); r.StatusCode != 503 || r.Header.Get("Retry-After") != "90" {
		t.Errorf("busy gave %d, Retry-After %q", r.StatusCode, r.Header.Get("Retry-After"))
	}
	if r := ask(t, s, "GET", "/api/v1/things"); r.Header.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
}

func TestInternalErrorsTellTheOutsideNothing(t *testing.T) {
	var log bytes.Buffer
	s := server(t, func(c *edge.Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	for _, path := range []string{"/api/v1/bare", "/api/v1/panic"} {
		r := ask(t, s, "GET", path)
		body := text(t, r)
		if r.StatusCode != 500 || strings.Contains(body, "hunter2") || strings.Contains(body, "ann@") || !strings.Contains(body, `"code":"internal"`) {
			t.Errorf("%s gave %d %s", path, r.StatusCode, body)
		}
	}
	if !strings.Contains(log.String(), "stack") {
		t.Error("the log does not tell where it broke")
	}
	if strings.Contains(log.String(), "ann@example.org") {
		t.Error("the value of the panic is in the log")
	}
}

func TestAccessLogHoldsIdsOnly(t *testing.T) {
	var log bytes.Buffer
	s := server(t, func(c *edge.Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	ask(t, s, "GET", "/mine?email=ann@example.org", "X-Test", "p", "User-Agent", "Ann's browser", "peer", "203.0.113.9:1234", "Cookie", "__Host-session=abc")
	line := log.String()
	for _, forbidden := range []string{"ann@example.org", "203.0.113.9", "Ann's", "abc"} {
		if strings.Contains(line, forbidden) {
			t.Errorf("%q is in the log: %s", forbidden, line)
		}
	}
	if !strings.Contains(line, `"route":"GET /mine"`) || !strings.Contains(line, `"actor":"p"`) {
		t.Errorf("the line lacks its route or actor: %s", line)
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := server(t, func(c *edge.Config) { c.Origin = "https://trust.example.org" })
	r := ask(t, s, "GET", "/lang")
	nonce := strings.Fields(text(t, r))[1]
	csp := r.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'nonce-" + nonce + "'", "require-trusted-types-for 'script'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("CSP lacks %q: %s", want, csp)
		}
	}
	for _, never := range []string{"unsafe-inline", "unsafe-eval", "*"} {
		if strings.Contains(csp, never) {
			t.Errorf("CSP holds %q", never)
		}
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(r.Header.Get("Strict-Transport-Security"), "max-age=63072000") {
		t.Error("no HSTS on https")
	}
	if again := strings.Fields(text(t, ask(t, s, "GET", "/lang")))[1]; again == nonce || len(nonce) < 22 {
		t.Errorf("nonces %q and %q", nonce, again)
	}
	if plain := ask(t, server(t, nil), "GET", "/lang"); plain.Header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS on plain http")
	}
}

func TestCrossOriginFormsAreRefused(t *testing.T) {
	s := server(t, nil)
	if r := ask(t, s, "POST", "/mine", "X-Test", "p", "Sec-Fetch-Site", "cross-site"); r.StatusCode != 403 {
		t.Errorf("a cross-site form gave %d", r.StatusCode)
	}
	if r := ask(t, s, "POST", "http://example.com/mine", "X-Test", "p", "Origin", "https://evil.example"); r.StatusCode != 403 {
		t.Errorf("a foreign origin gave %d", r.StatusCode)
	}
	if r := ask(t, s, "POST", "/mine", "X-Test", "p", "Sec-Fetch-Site", "same-origin"); r.StatusCode != 200 {
		t.Errorf("an own form gave %d", r.StatusCode)
	}
}

// A form of another site is taken where a route says so, and then as nobody's: whoever is signed in here is not looked at.
func TestAFormOfAnotherSiteActsForNobody(t *testing.T) {
	s, seen := server(t, nil), core.Actor{Kind: core.HumanActor}
	s.Add(edge.Route{Pattern: "POST /from-elsewhere", Access: edge.Public("a form of other sites").Blind(), CrossSite: true, Handle: func(_ http.ResponseWriter, r *http.Request) error {
		seen = core.ActorOf(r.Context())
		return nil
	}})
	if r := ask(t, s, "POST", "/from-elsewhere", "X-Test", "p", "Sec-Fetch-Site", "cross-site", "Origin", "https://shop.example"); r.StatusCode != 200 {
		t.Errorf("it gave %d", r.StatusCode)
	}
	if seen.Kind != core.Anonymous || seen.ID != "" {
		t.Errorf("it acts for %v %q", seen.Kind, seen.ID)
	}
	if r := ask(t, s, "POST", "/mine", "X-Test", "p", "Sec-Fetch-Site", "cross-site"); r.StatusCode != 403 {
		t.Errorf("the other routes take it too: %d", r.StatusCode)
	}
	defer func() {
		if recover() == nil {
			t.Error("a route that looks at who asks may take forms of other sites")
		}
	}()
	s.Add(edge.Route{Pattern: "POST /mistake", Access: edge.SignedIn(), CrossSite: true, Handle: func(http.ResponseWriter, *http.Request) error { return nil }})
}

func TestOtherHostsAreRefused(t *testing.T) {
	s := server(t, func(c *edge.Config) { c.Hosts = []string{"localhost:8080"} })
	if r := ask(t, s, "GET", "http://evil.example/open"); r.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a rebound name gave %d", r.StatusCode)
	}
	if r := ask(t, s, "GET", "http://localhost:8080/open"); r.StatusCode != 200 {
		t.Errorf("the right name gave %d", r.StatusCode)
	}
}

func TestBodyAndTimeAreBounded(t *testing.T) {
	s := server(t, nil)
	if r := ask(t, s, "POST", "/upload"); r.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("12 bytes where 10 are allowed gave %d", r.StatusCode)
	}
	if r := ask(t, s, "GET", "/slow"); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("a slow handler gave %d", r.StatusCode)
	}
}

func TestRateGate(t *testing.T) {
	s := server(t, func(c *edge.Config) {
		c.Admit = func(a netip.Addr) (time.Duration, bool) {
			return 3 * time.Second, a != netip.MustParseAddr("203.0.113.9")
		}
	})
	if r := ask(t, s, "GET", "/open", "peer", "203.0.113.9:5"); r.StatusCode != 429 || r.Header.Get("Retry-After") != "3" {
		t.Errorf("got %d, Retry-After %q", r.StatusCode, r.Header.Get("Retry-After"))
	}
	if r := ask(t, s, "GET", "/open", "peer", "203.0.113.8:5"); r.StatusCode != 200 {
		t.Errorf("a neighbour gave %d", r.StatusCode)
	}
	if r := ask(t, s, "GET", "/livez", "peer", "203.0.113.9:5"); r.StatusCode != 200 {
		t.Errorf("health gave %d", r.StatusCode)
	}
}

func TestRoutesMustStateTheirAccess(t *testing.T) {
	for name, route := range map[string]edge.Route{
		"no access":         {Pattern: "GET /x", Handle: answer("")},
		"no method":         {Pattern: "/x", Access: edge.SignedIn(), Handle: answer("")},
		"no handler":        {Pattern: "GET /x", Access: edge.SignedIn()},
		"public, no reason": {Pattern: "GET /x", Access: edge.Public(""), Handle: answer("")},
		"needs nothing":     {Pattern: "GET /x", Access: edge.Needs(nil), Handle: answer("")},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the route was taken")
				}
			}()
			edge.New(edge.Config{}).Add(route)
		})
	}
}

func TestHealthAndGracefulStop(t *testing.T) {
	broken := errors.New("pool of ann is empty")
	var fail bool
	s := server(t, func(c *edge.Config) {
		c.Checks = []edge.Check{{Name: "database", Run: func(context.Context) error {
			if fail {
				return broken
			}
			return nil
		}}}
	})
	if r := ask(t, s, "GET", "/readyz"); r.StatusCode != 200 {
		t.Errorf("ready gave %d", r.StatusCode)
	}
	fail = true
	if r := ask(t, s, "GET", "/readyz"); r.StatusCode != 503 || strings.Contains(text(t, r), "ann") {
		t.Errorf("a failed check gave %d", r.StatusCode)
	}
	fail = false

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	started, release := make(chan struct{}), make(chan struct{})
	s.Add(edge.Route{Pattern: "GET /wait", Access: edge.Public("test").Blind(), Handle: func(w http.ResponseWriter, _ *http.Request) error {
		close(started)
		<-release
		_, err := io.WriteString(w, "finished")
		return err
	}})
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	result := make(chan string, 1)
	go func() {
		r, err := http.Get("http://" + l.Addr().String() + "/wait")
		if err != nil {
			result <- err.Error()
			return
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		result <- string(b)
	}()
	<-started
	stop()
	close(release)
	if got := <-result; got != "finished" {
		t.Errorf("a request in flight got %q", got)
	}
	if err := <-done; err != nil {
		t.Errorf("stop gave %v", err)
	}
	if r := ask(t, s, "GET", "/readyz"); r.StatusCode != 503 {
		t.Errorf("a stopping server is ready: %d", r.StatusCode)
	}
}

func TestMetricsHaveBoundedLabels(t *testing.T) {
	s := server(t, nil)
	for i := range 50 {
		ask(t, s, "GET", "/o/"+strings.Repeat("x", i+1)+"/things", "X-Test", "p")
		ask(t, s, "GET", "/nowhere/"+strings.Repeat("y", i+1), "X-Test", "p")
	}
	w := httptest.NewRecorder()
	s.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	page := w.Body.String()
	if n := strings.Count(page, "rempart_http_request_seconds_count{"); n > 4 {
		t.Errorf("%d series for two routes", n)
	}
	if strings.Contains(page, "xxxx") || strings.Contains(page, "yyyy") {
		t.Error("paths are in the figures")
	}
	if !strings.Contains(page, `route="GET /o/{org}/things",status="2xx"} 50`) {
		t.Error("the figures lack a route")
	}
}
