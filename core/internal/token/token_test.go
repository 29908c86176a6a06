package token_test

import (
	"context"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// house is the world around the module.
type house struct {
	members map[core.ID][]core.ID // organization → persons
	blocked map[core.ID]bool
	only    map[core.ID]netip.Prefix
}

func (h *house) Memberships(_ context.Context, _ core.Tx, person core.ID) ([]core.Membership, error) {
	var list []core.Membership
	for org, persons := range h.members {
		for _, p := range persons {
			if p == person {
				list = append(list, core.Membership{Org: org, Person: person, State: "active"})
			}
		}
	}
	return list, nil
}

func (h *house) MemberOf(_ context.Context, _ core.Tx, org, person core.ID) (core.Membership, bool, error) {
	for _, p := range h.members[org] {
		if p == person {
			return core.Membership{Org: org, Person: person, State: "active"}, true, nil
		}
	}
	return core.Membership{}, false, nil
}

func (h *house) PersonsOf(context.Context, core.Tx, core.ID, core.ID, int) ([]core.ID, error) {
	return nil, nil
}

func (h *house) Stands(_ context.Context, _ core.Tx, person core.ID, addr netip.Addr, orgs ...core.ID) (suspended bool, err error) {
	refused, suspended := len(orgs) > 0, len(orgs) > 0
	for _, org := range orgs {
		p, listed := h.only[org]
		refused = refused && listed && !p.Contains(addr)
		suspended = suspended && h.blocked[org]
	}
	if refused {
		err = core.Fault(core.Forbidden, "access.address")
	}
	return suspended || h.blocked[person], err
}

func (h *house) People(_ context.Context, _ core.Tx, ids ...core.ID) (map[core.ID]core.Person, error) {
	all := map[core.ID]core.Person{}
	for _, id := range ids {
		all[id] = core.Person{ID: id, GivenName: "Name of", FamilyName: string(id)}
	}
	return all, nil
}

type world struct {
	*token.Module
	t     *testing.T
	db    *db.DB
	gate  *coretest.FakeGate
	clock *clock.Fake
	house *house
}

var (
	readMembers = core.ActDef{Permission: "member.list"}
	invite      = core.ActDef{Permission: "member.invite"}
	sensitive   = core.ActDef{Permission: "member.remove", Fresh: time.Minute}
)

func build(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, gate: coretest.Gate(d), clock: &clock.Fake{}, house: &house{
		members: map[core.ID][]core.ID{"acme": {"ann", "bob"}, "bolt": {"eve"}}, blocked: map[core.ID]bool{}, only: map[core.ID]netip.Prefix{},
	}}
	w.Module = token.New(token.Needs{
		Gate: w.gate, Store: d, Sealer: coretest.Sealer(), Clock: w.clock, Log: slog.New(slog.DiscardHandler),
		Organizations: w.house, Access: w.house, People: w.house,
		Catalogue: func() []*core.ActDef { return []*core.ActDef{&readMembers, &invite, &sensitive} },
	})
	return w
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	dbtest.Each(t, []db.Schema{token.Schema()}, func(t *testing.T, d *db.DB) { fn(t, build(t, d)) })
}

func as(person core.ID) context.Context {
	return core.WithActor(context.Background(), core.Actor{Kind: core.HumanActor, ID: person, Address: netip.MustParseAddr("198.51.100.7")})
}

func stranger() context.Context {
	return core.WithActor(context.Background(), core.Actor{Address: netip.MustParseAddr("198.51.100.7"), Request: "r"})
}

func (w *world) order(scopes ...core.Permission) token.Order {
	return token.Order{Name: "nightly export", Scopes: scopes, Ends: w.clock.Now().Add(90 * 24 * time.Hour)}
}

func (w *world) create(person core.ID) (token.Token, string) {
	w.t.Helper()
	made, secret, err := w.Create(as(person), w.order("member.list"))
	if err != nil {
		w.t.Fatal(err)
	}
	return made, secret
}

