package api

import (
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/policies"
	"github.com/rempart/rempart/verify"
)

// Summary is the split over clauses.
type Summary struct {
	Total    int `json:"total"`
	Enforced int `json:"enforced" doc:"Kept by the software itself"`
	Probed   int `json:"probed" doc:"Verified on the outside world"`
	Attested int `json:"attested" doc:"Attested by persons"`
	Outside  int `json:"outside" doc:"Outside the product"`
	NotBuilt int `json:"not_built"`
	Held     int `json:"held"`
	Broken   int `json:"broken"`
	Stale    int `json:"stale"`
}

// Probe is a probe of a clause.
type Probe struct {
	ID          string     `json:"id"`
	Status      string     `json:"status"`
	Observation core.ID    `json:"observation,omitempty" doc:"The newest one"`
	SeenAt      *time.Time `json:"seen_at,omitempty"`
}

// Clause is one promise and how it stands.
type Clause struct {
	Pack      string     `json:"pack"`
	ID        string     `json:"id"`
	Kinds     []string   `json:"kinds" nullable:"false"`
	TitleFR   string     `json:"title_fr"`
	TitleEN   string     `json:"title_en"`
	TextFR    string     `json:"text_fr" doc:"With the values in force"`
	TextEN    string     `json:"text_en"`
	InForce   bool       `json:"in_force"`
	Apart     bool       `json:"apart,omitempty" doc:"Published apart: nothing could show it"`
	Status    string     `json:"status" enum:"held,broken,stale,attested,not_built,outside"`
	WhyFR     string     `json:"why_fr"`
	WhyEN     string     `json:"why_en"`
	Since     time.Time  `json:"since"`
	Evidence  *time.Time `json:"evidence,omitempty" doc:"Date of the oldest evidence that it rests on"`
	Probes    []Probe    `json:"probes" nullable:"false"`
	Standings []Standing `json:"attestations,omitempty"`
}

// Standing is an attestation that a clause rests on.
type Standing struct {
	Kind     string     `json:"kind"`
	Signed   *time.Time `json:"signed,omitempty"`
	Until    *time.Time `json:"until,omitempty"`
	Evidence string     `json:"evidence,omitempty" doc:"SHA-256 of its files"`
}

func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func clauseOf(c *control.Clause) Clause {
	out := Clause{
		Pack: c.Pack, ID: c.ID, TitleFR: c.Title.FR, TitleEN: c.Title.EN, TextFR: c.Text.FR, TextEN: c.Text.EN, InForce: c.Published, Apart: c.Apart,
		Status: string(c.Status), WhyFR: c.Why.FR, WhyEN: c.Why.EN, Since: c.Since, Evidence: given(c.Evidence), Probes: []Probe{}, Kinds: []string{},
	}
	for _, k := range c.Kinds {
		out.Kinds = append(out.Kinds, string(k))
	}
	for _, p := range c.Probes {
		one := Probe{ID: p.ID, Status: string(p.Status)}
		if p.Last != nil {
			one.Observation, one.SeenAt = p.Last.ID, given(p.Last.End)
		}
		out.Probes = append(out.Probes, one)
	}
	for _, s := range c.Standings {
		out.Standings = append(out.Standings, Standing{s.Kind, given(s.Signed), given(s.Until), s.Evidence})
	}
	return out
}

// Day is how a clause stood on a day, in seconds.
type Day struct {
	Date   string `json:"date"`
	Held   int64  `json:"held"`
	Broken int64  `json:"broken"`
	Other  int64  `json:"other" doc:"Nothing fresh was seen, or it is not built"`
}

// History is how a clause stood over time.
type History struct {
	Body struct {
		Percent float64 `json:"percent" doc:"Of the time that is known"`
		Known   int64   `json:"known" doc:"Seconds; those of all its clauses for a policy"`
		Days    []Day   `json:"days" nullable:"false"`
	}
}

func historyOf(h control.Days) *History {
	out := &History{}
	out.Body.Percent, out.Body.Known = h.Percent, int64(h.Known.Seconds())
	for _, d := range h.Days {
		out.Body.Days = append(out.Body.Days, Day{d.Date.Format(time.DateOnly), int64(d.Held.Seconds()), int64(d.Broken.Seconds()), int64(d.Other.Seconds())})
	}
	return out
}

