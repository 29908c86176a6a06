package boot

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/services"
)

// visitor is a browser without a script: it keeps cookies, follows redirects and reads pages.
type visitor struct {
	t    *testing.T
	w    *town
	jar  map[string]string
	path string // where it is
	page string
	code int
}

func (w *town) visitor(t *testing.T) *visitor { return &visitor{t: t, w: w, jar: map[string]string{}} }

func (v *visitor) walk(method, path string, form url.Values) *visitor {
	v.t.Helper()
	for range 6 {
		var cookies []string
		for name, value := range v.jar {
			cookies = append(cookies, name+"="+value)
		}
		head := []string{"Cookie", strings.Join(cookies, "; "), "Accept-Language", "en"}
		r := v.w.ask("", method, path, form.Encode(), head...)
		for _, c := range r.Result().Cookies() {
			if v.jar[c.Name] = c.Value; c.MaxAge < 0 {
				delete(v.jar, c.Name)
			}
			if strings.HasPrefix(c.Name, "__Host-") && (!c.Secure || c.Path != "/" || c.Domain != "") {
				v.t.Errorf("cookie %s would be refused by a browser", c.Name)
			}
		}
		v.path, v.page, v.code = path, r.Body.String(), r.Code
		if r.Code != http.StatusSeeOther {
			return v
		}
		method, path, form = http.MethodGet, r.Result().Header.Get("Location"), nil
	}
	v.t.Fatalf("redirected without end at %s", path)
	return v
}

func (v *visitor) get(path string) *visitor { return v.walk(http.MethodGet, path, nil) }

func (v *visitor) post(path string, pairs ...string) *visitor {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return v.walk(http.MethodPost, path, form)
}

func (v *visitor) at(path string, code int, says ...string) {
	v.t.Helper()
	if got, _, _ := strings.Cut(v.path, "?"); got != path || v.code != code {
		v.t.Fatalf("at %s (%d), want %s (%d)\n%.1500s", v.path, v.code, path, code, v.page)
	}
	for _, s := range says {
		if !strings.Contains(v.page, s) {
			v.t.Errorf("%s does not say %q", path, s)
		}
	}
}

var keyOnPage = regexp.MustCompile(`(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}`)

func (v *visitor) shownCode() string {
	v.t.Helper()
	secret := strings.ReplaceAll(keyOnPage.FindString(v.page), " ", "")
	code, err := identity.CodeAt(secret, time.Now())
	if secret == "" || err != nil {
		v.t.Fatalf("no key on %s: %v", v.path, err)
	}
	return code
}

// TestTheWayInWorksWithoutAScript walks the pages as a browser without scripts does, from the set-up link to a second
// sign-in by recovery code.
func TestTheWayInWorksWithoutAScript(t *testing.T) {
	w := emptyTown(t)
	link, err := w.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	setup := strings.TrimPrefix(link, w.cfg.Origin)
	v := w.visitor(t)
	v.get(setup).at(setup, http.StatusOK, `autocomplete="new-password"`, `autocomplete="username"`, "At least")
	fill := []string{"organization", "Alpine Hosting", "given_name", "Lin", "family_name", "Roy", "email", "lin@example.org"}
	v.post(setup, append(fill, "password", "lin@example.org")...).at(setup, http.StatusUnprocessableEntity, "Nothing that comes from you", `value="lin@example.org"`)
	if strings.Contains(v.page, `type="password" id="password" name="password" value`) {
		t.Error("the page gives the password back")
	}
	const plain = "Vif-Agate7-Tilleul!Nord"
	v.post(setup, append(fill, "password", plain)...).at("/signin/enrol", http.StatusOK, "data:image/png")
	if v.jar["__Host-session"] != "" {
		t.Fatal("a session before the second factor")
	}
	v.get("/me/security").at("/signin", http.StatusOK)
	v.get("/signin/continue").at("/signin/enrol", http.StatusOK)
	v.post("/signin/enrol", "code", v.shownCode()).at("/signin/enrol", http.StatusOK, "recovery codes")
	codes := regexp.MustCompile(`\b[a-z2-9]{4}(?:-[a-z2-9]{4}){3}\b`).FindAllString(v.page, 10)
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes on the page", len(codes))
	}
	v.post("/signin/continue").at("/", http.StatusOK)
	for path, says := range map[string]string{
		"/me/security": "Solid", "/me/password": "current-password", "/me/second-factor": "10 recovery codes left", "/me/profile": "lin@example.org",
		"/me/devices": "Firefox", "/provider/reports": "No report here", "/signin/again?next=/me/security": "one-time-code",
	} {
		if v.get(path); v.code != http.StatusOK || !strings.Contains(v.page, says) {
			t.Errorf("%s (%d) does not say %q", path, v.code, says)
		}
	}
	v.get(setup).at(setup, http.StatusGone)

	v = w.visitor(t)
	v.get("/me/devices").at("/signin", http.StatusOK, `autocomplete="username"`)
	v.post("/signin", "email", "LIN@example.org", "next", "/me/devices").at("/signin/password", http.StatusOK, `autocomplete="current-password"`, "lin@example.org")
	v.post("/signin/password", "password", "wrong").at("/signin/password", http.StatusUnprocessableEntity, "The address or the password is not right.")
	v.get("/signin/factor").at("/signin/password", http.StatusOK)
	v.post("/signin/password", "password", plain).at("/signin/factor", http.StatusOK, `autocomplete="one-time-code"`)
	v.post("/signin/factor", "code", "000000").at("/signin/factor", http.StatusUnprocessableEntity)
	v.post("/signin/factor", "recovery", codes[4]).at("/me/devices", http.StatusOK)
	v.get("/me/second-factor").at("/me/second-factor", http.StatusOK, "9 recovery codes left")
}

