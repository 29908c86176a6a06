package jobs_test

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/jobs"
)

//go:embed testdata/schema/*.sql
var testdata embed.FS

func schemas() []db.Schema {
	sub, err := fs.Sub(testdata, "testdata")
	if err != nil {
		panic(err)
	}
	return []db.Schema{jobs.Schema(), {Module: "effect", FS: sub}}
}

var (
	qEffect  = db.SQL(`INSERT INTO effect_row (job, node, attempt) VALUES ($1, $2, $3) ON CONFLICT (job) DO NOTHING`)
	qEffects = db.SQL(`SELECT count(*) FROM effect_row`)
	qState   = db.SQL(`SELECT state FROM jobs_job WHERE id = $1`)
	qOpen    = db.SQL(`SELECT count(*) FROM jobs_job WHERE state <> 'done'`)
)

func enqueue(t testing.TB, d *db.DB, q *jobs.Jobs, j jobs.Job) (id core.ID) {
	t.Helper()
	err := d.Write(t.Context(), func(tx core.Tx) (err error) {
		id, err = q.Enqueue(t.Context(), tx, j)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func ask[T any](t testing.TB, d *db.DB, q string, args ...any) (v T) {
	t.Helper()
	err := d.Read(t.Context(), func(tx core.Tx) (err error) {
		v, _, err = db.One(t.Context(), tx, q, db.Value[T], args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// start runs a node until the test ends or stop is called.
func start(t testing.TB, q *jobs.Jobs) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); q.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func wait(t testing.TB, what string, within time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v still not: %s", within, what)
		}
	}
}

func effect(ctx context.Context, d *db.DB, r jobs.Run, node string) error {
	return d.Write(ctx, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qEffect, r.ID, node, r.Attempt)
		return err
	})
}

func TestAJobCommitsWithItsActAndRunsOnce(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		q := jobs.New(d, jobs.Options{})
		var seen atomic.Int64
		q.Handle("mail.send", func(ctx context.Context, r jobs.Run) error {
			if a := core.ActorOf(ctx); a.Kind != core.SystemActor || a.Request != r.ID {
				t.Errorf("the handler acts as %+v", a)
			}
			if r.Payload["mail"] != "m1" || r.Org != "o1" {
				t.Errorf("got %+v", r)
			}
			seen.Add(1)
			return nil
		})
		start(t, q)
		undone := errors.New("undone")
		d.Write(t.Context(), func(tx core.Tx) error {
			q.Enqueue(t.Context(), tx, jobs.Job{Kind: "mail.send"})
			return undone
		})
		id := enqueue(t, d, q, jobs.Job{Kind: "mail.send", Org: "o1", Payload: map[string]core.ID{"mail": "m1"}})
		wait(t, "the job is done", 5*time.Second, func() bool { return ask[string](t, d, qState, id) == "done" })
		if seen.Load() != 1 {
			t.Fatalf("ran %d times", seen.Load())
		}
	})
}

func TestAPayloadHoldsIdsOnly(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		q := jobs.New(d, jobs.Options{})
		err := d.Write(t.Context(), func(tx core.Tx) error {
			_, err := q.Enqueue(t.Context(), tx, jobs.Job{Kind: "mail.send", Payload: map[string]core.ID{"to": "anne@example.org"}})
			return err
		})
		if err == nil {
			t.Fatal("an e-mail address was taken into a job")
		}
	})
}

