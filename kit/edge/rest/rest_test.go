package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	changeThing = core.ActDef{Permission: "thing.change", Fresh: 1}
	errTaken    = i18n.Fault(core.Conflict, "test.taken", "Déjà pris.", "Already taken.")
)

// replies keeps replies in memory.
type replies struct {
	mu   sync.Mutex
	kept map[string]*reply
}

type reply struct {
	request string
	done    bool
	status  int
	body    []byte
}

func (r *replies) Reserve(ctx context.Context, key, request []byte) (taken, same, done bool, status int, body []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := string(core.ActorOf(ctx).ID) + string(key)
	if p, ok := r.kept[k]; ok {
		return false, p.request == string(request), p.done, p.status, p.body, nil
	}
	r.kept[k] = &reply{request: string(request)}
	return true, false, false, 0, nil, nil
}

func (r *replies) Keep(ctx context.Context, key []byte, status int, body []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.kept[string(core.ActorOf(ctx).ID)+string(key)]
	p.done, p.status, p.body = true, status, append([]byte(nil), body...)
	return nil
}

func (r *replies) Release(ctx context.Context, key []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.kept, string(core.ActorOf(ctx).ID)+string(key))
	return nil
}

type thing struct {
	Name     string `json:"name" minLength:"2" maxLength:"20" doc:"Name"`
	Password string `json:"password,omitempty" minLength:"12" format:"email" doc:"Test of echoes"`
	Count    int    `json:"count,omitempty" minimum:"1" doc:"Count"`
}

type fixture struct {
	*edge.Server
	api     *rest.API
	replies *replies
	made    int
}

func build(t *testing.T, cfg rest.Config) *fixture {
	t.Helper()
	f := &fixture{replies: &replies{kept: map[string]*reply{}}}
	cfg.Replies, cfg.Log = f.replies, slog.New(slog.DiscardHandler)
	f.api = rest.New(cfg)
	f.Server = edge.New(edge.Config{Log: cfg.Log, Authenticate: func(_ http.ResponseWriter, r *http.Request) (core.Actor, error) {
		who := core.ID(r.Header.Get("X-Test"))
		if who == "" {
			return core.Actor{}, nil
		}
		return core.Actor{Kind: core.HumanActor, ID: who, Token: who}, nil
	}})
	rest.Op(f.api, edge.Needs(&changeThing), rest.Operation{ID: "createThing", Method: "POST", Path: "/things", Summary: "Make", Tag: "T", Status: 201},
		func(_ context.Context, in *struct{ Body thing }) (*rest.One[thing], error) {
			switch in.Body.Name {
			case "taken":
				return nil, errTaken.With("name", "test.taken")
			case "broken":
				return nil, errors.New("disk of ann@example.org is full")
			}
			f.made++
			return rest.Got(in.Body, int64(f.made)), nil
		})
	rest.Op(f.api, edge.SignedIn(), rest.Operation{ID: "createSecret", Method: "POST", Path: "/secrets", Summary: "Make", Tag: "T", Once: true},
		func(context.Context, *struct{}) (*rest.One[thing], error) {
			f.made++
			return rest.Got(thing{Name: "s3cret"}, 0), nil
		})
	rest.Op(f.api, edge.SignedIn(), rest.Operation{ID: "editThing", Method: "PUT", Path: "/things/{id}", Summary: "Edit", Tag: "T"},
		func(_ context.Context, in *struct {
			rest.IfMatch
			ID   core.ID `path:"id"`
			Body thing
		},
		) (*rest.None, error) {
			_, err := in.Version()
			return nil, err
		})
	rest.Op(f.api, edge.SignedIn(), rest.Operation{ID: "listThings", Method: "GET", Path: "/things", Summary: "List", Tag: "T"},
		func(_ context.Context, in *rest.Cursor) (*rest.List[thing], error) {
			return rest.Listed([]thing(nil), in.After), nil
		})
	f.Add(f.api.Routes()...)
	return f
}

func (f *fixture) ask(method, path, body string, head ...string) (*http.Response, string) {
	r := httptest.NewRequest(method, "/api"+path, strings.NewReader(body))
	r.Header.Set("X-Test", "ann")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	answer := w.Result()
	b, _ := io.ReadAll(answer.Body)
	return answer, string(b)
}

func TestAnOperationAnswers(t *testing.T) {
	f := build(t, rest.Config{})
	r, body := f.ask("POST", "/v1/things", `{"name":"lamp"}`)
	if r.StatusCode != 201 || strings.TrimSpace(body) != `{"name":"lamp"}` || r.Header.Get("ETag") != `"1"` {
		t.Errorf("got %d %s %s", r.StatusCode, body, r.Header.Get("ETag"))
	}
	if strings.Contains(body, "$schema") || r.Header.Get("Link") != "" {
		t.Error("the answer links to a schema")
	}
	r, body = f.ask("GET", "/v1/things?after=x", "")
	if r.StatusCode != 200 || strings.TrimSpace(body) != `{"items":[],"next":"x"}` {
		t.Errorf("got %d %s", r.StatusCode, body)
	}
}

