package boot

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/kit/edge"
)

// post sends a form and wants the answer that follows a success.
func (w *town) post(who, path string, form url.Values) string {
	w.t.Helper()
	r := w.ask(who, http.MethodPost, path, form.Encode())
	if r.Code != http.StatusSeeOther {
		w.t.Fatalf("POST %s as %s answers %d: %s", path, who, r.Code, r.Body)
	}
	return r.Header().Get("Location")
}

func (w *town) wants(what, who, path string, code int) {
	w.t.Helper()
	if r := w.ask(who, http.MethodGet, path, ""); r.Code != code {
		w.t.Errorf("%s: %s as %s answers %d, want %d", what, path, who, r.Code, code)
	}
}

// live is the id of the live assignment of a role.
func (w *town) live(org core.ID, person, role string) string {
	w.t.Helper()
	v, err := w.access.ViewPerson(w.as("a.admin"), org, w.people[person], time.Time{})
	w.must("view", err)
	for _, l := range v.History {
		if l.Role == role && !l.Ended(time.Now()) {
			return string(l.ID)
		}
	}
	w.t.Fatalf("%s has no live %s", person, role)
	return ""
}

// A right given on a page acts at the next request, is gone at the next request once revoked, and can be given back.
func TestRightsActAtTheNextRequest(t *testing.T) {
	w := newTown(t, "")
	o := "/o/" + string(w.a)
	member := o + "/habilitations/persons/" + string(w.people["a.member"])
	w.wants("before", "a.member", o+"/suspensions", http.StatusForbidden)
	back := w.post("a.admin", member+"/assign", url.Values{"role": {"security"}, "reason": {"on call"}})
	if back != member {
		t.Errorf("leads to %s", back)
	}
	w.wants("given", "a.member", o+"/suspensions", http.StatusOK)
	w.post("a.admin", o+"/assignments/"+w.live(w.a, "a.member", "security")+"/revoke", url.Values{"reason": {"over"}})
	w.wants("revoked", "a.member", o+"/suspensions", http.StatusForbidden)

	v, err := w.access.ViewPerson(w.as("a.admin"), w.a, w.people["a.member"], time.Time{})
	w.must("view", err)
	w.post("a.admin", o+"/assignments/"+string(v.History[0].ID)+"/again", nil)
	w.wants("given back", "a.member", o+"/suspensions", http.StatusOK)

	r := w.ask("a.admin", http.MethodPost, member+"/assign", url.Values{"role": {"auditor"}, "reason": {""}, "until": {"2020-01-01"}}.Encode())
	if r.Code != http.StatusUnprocessableEntity || !strings.Contains(r.Body.String(), `href="#reason"`) || !strings.Contains(r.Body.String(), `href="#until"`) {
		t.Errorf("a bad form answers %d without leading to its fields", r.Code)
	}
	r = w.ask("a.people", http.MethodPost, member+"/assign", url.Values{"role": {"admin"}, "reason": {"a coup"}}.Encode())
	if r.Code != http.StatusForbidden || !strings.Contains(r.Body.String(), "assignment.escalation") {
		t.Errorf("giving more than one holds answers %d", r.Code)
	}
}

// A suspension ends what the person does at the next request, with a session and with a token; lifting it restores them.
func TestSuspensionCutsSessionsAndTokens(t *testing.T) {
	w := newTown(t, "")
	o := "/o/" + string(w.a)
	w.wants("before", "a.member", o, http.StatusOK)
	w.post("a.security", o+"/suspensions", url.Values{
		"scope": {"person"}, "person": {string(w.people["a.member"])}, "reason": {"presumed_compromise"}, "text": {"sign-ins at night"},
	})
	r := w.ask("a.member", http.MethodGet, o, "")
	if r.Code == http.StatusOK {
		t.Errorf("a suspended person reads %s", o)
	}
	r = w.ask("a.security", http.MethodPost, o+"/suspensions", url.Values{
		"scope": {"person"}, "person": {string(w.people["a.security"])}, "reason": {"abuse"}, "text": {"x"},
	}.Encode())
	if r.Code != http.StatusUnprocessableEntity || !strings.Contains(r.Body.String(), `name="confirm"`) {
		t.Errorf("suspending oneself answers %d without asking", r.Code)
	}
	v, err := w.access.ViewSuspensions(w.as("a.security"), w.a)
	w.must("suspensions", err)
	w.post("a.security", o+"/suspensions/"+string(v.Own[0].ID)+"/lift", url.Values{"reason": {"it was them"}})
	w.begin("a.member")
	w.wants("lifted", "a.member", o, http.StatusOK)

	w.post("provider.admin", "/provider/suspensions", url.Values{"scope": {"organization"}, "organization": {string(w.a)}, "reason": {"non_payment"}, "text": {"three invoices"}})
	if r := w.ask("a.admin", http.MethodGet, o, ""); r.Code == http.StatusOK {
		t.Error("a suspended organization still answers")
	}
	w.wants("the other organization", "b.admin", "/o/"+string(w.b), http.StatusOK)
}

