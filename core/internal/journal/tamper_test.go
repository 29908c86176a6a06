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
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/verify"
)

// The attacker has the database and no key, and knows how rows are written. base is the position before the first entry
// of the first log.
const base = `1099511627776`

var (
	qTamperRows    = db.SQL(`SELECT pos, root, body FROM journal_batch WHERE pos >= ` + base + ` AND pos < 2 * ` + base + ` ORDER BY pos`)
	qTamperTiles   = db.SQL(`SELECT hashes FROM journal_tile WHERE log = 1 AND level = 0 ORDER BY idx`)
	qTamperLeaves  = db.SQL(`SELECT leaves FROM journal_batch WHERE pos >= ` + base + ` + $1 AND pos < 2 * ` + base + ` ORDER BY pos`)
	qTamperClear   = db.SQL(`DELETE FROM journal_batch WHERE pos >= ` + base + ` AND pos < 2 * ` + base)
	qTamperPut     = db.SQL(`INSERT INTO journal_batch (pos, count, root, leaves, body) VALUES (` + base + ` + $1, $2, $3, $4, $5)`)
	qTamperRow     = db.SQL(`DELETE FROM journal_batch WHERE pos = ` + base + ` + $1`)
	qTamperFrom    = db.SQL(`DELETE FROM journal_batch WHERE pos >= ` + base + ` + $1`)
	qTamperCount   = db.SQL(`UPDATE journal_batch SET count = $2 WHERE pos = ` + base + ` + $1`)
	qTamperRoot    = db.SQL(`UPDATE journal_batch SET root = $2 WHERE pos = ` + base + ` + $1`)
	qTamperBody    = db.SQL(`UPDATE journal_batch SET body = $2 WHERE pos = ` + base + ` + $1`)
	qTamperIndex   = db.SQL(`DELETE FROM journal_index WHERE log = 1 AND key = $1 AND block = $2`)
	qTamperPlaces  = db.SQL(`UPDATE journal_index SET places = $3 WHERE log = 1 AND key = $1 AND block = $2`)
	qTamperKey     = db.SQL(`UPDATE journal_index SET key = $2 WHERE log = 1 AND key = $1 AND block = $3`)
	qTamperIndexed = db.SQL(`UPDATE journal_log SET indexed = indexed + 256 WHERE log = $1`)
	qTamperAdd     = db.SQL(`INSERT INTO journal_index (log, key, block, places) VALUES (1, $1, $2, $3)`)
)

// The lines of a stored text that the tests change.
const (
	lineAt, lineActor, lineOutcome, lineReason = 1, 5, 11, 12
)

type tamper struct {
	name string
	do   func(t *testing.T, d *db.DB)
	kind string // of the first finding
	seq  uint64
}

