package boot

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services"
)

// withinOneSecond is the promise: a cut-off acts on every node within it (ACC-6.1).
const withinOneSecond = time.Second

// neighbour is another node over the same database, with the same keys and the same people.
func neighbour(w *town) *town {
	w.t.Helper()
	data := w.t.TempDir()
	for _, key := range []string{"root.key", "journal.key"} {
		bytes, err := os.ReadFile(filepath.Join(w.cfg.Data, key))
		w.must("read the key", err)
		w.must("copy the key", os.WriteFile(filepath.Join(data, key), bytes, 0o400))
	}
	h, err := New(w.t.Context(), Config{
		Services: services.All,
		Data:     data, URL: w.cfg.URL, Node: "second", Origin: w.cfg.Origin, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	w.must("second node", err)
	w.t.Cleanup(func() { w.must("close the second node", h.Close()) })
	return &town{
		House: h, t: w.t, handler: h.Handler(), a: w.a, b: w.b, people: w.people, members: w.members, cookies: w.cookies,
		session: w.session, known: w.known,
	}
}

// twoNodes are two houses over one PostgreSQL.
func twoNodes(t *testing.T) (one, two *town) {
	t.Helper()
	one = newTown(t, dbtest.Config(t, dbtest.Postgres, nil).URL)
	return one, neighbour(one)
}

// cut waits until the second node refuses a person a page that it gave before, and says how long that took.
func cut(t *testing.T, two *town, who, page string, act func()) {
	t.Helper()
	if r := two.ask(who, http.MethodGet, page, ""); r.Code != http.StatusOK {
		t.Fatalf("before the cut-off the second node answers %d to %s on %s", r.Code, who, page)
	}
	act()
	start := time.Now()
	for {
		r := two.ask(who, http.MethodGet, page, "")
		if r.Code != http.StatusOK {
			t.Logf("the second node refused (%d) after %s", r.Code, time.Since(start).Round(time.Millisecond))
			return
		}
		if time.Since(start) > withinOneSecond {
			t.Fatalf("%s still opens %s on the second node after %s", who, page, withinOneSecond)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestCutOffsActOnEveryNode: what is cut on one node is refused by the other within a second.
func TestCutOffsActOnEveryNode(t *testing.T) {
	one, two := twoNodes(t)
	sessions := "/o/" + string(one.a) + "/sessions"
	t.Run("a session that was ended", func(t *testing.T) {
		cut(t, two, "a.auditor", "/me/sessions", func() {
			one.do("end", func(ctx context.Context, tx core.Tx) error {
				_, err := one.sessions.EndAll(ctx, tx, one.people["a.auditor"], "", "test")
				return err
			})
		})
	})
	t.Run("a suspended person", func(t *testing.T) {
		cut(t, two, "b.member", "/me/sessions", func() {
			one.do("suspend", func(ctx context.Context, tx core.Tx) error {
				_, err := one.access.Declare(ctx, tx, access.Suspension{
					Block: core.Block{Scope: "person", Reason: "presumed_compromise"}, DecidedIn: core.Platform, Target: one.people["b.member"],
				}, true)
				return err
			})
		})
	})
	t.Run("a revoked assignment", func(t *testing.T) {
		cut(t, two, "a.security", sessions, func() {
			one.do("revoke", func(ctx context.Context, tx core.Tx) error {
				return one.access.RevokeAll(ctx, tx, one.a, one.people["a.security"], "test")
			})
		})
	})
	t.Run("a tightened address list", func(t *testing.T) {
		cut(t, two, "a.admin", sessions, func() {
			list, err := access.ParseAllow("10.0.0.0/8")
			one.must("list", err)
			one.do("allow", func(ctx context.Context, tx core.Tx) error {
				_, _, err := one.access.SetAllow(ctx, tx, one.a, "", list)
				return err
			})
		})
	})
	t.Run("a suspended organization", func(t *testing.T) {
		cut(t, two, "b.admin", "/o/"+string(one.b)+"/sessions", func() {
			one.do("suspend", func(ctx context.Context, tx core.Tx) error {
				_, err := one.access.Declare(ctx, tx, access.Suspension{
					Block: core.Block{Scope: "organization", Reason: "non_payment"}, DecidedIn: core.Platform, Target: one.b,
				}, true)
				return err
			})
		})
	})
}

// TestATightenedSettingActsOnEveryNode: a floor raised on one node is the policy of the other at its next request.
func TestATightenedSettingActsOnEveryNode(t *testing.T) {
	one, two := twoNodes(t)
	length := func() (n int) {
		err := two.db.Read(t.Context(), func(tx core.Tx) error {
			p, err := two.settings.For(t.Context(), tx, two.a)
			n = p.Password.MinLength
			return err
		})
		two.must("policy", err)
		return n
	}
	before := length()
	one.do("raise the floor", func(ctx context.Context, tx core.Tx) error {
		return one.settings.Put(ctx, tx, core.Platform, map[string]string{"password.min_length": "20"})
	})
	if after := length(); after != 20 {
		t.Errorf("the second node asks for %d characters, before %d, want 20", after, before)
	}
}

// TestTwoNodesKeepOneJournal: acts of both nodes at once end in one tree that verifies, with none missing.
func TestTwoNodesKeepOneJournal(t *testing.T) {
	one, two := twoNodes(t)
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for _, node := range []*town{one, two} {
		working.Go(func() {
			if err := node.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	const each = 40
	var asking sync.WaitGroup
	for _, node := range []*town{one, two} {
		for range 4 {
			asking.Go(func() {
				for range each / 4 {
					if r := node.ask("a.security", http.MethodGet, "/o/"+string(node.a)+"/sessions", ""); r.Code != http.StatusOK {
						t.Errorf("the list answers %d", r.Code)
					}
				}
			})
		}
	}
	asking.Wait()
	reports, err := one.VerifyJournal(ctx)
	stop()
	working.Wait()
	if err != nil {
		t.Fatal(err)
	}
	var entries uint64
	for _, r := range reports {
		if !r.OK() {
			t.Error(r.String())
		}
		entries += r.Size
	}
	if entries < 2*each {
		t.Errorf("the journal holds %d entries, want at least %d", entries, 2*each)
	}
}