func TestFailuresAreTriedAgainThenDeadThenRevived(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		fake := &clock.Fake{}
		q := jobs.New(d, jobs.Options{Clock: fake, Poll: 5 * time.Millisecond})
		var runs atomic.Int64
		var mended atomic.Bool
		q.Handle("card.sync", func(context.Context, jobs.Run) error {
			runs.Add(1)
			if mended.Load() {
				return nil
			}
			return errors.New("the peer is down")
		})
		start(t, q)
		id := enqueue(t, d, q, jobs.Job{Kind: "card.sync", Most: 3})
		wait(t, "a first run", 5*time.Second, func() bool { return runs.Load() == 1 })
		time.Sleep(50 * time.Millisecond)
		if runs.Load() != 1 {
			t.Fatal("tried again without a pause")
		}
		for want := int64(2); want <= 3; want++ {
			wait(t, fmt.Sprintf("run %d", want), 5*time.Second, func() bool { fake.Advance(time.Second); return runs.Load() >= want })
		}
		wait(t, "dead", 5*time.Second, func() bool { return ask[string](t, d, qState, id) == "dead" })
		fake.Advance(24 * time.Hour)
		time.Sleep(50 * time.Millisecond)
		if runs.Load() != 3 {
			t.Fatalf("a dead job ran: %d runs", runs.Load())
		}
		mended.Store(true)
		err := d.Write(t.Context(), func(tx core.Tx) error {
			dead, err := q.Dead(t.Context(), tx, 10)
			if err != nil || len(dead) != 1 || dead[0].ID != id || dead[0].Attempts != 3 {
				t.Errorf("dead jobs: %+v %v", dead, err)
			}
			ok, err := q.Revive(t.Context(), tx, id)
			if !ok {
				t.Error("not revived")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		wait(t, "done", 5*time.Second, func() bool { return ask[string](t, d, qState, id) == "done" })
	})
}

func TestAPermanentErrorAndAPanicDoNotStopTheNode(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		q := jobs.New(d, jobs.Options{Workers: 1})
		q.Handle("a.fail", func(context.Context, jobs.Run) error { return jobs.Permanent(errors.New("never")) })
		q.Handle("a.panic", func(context.Context, jobs.Run) error { panic("boom") })
		q.Handle("a.work", func(context.Context, jobs.Run) error { return nil })
		start(t, q)
		fail := enqueue(t, d, q, jobs.Job{Kind: "a.fail"})
		panics := enqueue(t, d, q, jobs.Job{Kind: "a.panic", Most: 1})
		work := enqueue(t, d, q, jobs.Job{Kind: "a.work"})
		for id, want := range map[core.ID]string{fail: "dead", panics: "dead", work: "done"} {
			wait(t, want, 5*time.Second, func() bool { return ask[string](t, d, qState, id) == want })
		}
	})
}

func TestAKeyKeepsOneWaitingJob(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		q := jobs.New(d, jobs.Options{})
		a := enqueue(t, d, q, jobs.Job{Kind: "a.work", Key: "k"})
		b := enqueue(t, d, q, jobs.Job{Kind: "a.work", Key: "k"})
		c := enqueue(t, d, q, jobs.Job{Kind: "a.work", Key: "other"})
		if a != b || a == c {
			t.Fatalf("ids %s %s %s", a, b, c)
		}
		// While one runs, another under its key can wait: and when the first then fails it gives way.
		inside, out := make(chan struct{}, 2), make(chan struct{})
		q.Handle("a.work", func(_ context.Context, r jobs.Run) error {
			if r.ID == a {
				inside <- struct{}{}
				<-out
				return errors.New("no")
			}
			return nil
		})
		start(t, q)
		<-inside
		next := enqueue(t, d, q, jobs.Job{Kind: "a.work", Key: "k", At: time.Now().Add(time.Hour)})
		if next == a {
			t.Fatal("the act that came during the run was lost")
		}
		close(out)
		wait(t, "superseded", 5*time.Second, func() bool { return ask[string](t, d, qState, a) == "superseded" })
	})
}

func TestTwoNodesShareTheJobs(t *testing.T) { twoNodes(t, 5_000) }

