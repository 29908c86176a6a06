package verify

import (
	"fmt"
	"strings"
	"time"
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
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d entries", r.Log, r.Entries)
	if r.Pruned > 0 {
		fmt.Fprintf(&b, " and %d pruned", r.Pruned)
	}
	fmt.Fprintf(&b, ", tree of %d, root %x, %d checkpoints, %s", r.Size, r.Root[:8], r.Checkpoints, r.Took.Round(time.Millisecond))
	if r.OK() {
		b.WriteString(": verified\n")
		return b.String()
	}
	b.WriteString(": NOT what was signed\n")
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  %s\n", f)
	}
	return b.String()
}
