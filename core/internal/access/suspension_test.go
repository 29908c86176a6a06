package access

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/kit/i18n"
)

func openSQLite(t testing.TB) *db.DB { return dbtest.Open(t, dbtest.SQLite, []db.Schema{Schema}) }

func (w *world) suspend(by core.ID, s Suspension, confirmed bool) (id core.ID, err error) {
	if s.Reason == "" {
		s.Reason = "suspicious_activity"
	}
	if s.Text == "" {
		s.Text = "sign-ins at night"
	}
	err = w.try(w.person(by), func(ctx context.Context, tx core.Tx) (err error) {
		id, err = w.Declare(ctx, tx, s, confirmed)
		return err
	})
	return id, err
}

func (w *world) lift(by, org, id core.ID) error {
	return w.try(w.person(by), func(ctx context.Context, tx core.Tx) error {
		_, err := w.LiftSuspension(ctx, tx, org, id, "checked")
		return err
	})
}

func (w *world) blocked(person core.ID, orgs ...core.ID) (b core.Block, found bool) {
	w.t.Helper()
	err := w.d.Read(w.t.Context(), func(tx core.Tx) (err error) {
		if b, found, err = w.Blocked(w.t.Context(), tx, person, orgs...); err != nil {
			return err
		}
		suspended, err := w.Stands(w.t.Context(), tx, person, netip.MustParseAddr("127.0.0.1"), orgs...)
		if suspended != found {
			w.t.Errorf("%s in %v: the door says %t, each request %t", person, orgs, found, suspended)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b, found
}

func TestSuspensions(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.join("beta", "active", "max")
		read, other := core.Act{Def: &readRoom, Org: "acme"}, core.Act{Def: &readRoom, Org: "beta"}
		block := func(scope, reason string, until time.Time) core.Block {
			return core.Block{Scope: scope, Reason: reason, Text: "sign-ins at night", Until: until}
		}
		id, err := w.suspend("sam", Suspension{DecidedIn: "acme", Target: "max", Block: block(ScopePerson, "presumed_compromise", w.clock.Now().Add(time.Hour))}, false)
		if err != nil {
			t.Fatal(err)
		}
		refused := w.decide(w.person("max"), read)
		w.wantCode("suspended here", refused, "access.suspended.presumed_compromise")
		if said := i18n.Explain(i18n.With(t.Context(), i18n.EN), core.CodeOf(refused), refused.(*core.Error).Args...); !strings.Contains(said, "presumed compromise") || !strings.Contains(said, "22 novembre 2026, 10:00") {
			t.Errorf("the refusal says %q: no reason or no end", said)
		}
		w.wantCode("not elsewhere", w.decide(w.person("max"), other), "")
		if _, found := w.blocked("max", "acme", "beta"); found {
			t.Error("one organization's suspension closed the other's door")
		}
		if b, found := w.blocked("max", "acme"); !found || b.Reason != "presumed_compromise" || b.Text == "" {
			t.Errorf("blocked gave %+v, %v", b, found)
		}
		sent := w.mail.Sent("access.suspended")
		if len(sent) != 1 || sent[0].To != "max@example.org" || !strings.Contains(sent[0].Body, "compromission présumée") {
			t.Errorf("the person was told %+v", sent)
		}
		if strings.Contains(sent[0].Body, "sign-ins at night") {
			t.Error("the explanation, which may speak of a person, travels by mail")
		}
		_, err = w.suspend("sam", Suspension{DecidedIn: "acme", Target: "max", Block: block(ScopePerson, "abuse", time.Time{})}, false)
		w.wantCode("twice", err, "suspension.already")
		w.wantCode("lifted by another organization", w.lift("bea", "beta", id), "suspension.not_found")
		w.clock.Advance(time.Hour)
		w.wantCode("lifted by time", w.decide(w.person("max"), read), "")
		w.wantCode("nothing left to lift", w.lift("sam", "acme", id), "suspension.not_found")

		id, err = w.suspend("sam", Suspension{DecidedIn: "acme", Target: "max", Block: block(ScopePerson, "abuse", time.Time{})}, false)
		if err != nil {
			t.Fatal(err)
		}
		w.wantCode("without an end", w.decide(w.person("max"), read), "access.suspended.abuse")
		w.wantCode("on one's own there too", w.decide(w.person("max"), core.Act{Def: &ownNotes, Org: "acme", Subject: "max"}), "access.suspended.abuse")
		w.wantCode("not by themselves", w.lift("max", "acme", id), "assignment.self_approval")
		w.wantCode("lifted", w.lift("sam", "acme", id), "")
		w.wantCode("restored", w.decide(w.person("max"), read), "")
		if n := len(w.mail.Sent("access.restored")); n != 1 {
			t.Errorf("told %d times of the lifting", n)
		}
		w.wantCode("an outsider of the organization learns nothing", w.decide(w.person("bea"), read), "access.not_found")
	})
}

func TestSuspendOrganizationAndService(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		read := core.Act{Def: &readRoom, Org: "acme"}
		org, err := w.suspend("root", Suspension{DecidedIn: core.Platform, Target: "acme", Block: core.Block{Scope: ScopeOrganization, Reason: "non_payment", Text: "three invoices"}}, false)
		if err != nil {
			t.Fatal(err)
		}
		w.wantCode("organization", w.decide(w.person("ann"), read), "access.suspended.non_payment")
		w.wantCode("another", w.decide(w.person("bea"), core.Act{Def: &readRoom, Org: "beta"}), "")
		if b, found := w.blocked("max", "acme"); !found || b.Scope != ScopeOrganization {
			t.Errorf("blocked gave %+v, %v", b, found)
		}
		if sent := w.mail.Sent("access.suspended"); len(sent) != 1 || sent[0].Person != "ann" {
			t.Errorf("the administrators were told %+v", sent)
		}
		w.wantCode("the organization does not lift what the platform decided", w.lift("ann", "acme", org), "suspension.not_found")
		w.wantCode("lifted", w.lift("root", core.Platform, org), "")

		service, err := w.suspend("ann", Suspension{DecidedIn: "acme", Target: "rooms", Block: core.Block{Scope: ScopeService, Reason: "security_risk", Text: "a hole"}}, false)
		if err != nil {
			t.Fatal(err)
		}
		w.wantCode("service", w.decide(w.person("ann"), read), "access.suspended.security_risk")
		w.wantCode("another service", w.decide(w.person("ann"), core.Act{Def: &ReadRoles, Org: "acme"}), "")
		w.wantCode("of this organization alone", w.decide(w.person("bea"), core.Act{Def: &readRoom, Org: "beta"}), "")
		w.wantCode("lifted", w.lift("ann", "acme", service), "")

		_, err = w.suspend("root", Suspension{DecidedIn: core.Platform, Target: "rooms", Block: core.Block{Scope: ScopeService, Reason: "security_risk", Text: "a hole"}}, false)
		w.wantCode("everywhere", err, "")
		w.wantCode("here", w.decide(w.person("ann"), read), "access.suspended.security_risk")
		w.wantCode("there", w.decide(w.person("bea"), core.Act{Def: &readRoom, Org: "beta"}), "access.suspended.security_risk")
		_, err = w.suspend("root", Suspension{DecidedIn: core.Platform, Target: "access", Block: core.Block{Scope: ScopeService, Reason: "security_risk", Text: "a hole"}}, false)
		w.wantCode("the way out stays open", err, "suspension.protected")
		_, err = w.suspend("ann", Suspension{DecidedIn: "acme", Target: "beta", Block: core.Block{Scope: ScopeOrganization, Reason: "abuse", Text: "x"}}, false)
		w.wantCode("an organization suspends no other", err, "suspension.invalid")
		_, err = w.suspend("ann", Suspension{DecidedIn: "acme", Target: "bea", Block: core.Block{Scope: ScopePerson, Reason: "abuse", Text: "x"}}, false)
		w.wantCode("nor its people", err, "suspension.invalid")
	})
}