// twoNodes runs n jobs on two nodes; faults_test.go does it with a hundred thousand.
func twoNodes(t *testing.T, n int) {
	for _, k := range dbtest.Kinds() {
		if k == dbtest.PostgresPoolOfOne {
			continue // the same code as with a wider pool, only slower
		}
		t.Run(string(k), func(t *testing.T) {
			d := dbtest.Open(t, k, schemas())
			second := d
			if k == dbtest.Postgres {
				var err error
				if second, err = db.Open(t.Context(), db.Config{URL: dbtest.URL(d)}); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { second.Close() })
			}
			seen := make([]atomic.Int32, n)
			nodes := [2]*jobs.Jobs{jobs.New(d, jobs.Options{Workers: 64}), jobs.New(second, jobs.Options{Workers: 64})}
			var shares [2]atomic.Int64
			for i, q := range nodes {
				q.Handle("a.work", func(_ context.Context, r jobs.Run) error {
					var at int
					fmt.Sscanf(string(r.Payload["n"]), "%d", &at)
					seen[at].Add(1)
					shares[i].Add(1)
					return nil
				})
			}
			began := time.Now()
			for at := 0; at < n; at += 1000 {
				err := d.Write(db.Relaxed(t.Context()), func(tx core.Tx) error {
					for i := at; i < at+1000; i++ {
						j := jobs.Job{Kind: "a.work", Payload: map[string]core.ID{"n": core.ID(fmt.Sprint(i))}}
						if _, err := nodes[0].Enqueue(t.Context(), tx, j); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			queued := time.Since(began)
			start(t, nodes[0])
			start(t, nodes[1])
			wait(t, "all done", 2*time.Minute, func() bool {
				return shares[0].Load()+shares[1].Load() >= int64(n) && ask[int64](t, d, qOpen) == 0
			})
			for i := range seen {
				if seen[i].Load() != 1 {
					t.Fatalf("job %d ran %d times on healthy nodes", i, seen[i].Load())
				}
			}
			if shares[0].Load() == 0 || shares[1].Load() == 0 {
				t.Fatalf("one node did everything: %d and %d", shares[0].Load(), shares[1].Load())
			}
			t.Logf("%d jobs: queued in %v, done in %v, shares %d and %d", n, queued.Round(time.Millisecond),
				(time.Since(began) - queued).Round(time.Millisecond), shares[0].Load(), shares[1].Load())
		})
	}
}

func TestALostLeaseEndsTheHandlersContext(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		q := jobs.New(d, jobs.Options{Lease: 300 * time.Millisecond})
		ended := make(chan error, 1)
		q.Handle("a.work", func(ctx context.Context, r jobs.Run) error {
			// Another node took the job over (as after a long pause of this one).
			err := d.Write(ctx, func(tx core.Tx) error { _, err := tx.Exec(ctx, qSteal, r.ID); return err })
			if err != nil {
				t.Error(err)
			}
			select {
			case <-ctx.Done():
				ended <- nil
			case <-time.After(5 * time.Second):
				ended <- errors.New("still running")
			}
			return d.Write(context.WithoutCancel(ctx), func(tx core.Tx) error { return r.Complete(context.WithoutCancel(ctx), tx) })
		})
		start(t, q)
		id := enqueue(t, d, q, jobs.Job{Kind: "a.work"})
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		if got := ask[string](t, d, qState, id); got != "running" {
			t.Fatalf("a node without the lease finished the job: %s", got)
		}
	})
}

var qSteal = db.SQL(`UPDATE jobs_job SET node = 'other', due_at = due_at + 60000000 WHERE id = $1`)

func TestCompleteCommitsWithTheEffect(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		q := jobs.New(d, jobs.Options{})
		var runs atomic.Int64
		q.Handle("a.work", func(ctx context.Context, r jobs.Run) error {
			return d.Write(ctx, func(tx core.Tx) error {
				runs.Add(1)
				if _, err := tx.Exec(ctx, qEffect, r.ID, "n", r.Attempt); err != nil {
					return err
				}
				return r.Complete(ctx, tx)
			})
		})
		start(t, q)
		id := enqueue(t, d, q, jobs.Job{Kind: "a.work"})
		wait(t, "done", 5*time.Second, func() bool { return ask[string](t, d, qState, id) == "done" })
		if runs.Load() != 1 || ask[int64](t, d, qEffects) != 1 {
			t.Fatal("not exactly once")
		}
	})
}

