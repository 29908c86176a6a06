package journal_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/verify"
)

var (
	schemas = []db.Schema{journal.Schema()}
	testKey = ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef"))
)

// house is a journal over a test's database.
type house struct {
	*journal.Module
	t      testing.TB
	db     *db.DB
	clock  *clock.Fake
	sealer *coretest.FakeSealer
}

func newHouse(t testing.TB, d *db.DB, change ...func(*journal.Needs)) *house {
	t.Helper()
	h := &house{t: t, db: d, clock: &clock.Fake{}, sealer: coretest.Sealer()}
	n := journal.Needs{DB: d, Sealer: h.sealer, Clock: h.clock, Name: "test.example/journal", Key: testKey}
	for _, f := range change {
		f(&n)
	}
	h.Module = journal.New(n)
	return h
}

// person acts as a person would, from an address and a browser.
func person(id core.ID) core.Actor {
	return core.Actor{
		Kind: core.HumanActor, ID: id, Account: "account-" + id, Session: "session-" + id, Request: "request-1",
		Address: netip.MustParseAddr("203.0.113.77"), Agent: "Mozilla/5.0", AAL: 2,
	}
}

// act makes an entry and commits it.
func (h *house) act(e core.Entry) core.Entry {
	h.t.Helper()
	h.clock.Advance(time.Second)
	e.At = h.clock.Now()
	e.ID = ids.At(e.At)
	if e.Org == "" {
		e.Org = "org-a"
	}
	if e.Action == "" {
		e.Action, e.Type, e.Verb, e.Purpose = "member.update", "member", core.Updates, core.PurposeService
	}
	if e.Actor.Kind == core.Anonymous && e.Actor.ID == "" {
		e.Actor = person("ann")
	}
	err := h.db.Write(h.t.Context(), func(tx core.Tx) error { return h.Record(h.t.Context(), tx, &e) })
	if err != nil {
		h.t.Fatalf("record: %v", err)
	}
	return e
}

// fill makes n entries about a few people and places and signs them.
func (h *house) fill(n int) {
	h.t.Helper()
	for i := range n {
		who := core.ID(fmt.Sprintf("person-%d", i%7))
		e := core.Entry{
			Subjects: []core.ID{who}, Resource: core.ID(fmt.Sprintf("member-%d", i%5)), Note: fmt.Sprintf("reason %d", i),
			Changes: []core.FieldChange{{Field: "function", Before: "clerk", After: fmt.Sprintf("head %d", i)}},
		}
		if i%10 == 3 {
			e.Subjects = append(e.Subjects, "person-x", "person-y")
		}
		if i%6 == 5 {
			e.Outcome, e.Reason = core.Refused, "access.forbidden"
		}
		h.act(e)
	}
	h.settle()
}

func (h *house) settle() {
	h.t.Helper()
	if err := h.Settle(h.t.Context()); err != nil {
		h.t.Fatalf("settle: %v", err)
	}
}

func (h *house) verify(org core.ID) verify.Report {
	h.t.Helper()
	rep, err := h.Verify(h.t.Context(), org)
	if err != nil {
		h.t.Fatalf("verify: %v", err)
	}
	return rep
}

func TestStatementsPrepareOnBothEngines(t *testing.T) {
	dbtest.Statements(t, schemas, "journal_")
}

func TestEntriesCommitWithTheirActOrNotAtAll(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.fill(3)
		boom := errors.New("boom")
		err := d.Write(t.Context(), func(tx core.Tx) error {
			e := core.Entry{ID: ids.New(), Org: "org-a", At: h.clock.Now(), Actor: person("ann"), Action: "member.delete"}
			if err := h.Record(t.Context(), tx, &e); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		h.settle()
		rep := h.verify("org-a")
		if rep.Entries != 3 || !rep.OK() || rep.Checkpoints == 0 {
			t.Errorf("%s", rep.String())
		}
	})
}

func TestALogOfManyTilesVerifies(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		for range 3 {
			for range 10 {
				batch(h, "org-a", 40)
			}
			h.act(core.Entry{Org: core.Platform, Actor: core.System("start")})
			h.settle()
		}
		rep := h.verify("org-a")
		if rep.Entries != 1200 || !rep.OK() || rep.Checkpoints != 3 {
			t.Errorf("%s", rep.String())
		}
		if rep := h.verify(core.Platform); rep.Entries != 3 || !rep.OK() {
			t.Errorf("%s", rep.String())
		}
	})
}

