package journal_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/verify"
)

func reader(t testing.TB) context.Context { return core.WithActor(t.Context(), person("auditor")) }

func (h *house) explorer() (*journal.Explorer, *coretest.FakeGate) {
	g := coretest.Gate(h.db)
	return h.Explorer(g, nil), g
}

// visited is an explorer whose reader has said why.
func (h *house) visited() *journal.Explorer {
	h.t.Helper()
	x, _ := h.explorer()
	if _, err := x.Open(reader(h.t), "org-a", "monthly review of refusals"); err != nil {
		h.t.Fatal(err)
	}
	return x
}

func TestReadingNeedsAReasonAndIsJournaled(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.fill(12)
		x, g := h.explorer()
		if _, err := x.Page(reader(t), "org-a", journal.Filter{}, journal.Mark{}); core.CodeOf(err) != "journal.reason_needed" {
			t.Fatalf("without a reason: %v", err)
		}
		if _, err := x.Open(reader(t), "org-a", "  hm  "); core.CodeOf(err) != "journal.reason_short" {
			t.Errorf("a reason of two letters: %v", err)
		}
		v, err := x.Open(reader(t), "org-a", "monthly review of refusals")
		if err != nil {
			t.Fatal(err)
		}
		if act, ok := g.Last("journal.open"); !ok || act.Note != "monthly review of refusals" {
			t.Errorf("the reason is not in the journal: %+v", act)
		}
		page, err := x.Page(reader(t), "org-a", journal.Filter{Outcome: "unusual"}, journal.Mark{})
		if err != nil || len(page.Rows) != 2 {
			t.Fatalf("%d rows, %v", len(page.Rows), err)
		}
		act, ok := g.Last("journal.read")
		if !ok || act.Resource != v.ID || !strings.Contains(act.Note, "unusual") {
			t.Errorf("the read is not in the journal with its visit and question: %+v", act)
		}
		other := core.WithActor(t.Context(), person("eve"))
		if _, err := x.Page(other, "org-a", journal.Filter{}, journal.Mark{}); core.CodeOf(err) != "journal.reason_needed" {
			t.Errorf("another person reads under ann's reason: %v", err)
		}
		if _, err := x.Page(reader(t), "org-b", journal.Filter{}, journal.Mark{}); core.CodeOf(err) != "journal.reason_needed" {
			t.Errorf("the reason holds in another organization: %v", err)
		}
		h.clock.Advance(3 * time.Hour)
		if _, err := x.Page(reader(t), "org-a", journal.Filter{}, journal.Mark{}); core.CodeOf(err) != "journal.reason_needed" {
			t.Errorf("the visit has no end: %v", err)
		}
		g.Refuse("journal.read")
		if _, err := x.Page(reader(t), "org-a", journal.Filter{}, journal.Mark{}); core.KindOf(err) != core.Forbidden {
			t.Errorf("without the permission: %v", err)
		}
	})
}

func seqs(rows []*journal.Row) string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprint(r.Seq))
	}
	return strings.Join(out, " ")
}

func TestFiltersTimelineAndPaging(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		journal.SetBlock(h.Module, 256)
		h.fill(600)
		for _, indexed := range []bool{false, true} {
			if indexed {
				h.indexed()
			}
			x := h.visited()
			for name, c := range map[string]struct {
				f    journal.Filter
				want func(i int) bool
			}{
				"all":                 {journal.Filter{}, func(int) bool { return true }},
				"subject":             {journal.Filter{Subject: "person-2"}, func(i int) bool { return i%7 == 2 }},
				"actor":               {journal.Filter{Actor: "ann"}, func(int) bool { return true }},
				"nobody":              {journal.Filter{Actor: "nobody"}, func(int) bool { return false }},
				"resource":            {journal.Filter{Resource: "member-3"}, func(i int) bool { return i%5 == 3 }},
				"refused":             {journal.Filter{Outcome: "refused"}, func(i int) bool { return i%6 == 5 }},
				"subject and refused": {journal.Filter{Subject: "person-2", Outcome: "unusual"}, func(i int) bool { return i%7 == 2 && i%6 == 5 }},
				"named among others":  {journal.Filter{Person: "person-y"}, func(i int) bool { return i%10 == 3 }},
				"timeline":            {journal.Filter{Person: "person-4"}, func(i int) bool { return i%7 == 4 }},
				"words in the note":   {journal.Filter{Words: `"REASON 77"`}, func(i int) bool { return i == 77 }},
				"words in a value":    {journal.Filter{Words: `"head 101"`}, func(i int) bool { return i == 101 }},
			} {
				var want []string
				for i := 599; i >= 0; i-- {
					if c.want(i) {
						want = append(want, fmt.Sprint(i))
					}
				}
				var got []string
				mark := journal.Mark{}
				for range 20 {
					p, err := x.Page(reader(t), "org-a", c.f, mark)
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if len(p.Rows) > 50 {
						t.Errorf("%s: a page of %d rows", name, len(p.Rows))
					}
					if len(p.Rows) > 0 {
						got = append(got, seqs(p.Rows))
					}
					if mark = p.Next; mark == (journal.Mark{}) {
						break
					}
				}
				if strings.Join(got, " ") != strings.Join(want, " ") {
					t.Errorf("%s (indexed %v):\n got %s\nwant %s", name, indexed, strings.Join(got, " "), strings.Join(want, " "))
				}
			}
		}
		x := h.visited()
		first := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		p, err := x.Page(reader(t), "org-a", journal.Filter{From: first.AddDate(0, 0, 1)}, journal.Mark{})
		if err != nil || len(p.Rows) != 0 {
			t.Errorf("from tomorrow: %s, %v", seqs(p.Rows), err)
		}
		p, err = x.Page(reader(t), "org-a", journal.Filter{To: first}, journal.Mark{})
		if err != nil || len(p.Rows) != 0 {
			t.Errorf("until yesterday: %s, %v", seqs(p.Rows), err)
		}
	})
}

