package session_test

import (
	"context"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/session"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

const (
	firefox  = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	firefox2 = "Mozilla/5.0 (X11; Linux x86_64; rv:129.0) Gecko/20100101 Firefox/129.0"
	chrome   = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)

// house is the world around the module: two organizations, who belongs where, who is kept out.
type house struct {
	mu      sync.Mutex
	members map[core.ID][]core.ID // organization → persons
	blocked map[core.ID]bool      // person or organization
	only    map[core.ID]netip.Prefix
}

func (h *house) Memberships(_ context.Context, _ core.Tx, person core.ID) ([]core.Membership, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []core.Membership
	for _, org := range []core.ID{"acme", "bolt"} {
		for _, p := range h.members[org] {
			if p == person {
				list = append(list, core.Membership{Org: org, OrgKind: "client", Person: person, State: "active"})
			}
		}
	}
	return list, nil
}

func (h *house) MemberOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.Membership, bool, error) {
	list, err := h.Memberships(ctx, tx, person)
	for _, m := range list {
		if m.Org == org {
			return m, true, err
		}
	}
	return core.Membership{}, false, err
}

func (h *house) PersonsOf(_ context.Context, _ core.Tx, org, after core.ID, limit int) ([]core.ID, error) {
	var list []core.ID
	for _, p := range h.members[org] {
		if p > after && len(list) < limit {
			list = append(list, p)
		}
	}
	return list, nil
}

func (h *house) Blocked(_ context.Context, _ core.Tx, person core.ID, orgs ...core.ID) (core.Block, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range append(orgs, person) {
		if h.blocked[id] {
			return core.Block{Scope: "person"}, true, nil
		}
	}
	return core.Block{}, false, nil
}

var errAddress = core.Fault(core.Forbidden, "access.address")

func (h *house) AllowedFrom(_ context.Context, _ core.Tx, _ core.ID, addr netip.Addr, orgs ...core.ID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, org := range orgs {
		if p, ok := h.only[org]; !ok || p.Contains(addr) {
			return nil
		}
	}
	if len(orgs) == 0 {
		return nil
	}
	return errAddress
}

func (h *house) Person(_ context.Context, _ core.Tx, id core.ID) (core.Person, error) {
	return core.Person{ID: id, GivenName: string(id), Email: string(id) + "@example.org", Language: "en"}, nil
}

func (h *house) People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error) {
	all := map[core.ID]core.Person{}
	for _, id := range ids {
		all[id], _ = h.Person(ctx, tx, id)
	}
	return all, nil
}

func (h *house) block(id core.ID) { h.mu.Lock(); defer h.mu.Unlock(); h.blocked[id] = true }

type world struct {
	*session.Module
	t        testing.TB
	db       *db.DB
	clock    *clock.Fake
	settings *coretest.FakeSettings
	mail     *coretest.FakeMailer
	house    *house
}

func schemas() []db.Schema { return []db.Schema{session.Schema()} }

// build makes the module over a database, and a second one over another if wanted: the parts of the world are shared.
func build(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{
		t: t, db: d, clock: &clock.Fake{}, mail: coretest.Mailer(),
		settings: coretest.Settings(core.Policy{Session: core.SessionPolicy{Idle: 30 * time.Minute, Lock: 10 * time.Minute, Absolute: 8 * time.Hour}}),
		house: &house{
			members: map[core.ID][]core.ID{"acme": {"ann", "bob"}, "bolt": {"eve"}},
			blocked: map[core.ID]bool{}, only: map[core.ID]netip.Prefix{},
		},
	}
	w.Module = w.node(d)
	return w
}

func (w *world) node(d *db.DB) *session.Module {
	m, _ := w.through(d)
	return m
}

// watched is a node whose acts can be looked at.
func (w *world) watched() (*session.Module, *coretest.FakeGate) { return w.through(w.db) }

func (w *world) through(d *db.DB) (*session.Module, *coretest.FakeGate) {
	gate := coretest.Gate(d)
	return session.New(session.Needs{
		Gate: gate, Store: d, Settings: w.settings, Sealer: coretest.Sealer(), Mailer: w.mail, Clock: w.clock,
		Log: slog.New(slog.DiscardHandler), Organizations: w.house, Access: w.house, People: w.house,
	}), gate
}

// from is a request of a browser at an address.
func from(agent, address string) context.Context {
	return core.WithActor(context.Background(), core.Actor{Agent: agent, Address: netip.MustParseAddr(address), Request: "r"})
}