func TestSuspensionAsksBeforeItCutsAdministrationOff(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		s := func(target core.ID) Suspension {
			return Suspension{DecidedIn: "acme", Target: target, Block: core.Block{Scope: ScopePerson, Reason: "security_risk", Text: "x"}}
		}
		_, err := w.suspend("sam", s("sam"), false)
		w.wantCode("oneself", err, "suspension.confirm")
		_, err = w.suspend("sam", s("ann"), false)
		w.wantCode("the last administrator", err, "suspension.confirm")
		w.assign(core.Assignment{Org: "acme", Person: "max", Role: "admin"})
		_, err = w.suspend("sam", s("ann"), false)
		w.wantCode("one of two", err, "")
		_, err = w.suspend("sam", s("max"), false)
		w.wantCode("the other is the last one now", err, "suspension.confirm")
		_, err = w.suspend("sam", s("max"), true)
		w.wantCode("confirmed", err, "")
		for _, bad := range []Suspension{
			{DecidedIn: "acme", Target: "pete", Block: core.Block{Scope: ScopePerson, Reason: "mood", Text: "x"}},
			{DecidedIn: "acme", Target: "pete", Block: core.Block{Scope: "planet", Reason: "abuse", Text: "x"}},
			{DecidedIn: "acme", Target: "pete", Block: core.Block{Scope: ScopePerson, Reason: "abuse", Text: "x", Until: w.clock.Now()}},
			{DecidedIn: "acme", Target: "pete", Block: core.Block{Scope: ScopePerson, Reason: "abuse", Text: strings.Repeat("x", 501)}},
		} {
			_, err := w.suspend("sam", bad, true)
			w.wantCode("a bad suspension", err, "suspension.invalid")
		}
		if !slices.Equal(Reasons, []string{"suspicious_activity", "intrusion_attempt", "presumed_compromise", "breach_of_terms", "security_risk", "non_payment", "abuse"}) {
			t.Error("the reasons are not the seven of ACC-6.1")
		}
	})
}

