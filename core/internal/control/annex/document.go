package annex

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
)

// Document is all that an annex says, in both languages. It names nobody: who attested and who published stand in the
// journal, under keys that an erasure destroys; an annex is kept for as long as a contract.
type Document struct {
	Provider     string    `json:"provider"`
	Organization string    `json:"organization"`
	ID           core.ID   `json:"organization_id"`
	Version      int64     `json:"version"`
	At           time.Time `json:"at"`
	Software     string    `json:"software"`
	Origin       string    `json:"origin"`
	Packs        []Pack    `json:"packs"`
	Clauses      []Clause  `json:"clauses"`
	Tightened    []Setting `json:"tightened,omitempty"`
	Contacts     []Contact `json:"contacts,omitempty"`
	// Checkpoint is the signed head of the organization's log when the annex was made (C2SP tlog-checkpoint), and Key the
	// key to check it with.
	Checkpoint string `json:"checkpoint,omitempty"`
	Key        string `json:"key,omitempty"`
}

// Pack is a policy in force, pinned by its hash.
type Pack struct {
	ID      string    `json:"id"`
	Version string    `json:"version"`
	Hash    string    `json:"hash"`
	Title   core.Text `json:"title"`
	Issuer  string    `json:"issuer"`
}

// Clause is a promise as it stood.
type Clause struct {
	Pack       string         `json:"pack"`
	ID         string         `json:"id"`
	Kinds      []string       `json:"kinds"`
	Title      core.Text      `json:"title"`
	Text       core.Text      `json:"text"`
	Status     control.Status `json:"status"`
	Why        core.Text      `json:"why"`
	Since      time.Time      `json:"since,omitzero"`
	Evidence   time.Time      `json:"evidence,omitzero"`
	Published  bool           `json:"published"`
	Probes     []Probe        `json:"probes,omitempty"`
	Standings  []Standing     `json:"attestations,omitempty"`
	Settings   []Setting      `json:"settings,omitempty"`
	Missing    []core.Text    `json:"missing,omitempty"`
	Outside    core.Text      `json:"outside,omitzero"`
	References []string       `json:"references,omitempty"`
	Deviates   []Deviation    `json:"deviates,omitempty"`
}

// Probe is a test and what it saw last.
type Probe struct {
	ID         string            `json:"id"`
	Kind       string            `json:"kind,omitempty"`
	Title      core.Text         `json:"title"`
	Status     control.Status    `json:"status"`
	Why        core.Text         `json:"why"`
	Start      time.Time         `json:"start,omitzero"`
	End        time.Time         `json:"end,omitzero"`
	Expires    time.Time         `json:"expires,omitzero"`
	Population int               `json:"population"`
	Sample     int               `json:"sample"`
	Settings   map[string]string `json:"settings,omitempty"`
	// Observation, Log, Entry and Position lead to its row and to the journal entry that records it.
	Observation core.ID `json:"observation,omitempty"`
	Log         core.ID `json:"log,omitempty"`
	Entry       core.ID `json:"entry,omitempty"`
	Position    uint64  `json:"position,omitempty"`
}

// Standing is an attestation that a clause rests on; who signed stands in the register of attestations.
type Standing struct {
	Kind     string    `json:"kind"`
	Title    core.Text `json:"title,omitzero"`
	Signed   time.Time `json:"signed"`
	Until    time.Time `json:"until,omitzero"`
	Evidence string    `json:"evidence,omitempty"`
}

// Setting is a value in force and what the promise asks of it.
type Setting struct {
	Key    string    `json:"key"`
	Title  core.Text `json:"title"`
	Demand string    `json:"demand,omitempty"` // what the clause asks, or the provider's floor
	Value  string    `json:"value"`            // in force for the organization
	Clause string    `json:"clause,omitempty"` // the clause that imposes it
}

// Deviation is a difference from the baseline.
type Deviation struct {
	Reference string    `json:"reference"`
	Why       core.Text `json:"why"`
}

// Contact is whom to write to (ACC-14.1).
type Contact struct {
	Title   core.Text `json:"title"`
	Address string    `json:"address"`
	// Security marks the one that security.txt names.
	Security bool `json:"security,omitempty"`
}

// ClauseOf takes a clause as the live system keeps it.
func ClauseOf(c control.Clause) Clause {
	out := Clause{
		Pack: c.Pack, Text: c.Text, Status: c.Status, Why: c.Why, Since: c.Since, Evidence: c.Evidence, Published: c.Published,
	}
	if p := c.Clause; p != nil {
		out.ID, out.Title, out.Missing, out.Outside, out.References = p.ID, p.Title, p.Missing, p.Outside, p.References
		for _, k := range p.Kinds {
			out.Kinds = append(out.Kinds, string(k))
		}
		for _, d := range p.Deviates {
			out.Deviates = append(out.Deviates, Deviation(d))
		}
	}
	for _, p := range c.Probes {
		out.Probes = append(out.Probes, probeOf(p))
	}
	for _, s := range c.Standings {
		out.Standings = append(out.Standings, Standing{Kind: s.Kind, Signed: s.Signed, Until: s.Until, Evidence: s.Evidence})
	}
	return out
}

func probeOf(p control.ProbeState) Probe {
	one := Probe{ID: p.ID, Status: p.Status, Title: core.Text{FR: p.ID, EN: p.ID}}
	if p.Probe != nil {
		one.Title, one.Kind = p.Probe.Title, string(p.Probe.Kind)
	}
	if o := p.Last; o != nil {
		one.Why, one.Population, one.Sample, one.Settings = o.Why, o.Population, o.Sample, o.Settings
		one.Start, one.End, one.Expires = o.Start, o.End, o.Expires
		one.Observation, one.Log, one.Entry, one.Position = o.ID, o.Log, o.Entry, o.Position
	}
	return one
}

// Bytes is the snapshot as it is kept; the same state gives the same bytes.
func (d Document) Bytes() ([]byte, error) { return json.MarshalIndent(d, "", " ") }

// Parse reads a kept snapshot.
func Parse(b []byte) (d Document, err error) { return d, json.Unmarshal(b, &d) }

// Hash pins a snapshot: SHA-256, hex.
func Hash(snapshot []byte) string {
	sum := sha256.Sum256(snapshot)
	return hex.EncodeToString(sum[:])
}

// Tally counts clauses by what they are and how they stand.
func (d Document) Tally() control.Summary {
	var s control.Summary
	for _, c := range d.Clauses {
		s.Total++
		switch {
		case c.Status == control.NotBuilt:
			s.NotBuilt++
			continue
		case c.Status == control.Outside:
			s.Outside++
			continue
		case kindOf(c) == "attested":
			s.Attested++
		case kindOf(c) == "verified":
			s.Probed++
		default:
			s.Enforced++
		}
		switch c.Status {
		case control.Held, control.Attested:
			s.Held++
		case control.Broken:
			s.Broken++
		default:
			s.Stale++
		}
	}
	return s
}

// kindOf gives the kind that a clause counts under: the first that its pack names.
func kindOf(c Clause) string {
	if len(c.Kinds) == 0 {
		return ""
	}
	return c.Kinds[0]
}

// Named gives the kind of an attestation in words, or its id when nobody named it.
func (s Standing) Named() core.Text {
	if s.Title == (core.Text{}) {
		return core.Text{FR: s.Kind, EN: s.Kind}
	}
	return s.Title
}
