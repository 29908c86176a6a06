package boot

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const auditCookie = "__Host-audit="

// enter opens a link as an auditor's browser does, and gives the cookie.
func (b *board) enter(address string) string {
	b.t.Helper()
	path := strings.TrimPrefix(address, "http://localhost:8080")
	if r := b.ask("", http.MethodGet, path, ""); r.Code != http.StatusOK || r.Header().Get("Set-Cookie") != "" {
		b.t.Fatalf("the door answers %d", r.Code)
	}
	r := b.sends("", path, nil)
	cookie, _, _ := strings.Cut(r.Header().Get("Set-Cookie"), ";")
	if !strings.HasPrefix(cookie, auditCookie) || !strings.Contains(r.Header().Get("Set-Cookie"), "HttpOnly; Secure; SameSite=Strict") {
		b.t.Fatalf("the link gives %q", r.Header().Get("Set-Cookie"))
	}
	return cookie
}

// TestAnAuditorReadsTheControlsAndNothingElse is the whole life of a link.
func TestAnAuditorReadsTheControlsAndNothingElse(t *testing.T) {
	eachBoard(t, func(t *testing.T, b *board) {
		b.clock = &clock.Fake{}
		b.clock.Set(time.Now())
		b.cfg.Clock = b.clock
		b.on(b.House)
		lit(b)
		b.run("lamp.red", "lamp.blue")
		base := "/o/" + string(b.a) + "/controls/auditors"
		if r := b.sends("a.admin", base, url.Values{"label": {"x"}, "days": {"400"}}); r.Code != http.StatusUnprocessableEntity {
			t.Errorf("a link without a purpose for 400 days answers %d", r.Code)
		}
		given := b.sends("a.admin", base, url.Values{"label": {"Yearly audit"}, "days": {"10"}})
		address := regexp.MustCompile(`http://localhost:8080/audit/open/rpa_[a-z0-9]+`).FindString(given.Body.String())
		if address == "" {
			t.Fatalf("no link is given: %d", given.Code)
		}
		secret := address[strings.LastIndexByte(address, '/')+1:]
		if strings.Contains(b.page("a.admin", base), secret) {
			t.Error("the link is shown again")
		}
		b.hidden(secret)
		cookie := b.enter(address)
		text := read(b.page("", "/audit", "Cookie", cookie))
		for _, want := range []string{"Canary Alpha", "Yearly audit", "read only until", "L-1", "Held today 2"} {
			if !strings.Contains(text, want) {
				t.Errorf("an auditor does not read %q:\n%s", want, text)
			}
		}
		if one := read(b.page("", "/audit/clauses/lamps/L-1", "Cookie", cookie)); !strings.Contains(one, "3 of 9") || !strings.Contains(one, "Journal entry") {
			t.Errorf("the clause says %s", one)
		}
		for _, form := range []string{"html", "pdf", "odt", "csv", "ocsf", "oscal-assessment-results", "oscal-component-definition"} {
			if b.page("", "/audit/file/"+form, "Cookie", cookie) == "" {
				t.Errorf("%s is empty", form)
			}
		}
		b.nothingElse(cookie)
		links, err := b.House.trust.Links(b.as("a.admin"), b.a)
		b.must("links", err)
		if len(links) != 1 || links[0].Visits != 10 {
			t.Fatalf("%d links, visits %+v, want 10", len(links), links)
		}
		if n := b.acts(b.a, "auditor_link.visit", links[0].ID); n != 10 {
			t.Errorf("%d visits in the journal, want 10", n)
		}
		b.ends(cookie, address, links[0].ID)
	})
}

// nothingElse walks every route that is not public with an auditor's cookie.
func (b *board) nothingElse(cookie string) {
	b.t.Helper()
	for _, route := range b.Routes() {
		if route.Access.IsPublic() {
			continue
		}
		method, path := b.address(route)
		if r := b.ask("", method, path, bodyFor(method, path), "Cookie", cookie); r.Code != http.StatusUnauthorized && !leads(r, "/signin") {
			b.t.Errorf("%s answers %d to an auditor", route.Pattern, r.Code)
		}
	}
	if page := b.page("", "/audit", "Cookie", cookie); strings.Contains(page, "canary-") || strings.Contains(page, "Bravo") || strings.Contains(page, "/provider/") {
		b.t.Error("an auditor reads of persons, of another organization or of the console")
	}
}

// ends takes the link back, and lets another one expire.
func (b *board) ends(cookie, address string, id core.ID) {
	b.t.Helper()
	other, err := b.House.trust.Give(b.as("provider.admin"), core.Platform, "Other audit", 1)
	b.must("give", err)
	kept := b.enter(other)
	if r := b.ask("a.admin", http.MethodPost, "/o/"+string(b.a)+"/controls/auditors/"+string(id)+"/end", "x=1"); r.Code != http.StatusSeeOther {
		b.t.Fatalf("ending answers %d", r.Code)
	}
	closed := func(cookie, address string) {
		b.t.Helper()
		for _, path := range []string{"/audit", "/audit/clauses/lamps/L-1", "/audit/file/html"} {
			if r := b.ask("", http.MethodGet, path, "", "Cookie", cookie); r.Code != http.StatusNotFound {
				b.t.Errorf("%s answers %d by a dead link", path, r.Code)
			}
		}
		if r := b.ask("", http.MethodGet, strings.TrimPrefix(address, "http://localhost:8080"), ""); r.Code != http.StatusNotFound {
			b.t.Errorf("a dead link's door answers %d", r.Code)
		}
	}
	closed(cookie, address)
	b.page("", "/audit", "Cookie", kept)
	b.clock.Advance(25 * time.Hour)
	closed(kept, other)
	closed(auditCookie+"rpa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "http://localhost:8080/audit/open/rpa_x")
}

var qLinkHash = db.SQL(`SELECT hash FROM trust_link`)

// hidden checks that what is kept of a secret is its hash.
func (b *board) hidden(secret string) {
	b.t.Helper()
	b.must("read", b.db.Read(b.system(), func(tx core.Tx) error {
		kept, _, err := db.One(b.system(), tx, qLinkHash, db.Value[[]byte])
		want := sha256.Sum256([]byte(secret))
		if !bytes.Equal(kept, want[:]) {
			b.t.Errorf("what is kept of a link is %q", kept)
		}
		return err
	}))
}