// Two nodes over one database: what one suspends or revokes, the other refuses within the second, without being told.
func TestTwoNodes(t *testing.T) {
	cfg := dbtest.Config(t, dbtest.Postgres, []db.Schema{Schema})
	open := func() *db.DB {
		d, err := db.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return d
	}
	here := newWorld(t, open())
	there := emptyWorld(t, open())
	there.town = here.town
	there.Module.Needs.Members = here.town
	read := core.Act{Def: &readRoom, Org: "acme"}
	there.wantCode("before", there.decide(there.person("max"), read), "")
	id, err := here.suspend("sam", Suspension{DecidedIn: "acme", Target: "max", Block: core.Block{Scope: ScopePerson, Reason: "abuse", Text: "x"}}, false)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	there.wantCode("suspended on the other node", there.decide(there.person("max"), read), "access.suspended.abuse")
	if took := time.Since(at); took > time.Second {
		t.Errorf("it took %v", took)
	}
	here.wantCode("lifted", here.lift("sam", "acme", id), "")
	there.wantCode("restored on the other node", there.decide(there.person("max"), read), "")
	write := core.Act{Def: &writeRoom, Org: "acme"}
	assignment := here.assign(core.Assignment{Org: "acme", Person: "max", Role: "room.keeper"})
	there.wantCode("given", there.decide(there.person("max"), write), "")
	if err := here.try(here.person("ann"), func(ctx context.Context, tx core.Tx) error { return here.Revoke(ctx, tx, assignment, "") }); err != nil {
		t.Fatal(err)
	}
	there.wantCode("revoked", there.decide(there.person("max"), write), "access.forbidden")
}