func TestSchedules(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		fake := &clock.Fake{} // Sunday 22 November 2026, 09:00 UTC
		var mu sync.Mutex
		ran := map[string]int{}
		count := func(kind string) int { mu.Lock(); defer mu.Unlock(); return ran[kind] }
		node := func() func() {
			q := jobs.New(d, jobs.Options{Clock: fake, Poll: 10 * time.Millisecond})
			for _, kind := range []string{"a.once", "a.each", "a.skip", "a.cron"} {
				q.Handle(kind, func(_ context.Context, r jobs.Run) error {
					mu.Lock()
					defer mu.Unlock()
					ran[kind]++
					return nil
				})
			}
			q.Schedule(jobs.Schedule{Name: "once", Kind: "a.once", Every: time.Hour})
			q.Schedule(jobs.Schedule{Name: "each", Kind: "a.each", Every: time.Hour, Missed: jobs.RunEach})
			q.Schedule(jobs.Schedule{Name: "skip", Kind: "a.skip", Every: time.Hour, Missed: jobs.Skip})
			q.Schedule(jobs.Schedule{Name: "cron", Kind: "a.cron", Cron: "30 8 * * 1-5", Zone: "Europe/Paris"})
			return start(t, q)
		}
		stopA, stopB := node(), node() // two nodes: each time still runs once
		planned := func() bool { return ask[int64](t, d, qPlans) == 4 }
		wait(t, "planned", 5*time.Second, planned)
		fake.Advance(time.Hour)
		wait(t, "the first hour", 5*time.Second, func() bool { return count("a.once") == 1 && count("a.each") == 1 && count("a.skip") == 1 })
		stopA()
		stopB()
		fake.Advance(4*time.Hour + 30*time.Minute) // nobody runs
		defer node()()
		wait(t, "what was missed", 5*time.Second, func() bool { return count("a.each") == 5 && count("a.once") == 2 })
		time.Sleep(100 * time.Millisecond)
		if count("a.skip") != 1 || count("a.once") != 2 || count("a.each") != 5 || count("a.cron") != 0 {
			t.Fatalf("ran %v", ran)
		}
		fake.Set(time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC)) // Monday 08:30 in Paris
		wait(t, "Monday morning", 5*time.Second, func() bool { return count("a.cron") == 1 })
	})
}

var qPlans = db.SQL(`SELECT count(*) FROM jobs_schedule`)

func TestEveryStatementIsUnderstoodByBothEngines(t *testing.T) {
	dbtest.Statements(t, schemas(), "jobs_", "effect_")
}

func TestANodeStopsEvenWhenItsStorageIsGone(t *testing.T) {
	for _, k := range dbtest.Kinds() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			d := dbtest.Open(t, k, schemas())
			q := jobs.New(d, jobs.Options{Workers: 2})
			inside, out := make(chan struct{}, 10), make(chan struct{})
			q.Handle("a.work", func(context.Context, jobs.Run) error { inside <- struct{}{}; <-out; return nil })
			stop := start(t, q)
			enqueue(t, d, q, jobs.Job{Kind: "a.work"})
			<-inside
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			close(out)
			stopped := make(chan struct{})
			go func() { stop(); close(stopped) }()
			select {
			case <-stopped:
			case <-time.After(15 * time.Second):
				t.Fatal("the node hangs")
			}
		})
	}
}

// TestAWideKindRunsBesideTheWorkers: jobs that wait for one another run at once, and other kinds go on.
func TestAWideKindRunsBesideTheWorkers(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		q := jobs.New(d, jobs.Options{Workers: 1})
		q.Widen("a.meet", 3)
		var here sync.WaitGroup
		here.Add(3)
		other := make(chan struct{})
		q.Handle("a.work", func(context.Context, jobs.Run) error { close(other); return nil })
		q.Handle("a.meet", func(context.Context, jobs.Run) error {
			here.Done()
			here.Wait()
			<-other
			return nil
		})
		var list []core.ID
		for range 3 {
			list = append(list, enqueue(t, d, q, jobs.Job{Kind: "a.meet"}))
		}
		start(t, q)
		here.Wait()
		list = append(list, enqueue(t, d, q, jobs.Job{Kind: "a.work"}))
		for _, id := range list {
			wait(t, "the job is done", 10*time.Second, func() bool { return ask[string](t, d, qState, id) == "done" })
		}
	})
}
