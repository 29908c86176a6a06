package control

import (
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/policies"
)

// Status is how a clause stands: computed from observations and attestations, never typed.
type Status string

// The statuses.
const (
	Held     Status = "held"      // every probe saw it hold, and the evidence has not expired
	Broken   Status = "broken"    // a probe saw it broken
	Stale    Status = "stale"     // no evidence, or evidence that has expired
	Attested Status = "attested"  // a named person attested it, until a date
	NotBuilt Status = "not_built" // the mechanism, or a part of it, is not there yet
	Outside  Status = "outside"   // nothing that the product could show
)

// Observation is one result of one probe, signed. Its row is kept as evidence.
type Observation struct {
	ID    core.ID
	Probe string
	core.Sight
	// Failed says why nothing could be seen; then Held says nothing.
	Failed     string
	Start, End time.Time // of the fact
	Expires    time.Time
	Version    string // of the running program
	Node       string
	Log        core.ID // organization of the journal entry that records it
	Entry      core.ID // that entry
	Position   uint64  // size of the platform's tree when it was made
	Signature  []byte  // Ed25519 by the journal's key over the canonical text
}

// ProbeState is a probe of a clause with its newest observation.
type ProbeState struct {
	Probe  *core.Probe // nil when the pack names one that does not exist
	ID     string
	Last   *Observation // nil when it never ran
	Status Status
}

// Standing is an attestation that a clause rests on.
type Standing struct {
	Kind     string
	Person   core.ID
	Signed   time.Time
	Until    time.Time // zero when there is none
	Evidence string    // SHA-256 of its files
}

// Clause is a clause as the live system keeps it.
type Clause struct {
	*policies.Clause
	Pack      string
	Published bool      // in force: somebody was promised it
	Text      core.Text // placeholders filled from live settings
	Status    Status
	Why       core.Text // in words: which probe, which part is missing, what expired
	Since     time.Time // of this status
	Evidence  time.Time // date of the oldest evidence that it rests on; zero when none
	Probes    []ProbeState
	Standings []Standing
}

// Summary is the honest split over clauses.
type Summary struct {
	Total, Enforced, Probed, Attested, Outside, NotBuilt int
	Held, Broken, Stale                                  int
}
