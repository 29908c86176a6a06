package verify

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// What can be wrong with a journal.
const (
	Changed    = "changed"    // an entry does not say what the tree says
	Removed    = "removed"    // an entry is missing
	Inserted   = "inserted"   // an entry stands where the tree has none
	Reordered  = "reordered"  // an entry stands at the place of another
	Truncated  = "truncated"  // the end is missing
	Rewritten  = "rewritten"  // the tree is not the one that was signed: the fault lies between Seq and Until
	Unsigned   = "unsigned"   // a checkpoint's signature does not hold
	Lost       = "lost"       // an entry was removed before it got its place: its process counted it
	Misindexed = "misindexed" // the index of persons does not match the entries
)

// Finding is one thing that is wrong, and where.
type Finding struct {
	Kind   string
	Seq    uint64 // first sequence concerned
	Until  uint64 // last one
	Detail string
}

// String says it in one line.
func (f Finding) String() string {
	where := fmt.Sprintf("entry %d", f.Seq)
	if f.Until > f.Seq {
		where = fmt.Sprintf("entries %d to %d", f.Seq, f.Until)
	}
	if f.Detail == "" {
		return f.Kind + ": " + where
	}
	return f.Kind + ": " + where + ": " + f.Detail
}

// Report is the result of a check.
type Report struct {
	Log         string
	Size        uint64 // leaves of the tree that was checked
	Root        Hash
	Entries     uint64 // entries whose content was checked
	Pruned      uint64 // entries of which only the leaf hash is left, by retention
	Parts       uint64 // sealed parts shown in clear and proven
	Checkpoints int    // signatures checked
	Signed      uint64 // size of the highest checkpoint checked
	Findings    []Finding
	Took        time.Duration
}

// maxFindings bounds a report: past it the journal is plainly not what was signed.
const maxFindings = 1000

// Add notes a finding; those past the first thousand are not kept.
func (r *Report) Add(kind string, seq, until uint64, format string, args ...any) {
	if len(r.Findings) < maxFindings {
		r.Findings = append(r.Findings, Finding{kind, seq, until, fmt.Sprintf(format, args...)})
	}
}

// OK tells whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// String is one line for a console, and one per finding.
func (r *Report) String() string {
	pruned, verdict := "", "verified"
	if r.Pruned > 0 {
		pruned = fmt.Sprintf(" and %d pruned", r.Pruned)
	}
	if !r.OK() {
		verdict = "NOT what was signed"
	}
	var b printer
	b.line("%s: %d entries%s, tree of %d, root %x, %d checkpoints, %s: %s", r.Log, r.Entries, pruned, r.Size, r.Root[:8], r.Checkpoints,
		r.Took.Round(time.Millisecond), verdict)
	for _, f := range r.Findings {
		b.line("  %s", f)
	}
	return b.String()
}

// printer writes a report: whatever of a file could break a line, or drive a terminal, is shown as it is quoted in Go.
type printer struct{ strings.Builder }

func (p *printer) line(format string, args ...any) {
	for _, c := range fmt.Sprintf(format, args...) {
		if unicode.IsPrint(c) {
			p.WriteRune(c)
		} else {
			p.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
	}
	p.WriteByte('\n')
}
