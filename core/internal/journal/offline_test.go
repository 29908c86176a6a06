package journal_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/verify"
)

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

// What a reader of the file sees beside the proven entry must be what it proves: a second key of the same name, which other
// programs read, and the fields that a collector takes of an OCSF event.
func TestWhatAReaderSeesIsWhatIsProven(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite, schemas)
	h := sixHundred(t, d)
	x := h.visited()
	h.settle()
	for _, c := range []struct {
		form     journal.Format
		old, now string
	}{
		{journal.JSONL, `"actor":"ann"`, `"actor":"eve","Actor":"ann"`},
		{journal.JSONL, `"actor":"ann"`, `"actor":"ann","verdict":"guilty"`},
		{journal.OCSF, `"uid":"ann"`, `"uid":"eve"`},
		{journal.OCSF, `"status":"success"`, `"status":"failure"`},
		{journal.OCSF, `"status_id":1`, `"status_id":2`},
		{journal.OCSF, `"comment":"a note"`, `"comment":"another"`},
		{journal.OCSF, `"class_uid":`, `"raw_data":"eve","class_uid":`},
	} {
		var b bytes.Buffer
		if err := x.Export(reader(t), "org-a", journal.Filter{}, c.form, &b); err != nil {
			t.Fatal(err)
		}
		if rep, err := verify.File(bytes.NewReader(b.Bytes()), h.Key().String()); err != nil || !rep.OK() {
			t.Fatalf("a sound export: %v %s", err, rep.String())
		}
		lines := strings.SplitAfter(b.String(), "\n")
		at := slices.IndexFunc(lines[1:], func(l string) bool { return strings.Contains(l, c.old) }) + 1
		if at == 0 {
			t.Fatalf("%s: no line holds %s", c.form, c.old)
		}
		lines[at] = strings.Replace(lines[at], c.old, c.now, 1)
		rep, err := verify.File(strings.NewReader(strings.Join(lines, "")), h.Key().String())
		if err != nil || rep.OK() || rep.Findings[0].Kind != verify.Changed || rep.Findings[0].Seq != uint64(at-1) {
			t.Errorf("%s with %s: %v %s", c.form, c.now, err, rep.String())
		}
	}
}

func TestEachTamperingOfASpreadsheetIsFoundAndLocated(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite, schemas)
	h := sixHundred(t, d)
	x := h.visited()
	var b bytes.Buffer
	if err := x.Export(reader(t), "org-a", journal.Filter{}, journal.CSV, &b); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(verify.CSVColumns, name) }
	set := func(line int, name, to string) func([][]string) [][]string {
		return func(l [][]string) [][]string {
			l[line] = slices.Clone(l[line])
			l[line][column(name)] = to
			return l
		}
	}
	n := len(lines)
	for _, c := range []struct {
		name string
		do   func(l [][]string) [][]string
		kind string
		seq  uint64
	}{
		{"untouched", func(l [][]string) [][]string { return l }, "", 0},
		{"another actor", set(42, "actor", "eve"), verify.Changed, 40},
		{"another outcome", set(43, "outcome", "success"), verify.Changed, 41},
		{"another note", set(42, "note", "b note"), verify.Changed, 40},
		{"another address", set(42, "address", "192.0.2.1"), verify.Changed, 40},
		{"a formula", set(42, "agent", "=1+1"), verify.Changed, 40},
		{"parts cut", set(42, "sealed", "["), verify.Changed, 40},
		{"removed", func(l [][]string) [][]string { return slices.Delete(l, 42, 43) }, verify.Removed, 40},
		{"inserted twice", func(l [][]string) [][]string { return slices.Insert(l, 42, l[20]) }, verify.Inserted, 18},
		{"reordered", func(l [][]string) [][]string { l[50], l[60] = l[60], l[50]; return l }, verify.Reordered, 49},
		{"truncated", func(l [][]string) [][]string { return l[:100] }, verify.Truncated, 98},
		{"truncated before the end", func(l [][]string) [][]string { return append(l[:100:100], l[n-1]) }, verify.Truncated, 98},
		{"list changed", set(n-1, "time", "0-700"), verify.Truncated, 600},
		{"more after the end", func(l [][]string) [][]string { return append(l, l[20]) }, verify.Inserted, 600},
	} {
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		if err := w.WriteAll(c.do(slices.Clone(lines))); err != nil {
			t.Fatal(err)
		}
		rep, err := verify.File(&text, h.Key().String())
		switch {
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.kind == "":
			if !rep.OK() || rep.Entries != 600 || rep.Parts != 1800 || rep.Log != "org-a" {
				t.Errorf("%s: %s", c.name, rep.String())
			}
		case rep.OK() || rep.Findings[0].Kind != c.kind || rep.Findings[0].Seq != c.seq:
			t.Errorf("%s: %s, want %s at %d", c.name, rep.String(), c.kind, c.seq)
		}
	}
}
