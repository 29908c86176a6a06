package boot

import (
	"bytes"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/incident"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

var (
	qAwareAt      = db.SQL(`UPDATE incident_incident SET aware_at = $2 WHERE id = $1`)
	qSealedNotice = db.SQL(`SELECT text FROM incident_notice WHERE incident = $1`)
)

func breachDraft() incident.Draft {
	return incident.Draft{Breach: true, Part: "processor", Gravity: "significant", Values: incident.Values{
		"title": "An account in other hands", "facts": "Somebody read the members through an administrator's account.", "nature": "confidentiality",
		"data": "names, addresses", "persons": "members", "consequences": "phishing", "measures": "sessions ended, password changed",
	}}
}

func (w *town) opens(d incident.Draft) core.ID {
	w.t.Helper()
	id, err := w.incident.OpenIncident(w.as("provider.dpo"), d)
	w.must("open an incident", err)
	return id
}

// plantIncident tells organization a of a breach, for the walks: no other client reads it.
func (w *town) plantIncident() {
	w.t.Helper()
	d := breachDraft()
	d.Values["title"], d.Values["facts"] = "canary-incident", "canary-facts"
	id := w.opens(d)
	_, err := w.incident.Compute(w.as("provider.dpo"), id, incident.Criteria{Tables: []string{"organization_member"}, Orgs: []core.ID{w.a}})
	w.must("list", err)
	notice, err := w.incident.Notify(w.as("provider.dpo"), id, w.a, "canary-notice", false)
	w.must("notify", err)
	w.known["incident"], w.known["notice"] = []core.ID{id}, []core.ID{notice}
}

// TestABreachIsToldToWhoItConcernsAndNobodyElse: an account in other hands reads the members of one organization (USR-4.2, KSK-3.5).
func TestABreachIsToldToWhoItConcernsAndNobodyElse(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		began := time.Now().Add(-time.Minute)
		w.begin("a.people")
		w.see("a.people", "/o/"+string(w.a)+"/members")
		w.begin("b.admin")
		w.see("b.admin", "/o/"+string(w.b)+"/members") // an honest reading of another organization
		id := w.opens(breachDraft())

		s, err := w.incident.Compute(w.as("provider.dpo"), id, incident.Criteria{From: began, To: time.Now().Add(time.Minute), Accounts: []core.ID{w.people["a.people"]}})
		w.must("compute", err)
		if s.Persons < len(clientRoles) || s.Orgs != 1 || s.Entries == 0 {
			t.Fatalf("%d persons of %d organizations from %d entries", s.Persons, s.Orgs, s.Entries)
		}
		list, people, err := w.incident.Listed(w.as("provider.dpo"), id, w.a)
		w.must("read the list", err)
		for _, a := range list {
			if a.Person == w.people["a.people"] && !slices.Contains(a.Why, "account") || a.Person == w.people["a.admin"] && !slices.Contains(a.Why, "read") {
				t.Errorf("%s is listed because of %v", people[a.Person].Email, a.Why)
			}
		}
		if other, _, _ := w.incident.Listed(w.as("provider.dpo"), id, w.b); len(other) != 0 {
			t.Errorf("%d persons of the other organization are listed", len(other))
		}

		p, err := w.incident.Propose(w.as("provider.dpo"), id, w.a)
		w.must("propose", err)
		for _, want := range []string{"33", "phishing", "sessions ended", "Canary Alpha"} {
			if !strings.Contains(p.Text, want) {
				t.Errorf("the notice does not say %q:\n%s", want, p.Text)
			}
		}
		before := w.letters("breach.notice")
		notice, err := w.incident.Notify(w.as("provider.dpo"), id, w.a, p.Text, false)
		w.must("notify", err)
		if n := w.letters("breach.notice") - before; n != int64(p.To) || n == 0 {
			t.Errorf("%d mails left, want %d", n, p.To)
		}
		w.must("sealed", w.db.Read(t.Context(), func(tx core.Tx) error {
			stored, _, err := db.One(t.Context(), tx, qSealedNotice, db.Value[[]byte], id)
			if len(stored) == 0 || bytes.Contains(stored, []byte("phishing")) {
				t.Error("the notice is in clear in the database")
			}
			return err
		}))

		at := "/o/" + string(w.a) + "/breaches/" + string(notice)
		w.begin("a.admin")
		w.see("a.admin", at, "phishing", "canary-a-member@example.org")
		if r := w.ask("a.admin", http.MethodGet, at+"/persons", ""); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), "canary-a-member@example.org") {
			t.Errorf("the list as a sheet: %d %s", r.Code, r.Body)
		}
		w.wants("a member reads the notice", "a.member", at, http.StatusForbidden)
		for _, who := range []string{"b.admin", "provider.support"} {
			w.wants("somebody else reads it", who, at, http.StatusNotFound)
		}
		w.wants("its id in another organization", "b.admin", "/o/"+string(w.b)+"/breaches/"+string(notice), http.StatusNotFound)

		page, err := w.incident.Get(w.as("provider.dpo"), id)
		w.must("read", err)
		if d := page.Deadlines(); len(d) != 1 || d[0].Met.IsZero() {
			t.Errorf("every client is told, and the clock still runs: %v", d)
		}
		if page.Groups[0].Notices[0].Seen.IsZero() {
			t.Error("the client read its notice, and nobody sees that")
		}
		w.ready(id)
	})
}

