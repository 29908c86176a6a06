package probe

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rempart/rempart/kit/i18n"
)

var said = i18n.T("%d sur %d", "%d of %d")

func TestASightSaysWhatWasSeenInBothLanguages(t *testing.T) {
	held, broken := Held(9, 3, said, 3, 9), Broken(9, 2, said, 2, 9)
	if !held.Held || held.Why.FR != "3 sur 9" || held.Why.EN != "3 of 9" || held.Population != 9 || held.Sample != 3 {
		t.Errorf("held: %+v", held)
	}
	if broken.Held || broken.Why.EN != "2 of 9" {
		t.Errorf("broken: %+v", broken)
	}
}

func TestAProbeThatCannotLookSaysWhy(t *testing.T) {
	cause := errors.New("no such file")
	err := fmt.Errorf("room: %w", Because(cause, said, 1, 2))
	if w := WordsOf(err); w.FR != "1 sur 2" || w.EN != "1 of 2" || !errors.Is(err, cause) {
		t.Errorf("words %+v of %v", w, err)
	}
	if w := WordsOf(cause); w.EN != "no such file" {
		t.Errorf("words of another error: %+v", w)
	}
}

func TestAVisitorSendsFormsAndReadsABoundedAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.FormValue("a") == "b" {
			http.Redirect(w, r, "/there?x=1", http.StatusSeeOther)
			return
		}
		fmt.Fprint(w, strings.Repeat("x", 2<<20))
	}))
	defer server.Close()
	c := server.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got, err := Post(t.Context(), c, server.URL, url.Values{"a": {"b"}})
	if err != nil || !got.Leads("/there") || got.Leads("/elsewhere") {
		t.Errorf("post: %d %v %v", got.Status, got.Header, err)
	}
	if got, err = Get(t.Context(), c, server.URL); err != nil || len(got.Body) != 1<<20 {
		t.Errorf("get: %d bytes, %v", len(got.Body), err)
	}
}