func TestErrorsAreProblemDocumentsWithoutTheRefusedValue(t *testing.T) {
	f := build(t, rest.Config{})
	for _, c := range []struct {
		name, body string
		status     int
		code       string
		field      string
	}{
		{"a rule broken", `{"name":"lamp","password":"hunter2"}`, 422, "request.invalid", "password"},
		{"a wrong type", `{"name":"lamp","count":"hunter2"}`, 422, "request.invalid", "count"},
		{"an unknown field", `{"name":"lamp","hunter2":"hunter2"}`, 422, "request.invalid", ""},
		{"a missing field", `{"password":"hunter2@example.org"}`, 422, "request.invalid", ""},
		{"no JSON", `hunter2`, 400, "request.malformed", ""},
		{"nothing", ``, 400, "request.malformed", ""},
		{"an error of the module", `{"name":"taken","password":"hunter2@example.org"}`, 409, "test.taken", "name"},
		{"an error of ours", `{"name":"broken"}`, 500, "internal", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, body := f.ask("POST", "/v1/things", c.body, "Accept-Language", "en")
			var p edge.Problem
			if err := json.Unmarshal([]byte(body), &p); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if r.StatusCode != c.status || p.Status != c.status || p.Code != c.code || r.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("got %d %s %s", r.StatusCode, r.Header.Get("Content-Type"), body)
			}
			if string(p.Request) != r.Header.Get("X-Request-Id") {
				t.Error("the request id is not that of the request")
			}
			if strings.Contains(strings.ReplaceAll(body, `"field":"hunter2"`, ""), "hunter2") || strings.Contains(body, "ann@") {
				t.Errorf("a refused value is repeated: %s", body)
			}
			if c.field != "" && (len(p.Fields) == 0 || p.Fields[0].Field != c.field || p.Fields[0].Detail == "") {
				t.Errorf("fields %+v", p.Fields)
			}
		})
	}
	if r, body := f.ask("POST", "/v1/things", `<a/>`, "Content-Type", "application/xml"); r.StatusCode != 415 || !strings.Contains(body, "request.media_type") {
		t.Errorf("XML gave %d %s", r.StatusCode, body)
	}
	if r, _ := f.ask("GET", "/v1/things?afer=x", ""); r.StatusCode != 422 {
		t.Errorf("an unknown parameter gave %d", r.StatusCode)
	}
	if r, _ := f.ask("GET", "/v1/things?limit=5000", ""); r.StatusCode != 422 {
		t.Errorf("a limit too high gave %d", r.StatusCode)
	}
}

func TestAccessIsEnforced(t *testing.T) {
	f := build(t, rest.Config{})
	if r, body := f.ask("POST", "/v1/things", `{"name":"lamp"}`, "X-Test", ""); r.StatusCode != 401 || !strings.Contains(body, "session.required") {
		t.Errorf("nobody got %d %s", r.StatusCode, body)
	}
	if r, _ := f.ask("GET", "/openapi.json", "", "X-Test", ""); r.StatusCode != 401 {
		t.Errorf("the description gave %d to nobody", r.StatusCode)
	}
}

func TestIfMatchIsDemanded(t *testing.T) {
	f := build(t, rest.Config{})
	if r, _ := f.ask("PUT", "/v1/things/1", `{"name":"lamp"}`); r.StatusCode != 422 {
		t.Errorf("without If-Match: %d", r.StatusCode)
	}
	if r, _ := f.ask("PUT", "/v1/things/1", `{"name":"lamp"}`, "If-Match", "*"); r.StatusCode != 412 {
		t.Errorf("with a star: %d", r.StatusCode)
	}
	if r, body := f.ask("PUT", "/v1/things/1", `{"name":"lamp"}`, "If-Match", rest.Tag(4)); r.StatusCode != 204 {
		t.Errorf("with an ETag: %d %s", r.StatusCode, body)
	}
}

