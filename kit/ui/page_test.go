package ui

import (
	"bytes"
	"context"
	"io"
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

	"github.com/a-h/templ"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
)

// show draws a component in English and gives its text.
func show(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(i18n.With(context.Background(), i18n.EN), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wants(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(html, p) {
			t.Errorf("lacks %q in\n%s", p, html)
		}
	}
}

var (
	errForm  = i18n.Fault(core.Invalid, "uitest.form", "Formulaire", "Form")
	badEmail = i18n.Reason("uitest.email", "Adresse incomplète", "The address is not complete")
)

func TestErrorsLeadToTheirFields(t *testing.T) {
	ctx := i18n.With(context.Background(), i18n.EN)
	problems := ProblemsOf(ctx, errForm.With("email", badEmail))
	wants(t, show(t, ErrorSummary(problems)), `role="alert"`, `href="#email"`, "The address is not complete", "1 thing to correct")
	field := show(t, Field{Name: "email", Label: "E-mail", Hint: "At work", Error: problems.For("email")})
	wants(t, field, `id="email"`, `aria-describedby="email-hint email-error"`, `aria-invalid="true"`, `id="email-error"`, "required")
	if alone := ProblemsOf(ctx, errForm); len(alone) != 1 || alone[0].Text != "Form" {
		t.Errorf("an error without fields says %v", alone)
	}
	if said := ProblemsOf(ctx, context.Canceled); strings.Contains(said[0].Text, "canceled") {
		t.Errorf("an unknown error leaks: %v", said)
	}
}

func TestPasswordsAreNeverSentBack(t *testing.T) {
	html := show(t, Password{Name: "password", Label: "Password", New: true, Rules: []Rule{{Text: "12 characters", Min: 12, State: Missing}}})
	wants(t, html, `autocomplete="new-password"`, `data-min="12"`, "still missing", `aria-live="polite"`)
	if input := html[strings.Index(html, "<input"):]; strings.Contains(input[:strings.Index(input, ">")], " value=") {
		t.Error("the field has a value")
	}
}

func TestWhatPeopleTypeIsEscaped(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	html := show(t, Field{Name: "n", Label: evil, Hint: evil, Value: evil}) + show(t, Badge{Text: evil}) + show(t, Person(evil, evil)) +
		show(t, Table{Caption: evil, Columns: []Column{{Label: evil}}, Rows: []Row{{Cells: []templ.Component{Words(evil)}}}}) +
		show(t, PersonLink("a", "b", "javascript:alert(1)")) + show(t, Link{Href: "javascript:alert(1)"})
	if strings.Contains(html, "<script>") {
		t.Error("markup passes")
	}
	if strings.Contains(html, "javascript:") {
		t.Error("a link can run a script")
	}
}

// The policy of the pages refuses inline styles and handlers, so no component may draw one.
func TestNothingInline(t *testing.T) {
	inline := regexp.MustCompile(`<[^>]*\s(style|on[a-z]+)=`)
	for name, c := range map[string]templ.Component{
		"layout": Layout(Page{Title: "T", Lead: "L", Crumbs: []Crumb{{Label: "A", Href: "/"}}}),
		"bare":   Bare(Page{Title: "T"}),
		"chart":  Chart{Title: "C", Points: []Point{{Label: "a", Value: 1}, {Label: "b", Value: 3}}},
		"secret": Secret{Label: "S", Value: "x"}, "dialog": Dialog{ID: "d", Title: "D"}, "progress": Progress{Label: "P", Value: 1, Max: 2},
	} {
		if found := inline.FindString(show(t, c)); found != "" {
			t.Errorf("%s: %s", name, found)
		}
	}
}

func TestChartHasItsValuesInATable(t *testing.T) {
	html := show(t, Chart{Title: "Sign-ins", Points: []Point{{Label: "Monday", Value: 1200}, {Label: "Tuesday", Value: 0}}})
	wants(t, html, `aria-hidden="true"`, `<th scope="row">Monday</th>`, "1,200", `height="96.0"`, `height="0.0"`)
}

func TestTableSaysHowItIsSorted(t *testing.T) {
	table := Table{
		Caption: "Members", Columns: []Column{{Label: "Name", Key: "name"}, {Label: "Seen", Key: "seen"}}, Sort: "-name",
		SortHref: func(s string) string { return "?sort=" + s }, Rows: []Row{{ID: "7", Label: "Léa", Cells: []templ.Component{Words("Léa"), Words("")}}},
		Select: "pick", Bulk: Button{Label: "Remove"},
	}
	wants(t, show(t, table), `aria-sort="descending"`, `href="?sort=name"`, `href="?sort=seen"`, `aria-label="Tick Léa"`, "<caption", `data-label="Name"`)
	table.Rows, table.None = nil, Empty{Title: "Nobody yet"}
	if html := show(t, table); strings.Contains(html, "<table") || !strings.Contains(html, "Nobody yet") {
		t.Error("an empty table shows its frame")
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	ctx := context.WithValue(i18n.With(context.Background(), i18n.EN), sceneKey{}, scene{now: now})
	for d, want := range map[time.Duration]string{
		10 * time.Second: "just now", 3 * time.Minute: "3 minutes ago", time.Hour: "1 hour ago", 50 * time.Hour: "2 days ago",
		-2 * time.Hour: "in 2 hours", 90 * 24 * time.Hour: "24 August 2026",
	} {
		if got := Ago(ctx, now.Add(-d)); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestTheWayBackStaysHere(t *testing.T) {
	for back, want := range map[string]string{
		"/me/sessions?x=1": "/me/sessions?x=1", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", "": "/", "javascript:1": "/",
		"/\n/evil": "/",
	} {
		if got := local(back); got != want {
			t.Errorf("%q leads to %q", back, got)
		}
	}
}

// server serves one page through the edge, with somebody signed in.
func server(pattern string, h edge.Handler, who Who) http.Handler {
	s := edge.New(edge.Config{ErrorPage: ErrorPage, Log: slog.New(slog.DiscardHandler)})
	s.Add(Routes()...)
	s.Add(edge.Route{Pattern: pattern, Access: edge.Public("a test"), Handle: h})
	frame := Frame{Who: func(_ context.Context, org core.ID, _ []core.Permission) (Who, error) { return who, nil }}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r.WithContext(WithFrame(r.Context(), frame)))
	})
}

func TestMenuShowsOnlyWhatMayBeOpened(t *testing.T) {
	who := Who{Name: "Inès", May: map[core.Permission]bool{"member.list": true}, Orgs: []Org{{ID: "o1", Name: "Harbour"}}}
	h := server("GET /o/{org}/members", func(w http.ResponseWriter, r *http.Request) error {
		return Render(w, r, 200, Layout(Page{Title: "Members", Section: Members}))
	}, who)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/o/o1/members?lang=en", nil))
	html := w.Body.String()
	wants(t, html, `href="/o/o1/members" aria-current="page"`, "Harbour", "Inès", `lang="en"`, "<h1>Members</h1>")
	for _, absent := range []string{"/o/o1/journal", "/o/o1/settings", `href="/provider"`} {
		if strings.Contains(html, absent) {
			t.Errorf("shows %s to somebody who may not open it", absent)
		}
	}
}

// A page may hide what any permission opens, not only those that the menu knows.
func TestMayAsksWhatTheMenuDoesNot(t *testing.T) {
	asked := 0
	page := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for range 3 {
			if May(ctx, "thing.change") {
				_, _ = io.WriteString(w, "change ")
			}
			if May(ctx, "thing.remove") {
				_, _ = io.WriteString(w, "remove ")
			}
		}
		return nil
	})
	frame := Frame{Who: func(_ context.Context, _ core.ID, ask []core.Permission) (Who, error) {
		asked++
		may := map[core.Permission]bool{}
		for _, p := range ask {
			may[p] = p == "thing.change"
		}
		return Who{Name: "Inès", May: may}, nil
	}}
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	if err := Render(w, r.WithContext(WithFrame(r.Context(), frame)), 200, page); err != nil {
		t.Fatal(err)
	}
	if got := w.Body.String(); got != "change change change " || asked != 3 {
		t.Errorf("%q after %d questions", got, asked)
	}
}

