package boot

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/incident"
	"github.com/rempart/rempart/core/internal/journal"
)

// incidents makes the room of incidents and breaches.
func (h *House) incidents(doors *late) *incident.Module {
	return incident.New(incident.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Keys: h.vault, People: h.identity, Rights: h.access, Orgs: h.organizations,
		Journal: journals{h}, Holdings: newHoldings(h), Origin: h.cfg.Origin,
		Contact: func(ctx context.Context, tx core.Tx) (string, error) {
			c, err := h.settings.Contacts(ctx, tx, core.Platform)
			return c.DPO, err
		},
	})
}

// journals lets incidents read journals.
type journals struct{ h *House }

// Logs places the entries that wait first: an organization has a log from its first placed entry on.
func (j journals) Logs(ctx context.Context) ([]core.ID, error) {
	if err := j.h.journal.Settle(ctx); err != nil {
		return nil, err
	}
	return j.h.journal.Orgs(ctx)
}

func (j journals) Walk(ctx context.Context, org core.ID, s incident.Span, fn func(incident.Seen) error) error {
	return j.h.journal.Walk(ctx, org, journal.Filter{Actor: s.Actor, From: s.From, To: s.To}, func(r *journal.Row) error {
		e := incident.Seen{
			Org: core.ID(r.Log), Entry: core.ID(r.ID), At: r.When, Actor: core.ID(r.Actor), Verb: r.Verb, Address: r.Address, Success: r.Outcome == core.Success.String(),
		}
		for _, id := range r.Subjects {
			e.Subjects = append(e.Subjects, core.ID(id))
		}
		return fn(e)
	})
}

func (j journals) Extract(ctx context.Context, org core.ID, s incident.Span, w io.Writer) error {
	return j.h.journal.Extract(ctx, org, journal.Filter{Person: s.Actor, From: s.From, To: s.To}, w)
}

// holdings tells from the manifests who has rows where.
type holdings struct {
	h      *House
	tables func() []core.Table
}

func newHoldings(h *House) holdings {
	return holdings{h, sync.OnceValue(func() (list []core.Table) {
		for _, m := range h.Manifests() {
			for _, t := range m.Tables {
				if slices.ContainsFunc(t.Columns, func(c core.Column) bool { return c.Personal && !c.Secret }) {
					list = append(list, t)
				}
			}
		}
		return list
	})}
}

func (o holdings) Tables() []core.Table { return o.tables() }

func (o holdings) Has(ctx context.Context, tx core.Tx, person core.ID, tables []string) (found []string, err error) {
	for _, m := range o.h.modules {
		asked := slices.ContainsFunc(m.Manifest().Tables, func(t core.Table) bool { return slices.Contains(tables, t.Name) })
		if !asked {
			continue
		}
		err := m.ExportPerson(ctx, tx, person, func(r core.Record) error {
			if slices.Contains(tables, r.Table) && !slices.Contains(found, r.Table) {
				found = append(found, r.Table)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