func (w *world) refused(what, secret, code string) {
	w.t.Helper()
	if _, err := w.Check(stranger(), secret); core.CodeOf(err) != code {
		w.t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestTokenActsWithinItsScopesAndIsNoProof(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, secret := w.create("ann")
		a, err := w.Check(stranger(), secret)
		if err != nil {
			t.Fatal(err)
		}
		if a.ID != "ann" || a.Kind != core.HumanActor || a.Token != made.ID || a.Session != "" || len(a.Scopes) != 1 || a.Scopes[0] != "member.list" {
			t.Errorf("actor %+v", a)
		}
		if !a.AuthenticatedAt.IsZero() || a.AAL != 0 {
			t.Error("a token stands for a fresh proof of identity")
		}
		list, err := w.Own(as("ann"))
		if err != nil || len(list) != 1 || list[0].LastDay.IsZero() || list[0].LastDay.Hour() != 0 {
			t.Errorf("list %+v, %v", list, err)
		}
	})
}

func TestSecretIsRecognisableAndStoredHashed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, secret := w.create("ann")
		if !regexp.MustCompile(`^rpt_[a-km-np-z2-9]{58}$`).MatchString(secret) {
			t.Errorf("secret %q", secret)
		}
		if !strings.HasPrefix(made.Hint, "rpt_…") || len(made.Hint) > 12 {
			t.Errorf("hint %q", made.Hint)
		}
		var rows []string
		err := w.db.Read(t.Context(), func(tx core.Tx) (err error) {
			rows, err = db.All(t.Context(), tx, qDump, func(scan db.Scan) (string, error) {
				var a, b, c string
				var s []byte
				err := scan(&a, &b, &c, &s)
				return a + b + c + string(s), err
			})
			return err
		})
		if err != nil || len(rows) != 1 || strings.Contains(rows[0], secret[4:56]) {
			t.Errorf("rows %q, %v", rows, err)
		}
	})
}

var qDump = db.SQL(`SELECT id, name, hint, secret FROM token_token`)

func TestMistypedAndInventedSecretsAreRefusedWithoutALook(t *testing.T) {
	w := build(t, dbtest.Open(t, dbtest.SQLite, []db.Schema{token.Schema()}))
	_, secret := w.create("ann")
	w.db.Close() // no row can be read any more
	for i := range len(secret) {
		c := byte('a')
		if secret[i] == c {
			c = 'b'
		}
		w.refused("mistyped", secret[:i]+string(c)+secret[i+1:], "token.unknown")
	}
	for _, s := range []string{"", "rpt_", "rpx_" + secret[4:], secret + "a", secret[:61], strings.ToUpper(secret)} {
		w.refused("invented", s, "token.unknown")
	}
}

func TestTokenEndsByItselfByItsOwnerAndWithEverything(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, dated := w.create("ann")
		made, ended := w.create("ann")
		_, all := w.create("ann")
		_, other := w.create("bob")
		if err := w.End(as("bob"), made.ID); core.CodeOf(err) != "token.absent" {
			t.Errorf("somebody else's token: %v", err)
		}
		if err := w.End(as("ann"), made.ID); err != nil {
			t.Fatal(err)
		}
		w.refused("ended by its owner", ended, "token.ended")
		var n int64
		err := w.db.Write(t.Context(), func(tx core.Tx) (err error) { n, err = w.EndAll(t.Context(), tx, "bob", "disabled"); return err })
		if err != nil || n != 1 {
			t.Errorf("ended %d, %v", n, err)
		}
		w.refused("ended with the account", other, "token.ended")
		if _, err := w.Check(stranger(), all); err != nil {
			t.Errorf("another token of the same person: %v", err)
		}
		w.clock.Advance(90 * 24 * time.Hour)
		w.refused("past its end", dated, "token.ended")
	})
}

func TestRotationKillsTheOldSecret(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, old := w.create("ann")
		if _, _, err := w.Rotate(as("bob"), made.ID, w.clock.Now().Add(time.Hour)); core.CodeOf(err) != "token.absent" {
			t.Errorf("somebody else's token: %v", err)
		}
		_, secret, err := w.Rotate(as("ann"), made.ID, w.clock.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		w.refused("the old secret", old, "token.unknown")
		if a, err := w.Check(stranger(), secret); err != nil || a.Token != made.ID {
			t.Errorf("the new secret: %+v, %v", a, err)
		}
	})
}

