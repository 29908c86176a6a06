package browse

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The vectors of RFC 6238, appendix B, cut to six digits.
func TestTheAuthenticatorSpeaksRFC6238(t *testing.T) {
	a := Authenticator{Secret: "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"}
	for seconds, want := range map[int64]string{59: "287082", 1111111109: "081804", 20000000000: "353130"} {
		if got, err := a.at(seconds / 30); got != want || err != nil {
			t.Errorf("at %d: %s, %v, want %s", seconds, got, err, want)
		}
	}
}

func TestABrowserFillsFormsKeepsCookiesAndStaysOnItsOrigin(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/form":
			http.SetCookie(w, &http.Cookie{Name: "c", Value: "1"})
			fmt.Fprint(w, `<p>Bon  jour</p><form method="post" action="/do"><input name="a" value="x"><select name="s"><option value="1">Un<option value="2">Deux</select><button name="go" value="1">Go</button></form>`)
		case "/do":
			c, _ := r.Cookie("c")
			if r.FormValue("a") != "y" || r.FormValue("s") != "2" || c == nil || r.Header.Get("Sec-Fetch-Site") != "same-origin" {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusSeeOther)
		}
	}))
	defer s.Close()
	b := New(s.URL, "127.0.0.9")
	p, err := b.Get("/form")
	if err != nil || !p.Has("Bon jour") {
		t.Fatalf("page %v, %v", p, err)
	}
	f, err := p.Form("a", "s", "go")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Choose("s", "Deux"); err != nil {
		t.Fatal(err)
	}
	if p, err = f.Set("a", "y").Send(); err != nil || p.Status != http.StatusSeeOther {
		t.Errorf("status %d, %v: want the redirect to another site not to be followed", p.Status, err)
	}
}
