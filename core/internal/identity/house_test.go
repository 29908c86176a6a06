package identity

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/password"
)

const good, better, best = "Vif-Agate7-Tilleul!Nord", "Another-good1-Pass!phrase", "Third-Opale9-Quai!Sud"

var schemas = []db.Schema{abuse.Schema, Schema()}

type house struct {
	*Module
	t        testing.TB
	db       *db.DB
	gate     *coretest.FakeGate
	clock    *clock.Fake
	mail     *coretest.FakeMailer
	settings *coretest.FakeSettings

	mu      sync.Mutex
	members map[core.ID][]core.Membership
	ended   []string
}

func each(t *testing.T, f func(t *testing.T, h *house)) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(t, newHouse(t, d)) })
}

func newHouse(t testing.TB, d *db.DB) *house {
	h := &house{t: t, db: d, gate: coretest.Gate(d), clock: &clock.Fake{}, mail: coretest.Mailer(), members: map[core.ID][]core.Membership{}}
	h.settings = coretest.Settings(core.Policy{Password: core.PasswordPolicy{MinLength: 12, MinStrength: 3, Breached: true, History: 3}})
	h.Module = New(Needs{
		Gate: h.gate, Reader: d, Clock: h.clock, Sealer: coretest.Sealer(), Keys: coretest.Sealer(), Index: coretest.Indexer(), Settings: h.settings, Mail: h.mail, Members: h, Sessions: h, Tokens: tokens{h},
		Hasher: password.NewHasher(password.Params{Memory: 64, Passes: 1, Lanes: 1}, password.Limits{}), Origin: "https://trust.example.org",
	})
	return h
}

func (h *house) Memberships(_ context.Context, _ core.Tx, p core.ID) ([]core.Membership, error) {
	return h.members[p], nil
}

func (h *house) MemberOf(_ context.Context, _ core.Tx, org, p core.ID) (core.Membership, bool, error) {
	for _, m := range h.members[p] {
		if m.Org == org {
			return m, true, nil
		}
	}
	return core.Membership{}, false, nil
}

func (h *house) EndAll(_ context.Context, _ core.Tx, p, except core.ID, reason string) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, string(p)+" "+reason+" but "+string(except))
	return 1, nil
}

type tokens struct{ h *house }

func (t tokens) EndAll(ctx context.Context, tx core.Tx, p core.ID, reason string) (int64, error) {
	return t.h.EndAll(ctx, tx, p, "", "token "+reason)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) add(p core.NewPerson) (id core.ID, err error) {
	err = h.db.Write(context.Background(), func(tx core.Tx) (err error) { id, err = h.AddPerson(context.Background(), tx, p); return err })
	return id, err
}

func (h *house) set(person core.ID, plain string) error {
	hash, err := h.NewPassword(context.Background(), person, plain)
	if err != nil {
		return err
	}
	h.clock.Advance(time.Second)
	return h.db.Write(context.Background(), func(tx core.Tx) error { return h.KeepPassword(context.Background(), tx, person, hash) })
}

func (h *house) ada() core.ID {
	h.t.Helper()
	id, err := h.add(core.NewPerson{ID: ids.New(), GivenName: "Ada", FamilyName: "Martin", Email: "Ada@Example.org", Language: "en"})
	h.must(err)
	h.members[id] = []core.Membership{{Org: "org-a", OrgName: "Mairie de Valombre", Person: id, State: "active", OrgKind: "client"}}
	return id
}

func as(person core.ID) context.Context {
	return core.WithActor(context.Background(), core.Actor{Kind: core.HumanActor, ID: person, Session: "s1", Address: netip.MustParseAddr("192.0.2.1")})
}

// cheaper is a hasher of another cost than that of the stored hashes.
var cheaper = password.NewHasher(password.Params{Memory: 128, Passes: 1, Lanes: 1}, password.Limits{})