func TestNoteIsShownOnce(t *testing.T) {
	h := server("GET /go", func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.Query().Has("to") {
			return Redirect(w, r, "/go", "Saved <b>")
		}
		return Render(w, r, 200, Layout(Page{Title: "T"}))
	}, Who{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/go?to=1", nil))
	if w.Code != 303 {
		t.Fatal(w.Code)
	}
	next := httptest.NewRequest("GET", "/go", nil)
	for _, c := range w.Result().Cookies() {
		if !c.HttpOnly || !c.Secure || c.Path != "/" {
			t.Errorf("cookie %s is loose", c.Name)
		}
		next.AddCookie(c)
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, next)
	wants(t, w.Body.String(), "Saved &lt;b&gt;", `role="status"`)
	dropped := false
	for _, c := range w.Result().Cookies() {
		dropped = dropped || (c.Name == noteCookie && c.MaxAge < 0)
	}
	if !dropped {
		t.Error("the note stays for the next page")
	}
}

func TestPreferencesAreKept(t *testing.T) {
	h := server("GET /x", func(w http.ResponseWriter, r *http.Request) error {
		return Render(w, r, 200, Bare(Page{Title: "T"}))
	}, Who{})
	form := url.Values{"theme": {"dark"}, "lang": {"en"}, "back": {"/x"}}
	post := httptest.NewRequest("POST", "/preferences", strings.NewReader(form.Encode()))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, post)
	if w.Code != 303 || w.Header().Get("Location") != "/x" {
		t.Fatal(w.Code, w.Header())
	}
	next := httptest.NewRequest("GET", "/x", nil)
	for _, c := range w.Result().Cookies() {
		next.AddCookie(c)
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, next)
	wants(t, w.Body.String(), `<html lang="en" data-theme="dark">`)
}

