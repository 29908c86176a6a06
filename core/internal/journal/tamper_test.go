package journal_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/verify"
)

// The attacker has the database and no key. base is the position before the first entry of the first log.
const base = `1099511627776`

var (
	qTamperOutcome = db.SQL(`UPDATE journal_entry SET outcome = 'success', reason = '' WHERE pos = ` + base + ` + $1`)
	qTamperActor   = db.SQL(`UPDATE journal_entry SET actor = 'mallory' WHERE pos = ` + base + ` + $1`)
	qTamperSealed  = db.SQL(`UPDATE journal_entry SET sealed = $2 WHERE pos = ` + base + ` + $1`)
	qTamperLeaf    = db.SQL(`UPDATE journal_entry SET leaf = $2 WHERE pos = ` + base + ` + $1`)
	qTamperHide    = db.SQL(`UPDATE journal_entry SET indexed = 0 WHERE pos = ` + base + ` + $1`)
	qTamperLog     = db.SQL(`UPDATE journal_entry SET log = 99 WHERE pos = ` + base + ` + $1`)
	qTamperAt      = db.SQL(`UPDATE journal_entry SET at = at - 86400000000 WHERE pos = ` + base + ` + $1`)
	qTamperDelete  = db.SQL(`DELETE FROM journal_entry WHERE pos = ` + base + ` + $1`)
	qTamperMove    = db.SQL(`UPDATE journal_entry SET pos = ` + base + ` + $2 WHERE pos = ` + base + ` + $1`)
	qTamperCopy    = db.SQL(`INSERT INTO journal_entry (pos, log, indexed, id, at, node, counter, kind, actor, action, verb, type, resource, purpose, outcome, reason, request, subject, others, sealed, leaf)
		SELECT ` + base + ` + $2, log, indexed, 'forged', at, node, counter, kind, actor, action, verb, type, resource, purpose, outcome, reason, request, subject, others, sealed, leaf FROM journal_entry WHERE pos = ` + base + ` + $1`)
	qTamperFrom     = db.SQL(`DELETE FROM journal_entry WHERE pos >= ` + base + ` + $1`)
	qTamperIndex    = db.SQL(`DELETE FROM journal_subject WHERE pos = ` + base + ` + $1`)
	qTamperNamed    = db.SQL(`UPDATE journal_subject SET subject = 'someone' WHERE subject = 'dave' AND pos = ` + base + ` + $1`)
	qTamperSealedOf = db.SQL(`SELECT sealed FROM journal_entry WHERE pos = ` + base + ` + $1`)
)

type tamper struct {
	name string
	do   func(t *testing.T, d *db.DB)
	kind string // of the first finding
	seq  uint64
}

func tampers() []tamper {
	one := func(q string, args ...any) func(*testing.T, *db.DB) {
		return func(t *testing.T, d *db.DB) { exec(t, d, q, args...) }
	}
	move := func(from, to, step int64) func(t *testing.T, d *db.DB) {
		return func(t *testing.T, d *db.DB) {
			for i := from; i != to; i += step {
				exec(t, d, qTamperMove, i, i-step)
			}
		}
	}
	both := func(list ...func(*testing.T, *db.DB)) func(*testing.T, *db.DB) {
		return func(t *testing.T, d *db.DB) {
			for _, f := range list {
				f(t, d)
			}
		}
	}
	return []tamper{
		{"a refusal made a success", one(qTamperOutcome, int64(41)), verify.Changed, 41},
		{"another actor", one(qTamperActor, int64(300)), verify.Changed, 300},
		{"another actor in the unfinished tile", one(qTamperActor, int64(595)), verify.Changed, 595},
		{"another time", one(qTamperAt, int64(7)), verify.Changed, 7},
		{"a sealed part changed", func(t *testing.T, d *db.DB) { reseal(t, d, 123, func(p []verify.Part) { p[2].Sealed[20] ^= 1 }) }, verify.Changed, 123},
		{"a sealed part dropped", func(t *testing.T, d *db.DB) { reseal(t, d, 124, func(p []verify.Part) { p[2].Drop() }) }, verify.Changed, 124},
		{"an address dropped before its time", func(t *testing.T, d *db.DB) { reseal(t, d, 125, func(p []verify.Part) { p[0].Drop() }) }, verify.Changed, 125},
		{"the stored hash changed too", both(one(qTamperActor, int64(595)), one(qTamperLeaf, int64(595), make([]byte, 32))), verify.Changed, 595},
		{"the stored hash changed with the entry", rehash(595), verify.Changed, 592},
		{"removed", one(qTamperDelete, int64(200)), verify.Removed, 200},
		{"removed and closed up", both(one(qTamperDelete, int64(200)), move(201, 600, 1)), verify.Removed, 200},
		{"removed at the end", one(qTamperFrom, int64(590)), verify.Truncated, 590},
		{"inserted at the end", one(qTamperCopy, int64(5), int64(600)), verify.Inserted, 600},
		{"inserted far away", one(qTamperCopy, int64(5), int64(70000)), verify.Inserted, 70000},
		{"inserted in the middle", both(move(599, 99, -1), one(qTamperCopy, int64(5), int64(100))), verify.Inserted, 100},
		{"two entries swapped", both(one(qTamperMove, int64(50), int64(9000)), one(qTamperMove, int64(60), int64(50)), one(qTamperMove, int64(9000), int64(60))), verify.Reordered, 50},
		{"hidden from the indexes", one(qTamperHide, int64(33)), verify.Misindexed, 33},
		{"filed under another log", one(qTamperLog, int64(34)), verify.Misindexed, 34},
		{"taken out of a timeline", one(qTamperIndex, int64(3)), verify.Misindexed, 0},
		{"put in another's timeline", one(qTamperNamed, int64(13)), verify.Misindexed, 13},
	}
}

