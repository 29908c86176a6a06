package statistics

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errUnknown = i18n.Fault(core.NotFound, "statistics.unknown", "Cette statistique n'existe pas.", "There is no such statistic.")
	errSpent   = i18n.Fault(core.Conflict, "statistics.spent", "Le budget de confidentialité du mois ne suffit plus pour cette question : elle pourrait désigner quelqu'un. Les chiffres déjà donnés restent lisibles ; le budget revient le 1er du mois.", "The privacy budget of the month no longer covers this question: it could single somebody out. Figures already given can still be read; the budget comes back on the 1st of the month.")
)

var (
	qRelease    = db.SQL(`SELECT measure, period, milli, month, asked_at FROM statistics_release WHERE org = $1 AND measure = $2 AND period = $3 AND milli = $4`)
	qReleases   = db.SQL(`SELECT measure, period, milli, month, asked_at FROM statistics_release WHERE org = $1 ORDER BY asked_at DESC, measure, milli LIMIT 100`)
	qAddRelease = db.SQL(`INSERT INTO statistics_release (org, measure, period, milli, month, asked_at) VALUES ($1, $2, $3, $4, $5, $6)`)
	qFigures    = db.SQL(`SELECT part, value FROM statistics_figure WHERE org = $1 AND measure = $2 AND period = $3 AND milli = $4`)
	qAddFigure  = db.SQL(`INSERT INTO statistics_figure (org, measure, period, milli, part, value) VALUES ($1, $2, $3, $4, $5, $6)`)
	qSpent      = db.SQL(`SELECT spent FROM statistics_budget WHERE org = $1 AND month = $2`)
	qSpend      = db.SQL(`INSERT INTO statistics_budget (org, month, spent) VALUES ($1, $2, $3) ON CONFLICT (org, month) DO UPDATE SET spent = statistics_budget.spent + excluded.spent`)
)

// Figure is the size of one group.
type Figure struct {
	Group
	Value int64 // noise included; it may be below nothing
	Shown bool  // false below the smallest group
}

// Release is a statistic that was given.
type Release struct {
	Measure *Measure
	Period  string
	Milli   int64
	Month   string
	AskedAt time.Time
	Figures []Figure
}

func scanRelease(scan db.Scan) (r Release, err error) {
	var measure string
	var at int64
	err = scan(&measure, &r.Period, &r.Milli, &r.Month, &at)
	r.Measure, _ = MeasureOf(measure)
	r.AskedAt = clock.FromMicros(at)
	return r, err
}

// View is what was given to an organization, and what is left of its budget.
type View struct {
	Releases     []Release
	Month        string
	Spent, Limit int64
}

// List gives what was given, newest first.
func (m *Module) List(ctx context.Context, org core.ID) (v View, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: See, Org: org}, func(tx core.Tx) error {
		v = View{Month: m.month(), Limit: Monthly}
		list, err := db.All(ctx, tx, qReleases, scanRelease, org)
		if err != nil {
			return err
		}
		for _, r := range list {
			if r.Measure == nil { // no longer offered
				continue
			}
			if err := m.figures(ctx, tx, org, &r); err != nil {
				return err
			}
			v.Releases = append(v.Releases, r)
		}
		v.Spent, _, err = db.One(ctx, tx, qSpent, db.Value[int64], org, v.Month)
		return err
	})
	return v, err
}

func (m *Module) month() string { return m.needs.Clock.Now().UTC().Format("2006-01") }

func (m *Module) figures(ctx context.Context, tx core.Tx, org core.ID, r *Release) error {
	type pair struct {
		part  string
		value int64
	}
	list, err := db.All(ctx, tx, qFigures, func(scan db.Scan) (p pair, err error) { err = scan(&p.part, &p.value); return p, err }, org, r.Measure.ID, r.Period, r.Milli)
	if err != nil {
		return err
	}
	values := map[string]int64{}
	for _, p := range list {
		values[p.part] = p.value
	}
	r.Figures = nil
	for _, g := range r.Measure.Groups {
		v := values[g.ID]
		r.Figures = append(r.Figures, Figure{g, v, v >= Smallest})
	}
	return nil
}

// Ask gives a statistic of an organization, or of all of them for the provider. One that was given in its period at this
// precision is given again, for nothing; any other is paid from the budget of the month, or refused.
func (m *Module) Ask(ctx context.Context, org core.ID, measure, exact string) (r Release, err error) {
	what, known := MeasureOf(measure)
	how, offered := precision(exact)
	if !known || !offered {
		return r, errUnknown
	}
	now := m.needs.Clock.Now()
	fresh := Release{Measure: what, Period: what.Period(now), Milli: how.Milli, Month: m.month(), AskedAt: now}
	done := &core.Act{Def: Ask, Org: org}
	err = m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		found := false
		if r, found, err = db.One(ctx, tx, qRelease, scanRelease, org, what.ID, fresh.Period, how.Milli); err != nil {
			return err
		}
		done.Changed("measure", "", what.ID+" "+fresh.Period)
		if !found {
			r = fresh
			done.Changed("milliepsilon", "", fmt.Sprint(how.Milli))
			if err := m.give(ctx, tx, org, &r); err != nil {
				return err
			}
		}
		return m.figures(ctx, tx, org, &r)
	})
	return r, err
}

// give draws the figures of a release, pays for it and keeps it: the true counts are forgotten here.
func (m *Module) give(ctx context.Context, tx core.Tx, org core.ID, r *Release) error {
	spent, _, err := db.One(ctx, tx, qSpent, db.Value[int64], org, r.Month)
	if err != nil {
		return err
	}
	if spent+r.Milli > Monthly {
		return errSpent
	}
	if _, err := tx.Exec(ctx, qSpend, org, r.Month, r.Milli); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qAddRelease, org, r.Measure.ID, r.Period, r.Milli, r.Month, clock.Micros(r.AskedAt)); err != nil {
		return err
	}
	counts, err := m.count(ctx, tx, org, r.Measure, r.AskedAt)
	if err != nil {
		return err
	}
	for _, g := range r.Measure.Groups {
		noise, err := laplace(m.random, uint64(r.Milli))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qAddFigure, org, r.Measure.ID, r.Period, r.Milli, g.ID, counts[g.ID]+noise); err != nil {
			return err
		}
	}
	return nil
}

// count puts each person into one group, at most: whoever comes or goes changes one figure by one.
func (m *Module) count(ctx context.Context, tx core.Tx, org core.ID, what *Measure, now time.Time) (map[string]int64, error) {
	list, err := m.members(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	placed, err := what.place(ctx, tx, m, org, now, list)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for _, group := range placed {
		counts[group]++
	}
	return counts, nil
}

// members are those of an organization; for the provider, of every client.
func (m *Module) members(ctx context.Context, tx core.Tx, org core.ID) ([]core.Membership, error) {
	if org != core.Platform {
		return m.needs.Places.Members(ctx, tx, org)
	}
	var all []core.Membership
	for after := core.ID(""); ; {
		orgs, err := m.needs.Places.AllOrgs(ctx, tx, after, 100)
		if err != nil || len(orgs) == 0 {
			return all, err
		}
		for _, o := range orgs {
			list, err := m.needs.Places.Members(ctx, tx, o.ID)
			if err != nil {
				return nil, err
			}
			all, after = append(all, list...), o.ID
		}
	}
}