func TestOrdersAreChecked(t *testing.T) {
	w := build(t, dbtest.Open(t, dbtest.SQLite, []db.Schema{token.Schema()}))
	now := w.clock.Now()
	for name, c := range map[string]struct {
		o     token.Order
		field string
	}{
		"no name":                  {token.Order{Scopes: []core.Permission{"member.list"}, Ends: now.Add(time.Hour)}, "name"},
		"no scope":                 {token.Order{Name: "x", Ends: now.Add(time.Hour)}, "scopes"},
		"an unknown scope":         {token.Order{Name: "x", Scopes: []core.Permission{"root"}, Ends: now.Add(time.Hour)}, "scopes"},
		"a scope of fresh proofs":  {token.Order{Name: "x", Scopes: []core.Permission{"member.remove"}, Ends: now.Add(time.Hour)}, "scopes"},
		"no end":                   {token.Order{Name: "x", Scopes: []core.Permission{"member.list"}}, "ends"},
		"an end in more than year": {token.Order{Name: "x", Scopes: []core.Permission{"member.list"}, Ends: now.Add(400 * 24 * time.Hour)}, "ends"},
	} {
		_, _, err := w.Create(as("ann"), c.o)
		e, ok := err.(*core.Error)
		if !ok || e.Kind != core.Invalid || len(e.Fields) != 1 || e.Fields[0].Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 50 {
		w.create("ann")
	}
	if _, _, err := w.Create(as("ann"), w.order("member.list")); core.CodeOf(err) != "token.too_many" {
		t.Errorf("the 51st token: %v", err)
	}
	if !token.CreateOwn.Quiet && token.CreateOwn.Fresh <= 0 {
		t.Error("a token can be made without a fresh proof of identity")
	}
}

func TestServiceAccountNamesAPersonResponsible(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if _, err := w.CreateService(as("ann"), "acme", token.Draft{Name: "crm", Responsible: "eve"}); core.KindOf(err) != core.Invalid {
			t.Errorf("somebody of another organization: %v", err)
		}
		if _, err := w.CreateService(as("ann"), "acme", token.Draft{Name: "crm"}); core.KindOf(err) != core.Invalid {
			t.Errorf("nobody: %v", err)
		}
		s, err := w.CreateService(as("ann"), "acme", token.Draft{Name: "crm", Responsible: "bob"})
		if err != nil {
			t.Fatal(err)
		}
		made, secret, err := w.CreateFor(as("ann"), "acme", s.ID, w.order("member.list"))
		if err != nil || !strings.HasPrefix(secret, "rps_") {
			t.Fatalf("%q, %v", secret, err)
		}
		a, err := w.Check(stranger(), secret)
		if err != nil || a.Kind != core.ServiceActor || a.ID != s.ID || a.Org != "acme" {
			t.Errorf("actor %+v, %v", a, err)
		}
		if _, _, err := w.CreateFor(as("eve"), "bolt", s.ID, w.order("member.list")); core.CodeOf(err) != "token.service.absent" {
			t.Errorf("from another organization: %v", err)
		}
		if err := w.EndFor(as("eve"), "bolt", s.ID, made.ID); core.CodeOf(err) != "token.service.absent" {
			t.Errorf("ended from another organization: %v", err)
		}
		list, _, err := w.Services(as("ann"), "acme", "")
		if err != nil || len(list) != 1 || list[0].ResponsibleName != "Name of bob" {
			t.Errorf("list %+v, %v", list, err)
		}
		if list, _, _ := w.Services(as("eve"), "bolt", ""); len(list) != 0 {
			t.Errorf("another organization sees %+v", list)
		}
		if err := w.CloseService(as("ann"), "acme", s.ID, "replaced"); err != nil {
			t.Fatal(err)
		}
		w.refused("of a closed account", secret, "token.ended")
	})
}

func TestServiceAccountIsEditedFromTheVersionSeen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, err := w.CreateService(as("ann"), "acme", token.Draft{Name: "crm", Responsible: "bob"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.EditService(as("ann"), "acme", s.ID, token.Draft{Name: "CRM", Responsible: "ann"}, s.Version); err != nil {
			t.Fatal(err)
		}
		err = w.EditService(as("bob"), "acme", s.ID, token.Draft{Name: "lost update", Responsible: "bob"}, s.Version)
		if core.CodeOf(err) != "token.service.changed" {
			t.Errorf("from a version left behind: %v", err)
		}
	})
}

