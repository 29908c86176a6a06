package session_test

import (
	"context"
	"log/slog"
	"net/netip"
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

var errAddress = core.Fault(core.Forbidden, "access.address")

func (h *house) Stands(_ context.Context, _ core.Tx, person core.ID, addr netip.Addr, orgs ...core.ID) (suspended bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	refused, suspended := len(orgs) > 0, len(orgs) > 0
	for _, org := range orgs {
		p, listed := h.only[org]
		refused = refused && listed && !p.Contains(addr)
		suspended = suspended && h.blocked[org]
	}
	if refused {
		err = errAddress
	}
	return suspended || h.blocked[person], err
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
