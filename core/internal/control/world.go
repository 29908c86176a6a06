package control

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/policies"
)

// held is a status and since when.
type held struct {
	status Status
	since  time.Time
}

// world is everything that the status of clauses is computed from, read in one snapshot.
type world struct {
	now       time.Time
	packs     []*policies.Pack        // in force as published, then those that ship and are not
	force     map[string]*Publication // by pack
	probes    map[string]*core.Probe
	last      map[string]*Observation
	standings map[string]Standing
	before    map[Ref]held
	values    map[string]string
	catalogue policies.Catalogue
}

// read gives the pack of a publication, parsed once.
func (m *Module) read(p publicationRow) (*policies.Pack, error) {
	// The hash of the row also holds what was withdrawn; the text alone is what is parsed.
	key := p.Hash + "/" + p.pack
	m.mu.Lock()
	known := m.parsed[key]
	m.mu.Unlock()
	if known != nil {
		return known, nil
	}
	pack, err := m.needs.Parse(p.pack+".yaml", p.source)
	if err != nil {
		return nil, fmt.Errorf("control: the text of %s %s cannot be read: %w", p.pack, p.version, err)
	}
	m.mu.Lock()
	m.parsed[key] = pack
	m.mu.Unlock()
	return pack, nil
}

// opened completes a publication with its text and what it says of its clauses.
func (m *Module) opened(ctx context.Context, tx core.Tx, row publicationRow) (*Publication, error) {
	pack, err := m.read(row)
	if err != nil {
		return nil, err
	}
	p := row.Publication
	p.Pack = pack
	type mark struct{ clause, state string }
	marks, err := db.All(ctx, tx, qMarks, func(scan db.Scan) (k mark, err error) { err = scan(&k.clause, &k.state); return k, err }, row.pack, row.Number)
	for _, k := range marks {
		switch k.state {
		case apart:
			p.Apart = append(p.Apart, k.clause)
		case withdrawn:
			p.Withdrawn = append(p.Withdrawn, k.clause)
		}
	}
	return &p, err
}

// promises tells whether the publication promises a clause.
func (p *Publication) promises(clause string) bool {
	return p != nil && p.State == inForce && !slices.Contains(p.Withdrawn, clause)
}

// load reads the world.
func (m *Module) load(ctx context.Context, tx core.Tx) (*world, error) {
	w := &world{
		now: m.needs.Clock.Now(), force: map[string]*Publication{}, probes: map[string]*core.Probe{}, last: map[string]*Observation{},
		standings: map[string]Standing{}, before: map[Ref]held{}, catalogue: m.needs.Catalogue(),
	}
	for _, p := range m.needs.Probes() {
		w.probes[p.ID] = p
	}
	rows, err := db.All(ctx, tx, qPublished, scanPublication)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		p, err := m.opened(ctx, tx, row)
		if err != nil {
			return nil, err
		}
		w.force[p.ID] = p
		w.packs = append(w.packs, p.Pack)
	}
	for _, p := range m.needs.Shipped() {
		if w.force[p.ID] == nil {
			w.packs = append(w.packs, p)
		}
	}
	if err := w.loadEvidence(ctx, tx, m); err != nil {
		return nil, err
	}
	w.values, err = m.needs.Values.Values(ctx, tx, core.Platform)
	return w, err
}

func (w *world) loadEvidence(ctx context.Context, tx core.Tx, m *Module) error {
	seen, err := db.All(ctx, tx, qNewest, scanObservation)
	if err != nil {
		return err
	}
	for _, o := range seen {
		w.last[o.Probe] = o
	}
	if m.needs.Attested != nil {
		list, err := m.needs.Attested(ctx, tx)
		if err != nil {
			return err
		}
		for _, s := range list {
			if s.Until.After(w.standings[s.Kind].Until) {
				w.standings[s.Kind] = s
			}
		}
	}
	_, err = db.All(ctx, tx, qStatuses, func(scan db.Scan) (struct{}, error) {
		var r Ref
		var h held
		var since int64
		err := scan(&r.Pack, &r.Clause, &h.status, &since)
		h.since = clock.FromMicros(since)
		w.before[r] = h
		return struct{}{}, err
	})
	return err
}