// Observation is what one run of a probe saw.
type Observation struct {
	ID         core.ID           `json:"id"`
	Probe      string            `json:"probe"`
	Outcome    string            `json:"outcome" enum:"held,broken,unseen"`
	WhyFR      string            `json:"why_fr"`
	WhyEN      string            `json:"why_en"`
	Population int               `json:"population"`
	Sample     int               `json:"sample"`
	Settings   map[string]string `json:"settings,omitempty" doc:"Settings seen"`
	Start      time.Time         `json:"start"`
	End        time.Time         `json:"end"`
	Expires    time.Time         `json:"expires"`
	Version    string            `json:"version" doc:"Of the program that ran it"`
	Node       string            `json:"node"`
	Log        core.ID           `json:"log"`
	Entry      core.ID           `json:"entry" doc:"Journal entry that records it"`
	Position   uint64            `json:"position" doc:"Entries that the log held before"`
	Signature  []byte            `json:"signature" doc:"Ed25519 by the journal's key over the canonical text"`
}

func observationOf(o *control.Observation) Observation {
	outcome := verify.SawBroken
	switch {
	case o.Failed != "":
		outcome = verify.SawNothing
	case o.Held:
		outcome = verify.SawHeld
	}
	return Observation{
		ID: o.ID, Probe: o.Probe, Outcome: outcome, WhyFR: o.Why.FR, WhyEN: o.Why.EN, Population: o.Population, Sample: o.Sample, Settings: o.Settings,
		Start: o.Start, End: o.End, Expires: o.Expires, Version: o.Version, Node: o.Node, Log: o.Log, Entry: o.Entry, Position: o.Position,
		Signature: o.Signature,
	}
}

// Evidence is an observation down to the journal.
type Evidence struct {
	Body struct {
		Observation
		Text       string              `json:"text" doc:"What was signed"`
		Sound      bool                `json:"sound" doc:"The signature holds"`
		Checkpoint string              `json:"checkpoint,omitempty" doc:"Signed head of the journal; absent while the entry waits for its place"`
		Entries    []*verify.EntryLine `json:"entries" nullable:"false" doc:"The entry that records it first, then those that bear witness, with their proofs"`
		Clauses    []string            `json:"clauses" nullable:"false" doc:"Clauses in force that rest on its probe"`
	}
}

func evidenceOf(e control.Evidence) *Evidence {
	out := &Evidence{}
	out.Body.Observation = observationOf(&e.Observation)
	out.Body.Text, out.Body.Sound, out.Body.Checkpoint = e.Text, e.Sound, e.Checkpoint
	out.Body.Entries = append([]*verify.EntryLine{}, e.Lines...)
	out.Body.Clauses = refsOf(e.Clauses)
	return out
}

func refsOf(refs []control.Ref) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = r.Pack + "/" + r.Clause
	}
	return out
}

// Alert is one break.
type Alert struct {
	ID            core.ID    `json:"id"`
	Probe         string     `json:"probe"`
	Observation   core.ID    `json:"observation"`
	WhyFR         string     `json:"why_fr"`
	WhyEN         string     `json:"why_en"`
	Clauses       []string   `json:"clauses" nullable:"false"`
	Organizations int        `json:"organizations" doc:"Whose annex contains one of them"`
	Began         time.Time  `json:"began"`
	Mended        *time.Time `json:"mended,omitempty"`
}

func alertOf(a control.Alert) Alert {
	return Alert{a.ID, a.Probe, a.Observation, a.Why.FR, a.Why.EN, refsOf(a.Clauses), a.Orgs, a.Began, given(a.Mended)}
}

