package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// turn is how many rows of a table one transaction ends: others write in between.
const turn = 300

var errNoRun = i18n.Fault(core.NotFound, "retention.run", "Ce balayage n'existe pas.", "There is no such sweep.")

// Sweep ends everything that has reached the end of its time. A job calls it each hour; a run that was interrupted goes on.
func (m *Module) Sweep(ctx context.Context) error {
	run, err := m.begin(ctx)
	if err != nil {
		return err
	}
	err = m.sweep(ctx, run)
	for name, other := range m.needs.Others {
		if e := other(ctx); e != nil {
			err = errors.Join(err, fmt.Errorf("retention: %s: %w", name, e))
		}
	}
	if err != nil {
		return err
	}
	return m.finish(ctx, run)
}

// begin opens a run, or goes on with the one that was interrupted.
func (m *Module) begin(ctx context.Context) (Run, error) {
	run, found, err := one(ctx, m.needs.Reader, qRunning, scanRun)
	if err != nil || found {
		return run, err
	}
	run = Run{ID: ids.At(m.now()), Org: core.Platform, State: "running", Began: m.now()}
	return run, nil
}

// note writes the run with its first line: a sweep that finds nothing leaves nothing.
func (m *Module) note(ctx context.Context, tx core.Tx, run Run) error {
	_, found, err := db.One(ctx, tx, qRun, scanRun, run.ID)
	if err != nil || found {
		return err
	}
	_, err = tx.Exec(ctx, qAddRun, run.ID, run.Org, db.Flag(run.Dry), run.State, run.AskedBy, clock.Micros(run.Began), clock.Micros(run.Ended))
	return err
}

func (m *Module) finish(ctx context.Context, run Run) error {
	_, found, err := one(ctx, m.needs.Reader, qRun, scanRun, run.ID)
	if err != nil || !found {
		return err
	}
	return m.needs.Gate.Change(ctx, &core.Act{Def: Begin, Org: core.Platform, Resource: run.ID}, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qEndRun, run.ID, clock.Micros(m.now()))
		return err
	})
}

type place struct {
	org  core.ID
	days int
}