func (w *world) begin(person core.ID, agent string) (string, core.ID) {
	w.t.Helper()
	var secret string
	var id core.ID
	err := w.db.Write(w.t.Context(), func(tx core.Tx) (err error) {
		secret, id, err = w.Begin(from(agent, "198.51.100.7"), tx, core.NewSession{Person: person, Account: person, AAL: 1})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return secret, id
}

// as is a request by the holder of a secret.
func (w *world) as(secret, agent string) context.Context {
	w.t.Helper()
	c, err := w.Check(from(agent, "198.51.100.7"), secret)
	if err != nil {
		w.t.Fatalf("check: %v", err)
	}
	return core.WithActor(context.Background(), c.Actor)
}

func (w *world) good(what, secret string) session.Checked {
	w.t.Helper()
	c, err := w.Check(from(firefox, "198.51.100.7"), secret)
	if err != nil {
		w.t.Fatalf("%s: refused with %v", what, err)
	}
	return c
}

func (w *world) refused(what, secret, code string) {
	w.t.Helper()
	c, err := w.Check(from(firefox, "198.51.100.7"), secret)
	if core.CodeOf(err) != code {
		w.t.Errorf("%s: got %v, want %s", what, err, code)
	}
	if core.KindOf(err) == core.Unauthenticated && c.Actor.ID != "" {
		w.t.Errorf("%s: an actor came with the refusal", what)
	}
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) { fn(t, build(t, d)) })
}

// one runs on SQLite alone: rules that hold whatever the engine.
func one(t testing.TB) *world { return build(t, dbtest.Open(t, dbtest.SQLite, schemas())) }

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

func TestASVS_7_3_1_unused_sessions_lock_then_end(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	for range 20 {
		w.clock.Advance(9 * time.Minute)
		if c := w.good("a session in use", secret); c.Renewed != "" {
			secret = c.Renewed
		}
	}
	w.clock.Advance(10 * time.Minute)
	w.refused("after the lock limit", secret, "session.locked")
	w.clock.Advance(19 * time.Minute)
	w.refused("still locked: being refused is no use", secret, "session.locked")
	w.clock.Advance(time.Minute)
	w.refused("after the idle limit", secret, "session.idle")
}

func TestASVS_7_3_2_sessions_end_after_their_longest_duration(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	for range 8*12 - 1 {
		w.clock.Advance(5 * time.Minute)
		if c := w.good("a session in use", secret); c.Renewed != "" {
			secret = c.Renewed
		}
	}
	w.clock.Advance(5 * time.Minute)
	w.refused("after eight hours of use", secret, "session.expired")
}

func TestTightenedLimitActsAtTheNextRequest(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	w.clock.Advance(6 * time.Minute)
	w.settings.Policy.Session.Idle = 5 * time.Minute
	w.refused("a limit set since", secret, "session.idle")
}

func TestASecondFactorDemandedSinceActsAtTheNextRequest(t *testing.T) {
	w := one(t)
	secret, id := w.begin("ann", firefox)
	w.good("before", secret)
	w.settings.Policy.SignIn.SecondFactor = true
	w.refused("demanded since", secret, "session.factor")
	err := w.db.Write(t.Context(), func(tx core.Tx) (err error) { secret, err = w.Raise(t.Context(), tx, id, 2); return err })
	if err != nil {
		t.Fatal(err)
	}
	w.good("with a second factor", secret)
}

func TestFreshnessOfTheOrganizationIsTheShorterOne(t *testing.T) {
	w := one(t)
	w.settings.Policy.Session.Fresh = 5 * time.Minute
	secret, _ := w.begin("ann", firefox)
	w.clock.Advance(4 * time.Minute)
	if w.good("soon", secret).Actor.AuthenticatedAt.IsZero() {
		t.Error("a proof of four minutes is not fresh")
	}
	w.clock.Advance(time.Minute)
	if !w.good("later", secret).Actor.AuthenticatedAt.IsZero() {
		t.Error("a proof of five minutes still opens sensitive acts")
	}
}

func TestNoLimitInThePolicyStillLimits(t *testing.T) {
	w := one(t)
	w.settings.Policy.Session = core.SessionPolicy{}
	secret, _ := w.begin("ann", firefox)
	w.clock.Advance(30 * time.Minute)
	w.refused("a policy that says nothing", secret, "session.idle")
}

