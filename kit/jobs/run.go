package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// Run is one attempt at a job.
type Run struct {
	ID      core.ID // of the job: the same at each attempt
	Org     core.ID
	Kind    string
	Key     string
	Payload map[string]core.ID
	Attempt int // from 1

	q        *Jobs
	complete *bool
}

// lease is a job that this node runs.
type lease struct {
	attempt int
	cancel  context.CancelCauseFunc
}

var (
	errLost      = errors.New("jobs: another node took the job over")
	errUnhandled = errors.New("jobs: no handler of this kind on this node")
)

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error that no further attempt can mend: the job is dead at once.
func Permanent(err error) error { return permanent{err} }

type later struct {
	error
	after time.Duration
}

// Later asks to try again after d rather than after the usual pause.
func Later(err error, d time.Duration) error { return later{err, d} }

var (
	qDue = db.SQL(`SELECT count(*) FROM (SELECT 1 FROM jobs_job WHERE state IN ('waiting', 'running') AND due_at <= $1 LIMIT 1) one`)
	// A job whose attempts are used up when its node died is taken as well: finish makes it dead.
	qClaim = db.SQLOn(db.SQLite, `UPDATE jobs_job SET state = 'running', attempts = attempts + 1, node = $2, due_at = $3
		WHERE id IN (SELECT id FROM jobs_job WHERE state IN ('waiting', 'running') AND due_at <= $1 ORDER BY due_at, id LIMIT $4)
		RETURNING id, org, kind, key, payload, attempts, most`)
	qClaimPG = db.SQLOn(db.PostgreSQL, `UPDATE jobs_job SET state = 'running', attempts = attempts + 1, node = $2, due_at = $3
		WHERE id IN (SELECT id FROM jobs_job WHERE state IN ('waiting', 'running') AND due_at <= $1 ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
		RETURNING id, org, kind, key, payload, attempts, most`)
	qBeat = db.SQL(`UPDATE jobs_job SET due_at = $4 WHERE id = $1 AND node = $2 AND attempts = $3 AND state = 'running'`)
	qDone = db.SQL(`UPDATE jobs_job SET state = 'done', finished_at = $4, reason = ''
		WHERE id = $1 AND node = $2 AND attempts = $3 AND state = 'running'`)
	qFail = db.SQL(`UPDATE jobs_job SET state = CASE WHEN key <> '' AND EXISTS (
			SELECT 1 FROM jobs_job o WHERE o.kind = jobs_job.kind AND o.key = jobs_job.key AND o.state = 'waiting') THEN 'superseded' ELSE 'waiting' END,
		due_at = $4, reason = $5, finished_at = $6
		WHERE id = $1 AND node = $2 AND attempts = $3 AND state = 'running'`)
	qBury = db.SQL(`UPDATE jobs_job SET state = 'dead', finished_at = $4, reason = $5
		WHERE id = $1 AND node = $2 AND attempts = $3 AND state = 'running'`)
	qGiveBack = db.SQL(`UPDATE jobs_job SET attempts = attempts - 1, due_at = $4
		WHERE id = $1 AND node = $2 AND attempts = $3 AND state = 'running'`)
	qPurge = db.SQL(`DELETE FROM jobs_job WHERE state IN ('done', 'superseded') AND finished_at < $1`)
)

// claimed is a job as it was taken.
type claimed struct {
	Run
	most int
}

// result is how an attempt ended.
type result struct {
	c   claimed
	err error
}

// Run does jobs until ctx ends, then waits for the handlers under way (their context ends too) and gives back what it
// had not begun. It returns nil.
func (q *Jobs) Run(ctx context.Context) error {
	work := make(chan claimed)
	results := make(chan result, 256)
	var workers, finisher sync.WaitGroup
	for range q.opt.Workers {
		workers.Go(func() {
			for c := range work {
				places := q.wide[c.Kind]
				if places == nil {
					results <- result{c, q.handle(ctx, c)}
					continue
				}
				places <- struct{}{}
				workers.Go(func() {
					defer func() { <-places }()
					results <- result{c, q.handle(ctx, c)}
				})
			}
		})
	}
	// What ended must be written even when ctx is over.
	keep := context.WithoutCancel(ctx)
	finisher.Go(func() { q.finish(keep, results, ctx.Done()) })
	beats, stopBeats := context.WithCancel(keep)
	finisher.Go(func() { q.heartbeat(beats) })
	q.pump(ctx, work)
	close(work)
	workers.Wait()
	close(results)
	stopBeats()
	finisher.Wait()
	return nil
}

