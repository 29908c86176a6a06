package boot

import (
	"bytes"
	"context"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

const typedText = "Sketched reason 7Q2 of somebody"

var carried = regexp.MustCompile(`name="draft" value="([^"]+)"`)

// stale sends a form that asks for a fresh proof, an hour after the last one. It gives what the answer carries.
func (w *town) stale(who, lang string) (*httptest.ResponseRecorder, string) {
	w.t.Helper()
	w.exec(qStale, w.people[who], int64(time.Hour/time.Microsecond))
	page := "/o/" + string(w.a) + "/suspensions"
	r := w.ask(who, http.MethodPost, page, url.Values{
		"scope": {"person"}, "email": {"nobody@example.org"}, "reason": {"abuse"}, "text": {typedText}, "until": {"2031-02-03"},
	}.Encode(), "Referer", "http://localhost:8080"+page, "Accept-Language", lang)
	kept := carried.FindStringSubmatch(r.Body.String())
	if r.Code != http.StatusForbidden || kept == nil || !strings.Contains(r.Body.String(), `action="/signin/again"`) {
		w.t.Fatalf("the form was answered %d, to %q\n%.1500s", r.Code, r.Header().Get("Location"), r.Body)
	}
	return r, html.UnescapeString(kept[1])
}

// proves answers the page that asks for a proof, as the script-less form does.
func (w *town) proves(secret, path, answer, draft, lang string) *httptest.ResponseRecorder {
	field := "answer"
	if path == "/lock" {
		field = "password"
	}
	body := url.Values{field: {answer}, "draft": {draft}, "next": {"/o/" + string(w.a) + "/suspensions"}}
	return w.withSession(secret, http.MethodPost, path, body.Encode(), "Accept-Language", lang)
}

// TestWhatWasTypedComesBackAfterTheProof: a form refused for an old proof comes back filled, once the proof is given, and nothing
// was sent by itself.
func TestWhatWasTypedComesBackAfterTheProof(t *testing.T) {
	var log bytes.Buffer
	w := newTownWith(t, Config{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	w.begin("a.admin")
	w.password("a.admin")
	for lang, says := range map[string][2]string{
		"fr": {"pas encore envoyée", "est revenue dans le formulaire"}, "en": {"not sent yet", "is back in the form"},
	} {
		r, draft := w.stale("a.admin", lang)
		if body := r.Body.String(); !strings.Contains(body, says[0]) || strings.Contains(body, typedText) {
			t.Errorf("%s: the page that asks for the proof does not say %q, or shows what was typed", lang, says[0])
		}
		if r.Header().Get("Cache-Control") != "no-store" || !strings.Contains(r.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: headers %v", lang, r.Header())
		}
		secret := w.cookies["a.admin"]
		if r := w.proves(secret, "/signin/again", "wrong", draft, lang); r.Code != http.StatusUnprocessableEntity || given(r) != "" || !strings.Contains(r.Body.String(), draft) {
			t.Errorf("%s: a wrong password answered %d, or lost what was typed", lang, r.Code)
		}
		r = w.proves(secret, "/signin/again", loadPassword, draft, lang)
		body := html.UnescapeString(r.Body.String())
		for _, want := range []string{">" + typedText + "</textarea>", `value="nobody@example.org"`, `value="2031-02-03"`, `<option value="abuse" selected="">`, says[1]} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page that comes back (%d) does not hold %s\n%s", lang, r.Code, want, body[strings.Index(body, "<main"):])
			}
		}
		if w.cookies["a.admin"] = given(r); r.Code != http.StatusOK || given(r) == "" || given(r) == secret || r.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: the proof was answered %d, %v", lang, r.Code, r.Header())
		}
		nonce := regexp.MustCompile(`'nonce-([^']+)'`).FindStringSubmatch(r.Header().Get("Content-Security-Policy"))
		if nonce == nil || !strings.Contains(body, `nonce="`+nonce[1]+`"`) {
			t.Errorf("%s: the page is not of the policy that it came with", lang)
		}
	}
	if n := w.entries(w.a, "suspension.declare", ""); n != 0 {
		t.Errorf("%d suspensions were declared by themselves", n)
	}
	w.nowhere(typedText)
	if strings.Contains(log.String(), "Sketched") || strings.Contains(log.String(), "nobody@example.org") {
		t.Error("what was typed stands in the log")
	}
}

