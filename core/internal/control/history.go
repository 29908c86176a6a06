package control

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

var errNoClause = i18n.Fault(core.NotFound, "clause.absent", "Cette clause n'existe pas, ou ne vous est pas promise.", "There is no such clause, or it is not promised to you.")

func dayOf(t time.Time) int64 { return t.Unix() / 86400 }

// split gives the time between two moments, day by day.
func split(from, to time.Time, each func(day int64, d time.Duration)) {
	for from.Before(to) {
		n := dayOf(from)
		end := time.Unix((n+1)*86400, 0).UTC()
		if end.After(to) {
			end = to
		}
		each(n, end.Sub(from))
		from = end
	}
}

// share puts time spent in a status where it is counted.
func share(s Status, d time.Duration) (held, broken, other time.Duration) {
	switch s {
	case Held, Attested:
		return d, 0, 0
	case Broken:
		return 0, d, 0
	}
	return 0, 0, d
}

// Refresh notes the clauses whose status changed with time alone: evidence that expired.
func (m *Module) Refresh(ctx context.Context) error {
	var changed bool
	look := func(tx core.Tx) (*world, error) {
		w, err := m.load(ctx, tx)
		if err == nil {
			changed = len(w.turned()) > 0
		}
		return w, err
	}
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error { _, err := look(tx); return err })
	if err != nil || !changed {
		return err
	}
	return m.needs.Gate.Keep(ctx, dutyStatus, func(tx core.Tx) error {
		w, err := look(tx)
		if err != nil {
			return err
		}
		return w.turn(ctx, tx)
	})
}

// turned gives the clauses that stand otherwise than was last noted.
func (w *world) turned() []Clause {
	var list []Clause
	for _, c := range w.clauses(Filter{Every: true}) {
		if w.before[Ref{c.Pack, c.ID}].status != c.Status {
			list = append(list, c)
		}
	}
	return list
}

// turn notes the clauses whose status changed, and counts the days of the one before.
func (w *world) turn(ctx context.Context, tx core.Tx) error {
	for _, c := range w.turned() {
		ref := Ref{c.Pack, c.ID}
		if old, known := w.before[ref]; known {
			var err error
			split(old.since, w.now, func(n int64, d time.Duration) {
				if err == nil {
					h, b, o := share(old.status, d)
					_, err = tx.Exec(ctx, qAddDay, c.Pack, c.ID, n, h.Microseconds(), b.Microseconds(), o.Microseconds())
				}
			})
			if err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, qSetStatus, c.Pack, c.ID, string(c.Status), clock.Micros(w.now)); err != nil {
			return err
		}
		w.before[ref] = held{c.Status, w.now}
	}
	return nil
}

// History gives the share of time that a clause held, or a whole pack when clause is "", over the last days (at most 366).
func (m *Module) History(ctx context.Context, pack, clause string, days int) (h Days, err error) {
	days = min(max(days, 1), 366)
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadClauses, Org: core.Platform}, func(tx core.Tx) error {
		h, err = m.history(ctx, tx, pack, clause, days)
		return err
	})
	return h, err
}

func (m *Module) history(ctx context.Context, tx core.Tx, pack, clause string, days int) (Days, error) {
	now := m.needs.Clock.Now()
	last := dayOf(now)
	first := last - int64(days) + 1
	var h Days
	for n := first; n <= last; n++ {
		h.Days = append(h.Days, Day{Date: time.Unix(n*86400, 0).UTC()})
	}
	add := func(n int64, held, broken, other time.Duration) {
		if n >= first && n <= last {
			d := &h.Days[n-first]
			d.Held, d.Broken, d.Other = d.Held+held, d.Broken+broken, d.Other+other
		}
	}
	query, args := qDays.Pick([]any{pack, clause, first}, clause != "")
	_, err := db.All(ctx, tx, query, func(scan db.Scan) (struct{}, error) {
		var n, held, broken, other int64
		err := scan(&n, &held, &broken, &other)
		us := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
		add(n, us(held), us(broken), us(other))
		return struct{}{}, err
	}, args...)
	if err != nil {
		return h, err
	}
	// The status of now is not counted yet.
	found := false
	_, err = db.All(ctx, tx, qStatuses, func(scan db.Scan) (struct{}, error) {
		var r Ref
		var status Status
		var since int64
		err := scan(&r.Pack, &r.Clause, &status, &since)
		if r.Pack == pack && (clause == "" || r.Clause == clause) {
			found = true
			from := clock.FromMicros(since)
			if start := h.Days[0].Date; from.Before(start) {
				from = start
			}
			split(from, now, func(n int64, d time.Duration) {
				held, broken, other := share(status, d)
				add(n, held, broken, other)
			})
		}
		return struct{}{}, err
	})
	if err == nil && !found {
		w, werr := m.load(ctx, tx)
		if werr == nil && !w.known(pack, clause) {
			werr = errNoClause
		}
		err = werr
	}
	var held time.Duration
	for _, d := range h.Days {
		held += d.Held
		h.Known += d.Held + d.Broken + d.Other
	}
	if h.Known > 0 {
		h.Percent = 100 * float64(held) / float64(h.Known)
	}
	return h, err
}