// batch commits n entries in one transaction.
func batch(h *house, org core.ID, n int) {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx core.Tx) error {
		for i := range n {
			e := core.Entry{
				ID: ids.New(), Org: org, At: h.clock.Now(), Actor: person("ann"), Action: "member.read", Type: "member",
				Verb: core.Reads, Purpose: core.PurposeService, Resource: core.ID(fmt.Sprintf("member-%d", i)),
			}
			if err := h.Record(h.t.Context(), tx, &e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestNothingPersonalStandsInClear(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite, schemas)
	h := newHouse(t, d, func(n *journal.Needs) { n.Sealer = blind{coretest.Sealer()} })
	h.act(core.Entry{Subjects: []core.ID{"bob"}, Note: "CANARY-note", Changes: []core.FieldChange{{Field: "phone", Before: "CANARY-before"}}})
	var all strings.Builder
	err := d.Read(t.Context(), func(tx core.Tx) error {
		_, err := db.All(t.Context(), tx, qDump, func(scan db.Scan) (struct{}, error) {
			var body []byte
			err := scan(&body)
			all.Write(body)
			return struct{}{}, err
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"CANARY", "203.0.113", "Mozilla", "session-ann"} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%q can be read in the table", secret)
		}
	}
	if !strings.Contains(all.String(), "member.update") {
		t.Error("the dump does not hold the entry: the test looks at the wrong place")
	}
}

var qDump = db.SQL(`SELECT body FROM journal_batch`)

// blind is a sealer whose ciphertext shows nothing.
type blind struct{ *coretest.FakeSealer }

func (b blind) Seal(ctx context.Context, owner core.ID, where string, plain []byte) ([]byte, error) {
	out, err := b.FakeSealer.Seal(ctx, owner, where, plain)
	for i := range out {
		out[i] ^= 0xaa
	}
	return out, err
}

func TestAnActorIDCannotForgeTheText(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		evil := core.ID("x\ny\x00\xff")
		h.act(core.Entry{Actor: core.Actor{Kind: core.ServiceActor, ID: evil}, Resource: evil, Subjects: []core.ID{"a,b"}, Reason: "a\nb"})
		h.settle()
		if rep := h.verify("org-a"); rep.Entries != 1 || !rep.OK() {
			t.Errorf("%s", rep.String())
		}
	})
}

func TestANodeRefusesADatabaseThatIsBehind(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		file := filepath.Join(t.TempDir(), "heads.json")
		withFile := func(n *journal.Needs) { n.HeadFile = file }
		h := newHouse(t, d, withFile)
		h.fill(300)
		if err := h.Check(t.Context()); err != nil {
			t.Fatalf("an honest database is refused: %v", err)
		}
		exec(t, d, qCutEntries, int64(256))
		for name, j := range map[string]*house{"the same process": h, "a new process": newHouse(t, d, withFile)} {
			err := j.Check(t.Context())
			if core.KindOf(err) != core.Busy || core.CodeOf(err) != "journal.behind" {
				t.Errorf("%s: Check gave %v, want journal.behind", name, err)
			}
			if j.Refusing() == nil {
				t.Errorf("%s: the node would still serve", name)
			}
			err = d.Write(t.Context(), func(tx core.Tx) error {
				return j.Record(t.Context(), tx, &core.Entry{ID: ids.New(), Org: "org-a", Action: "x.y", Actor: person("ann")})
			})
			if core.CodeOf(err) != "journal.behind" {
				t.Errorf("%s: an act was recorded: %v", name, err)
			}
		}
	})
}

func exec(t testing.TB, d *db.DB, q string, args ...any) {
	t.Helper()
	err := d.Write(t.Context(), func(tx core.Tx) error {
		n, err := tx.Exec(t.Context(), q, args...)
		if err == nil && n == 0 {
			return errors.New("no row was touched")
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

var qCutEntries = db.SQL(`DELETE FROM journal_batch WHERE pos >= 1099511627776 + $1`)
