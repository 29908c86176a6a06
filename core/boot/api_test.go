package boot

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/token"
)

// tokenOf makes a personal token limited to scopes.
func (w *town) tokenOf(who string, scopes ...core.Permission) string {
	w.t.Helper()
	_, secret, err := w.tokens.Create(w.as(who), token.Order{Name: "test", Scopes: scopes, Ends: time.Now().Add(time.Hour)})
	w.must("token", err)
	return secret
}

func TestATokenDoesWhatItsScopesAndItsOwnerMay(t *testing.T) {
	w := newTown(t, "")
	bearer := func(secret string) []string { return []string{"Authorization", "Bearer " + secret} }
	sessions := "/api/v1/organizations/" + string(w.a) + "/sessions"
	admin := w.tokenOf("a.admin", "session.list")
	for _, c := range []struct {
		name, secret, method, path, body string
		status                           int
	}{
		{"within its scopes", admin, "GET", sessions, "", 200},
		{"outside of them", admin, "GET", "/api/v1/organizations/" + string(w.a) + "/service-accounts", "", 404},
		{"in another organization", admin, "GET", "/api/v1/organizations/" + string(w.b) + "/sessions", "", 404},
		{"what asks for a fresh proof", admin, "POST", sessions + "/end", `{"reason":"a test"}`, 404},
		{"more than its owner may", w.tokenOf("a.member", "session.list"), "GET", sessions, "", 403},
		{"a page", admin, "GET", "/me/sessions", "", 303},
		{"an invented one", "rpt_" + strings.Repeat("a", 58), "GET", sessions, "", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := w.ask("", c.method, c.path, c.body, bearer(c.secret)...)
			if r.Code != c.status {
				t.Errorf("answered %d, want %d: %s", r.Code, c.status, r.Body)
			}
		})
	}
}

func TestAServiceAccountActsByItsAssignments(t *testing.T) {
	w := newTown(t, "")
	service := w.known["service"][0]
	_, secret, err := w.tokens.CreateFor(w.as("a.admin"), w.a, service, token.Order{Name: "robot", Scopes: []core.Permission{"session.list"}, Ends: time.Now().Add(time.Hour)})
	w.must("token", err)
	path := "/api/v1/organizations/" + string(w.a) + "/sessions"
	if r := w.ask("", http.MethodGet, path, "", "Authorization", "Bearer "+secret); r.Code != http.StatusForbidden {
		t.Errorf("without any role it answered %d", r.Code)
	}
	_, err = w.access.Give(w.as("a.admin"), core.Assignment{Org: w.a, Person: service, Role: "auditor", Reason: "reads sessions every night"})
	w.must("give", err)
	r := w.ask("", http.MethodGet, path, "", "Authorization", "Bearer "+secret)
	var page struct {
		Items []struct{ Name string }
	}
	if r.Code != http.StatusOK || json.Unmarshal(r.Body.Bytes(), &page) != nil || len(page.Items) < 5 {
		t.Errorf("with a role it answered %d: %s", r.Code, r.Body)
	}
}

func TestARepeatedRequestActsOnceOnTheWholeHouse(t *testing.T) {
	w := newTown(t, "")
	path := "/api/v1/organizations/" + string(w.a) + "/service-accounts"
	body := `{"name":"once","responsible":"` + string(w.people["a.member"]) + `"}`
	one := w.ask("a.admin", http.MethodPost, path, body, "Idempotency-Key", "k-1")
	two := w.ask("a.admin", http.MethodPost, path, body, "Idempotency-Key", "k-1")
	if one.Code != http.StatusCreated || two.Code != http.StatusCreated || one.Body.String() != two.Body.String() {
		t.Errorf("answered %d %s, then %d %s", one.Code, one.Body, two.Code, two.Body)
	}
	list := w.ask("a.admin", http.MethodGet, path, "")
	if n := strings.Count(list.Body.String(), `"name":"once"`); n != 1 {
		t.Errorf("%d accounts were made", n)
	}
	var made struct{ ID string }
	if err := json.Unmarshal(one.Body.Bytes(), &made); err != nil {
		t.Fatal(err)
	}
	edit := `{"name":"twice","responsible":"` + string(w.people["a.member"]) + `"}`
	if r := w.ask("a.admin", http.MethodPut, path+"/"+made.ID, edit, "If-Match", one.Header().Get("ETag")); r.Code != http.StatusNoContent {
		t.Errorf("an edit of the version read answered %d: %s", r.Code, r.Body)
	}
	if r := w.ask("a.admin", http.MethodPut, path+"/"+made.ID, edit, "If-Match", one.Header().Get("ETag")); r.Code != http.StatusPreconditionFailed {
		t.Errorf("an edit of a version left behind answered %d", r.Code)
	}
}

func TestScopesAreWhatTheAPICanDo(t *testing.T) {
	w := newTown(t, "")
	for _, act := range w.tokens.Scopes() {
		if act.Fresh > 0 || strings.HasPrefix(string(act.Permission), "signin.") || act.Permission == "password.change" {
			t.Errorf("%s can be among the scopes of a token", act.Permission)
		}
	}
	_, _, err := w.tokens.Create(w.as("a.admin"), token.Order{Name: "x", Scopes: []core.Permission{"session.sign_out"}, Ends: time.Now().Add(time.Hour)})
	if core.KindOf(err) != core.Invalid {
		t.Errorf("a scope that no operation needs: %v", err)
	}
}
