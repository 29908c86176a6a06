package boot

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/core/internal/control/trust"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/hook"
	"github.com/rempart/rempart/kit/jobs"
)

// lit is a town whose own pages show the clauses of the lamps, published to both organizations.
func lit(b *board) *board {
	b.t.Helper()
	b.House.control = b.Module
	doors := &late{}
	doors.gate.Gate = b.gate
	b.House.trust = b.trusted(doors)
	b.jobs = jobs.New(b.db, jobs.Options{Log: b.cfg.Log}) // the work of the first door is not done here
	b.must("door", b.openDoor())
	b.handler = b.House.Handler()
	b.publish("1")
	b.must("tell", b.Tell(b.system()))
	return b
}

func eachLit(t *testing.T, run func(t *testing.T, b *board)) {
	eachBoard(t, func(t *testing.T, b *board) { run(t, lit(b)) })
}

// post sends a form.
func (w *town) sends(who, path string, form url.Values, head ...string) *httptest.ResponseRecorder {
	return w.ask(who, http.MethodPost, path, form.Encode()+"&sent=1", head...)
}

func (w *town) page(who, path string, head ...string) string {
	w.t.Helper()
	r := w.ask(who, http.MethodGet, path, "", head...)
	if r.Code != http.StatusOK {
		w.t.Fatalf("%s answers %d to %q", path, r.Code, who)
	}
	return r.Body.String()
}

var tags = regexp.MustCompile(`<[^>]*>`)

// read is a page as it is read.
func read(page string) string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(page, " ")), " ")
}

func (b *board) says(who, path string, all ...string) {
	b.t.Helper()
	text := read(b.page(who, path))
	for _, want := range all {
		if !strings.Contains(text, want) {
			b.t.Errorf("%s does not say %q:\n%s", path, want, text)
		}
	}
}

// TestGreenHasItsDate: a promise is shown held only once a probe saw it, with the date of what it saw.
func TestGreenHasItsDate(t *testing.T) {
	eachLit(t, func(t *testing.T, b *board) {
		for who, path := range map[string]string{"provider.auditor": "/provider/controls", "a.admin": "/o/" + string(b.a) + "/controls"} {
			if page := b.page(who, path); strings.Contains(page, "badge-good") || !strings.Contains(page, "L-1") {
				t.Errorf("%s is green before any probe ran", path)
			}
		}
		b.run("lamp.red", "lamp.blue")
		b.blue.set(false, "it is dark", nil)
		b.run("lamp.blue")
		for who, path := range map[string]string{"provider.auditor": "/provider/controls", "a.admin": "/o/" + string(b.a) + "/controls"} {
			page := b.page(who, path)
			green := strings.Count(page, "badge-good")
			if dated := len(regexp.MustCompile(`(?s)badge-good.{0,400}?evidence of\s*<time datetime`).FindAllString(page, -1)); green != 1 || dated != 1 {
				t.Errorf("%s: %d green, %d of them dated, want 1", path, green, dated)
			}
			b.says(who, path, "Held today 1", "Broken 2", "Over time")
			b.says(who, path+"?status=broken", "2 clauses", "L-2")
			b.says(who, path+"?q=red+lamp.yellow", "No clause")
			b.says(who, path+"?q=L-1", "1 clause")
			b.says(who, path+"?kind=attested", "1 clause", "L-4")
			b.says(who, path+"?days=365", "Share of time held, per week")
			b.says(who, path+"/clauses/lamps/L-1", "The session ends after", "lamp.red", "3 of 9", "Session ends when unused for")
			for _, gone := range []string{"/clauses/lamps/L-9", "/clauses/other/L-1"} {
				if r := b.ask(who, http.MethodGet, path+gone, ""); r.Code != http.StatusNotFound {
					t.Errorf("%s answers %d", gone, r.Code)
				}
			}
		}
		// What a probe saw inside is for the provider's staff: it may be about others.
		b.says("provider.auditor", "/provider/controls", "it is dark")
		if strings.Contains(b.page("a.admin", "/o/"+string(b.a)+"/controls/clauses/lamps/L-2"), "it is dark") {
			t.Error("a client reads what a probe saw inside the platform")
		}
		b.says("provider.auditor", "/provider/controls/observations", "lamp.blue", "Broken", "it is dark")
		last := b.run("lamp.red")[0]
		b.settled()
		b.says("provider.auditor", "/provider/controls/observations/"+string(last.ID), "Signature valid", "probe.observe", "rempart/observation/1", "L-1")
		open, err := b.Alerts(b.as("provider.auditor"), "", 10)
		b.must("alerts", err)
		b.says("provider.auditor", "/provider/controls/alerts/"+string(open[0].ID), "it is dark", "Canary Alpha", "Bravo", "L-2")
		if !strings.Contains(b.page("provider.admin", "/provider/controls/alerts/"+string(open[0].ID)), "/provider/incidents/new?source=alert&amp;about="+string(open[0].ID)) {
			t.Error("an alert does not lead to its incident")
		}
		b.says("provider.auditor", "/provider/controls/alerts", "Lamp lamp.blue", "still lasts", "organizations have this promise")
	})
}

