//go:build faults

package faults

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

const kills = 200

func covers(k dbtest.Kind) bool {
	for _, have := range dbtest.Kinds() {
		if have == k {
			return true
		}
	}
	return false
}

// TestKilledTwoHundredTimesOnSQLite: kill -9 at random moments of writing, of starting and of recovering.
func TestKilledTwoHundredTimesOnSQLite(t *testing.T) {
	t.Parallel()
	r := newRunner(t, t.TempDir(), "")
	began := time.Now()
	killMany(t, r, func(int) (before, after func()) { return nil, nil })
	r.last(t)
	t.Logf("%d kills, %d acts acknowledged, none lost, %v", kills, r.acked, time.Since(began).Round(time.Millisecond))
}

// TestKilledTwoHundredTimesOnPostgreSQL: the same; each tenth time the server is stopped at once under the house first.
func TestKilledTwoHundredTimesOnPostgreSQL(t *testing.T) {
	if !covers(dbtest.Postgres) {
		t.Skip("REMPART_TEST_ENGINES leaves PostgreSQL out")
	}
	t.Parallel()
	server := dbtest.Private(t)
	schemas := append(append([]db.Schema{}, boot.Schemas(kinds...)...), boot.KeySchemas()...)
	r := newRunner(t, t.TempDir(), server.Database(t, "fault", schemas))
	began := time.Now()
	killMany(t, r, func(round int) (before, after func()) {
		if round%10 != 5 {
			return nil, nil
		}
		return server.Stop, func() { server.Start(t) }
	})
	r.last(t)
	t.Logf("%d kills, %d stops of the server, %d acts acknowledged, none lost, %v", kills, kills/10, r.acked, time.Since(began).Round(time.Millisecond))
}

// killMany kills a child per round; before and after surround the kill.
func killMany(t *testing.T, r *runner, around func(round int) (before, after func())) {
	t.Helper()
	for round := range kills {
		p := r.start(t)
		if round%10 == 9 { // while it starts, and recovers from the kill before
			time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		} else {
			p.ready(t)
			p.until(10*time.Second, func() bool { return len(p.ids) > 0 })
			time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		}
		before, after := around(round)
		if before != nil {
			before()
			time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
		}
		p.kill(t)
		if after != nil {
			after()
		}
		onlyRefusals(t, p, "db.")
		if p.failed != "" && before == nil {
			t.Fatalf("round %d: %s", round, p.failed)
		}
	}
	if r.acked < kills {
		t.Fatalf("only %d acts in %d rounds: nothing was tested", r.acked, kills)
	}
}
