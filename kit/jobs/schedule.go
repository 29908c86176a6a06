package jobs

import (
	"context"
	"fmt"
	"time"
	_ "time/tzdata" // time zones must not depend on the machine

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// Missed says what to do with the times that passed while no node ran.
type Missed uint8

// The policies. The zero value fits nearly everything: late rather than never.
const (
	RunOnce Missed = iota // once, now, however many were missed
	RunEach               // each of them (at most 1,000): counted duties, legal deadlines
	Skip                  // none when more than a minute late: what is only worth it on time
)

// Schedule enqueues a job at set times. Exactly one node does it for each time.
type Schedule struct {
	Name    string // unique, stable: "journal.checkpoint"
	Kind    string // of the job
	Payload map[string]core.ID
	// Every is a fixed interval; or Cron gives "minute hour day month weekday" in Zone (IANA name, UTC when empty).
	Every  time.Duration
	Cron   string
	Zone   string
	Missed Missed

	cron *cron
}

func (s *Schedule) spec() string {
	if s.Every > 0 {
		return "every " + s.Every.String()
	}
	return s.Cron + " " + s.Zone
}

// next gives the first time after t.
func (s *Schedule) next(t time.Time) time.Time {
	if s.Every > 0 {
		return t.Add(s.Every)
	}
	return s.cron.next(t)
}

// Schedule adds a schedule; call it before Run. An expression that cannot be read panics: it is a constant of the code.
func (q *Jobs) Schedule(s Schedule) {
	if (s.Every > 0) == (s.Cron != "") || s.Name == "" || !kindForm.MatchString(s.Kind) {
		panic("jobs: schedule " + s.Name + " needs a kind, and either Every or Cron")
	}
	if s.Cron != "" {
		c, err := parseCron(s.Cron, s.Zone)
		if err != nil {
			panic(fmt.Sprintf("jobs: schedule %s: %v", s.Name, err))
		}
		s.cron = c
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.schedules[s.Name] != nil {
		panic("jobs: schedule declared twice: " + s.Name)
	}
	q.schedules[s.Name] = &s
}

type planned struct {
	name, spec string
	next       int64
}

var (
	qPlanned = db.SQL(`SELECT name, spec, next_at FROM jobs_schedule`)
	qPlan    = db.SQL(`INSERT INTO jobs_schedule (name, spec, next_at, last_at) VALUES ($1, $2, $3, 0)
		ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, next_at = excluded.next_at WHERE jobs_schedule.spec <> excluded.spec`)
	qAdvance = db.SQL(`UPDATE jobs_schedule SET next_at = $3, last_at = $2 WHERE name = $1 AND next_at = $2`)
)

// fire enqueues what the schedules ask for by now.
func (q *Jobs) fire(ctx context.Context) error {
	q.mu.Lock()
	mine := make([]*Schedule, 0, len(q.schedules))
	for _, s := range q.schedules {
		mine = append(mine, s)
	}
	q.mu.Unlock()
	if len(mine) == 0 {
		return nil
	}
	rows := map[string]planned{}
	var now int64
	err := q.d.Read(ctx, func(tx core.Tx) error {
		list, err := db.All(ctx, tx, qPlanned, func(scan db.Scan) (p planned, err error) {
			err = scan(&p.name, &p.spec, &p.next)
			return p, err
		})
		if err != nil {
			return err
		}
		for _, p := range list {
			rows[p.name] = p
		}
		now, err = q.now(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range mine {
		p, known := rows[s.Name]
		switch {
		case !known || p.spec != s.spec():
			err = q.plan(ctx, s, now)
		case p.next <= now:
			err = q.due(ctx, s, p.next, now)
		}
		if err != nil {
			return fmt.Errorf("schedule %s: %w", s.Name, err)
		}
	}
	return nil
}

func (q *Jobs) plan(ctx context.Context, s *Schedule, now int64) error {
	return q.d.Write(ctx, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qPlan, s.Name, s.spec(), clock.Micros(s.next(clock.FromMicros(now))))
		return err
	})
}

// due moves a schedule on and enqueues its jobs in one transaction; whoever moves it first does it.
func (q *Jobs) due(ctx context.Context, s *Schedule, at, now int64) error {
	times, next := s.times(clock.FromMicros(at), clock.FromMicros(now))
	return q.d.Write(ctx, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qAdvance, s.Name, at, clock.Micros(next))
		if err != nil || n == 0 {
			return err
		}
		for _, t := range times {
			j := Job{Kind: s.Kind, Key: s.Name + "@" + t.Format(time.RFC3339), Payload: s.Payload}
			if _, err := q.Enqueue(ctx, tx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

// times gives the times to run for, by the policy, and the next one.
func (s *Schedule) times(at, now time.Time) (run []time.Time, next time.Time) {
	var missed []time.Time
	for next = at; !next.After(now); next = s.next(next) {
		missed = append(missed, next)
		if len(missed) > 1000 { // an interval of seconds after a week's stop
			next = s.next(now)
			break
		}
	}
	switch s.Missed {
	case RunEach:
		return missed, next
	case Skip:
		if last := missed[len(missed)-1]; now.Sub(last) <= time.Minute {
			return []time.Time{last}, next
		}
		return nil, next
	default:
		return missed[len(missed)-1:], next
	}
}
