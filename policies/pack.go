package policies

import (
	"slices"
	"time"

	"github.com/rempart/rempart/core"
)

// Kind says how a clause is kept.
type Kind string

// The kinds of clauses.
const (
	Enforced Kind = "enforced" // by the software itself (E)
	Verified Kind = "verified" // by a probe on the outside world (V)
	Attested Kind = "attested" // by a named person, with evidence and a period (A)
)

// Pack is one published policy, or one's own.
type Pack struct {
	ID       string    // "callcenterrate"
	Version  string    // "2026-11-22", compared as text
	Title    core.Text // name of the policy
	Issuer   string    // who publishes it
	About    core.Text
	Baseline bool // our own recommendation, which the others are compared with
	Clauses  []Clause
	// Source is the file as it was read; Hash (SHA-256, hex) pins it.
	Source []byte
	Hash   string

	file string // name that problems carry
}

// Clause is one promise.
type Clause struct {
	ID       string // "ACC-4.1"
	Kinds    []Kind // at least one
	Title    core.Text
	Text     core.Text // may hold placeholders: {{session.idle}}, a setting shown with its unit
	Settings []Demand
	Probes   []string // ids of probes: all must hold
	// Attestations are the kinds of attestations that must stand ("physical-access").
	Attestations []string
	// Missing are the parts that the software does not keep yet, in words: the clause cannot be published as held.
	Missing []core.Text
	// Outside is why the product cannot show it at all, empty otherwise.
	Outside core.Text
	// Lifetime is how long an observation stays evidence.
	Lifetime time.Duration
	// References are by number: "ASVS 6.2.1", "CNIL 2022-100", "ANSSI R21".
	References []string
	// Deviates says where the clause asks what the baseline advises against, with the reference ("ASVS 6.2.5").
	Deviates []Deviation
	Line     int // in Source

	at map[string]int // lines of what it names
}

// Has tells whether the clause is of a kind.
func (c *Clause) Has(k Kind) bool { return slices.Contains(c.Kinds, k) }

// lineOf gives the line where the clause names something.
func (c *Clause) lineOf(name string) int {
	if l := c.at[name]; l > 0 {
		return l
	}
	return c.Line
}

// Clause gives the clause of a number.
func (p *Pack) Clause(id string) (*Clause, bool) {
	for i := range p.Clauses {
		if p.Clauses[i].ID == id {
			return &p.Clauses[i], true
		}
	}
	return nil, false
}

// Demand is what a clause asks of one setting.
type Demand struct {
	Key   string // "session.idle"
	Floor string // at least as strict as this
	Exact string // exactly this, when given instead of Floor
	Line  int
}

// Deviation is a difference from the baseline.
type Deviation struct {
	Reference string
	Why       core.Text
}