// rewrite reads every entry of the first log with the hash that the tree has of it, lets change have its way, and writes
// the rows again as the journal would have, but for the roots, which it cannot know better.
func rewrite(change func(l []journal.Stored) []journal.Stored) func(*testing.T, *db.DB) {
	return func(t *testing.T, d *db.DB) {
		list, roots := stored(t, d)
		list = change(list)
		err := d.Write(t.Context(), func(tx core.Tx) error {
			if _, err := tx.Exec(t.Context(), qTamperClear); err != nil {
				return err
			}
			for from := 0; from < len(list); {
				n := min(64, 256-from%256, len(list)-from)
				leaves := []byte{}
				if from/256 == len(list)/256 {
					for _, e := range list[from : from+n] {
						leaves = append(leaves, e.Leaf...)
					}
				}
				root := roots[int64(from)]
				if root == nil {
					root = make([]byte, 32)
				}
				if _, err := tx.Exec(t.Context(), qTamperPut, from, n, root, leaves, journal.Packed(list[from:from+n])); err != nil {
					return err
				}
				from += n
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func stored(t *testing.T, d *db.DB) (list []journal.Stored, roots map[int64][]byte) {
	t.Helper()
	roots = map[int64][]byte{}
	err := d.Read(t.Context(), func(tx core.Tx) error {
		_, err := db.All(t.Context(), tx, qTamperRows, func(scan db.Scan) (int, error) {
			var pos int64
			var root, body []byte
			if err := scan(&pos, &root, &body); err != nil {
				return 0, err
			}
			some, err := journal.Unpacked(body)
			roots[pos&(1<<40-1)] = root
			list = append(list, some...)
			return 0, err
		})
		if err != nil {
			return err
		}
		tiles, err := db.All(t.Context(), tx, qTamperTiles, db.Value[[]byte])
		if err != nil {
			return err
		}
		more, err := db.All(t.Context(), tx, qTamperLeaves, db.Value[[]byte], 256*len(tiles))
		hashes := bytes.Join(append(tiles, more...), nil)
		for i := range list {
			list[i].Leaf = hashes[32*i : 32*i+32]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, roots
}

// field changes lines of one entry's text.
func field(seq int, line int, to string, more ...any) func(*testing.T, *db.DB) {
	return rewrite(func(l []journal.Stored) []journal.Stored {
		lines := strings.Split(l[seq].Text, "\n")
		lines[line] = to
		for i := 0; i+1 < len(more); i += 2 {
			lines[more[i].(int)] = more[i+1].(string)
		}
		l[seq].Text = strings.Join(lines, "\n")
		return l
	})
}

// reseal changes the sealed parts of an entry.
func reseal(seq int, change func([]verify.Part)) func(*testing.T, *db.DB) {
	return rewrite(func(l []journal.Stored) []journal.Stored {
		parts, err := verify.DecodeParts(bytes.Clone(l[seq].Sealed))
		if err != nil {
			panic(err)
		}
		change(parts)
		l[seq].Sealed = verify.EncodeParts(parts)
		return l
	})
}

func tampers() []tamper {
	one := func(q string, args ...any) func(*testing.T, *db.DB) {
		return func(t *testing.T, d *db.DB) { exec(t, d, q, args...) }
	}
	both := func(list ...func(*testing.T, *db.DB)) func(*testing.T, *db.DB) {
		return func(t *testing.T, d *db.DB) {
			for _, f := range list {
				f(t, d)
			}
		}
	}
	leaf := func(seq int, with func(e journal.Stored) []byte) func(*testing.T, *db.DB) {
		return rewrite(func(l []journal.Stored) []journal.Stored { l[seq].Leaf = with(l[seq]); return l })
	}
	forged := func(l []journal.Stored) journal.Stored {
		e := l[5]
		e.Text = strings.Replace(e.Text, "entry-005", "forged", 1)
		return e
	}
	return []tamper{
		{"a refusal made a success", field(41, lineOutcome, "success", lineReason, ""), verify.Changed, 41},
		{"another actor", field(300, lineActor, "mallory"), verify.Changed, 300},
		{"another actor in the unfinished tile", field(595, lineActor, "mallory"), verify.Changed, 595},
		{"another time", field(7, lineAt, "1700000000000000"), verify.Changed, 7},
		{"a sealed part changed", reseal(123, func(p []verify.Part) { p[2].Sealed[20] ^= 1 }), verify.Changed, 123},
		{"a sealed part dropped", reseal(124, func(p []verify.Part) { p[2].Drop() }), verify.Changed, 124},
		{"an address dropped before its time", reseal(125, func(p []verify.Part) { p[0].Drop() }), verify.Changed, 125},
		{"a text with more lines", rewrite(func(l []journal.Stored) []journal.Stored { l[126].Text += "\nmore"; return l }), verify.Changed, 126},
		{"the stored hash changed too", both(field(595, lineActor, "mallory"), leaf(595, func(journal.Stored) []byte { return make([]byte, 32) })), verify.Changed, 595},
		// The root kept with the batch of 576 to 599 shows it.
		{"the stored hash changed with the entry", both(field(595, lineActor, "mallory"), leaf(595, func(e journal.Stored) []byte { return journal.Hashed("org-a", 595, e) })), verify.Changed, 576},
		{"removed", func(t *testing.T, d *db.DB) { // the batch is cut in two around it
			list, roots := stored(t, d)
			cutBatch(t, d, 192, func(l []journal.Stored) []journal.Stored { return l[:8] })
			exec(t, d, qTamperPut, 201, 55, roots[192], []byte{}, journal.Packed(list[201:256]))
		}, verify.Removed, 200},
		{"removed and closed up", rewrite(func(l []journal.Stored) []journal.Stored { return append(l[:200:200], l[201:]...) }), verify.Removed, 200},
		{"removed within its batch", func(t *testing.T, d *db.DB) {
			cutBatch(t, d, 192, func(l []journal.Stored) []journal.Stored { return append(l[:8:8], l[9:]...) })
		}, verify.Removed, 200},
		{"a whole batch removed", one(qTamperRow, 128), verify.Removed, 128},
		{"removed at the end", rewrite(func(l []journal.Stored) []journal.Stored { return l[:590] }), verify.Truncated, 590},
		{"the last batch removed", one(qTamperFrom, 576), verify.Truncated, 576},
		{"inserted at the end", rewrite(func(l []journal.Stored) []journal.Stored { return append(l, forged(l)) }), verify.Inserted, 600},
		{"inserted far away", func(t *testing.T, d *db.DB) {
			list, roots := stored(t, d)
			exec(t, d, qTamperPut, 70000, 1, roots[0], list[5].Leaf, journal.Packed([]journal.Stored{forged(list)}))
		}, verify.Inserted, 70000},
		{"inserted in the middle", rewrite(func(l []journal.Stored) []journal.Stored {
			return append(append(l[:100:100], forged(l)), l[100:]...)
		}), verify.Inserted, 100},
		{"a batch laid over another", func(t *testing.T, d *db.DB) {
			list, roots := stored(t, d)
			exec(t, d, qTamperPut, 70, 1, roots[0], []byte{}, journal.Packed([]journal.Stored{forged(list)}))
		}, verify.Inserted, 70},
		{"two entries swapped", rewrite(func(l []journal.Stored) []journal.Stored { l[50], l[60] = l[60], l[50]; return l }), verify.Reordered, 50},
		{"two batches swapped", rewrite(func(l []journal.Stored) []journal.Stored {
			for i := range 2 {
				l[i], l[i+300] = l[i+300], l[i]
			}
			return l
		}), verify.Reordered, 0},
		{"a batch that says another number", one(qTamperCount, 64, 63), verify.Changed, 64},
		{"a batch that cannot be read", func(t *testing.T, d *db.DB) {
			list, _ := stored(t, d)
			body := journal.Packed(list[64:128])
			exec(t, d, qTamperBody, 64, body[:len(body)-len(body)/4])
		}, verify.Changed, 112},
		{"another root kept with the last batch", one(qTamperRoot, 576, make([]byte, 32)), verify.Changed, 576},
		{"a row of the index removed", one(qTamperIndex, "aann", 256), verify.Misindexed, 256},
		{"refusals taken out of the index", one(qTamperPlaces, "orefused", 0, []byte{0, 1}), verify.Misindexed, 5},
		{"taken out of a timeline", one(qTamperPlaces, "ndave", 0, []byte{0, 3}), verify.Misindexed, 13},
		{"put in another's timeline", one(qTamperAdd, "nsomeone", 0, []byte{0, 13}), verify.Misindexed, 13},
		{"filed under another act", one(qTamperKey, "cmember.update", "cmember.read", 0), verify.Misindexed, 0},
		{"other times in the index", one(qTamperPlaces, "t", 256, make([]byte, 16)), verify.Misindexed, 256},
		{"said to be indexed", one(qTamperIndexed, 1), verify.Misindexed, 512},
	}
}

// cutBatch changes the entries of one row, which then holds fewer.
func cutBatch(t *testing.T, d *db.DB, from int, change func([]journal.Stored) []journal.Stored) {
	t.Helper()
	list, _ := stored(t, d)
	some := change(list[from : from+64])
	exec(t, d, qTamperBody, from, journal.Packed(some))
	exec(t, d, qTamperCount, from, len(some))
}

// sixHundred fills a log of two full tiles and an unfinished one.
func sixHundred(t *testing.T, d *db.DB, change ...func(*journal.Needs)) *house {
	h := newHouse(t, d, change...)
	journal.SetBlock(h.Module, 256)
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
	field(20_005, lineActor, "mallory", lineOutcome, "failure")(t, d)
	field(100, lineActor, "mallory")(t, d)
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

var qTamperPending = db.SQL(`DELETE FROM journal_pending WHERE id = (SELECT id FROM journal_pending ORDER BY id LIMIT 1 OFFSET 1)`)

// A process that is killed leaves numbers that no entry carries: those of its last moment are no loss, those before are.
func TestAKilledProcessLeavesNoFalseAlarm(t *testing.T) {
	d := dbtest.Open(t, dbtest.Postgres, schemas)
	killed := newHouse(t, d)
	at := killed.clock.Now()
	quickly := func(n int) {
		for range n {
			at = at.Add(time.Millisecond)
			err := d.Write(t.Context(), func(tx core.Tx) error {
				return killed.Record(t.Context(), tx, &core.Entry{ID: ids.At(at), Org: "org-a", At: at, Actor: person("ann"), Action: "x.y"})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	quickly(3)
	exec(t, d, qTamperPending) // as if the commit of number 2 had never come
	other, err := db.Open(t.Context(), db.Config{URL: dbtest.URL(d)})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	next := newHouse(t, other)
	next.clock.Advance(10 * time.Minute)
	next.settle()
	if rep := next.verify("org-a"); !rep.OK() {
		t.Errorf("numbers under way at the end of a process: %s", rep.String())
	}
	at = at.Add(5 * time.Second)
	quickly(1)
	next.settle()
	if rep := next.verify("org-a"); rep.OK() || rep.Findings[0].Kind != verify.Lost {
		t.Errorf("the process wrote five seconds later, the number is lost: %s", rep.String())
	}
}

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
	twice := func() error {
		return h.db.Write(h.t.Context(), func(tx core.Tx) error {
			e := core.Entry{ID: "twice", Org: "org-a", At: h.clock.Now(), Actor: person("ann"), Action: "x.y"}
			return h.Record(h.t.Context(), tx, &e)
		})
	}
	if err := twice(); err != nil {
		h.t.Fatal(err)
	}
	return twice() != nil // the same id waits already: the insert fails in the hook
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
		exec(t, d, qTamperRow, int64(300))
		if rep := h.verify("org-a"); rep.OK() || rep.Findings[0].Seq != 300 {
			t.Errorf("a removal after pruning: %s", rep.String())
		}
	})
}
