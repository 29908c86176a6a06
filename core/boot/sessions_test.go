package boot

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/edge"
)

// withSession asks with a given session secret.
func (w *town) withSession(secret, method, path, body string, head ...string) *httptest.ResponseRecorder {
	return w.ask("", method, path, body, append(head, "Cookie", edge.SessionCookie+"="+secret)...)
}

// given reads the session secret that an answer sets, "" when none.
func given(r *httptest.ResponseRecorder) string {
	for _, c := range r.Result().Cookies() {
		if c.Name == edge.SessionCookie {
			return c.Value
		}
	}
	return ""
}

func TestALockedSessionOpensTheLockAlone(t *testing.T) {
	w := newTown(t, "")
	secret, err := w.signIn(w.crowd(1)[0])
	w.must("sign in", err)
	r := w.withSession(secret, http.MethodPost, "/lock/now", "x=1", "Referer", "http://localhost:8080/me/security")
	if !leads(r, "/lock?next=%2Fme%2Fsecurity") {
		t.Fatalf("locking answered %d, to %q", r.Code, r.Header().Get("Location"))
	}
	for _, path := range []string{"/", "/me/sessions", "/me/tokens/new", "/signin/again"} {
		if r := w.withSession(secret, http.MethodGet, path, ""); !leads(r, "/lock") {
			t.Errorf("%s opens under the lock: %d", path, r.Code)
		}
	}
	if r := w.withSession(secret, http.MethodGet, "/api/v1/sessions", ""); r.Code != http.StatusForbidden || !strings.Contains(r.Body.String(), "session.locked") {
		t.Errorf("the API under the lock answered %d", r.Code)
	}
	if r := w.withSession(secret, http.MethodGet, "/lock", ""); r.Code != http.StatusOK {
		t.Errorf("the lock answered %d", r.Code)
	}
	if r := w.withSession(secret, http.MethodPost, "/lock", "password=wrong"); r.Code != http.StatusUnprocessableEntity || given(r) != "" {
		t.Errorf("a wrong password answered %d", r.Code)
	}
	r = w.withSession(secret, http.MethodPost, "/lock", "password="+loadPassword+"&next=/me/sessions")
	opened := given(r)
	if !leads(r, "/me/sessions") || opened == "" || opened == secret {
		t.Fatalf("the right password answered %d, to %q", r.Code, r.Header().Get("Location"))
	}
	if r := w.withSession(opened, http.MethodGet, "/me/sessions", ""); r.Code != http.StatusOK {
		t.Errorf("the unlocked session answered %d", r.Code)
	}
	if r := w.withSession(secret, http.MethodGet, "/me/sessions", ""); !leads(r, "/signin") {
		t.Errorf("the secret from before the lock answered %d", r.Code)
	}
}

func TestSigningOutEndsTheSessionAndItsTraces(t *testing.T) {
	w := newTown(t, "")
	secret := w.cookies["a.member"]
	w.ask("a.member", http.MethodPost, "/lock/now", "x=1") // a locked session can be left too
	r := w.ask("a.member", http.MethodPost, "/signout", "x=1")
	if !leads(r, "/signin") || !strings.Contains(r.Header().Get("Clear-Site-Data"), "cache") {
		t.Errorf("answered %d %v", r.Code, r.Header())
	}
	if c := r.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 || c[0].Name != edge.SessionCookie {
		t.Errorf("cookies %v", c)
	}
	if r := w.withSession(secret, http.MethodGet, "/", ""); !leads(r, "/signin") {
		t.Errorf("the session answered %d after its end", r.Code)
	}
}

var qStale = db.SQL(`UPDATE session_session SET proved_at = proved_at - $2 WHERE person = $1`)

func TestASensitiveActAsksForAFreshProof(t *testing.T) {
	w := newTown(t, "")
	w.begin("a.admin")
	w.do("an hour goes by", func(ctx context.Context, tx core.Tx) error {
		_, err := tx.Exec(ctx, qStale, w.people["a.admin"], int64(time.Hour/time.Microsecond))
		return err
	})
	org := "/o/" + string(w.a) + "/sessions"
	if r := w.ask("a.admin", http.MethodGet, org, ""); r.Code != http.StatusOK {
		t.Errorf("looking answered %d", r.Code)
	}
	for path, page := range map[string]string{"/me/sessions/end-others": "/me/sessions", org + "/end": org, "/me/tokens": "/me/tokens/new"} {
		// The proof is asked right there, and what was typed is kept (TestWhatWasTypedComesBackAfterTheProof).
		body := "reason=a+test&all=1&name=x&ends=30&scopes=session.list"
		r := w.ask("a.admin", http.MethodPost, path, body, "Referer", "http://localhost:8080"+page)
		if r.Code != http.StatusForbidden || !strings.Contains(r.Body.String(), `name="next" value="`+page+`"`) {
			t.Errorf("%s answered %d: %.300s", path, r.Code, r.Body)
		}
	}
	r := w.ask("a.admin", http.MethodPost, "/me/sessions/end-others", "_=", "Referer", "http://localhost:8080/me/sessions")
	if want := "/signin/again?next=%2Fme%2Fsessions"; r.Header().Get("Location") != want {
		t.Errorf("a form without a field answered %d, to %q, want %q", r.Code, r.Header().Get("Location"), want)
	}
	for _, form := range []string{"/me/tokens/new", "/o/" + string(w.a) + "/services/new"} {
		if r := w.ask("a.admin", http.MethodGet, form, ""); r.Header().Get("Location") != "/signin/again?next="+url.QueryEscape(form) {
			t.Errorf("the form %s is shown before the proof that sending it will ask for: %d", form, r.Code)
		}
	}
	r = w.ask("a.admin", http.MethodPost, "/api/v1/sessions/end-others", "{}")
	if r.Code != http.StatusForbidden || !strings.Contains(r.Body.String(), `"code":"access.step_up"`) {
		t.Errorf("the API answered %d: %s", r.Code, r.Body)
	}
}

func TestACopiedCookieIsFoundOnTheWholeHouse(t *testing.T) {
	w := newTown(t, "")
	mails := w.crowd(1)
	secret, err := w.signIn(mails[0])
	w.must("sign in", err)
	before, err := w.mail.Backlog(w.system())
	w.must("mail", err)
	r := w.withSession(secret, http.MethodGet, "/me/sessions", "", "User-Agent", "curl/8.5.0")
	if !leads(r, "/signin") {
		t.Errorf("another browser answered %d", r.Code)
	}
	if r := w.withSession(secret, http.MethodGet, "/me/sessions", ""); !leads(r, "/signin") {
		t.Errorf("the session is still open to its first browser: %d", r.Code)
	}
	backlog, err := w.mail.Backlog(w.system())
	w.must("mail", err)
	if backlog.Waiting != before.Waiting+1 {
		t.Errorf("%d mails were queued, want one", backlog.Waiting-before.Waiting)
	}
}
