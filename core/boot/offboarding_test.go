package boot

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/offboarding"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/core/internal/retention"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// TestAnOrganizationLeavesWithEverything: the administrator ends the contract, nothing can be changed, everything can be taken
// away, more time is asked and granted; after the date its rows are gone, administrative ones archived, its keys destroyed, its
// journal verifies, and those who belong nowhere any more are told and erased a month later.
func TestAnOrganizationLeavesWithEverything(t *testing.T) {
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			fake := today()
			w := newTownWith(t, Config{URL: urlOf(t, kind), Clock: fake})
			start := fake.Now()
			at := func(days int) {
				t.Helper()
				fake.Set(start.AddDate(0, 0, days))
				w.must("finish", w.Sweep(w.system(), "offboarding.finish"))
			}
			w.keepsFiles(fake)
			w.leaves(t, fake)
			w.takesAway(t, fake)
			w.stillAnswers(t, fake)
			more, err := w.offboarding.AskMore(w.now(fake, "a.admin"), w.a, start.AddDate(0, 0, 45), "the new provider is not ready")
			w.must("ask for more time", err)
			w.must("grant it", w.offboarding.Decide(w.now(fake, "provider.admin"), more, true, "granted: two weeks more"))
			at(31)
			if w.count(qRowsOfOrg, w.a) == 0 {
				t.Fatal("erased before the date that was granted")
			}
			hold, err := w.retention.Place(w.system(), core.Platform, retention.Draft{Org: w.a, Ground: "seizure by the court, case 77", Review: fake.Now().AddDate(0, 6, 0)})
			w.must("hold", err)
			at(46)
			if w.count(qRowsOfOrg, w.a) == 0 {
				t.Fatal("a held organization was erased")
			}
			w.must("lift", w.retention.Lift(w.system(), core.Platform, hold, "the court released it"))
			at(47)
			w.isGone(t, fake)
		})
	}
}

// keepsFiles has organization a keep something in each room whose files are taken away.
func (w *town) keepsFiles(fake *clock.Fake) {
	w.t.Helper()
	w.acceptsTerms()
	w.plantConsent()
	w.plantIncident()
	_, err := w.rights.Ask(w.now(fake, "a.member"), w.a, rights.Draft{Kind: rights.Access})
	w.must("a request", err)
	_, err = w.register.Save(w.now(fake, "a.admin"), w.a, register.Draft{Kind: register.Added, Values: byHand("canary-activity")})
	w.must("a line of the register", err)
}

// stillAnswers: the month of a person who exercises a right runs while the contract ends; their request is worked on all the same.
func (w *town) stillAnswers(t *testing.T, fake *clock.Fake) {
	t.Helper()
	q, err := w.rights.Requests(w.now(fake, "a.admin"), w.a, rights.Filter{})
	w.must("requests", err)
	if err := w.rights.CarryOut(w.now(fake, "a.admin"), w.a, q.List[0].ID, nil); err != nil {
		t.Errorf("a leaving organization cannot carry a request out: %v", err)
	}
}

// leaves ends the contract of a and sees that nothing changes there any more.
func (w *town) leaves(t *testing.T, fake *clock.Fake) {
	t.Helper()
	soon := offboarding.Draft{Ends: fake.Now().AddDate(0, 0, 7), Reason: "we move to another provider"}
	if _, err := w.offboarding.Begin(w.now(fake, "a.admin"), w.a, w.a, soon); core.CodeOf(err) != "offboarding.invalid" {
		t.Errorf("a week was accepted: %v", err)
	}
	for _, who := range []string{"a.member", "a.auditor", "b.admin"} {
		if _, err := w.offboarding.Begin(w.now(fake, who), w.a, w.a, offboarding.Draft{Reason: "we move to another provider"}); core.KindOf(err) != core.Forbidden && core.KindOf(err) != core.NotFound {
			t.Errorf("%s ends the contract: %v", who, err)
		}
	}
	_, err := w.offboarding.Begin(w.now(fake, "a.admin"), w.a, w.a, offboarding.Draft{Reason: "we move to another provider"})
	w.must("end the contract", err)
	if n := w.letters("offboarding.begun"); n != 1 {
		t.Errorf("%d letters to administrators, want 1", n)
	}
	_, err = w.organizations.Invite(w.now(fake, "a.admin"), w.a, organization.Profile{GivenName: "New", FamilyName: "Comer", Email: "new.comer@example.org"})
	if core.CodeOf(err) != "offboarding.read_only" {
		t.Errorf("a leaving organization invites: %v", err)
	}
	if _, err := w.organizations.List(w.now(fake, "a.admin"), w.a, organization.Filter{}); err != nil {
		t.Errorf("a leaving organization cannot read: %v", err)
	}
	_, err = w.organizations.Invite(w.now(fake, "b.admin"), w.b, organization.Profile{GivenName: "New", FamilyName: "Comer", Email: "new.comer@example.org"})
	w.must("another organization still works", err)
}