func TestASVS_7_4_1_a_session_signed_out_is_over_on_every_node(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		w := build(t, d)
		other := w.node(again(t, d))
		secret, id := w.begin("ann", firefox)
		ctx := w.as(secret, firefox)
		if _, err := other.Check(from(firefox, "198.51.100.7"), secret); err != nil {
			t.Fatalf("the other node refuses a live session: %v", err)
		}
		if err := w.SignOut(ctx); err != nil {
			t.Fatal(err)
		}
		w.refused("here", secret, "session.ended")
		if _, err := other.Check(from(firefox, "198.51.100.7"), secret); core.CodeOf(err) != "session.ended" {
			t.Errorf("the other node gave %v", err)
		}
		err := d.Write(t.Context(), func(tx core.Tx) error { _, err := w.Raise(t.Context(), tx, id, 2); return err })
		if core.CodeOf(err) != "session.absent" {
			t.Errorf("a session that is over was raised: %v", err)
		}
	})
}

func TestASVS_7_4_2_every_session_ends_with_the_account(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, _ := w.begin("ann", firefox)
		b, _ := w.begin("ann", firefox)
		other, _ := w.begin("bob", firefox)
		var n int64
		err := w.db.Write(t.Context(), func(tx core.Tx) (err error) { n, err = w.EndAll(t.Context(), tx, "ann", "", "disabled"); return err })
		if err != nil || n != 2 {
			t.Fatalf("ended %d, %v", n, err)
		}
		w.refused("first", a, "session.ended")
		w.refused("second", b, "session.ended")
		w.good("somebody else", other)
	})
}

func TestASVS_7_4_3_all_other_sessions_can_be_ended(t *testing.T) {
	w := one(t)
	mine, id := w.begin("ann", firefox)
	other, _ := w.begin("ann", firefox)
	var n int64
	err := w.db.Write(t.Context(), func(tx core.Tx) (err error) { n, err = w.EndAll(t.Context(), tx, "ann", id, "password"); return err })
	if err != nil || n != 1 {
		t.Fatalf("ended %d, %v", n, err)
	}
	w.good("the one in use", mine)
	w.refused("the other", other, "session.ended")
}

func TestASVS_7_1_2_the_number_of_sessions_is_bounded(t *testing.T) {
	w := one(t)
	var secrets []string
	for range session.MaxLive + 3 {
		s, _ := w.begin("ann", firefox)
		secrets = append(secrets, s)
		w.clock.Advance(time.Second)
	}
	for i, s := range secrets {
		_, err := w.Check(from(firefox, "198.51.100.7"), s)
		if ended := core.CodeOf(err) == "session.ended"; ended != (i < 3) {
			t.Errorf("session %d of %d: %v", i, len(secrets), err)
		}
	}
}

func TestSuspensionIsReadLive(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	w.good("before", secret)
	w.house.block("ann")
	w.refused("a suspended person", secret, "session.suspended")
	other, _ := w.begin("bob", firefox)
	w.house.block("acme")
	w.refused("a suspended organization", other, "session.suspended")
	w.house.members["bolt"] = append(w.house.members["bolt"], "bob")
	w.good("another organization still opens", other)
}

func TestAllowListIsReadLive(t *testing.T) {
	w := one(t)
	secret, _ := w.begin("ann", firefox)
	w.house.only["acme"] = netip.MustParsePrefix("203.0.113.0/24")
	w.refused("from an unlisted address", secret, "access.address")
	if _, err := w.Check(from(firefox, "203.0.113.5"), secret); err != nil {
		t.Errorf("from a listed address: %v", err)
	}
}

func TestLockedSessionIsUnlockedByAFreshProof(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secret, id := w.begin("ann", firefox)
		ctx := w.as(secret, firefox)
		if err := w.Lock(ctx); err != nil {
			t.Fatal(err)
		}
		c, err := w.Check(from(firefox, "198.51.100.7"), secret)
		if core.CodeOf(err) != "session.locked" || c.Actor.Session != id {
			t.Fatalf("locked: %+v, %v", c, err)
		}
		var renewed string
		err = w.db.Write(t.Context(), func(tx core.Tx) (err error) { renewed, err = w.Raise(ctx, tx, id, 1); return err })
		if err != nil {
			t.Fatal(err)
		}
		w.good("unlocked", renewed)
	})
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