// ready closes an incident: refused with every reason at once, then taken.
func (w *town) ready(id core.ID) {
	w.t.Helper()
	w.wantCode("close at once", w.incident.Move(w.as("provider.dpo"), id, incident.StateOpen, incident.StateClosed), "incident.closing")
	page, err := w.incident.Get(w.as("provider.dpo"), id)
	w.must("read", err)
	d := incident.Draft{Breach: true, Part: page.Part, Gravity: page.Gravity, Aware: page.Aware, Values: page.Values, Revision: page.Revision}
	d.Values["lessons"], d.Values["authority"] = "a second factor for everybody", "client"
	w.must("write the lessons", w.incident.Change(w.as("provider.dpo"), id, d))
	w.must("give a task", w.incident.AddTask(w.as("provider.dpo"), id, incident.Task{Title: "demand a second factor", Owner: w.people["provider.admin"], Due: time.Now().Add(time.Hour)}))
	w.wantCode("close with a task", w.incident.Move(w.as("provider.dpo"), id, incident.StateOpen, incident.StateClosed), "incident.closing")
	page, err = w.incident.Get(w.as("provider.dpo"), id)
	w.must("read", err)
	w.must("end the task", w.incident.EndTask(w.as("provider.admin"), id, page.Tasks[0].ID))
	w.must("close", w.incident.Move(w.as("provider.dpo"), id, incident.StateOpen, incident.StateClosed))
	w.wantCode("work on a closed one", w.incident.Note(w.as("provider.dpo"), id, "too late"), "incident.closed")
	page, err = w.incident.Get(w.as("provider.auditor"), id)
	w.must("read", err)
	for _, kind := range []string{"opened", "list", "notice", "clients", "changed", "task", "done", "closed"} {
		if !slices.ContainsFunc(page.Steps, func(s incident.Step) bool { return s.Kind == kind && s.Entry != "" }) {
			w.t.Errorf("the timeline has no %q", kind)
		}
	}
	f, err := w.incident.Register(w.as("provider.auditor"), 1)
	if err != nil || !bytes.Contains(f.Bytes, []byte(id)) || !bytes.Contains(f.Bytes, []byte("a second factor")) {
		w.t.Errorf("the register of breaches: %q, %v", f.Bytes, err)
	}
}

// TestAddressesAndTablesMakeAList: whoever came from an address, and everybody with rows in a table.
func TestAddressesAndTablesMakeAList(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		id := w.opens(breachDraft())
		c := incident.Criteria{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour), Addresses: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}
		s, err := w.incident.Compute(w.as("provider.dpo"), id, c)
		if err != nil || s.Persons != 0 {
			t.Errorf("from an address that nobody had: %d persons, %v", s.Persons, err)
		}
		s, err = w.incident.Compute(w.as("provider.dpo"), id, incident.Criteria{Tables: []string{"organization_member"}})
		if err != nil || s.Orgs < 3 || s.Persons < 2*len(clientRoles)+len(providerRoles) {
			t.Errorf("a table that everybody is in: %d persons of %d organizations, %v", s.Persons, s.Orgs, err)
		}
		s, err = w.incident.Compute(w.as("provider.dpo"), id, incident.Criteria{Tables: []string{"organization_member"}, Orgs: []core.ID{w.b}})
		if err != nil || s.Orgs != 1 || s.Persons != len(clientRoles) {
			t.Errorf("the same in one organization: %d persons of %d organizations, %v", s.Persons, s.Orgs, err)
		}
		for what, bad := range map[string]incident.Criteria{
			"nothing": {}, "no span": {Accounts: []core.ID{w.people["a.admin"]}}, "no table": {Tables: []string{"sqlite_schema"}},
		} {
			_, err := w.incident.Compute(w.as("provider.dpo"), id, bad)
			w.wantCode(what, err, "incident.criteria")
		}
		if _, err := w.incident.Compute(w.as("provider.operator"), id, c); core.KindOf(err) != core.Forbidden && core.KindOf(err) != core.NotFound {
			t.Errorf("an operator computed a list: %v", err)
		}
	})
}

