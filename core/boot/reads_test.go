package boot

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
)

// quietly are what acts without an entry may read: things that hold no datum of a person but the reader's own, each with the reason.
var quietly = map[string]string{
	"role": "names and permissions of roles", "allow": "blocks of addresses of an organization", "setting": "rules of the platform", "clause": "what is promised",
	"subprocessor": "firms", "organization": "names of organizations and counts", "platform": "counts", "statistic": "noisy figures", "journal_search": "how one's own searches are called",
	"terms": "texts for everybody", "consent_text": "texts for everybody", "consent": "counts", "annex": "what an organization was promised", "auditor_link": "which audit a link is for",
	"organization_key": "public keys", "retention": "rules and counts", "offboarding": "where the end of a contract stands",
	"sync": "counts, dates and digests", "subscription": "whether a service is subscribed to", "subscription_form": "addresses of sites",
}

// unjournaled lists the acts that read without an entry and may show somebody, and those that state no purpose.
func unjournaled(manifests []core.Manifest) (wrong []string) {
	for _, m := range manifests {
		for _, a := range m.Acts {
			switch {
			case a.Purpose == "":
				wrong = append(wrong, fmt.Sprintf("%s states no purpose", a.Permission))
			case a.Quiet && a.Verb != core.Reads:
				wrong = append(wrong, fmt.Sprintf("%s changes something and leaves no entry", a.Permission))
			case a.Quiet && a.Reach == core.ByAssignment && quietly[a.Resource] == "":
				wrong = append(wrong, fmt.Sprintf("%s reads %s of others and leaves no entry", a.Permission, a.Resource))
			}
		}
	}
	return wrong
}

// TestEveryReadOfPersonalDataIsDeclaredWithAnEntry holds the manifests, and is shown to fail.
func TestEveryReadOfPersonalDataIsDeclaredWithAnEntry(t *testing.T) {
	w := newTown(t, "")
	for _, wrong := range unjournaled(w.Manifests()) {
		t.Error(wrong)
	}
	planted := []core.Manifest{{Acts: []*core.ActDef{
		{Permission: "member.peek", Resource: "member", Verb: core.Reads, Purpose: core.PurposeService, Quiet: true},
		{Permission: "member.tweak", Resource: "role", Verb: core.Updates, Purpose: core.PurposeService, Quiet: true},
		{Permission: "member.wonder", Resource: "member", Verb: core.Reads},
	}}}
	if got := unjournaled(planted); len(got) != 3 {
		t.Errorf("three planted acts gave %q", got)
	}
}

// showsOthers tells whom an answer shows beside the reader.
func (w *town) showsOthers(who string, r *httptest.ResponseRecorder) string {
	body := strings.ToLower(r.Body.String())
	for name := range w.people {
		if name == who {
			continue
		}
		for _, given := range []string{"canary", "person", "staff"} {
			if strings.Contains(body, given+"-"+strings.ReplaceAll(name, ".", "-")+"@example.org") {
				return name
			}
		}
	}
	return ""
}

// silentReads asks for every page and operation as a person, and lists those that show somebody else without an entry.
func (w *town) silentReads(who string) (wrong []string, shown int) {
	for _, route := range w.Routes() {
		method, path := w.address(route)
		if method != http.MethodGet {
			continue
		}
		w.begin(who)
		before := w.written()
		r := w.ask(who, method, path, "")
		name := w.showsOthers(who, r)
		if r.Code != http.StatusOK || name == "" {
			continue
		}
		if shown++; w.written() == before {
			wrong = append(wrong, route.Pattern+" shows "+name+" to "+who+" and the journal does not know")
		}
	}
	return wrong, shown
}

func (w *town) written() (n int64) {
	head, err := w.journal.Head(w.t.Context())
	w.must("head", err)
	return int64(head.Entries)
}

// TestWhoeverIsShownIsInTheJournal: whatever page or operation shows a person to another has left an entry (USR-2.8).
func TestWhoeverIsShownIsInTheJournal(t *testing.T) {
	if coretest.RaceDetector {
		t.Skip("hundreds of requests, one after the other")
	}
	w := newTown(t, "")
	total := 0
	for _, who := range []string{"a.admin", "a.auditor", "provider.admin", "provider.dpo"} {
		wrong, shown := w.silentReads(who)
		total += shown
		for _, one := range wrong {
			t.Error(one)
		}
	}
	if total < 8 {
		t.Errorf("only %d answers showed somebody: this shows nothing", total)
	}
	// Shown to fail: a relay that keeps answers shows persons without asking the house.
	kept, real := map[string]*httptest.ResponseRecorder{}, w.handler
	w.handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		rec := kept[r.URL.Path]
		if rec == nil {
			rec = httptest.NewRecorder()
			real.ServeHTTP(rec, r)
			kept[r.URL.Path] = rec
		}
		out.WriteHeader(rec.Code)
		_, _ = out.Write(rec.Body.Bytes())
	})
	w.silentReads("a.auditor")
	if wrong, _ := w.silentReads("a.auditor"); !slices.ContainsFunc(wrong, func(s string) bool { return strings.Contains(s, "/members") }) {
		t.Errorf("answers that were kept and shown again were not noticed: %q", wrong)
	}
}
