package boot

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/retention"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// TestEveryRetentionWordHasARule: each word has a rule, and each table of personal data with a limited time a room that ends
// its rows, or a ground why none does.
func TestEveryRetentionWordHasARule(t *testing.T) {
	w := newTown(t, "")
	for _, g := range retention.Gaps(w.modules, w.Manifests(), unswept) {
		if g.Word != "" {
			t.Errorf("%s: %s is kept for %q, which no rule explains", g.Module, g.Table, g.Word)
			continue
		}
		t.Errorf("%s: nothing ends the rows of %s by their age, and no ground says why", g.Module, g.Table)
	}
	known := map[string]bool{}
	for _, mf := range w.Manifests() {
		for _, table := range mf.Tables {
			known[table.Name] = true
		}
	}
	for table := range unswept {
		if !known[table] {
			t.Errorf("%s has a ground and does not exist", table)
		}
	}
}

// TestAnEndlessTableIsSeen plants a word without a rule and a table that nothing ends.
func TestAnEndlessTableIsSeen(t *testing.T) {
	w := newTown(t, "")
	planted := core.Manifest{
		Module: "planted", Rules: []core.RetentionRule{{Name: "fortnight", Days: 14}},
		Tables: []core.Table{
			{Name: "planted_word", Columns: core.Personal(core.Column{Retention: "whenever"}, "phone")},
			{Name: "planted_table", Columns: core.Personal(core.Column{Retention: "fortnight"}, "phone")},
		},
	}
	var found []string
	for _, g := range retention.Gaps(w.modules, append(w.Manifests(), planted), unswept) {
		if g.Module == "planted" {
			found = append(found, g.Table+":"+g.Word)
		}
	}
	if got := strings.Join(found, " "); got != "planted_word:whenever planted_table:" {
		t.Errorf("found %q", got)
	}
}

// TestEveryTableOfAnOrganizationEndsWithIt: each table with an organization is emptied with it, or says why it stays.
func TestEveryTableOfAnOrganizationEndsWithIt(t *testing.T) {
	w := newTown(t, "")
	for _, table := range retention.Unowned(w.modules, w.Manifests(), lasting) {
		t.Errorf("the rows of %s would outlive their organization, and no ground says why", table)
	}
	planted := core.Manifest{Module: "planted", Tables: []core.Table{{Name: "planted_org", Columns: core.Plain("org", "id")}}}
	if got := retention.Unowned(w.modules, append(w.Manifests(), planted), lasting); len(got) == 0 || got[len(got)-1] != "planted_org" {
		t.Errorf("a planted table of organizations is not seen: %v", got)
	}
}

var (
	qEndedRole  = db.SQL(`UPDATE access_assignment SET revoked_at = $2 WHERE org = $1 AND person = $3`)
	qRolesIn    = db.SQL(`SELECT count(*) FROM access_assignment WHERE org = $1 AND person = $2`)
	qArchivedIn = db.SQL(`SELECT count(*) FROM retention_archive WHERE org = $1`)
	qArchiveRaw = db.SQL(`SELECT count(*) FROM retention_archive WHERE name = $1`)
	qOrdersOf   = db.SQL(`SELECT count(*) FROM erasure_order WHERE person = $1`)
	qRowsOfOrg  = db.SQL(`SELECT count(*) FROM organization_member WHERE org = $1`)
)

// plantRetention makes a run and a lifted hold in a, for the walks.
func (w *town) plantRetention() {
	w.t.Helper()
	run, err := w.retention.Try(w.as("a.admin"), w.a)
	w.must("try a sweep", err)
	hold, err := w.retention.Place(w.as("a.admin"), w.a, retention.Draft{Person: w.people["a.member"], Ground: "canary-ground of a hold", Review: time.Now().AddDate(0, 1, 0)})
	w.must("place a hold", err)
	w.must("lift a hold", w.retention.Lift(w.as("a.admin"), w.a, hold, "canary: no longer needed"))
	w.known["sweep"], w.known["hold"] = []core.ID{run}, []core.ID{hold}
}