// TestTheClocksAreTold once each, to those who can act, and never of an exercise outside of its team.
func TestTheClocksAreTold(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		d := breachDraft()
		d.Part = "both"
		id := w.opens(d)
		w.must("a fresh one", w.incident.Remind(w.system()))
		if n := w.letters("incident.deadline"); n != 0 {
			t.Errorf("%d reminders of a breach a minute old", n)
		}
		w.exec(qAwareAt, id, clock.Micros(time.Now().Add(-80*time.Hour)))
		w.must("an old one", w.incident.Remind(w.system()))
		first := w.letters("incident.deadline")
		if first == 0 {
			t.Error("two clocks have passed, and nobody is told")
		}
		w.must("again", w.incident.Remind(w.system()))
		if n := w.letters("incident.deadline"); n != first {
			t.Errorf("the same clocks are told again: %d mails, then %d", first, n)
		}
		v, err := w.incident.Incidents(w.as("provider.auditor"), incident.FilterBreaches)
		if err != nil || len(v.List) == 0 || !v.List[0].Deadlines()[0].Late(time.Now()) {
			t.Errorf("the list does not show what is late: %v", err)
		}

		d = breachDraft()
		d.Exercise = true
		id = w.opens(d)
		_, err = w.incident.Compute(w.as("provider.dpo"), id, incident.Criteria{Tables: []string{"organization_member"}, Orgs: []core.ID{w.a}})
		w.must("compute", err)
		p, err := w.incident.Propose(w.as("provider.dpo"), id, w.a)
		w.must("propose", err)
		if !strings.Contains(p.Text, "EXERCISE") {
			t.Errorf("the notice of an exercise does not say so: %s", p.Text)
		}
		notices := w.told("a.admin", "breach.notice")
		_, err = w.incident.Notify(w.as("provider.dpo"), id, w.a, p.Text, false)
		w.must("notify", err)
		if n := w.told("a.admin", "breach.notice"); n != notices {
			t.Error("an exercise wrote to a client")
		}
		if list, err := w.incident.Told(w.as("a.admin"), w.a); err != nil || slices.ContainsFunc(list, func(n incident.Notice) bool { return n.Incident == id }) {
			t.Errorf("an exercise stands among the notices of a client (%v)", err)
		}
	})
}

// TestEvidenceIsFrozen: an extract of the journal verifies offline, a file comes back as it was, what is no document is refused.
func TestEvidenceIsFrozen(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		id := w.opens(breachDraft())
		w.begin("a.admin")
		w.see("a.admin", "/o/"+string(w.a)+"/members")
		span := incident.Span{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Minute), Actor: w.people["a.admin"]}
		w.must("freeze", w.incident.FreezeJournal(w.as("provider.dpo"), id, w.a, span))
		w.must("attach", w.incident.Attach(w.as("provider.operator"), id, "../../screen.png", []byte("\x89PNG\r\n\x1a\nseen")))
		w.wantCode("a program", w.incident.Attach(w.as("provider.operator"), id, "a.pdf", []byte("MZ\x00\x03")), "incident.file")
		w.wantCode("no span", w.incident.FreezeJournal(w.as("provider.dpo"), id, w.a, incident.Span{}), "incident.span")
		page, err := w.incident.Get(w.as("provider.dpo"), id)
		w.must("read", err)
		if len(page.Evidence) != 2 || page.Evidence[1].Name != "screen.png" {
			t.Fatalf("evidence: %v", page.Evidence)
		}
		_, content, err := w.incident.OpenEvidence(w.as("provider.dpo"), id, page.Evidence[0].ID)
		w.must("open", err)
		rep, err := verify.File(bytes.NewReader(content), w.journal.Key().String())
		if err != nil || !rep.OK() || rep.Entries == 0 {
			t.Errorf("the extract does not verify: %v, %+v", err, rep)
		}
		if _, _, err := w.incident.OpenEvidence(w.as("provider.operator"), id, page.Evidence[0].ID); core.KindOf(err) != core.Forbidden && core.KindOf(err) != core.NotFound {
			t.Errorf("an operator opened an extract of a client's journal: %v", err)
		}
	})
}

// TestAReportOpensAnIncident with the report, in one transaction (ACC-10.1).
func TestAReportOpensAnIncident(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.must("report", w.identity.NotMeMyself(w.as("b.member"), w.people["b.member"]))
		v, err := w.incident.Incidents(w.as("provider.operator"), incident.FilterLive)
		w.must("list", err)
		i := slices.IndexFunc(v.List, func(it incident.Incident) bool { return it.Source == incident.SourceReport })
		if i < 0 {
			t.Fatal("a report opened no incident")
		}
		if !w.journalled(core.Platform, string(v.List[i].ID), "incident.reported") {
			t.Error("the incident is not in the journal")
		}
		again, err := w.incident.OpenIncident(w.as("provider.dpo"), incident.Draft{Source: incident.SourceReport, About: v.List[i].About, Gravity: "limited", Values: incident.Values{"title": "x", "facts": "x"}})
		if err != nil || again != v.List[i].ID {
			t.Errorf("one report has two incidents: %s, %v", again, err)
		}
	})
}