// settled gives the journal's entries their places.
func (b *board) settled() {
	b.t.Helper()
	b.must("settle", b.journal.Settle(b.t.Context()))
}

func (b *board) annexes(ctx context.Context, org core.ID) []trust.Kept {
	b.t.Helper()
	list, err := b.House.trust.Annexes(ctx, org, org)
	b.must("annexes", err)
	return list
}

// TestAnAnnexIsKeptWithItsDifference: the same state makes no second version, a changed one does, each can be drawn
// again byte for byte, and the journal names its hash.
func TestAnAnnexIsKeptWithItsDifference(t *testing.T) {
	eachLit(t, func(t *testing.T, b *board) {
		admin, path := b.as("a.admin"), "/o/"+string(b.a)+"/controls/annex"
		b.run("lamp.red", "lamp.blue")
		b.settled()
		if r := b.sends("a.admin", path, nil); r.Code != http.StatusSeeOther {
			t.Fatalf("making an annex answers %d", r.Code)
		}
		if _, err := b.House.trust.Make(admin, b.a, b.a); core.CodeOf(err) != "annex.same" {
			t.Errorf("the same state makes a second version: %v", err)
		}
		first := b.annexes(admin, b.a)
		if len(first) != 1 || first[0].MadeBy != b.people["a.admin"] || first[0].Number != 1 {
			t.Fatalf("%+v", first)
		}
		pdf := b.page("a.admin", path+"/1/pdf?lang=fr")
		b.blue.set(false, "it is dark", nil)
		b.run("lamp.blue")
		b.settled()
		if _, err := b.House.trust.Make(b.as("provider.admin"), core.Platform, b.a); err != nil {
			t.Fatal(err)
		}
		list := b.annexes(admin, b.a)
		if len(list) != 2 || len(list[0].Changes) == 0 || !strings.Contains(list[0].Changes[0].Text.EN, "L-2: held becomes broken") || !list[0].Changes[0].Weaker {
			t.Fatalf("the difference is not told: %+v", list[0].Changes)
		}
		b.says("a.admin", path, "L-2: held becomes broken", "protects less", "first version")
		if again := b.page("a.admin", path+"/1/pdf?lang=fr"); again != pdf {
			t.Error("version 1 is not drawn the same after version 2")
		}
		d, k, err := b.House.trust.Annex(admin, b.a, b.a, 2)
		b.must("open", err)
		kept, err := d.Bytes()
		b.must("bytes", err)
		if annex.Hash(kept) != k.Hash {
			t.Error("the kept annex is not what its hash says")
		}
		if d.Checkpoint == "" || d.Key == "" || d.Organization != "Canary Alpha" || d.Provider != "The provider" {
			t.Errorf("the annex lacks its parties or its proof: %+v", d)
		}
		html := read(b.page("a.admin", path+"/2/html?lang=en"))
		for _, want := range []string{"Canary Alpha", "L-2 · Two", "Broken", "3 of 9", "A probe of the provider saw it broken", "The session ends after", "the half", k.Hash} {
			if !strings.Contains(html, want) {
				t.Errorf("the annex does not say %q", want)
			}
		}
		b.journaled(core.Platform, "annex.make", core.ID(k.Hash))
		for who, want := range map[string]int{"b.admin": http.StatusNotFound, "a.member": http.StatusForbidden, "provider.support": http.StatusNotFound} {
			if r := b.ask(who, http.MethodGet, path+"/2/html", ""); r.Code != want {
				t.Errorf("%s reads the annex: %d, want %d", who, r.Code, want)
			}
		}
		if r := b.ask("a.admin", http.MethodGet, path+"/2/exe", ""); r.Code != http.StatusUnprocessableEntity {
			t.Errorf("an unknown form answers %d", r.Code)
		}
	})
}

