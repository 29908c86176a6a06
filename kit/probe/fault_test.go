package probe

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	outer = i18n.T("il manque : %s", "missing: %s")
	inner = i18n.T("le verrou", "the lock")
)

func TestASentenceWithinASentenceSpeaksItsLanguage(t *testing.T) {
	if got := Text(outer, core.Text{FR: "la clé", EN: "the key"}); got.FR != "il manque : la clé" || got.EN != "missing: the key" {
		t.Errorf("a text within a sentence reads %+v", got)
	}
	if got := Text(outer, inner); got.FR != "il manque : le verrou" || got.EN != "missing: the lock" {
		t.Errorf("says %+v", got)
	}
}

func TestPlantedFrontsDoWhatTheySay(t *testing.T) {
	open := true
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !open {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", HttpOnly: true})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2", HttpOnly: true})
		_, _ = io.WriteString(w, "page")
	})
	get := func(h http.Handler) *http.Response {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", nil))
		return w.Result()
	}
	cached := Cache(pages)
	get(cached)
	open = false
	if r := get(cached); r.StatusCode != http.StatusOK {
		t.Errorf("the cache answers %d", r.StatusCode)
	}
	open = true
	for _, c := range get(Cookie("a", func(c *http.Cookie) { c.HttpOnly = false })(pages)).Cookies() {
		if c.HttpOnly != (c.Name == "b") {
			t.Errorf("cookie %s: HttpOnly is %v", c.Name, c.HttpOnly)
		}
	}
	body, _ := io.ReadAll(get(Rewrite(pages, func(b []byte) []byte { return []byte(strings.ToUpper(string(b))) })).Body)
	if string(body) != "PAGE" {
		t.Errorf("the page says %s", body)
	}
}