var errWait = i18n.Fault(core.TooMany, "uitest.wait", "Trop", "Too many")

func TestErrorPageSaysWhenToTryAgain(t *testing.T) {
	h := server("GET /x", func(http.ResponseWriter, *http.Request) error { return errWait.After(30 * time.Second) }, Who{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/x?lang=en", nil))
	if w.Code != 429 || w.Header().Get("Retry-After") != "30" {
		t.Fatal(w.Code, w.Header())
	}
	wants(t, w.Body.String(), "Too many requests", "Try again in 30 seconds.", "uitest.wait")
}

// A page that fails half-way is an error page, never half a page.
func TestHalfAPageIsNeverSent(t *testing.T) {
	broken := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, _ = w.Write([]byte("half"))
		return context.DeadlineExceeded
	})
	h := server("GET /x", func(w http.ResponseWriter, r *http.Request) error { return Render(w, r, 200, broken) }, Who{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
	if w.Code == 200 || strings.Contains(w.Body.String(), "half") {
		t.Error(w.Code, w.Body.String())
	}
}

// TestSecretsAreDrawnHere: a field for a password or a code is drawn by this package alone, which tells the server never to keep it.
func TestSecretsAreDrawnHere(t *testing.T) {
	for _, top := range []string{"../../core", "../../services", "../../kit"} {
		err := filepath.WalkDir(top, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".templ") || strings.Contains(path, "kit/ui/controls") {
				return err
			}
			b, err := os.ReadFile(path)
			for _, raw := range []string{`type="password"`, `autocomplete="one-time-code"`, `autocomplete="current-password"`} {
				if bytes.Contains(b, []byte(raw)) {
					t.Errorf("%s draws %s by itself", path, raw)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	wants(t, show(t, Password{Name: "pass"}), `<input type="hidden" name="_secret" value="pass">`)
	wants(t, show(t, Field{Name: "pin", Type: "password"}), `<input type="hidden" name="_secret" value="pin">`)
	wants(t, show(t, Field{Name: "digits", Complete: "one-time-code"}), `<input type="hidden" name="_secret" value="digits">`)
}