func (m *Module) sweep(ctx context.Context, run Run) error {
	var orgs []core.ID
	var held func(org, person core.ID) bool
	err := m.needs.Reader.Read(db.Long(ctx), func(tx core.Tx) (err error) {
		if orgs, err = m.orgs(ctx, tx); err != nil {
			return err
		}
		held, err = m.held(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range m.ends() {
		var places []place
		err := m.needs.Reader.Read(db.Long(ctx), func(tx core.Tx) error {
			places = nil
			return m.each(ctx, tx, e, orgs, m.now(), func(org core.ID, days int) error {
				places = append(places, place{org, days})
				return nil
			})
		})
		if err != nil {
			return err
		}
		for _, p := range places {
			if err := m.end(ctx, run, e, p, held); err != nil {
				return fmt.Errorf("retention: %s of %s: %w", e.rule.Name, p.org, err)
			}
		}
	}
	return nil
}

// end ends one rule of one room in one organization, a turn at a time.
func (m *Module) end(ctx context.Context, run Run, e ended, p place, held func(org, person core.ID) bool) error {
	if e.rule.Archive > 0 {
		if err := m.Prepare(ctx, p.org); err != nil {
			return err
		}
	}
	ask := m.expiry(e.rule, p.org, p.days, m.now(), held, true)
	ask.Limit = turn
	if e.rule.Archive > 0 {
		ask.Archive = func(context.Context, core.Archived) error { return nil } // counted, not moved: it is dry
	}
	for ctx.Err() == nil {
		var found []core.Receipt
		err := m.needs.Reader.Read(db.Long(ctx), func(tx core.Tx) (err error) {
			found, err = e.room.Expire(ctx, tx, ask)
			return err
		})
		if err != nil {
			return err
		}
		gone, kept := sum(found)
		if gone == 0 && kept == 0 {
			return nil
		}
		if gone == 0 {
			skip(ask.Skip, found)
			continue
		}
		if err := m.turn(ctx, run, e, p, ask); err != nil {
			return err
		}
		skip(ask.Skip, found)
	}
	return ctx.Err()
}

func sum(list []core.Receipt) (gone, kept int64) {
	for _, r := range list {
		gone, kept = gone+r.Deleted, kept+r.Kept
	}
	return gone, kept
}

func skip(by map[string]int, list []core.Receipt) {
	for _, r := range list {
		by[r.Table] += int(r.Kept)
	}
}

// turn ends some rows in one transaction, with the certificate in the journal.
func (m *Module) turn(ctx context.Context, run Run, e ended, p place, ask core.Expiry) error {
	entry := ids.At(m.now())
	act := &core.Act{Def: Expire, Org: p.org, Resource: run.ID, Entry: entry, Reason: ""}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := m.note(ctx, tx, run); err != nil {
			return err
		}
		ask.Dry = false
		if e.rule.Archive > 0 {
			ask.Archive = func(ctx context.Context, a core.Archived) error {
				return m.keep(ctx, tx, a, e.rule.Name, a.Began.AddDate(0, 0, e.rule.Days+e.rule.Archive))
			}
		}
		done, err := e.room.Expire(ctx, tx, ask)
		if err != nil {
			return err
		}
		for _, r := range done {
			act.Note += fmt.Sprintf("%s %s %dd: %d deleted, %d of them archived, %d held\n", e.rule.Name, r.Table, p.days, r.Deleted, r.Archived, r.Kept)
			if _, err := tx.Exec(ctx, qAddLine, run.ID, p.org, e.rule.Name, r.Table, p.days, r.Deleted, r.Archived, r.Kept, entry); err != nil {
				return err
			}
		}
		return nil
	})
}

// Try counts what a sweep would end now, in one organization or (Platform) everywhere, and keeps the counts as a dry run.
func (m *Module) Try(ctx context.Context, org core.ID) (core.ID, error) {
	now := m.now()
	run := Run{ID: ids.At(now), Org: org, Dry: true, State: "done", AskedBy: core.ActorOf(ctx).ID, Began: now, Ended: now}
	var counts []Count
	act := &core.Act{Def: Try, Org: org, Resource: run.ID}
	err := m.needs.Gate.Change(db.Long(ctx), act, func(tx core.Tx) (err error) {
		if counts, err = m.count(ctx, tx, org); err != nil {
			return err
		}
		if err := m.note(ctx, tx, run); err != nil {
			return err
		}
		for _, c := range counts {
			if _, err := tx.Exec(ctx, qAddLine, run.ID, c.Org, c.Rule, c.Table, c.Days, c.Deleted, c.Archived, c.Kept, ""); err != nil {
				return err
			}
		}
		return nil
	})
	return run.ID, err
}

func (m *Module) count(ctx context.Context, tx core.Tx, org core.ID) (all []Count, err error) {
	held, err := m.held(ctx, tx)
	if err != nil {
		return nil, err
	}
	orgs := []core.ID{org}
	if org == core.Platform {
		if orgs, err = m.orgs(ctx, tx); err != nil {
			return nil, err
		}
	}
	now := m.now()
	for _, e := range m.ends() {
		err := m.each(ctx, tx, e, orgs, now, func(at core.ID, days int) error {
			if org != core.Platform && at != org {
				return nil
			}
			ask := m.expiry(e.rule, at, days, now, held, true)
			if e.rule.Archive > 0 {
				ask.Archive = func(context.Context, core.Archived) error { return nil }
			}
			got, err := e.room.Expire(ctx, tx, ask)
			for _, r := range got {
				all = append(all, Count{Org: at, Rule: e.rule.Name, Table: r.Table, Days: int64(days), Deleted: r.Deleted, Archived: r.Archived, Kept: r.Kept})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Counted tells, for a command, what a sweep would end now.
func (m *Module) Counted(ctx context.Context) (all []Count, err error) {
	err = m.needs.Reader.Read(db.Long(ctx), func(tx core.Tx) error {
		all, err = m.count(ctx, tx, core.Platform)
		return err
	})
	return all, err
}

// Runs lists the runs that an organization can see, newest first: on the platform, all.
func (m *Module) Runs(ctx context.Context, org core.ID) (list []Run, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadRules, Org: org}, func(tx core.Tx) error {
		if org == core.Platform {
			list, err = db.All(ctx, tx, qRuns, scanRun)
		} else {
			list, err = db.All(ctx, tx, qRunsOf, scanRun, org)
		}
		return err
	})
	return list, err
}

// Report gives a run and its counts, as far as they concern the organization.
func (m *Module) Report(ctx context.Context, org, id core.ID) (run Run, counts []Count, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadRules, Org: org, Resource: id}, func(tx core.Tx) error {
		run, counts, err = m.report(ctx, tx, org, id)
		return err
	})
	return run, counts, err
}

func (m *Module) report(ctx context.Context, tx core.Tx, org, id core.ID) (run Run, counts []Count, err error) {
	run, found, err := db.One(ctx, tx, qRun, scanRun, id)
	if err != nil {
		return run, nil, err
	}
	if org == core.Platform {
		counts, err = db.All(ctx, tx, qLines, scanCount, id)
	} else {
		counts, err = db.All(ctx, tx, qLinesOf, scanCount, id, org)
	}
	if err == nil && (!found || org != core.Platform && run.Org != org && len(counts) == 0) {
		err = errNoRun
	}
	return run, counts, err
}

// Certificate gives what a run deleted with the signed proof of each entry in the journal.
func (m *Module) Certificate(ctx context.Context, org, id core.ID) ([]byte, error) {
	var run Run
	var counts []Count
	err := m.needs.Gate.Change(ctx, &core.Act{Def: Certify, Org: org, Resource: id}, func(tx core.Tx) (err error) {
		run, counts, err = m.report(ctx, tx, org, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.certificate(ctx, run, counts)
}

func one[T any](ctx context.Context, r core.Reader, query string, scan func(db.Scan) (T, error), args ...any) (v T, found bool, err error) {
	err = r.Read(ctx, func(tx core.Tx) error {
		v, found, err = db.One(ctx, tx, query, scan, args...)
		return err
	})
	return v, found, err
}

// day writes a date.
func day(t time.Time) string { return t.Format(time.DateOnly) }