// acts counts the entries of an act on something, in a log.
func (b *board) acts(org core.ID, action string, resource core.ID) (n int) {
	b.t.Helper()
	b.settled()
	x := b.journal.Explorer(b.gate, nil)
	v, err := x.List(b.system(), org, journal.Filter{Action: action, Resource: resource}, journal.Mark{}, 200)
	b.must("journal", err)
	return len(v.Rows)
}

func (b *board) journaled(org core.ID, action string, resource core.ID) {
	b.t.Helper()
	if b.acts(org, action, resource) == 0 {
		b.t.Errorf("no entry %s of %s", action, resource)
	}
}

// TestTheAnnexSaysWhatAnOrganizationTightened: a stricter value of its own stands beside what is imposed.
func TestTheAnnexSaysWhatAnOrganizationTightened(t *testing.T) {
	b := lit(newBoard(t, newTown(t, ""), nil))
	b.do("tighten", func(ctx context.Context, tx core.Tx) error {
		return b.settings.Put(ctx, tx, b.a, map[string]string{"session.idle": "30"})
	})
	d, _, err := b.House.trust.Draft(b.as("a.admin"), b.a, b.a)
	b.must("draft", err)
	if len(d.Tightened) != 1 || d.Tightened[0].Key != "session.idle" || d.Tightened[0].Value != "30" || d.Tightened[0].Demand != "60" || d.Tightened[0].Clause != "L-1" {
		t.Errorf("%+v", d.Tightened)
	}
	if c := d.Clauses[0]; c.ID != "L-1" || len(c.Settings) != 1 || c.Settings[0].Demand != "60" || c.Settings[0].Value != "30" {
		t.Errorf("the clause does not show its setting: %+v", d.Clauses[0].Settings)
	}
	other, _, err := b.House.trust.Draft(b.as("b.admin"), b.b, b.b)
	b.must("draft", err)
	if len(other.Tightened) != 0 {
		t.Errorf("another organization is said to have tightened: %+v", other.Tightened)
	}
}

// TestThePublicPageShowsOnlyWhatHolds: closed until staff opens it, and then neither breaks nor how things are tested.
func TestThePublicPageShowsOnlyWhatHolds(t *testing.T) {
	eachLit(t, func(t *testing.T, b *board) {
		b.run("lamp.red", "lamp.blue")
		b.blue.set(false, "it is dark", nil)
		b.run("lamp.blue")
		if r := b.ask("", http.MethodGet, "/trust", ""); r.Code != http.StatusNotFound {
			t.Fatalf("the page is open by itself: %d", r.Code)
		}
		if r := b.sends("provider.auditor", "/provider/controls/trust", url.Values{"open": {"1"}}); r.Code != http.StatusNotFound && r.Code != http.StatusForbidden {
			t.Errorf("an auditor opens the page: %d", r.Code)
		}
		if r := b.sends("provider.admin", "/provider/controls/trust", url.Values{"open": {"1"}}); r.Code != http.StatusSeeOther {
			t.Fatalf("opening answers %d", r.Code)
		}
		text := read(b.page("", "/trust"))
		for _, want := range []string{"The provider", "L-1", "Red", "The session ends after", "evidence of"} {
			if !strings.Contains(text, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		for _, no := range []string{"L-2", "L-3", "L-4", "lamp.", "it is dark", "it shines", "session.idle", "Canary", "Bravo"} {
			if strings.Contains(text, no) {
				t.Errorf("the page says %q", no)
			}
		}
		b.sends("provider.admin", "/provider/controls/trust", url.Values{"open": {"0"}})
		if r := b.ask("", http.MethodGet, "/trust", ""); r.Code != http.StatusNotFound {
			t.Errorf("a closed page answers %d", r.Code)
		}
		b.journaled(core.Platform, "trust.open", "public")
	})
}

// TestContactsArePublished: RFC 9116 and the page of contacts, from the settings.
func TestContactsArePublished(t *testing.T) {
	w := newTown(t, "")
	if r := w.ask("", http.MethodGet, "/.well-known/security.txt", ""); r.Code != http.StatusNotFound {
		t.Errorf("a file without a contact answers %d", r.Code)
	}
	w.do("contacts", func(ctx context.Context, tx core.Tx) error {
		return w.settings.Put(ctx, tx, core.Platform, map[string]string{"contact.security": "security@example.org", "contact.dpo": "https://example.org/dpo"})
	})
	r := w.ask("", http.MethodGet, "/.well-known/security.txt", "")
	if r.Code != http.StatusOK || r.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Fatalf("%d %s", r.Code, r.Header().Get("Content-Type"))
	}
	fields := map[string]string{}
	for line := range strings.Lines(r.Body.String()) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), ": ")
		fields[k] = v
	}
	for k, want := range map[string]string{
		"Contact": "mailto:security@example.org", "Preferred-Languages": "fr, en", "Canonical": "http://localhost:8080/.well-known/security.txt", "Policy": "http://localhost:8080/contacts",
	} {
		if fields[k] != want {
			t.Errorf("%s: %q, want %q", k, fields[k], want)
		}
	}
	until, err := time.Parse(time.RFC3339, fields["Expires"])
	if in := time.Until(until); err != nil || in < 24*time.Hour || in > 365*24*time.Hour {
		t.Errorf("it expires in %v (%v)", in, err)
	}
	mail := w.mailTo("a.admin", "Hello.")
	if !strings.HasPrefix(mail, "Hello.\n\n-- \n") || !strings.Contains(mail, "Security: security@example.org") || !strings.Contains(mail, "https://example.org/dpo") || strings.Contains(mail, "Support") {
		t.Errorf("a notice does not end with the contacts: %q", mail)
	}
	page := w.page("", "/contacts")
	for _, want := range []string{`href="mailto:security@example.org"`, `href="https://example.org/dpo"`, "Reporting a weakness"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of contacts lacks %s", want)
		}
	}
}

