package web_test

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/core/internal/journal/web"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/verify"
)

// browser asks pages as one person would, in English.
type browser struct {
	t    *testing.T
	mux  *http.ServeMux
	gate *coretest.FakeGate
	err  error
}

type names map[core.ID]core.Person

func (n names) People(_ context.Context, _ core.Tx, _ ...core.ID) (map[core.ID]core.Person, error) {
	return n, nil
}

func open(t *testing.T) (*browser, *journal.Module) {
	d := dbtest.Open(t, dbtest.SQLite, []db.Schema{journal.Schema()})
	m := journal.New(journal.Needs{
		DB: d, Sealer: coretest.Sealer(), Clock: &clock.Fake{}, Name: "test.example/journal", Key: ed25519.NewKeyFromSeed(make([]byte, 32)),
	})
	bob := ids.New()
	err := d.Write(t.Context(), func(tx core.Tx) error {
		for i := range 60 {
			e := &core.Entry{
				ID: ids.New(), Org: "org", At: (&clock.Fake{}).Now(), Action: "member.update", Type: "member", Verb: core.Updates, Subjects: []core.ID{bob},
				Actor:   core.Actor{Kind: core.HumanActor, ID: bob, Address: netip.MustParseAddr("192.0.2.9")},
				Changes: []core.FieldChange{{Field: "function", Before: "clerk", After: "<b>head</b>"}},
			}
			if i%10 == 0 {
				e.Outcome, e.Reason = core.Refused, "access.forbidden"
			}
			if err := m.Record(t.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, mux: http.NewServeMux(), gate: coretest.Gate(d)}
	titles := func(p core.Permission) (core.Text, bool) {
		return core.Text{FR: "Modifier un membre", EN: "Update a member"}, p == "member.update"
	}
	for _, r := range web.Routes(m.Explorer(b.gate, names{bob: {ID: bob, GivenName: "Bob", FamilyName: "Marley"}}), titles) {
		b.mux.HandleFunc(r.Pattern, func(w http.ResponseWriter, req *http.Request) { b.err = r.Handle(w, req) })
	}
	return b, m
}

func (b *browser) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	ctx := core.WithActor(r.Context(), core.Actor{Kind: core.HumanActor, ID: "reader", Request: "r"})
	w := httptest.NewRecorder()
	b.err = nil
	b.mux.ServeHTTP(w, r.WithContext(i18n.With(ctx, i18n.EN)))
	return w
}

func (b *browser) get(path string, wants ...string) string {
	b.t.Helper()
	w := b.ask("GET", path, nil)
	if b.err != nil || w.Code != http.StatusOK {
		b.t.Fatalf("GET %s: %d %v", path, w.Code, b.err)
	}
	for _, want := range wants {
		if !strings.Contains(w.Body.String(), want) {
			b.t.Errorf("GET %s does not show %q", path, want)
		}
	}
	return w.Body.String()
}

func (b *browser) post(path string, form url.Values) (status int, to string) {
	b.t.Helper()
	w := b.ask("POST", path, form)
	if b.err != nil {
		b.t.Fatalf("POST %s: %v", path, b.err)
	}
	return w.Code, w.Header().Get("Location")
}

func TestAReadersWay(t *testing.T) {
	b, m := open(t)
	b.get("/o/org/journal?outcome=refused", "Why are you reading the journal?", "outcome=refused")
	if status, _ := b.post("/o/org/journal/visit", url.Values{"reason": {"no"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("a reason of two letters: %d", status)
	}
	if _, to := b.post("/o/org/journal/visit", url.Values{"reason": {"monthly review"}, "back": {"https://evil.example/"}}); to != "/o/org/journal" {
		t.Errorf("sent to %q", to)
	}
	page := b.get("/o/org/journal", "Update a member", "Bob Marley", "Refused", "22 November 2026", "function", "monthly review", "before=")
	if strings.Contains(page, "192.0.2.9") {
		t.Error("the list shows addresses")
	}
	next := page[strings.Index(page, "before="):]
	b.get("/o/org/journal?"+next[:strings.IndexAny(next, `"&`)], "10 entries on this page")
	b.get("/o/org/journal?outcome=refused", "6 entries on this page", "Refused")
	entry := b.get("/o/org/journal/entries/59", "clerk", "&lt;b&gt;head", "192.0.2.9", "Bob Marley")
	if strings.Contains(entry, "<b>head") {
		t.Error("a value is not escaped")
	}
	w := b.ask("POST", "/o/org/journal/verify", url.Values{"first": {"10"}, "last": {"59"}})
	if b.err != nil || !strings.Contains(w.Body.String(), "The journal is sound") {
		t.Errorf("verify: %v", b.err)
	}
	w = b.ask("GET", "/o/org/journal/export?format=jsonl&outcome=refused", nil)
	rep, err := verify.File(w.Body, m.Key().String())
	if err != nil || b.err != nil || !rep.OK() || rep.Entries != 6 || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("export: %v %v %s", err, b.err, rep.String())
	}
}

func TestWordsStayOutOfTheAddress(t *testing.T) {
	b, _ := open(t)
	b.post("/o/org/journal/visit", url.Values{"reason": {"monthly review"}})
	_, to := b.post("/o/org/journal/search", url.Values{"words": {"marley"}, "outcome": {"refused"}})
	if strings.Contains(strings.ToLower(to), "marley") || !strings.Contains(to, "outcome=refused") {
		t.Errorf("sent to %q", to)
	}
	b.get(to, "marley", "6 entries on this page")
	_, to = b.post("/o/org/journal/searches", url.Values{"words": {"marley"}, "name": {"About Bob"}})
	b.get(to, "About Bob")
	_, to = b.post("/o/org/journal/search", url.Values{"words": {"nobody like this"}})
	b.get(to, "No entry")
}

func TestARefusalReachesTheReader(t *testing.T) {
	b, _ := open(t)
	for _, p := range []core.Permission{"journal.search", "journal.read", "journal.open", "journal.export", "journal.verify", "journal.save_search"} {
		b.gate.Refuse(p)
	}
	for _, r := range []struct{ method, path string }{
		{"GET", "/o/org/journal"},
		{"POST", "/o/org/journal/visit"},
		{"POST", "/o/org/journal/search"},
		{"POST", "/o/org/journal/searches"},
		{"POST", "/o/org/journal/searches/forget"},
		{"POST", "/o/org/journal/verify"},
		{"GET", "/o/org/journal/export?format=csv"},
		{"GET", "/o/org/journal/entries/1"},
		{"GET", "/provider/journal"},
	} {
		if b.ask(r.method, r.path, url.Values{}); core.KindOf(b.err) != core.Forbidden {
			t.Errorf("%s %s: %v", r.method, r.path, b.err)
		}
	}
}

func TestEveryRouteStatesItsAct(t *testing.T) {
	for _, r := range web.Routes(nil, nil) {
		if r.Access.Act() == nil || r.Access.IsPublic() {
			t.Errorf("%s is open", r.Pattern)
		}
	}
}
