package boot

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/ids"
)

var parameter = regexp.MustCompile(`\{([a-z_]+)(\.\.\.)?\}`)

// address fills the parameters of a pattern with ids that exist in organization a.
func (w *town) address(route edge.Route) (method, path string) {
	w.furnish()
	method, path, _ = strings.Cut(route.Pattern, " ")
	path = strings.TrimSuffix(path, "{$}")
	path = parameter.ReplaceAllStringFunc(path, func(p string) string {
		name := parameter.FindStringSubmatch(p)[1]
		if list := w.known[name]; len(list) > 0 {
			return string(list[len(list)-1])
		}
		return string(ids.New())
	})
	return method, path
}

// bodyFor is something a form or an operation can begin to read.
func bodyFor(method string, path string) string {
	if method == http.MethodGet || method == http.MethodHead {
		return ""
	}
	if strings.HasPrefix(path, "/api/") {
		return `{}`
	}
	return "x=1"
}

// shows tells which canary an answer holds, "" when none.
func (w *town) shows(r *httptest.ResponseRecorder) string {
	page := r.Body.String() + fmt.Sprint(r.Header())
	for _, c := range w.canary {
		if strings.Contains(page, c) {
			return c
		}
	}
	return ""
}

func leads(r *httptest.ResponseRecorder, to string) bool {
	return r.Code == http.StatusSeeOther && strings.HasPrefix(r.Header().Get("Location"), to)
}

// fresh asks with a session begun for this one request: some routes end the sessions of who asks.
func (w *town) fresh(who, method, path string) *httptest.ResponseRecorder {
	w.begin(who)
	return w.ask(who, method, path, bodyFor(method, path))
}

// TestEveryRouteIsClosedToStrangers walks every route without a session: 401 or the way to the sign-in, and never a
// value of organization a. What is public says why.
func TestEveryRouteIsClosedToStrangers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, w *town) {
		for _, fault := range w.asStranger() {
			t.Error(fault)
		}
	})
}

// onEachEngine settles a town on SQLite, and one on PostgreSQL: what is another organization's must not exist on either.
func onEachEngine(t *testing.T, walk func(t *testing.T, w *town)) {
	if coretest.RaceDetector {
		t.Skip("thousands of requests, one after the other: make speed walks them without the detector")
	}
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue // the pool changes what waits, not what is shown
		}
		t.Run(string(kind), func(t *testing.T) {
			if kind == dbtest.SQLite {
				walk(t, newTown(t, ""))
				return
			}
			walk(t, newTown(t, dbtest.Config(t, kind, nil).URL))
		})
	}
}

func (w *town) asStranger() (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, route := range w.Routes() {
		method, path := w.address(route)
		r := w.ask("", method, path, bodyFor(method, path))
		if c := w.shows(r); c != "" {
			fault("%s shows %q to a stranger", route.Pattern, c)
		}
		if r.Code >= 500 {
			fault("%s answers %d to a stranger", route.Pattern, r.Code)
		}
		if !route.Access.IsPublic() && r.Code != http.StatusUnauthorized && !leads(r, "/signin") {
			fault("%s answers %d to a stranger, want 401 or the sign-in", route.Pattern, r.Code)
		}
	}
	return faults
}

// TestTheWalkSeesALeak plants pages that forget the gate: the walks must report each.
func TestTheWalkSeesALeak(t *testing.T) {
	w := newTown(t, "")
	leak := func(rw http.ResponseWriter, _ *http.Request) error {
		_, err := rw.Write([]byte("canary-leak"))
		return err
	}
	w.server.Add(
		edge.Route{Pattern: "GET /leak/public", Access: edge.Public("planted by a test to be found"), Handle: leak},
		edge.Route{Pattern: "GET /o/{org}/leak", Access: edge.SignedIn(), Handle: leak},
		edge.Route{Pattern: "GET /leak/mine", Access: edge.SignedIn(), Handle: leak},
	)
	found := strings.Join(append(w.asStranger(), w.asOutsider("b.admin")...), "\n")
	for _, want := range []string{
		`GET /leak/public shows "canary-" to a stranger`,
		`GET /o/{org}/leak shows "canary-" to b.admin`,
		`GET /o/{org}/leak answers 200 to b.admin, want 404`,
		`GET /leak/mine shows "canary-" to b.admin`,
	} {
		if !strings.Contains(found, want) {
			t.Errorf("not found: %s\nfound:\n%s", want, found)
		}
	}
}

// TestEveryRouteOfAnOrganizationIsClosedToOutsiders walks every route with the ids of organization a, as every role of
// organization b and of the provider's staff: pages of a do not exist for them, and no value of a ever appears.
func TestEveryRouteOfAnOrganizationIsClosedToOutsiders(t *testing.T) {
	var outsiders []string
	for _, role := range clientRoles {
		outsiders = append(outsiders, "b."+role)
	}
	outsiders = append(outsiders, providerRoles...)
	onEachEngine(t, func(t *testing.T, w *town) {
		for _, who := range outsiders {
			for _, fault := range w.asOutsider(who) {
				t.Error(fault)
			}
		}
	})
}

