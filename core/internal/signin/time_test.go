package signin_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/password"
)

// crowd makes persons who share one hash, so that making them is quick.
func (h *house) crowd(n int, name string) []string {
	h.t.Helper()
	first := h.member(name+"0@example.org", good, "client")
	var c core.Credential
	ctx := context.Background()
	h.must(h.db.Read(ctx, func(tx core.Tx) (err error) { c, err = h.identity.Credential(ctx, tx, first); return err }))
	logins := []string{name + "0@example.org"}
	for i := 1; i < n; i++ {
		login := fmt.Sprintf("%s%d@example.org", name, i)
		id := h.member(login, "", "client")
		h.must(h.db.Write(ctx, func(tx core.Tx) error { return h.identity.KeepPassword(ctx, tx, id, c.Hash) }))
		logins = append(logins, login)
	}
	return logins
}

// TestTheTimeOfAnAnswerTellsNothing measures a wrong password on accounts that exist and on ones that do not, in turn,
// at the real cost of the hash, without the beat that hides what is left. An observer who guesses from one answer which
// of two accounts exists must be right about as often as a coin: between 30 and 70 times in 100.
func TestTheTimeOfAnAnswerTellsNothing(t *testing.T) {
	if coretest.RaceDetector {
		t.Skip("the race detector changes the times that this test measures: run it without")
	}
	const n = 60
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas), password.Standard, -1)
	logins := h.crowd(n, "ada")
	ask := func(i int, login string) time.Duration {
		ctx := stranger(i)
		flow, err := h.signin.Begin(ctx, login, "", "/")
		h.must(err)
		start := time.Now()
		err = h.signin.Password(ctx, flow, "wrong password", signin.Proof{})
		took := time.Since(start)
		if codeOf(err) != "signin.wrong" {
			t.Fatalf("%s: %v", login, err)
		}
		return took
	}
	known, unknown := make([]time.Duration, n), make([]time.Duration, n)
	for i := range n {
		// In a random order: what came just before (a collection of memory, a checkpoint) must not weigh on one side.
		if nobody := fmt.Sprintf("nobody%d@example.org", i); rand.IntN(2) == 0 {
			known[i] = ask(2*i, logins[i])
			unknown[i] = ask(2*i+1, nobody)
		} else {
			unknown[i] = ask(2*i, nobody)
			known[i] = ask(2*i+1, logins[i])
		}
	}
	longer := 0
	for _, k := range known {
		for _, u := range unknown {
			if k > u {
				longer++
			}
		}
	}
	share := float64(longer) / (n * n)
	slices.Sort(known)
	slices.Sort(unknown)
	t.Logf("wrong password: known %v, unknown %v (medians); an observer is right %.0f times in 100", known[n/2], unknown[n/2], 100*share)
	if share < 0.3 || share > 0.7 {
		t.Errorf("the time tells whether an account exists: %.2f", share)
	}
}

// TestAnswersComeOnTheBeat shows that what must not tell accounts apart is answered on a fixed beat.
func TestAnswersComeOnTheBeat(t *testing.T) {
	const beat = 60 * time.Millisecond
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite, schemas), light, beat)
	h.member("ada@example.org", good, "client")
	for i, ask := range []func(login string){
		func(login string) { _, err := h.signin.Begin(stranger(1), login, "", "/"); h.must(err) },
		func(login string) { h.must(h.signin.AskReset(stranger(2), login)) },
	} {
		for _, login := range []string{"ada@example.org", "nobody@example.org"} {
			start := time.Now()
			ask(login)
			if took := time.Since(start); took < beat {
				t.Errorf("question %d of %s was answered after %v, before the beat of %v", i, login, took, beat)
			}
		}
	}
}

// TestSixtyFourSignInsAtOnce: at the real cost of the hash, from one address, on each engine: all come in.
func TestSixtyFourSignInsAtOnce(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		cost := password.Standard
		if coretest.RaceDetector {
			cost = light // what is looked for then is races, not time
		}
		h := newHouse(t, d, cost, -1)
		people := 64
		if strings.HasSuffix(t.Name(), string(dbtest.PostgresPoolOfOne)) {
			people = 16 // all wait behind one connection: what is shown there is that nobody waits for ever
		}
		logins := h.crowd(people, "bob")
		errs := make([]error, len(logins))
		start := time.Now()
		var all sync.WaitGroup
		for i, login := range logins {
			all.Go(func() {
				_, e, err := h.come(from("192.0.2.1"), login, good, "")
				if err == nil && e.Session == "" {
					err = fmt.Errorf("no session: %+v", e)
				}
				errs[i] = err
			})
		}
		all.Wait()
		for i, err := range errs {
			if err != nil {
				t.Errorf("%s: %v", logins[i], err)
			}
		}
		t.Logf("%d sign-ins at once in %v", people, time.Since(start))
	})
}

// BenchmarkRefusedAttempt is what an attempt costs before the hash: the limits alone, on an account whose bucket is empty.
func BenchmarkRefusedAttempt(b *testing.B) {
	h := newHouse(b, dbtest.Open(b, dbtest.SQLite, schemas), light, -1)
	h.member("ada@example.org", good, "client")
	for i := range 12 {
		flow, err := h.signin.Begin(stranger(i), "ada@example.org", "", "/")
		h.must(err)
		_ = h.guess(stranger(i), flow, "guess")
	}
	flow, err := h.signin.Begin(stranger(50), "ada@example.org", "", "/")
	h.must(err)
	b.ResetTimer()
	for i := range b.N {
		_ = h.signin.Password(stranger(i), flow, "guess", signin.Proof{})
	}
}

// BenchmarkSignIn is a whole sign-in on a known browser with a light hash: what the house itself costs.
func BenchmarkSignIn(b *testing.B) {
	h := newHouse(b, dbtest.Open(b, dbtest.SQLite, schemas), light, -1)
	h.member("ada@example.org", good, "client")
	_, e, err := h.come(from("192.0.2.1"), "ada@example.org", good, "")
	h.must(err)
	b.ResetTimer()
	for range b.N {
		if _, e, err = h.come(from("192.0.2.1"), "ada@example.org", good, e.Browser); err != nil || e.Session == "" {
			b.Fatal(err)
		}
	}
}