// mailTo queues a mail to a person and gives it as it will leave.
func (w *town) mailTo(name, body string) string {
	w.t.Helper()
	w.do("mail", func(ctx context.Context, tx core.Tx) error {
		return w.mail.Queue(ctx, tx, core.Mail{Org: w.a, Person: w.people[name], To: "x@canary.invalid", Kind: "test.foot", Subject: "Test", Body: body})
	})
	held, err := w.mail.Held(w.system(), w.people[name])
	w.must("held", err)
	if len(held) == 0 {
		w.t.Fatal("no mail")
	}
	return held[len(held)-1].Body
}

// TestAnOrganizationSignsWhatItRead: the page gives the hash that was read, and shows who signed.
func TestAnOrganizationSignsWhatItRead(t *testing.T) {
	eachLit(t, func(t *testing.T, b *board) {
		path := "/o/" + string(b.a) + "/controls/policies"
		page := b.page("a.admin", path)
		hash := regexp.MustCompile(`name="hash" value="([0-9a-f]{64})"`).FindStringSubmatch(page)
		if hash == nil {
			t.Fatalf("nothing to sign:\n%s", read(page))
		}
		if r := b.sends("a.admin", path+"/lamps/sign", url.Values{"hash": {strings.Repeat("0", 64)}}); r.Code < 400 {
			t.Errorf("another hash is signed: %d", r.Code)
		}
		if r := b.sends("a.admin", path+"/lamps/sign", url.Values{"hash": {hash[1]}}); r.Code != http.StatusSeeOther {
			t.Fatalf("signing answers %d", r.Code)
		}
		if page := b.page("a.admin", path); strings.Contains(page, `name="hash"`) {
			t.Error("a signed version asks for a signature")
		}
		b.says("provider.admin", "/provider/controls/policies/lamps", "Canary Alpha", "1 of 2")
	})
}

