package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/jobs"
)

// The states in which a node is killed. In the child, reaching the state prints it and waits for the kill.
var states = []string{"enqueued", "leased", "running", "effect", "done"}

func TestANodeKilledInAnyStateLosesNoJob(t *testing.T) {
	if at := os.Getenv("REMPART_JOBS_CHILD"); at != "" {
		child(t, at, os.Getenv("REMPART_JOBS_URL"))
		return
	}
	for _, k := range dbtest.Kinds() {
		for _, at := range states {
			t.Run(string(k)+"/"+at, func(t *testing.T) {
				t.Parallel()
				cfg := dbtest.Config(t, k, schemas())
				killAt(t, at, cfg.URL)
				d, err := db.Open(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer d.Close()
				if err := d.Migrate(t.Context(), schemas()...); err != nil {
					t.Fatal(err)
				}
				q := jobs.New(d, jobs.Options{Lease: time.Second, Poll: 20 * time.Millisecond})
				q.Handle("a.work", func(ctx context.Context, r jobs.Run) error { return effect(ctx, d, r, "heir") })
				stop := start(t, q)
				defer stop()
				wait(t, "every job is done", 10*time.Second, func() bool { return ask[int64](t, d, qOpen) == 0 })
				if n := ask[int64](t, d, qEffects); n != 3 {
					t.Fatalf("3 jobs, %d effects", n)
				}
			})
		}
	}
}

func killAt(t *testing.T, at, url string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestANodeKilledInAnyStateLosesNoJob$")
	cmd.Env = append(os.Environ(), "REMPART_JOBS_CHILD="+at, "REMPART_JOBS_URL="+url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	reached := false
	for lines.Scan() {
		if lines.Text() == "reached "+at {
			reached = true
			cmd.Process.Kill() // SIGKILL
		}
	}
	cmd.Wait()
	if !reached {
		t.Fatalf("the child never reached %q", at)
	}
}

func child(t *testing.T, at, url string) {
	d, err := db.Open(t.Context(), db.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(t.Context(), schemas()...); err != nil {
		t.Fatal(err)
	}
	reached := sync.OnceFunc(func() { fmt.Println("reached " + at) })
	die := func() { reached(); select {} }
	opt := jobs.Options{Lease: time.Second, Workers: 1}
	q := jobs.New(d, opt)
	q.Handle("a.work", func(ctx context.Context, r jobs.Run) error {
		switch at {
		case "leased": // one worker is stuck: the two others are leased and not begun
			die()
		case "running":
			if r.Payload["n"] == "1" {
				die()
			}
		case "effect":
			if err := effect(ctx, d, r, "first"); err != nil {
				return err
			}
			die()
		}
		return effect(ctx, d, r, "first")
	})
	for i := range 3 {
		enqueue(t, d, q, jobs.Job{Kind: "a.work", Payload: map[string]core.ID{"n": core.ID(fmt.Sprint(i))}})
	}
	if at == "enqueued" {
		die()
	}
	start(t, q)
	wait(t, "done", 10*time.Second, func() bool { return ask[int64](t, d, qOpen) == 0 })
	die()
}