// TestWhatWasTypedGoesOnForTheSamePersonAndSession: in the hands of anybody else it opens nothing and says nothing.
func TestWhatWasTypedGoesOnForTheSamePersonAndSession(t *testing.T) {
	w := newTown(t, "")
	w.begin("a.admin")
	w.password("a.admin")
	w.password("a.people")
	_, draft := w.stale("a.admin", "en")
	first := w.cookies["a.admin"]
	for name, who := range map[string]string{"somebody else who signed in in between": "a.people", "another session of the same person": "a.admin"} {
		w.begin(who)
		if r := w.proves(w.cookies[who], "/signin/again", "wrong", draft, "en"); strings.Contains(r.Body.String(), draft) {
			t.Errorf("%s: the page carries it on", name)
		}
		r := w.proves(w.cookies[who], "/signin/again", loadPassword, draft, "en")
		if !leads(r, "/o/"+string(w.a)+"/suspensions") || strings.Contains(r.Body.String(), typedText) {
			t.Errorf("%s: answered %d, to %q", name, r.Code, r.Header().Get("Location"))
		}
	}
	// A thief of the open browser has the page and no proof; what is kept is not to be read in it, nor changed.
	for what, given := range map[string]string{"no proof": "", "a wrong proof": "123456"} {
		if r := w.proves(first, "/signin/again", given, draft, "en"); strings.Contains(r.Body.String(), typedText) || leads(r, "/o/") {
			t.Errorf("%s: %d", what, r.Code)
		}
	}
	if r := w.ask("", http.MethodPost, "/signin/again", "answer=x&draft="+draft); r.Code != http.StatusUnauthorized || strings.Contains(r.Body.String(), draft) {
		t.Errorf("nobody: %d", r.Code)
	}
	if r := w.ask("a.admin", http.MethodPost, "/signin/again", "answer=x&draft="+draft, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); r.Code != http.StatusForbidden || strings.Contains(r.Body.String(), draft) {
		t.Errorf("another site: %d", r.Code)
	}
}

// TestALockKeepsWhatWasTyped: the same for a form that is sent once the session is locked.
func TestALockKeepsWhatWasTyped(t *testing.T) {
	w := newTown(t, "")
	secret, err := w.signIn(w.crowd(1)[0])
	w.must("sign in", err)
	if r := w.withSession(secret, http.MethodPost, "/lock/now", "x=1"); !leads(r, "/lock") {
		t.Fatalf("locking answered %d", r.Code)
	}
	r := w.withSession(secret, http.MethodPost, "/me/profile", url.Values{"given_name": {"Typed"}, "family_name": {typedText}, "language": {"fr"}}.Encode(), "Referer", "http://localhost:8080/me/profile")
	kept := carried.FindStringSubmatch(r.Body.String())
	if r.Code != http.StatusForbidden || kept == nil || strings.Contains(r.Body.String(), typedText) {
		t.Fatalf("under the lock the form was answered %d, to %q", r.Code, r.Header().Get("Location"))
	}
	r = w.proves(secret, "/lock", loadPassword, html.UnescapeString(kept[1]), "en")
	if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), `value="`+typedText+`"`) || given(r) == "" {
		t.Errorf("unlocked, the page (%d) does not hold what was typed", r.Code)
	}
}

// password gives a person the password of the crowd.
func (w *town) password(who string) {
	w.t.Helper()
	hash, err := w.identity.FirstHash(w.system(), loadPassword)
	w.must("hash", err)
	w.do("password of "+who, func(ctx context.Context, tx core.Tx) error {
		return w.identity.KeepPassword(ctx, tx, w.people[who], hash)
	})
}

// nowhere looks for a text in every file of the house.
func (w *town) nowhere(text string) {
	w.t.Helper()
	w.must("look at the files", filepath.WalkDir(w.cfg.Data, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			w.t.Errorf("%s holds what was typed", filepath.Base(path))
		}
		return err
	}))
}