// TestFormsOfPoliciesActAndComeBack walks publication, withdrawal and destinations through the pages.
func TestFormsOfPoliciesActAndComeBack(t *testing.T) {
	eachLit(t, func(t *testing.T, b *board) {
		base := "/provider/controls"
		if r := b.sends("provider.admin", base+"/policies/lamps/withdraw", url.Values{"clause": {"L-4"}}); r.Code != http.StatusUnprocessableEntity {
			t.Errorf("a withdrawal without a reason answers %d", r.Code)
		}
		if r := b.sends("provider.admin", base+"/policies/lamps/withdraw", url.Values{"clause": {"L-4"}, "reason": {"no guards any more"}}); r.Code != http.StatusSeeOther {
			t.Fatalf("a withdrawal answers %d: %s", r.Code, read(r.Body.String()))
		}
		b.says("provider.admin", base+"/policies/lamps", "L-4", "replaced")
		if c, _, err := b.Clauses(b.as("provider.admin"), control.Filter{Pack: "lamps", Clause: "L-4"}); err != nil || len(c) != 1 || c[0].Published {
			t.Errorf("a withdrawn clause binds: %+v, %v", c, err)
		}
		b.says("provider.admin", base+"/policies/callcenterrate/publish", "First publication", "clauses promised")
		if r := b.sends("provider.admin", base+"/webhooks", url.Values{"url": {"ftp://x"}}); r.Code != http.StatusUnprocessableEntity {
			t.Errorf("a wrong destination answers %d", r.Code)
		}
		added := b.sends("provider.admin", base+"/webhooks", url.Values{"url": {"https://hooks.example.org/x"}})
		secret := regexp.MustCompile(`whs_[a-z0-9]+`).FindString(added.Body.String())
		if secret == "" || strings.Contains(b.page("provider.admin", base+"/webhooks"), secret) {
			t.Error("the secret is not shown once")
		}
		list, err := b.Webhooks(b.as("provider.admin"))
		b.must("webhooks", err)
		b.tries(base)
		if r := b.sends("provider.admin", base+"/webhooks/"+string(list[0].ID)+"/drop", nil); r.Code != http.StatusSeeOther {
			t.Errorf("dropping answers %d", r.Code)
		}
		if r := b.sends("provider.admin", base+"/run", url.Values{"probe": {"lamp.red"}, "back": {base + "/clauses/lamps/L-1"}}); !leads(r, base+"/clauses/lamps/L-1") {
			t.Errorf("running a probe answers %d", r.Code)
		}
		b.says("provider.admin", base+"/clauses/lamps/L-1", "Held", "it shines")
		if r := b.sends("provider.admin", base+"/run", url.Values{"back": {"https://evil.example/"}}); strings.Contains(r.Header().Get("Location"), "evil") {
			t.Error("a run leads to another site")
		}
	})
}

// tries sends a test to a real destination of this machine, which checks its signature.
func (b *board) tries(base string) {
	b.t.Helper()
	got := make(chan string, 1)
	var secret string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		signed := r.Header.Get("Rempart-Signature")
		seconds, _ := strconv.ParseInt(strings.TrimPrefix(signed[:strings.IndexByte(signed, ',')], "t="), 10, 64)
		if signed != hook.Sign(secret, time.Unix(seconds, 0), body) {
			body = nil
		}
		got <- string(body)
	}))
	defer server.Close()
	id, given, err := b.AddWebhook(b.as("provider.admin"), server.URL)
	b.must("add", err)
	secret = given
	b.sends("provider.admin", base+"/webhooks/"+string(id)+"/test", nil)
	select {
	case body := <-got:
		if !strings.Contains(body, `"event":"control.test"`) {
			b.t.Errorf("the destination got %q", body)
		}
	case <-time.After(5 * time.Second):
		b.t.Error("no test came")
	}
	b.says("provider.admin", base+"/webhooks", server.URL, "200")
}

// TestExportsOfBothPlacesAgreeWithTheirPages: what is exported is what the page shows, to whom may see it.
func TestExportsOfBothPlacesAgreeWithTheirPages(t *testing.T) {
	b := lit(newBoard(t, newTown(t, ""), nil))
	b.run("lamp.red", "lamp.blue")
	for who, path := range map[string]string{"provider.auditor": "/provider/controls/export/", "a.auditor": "/o/" + string(b.a) + "/controls/export/"} {
		csv := b.page(who, path+"csv")
		if strings.Count(csv, "\nlamps,") != 4 || !strings.Contains(csv, "lamp.red held") {
			t.Errorf("%s: %s", path, csv)
		}
		if r := b.ask(who, http.MethodGet, path+"exe", ""); r.Code != http.StatusUnprocessableEntity {
			t.Errorf("an unknown format answers %d", r.Code)
		}
		if !strings.Contains(b.page(who, path+"oscal-assessment-results"), `"state": "satisfied"`) {
			t.Error("nothing is satisfied")
		}
	}
	if r := b.ask("a.member", http.MethodGet, "/o/"+string(b.a)+"/controls/export/csv", ""); r.Code != http.StatusForbidden {
		t.Errorf("a member exports the controls: %d", r.Code)
	}
	b.journaled(b.a, "clause.export", b.a)
}