func TestTheSameRequestTwiceActsOnce(t *testing.T) {
	f := build(t, rest.Config{})
	first, a := f.ask("POST", "/v1/things", `{"name":"lamp"}`, "Idempotency-Key", "k1")
	second, b := f.ask("POST", "/v1/things", `{"name":"lamp"}`, "Idempotency-Key", "k1")
	if first.StatusCode != 201 || second.StatusCode != 201 || a != b || f.made != 1 {
		t.Errorf("%d %s then %d %s: made %d", first.StatusCode, a, second.StatusCode, b, f.made)
	}
	if second.Header.Get("Idempotent-Replayed") != "true" || second.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", second.Header)
	}
	if r, body := f.ask("POST", "/v1/things", `{"name":"desk"}`, "Idempotency-Key", "k1"); r.StatusCode != 422 || !strings.Contains(body, "idempotency.mismatch") {
		t.Errorf("another body: %d %s", r.StatusCode, body)
	}
	if r, _ := f.ask("POST", "/v1/things", `{"name":"lamp"}`, "Idempotency-Key", "k1", "X-Test", "bob"); r.StatusCode != 201 || f.made != 2 {
		t.Errorf("somebody else with the same key: %d, made %d", r.StatusCode, f.made)
	}
	if r, body := f.ask("POST", "/v1/things", `{"name":"lamp"}`, "Idempotency-Key", strings.Repeat("k", 300)); r.StatusCode != 400 {
		t.Errorf("a key too long: %d %s", r.StatusCode, body)
	}
}

func TestAFailureOnOurSideGivesTheKeyBack(t *testing.T) {
	f := build(t, rest.Config{})
	f.ask("POST", "/v1/things", `{"name":"broken"}`, "Idempotency-Key", "k1")
	if len(f.replies.kept) != 0 {
		t.Error("the key stays taken after a 500")
	}
	f.ask("POST", "/v1/things", `{"name":"taken"}`, "Idempotency-Key", "k2")
	if r, body := f.ask("POST", "/v1/things", `{"name":"taken"}`, "Idempotency-Key", "k2"); r.StatusCode != 409 || !strings.Contains(body, "test.taken") ||
		r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a refusal is not repeated: %d %s", r.StatusCode, body)
	}
}

func TestSecretsAreNotKeptForRepeatedRequests(t *testing.T) {
	f := build(t, rest.Config{})
	if _, body := f.ask("POST", "/v1/secrets", "", "Idempotency-Key", "k1"); !strings.Contains(body, "s3cret") {
		t.Fatalf("first: %s", body)
	}
	for _, kept := range f.replies.kept {
		if len(kept.body) > 0 {
			t.Error("the secret was kept")
		}
	}
	if r, body := f.ask("POST", "/v1/secrets", "", "Idempotency-Key", "k1"); r.StatusCode != 409 || strings.Contains(body, "s3cret") || f.made != 1 {
		t.Errorf("again: %d %s, made %d", r.StatusCode, body, f.made)
	}
}

func TestEachCallerHasItsOwnRate(t *testing.T) {
	f := build(t, rest.Config{Rate: 1, Burst: 3, Clock: &clock.Fake{}})
	for range 3 {
		if r, _ := f.ask("GET", "/v1/things", ""); r.StatusCode != 200 {
			t.Fatalf("within the burst: %d", r.StatusCode)
		}
	}
	r, body := f.ask("GET", "/v1/things", "")
	if r.StatusCode != 429 || r.Header.Get("Retry-After") != "1" || !strings.Contains(body, "request.rate") {
		t.Errorf("beyond: %d %q %s", r.StatusCode, r.Header.Get("Retry-After"), body)
	}
	if r, _ := f.ask("GET", "/v1/things", "", "X-Test", "bob"); r.StatusCode != 200 {
		t.Errorf("somebody else: %d", r.StatusCode)
	}
}

type hidden struct {
	Org core.ID `path:"org"`
}

func TestAPathParameterThatNothingTakesIsRefused(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an operation on no organization was taken")
		}
	}()
	rest.Op(rest.New(rest.Config{}), edge.SignedIn(), rest.Operation{ID: "x", Method: "GET", Path: "/o/{org}", Summary: "X", Tag: "T"},
		func(context.Context, *struct{ hidden }) (*rest.None, error) { return nil, nil })
}

func TestTheDescriptionSaysEverything(t *testing.T) {
	f := build(t, rest.Config{})
	doc, err := f.api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	again, _ := f.api.OpenAPI()
	if string(doc) != string(again) {
		t.Error("two descriptions differ")
	}
	for _, want := range []string{`"openapi": "3.1.0"`, `"/api/v1/things"`, `"x-permission": "thing.change"`, `"Idempotency-Key"`, `"application/problem+json"`, `"bearer"`} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("the description lacks %s", want)
		}
	}
	if strings.Contains(string(doc), "$schema") {
		t.Error("the description links schemas into answers")
	}
	r, body := f.ask("GET", "/openapi.json", "")
	if r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/openapi+json" || body != string(doc) {
		t.Errorf("served %d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
}