// pump takes due jobs and hands them to the workers.
func (q *Jobs) pump(ctx context.Context, work chan<- claimed) {
	tick := time.NewTicker(q.opt.Poll)
	defer tick.Stop()
	var purged time.Time
	for ctx.Err() == nil {
		if err := q.fire(ctx); err != nil {
			q.warn(ctx, "schedules", err)
		}
		if time.Since(purged) > time.Hour {
			purged = time.Now()
			q.purge(ctx)
		}
		taken, err := q.claim(ctx, 8*q.opt.Workers)
		if err != nil {
			q.warn(ctx, "claim", err)
		}
		for i, c := range taken {
			select {
			case work <- c:
			case <-ctx.Done():
				q.giveBack(context.WithoutCancel(ctx), taken[i:])
				return
			}
		}
		if len(taken) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-q.wake:
		}
	}
}

func (q *Jobs) warn(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		q.opt.Log.Warn("jobs: "+what, "error", err.Error())
	}
}

// claim leases up to n due jobs.
func (q *Jobs) claim(ctx context.Context, n int) (taken []claimed, err error) {
	var due int64
	err = q.d.Read(ctx, func(tx core.Tx) error {
		now, err := q.now(ctx, tx)
		if err != nil {
			return err
		}
		due, _, err = db.One(ctx, tx, qDue, db.Value[int64], now)
		return err
	})
	if err != nil || due == 0 {
		return nil, err
	}
	text := qClaim
	if q.d.Engine() == db.PostgreSQL {
		text = qClaimPG
	}
	err = q.d.Write(db.Relaxed(ctx), func(tx core.Tx) error {
		now, err := q.now(ctx, tx)
		if err != nil {
			return err
		}
		taken, err = db.All(ctx, tx, text, q.scan, now, q.node, now+q.opt.Lease.Microseconds(), n)
		return err
	})
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range taken {
		q.running[c.ID] = &lease{attempt: c.Attempt}
	}
	return taken, nil
}

func (q *Jobs) scan(scan db.Scan) (c claimed, err error) {
	var payload string
	if err := scan(&c.ID, &c.Org, &c.Kind, &c.Key, &payload, &c.Attempt, &c.most); err != nil {
		return c, err
	}
	c.q, c.complete = q, new(bool)
	return c, json.Unmarshal([]byte(payload), &c.Payload)
}

// handle runs the handler as the system, with a context that ends when the lease is lost.
func (q *Jobs) handle(ctx context.Context, c claimed) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	q.mu.Lock()
	l := q.running[c.ID]
	if l == nil || l.attempt != c.Attempt {
		q.mu.Unlock()
		return errLost
	}
	l.cancel = cancel
	q.mu.Unlock()
	h := q.handler(c.Kind)
	if h == nil {
		return errUnhandled
	}
	if c.Attempt > c.most { // its node died during the last one
		return Permanent(errors.New("jobs: attempts used up"))
	}
	actor := core.System("job:" + c.Kind)
	actor.Request = c.ID
	defer func() {
		if p := recover(); p != nil {
			q.opt.Log.Error("jobs: handler panicked", "kind", c.Kind, "job", string(c.ID), "stack", string(debug.Stack()))
			err = fmt.Errorf("jobs: handler of %s panicked", c.Kind)
		}
	}()
	return h(core.WithActor(ctx, actor), c.Run)
}

// Complete finishes the job in the transaction of its effect: both commit, once. The handler then returns nil.
func (r Run) Complete(ctx context.Context, tx core.Tx) error {
	now, err := r.q.now(ctx, tx)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qDone, r.ID, r.q.node, r.Attempt, now)
	if err != nil {
		return err
	}
	if n == 0 {
		return errLost
	}
	tx.OnCommit(func() { *r.complete = true })
	return nil
}