// indexed puts every entry into the indexes.
func (h *house) indexed() {
	h.t.Helper()
	if err := h.Index(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func TestTheIndexFollowsByItself(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		journal.SetBlock(h.Module, 256)
		h.fill(600)
		var indexed int64
		end := time.Now().Add(10 * time.Second)
		h.runUntil(func() bool {
			err := d.Read(t.Context(), func(tx core.Tx) (err error) {
				indexed, _, err = db.One(t.Context(), tx, qIndexed, db.Value[int64])
				return err
			})
			return err != nil || indexed == 512 || time.Now().After(end)
		})
		if indexed != 512 {
			t.Errorf("of 600 entries %d were indexed, want two blocks of 256", indexed)
		}
		if rep := h.verify("org-a"); !rep.OK() {
			t.Errorf("%s", rep.String())
		}
	})
}

var qIndexed = db.SQL(`SELECT indexed FROM journal_log WHERE org = 'org-a'`)

// runFor runs the journal's work for a while.
func (h *house) runFor(d time.Duration) {
	h.t.Helper()
	end := time.Now().Add(d)
	h.runUntil(func() bool { return time.Now().After(end) })
}

func TestBeforeAndAfterAreShownUntilTheKeyIsDestroyed(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.fill(7)
		x := h.visited()
		e, err := x.Entry(reader(t), "org-a", 3)
		if err != nil {
			t.Fatal(err)
		}
		r := e.Rows[0]
		if r.Content.Changes[0].After != "head 3" || r.Content.Note != "reason 3" || r.Address != "203.0.113.77" || r.Connection.Network != "203.0.113.0/24" {
			t.Errorf("opened as %+v %+v %q", r.Content, r.Connection, r.Address)
		}
		if err := h.sealer.DestroyKey(t.Context(), "person-3"); err != nil {
			t.Fatal(err)
		}
		e, err = x.Entry(reader(t), "org-a", 3)
		if err != nil || len(e.Rows[0].Content.Changes) != 0 || !e.Rows[0].Gone {
			t.Errorf("after the key was destroyed: %+v, %v", e.Rows[0].Content, err)
		}
		if rep := h.verify("org-a"); !rep.OK() {
			t.Errorf("erasure broke a proof: %s", rep.String())
		}
		if _, err := x.Entry(reader(t), "org-a", 9999); core.KindOf(err) != core.NotFound {
			t.Errorf("an entry that does not exist: %v", err)
		}
	})
}

func TestExportsVerifyOffline(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.fill(300)
		x := h.visited()
		for _, format := range []journal.Format{journal.JSONL, journal.OCSF, journal.CSV} {
			for name, f := range map[string]journal.Filter{"all": {}, "refused": {Outcome: "refused"}, "person": {Person: "person-1"}} {
				var b bytes.Buffer
				if err := x.Export(reader(t), "org-a", f, format, &b); err != nil {
					t.Fatal(err)
				}
				rep, err := verify.File(&b, h.Key().String())
				if err != nil || !rep.OK() || rep.Entries == 0 || rep.Parts != 3*rep.Entries {
					t.Errorf("%s %s: %v %s", format, name, err, rep.String())
				}
			}
		}
		var b bytes.Buffer
		if err := x.Export(reader(t), "org-a", journal.Filter{}, journal.CSV, &b); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(lines) != 300+3 || lines[2][0] != "0" || lines[2][len(lines[2])-1] == "" {
			t.Errorf("CSV of %d lines, %v", len(lines), err)
		}
		x2, g := h.explorer()
		if err := x2.Export(core.WithActor(t.Context(), person("eve")), "org-a", journal.Filter{}, journal.JSONL, &b); core.CodeOf(err) != "journal.reason_needed" {
			t.Errorf("an export without a reason: %v", err)
		}
		g.Refuse("journal.export")
		if err := x2.Export(reader(t), "org-a", journal.Filter{}, journal.JSONL, &b); core.KindOf(err) != core.Forbidden {
			t.Errorf("an export without the permission: %v", err)
		}
	})
}

func TestSearchesKeepTheirWordsOutOfTheAddress(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite, schemas)
	h := newHouse(t, d)
	x := h.visited()
	f := journal.Filter{Outcome: "refused", Words: "Marie Curie"}
	if got := f.Query().Encode(); got != "outcome=refused" {
		t.Errorf("the address says %q", got)
	}
	id, err := x.Keep(reader(t), "org-a", "Refusals", f)
	if err != nil {
		t.Fatal(err)
	}
	saved, one, err := x.Searches(reader(t), "org-a", id)
	if err != nil || len(saved) != 1 || saved[0].Name != "Refusals" || one == nil || one.Filter != f {
		t.Errorf("%+v %+v %v", saved, one, err)
	}
	if _, one, _ := x.Searches(core.WithActor(t.Context(), person("eve")), "org-a", id); one != nil {
		t.Error("another person reads the search")
	}
	if err := x.Forget(reader(t), "org-a", id); err != nil {
		t.Fatal(err)
	}
	if saved, _, _ := x.Searches(reader(t), "org-a", ""); len(saved) != 0 {
		t.Error("a forgotten search is still there")
	}
}
