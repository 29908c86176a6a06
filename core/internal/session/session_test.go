package session_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

func TestASVS_7_2_1_a_secret_is_verified_by_the_server(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secret, id := w.begin("ann", firefox)
		c := w.good("the secret given", secret)
		if c.Actor.ID != "ann" || c.Actor.Session != id || c.Actor.Kind != core.HumanActor || c.Actor.AuthenticatedAt.IsZero() {
			t.Errorf("actor %+v", c.Actor)
		}
		root, rest, _ := strings.Cut(secret, ".")
		for name, forged := range map[string]string{
			"empty": "", "another root": strings.Repeat("a", 52) + "." + rest, "no seal": root, "cut": secret[:40], "long": secret + strings.Repeat("x", 500),
		} {
			w.refused(name, forged, "session.unknown")
		}
	})
}

func TestASVS_7_2_2_secrets_are_made_for_each_session_and_stored_hashed(t *testing.T) {
	w := one(t)
	a, _ := w.begin("ann", firefox)
	b, _ := w.begin("ann", firefox)
	if a == b {
		t.Error("two sessions share a secret")
	}
	root, _, _ := strings.Cut(a, ".")
	dump := dumpSessions(t, w.db)
	if strings.Contains(dump, root) {
		t.Error("a secret is in the rows")
	}
}

func TestASVS_7_2_3_secrets_have_256_random_bits(t *testing.T) {
	w := one(t)
	seen := map[string]bool{}
	var letters [256]int
	for range 40 {
		secret, _ := w.begin("ann", firefox)
		root, _, _ := strings.Cut(secret, ".")
		if seen[root] || len(root) != 52 { // 52 letters of 5 bits
			t.Fatalf("secret %q", root)
		}
		seen[root] = true
		for _, c := range []byte(root) {
			letters[c]++
		}
	}
	kinds := 0
	for _, n := range letters {
		if n > 0 {
			kinds++
		}
		if n > 40*52/8 {
			t.Error("one letter is far too frequent")
		}
	}
	if kinds != 32 {
		t.Errorf("%d letters of 32 in use", kinds)
	}
}

func TestASVS_7_2_4_a_fresh_proof_gives_a_new_secret_and_ends_the_old(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old, id := w.begin("ann", firefox)
		w.clock.Advance(time.Minute)
		var renewed string
		err := w.db.Write(t.Context(), func(tx core.Tx) (err error) { renewed, err = w.Raise(t.Context(), tx, id, 2); return err })
		if err != nil {
			t.Fatal(err)
		}
		w.refused("the old secret", old, "session.unknown")
		c := w.good("the new one", renewed)
		if c.Actor.AAL != 2 || !c.Actor.AuthenticatedAt.Equal(w.clock.Now()) || c.Actor.Session != id {
			t.Errorf("actor %+v", c.Actor)
		}
		err = w.db.Write(t.Context(), func(tx core.Tx) error { _, err := w.Raise(t.Context(), tx, "nobody", 2); return err })
		if core.CodeOf(err) != "session.absent" {
			t.Errorf("raise of nothing gave %v", err)
		}
	})
}

func TestReopeningASessionProvesNothingAnew(t *testing.T) {
	w := one(t)
	old, id := w.begin("ann", firefox)
	before := w.good("at first", old).Actor
	w.clock.Advance(time.Minute)
	var renewed string
	if err := w.Lock(core.WithActor(t.Context(), before)); err != nil {
		t.Fatal(err)
	}
	err := w.db.Write(t.Context(), func(tx core.Tx) (err error) { renewed, err = w.Reopen(t.Context(), tx, id); return err })
	if err != nil {
		t.Fatal(err)
	}
	w.refused("the old secret", old, "session.unknown")
	if a := w.good("the new one", renewed).Actor; !a.AuthenticatedAt.Equal(before.AuthenticatedAt) || a.AAL != before.AAL {
		t.Errorf("before %+v, after %+v", before, a)
	}
}

// again opens a second connection to the same rows, as another node has; SQLite has one node.
func again(t *testing.T, d *db.DB) *db.DB {
	t.Helper()
	if d.Engine() == db.SQLite {
		return d
	}
	other, err := db.Open(t.Context(), db.Config{URL: dbtest.URL(d)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	return other
}

var qDump = db.SQL(`SELECT id, secret, pace, person, browser, reason, used_at FROM session_session ORDER BY id`)

func dumpSessions(t *testing.T, d *db.DB) string {
	t.Helper()
	var out strings.Builder
	err := d.Read(t.Context(), func(tx core.Tx) error {
		lines, err := db.All(t.Context(), tx, qDump, func(scan db.Scan) (string, error) {
			var id, person, browser, reason string
			var secret, pace []byte
			var used int64
			err := scan(&id, &secret, &pace, &person, &browser, &reason, &used)
			return id + string(secret) + string(pace) + person + browser + reason + strconv.FormatInt(used, 10), err
		})
		out.WriteString(strings.Join(lines, "\n") + "\n")
		if len(lines) == 0 {
			out.Reset()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