// finish writes how attempts ended, many at once. While the storage fails it tries again; a node that stops meanwhile
// gives up after five seconds, and the leases end by themselves.
func (q *Jobs) finish(ctx context.Context, results <-chan result, stopping <-chan struct{}) {
	var giveUp time.Time
	for first := range results {
		batch := []result{first}
	gather:
		for len(batch) < 256 {
			select {
			case r, open := <-results:
				if !open {
					break gather
				}
				batch = append(batch, r)
			default:
				break gather
			}
		}
		for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
			err := q.d.Write(db.Relaxed(ctx), func(tx core.Tx) error { return q.settle(ctx, tx, batch) })
			if err == nil {
				break
			}
			q.warn(ctx, "finish", err)
			select {
			case <-stopping:
				if giveUp.IsZero() {
					giveUp = time.Now().Add(5 * time.Second)
				}
			default:
			}
			if core.CodeOf(err) == "db.closed" || !giveUp.IsZero() && time.Now().After(giveUp) {
				break
			}
			time.Sleep(pause)
		}
		q.mu.Lock()
		for _, r := range batch {
			if l := q.running[r.c.ID]; l != nil && l.attempt == r.c.Attempt {
				delete(q.running, r.c.ID)
			}
		}
		q.mu.Unlock()
	}
}

func (q *Jobs) settle(ctx context.Context, tx core.Tx, batch []result) error {
	now, err := q.now(ctx, tx)
	if err != nil {
		return err
	}
	for _, r := range batch {
		id, attempt := r.c.ID, r.c.Attempt
		var perm permanent
		switch {
		case *r.c.complete || errors.Is(r.err, errLost):
		case r.err == nil:
			_, err = tx.Exec(ctx, qDone, id, q.node, attempt, now)
		case errors.Is(r.err, errUnhandled): // a newer node knows it
			_, err = tx.Exec(ctx, qGiveBack, id, q.node, attempt, now+(30*time.Second).Microseconds())
		case errors.As(r.err, &perm) || attempt >= r.c.most:
			q.opt.Log.Error("jobs: dead", "kind", r.c.Kind, "job", string(id), "attempts", attempt, "reason", reason(r.err))
			_, err = tx.Exec(ctx, qBury, id, q.node, attempt, now, reason(r.err))
		default:
			_, err = tx.Exec(ctx, qFail, id, q.node, attempt, now+pause(attempt, r.err).Microseconds(), reason(r.err), now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reason keeps the code of an error, never its text: it could hold a personal datum.
func reason(err error) string {
	if code := core.CodeOf(err); code != "" {
		return code
	}
	return "internal"
}

// pause doubles from one second to one hour, give or take half, so that a crowd of failures spreads.
func pause(attempt int, err error) time.Duration {
	var l later
	if errors.As(err, &l) {
		return l.after
	}
	d := time.Hour
	if attempt < 12 {
		d = min(d, time.Second<<(attempt-1))
	}
	return d/2 + rand.N(d)
}

// heartbeat prolongs the leases of what runs here, and ends what another node took over.
func (q *Jobs) heartbeat(ctx context.Context) {
	tick := time.NewTicker(q.opt.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		q.mu.Lock()
		mine := make(map[core.ID]*lease, len(q.running))
		for id, l := range q.running {
			mine[id] = l
		}
		q.mu.Unlock()
		if len(mine) == 0 {
			continue
		}
		var gone []core.ID
		err := q.d.Write(db.Relaxed(ctx), func(tx core.Tx) error {
			gone = gone[:0]
			now, err := q.now(ctx, tx)
			if err != nil {
				return err
			}
			for id, l := range mine {
				n, err := tx.Exec(ctx, qBeat, id, q.node, l.attempt, now+q.opt.Lease.Microseconds())
				if err != nil {
					return err
				}
				if n == 0 {
					gone = append(gone, id)
				}
			}
			return nil
		})
		if err != nil {
			q.warn(ctx, "heartbeat", err)
			continue
		}
		q.mu.Lock()
		for _, id := range gone {
			if l := q.running[id]; l != nil && l == mine[id] && l.cancel != nil {
				l.cancel(errLost)
			}
		}
		q.mu.Unlock()
	}
}

// giveBack frees what was taken and not begun.
func (q *Jobs) giveBack(ctx context.Context, list []claimed) {
	err := q.d.Write(db.Relaxed(ctx), func(tx core.Tx) error {
		for _, c := range list {
			if _, err := tx.Exec(ctx, qGiveBack, c.ID, q.node, c.Attempt, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		q.opt.Log.Warn("jobs: give back", "error", err.Error())
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range list {
		delete(q.running, c.ID)
	}
}

func (q *Jobs) purge(ctx context.Context) {
	err := q.d.Write(db.Relaxed(ctx), func(tx core.Tx) error {
		now, err := q.now(ctx, tx)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qPurge, now-q.opt.Keep.Microseconds())
		return err
	})
	if err != nil {
		q.warn(ctx, "purge", err)
	}
}
