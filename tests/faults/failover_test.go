//go:build faults

package faults

import (
	"testing"
	"time"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// TestTheHouseFollowsTheNewPrimary: the primary dies, its synchronous standby is promoted, and the house goes on by
// itself with every acknowledged act.
func TestTheHouseFollowsTheNewPrimary(t *testing.T) {
	if !covers(dbtest.Postgres) {
		t.Skip("REMPART_TEST_ENGINES leaves PostgreSQL out")
	}
	t.Parallel()
	first := dbtest.Private(t)
	schemas := append(append([]db.Schema{}, boot.Schemas(kinds...)...), boot.KeySchemas()...)
	first.Database(t, "fault", schemas)
	second := first.Standby(t)
	r := newRunner(t, t.TempDir(), dbtest.Either(first, second, "fault"))
	p := r.start(t)
	p.ready(t)
	if !p.until(20*time.Second, func() bool { return len(p.ids) > 100 }) {
		t.Fatalf("no acts: %v %s", p.refusals(), p.failed)
	}
	first.Stop()
	time.Sleep(500 * time.Millisecond)
	stuck := p.count()
	promoted := time.Now()
	second.Promote(t)
	if !p.until(30*time.Second, func() bool { return len(p.ids) > stuck+100 }) {
		t.Fatalf("the house does not go on after the failover: %v %s", p.refusals(), p.failed)
	}
	t.Logf("a hundred acts more %v after the promotion was asked for", time.Since(promoted).Round(time.Millisecond))
	onlyRefusals(t, p, "db.", "vault.", "journal.")
	p.kill(t)
	r.last(t)
}
