package boot

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/service"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/directory"
)

// TestTelephonesFindNamesByLDAP: the program of telephones at the customer's, the API in between; a link removed answers nothing at the
// next search, a token revoked is refused at the next one.
func TestTelephonesFindNamesByLDAP(t *testing.T) {
	path, err := exec.LookPath("ldapsearch")
	if err != nil {
		t.Skip("no ldapsearch here")
	}
	eachTown(t, func(t *testing.T, w *town) {
		link := w.plantCards(w.a, moulin, recognition.Card{Name: "Achille Bertin", Company: "Valombre", Numbers: []string{"+33612345678"}})
		account, token, err := grants{w.House}.Grant(w.as("a.admin"), service.Granted{
			Org: w.a, Name: "telephones", Responsible: w.people["a.admin"], Role: recognition.RoleAgent, Scopes: []core.Permission{"directory.read"}, Until: time.Now().Add(time.Hour),
		})
		w.must("token", err)
		_, other := w.program(w.a, "a.admin") // it may look up, and not read the directory

		asks, err := directory.To(w.front().URL)
		w.must("platform", err)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		w.must("listen", err)
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		s := &directory.Server{Finder: asks}
		go func() { done <- s.ServeLDAP(ctx, l) }()
		t.Cleanup(func() {
			stop()
			w.must("serve", <-done)
		})
		search := func(org core.ID, secret, filter string) string {
			t.Helper()
			limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			out, _ := exec.CommandContext(limit, path, "-x", "-LLL", "-H", "ldap://"+l.Addr().String(), "-D", "o="+string(org), "-w", secret, "-b", "o="+string(org), filter).CombinedOutput()
			return string(out)
		}
		if out := search(w.a, token, "(telephoneNumber=06 12 34 56 78)"); strings.Count(out, "cn: ") != 2 || !strings.Contains(out, "cn: Jeanne Moulin") {
			t.Errorf("by number: %s", out)
		}
		if out := search(w.a, token, "(|(cn=mou*)(sn=mou*))"); strings.Count(out, "cn: ") != 1 || !strings.Contains(out, "telephoneNumber: +33142001234") {
			t.Errorf("by name: %s", out)
		}
		for who, out := range map[string]string{"another permission": search(w.a, other, "(cn=*)"), "another organization": search(w.b, token, "(cn=*)"), "a guess": search(w.a, "guess", "(cn=*)")} {
			if strings.Contains(out, "dn:") || !strings.Contains(out, "(49)") {
				t.Errorf("%s reads: %s", who, out)
			}
		}
		book := httptest.NewRequest(http.MethodGet, "/directory/yealink.xml", nil)
		book.SetBasicAuth(string(w.a), token)
		rec := httptest.NewRecorder()
		if s.Handler().ServeHTTP(rec, book); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "<Name>Achille Bertin</Name><Telephone>+33612345678</Telephone>") {
			t.Errorf("XML: %d %s", rec.Code, rec.Body)
		}

		w.must("remove", w.House.recognition().RemoveLink(w.system(), w.a, link))
		if out := search(w.a, token, "(cn=*)"); strings.Contains(out, "dn:") {
			t.Errorf("a removed link answers: %s", out)
		}
		w.must("revoke", grants{w.House}.Revoke(w.as("a.admin"), w.a, account, "over"))
		if out := search(w.a, token, "(cn=*)"); !strings.Contains(out, "(50)") && !strings.Contains(out, "(49)") {
			t.Errorf("a revoked token: %s", out)
		}
	})
}