func TestSuspensionAndAllowListStopTokens(t *testing.T) {
	w := build(t, dbtest.Open(t, dbtest.SQLite, []db.Schema{token.Schema()}))
	_, secret := w.create("ann")
	w.house.only["acme"] = netip.MustParsePrefix("203.0.113.0/24")
	w.refused("from an unlisted address", secret, "access.address")
	delete(w.house.only, "acme")
	w.house.blocked["ann"] = true
	w.refused("of a suspended person", secret, "token.suspended")
}

func TestRepliesAreKeptSealedForADay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key, request := []byte("key"), []byte("request")
		taken, _, _, _, _, err := w.Reserve(as("ann"), key, request)
		if err != nil || !taken {
			t.Fatalf("first: %v, %v", taken, err)
		}
		if taken, same, done, _, _, err := w.Reserve(as("ann"), key, request); err != nil || taken || !same || done {
			t.Errorf("while it runs: %v %v %v, %v", taken, same, done, err)
		}
		if err := w.Keep(as("ann"), key, 201, []byte(`{"a":1}`)); err != nil {
			t.Fatal(err)
		}
		taken, same, done, status, body, err := w.Reserve(as("ann"), key, request)
		if err != nil || taken || !same || !done || status != 201 || string(body) != `{"a":1}` {
			t.Errorf("again: %v %v %v %d %s, %v", taken, same, done, status, body, err)
		}
		if _, same, _, _, _, err := w.Reserve(as("ann"), key, []byte("other")); err != nil || same {
			t.Errorf("another request with the same key: %v, %v", same, err)
		}
		if taken, _, _, _, _, err := w.Reserve(as("bob"), key, request); err != nil || !taken {
			t.Errorf("somebody else's key: %v, %v", taken, err)
		}
		if err := w.Release(as("bob"), key); err != nil {
			t.Fatal(err)
		}
		if taken, _, _, _, _, err := w.Reserve(as("bob"), key, request); err != nil || !taken {
			t.Errorf("a key given back: %v, %v", taken, err)
		}
		w.clock.Advance(25 * time.Hour)
		if taken, _, _, _, _, err := w.Reserve(as("ann"), key, request); err != nil || !taken {
			t.Errorf("after a day: %v, %v", taken, err)
		}
	})
}

func TestErasureAndExport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, secret := w.create("bob")
		if _, err := w.CreateService(as("ann"), "acme", token.Draft{Name: "crm", Responsible: "bob"}); err != nil {
			t.Fatal(err)
		}
		tables := map[string]int{}
		err := w.db.Read(t.Context(), func(tx core.Tx) error {
			return w.ExportPerson(t.Context(), tx, "bob", func(r core.Record) error { tables[r.Table]++; return nil })
		})
		if err != nil || tables["token_token"] != 1 || tables["token_service"] != 1 {
			t.Errorf("export %v, %v", tables, err)
		}
		err = w.db.Write(t.Context(), func(tx core.Tx) error { _, err := w.ErasePerson(t.Context(), tx, "bob"); return err })
		if err != nil {
			t.Fatal(err)
		}
		w.refused("after the erasure", secret, "token.unknown")
		list, _, err := w.Services(as("ann"), "acme", "")
		if err != nil || len(list) != 1 || list[0].Responsible != "" {
			t.Errorf("accounts %+v, %v", list, err)
		}
	})
}

func FuzzCheck(f *testing.F) {
	f.Add("rpt_" + strings.Repeat("a", 58))
	f.Add("Bearer x")
	f.Fuzz(func(t *testing.T, secret string) {
		m := token.New(token.Needs{Log: slog.New(slog.DiscardHandler), Store: nobody{}})
		if a, err := m.Check(stranger(), secret); core.KindOf(err) != core.Unauthenticated || a.ID != "" {
			t.Errorf("%q gave %+v, %v", secret, a, err)
		}
	})
}

// nobody is a store without rows.
type nobody struct{}

func (nobody) Read(context.Context, func(core.Tx) error) error {
	return core.Fault(core.Unauthenticated, "token.unknown")
}