// TestWhatHasReachedItsEndGoes: an ended assignment stays a year at hand, then the archive keeps it until seven years, then
// nothing does; a hold stops each step; each step has its certificate with a proof.
func TestWhatHasReachedItsEndGoes(t *testing.T) {
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			fake := today()
			w := newTownWith(t, Config{URL: urlOf(t, kind), Clock: fake})
			member, start := w.people["a.auditor"], fake.Now()
			w.exec(qEndedRole, w.a, clock.Micros(start), member)
			sweep := func(days int) {
				t.Helper()
				fake.Set(start.AddDate(0, 0, days))
				w.must("sweep", w.Sweep(w.system(), "retention.sweep"))
			}
			sweep(360)
			if n := w.count(qRolesIn, w.a, member); n != 1 {
				t.Fatalf("after 360 days %d roles, want 1", n)
			}
			hold, err := w.retention.Place(w.system(), w.a, retention.Draft{Person: member, Ground: "case 12/345 before the court", Review: fake.Now().AddDate(0, 6, 0)})
			w.must("hold", err)
			sweep(370)
			if n := w.count(qRolesIn, w.a, member); n != 1 {
				t.Fatalf("a held role went")
			}
			if held, err := heldIn(w, "", member); err != nil || len(held) != 1 || held[0].Ground != "case 12/345 before the court" {
				t.Fatalf("held: %+v, %v", held, err)
			}
			w.must("lift", w.retention.Lift(w.system(), w.a, hold, "the case is closed"))
			sweep(371)
			if n, kept := w.count(qRolesIn, w.a, member), w.count(qArchivedIn, w.a); n != 0 || kept != 1 {
				t.Fatalf("after a year %d roles and %d archived, want 0 and 1", n, kept)
			}
			w.certified(t)
			sweep(7*365 - 3)
			if kept := w.count(qArchivedIn, w.a); kept != 1 {
				t.Fatalf("before its term %d archived, want 1", kept)
			}
			sweep(7*365 + 3)
			if kept := w.count(qArchivedIn, w.a); kept != 0 {
				t.Fatalf("after its term %d archived", kept)
			}
			w.verified(t)
		})
	}
}

func heldIn(w *town, org, person core.ID) (held []personal.Hold, err error) {
	err = w.db.Read(w.system(), func(tx core.Tx) error {
		held, err = w.retention.Held(w.system(), tx, org, person)
		return err
	})
	return held, err
}

// certified reads the newest certificate and checks that the journal bears it out.
func (w *town) certified(t *testing.T) {
	t.Helper()
	runs, err := w.retention.Runs(w.system(), w.a)
	w.must("runs", err)
	if len(runs) == 0 || runs[0].Dry || runs[0].State != "done" {
		t.Fatalf("runs: %+v", runs)
	}
	text, err := w.retention.Certificate(w.system(), w.a, runs[0].ID)
	w.must("certificate", err)
	var cert struct {
		Lines []struct {
			Table    string `json:"table"`
			Deleted  int64  `json:"deleted"`
			Archived int64  `json:"archived"`
			Entry    string `json:"entry"`
		} `json:"lines"`
		Proofs map[string]struct {
			Checkpoint string            `json:"checkpoint"`
			Entries    []json.RawMessage `json:"entries"`
		} `json:"proofs"`
	}
	w.must("read it", json.Unmarshal(text, &cert))
	proof := cert.Proofs[string(w.a)]
	if len(cert.Lines) != 1 || cert.Lines[0].Table != "access_assignment" || cert.Lines[0].Deleted != 1 || cert.Lines[0].Archived != 1 {
		t.Fatalf("lines: %s", text)
	}
	// The engines run one after the other with clocks of their own: the second one's ids name moments years after its entries.
	if len(proof.Entries) != 1 || !strings.Contains(string(proof.Entries[0]), cert.Lines[0].Entry) || !strings.Contains(proof.Checkpoint, "/journal") {
		t.Fatalf("the certificate has no proof: %s", text)
	}
}

// verified checks every log of the journal.
func (w *town) verified(t *testing.T) {
	t.Helper()
	reports, err := w.VerifyJournal(w.system())
	w.must("verify", err)
	for _, r := range reports {
		if len(r.Findings) > 0 {
			t.Errorf("the journal of %s does not verify: %v", r.Log, r.Findings)
		}
	}
}