// takesAway downloads everything and looks into it.
func (w *town) takesAway(t *testing.T, fake *clock.Fake) {
	t.Helper()
	var file bytes.Buffer
	if err := w.offboarding.TakeAway(w.now(fake, "a.member"), w.a, func() io.Writer { return &file }); core.KindOf(err) != core.Forbidden {
		t.Errorf("a member takes everything away: %v", err)
	}
	w.must("take away", w.offboarding.TakeAway(w.now(fake, "a.admin"), w.a, func() io.Writer { return &file }))
	z, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	w.must("open it", err)
	content := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		w.must(f.Name, err)
		text, err := io.ReadAll(r)
		w.must(f.Name, err)
		content[f.Name] = string(text)
	}
	for name, want := range map[string]string{
		"members.csv": "canary-a-admin@example.org", "habilitations.csv": "Canary", "journal.jsonl": `"action":"offboarding.ask"`,
		"tables/access_role.jsonl": "canary-role", "LISEZ-MOI.txt": "Canary Alpha", "notes.jsonl": "canary-note",
	} {
		if !strings.Contains(content[name], want) {
			t.Errorf("%s does not hold %q: %.300q", name, want, content[name])
		}
	}
	for folder, want := range map[string]string{
		"terms/": "Texte de canary-terms", "rights/": "canary-a-member@example.org", "breaches/": "canary-notice", "breaches/persons-": "canary-a-member@example.org",
		"register/": "canary-activity", "photos/": "\xff\xd8\xff",
	} {
		held := false
		for name, text := range content {
			held = held || strings.HasPrefix(name, folder) && strings.Contains(text, want)
		}
		if !held {
			t.Errorf("no file of %s holds %q", folder, want)
		}
	}
	for name, text := range content {
		if strings.Contains(text, "person-b-") {
			t.Errorf("%s holds something of b", name)
		}
	}
}

// isGone sees what is left of a.
func (w *town) isGone(t *testing.T, fake *clock.Fake) {
	t.Helper()
	if n := w.count(qRowsOfOrg, w.a); n != 0 {
		t.Errorf("%d members left", n)
	}
	if n := w.count(qRowsOfOrg, w.b); n == 0 {
		t.Error("another organization was erased")
	}
	if n := w.count(qArchivedIn, w.a); n < 5 {
		t.Errorf("%d rows archived", n)
	}
	if _, err := w.vault.Seal(w.system(), w.a, "anything/1", []byte("x")); err == nil {
		t.Error("the key of the organization still seals")
	}
	w.verified(t)
	list, _, err := w.offboarding.All(w.now(fake, "provider.admin"))
	w.must("list", err)
	i := slices.IndexFunc(list, func(e offboarding.End) bool { return e.Org == w.a })
	if i < 0 || list[i].State != offboarding.Ended || list[i].Name != "Canary Alpha" {
		t.Fatalf("ends: %+v", list)
	}
	cert, err := w.offboarding.CertificateFile(w.now(fake, "provider.admin"), list[i].ID)
	w.must("certificate", err)
	var read offboarding.Certificate
	w.must("read it", json.Unmarshal(cert, &read))
	emptied := slices.IndexFunc(read.Tables, func(e offboarding.Emptied) bool {
		return e.Table == "access_assignment" && e.Archived == e.Deleted && e.Deleted > 0
	})
	if emptied < 0 || !strings.Contains(string(read.Proof), string(read.Entry)) {
		t.Errorf("the certificate says too little: %s", cert)
	}
	if n := w.letters("account.ending"); n < 5 {
		t.Errorf("%d persons were told that their account ends", n)
	}
	fake.Advance(31 * 24 * time.Hour)
	w.must("farewell", w.Sweep(w.system(), "account.farewell"))
	if n := w.count(qOrdersOf, w.people["a.member"]); n != 1 {
		t.Errorf("%d orders to erase a person without any organization, want 1", n)
	}
	if n := w.count(qOrdersOf, w.people["b.member"]); n != 0 {
		t.Error("a member of another organization is to be erased")
	}
}

// TestAnEndOfContractIsCalledOff: everything can be changed again, and nothing is erased on the date.
func TestAnEndOfContractIsCalledOff(t *testing.T) {
	fake := today()
	w := newTownWith(t, Config{Clock: fake})
	_, err := w.offboarding.Begin(w.now(fake, "provider.admin"), core.Platform, w.a, offboarding.Draft{Reason: "the invoices are not paid"})
	w.must("begin", err)
	if _, err := w.offboarding.Begin(w.now(fake, "a.admin"), w.a, w.a, offboarding.Draft{Reason: "we move to another provider"}); core.CodeOf(err) != "offboarding.already" {
		t.Errorf("twice: %v", err)
	}
	w.must("call off", w.offboarding.Cancel(w.now(fake, "a.admin"), w.a, w.a, "we stay after all"))
	_, err = w.organizations.Invite(w.now(fake, "a.admin"), w.a, organization.Profile{GivenName: "New", FamilyName: "Comer", Email: "new.comer@example.org"})
	w.must("invite again", err)
	fake.Advance(60 * 24 * time.Hour)
	w.must("finish", w.Sweep(w.system(), "offboarding.finish"))
	if w.count(qRowsOfOrg, w.a) == 0 {
		t.Error("erased although it was called off")
	}
}