// asOutsider walks every route that is not public as somebody who has nothing to do with organization a.
func (w *town) asOutsider(who string) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	provider := !strings.HasPrefix(who, "b.")
	for _, route := range w.Routes() {
		inside := strings.Contains(route.Pattern, "{org}")
		if route.Access.IsPublic() || !inside && ownBusiness(route) && who != "b.admin" && who != "provider.admin" {
			continue
		}
		method, path := w.address(route)
		r := w.fresh(who, method, path)
		if c := w.shows(r); c != "" && !(provider && !inside && mayKnow(route)) {
			fault("%s shows %q to %s", route.Pattern, c, who)
		}
		if r.Code >= 500 {
			fault("%s answers %d to %s", route.Pattern, r.Code, who)
		}
		if inside && !closed(method, r) {
			fault("%s answers %d to %s, want 404", route.Pattern, r.Code, who)
		}
	}
	return faults
}

// ownBusiness tells whether a route shows one's own things whatever one's roles: two outsiders walk it, not ten (some of
// these routes compute for a second, as keeping recovery codes must).
func ownBusiness(route edge.Route) bool {
	act := route.Access.Act()
	return act == nil || act.Reach == core.BySelf
}

// closed tells whether an answer gives nothing: the page does not exist, or the input was refused before it was looked at.
func closed(method string, r *httptest.ResponseRecorder) bool {
	switch r.Code {
	case http.StatusNotFound, http.StatusUnauthorized:
		return true
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusPreconditionFailed:
		return method != http.MethodGet
	}
	return false
}

// mayKnow tells whether a page of the provider may name client organizations: its console does.
func mayKnow(route edge.Route) bool {
	act := route.Access.Act()
	if act != nil && act.Resource == "own_data" {
		return true // what staff wrote themselves in the provider's registers is held about them too
	}
	return act != nil && slices.ContainsFunc(act.Holders, func(h string) bool { return strings.HasPrefix(h, "provider.") })
}

// TestEveryRouteAsksForItsPermission walks every route of organization a as each of its roles: who does not hold the
// permission is refused; who holds it is not refused for lack of it.
func TestEveryRouteAsksForItsPermission(t *testing.T) {
	onEachEngine(t, asEachRole)
}

func asEachRole(t *testing.T, w *town) {
	for _, role := range clientRoles {
		who := "a." + role
		for _, route := range w.Routes() {
			act := route.Access.Act()
			if act == nil || act.Reach != core.ByAssignment || !strings.Contains(route.Pattern, "{org}") {
				continue
			}
			method, path := w.address(route)
			r := w.fresh(who, method, path)
			if r.Code >= 500 {
				t.Errorf("%s answers %d to %s: %s", route.Pattern, r.Code, who, r.Body)
			}
			holds := slices.Contains(act.Holders, role) || slices.Contains(act.Holders, "member")
			refused := r.Code == http.StatusForbidden && strings.Contains(r.Body.String(), "access.forbidden")
			if holds && refused {
				t.Errorf("%s refuses %s, who holds %s", route.Pattern, who, act.Permission)
			}
			if !holds && r.Code < 400 {
				t.Errorf("%s answers %d to %s, who does not hold %s", route.Pattern, r.Code, who, act.Permission)
			}
			if !holds && method == http.MethodGet && r.Code != http.StatusForbidden && r.Code != http.StatusNotFound {
				t.Errorf("%s answers %d to %s, who does not hold %s", route.Pattern, r.Code, who, act.Permission)
			}
		}
	}
}

// TestProviderPagesAreClosedToClients walks the pages that only the provider's roles hold, as the administrator of a client.
func TestProviderPagesAreClosedToClients(t *testing.T) {
	w := newTown(t, "")
	for _, route := range w.Routes() {
		act := route.Access.Act()
		if act == nil || strings.Contains(route.Pattern, "{org}") || !(act.Staff || mayKnow(route)) || act.Reach != core.ByAssignment {
			continue
		}
		method, path := w.address(route)
		r := w.fresh("a.admin", method, path)
		if !closed(method, r) && r.Code != http.StatusForbidden {
			t.Errorf("%s answers %d to the administrator of a client", route.Pattern, r.Code)
		}
	}
}

// TestEveryRouteStatesItsAccess is the list of routes: what is public says why, what is permitted names a declared act.
func TestEveryRouteStatesItsAccess(t *testing.T) {
	w := newTown(t, "")
	declared := map[*core.ActDef]bool{}
	for _, m := range w.Manifests() {
		for _, act := range m.Acts {
			declared[act] = true
		}
	}
	n := 0
	for _, route := range w.Routes() {
		n++
		if act := route.Access.Act(); act != nil && !declared[act] {
			t.Errorf("%s needs %s, which no manifest declares", route.Pattern, act.Permission)
		}
		if route.Access.IsPublic() && len(route.Access.Why()) < 10 {
			t.Errorf("%s does not say why it is public", route.Pattern)
		}
	}
	t.Logf("%d routes walked", n)
}
