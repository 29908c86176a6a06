package boot

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services"
)

// town is a whole house with people in it: the provider, two client organizations, one person per role, each with a
// live session.
type town struct {
	*House
	t       testing.TB
	handler http.Handler
	a, b    core.ID            // the two client organizations
	people  map[string]core.ID // "a.admin", "b.admin", "provider.admin", ... → person
	members map[string]core.ID // same names → member
	cookies map[string]string  // same names → session secret
	session map[string]core.ID // same names → session
	canary  []string           // values that belong to organization a alone
	asked   atomic.Uint32
	known   map[string][]core.ID // names of path parameters → ids that exist in a
	// furnished tells that there is one of each thing of every room.
	furnished bool
}

const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

var (
	clientRoles   = []string{"admin", "people", "security", "auditor", "member"}
	providerRoles = []string{"provider.admin", "provider.operator", "provider.support", "provider.dpo", "provider.auditor"}
)

// newTown builds a house on a database ("" for SQLite) and settles people in it.
func newTown(t testing.TB, url string) *town { return newTownOn(t, url, 0) }

func newTownOn(t testing.TB, url string, connections int) *town {
	t.Helper()
	return newTownWith(t, Config{URL: url, Connections: connections})
}

// newTownWith builds a house by a configuration, in a folder and at an address of its own.
func newTownWith(t testing.TB, cfg Config) *town {
	t.Helper()
	cfg.Data, cfg.Origin, cfg.Services = t.TempDir(), "http://localhost:8080", services.All
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	h, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &town{
		House: h, t: t, handler: h.Handler(), a: ids.New(), b: ids.New(), people: map[string]core.ID{}, members: map[string]core.ID{},
		cookies: map[string]string{}, session: map[string]core.ID{}, known: map[string][]core.ID{},
	}
	w.settle()
	return w
}

// system is the work of the platform itself, from the loopback, which provider staff may come from.
func (w *town) system() context.Context {
	actor := core.System("town")
	actor.Address, actor.Agent = netip.MustParseAddr("127.0.0.1"), browser
	return core.WithActor(context.Background(), actor)
}

// do runs fn in a write transaction and fails the test on an error.
func (w *town) do(what string, fn func(ctx context.Context, tx core.Tx) error) {
	w.t.Helper()
	ctx := w.system()
	if err := w.db.Write(ctx, func(tx core.Tx) error { return fn(ctx, tx) }); err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
}

func (w *town) settle() {
	w.t.Helper()
	w.must("keys", w.vault.MakeKeys(w.system(), core.Platform, w.a, w.b))
	w.do("organizations", func(ctx context.Context, tx core.Tx) error {
		for _, o := range []core.Organization{
			{ID: core.Platform, Name: "The provider", Kind: "provider", Language: "en", TimeZone: "UTC"},
			{ID: w.a, Name: "Canary Alpha", Kind: "client", Language: "en", TimeZone: "UTC"},
			{ID: w.b, Name: "Bravo", Kind: "client", Language: "en", TimeZone: "UTC"},
		} {
			if _, err := w.organizations.AddOrg(ctx, tx, o); err != nil {
				return err
			}
		}
		return nil
	})
	w.canary = append(w.canary, "Canary Alpha")
	for _, role := range clientRoles {
		w.person("a."+role, w.a, role, "Canary")
		w.person("b."+role, w.b, role, "Person")
	}
	for _, role := range providerRoles {
		w.person(role, core.Platform, role, "Staff")
	}
	w.canary = append(w.canary, "canary-")
	w.known["org"], w.known["client"] = []core.ID{w.a}, []core.ID{w.a}
	w.services()
	w.plant()
}

func (w *town) must(what string, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
}

// person makes a member with a role and a session.
func (w *town) person(name string, org core.ID, role, given string) {
	w.t.Helper()
	id := ids.New()
	w.must("key of "+name, w.vault.MakeKeys(w.system(), id))
	w.do(name, func(ctx context.Context, tx core.Tx) (err error) {
		mail := strings.ToLower(given) + "-" + strings.ReplaceAll(name, ".", "-") + "@example.org"
		if _, err = w.identity.AddPerson(ctx, tx, core.NewPerson{ID: id, GivenName: given, FamilyName: given + "-" + name, Email: mail, Language: "en"}); err != nil {
			return err
		}
		w.people[name] = id
		if w.members[name], err = w.organizations.AddMember(ctx, tx, core.Membership{Org: org, Person: id, Function: given + " function", State: "active"}); err != nil {
			return err
		}
		if role == "member" {
			return nil
		}
		assignment, err := w.access.Assign(ctx, tx, core.Assignment{Org: org, Person: id, Role: role, Reason: strings.ToLower(given) + "-reason", From: time.Now()})
		if org == w.a {
			w.known["assignment"] = append(w.known["assignment"], assignment)
		}
		return err
	})
	w.begin(name)
	if strings.HasPrefix(name, "a.") {
		w.known["person"] = append(w.known["person"], id)
		w.known["member"] = append(w.known["member"], w.members[name])
		w.known["session"] = append(w.known["session"], w.session[name])
	}
}

