package control

import (
	"cmp"
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/policies"
	"github.com/rempart/rempart/verify"
)

var errNoObservation = i18n.Fault(core.NotFound, "observation.absent", "Ce constat n'existe pas.", "There is no such observation.")

// Clauses lists clauses with their computed status, and the split over them. For provider staff.
func (m *Module) Clauses(ctx context.Context, f Filter) (list []Clause, sum Summary, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) error {
		w, err := m.load(ctx, tx)
		if err != nil {
			return err
		}
		list = w.clauses(f)
		sum = summarize(list)
		return nil
	})
	return list, sum, err
}

// Promised lists the clauses promised to an organization, with their status and the date of their evidence; not what the
// probes saw inside the platform. For its own people.
func (m *Module) Promised(ctx context.Context, org core.ID, f Filter) (list []Clause, sum Summary, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadPromises, Org: org}, func(tx core.Tx) (err error) {
		list, err = m.promised(ctx, tx, org, f)
		sum = summarize(list)
		return err
	})
	return list, sum, err
}

func (m *Module) promised(ctx context.Context, tx core.Tx, org core.ID, f Filter) (list []Clause, err error) {
	w, err := m.load(ctx, tx)
	if err != nil || len(w.force) == 0 {
		return nil, err
	}
	pins, err := db.All(ctx, tx, qPinsOf, scanPin, org)
	if err != nil {
		return nil, err
	}
	f.Every = false
	w.values, err = m.needs.Values.Values(ctx, tx, org) // what the organization tightened stands in its own texts
	if err != nil {
		return nil, err
	}
	for _, c := range w.clauses(f) {
		if c.Published && slices.ContainsFunc(pins, func(p Pin) bool { return p.Pack == c.Pack }) {
			list = append(list, c.outward())
		}
	}
	return list, nil
}

// InForce gives the published clauses with their state, for a room that tells of them: those that an organization was promised,
// or all on the platform.
func (m *Module) InForce(ctx context.Context, tx core.Tx, org core.ID) (list []Clause, err error) {
	if org != core.Platform {
		return m.promised(ctx, tx, org, Filter{})
	}
	w, err := m.load(ctx, tx)
	if err != nil || len(w.force) == 0 {
		return nil, err
	}
	for _, c := range w.clauses(Filter{}) {
		if c.Published {
			list = append(list, c)
		}
	}
	return list, nil
}

var (
	outHeld   = i18n.T("Vu tenir par les sondes du fournisseur.", "Seen to hold by the provider's probes.")
	outBroken = i18n.T("Une sonde du fournisseur l'a vu rompu ; il est alerté.", "A probe of the provider saw it broken; the provider was alerted.")
	outStale  = i18n.T("Aucun constat récent.", "No recent observation.")
)

// outward is a clause as a client sees it.
func (c Clause) outward() Clause {
	switch c.Status {
	case Held:
		c.Why = said(outHeld)
	case Broken:
		c.Why = said(outBroken)
	case Stale:
		c.Why = said(outStale)
	}
	states := make([]ProbeState, len(c.Probes))
	for i, p := range c.Probes {
		states[i] = ProbeState{Probe: p.Probe, ID: p.ID, Status: p.Status}
	}
	c.Probes = states
	standings := slices.Clone(c.Standings)
	for i := range standings {
		standings[i].Person, standings[i].Evidence = "", ""
	}
	c.Standings = standings
	return c
}

// Observations lists those of a probe (of all probes when it is ""), newest first, before one; next is "" at the end.
func (m *Module) Observations(ctx context.Context, probe string, before core.ID, limit int) (list []Observation, next core.ID, err error) {
	limit = min(max(cmp.Or(limit, 50), 1), 200)
	before = cmp.Or(before, endless)
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) error {
		list, next = nil, ""
		query, args := qSeen, []any{before, limit + 1}
		if probe != "" {
			query, args = qSeenOf, []any{probe, before, limit + 1}
		}
		rows, err := db.All(ctx, tx, query, scanObservation, args...)
		for i, o := range rows {
			if i == limit {
				next = list[limit-1].ID
				break
			}
			list = append(list, *o)
		}
		return err
	})
	return list, next, err
}

// Observation opens one down to its journal entries.
func (m *Module) Observation(ctx context.Context, id core.ID) (e Evidence, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) error {
		o, found, err := db.One(ctx, tx, qOneSeen, scanObservation, id)
		if err != nil {
			return err
		}
		if !found {
			return errNoObservation
		}
		w, err := m.load(ctx, tx)
		if err != nil {
			return err
		}
		e = Evidence{Observation: *o, Clauses: w.uses(o.Probe)}
		text, err := o.text()
		e.Text = string(text)
		return err
	})
	if err != nil {
		return e, err
	}
	_, err = verify.OpenObservation([]byte(e.Text), e.Signature, m.needs.Journal.Key())
	e.Sound = err == nil
	if e.Checkpoint, e.Lines, err = m.needs.Journal.Prove(ctx, e.Log, e.Entry); err != nil || len(e.Lines) == 0 {
		e.Checkpoint = ""
		return e, err
	}
	for _, log := range []core.ID{core.Platform, core.Canaries, core.Strangers} {
		_, lines, err := m.needs.Journal.Prove(ctx, log, e.Entries...)
		if err != nil {
			return e, err
		}
		e.Lines = append(e.Lines, lines...)
	}
	return e, nil
}

// Packs lists the packs that ship and those that were ever published, by id.
func (m *Module) Packs(ctx context.Context) (list []PackView, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) error {
		list = nil
		at := map[string]int{}
		for _, p := range m.needs.Shipped() {
			at[p.ID] = len(list)
			list = append(list, PackView{Pack: p, Shipped: true})
		}
		rows, err := db.All(ctx, tx, qVersions, scanPublication)
		if err != nil {
			return err
		}
		for _, row := range rows {
			p, err := m.opened(ctx, tx, row)
			if err != nil {
				return err
			}
			if _, known := at[p.ID]; !known {
				at[p.ID] = len(list)
				list = append(list, PackView{Pack: p.Pack})
			}
			v := &list[at[p.ID]]
			v.History = append(v.History, *p)
			if p.State == inForce {
				if err := m.count(ctx, tx, v, p); err != nil {
					return err
				}
			}
		}
		slices.SortStableFunc(list, func(a, b PackView) int {
			switch {
			case a.Baseline != b.Baseline && a.Baseline:
				return 1
			case a.Baseline != b.Baseline:
				return -1
			}
			return 0
		})
		return nil
	})
	return list, err
}

func (m *Module) count(ctx context.Context, tx core.Tx, v *PackView, p *Publication) error {
	v.InForce = p
	pins, err := m.pins(ctx, tx, p.ID, p.Number)
	v.Pinned = len(pins)
	for _, pin := range pins {
		if !pin.SignedAt.IsZero() {
			v.Signed++
		}
	}
	return err
}

// known tells whether any pack has a clause.
func (w *world) known(pack, clause string) bool {
	return slices.ContainsFunc(w.packs, func(p *policies.Pack) bool {
		_, there := p.Clause(clause)
		return p.ID == pack && (clause == "" || there)
	})
}