// Provider staff enters a client's organization only when it is opened to them, until a date, and reads only.
func TestSupportIsLetIn(t *testing.T) {
	w := newTown(t, "")
	o := "/o/" + string(w.a)
	w.wants("closed", "provider.support", o+"/habilitations", http.StatusNotFound)
	w.post("a.admin", o+"/support", url.Values{
		"email": {"staff-provider-support@example.org"}, "until": {time.Now().AddDate(0, 0, 2).Format(time.DateOnly)}, "reason": {"ticket 12"},
	})
	w.wants("opened", "provider.support", o+"/habilitations", http.StatusOK)
	w.wants("for that person alone", "provider.admin", o+"/habilitations", http.StatusNotFound)
	w.wants("of that organization alone", "provider.support", "/o/"+string(w.b)+"/habilitations", http.StatusNotFound)
	r := w.ask("provider.support", http.MethodPost, o+"/suspensions", url.Values{
		"scope": {"person"}, "person": {string(w.people["a.member"])}, "reason": {"abuse"}, "text": {"x"},
	}.Encode())
	if r.Code != http.StatusForbidden {
		t.Errorf("support suspends: %d", r.Code)
	}
	w.post("a.admin", o+"/assignments/"+w.live(w.a, "provider.support", access.RoleSupport)+"/revoke", nil)
	w.wants("closed again", "provider.support", o+"/habilitations", http.StatusNotFound)
}

// An address list that does not hold one's own address is refused; one that is saved acts at the next request.
func TestAddressListActsAtTheNextRequest(t *testing.T) {
	w := newTown(t, "")
	o := "/o/" + string(w.a)
	r := w.ask("a.admin", http.MethodPost, o+"/addresses", url.Values{"list": {"192.0.2.0/24"}}.Encode())
	if r.Code != http.StatusUnprocessableEntity || !strings.Contains(r.Body.String(), "192.0.2.0/24") {
		t.Errorf("a list that locks its maker out answers %d", r.Code)
	}
	w.post("a.admin", o+"/addresses", url.Values{"list": {"127.0.0.0/8 this machine\n"}})
	w.wants("listed", "a.member", o, http.StatusOK)
	away := func(who string) int {
		r := newRequestFrom("203.0.113.9:40000", o)
		r.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: w.cookies[who]})
		return w.serve(r).Code
	}
	if code := away("a.member"); code == http.StatusOK {
		t.Error("an address that is not listed is let in")
	}
}

// The export is a file, and who may not export gets none.
func TestHabilitationFiles(t *testing.T) {
	w := newTown(t, "")
	path := "/o/" + string(w.a) + "/habilitations/file?format="
	for _, format := range []string{"csv", "pdf"} {
		r := w.ask("a.auditor", http.MethodGet, path+format, "")
		if r.Code != http.StatusOK || !strings.Contains(r.Header().Get("Content-Disposition"), "attachment") || r.Body.Len() < 500 {
			t.Errorf("%s answers %d, %d bytes", format, r.Code, r.Body.Len())
		}
	}
	w.wants("people read and do not export", "a.people", path+"csv", http.StatusForbidden)
}

func newRequestFrom(address, path string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://localhost:8080"+path, nil)
	r.RemoteAddr = address
	r.Header.Set("User-Agent", browser)
	return r
}

func (w *town) serve(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// The API answers what the pages show, and acts by the same rules.
func TestRightsInTheAPI(t *testing.T) {
	w := newTown(t, "")
	api := "/api/v1/organizations/" + string(w.a)
	get := func(who, path string, code int, words ...string) {
		t.Helper()
		r := w.ask(who, http.MethodGet, api+path, "")
		if r.Code != code {
			t.Fatalf("GET %s as %s answers %d: %s", path, who, r.Code, r.Body)
		}
		for _, word := range words {
			if !strings.Contains(r.Body.String(), word) {
				t.Errorf("GET %s does not say %q: %.300s", path, word, r.Body)
			}
		}
	}
	get("a.auditor", "/roles", http.StatusOK, `"id":"security"`, `"suspension.declare"`)
	get("a.auditor", "/permissions", http.StatusOK, `"name":"member.invite"`, `"step_up":true`)
	get("a.auditor", "/habilitations?limit=2", http.StatusOK, `"policy":"permit.role"`, `"next":`)
	get("a.auditor", "/permissions/suspension.declare/holders", http.StatusOK, string(w.people["a.security"]))
	get("a.member", "/habilitations", http.StatusForbidden, "access.forbidden")
	get("b.admin", "/habilitations", http.StatusNotFound, "access.not_found")

	post := func(who, path, body string, code int) string {
		t.Helper()
		r := w.ask(who, http.MethodPost, api+path, body)
		if r.Code != code {
			t.Fatalf("POST %s as %s answers %d: %s", path, who, r.Code, r.Body)
		}
		return r.Body.String()
	}
	member := string(w.people["a.member"])
	made := post("a.admin", "/assignments", `{"person":"`+member+`","role":"security","reason":"on call"}`, http.StatusCreated)
	get("a.member", "/suspensions", http.StatusOK)
	id := strings.Split(strings.SplitAfter(made, `"id":"`)[1], `"`)[0]
	post("a.admin", "/assignments/"+id+"/revoke", `{"reason":"over"}`, http.StatusNoContent)
	get("a.member", "/suspensions", http.StatusForbidden)
	post("a.people", "/assignments", `{"person":"`+member+`","role":"admin","reason":"a coup"}`, http.StatusForbidden)
	post("a.admin", "/assignments", `{"person":"`+string(w.people["b.member"])+`","role":"auditor","reason":"x"}`, http.StatusUnprocessableEntity)

	made = post("a.security", "/suspensions", `{"scope":"person","target":"`+member+`","reason":"abuse","text":"x"}`, http.StatusCreated)
	get("a.member", "/suspensions", http.StatusUnauthorized)
	id = strings.Split(strings.SplitAfter(made, `"id":"`)[1], `"`)[0]
	post("a.security", "/suspensions/"+id+"/lift", `{}`, http.StatusNoContent)
	r := w.ask("a.security", http.MethodPut, api+"/addresses", `{"addresses":[{"prefix":"192.0.2.0/24"}]}`)
	if r.Code != http.StatusConflict || !strings.Contains(r.Body.String(), "allow.lockout") {
		t.Errorf("a list that locks its maker out: %d %s", r.Code, r.Body)
	}
}