// begin gives a person a new session, with two factors proved just now.
func (w *town) begin(name string) {
	w.t.Helper()
	w.do("session of "+name, func(ctx context.Context, tx core.Tx) (err error) {
		w.cookies[name], w.session[name], err = w.sessions.Begin(ctx, tx, core.NewSession{
			Person: w.people[name], Account: w.people[name], AAL: 2, Staff: strings.HasPrefix(name, "provider"),
		})
		return err
	})
}

// services makes a service account of organization a with a token.
func (w *town) services() {
	w.t.Helper()
	ctx := w.system()
	s, err := w.tokens.CreateService(ctx, w.a, token.Draft{Name: "canary-robot", Description: "canary-description", Responsible: w.people["a.admin"]})
	w.must("service account", err)
	t, _, err := w.tokens.CreateFor(ctx, w.a, s.ID, token.Order{Name: "canary-token", Scopes: []core.Permission{"session.list"}, Ends: time.Now().Add(time.Hour)})
	w.must("token", err)
	w.known["service"], w.known["token"] = []core.ID{s.ID}, []core.ID{t.ID}
}

// as is a request of a person who has just proved who they are.
func (w *town) as(name string) context.Context {
	return core.WithActor(context.Background(), core.Actor{
		Kind: core.HumanActor, ID: w.people[name], Account: w.people[name], Session: w.session[name], AAL: 2,
		Address: netip.MustParseAddr("127.0.0.1"), Agent: browser, AuthenticatedAt: time.Now(), Request: ids.New(),
	})
}

// plant makes one of each thing that an organization can hold, in a, with canary values.
func (w *town) plant() {
	w.t.Helper()
	admin := w.as("a.admin")
	role, err := w.access.Define(admin, w.a, "", access.RoleForm{Name: "canary-role", Description: "canary-role-text", Permissions: []core.Permission{"member.list"}})
	w.must("role", err)
	w.known["role"] = []core.ID{core.ID(role)}
	sheet, err := w.organizations.CheckSheet(admin, w.a, []byte("given name,family name,e-mail\ncanary-given,canary-family,canary-import@example.org\n"))
	w.must("import", err)
	w.known["import"] = []core.ID{sheet}
	w.person("a.extra", w.a, "member", "Canary")
	w.must("photo", w.identity.ChangePhoto(w.as("a.extra"), w.people["a.extra"], picture()))
	w.do("suspension", func(ctx context.Context, tx core.Tx) error {
		id, err := w.access.Declare(ctx, tx, access.Suspension{
			Block:     core.Block{Scope: "person", Reason: "security_risk", Text: "canary-suspension"},
			DecidedIn: w.a, Target: w.people["a.extra"],
		}, true)
		w.known["suspension"] = []core.ID{id}
		return err
	})
	w.known["permission"] = []core.ID{"session.list"}
	w.plantReviews()
	w.plantAttestation()
	w.plantRegister()
}

// furnish makes one of each thing of the rooms of personal data, for the walks over every route; other tests begin without.
func (w *town) furnish() {
	if w.furnished {
		return
	}
	w.furnished = true
	w.plantErasure()
	w.plantRights()
	w.plantConsent()
	w.plantIncident()
	w.plantRetention()
	w.plantRestraint()
	w.plantRecord()
	w.plantScripts()
	w.plantSupport()
	w.plantCalls()
	w.plantSetup()
	w.plantSync()
}

// front serves the town to programs, which find it under its own address.
func (w *town) front() *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Host = "localhost:8080"
		w.handler.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(s.Close)
	return s
}

// ask makes one request of the browser of a person, "" for nobody.
func (w *town) ask(who, method, target, body string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost:8080"+target, strings.NewReader(body))
	// Each request comes from another address of the loopback: the gate of addresses is not what is tested here.
	n := w.asked.Add(1)
	r.RemoteAddr = fmt.Sprintf("127.%d.%d.%d:40000", 1+n>>16&0x7f, n>>8&0xff, n&0xff)
	r.Header.Set("User-Agent", browser)
	r.Header.Set("Accept-Language", "en")
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if edge.IsAPI(r) && body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if secret := w.cookies[who]; secret != "" {
		r.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: secret})
	}
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}