// clauses gives those that a filter takes, computed, in the order of their packs.
func (w *world) clauses(f Filter) []Clause {
	every := f.Every || f.Pack != "" || len(w.force) == 0
	var list []Clause
	for _, p := range w.packs {
		if f.Pack != "" && p.ID != f.Pack || !every && w.force[p.ID] == nil {
			continue
		}
		for i := range p.Clauses {
			c := &p.Clauses[i]
			if f.Clause != "" && c.ID != f.Clause || f.Kind != "" && !c.Has(f.Kind) {
				continue
			}
			one := w.clause(p.ID, c)
			if f.Status == "" || one.Status == f.Status {
				list = append(list, one)
			}
		}
	}
	return list
}

// clause computes how one clause stands.
func (w *world) clause(pack string, c *policies.Clause) Clause {
	pub := w.force[pack]
	one := Clause{
		Clause: c, Pack: pack, Published: pub.promises(c.ID),
		Text: policies.Fill(c.Text, w.catalogue, func(key string) string { return w.values[key] }),
	}
	if pub != nil {
		one.Apart = slices.Contains(pub.Apart, c.ID)
		one.Withdrawn = slices.Contains(pub.Withdrawn, c.ID)
	}
	for _, id := range c.Probes {
		one.Probes = append(one.Probes, w.probe(id))
	}
	for _, kind := range c.Attestations {
		s, ok := w.standings[kind]
		if !ok {
			s = Standing{Kind: kind}
		}
		one.Standings = append(one.Standings, s)
	}
	one.Status, one.Why = w.judge(&one)
	one.Evidence = evidence(&one)
	if h, ok := w.before[Ref{pack, c.ID}]; ok && h.status == one.Status {
		one.Since = h.since
	} else {
		one.Since = w.now
	}
	return one
}

// probe gives a probe with its newest observation.
func (w *world) probe(id string) ProbeState {
	s := ProbeState{Probe: w.probes[id], ID: id, Last: w.last[id]}
	switch {
	case s.Probe == nil:
		s.Status = NotBuilt
	case s.Last == nil, s.Last.Failed != "":
		s.Status = Stale
	case !s.Last.Held:
		s.Status = Broken // until it is seen to hold again: a break does not heal by being old
	case !s.Last.Expires.After(w.now):
		s.Status = Stale
	default:
		s.Status = Held
	}
	return s
}

// evidence is the date of the oldest piece that a clause rests on; zero when one is missing.
func evidence(c *Clause) time.Time {
	var oldest time.Time
	older := func(t time.Time) {
		if oldest.IsZero() || t.Before(oldest) {
			oldest = t
		}
	}
	for _, p := range c.Probes {
		if p.Last == nil || p.Last.Failed != "" {
			return time.Time{}
		}
		older(p.Last.End)
	}
	for _, s := range c.Standings {
		if s.Signed.IsZero() {
			return time.Time{}
		}
		older(s.Signed)
	}
	return oldest
}

// uses lists the clauses in force that rest on a probe.
func (w *world) uses(probe string) []Ref {
	var refs []Ref
	for id, pub := range w.force {
		for i := range pub.Clauses {
			c := &pub.Clauses[i]
			if pub.promises(c.ID) && slices.Contains(c.Probes, probe) {
				refs = append(refs, Ref{id, c.ID})
			}
		}
	}
	slices.SortFunc(refs, func(a, b Ref) int { return cmp.Or(cmp.Compare(a.Pack, b.Pack), cmp.Compare(a.Clause, b.Clause)) })
	return refs
}

// defaultLifetime is that of a probe that no clause uses.
const defaultLifetime = 24 * time.Hour

// lifetime is how long an observation of a probe stays evidence: the shortest of the clauses that use it.
func (w *world) lifetime(probe string) time.Duration {
	var least time.Duration
	for _, p := range w.packs {
		for i := range p.Clauses {
			c := &p.Clauses[i]
			if c.Lifetime > 0 && (least == 0 || c.Lifetime < least) && slices.Contains(c.Probes, probe) {
				least = c.Lifetime
			}
		}
	}
	return cmp.Or(least, defaultLifetime)
}