// reseal changes the sealed parts of an entry.
func reseal(t *testing.T, d *db.DB, seq int64, change func([]verify.Part)) {
	t.Helper()
	var sealed []byte
	err := d.Read(t.Context(), func(tx core.Tx) (err error) {
		sealed, _, err = db.One(t.Context(), tx, qTamperSealedOf, db.Value[[]byte], seq)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := verify.DecodeParts(bytes.Clone(sealed))
	if err != nil {
		t.Fatal(err)
	}
	change(parts)
	exec(t, d, qTamperSealed, seq, verify.EncodeParts(parts))
}

// rehash changes an entry of the unfinished tile and the hash beside it, so that they agree: the roots that the state
// keeps of the last 8 entries (592 to 599) show it.
func rehash(seq int64) func(*testing.T, *db.DB) {
	return func(t *testing.T, d *db.DB) {
		exec(t, d, qTamperActor, seq)
		var e verify.Entry
		var sealed []byte
		err := d.Read(t.Context(), func(tx core.Tx) error {
			_, _, err := db.One(t.Context(), tx, qTamperRow, func(scan db.Scan) (int, error) {
				var first, others string
				err := scan(&e.ID, &e.At, &e.Node, &e.Counter, &e.Kind, &e.Actor, &e.Action, &e.Verb, &e.Type, &e.Resource, &e.Purpose,
					&e.Outcome, &e.Reason, &e.Request, &first, &others, &sealed)
				e.Subjects = []string{first}
				return 0, err
			}, seq)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		e.Log, e.Seq = "org-a", uint64(seq)
		if e.Parts, err = verify.DecodeParts(sealed); err != nil {
			t.Fatal(err)
		}
		leaf, err := e.Leaf()
		if err != nil {
			t.Fatal(err)
		}
		exec(t, d, qTamperLeaf, seq, leaf[:])
	}
}

var qTamperRow = db.SQL(`SELECT id, at, node, counter, kind, actor, action, verb, type, resource, purpose, outcome, reason, request, subject, others, sealed FROM journal_entry WHERE pos = ` + base + ` + $1`)

// sixHundred fills a log of two full tiles and an unfinished one.
func sixHundred(t *testing.T, d *db.DB, change ...func(*journal.Needs)) *house {
	h := newHouse(t, d, change...)
	err := d.Write(t.Context(), func(tx core.Tx) error {
		for i := range 600 {
			e := core.Entry{
				ID: core.ID(fmt.Sprintf("entry-%03d", i)), Org: "org-a", At: h.clock.Now(), Actor: person("ann"), Action: "member.update",
				Type: "member", Verb: core.Updates, Resource: core.ID(fmt.Sprintf("member-%d", i)), Subjects: []core.ID{"bob"}, Note: "a note",
			}
			if i%10 == 3 {
				e.Subjects = append(e.Subjects, "carol", "dave")
			}
			if i%4 == 1 {
				e.Outcome, e.Reason = core.Refused, "access.forbidden"
			}
			if err := h.Record(t.Context(), tx, &e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.settle()
	h.indexed()
	if rep := h.verify("org-a"); !rep.OK() || rep.Entries != 600 {
		t.Fatalf("before any tampering: %s", rep.String())
	}
	return h
}

func TestEachTamperingIsFoundAndLocatedLive(t *testing.T) {
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		for _, c := range tampers() {
			t.Run(string(kind)+"/"+strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
				d := dbtest.Open(t, kind, schemas)
				h := sixHundred(t, d)
				c.do(t, d)
				rep := h.verify("org-a")
				if rep.OK() {
					t.Fatal("it was not seen")
				}
				if f := rep.Findings[0]; f.Kind != c.kind || f.Seq != c.seq {
					t.Errorf("found %s, want %s at %d", rep.String(), c.kind, c.seq)
				}
				if n := len(rep.Findings); n > 4 {
					t.Errorf("one fault gave %d findings:\n%s", n, rep.String())
				}
			})
		}
	}
}

// An attacker who rebuilds the whole tree still lacks the signing key: the heads signed before show it, in the database,
// in this node's file, and wherever they were sent.
func TestARebuiltHistoryContradictsTheSignedHeads(t *testing.T) {
	for _, kind := range dbtest.Kinds() {
		if kind == dbtest.PostgresPoolOfOne {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			d, forged := dbtest.Open(t, kind, schemas), dbtest.Open(t, kind, schemas)
			file := filepath.Join(t.TempDir(), "heads")
			h := sixHundred(t, d, func(n *journal.Needs) { n.HeadFile = file })
			_ = h
			// The same journal, made anew with one entry changed and signed by another key.
			f := newHouse(t, forged)
			f.fill(600)
			again := newHouse(t, forged, func(n *journal.Needs) { n.HeadFile = file })
			if err := again.Check(t.Context()); core.CodeOf(err) != "journal.behind" {
				t.Errorf("the node serves a rebuilt journal: %v", err)
			}
			rep := again.verify("org-a")
			if rep.OK() || rep.Findings[0].Kind != verify.Rewritten {
				t.Errorf("verified a rebuilt journal: %s", rep.String())
			}
		})
	}
}

// A range reads its own entries and those around them only, and still rests on the signed heads.
func TestARangeIsVerifiedWithoutReadingTheRest(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite, schemas)
	h := newHouse(t, d)
	for range 10 {
		batch(h, "org-a", 4000) // 40,000 entries: three runs of 64 tiles, of which two are read
	}
	h.settle()
	rep, err := h.VerifyRange(t.Context(), "org-a", 20_000, 20_010)
	if err != nil || !rep.OK() || rep.Entries == 0 || rep.Entries > 30_000 || rep.Checkpoints == 0 {
		t.Fatalf("%v %s", err, rep.String())
	}
	exec(t, d, qTamperActor, int64(20_005))
	exec(t, d, qTamperActor, int64(100))
	rep, err = h.VerifyRange(t.Context(), "org-a", 20_000, 20_010)
	if err != nil || len(rep.Findings) != 1 || rep.Findings[0].Seq != 20_005 {
		t.Errorf("%v %s", err, rep.String())
	}
	if rep := h.verify("org-a"); len(rep.Findings) != 2 || rep.Findings[0].Seq != 100 {
		t.Errorf("%s", rep.String())
	}
}

func TestARowLostBeforeItsPlaceShows(t *testing.T) {
	d := dbtest.Open(t, dbtest.Postgres, schemas)
	h := newHouse(t, d)
	for range 3 {
		h.act(core.Entry{})
	}
	exec(t, d, qTamperPending)
	h.act(core.Entry{})
	h.settle()
	h.clock.Advance(10 * time.Minute)
	rep := h.verify("org-a")
	if rep.OK() || rep.Findings[0].Kind != verify.Lost || !strings.Contains(rep.Findings[0].Detail, " 2,") {
		t.Errorf("a row taken out before it was placed: %s", rep.String())
	}
}

var qTamperPending = db.SQL(`DELETE FROM journal_pending WHERE counter = 2`)

func TestANumberWhoseActFailedIsDeclaredVoid(t *testing.T) {
	d := dbtest.Open(t, dbtest.Postgres, schemas)
	h := newHouse(t, d)
	h.act(core.Entry{})
	failed := h.failedCommit()
	h.act(core.Entry{})
	if !failed {
		t.Fatal("the commit did not fail")
	}
	h.clock.Advance(3 * time.Minute)
	h.runFor(time.Second)
	h.act(core.Entry{})
	h.settle()
	h.clock.Advance(10 * time.Minute)
	if rep := h.verify("org-a"); !rep.OK() {
		t.Errorf("an act that failed at its commit looks like a lost row: %s", rep.String())
	}
}

// failedCommit makes a transaction fail after the flush hook took its number.
func (h *house) failedCommit() bool {
	err := h.db.Write(h.t.Context(), func(tx core.Tx) error {
		e := core.Entry{ID: "twice", Org: "org-a", At: h.clock.Now(), Actor: person("ann"), Action: "x.y"}
		if err := h.Record(h.t.Context(), tx, &e); err != nil {
			return err
		}
		return h.Record(h.t.Context(), tx, &e) // the same id twice: the second insert fails in the hook
	})
	return err != nil
}

func TestEachTamperingOfAnExportIsFoundAndLocated(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite, schemas)
	h := sixHundred(t, d)
	x := h.visited()
	h.settle()
	for _, f := range []journal.Filter{{}, {Outcome: "refused"}} {
		var b bytes.Buffer
		if err := x.Export(reader(t), "org-a", f, journal.JSONL, &b); err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(strings.TrimSpace(b.String()), "\n")
		seqAt := func(i int) uint64 { // of line i, whatever the filter
			if f.Outcome == "" {
				return uint64(i - 1)
			}
			return uint64(4*(i-1) + 1)
		}
		n := len(lines)
		for _, c := range []struct {
			name string
			do   func(l []string) []string
			kind string
			seq  uint64
		}{
			{"changed", func(l []string) []string {
				l[40] = strings.Replace(l[40], `"actor":"ann"`, `"actor":"eve"`, 1)
				return l
			}, verify.Changed, seqAt(40)},
			{"shown part changed", func(l []string) []string { l[40] = strings.Replace(l[40], `a note`, `b note`, 1); return l }, verify.Changed, seqAt(40)},
			{"removed", func(l []string) []string { return append(l[:41:41], l[42:]...) }, verify.Removed, seqAt(41)},
			{"inserted twice", func(l []string) []string { return append(l[:41:41], append([]string{l[20]}, l[41:]...)...) }, verify.Inserted, seqAt(20)},
			{"reordered", func(l []string) []string { l[50], l[60] = l[60], l[50]; return l }, verify.Reordered, seqAt(51)},
			{"truncated", func(l []string) []string { return l[:100] }, verify.Truncated, seqAt(99) + 1},
			{"truncated before the end", func(l []string) []string { return append(l[:100:100], l[n-1]) }, verify.Truncated, seqAt(100)},
			{"unreadable", func(l []string) []string { l[70] = l[70][:30] + "\n"; return l }, verify.Changed, seqAt(69) + 1},
			{"head changed", func(l []string) []string {
				l[0] = strings.Replace(l[0], "test.example/journal/org-a\\n6", "test.example/journal/org-a\\n7", 1)
				return l
			}, verify.Unsigned, 0},
			{"list changed", func(l []string) []string { l[n-1] = strings.Replace(l[n-1], `"seqs":"`, `"seqs":"0-`, 1); return l }, verify.Truncated, seqAt(n-2) + 1},
		} {
			text := strings.Join(c.do(append([]string(nil), lines...)), "")
			rep, err := verify.File(strings.NewReader(text), h.Key().String())
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if rep.OK() {
				t.Errorf("%s: it was not seen", c.name)
				continue
			}
			if got := rep.Findings[0]; got.Kind != c.kind || got.Seq != c.seq {
				t.Errorf("%s (filter %q): %s, want %s at %d", c.name, f.Outcome, rep.String(), c.kind, c.seq)
			}
		}
		if _, err := verify.File(strings.NewReader(b.String()), strings.Replace(h.Key().String(), "+", "x+", 1)); err == nil {
			t.Error("a mistyped key was accepted")
		}
	}
}

func TestPruningAndTrimmingKeepEveryProof(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.fill(300)
		middle := h.clock.Now()
		h.clock.Advance(48 * time.Hour)
		h.fill(300)
		if n, err := h.Trim(t.Context(), "org-a", middle.Add(time.Hour)); err != nil || n != 300 {
			t.Fatalf("trimmed %d, %v", n, err)
		}
		x := h.visited()
		e, err := x.Entry(reader(t), "org-a", 10)
		if err != nil || e.Rows[0].Address != "" || !e.Rows[0].Trimmed || e.Rows[0].Connection.Network != "203.0.113.0/24" {
			t.Errorf("after trimming: %+v %v", e.Rows, err)
		}
		if e, err = x.Entry(reader(t), "org-a", 500); err != nil || e.Rows[0].Address == "" {
			t.Errorf("a young entry lost its address: %v", err)
		}
		if rep := h.verify("org-a"); !rep.OK() {
			t.Fatalf("trimming broke a proof: %s", rep.String())
		}
		if n, err := h.Prune(t.Context(), "org-a", middle.Add(time.Hour)); err != nil || n != 256 {
			t.Fatalf("pruned %d, %v", n, err)
		}
		rep := h.verify("org-a")
		if !rep.OK() || rep.Pruned != 256 || rep.Entries != 344 || rep.Signed != 600 {
			t.Errorf("after pruning: %s", rep.String())
		}
		h.fill(5)
		var b bytes.Buffer
		if err := x.Export(reader(t), "org-a", journal.Filter{}, journal.JSONL, &b); err != nil {
			t.Fatal(err)
		}
		if off, err := verify.File(&b, h.Key().String()); err != nil || !off.OK() || off.Entries != 349 {
			t.Errorf("an export after pruning: %v %s", err, off.String())
		}
		exec(t, d, qTamperDelete, int64(300))
		if rep := h.verify("org-a"); rep.OK() || rep.Findings[0].Seq != 300 {
			t.Errorf("a removal after pruning: %s", rep.String())
		}
	})
}