// TestNoAnswerSendsABrowserToAnotherSite: the way back is a path of this site or the home page.
func TestNoAnswerSendsABrowserToAnotherSite(t *testing.T) {
	w := newTown(t, "")
	mails := w.crowd(1)
	for _, next := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/%0d%0aSet-Cookie:x=1", "\t//evil.example"} {
		v := w.visitor(t)
		v.post("/signin", "email", mails[0], "next", next)
		v.post("/signin/password", "password", loadPassword)
		if v.jar["__Host-session"] == "" || strings.Contains(v.path, "evil") || !strings.HasPrefix(v.path, "/") {
			t.Errorf("%q led to %q (%d)", next, v.path, v.code)
		}
	}
}

// TestAskingForALinkTellsNothing: the same page for an account and for none; another host is not answered at all (the
// link itself is made of the configured origin: the module never sees a request).
func TestAskingForALinkTellsNothing(t *testing.T) {
	w := newTown(t, "")
	mails := w.crowd(1)
	known := w.visitor(t)
	known.post("/reset", "email", mails[0])
	unknown := w.visitor(t)
	unknown.post("/reset", "email", "nobody@example.org")
	if known.path != unknown.path || known.code != unknown.code || len(known.page) != len(unknown.page) {
		t.Errorf("a known address: %s %d %d bytes; an unknown one: %s %d %d bytes", known.path, known.code, len(known.page), unknown.path, unknown.code, len(unknown.page))
	}
	// A request in another name never reaches the page.
	r := httptest.NewRequest(http.MethodPost, "http://evil.example/reset", strings.NewReader(url.Values{"email": {mails[0]}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if rec.Code != http.StatusMisdirectedRequest {
		t.Errorf("a request for another host answers %d", rec.Code)
	}
}

// emptyTown is a house where nobody lives yet.
func emptyTown(t *testing.T) *town {
	t.Helper()
	h, err := New(t.Context(), Config{Services: services.All, Data: t.TempDir(), Origin: "http://localhost:8080", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return &town{House: h, t: t, handler: h.Handler(), cookies: map[string]string{}}
}

// TestWhoLooksAfterAccountsSeesStateAndNoSecret: the page of a member's account, by role.
func TestWhoLooksAfterAccountsSeesStateAndNoSecret(t *testing.T) {
	w := newTown(t, "")
	page := "/o/" + string(w.a) + "/accounts/" + string(w.people["a.member"])
	r := w.ask("a.admin", http.MethodGet, page, "")
	if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), "reason") || !strings.Contains(r.Body.String(), "Send a link") {
		t.Fatalf("an administrator: %d\n%.800s", r.Code, r.Body)
	}
	if strings.Contains(r.Body.String(), "argon2id") {
		t.Error("the page shows a hash")
	}
	r = w.ask("a.auditor", http.MethodGet, page, "")
	if r.Code != http.StatusOK || strings.Contains(r.Body.String(), "reason") || strings.Contains(r.Body.String(), "Send a link") {
		t.Errorf("an auditor is offered acts: %d", r.Code)
	}
	if r = w.ask("a.auditor", http.MethodPost, page+"/reset", "x=1"); r.Code != http.StatusForbidden && r.Code != http.StatusNotFound {
		t.Errorf("an auditor sends a link: %d", r.Code)
	}
	if r = w.ask("a.admin", http.MethodPost, page+"/reset", "x=1"); r.Code != http.StatusSeeOther {
		t.Errorf("an administrator sends a link: %d", r.Code)
	}
	if r = w.ask("a.admin", http.MethodPost, page+"/compromised", "reason="); r.Code != http.StatusUnprocessableEntity || !strings.Contains(r.Body.String(), "#reason") {
		t.Errorf("without a reason: %d", r.Code)
	}
	if r = w.ask("a.admin", http.MethodPost, page+"/compromised", "reason=phone+stolen"); r.Code != http.StatusSeeOther {
		t.Errorf("with a reason: %d", r.Code)
	}
	if r = w.ask("a.member", http.MethodGet, "/me/security", ""); r.Code != http.StatusSeeOther {
		t.Errorf("the session of a compromised account still answers %d", r.Code)
	}
	if r = w.ask("provider.admin", http.MethodGet, page, ""); r.Code != http.StatusNotFound {
		t.Errorf("the provider inside a client organization: %d", r.Code)
	}
}