// Version is a published version of a policy.
type Version struct {
	Number      int64      `json:"number"`
	Version     string     `json:"version"`
	Hash        string     `json:"hash"`
	State       string     `json:"state" enum:"in_force,replaced,withdrawn"`
	PublishedAt time.Time  `json:"published_at"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	Apart       []string   `json:"apart,omitempty"`
	Withdrawn   []string   `json:"withdrawn,omitempty"`
}

func versionOf(p *control.Publication) Version {
	return Version{p.Number, p.Version, p.Hash, p.State, p.PublishedAt, given(p.EndedAt), p.Apart, p.Withdrawn}
}

// Policy is a policy with its versions.
type Policy struct {
	ID       string    `json:"id"`
	TitleFR  string    `json:"title_fr"`
	TitleEN  string    `json:"title_en"`
	Issuer   string    `json:"issuer"`
	Clauses  int       `json:"clauses"`
	Shipped  bool      `json:"shipped"`
	Baseline bool      `json:"baseline,omitempty"`
	InForce  *Version  `json:"in_force,omitempty"`
	History  []Version `json:"history" nullable:"false"`
	Pinned   int       `json:"pinned" doc:"Organizations promised the version in force"`
	Signed   int       `json:"signed" doc:"Organizations that signed it"`
}

func policyOf(v *control.PackView) Policy {
	out := Policy{
		ID: v.ID, TitleFR: v.Title.FR, TitleEN: v.Title.EN, Issuer: v.Issuer, Clauses: len(v.Clauses), Shipped: v.Shipped, Baseline: v.Baseline,
		History: []Version{}, Pinned: v.Pinned, Signed: v.Signed,
	}
	if v.InForce != nil {
		now := versionOf(v.InForce)
		out.InForce = &now
	}
	for i := range v.History {
		out.History = append(out.History, versionOf(&v.History[i]))
	}
	return out
}

// Pin is the version that an organization was promised.
type Pin struct {
	Organization core.ID    `json:"organization"`
	Policy       string     `json:"policy"`
	Number       int64      `json:"number"`
	Version      string     `json:"version"`
	Hash         string     `json:"hash"`
	State        string     `json:"state"`
	PinnedAt     time.Time  `json:"pinned_at"`
	Told         []Told     `json:"told" nullable:"false"`
	SignedAt     *time.Time `json:"signed_at,omitempty"`
	SignedBy     core.ID    `json:"signed_by,omitempty"`
}

// Told is who was told, and when.
type Told struct {
	Person core.ID   `json:"person"`
	At     time.Time `json:"at"`
}

func pinsOf(list []control.Pin) []Pin {
	out := make([]Pin, len(list))
	for i, p := range list {
		out[i] = Pin{p.Org, p.Pack, p.Number, p.Version, p.Hash, p.State, p.PinnedAt, []Told{}, given(p.SignedAt), p.SignedBy}
		for _, t := range p.Told {
			out[i].Told = append(out[i].Told, Told{t.Person, t.At})
		}
	}
	return out
}

// Change is one difference between two versions, in words.
type Change struct {
	Clause string `json:"clause,omitempty"`
	Effect string `json:"effect" enum:"weaker,stronger,reworded"`
	FR     string `json:"fr"`
	EN     string `json:"en"`
}

func changesOf(list []policies.Change) []Change {
	out := make([]Change, len(list))
	for i, c := range list {
		out[i] = Change{c.Clause, string(c.Effect), c.What.FR, c.What.EN}
	}
	return out
}

// Gap is a setting that was weaker than the policy demands.
type Gap struct {
	Setting string `json:"setting"`
	Clause  string `json:"clause"`
	Was     string `json:"was"`
	Now     string `json:"now,omitempty" doc:"Absent when a person must give the value"`
}

// Published is what a publication or a withdrawal did.
type Published struct {
	Body struct {
		Policy    string   `json:"policy"`
		Version   Version  `json:"version"`
		Tightened []Gap    `json:"tightened" nullable:"false"`
		Changes   []Change `json:"changes" nullable:"false"`
		Affected  []Pin    `json:"affected" nullable:"false" doc:"Organizations promised the version before; signed_at tells those that had signed it"`
	}
}

func publishedOf(p control.Published) *Published {
	out := &Published{}
	out.Body.Policy, out.Body.Version = p.ID, versionOf(&p.Publication)
	out.Body.Tightened = []Gap{}
	for _, g := range p.Gaps {
		out.Body.Tightened = append(out.Body.Tightened, Gap{g.Key, g.Clause, g.Value, g.Want})
	}
	out.Body.Changes, out.Body.Affected = changesOf(p.Changes), pinsOf(p.Affected)
	return out
}