// TestTheArchiveAsksForItsPermissionAndAReason: sealed at rest, refused to administrators, journaled with the reason.
func TestTheArchiveAsksForItsPermissionAndAReason(t *testing.T) {
	fake := today()
	w := newTownWith(t, Config{Clock: fake})
	member := w.people["a.auditor"]
	w.exec(qEndedRole, w.a, clock.Micros(fake.Now()), member)
	fake.Advance(366 * 24 * time.Hour)
	w.must("sweep", w.Sweep(w.system(), "retention.sweep"))
	if n := w.count(qArchiveRaw, "access_assignment"); n != 1 {
		t.Fatalf("%d archived, want 1", n)
	}
	quest := retention.Quest{Org: w.a, Person: member, Reason: "audit of the access table of last year"}
	for _, who := range []string{"a.admin", "provider.admin", "provider.operator", "provider.auditor", "b.admin"} {
		w.begin(who)
		if _, err := w.retention.Search(w.now(fake, who), quest); core.KindOf(err) != core.Forbidden && core.KindOf(err) != core.NotFound {
			t.Errorf("%s reads the archive: %v", who, err)
		}
	}
	w.begin("provider.dpo")
	if _, err := w.retention.Search(w.now(fake, "provider.dpo"), retention.Quest{Org: w.a}); core.CodeOf(err) != "archive.search" {
		t.Errorf("without a reason: %v", err)
	}
	found, err := w.retention.Search(w.now(fake, "provider.dpo"), quest)
	w.must("search", err)
	if len(found) != 1 || found[0].Values["role"] != "auditor" || found[0].Values["person"] != string(member) {
		t.Fatalf("found %+v", found)
	}
	if n := w.entries(core.Platform, retention.SearchArchive.Permission, w.a); n < 1 {
		t.Errorf("the reading left no entry")
	}
}

// TestADryRunDeletesNothing: it counts what the next sweep ends, and only the organization's own.
func TestADryRunDeletesNothing(t *testing.T) {
	fake := today()
	w := newTownWith(t, Config{Clock: fake})
	w.exec(qEndedRole, w.a, clock.Micros(fake.Now()), w.people["a.auditor"])
	w.exec(qEndedRole, w.b, clock.Micros(fake.Now()), w.people["b.auditor"])
	fake.Advance(400 * 24 * time.Hour)
	w.begin("a.admin")
	run, err := w.retention.Try(w.now(fake, "a.admin"), w.a)
	w.must("try", err)
	_, counts, err := w.retention.Report(w.now(fake, "a.admin"), w.a, run)
	w.must("report", err)
	found := false
	for _, c := range counts {
		if c.Org != w.a {
			t.Errorf("a sees a count of %s", c.Org)
		}
		found = found || c.Table == "access_assignment" && c.Deleted == 1 && c.Archived == 1
	}
	if !found {
		t.Errorf("counts: %+v", counts)
	}
	if n := w.count(qRolesIn, w.a, w.people["a.auditor"]); n != 1 {
		t.Error("a dry run deleted")
	}
	if _, _, err := w.retention.Report(w.now(fake, "a.admin"), w.b, run); core.KindOf(err) != core.NotFound {
		t.Errorf("a run of b: %v", err)
	}
}

// TestAnOrganizationTightensARule: with fewer days its rows go sooner, another's do not.
func TestAnOrganizationTightensARule(t *testing.T) {
	fake := today()
	w := newTownWith(t, Config{Clock: fake})
	w.do("tighten", func(ctx context.Context, tx core.Tx) error {
		return w.settings.Put(ctx, tx, w.a, map[string]string{"retention.ended_days": "30"})
	})
	for _, org := range []core.ID{w.a, w.b} {
		w.exec(qEndedRole, org, clock.Micros(fake.Now()), w.people[map[core.ID]string{w.a: "a.auditor", w.b: "b.auditor"}[org]])
	}
	fake.Advance(40 * 24 * time.Hour)
	w.must("sweep", w.Sweep(w.system(), "retention.sweep"))
	if a, b := w.count(qRolesIn, w.a, w.people["a.auditor"]), w.count(qRolesIn, w.b, w.people["b.auditor"]); a != 0 || b != 1 {
		t.Errorf("a keeps %d, b keeps %d, want 0 and 1", a, b)
	}
}

// today is a clock that tests move.
func today() *clock.Fake {
	fake := &clock.Fake{}
	fake.Set(time.Now().Add(time.Minute).Truncate(time.Microsecond)) // a little ahead of the roles that settling gives
	return fake
}

// now is somebody who has just proved who they are, by a clock that tests move.
func (w *town) now(fake *clock.Fake, name string) context.Context {
	ctx := w.as(name)
	actor := core.ActorOf(ctx)
	actor.AuthenticatedAt = fake.Now()
	return core.WithActor(ctx, actor)
}

// urlOf is a database of a kind; keys stand in a file of their own on SQLite, as they do by default.
func urlOf(t *testing.T, kind dbtest.Kind) string {
	t.Helper()
	if kind == dbtest.SQLite {
		return ""
	}
	return dbtest.Config(t, kind, nil).URL
}
