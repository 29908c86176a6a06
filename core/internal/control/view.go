package control

import (
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/policies"
	"github.com/rempart/rempart/verify"
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
	Apart     bool      // published apart: not built when it was, nothing showed it
	Withdrawn bool      // stands in the text in force, and is no longer promised
	Text      core.Text // placeholders filled from live settings
	Status    Status
	Why       core.Text // in words: which probe, which part is missing, what expired
	Since     time.Time // of this status
	Evidence  time.Time // date of the oldest evidence that it rests on; zero when none
	Probes    []ProbeState
	Standings []Standing
}

// Summary is the honest split over clauses: Enforced, Probed, Attested, Outside and NotBuilt add up to Total; Held counts
// what a probe saw hold or a person attests.
type Summary struct {
	Total, Enforced, Probed, Attested, Outside, NotBuilt int
	Held, Broken, Stale                                  int
}

// Filter narrows the list of clauses; its zero value takes every clause of every pack in force, or of every pack that
// ships when none is.
type Filter struct {
	Pack   string // one pack, in force or not
	Clause string // one id
	Status Status
	Kind   policies.Kind
	Every  bool // packs that are not in force too
}

// Days is how a clause, or a pack, stood over time.
type Days struct {
	Days []Day // oldest first, today included; days before the first observation have no time at all
	// Percent is how long it held, of the time that is known; Known is that time.
	Percent float64
	Known   time.Duration
}

// Day is one day (UTC). The sum is 24 hours, less on the first and the last one; for a pack, times the number of its clauses.
type Day struct {
	Date                time.Time
	Held, Broken, Other time.Duration
}

// Percent is the share of the day that it held, -1 when nothing is known of the day.
func (d Day) Percent() float64 {
	all := d.Held + d.Broken + d.Other
	if all <= 0 {
		return -1
	}
	return 100 * float64(d.Held) / float64(all)
}

// Evidence is an observation opened down to the journal.
type Evidence struct {
	Observation
	Text       string              // what was signed, as verify documents it
	Sound      bool                // the signature holds
	Checkpoint string              // signed head that the proofs of Lines lead to; "" while the entry waits for its place
	Lines      []*verify.EntryLine // the entry that records it first, then those that bear witness
	Clauses    []Ref               // that rest on its probe, in the packs in force
}

// Ref names a clause of a pack.
type Ref struct{ Pack, Clause string }

// Publication is a version of a pack as it was published.
type Publication struct {
	*policies.Pack
	Number      int64  // 1, 2, 3... of this pack
	Hash        string // pins it: of the pack's text, and of the clauses withdrawn from it
	State       string // "in_force", "replaced", "withdrawn"
	PublishedAt time.Time
	PublishedBy core.ID // "" for the system
	EndedAt     time.Time
	Apart       []string // clauses published apart: not built, nothing shows them
	Withdrawn   []string // clauses of the text that are no longer promised
}

// PackView is a pack with its publications.
type PackView struct {
	*policies.Pack              // as it ships, or as it was last published when it does not
	Shipped        bool         // comes with the program
	InForce        *Publication // nil when it is not
	History        []Publication
	Signed, Pinned int // organizations that signed, and that were promised, the version in force
}

// Pin is the version that an organization was promised.
type Pin struct {
	Org      core.ID
	OrgName  string
	Pack     string
	Number   int64
	Version  string
	Hash     string
	State    string // of the publication
	PinnedAt time.Time
	Told     []Told
	SignedAt time.Time // zero while nobody signed
	SignedBy core.ID
}

// Told is who was told of a version, and when.
type Told struct {
	Person core.ID
	At     time.Time
}

// Order asks to publish a pack: one that ships, by its id, or any other by its text.
type Order struct {
	Pack    string
	Name    string // of the file, for the errors of its text
	Source  []byte
	Tighten bool // raise the provider's settings that are weaker than the pack demands
	Reason  string
}

// Withdrawal takes clauses back, or the whole pack when none is named.
type Withdrawal struct {
	Pack    string
	Clauses []string
	Reason  string
}

// Published is what a publication or a withdrawal did, or would do.
type Published struct {
	Publication
	Gaps     []core.Gap        // settings weaker than the pack demands; tightened when the order says so
	Affected []Pin             // organizations that had signed, or were promised, the version before
	Changes  []policies.Change // in words, from the version before
}

// Alert is one break of a probe that clauses in force rest on.
type Alert struct {
	ID          core.ID
	Probe       string
	Title       core.Text // of the probe
	Why         core.Text // what the observation said
	Observation core.ID
	Clauses     []Ref
	Orgs        int // organizations whose annex contains one of them
	Began       time.Time
	Mended      time.Time // zero while it lasts
	MendedBy    core.ID   // observation
}

// Webhook is where alerts are sent.
type Webhook struct {
	ID        core.ID
	URL       string
	MadeAt    time.Time
	LastAt    time.Time // of the last delivery tried
	LastReply string    // "200", "timeout", ... of it
}
