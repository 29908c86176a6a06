package access

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

func TestDecide(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		old := w.person("ann")
		old.AuthenticatedAt = w.clock.Now().Add(-11 * time.Minute)
		narrow := w.person("ann")
		narrow.Scopes = []core.Permission{"room.read"}
		none := w.person("ann")
		none.Scopes = []core.Permission{}
		robot := core.Actor{Kind: core.ServiceActor, ID: "robot", Org: "acme", Address: home}
		w.assign(core.Assignment{Org: "acme", Person: "robot", Role: "room.keeper"})

		for _, c := range []struct {
			name  string
			actor core.Actor
			act   core.Act
			want  string
		}{
			{"admin writes", w.person("ann"), core.Act{Def: &writeRoom, Org: "acme"}, ""},
			{"member reads", w.person("max"), core.Act{Def: &readRoom, Org: "acme"}, ""},
			{"member lacks the permission", w.person("max"), core.Act{Def: &writeRoom, Org: "acme"}, "access.forbidden"},
			{"admin of another organization", w.person("bea"), core.Act{Def: &readRoom, Org: "acme"}, "access.not_found"},
			{"unknown organization", w.person("ann"), core.Act{Def: &readRoom, Org: "nowhere"}, "access.not_found"},
			{"invited is not inside", w.person("ivy"), core.Act{Def: &readRoom, Org: "acme"}, "access.not_found"},
			{"left is not inside", w.person("lee"), core.Act{Def: &readRoom, Org: "acme"}, "access.not_found"},
			{"nobody", core.Actor{}, core.Act{Def: &readRoom, Org: "acme"}, "access.unauthenticated"},
			{"nobody before sign-in", core.Actor{}, core.Act{Def: &signIn}, ""},
			{"one's own", w.person("max"), core.Act{Def: &ownNotes, Subject: "max"}, ""},
			{"one's own here", w.person("ivy"), core.Act{Def: &ownNotes, Org: "acme", Subject: "ivy"}, ""},
			{"one's own elsewhere", w.person("bea"), core.Act{Def: &ownNotes, Org: "acme", Subject: "bea"}, "access.not_found"},
			{"another's", w.person("ann"), core.Act{Def: &ownNotes, Subject: "max"}, "access.not_found"},
			{"another's among several", w.person("ann"), core.Act{Def: &ownNotes, Subject: "ann", Subjects: []core.ID{"max"}}, "access.not_found"},
			{"nobody's", w.person("ann"), core.Act{Def: &ownNotes}, "access.not_found"},
			{"kept for the system", w.person("root"), core.Act{Def: &sweep, Org: core.Platform}, "access.not_found"},
			{"the system", core.System("sweeper"), core.Act{Def: &sweep, Org: "acme"}, ""},
			{"too old a proof", old, core.Act{Def: &eraseRoom, Org: "acme"}, "access.step_up"},
			{"fresh enough", w.person("ann"), core.Act{Def: &eraseRoom, Org: "acme"}, ""},
			{"refused before the proof is asked", w.person("max"), core.Act{Def: &eraseRoom, Org: "acme"}, "access.forbidden"},
			{"token within its scope", narrow, core.Act{Def: &readRoom, Org: "acme"}, ""},
			{"token beyond its scope", narrow, core.Act{Def: &writeRoom, Org: "acme"}, "access.token_scope"},
			{"token without any scope", none, core.Act{Def: &readRoom, Org: "acme"}, "access.token_scope"},
			{"token on one's own beyond its scope", narrow, core.Act{Def: &ownNotes, Subject: "ann"}, "access.token_scope"},
			{"service account", robot, core.Act{Def: &writeRoom, Org: "acme"}, ""},
			{"service account elsewhere", robot, core.Act{Def: &writeRoom, Org: "beta"}, "access.not_found"},
			{"staff on the platform", w.person("root"), core.Act{Def: &openVault, Org: core.Platform}, ""},
			{"staff without organization", w.person("root"), core.Act{Def: &openVault}, ""},
			{"staff lacks the permission", w.person("stan"), core.Act{Def: &openVault, Org: core.Platform}, "access.forbidden"},
			{"client on the platform", w.person("ann"), core.Act{Def: &openVault, Org: core.Platform}, "access.not_found"},
			{"staff act in an organization", w.person("ann"), core.Act{Def: &openVault, Org: "acme"}, "access.not_found"},
			{"staff in a client's organization", w.person("root"), core.Act{Def: &readRoom, Org: "acme"}, "access.not_found"},
			{"an act that nobody declares", w.person("ann"), core.Act{Def: &undeclared, Org: "acme"}, "access.undeclared"},
			{"an act without definition", w.person("ann"), core.Act{Org: "acme"}, "access.undeclared"},
		} {
			w.wantCode(c.name, w.decide(c.actor, c.act), c.want)
		}
	})
}

// The permission that is lacking is named in words, in the language of the reader.
func TestForbiddenNamesThePermission(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		err := w.decide(w.person("max"), core.Act{Def: &writeRoom, Org: "acme"})
		e, ok := err.(*core.Error)
		if !ok || e.Kind != core.Forbidden || len(e.Args) != 2 || e.Args[0] != "Écrire dans une salle" {
			t.Errorf("got %#v", err)
		}
	})
}

func TestAssignmentActsAtOnceAndEndsByItself(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		act := core.Act{Def: &writeRoom, Org: "acme"}
		w.wantCode("before", w.decide(w.person("max"), act), "access.forbidden")
		w.assign(core.Assignment{Org: "acme", Person: "max", Role: "room.keeper", Until: w.clock.Now().Add(time.Hour)})
		w.wantCode("given", w.decide(w.person("max"), act), "")
		w.clock.Advance(time.Hour)
		w.wantCode("at its end", w.decide(w.person("max"), act), "access.forbidden")

		id := w.assign(core.Assignment{Org: "acme", Person: "max", Role: "room.keeper"})
		w.wantCode("given again", w.decide(w.person("max"), act), "")
		if err := w.try(w.person("ann"), func(ctx context.Context, tx core.Tx) error { return w.Revoke(ctx, tx, id, "no need") }); err != nil {
			t.Fatal(err)
		}
		w.wantCode("revoked", w.decide(w.person("max"), act), "access.forbidden")

		w.assign(core.Assignment{Org: "acme", Person: "max", Role: "room.keeper", From: w.clock.Now().Add(time.Hour)})
		w.wantCode("not yet", w.decide(w.person("max"), act), "access.forbidden")
		w.clock.Advance(time.Hour)
		w.wantCode("now", w.decide(w.person("max"), act), "")
	})
}

func TestScopedAssignmentsNeverWiden(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.assign(core.Assignment{Org: "acme", Person: "max", Role: "room.keeper", Object: "room-1"})
		w.wantCode("that object", w.decide(w.person("max"), core.Act{Def: &writeRoom, Org: "acme", Resource: "room-1"}), "")
		w.wantCode("another object", w.decide(w.person("max"), core.Act{Def: &writeRoom, Org: "acme", Resource: "room-2"}), "access.forbidden")
		w.wantCode("no object", w.decide(w.person("max"), core.Act{Def: &writeRoom, Org: "acme"}), "access.forbidden")

		w.assign(core.Assignment{Org: "acme", Person: "pete", Role: "admin", Service: "rooms"})
		w.wantCode("that service", w.decide(w.person("pete"), core.Act{Def: &writeRoom, Org: "acme", Resource: "room-2"}), "")
		w.wantCode("another service", w.decide(w.person("pete"), core.Act{Def: &DefineRole, Org: "acme"}), "access.forbidden")

		w.assign(core.Assignment{Org: "acme", Person: "sam", Role: "admin", Service: "access", Object: "room-3"})
		w.wantCode("object of another service", w.decide(w.person("sam"), core.Act{Def: &writeRoom, Org: "acme", Resource: "room-3"}), "access.forbidden")
	})
}

func TestSupportEntersOnlyWhenLetIn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		read, write := core.Act{Def: &readRoom, Org: "acme"}, core.Act{Def: &writeRoom, Org: "acme"}
		w.wantCode("closed", w.decide(w.person("stan"), read), "access.not_found")
		err := w.try(w.person("ann"), func(ctx context.Context, tx core.Tx) error {
			_, err := w.Assign(ctx, tx, core.Assignment{Org: "acme", Person: "stan", Role: "support", Reason: "ticket 12", Until: w.clock.Now().Add(24 * time.Hour)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.wantCode("let in", w.decide(w.person("stan"), read), "")
		w.wantCode("reads and does not write", w.decide(w.person("stan"), write), "access.forbidden")
		w.wantCode("in the one organization", w.decide(w.person("stan"), core.Act{Def: &readRoom, Org: "beta"}), "access.not_found")

		// A colleague who also became a member gains nothing by it.
		w.join("acme", "active", "stan")
		w.wantCode("member and staff reads", w.decide(w.person("stan"), read), "")
		w.assignRaw(core.Assignment{Org: "acme", Person: "stan", Role: "admin"})
		w.wantCode("even an admin row gives staff nothing", w.decide(w.person("stan"), write), "access.forbidden")
		w.clock.Advance(25 * time.Hour)
		w.wantCode("after the end", w.decide(w.person("stan"), read), "access.forbidden")
		delete(w.town.members, [2]core.ID{"acme", "stan"})
		w.wantCode("after the end, from outside", w.decide(w.person("stan"), read), "access.not_found")

		// Who is no longer staff loses the support rows too.
		w.assignRaw(core.Assignment{Org: "acme", Person: "bea", Role: "support", Until: w.clock.Now().Add(time.Hour)})
		w.wantCode("support without being staff", w.decide(w.person("bea"), read), "access.not_found")
		// Nor does a support row without an end let anybody in.
		w.assignRaw(core.Assignment{Org: "beta", Person: "root", Role: "support"})
		w.wantCode("support without an end", w.decide(w.person("root"), core.Act{Def: &readRoom, Org: "beta"}), "access.not_found")
	})
}

// assignRaw writes a row that the verbs would refuse: the policies must hold by themselves.
func (w *world) assignRaw(a core.Assignment) {
	w.t.Helper()
	w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
		now := w.clock.Now().UnixMicro()
		until := int64(0)
		if !a.Until.IsZero() {
			until = a.Until.UnixMicro()
		}
		if _, err := tx.Exec(ctx, qAssign, a.Org, "raw-"+a.Org+a.Person+core.ID(a.Role), a.Person, a.Role, a.Service, a.Object, "", "", "", now, now, until); err != nil {
			w.t.Fatal(err)
		}
	})
}

func TestAddressLists(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		from := func(person core.ID, addr string) core.Actor {
			a := w.person(person)
			a.Address = netip.MustParseAddr(addr)
			return a
		}
		read := core.Act{Def: &readRoom, Org: "acme"}
		set := func(actor core.Actor, org core.ID, service, list string) error {
			return w.try(actor, func(ctx context.Context, tx core.Tx) error {
				lines, err := ParseAllow(list)
				if err != nil {
					return err
				}
				_, _, err = w.SetAllow(ctx, tx, org, service, lines)
				return err
			})
		}
		w.wantCode("no list", w.decide(from("max", "203.0.113.9"), read), "")
		w.wantCode("lockout", set(from("ann", "203.0.113.9"), "acme", "", "192.0.2.0/24"), "allow.lockout")
		w.wantCode("set", set(from("ann", "192.0.2.7"), "acme", "", "192.0.2.0/24 bureau\n2001:db8::/32"), "")
		for addr, want := range map[string]string{
			"192.0.2.200": "", "::ffff:192.0.2.200": "", "2001:db8::1": "", "203.0.113.9": "access.address", "2001:db9::1": "access.address", "::": "access.address",
		} {
			w.wantCode(addr, w.decide(from("max", addr), read), want)
		}
		nowhere := w.person("max")
		nowhere.Address = netip.Addr{}
		w.wantCode("no address", w.decide(nowhere, read), "access.address")
		w.wantCode("an outsider still learns nothing", w.decide(from("bea", "203.0.113.9"), read), "access.not_found")
		w.wantCode("another organization has no list", w.decide(from("bea", "203.0.113.9"), core.Act{Def: &readRoom, Org: "beta"}), "")

		w.wantCode("a service's list", set(from("ann", "192.0.2.7"), "acme", "rooms", "192.0.2.7"), "")
		w.wantCode("within the organization's, outside the service's", w.decide(from("max", "192.0.2.8"), read), "access.address")
		w.wantCode("another service", w.decide(from("ann", "192.0.2.8"), core.Act{Def: &ReadRoles, Org: "acme"}), "")
		w.wantCode("emptied", set(from("ann", "192.0.2.7"), "acme", "rooms", ""), "")
		w.wantCode("open again", w.decide(from("max", "192.0.2.8"), read), "")

		console := core.Act{Def: &openVault, Org: core.Platform}
		w.wantCode("staff from an unlisted address", w.decide(from("root", "203.0.113.9"), console), "access.address")
		w.wantCode("staff from this machine", w.decide(w.person("root"), console), "")
		w.wantCode("staff list", set(w.person("root"), core.Platform, "", "203.0.113.9\n127.0.0.0/8"), "")
		w.wantCode("staff from a listed address", w.decide(from("root", "203.0.113.9"), console), "")
		w.wantCode("what is staff's own too", w.decide(from("root", "198.51.100.1"), core.Act{Def: &ownNotes, Subject: "root"}), "access.address")
	})
}

func TestAllowedFrom(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.as(w.person("ann"), func(ctx context.Context, tx core.Tx) {
			if err := w.Allow(ctx, tx, "acme", "", netip.MustParsePrefix("192.0.2.0/24"), ""); err != nil {
				t.Fatal(err)
			}
		})
		check := func(what string, person core.ID, addr string, code string, orgs ...core.ID) {
			t.Helper()
			err := w.d.Read(t.Context(), func(tx core.Tx) error {
				return w.AllowedFrom(t.Context(), tx, person, netip.MustParseAddr(addr), orgs...)
			})
			w.wantCode(what, err, code)
		}
		check("listed", "max", "192.0.2.1", "", "acme")
		check("unlisted", "max", "203.0.113.1", "access.address", "acme")
		check("another of their organizations admits it", "max", "203.0.113.1", "", "acme", "beta")
		check("belongs nowhere", "max", "203.0.113.1", "")
		check("staff from elsewhere", "root", "203.0.113.1", "access.address")
		check("staff from elsewhere with a client", "root", "203.0.113.1", "access.address", "beta")
		check("staff from this machine", "root", "127.0.0.1", "", core.Platform)
		check("staff by membership alone", "max", "203.0.113.1", "access.address", core.Platform)
	})
}

// The first administrator's address is listed, or a platform set up from elsewhere would lock its maker out.
func TestFirstAdministratorIsAdmitted(t *testing.T) {
	w := emptyWorld(t, openSQLite(t))
	ctx := core.WithActor(t.Context(), core.Actor{Address: netip.MustParseAddr("::ffff:198.51.100.4")})
	err := w.d.Write(ctx, func(tx core.Tx) error {
		_, err := w.Assign(ctx, tx, core.Assignment{Org: core.Platform, Person: "root", Role: "provider.admin"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	console := core.Act{Def: &openVault, Org: core.Platform}
	for addr, want := range map[string]string{"198.51.100.4": "", "127.0.0.1": "", "198.51.100.5": "access.address"} {
		a := w.person("root")
		a.Address = netip.MustParseAddr(addr)
		w.wantCode(addr, w.decide(a, console), want)
	}
}

func TestEveryPolicyReadsAloud(t *testing.T) {
	all, err := Policies()
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]bool{}
	for _, p := range all {
		if p.Permit {
			sources[p.Source] = true
		}
		if strings.HasPrefix(p.ID, "permit.") != p.Permit {
			t.Errorf("policy %s is called after the wrong effect", p.ID)
		}
	}
	for s := range sources {
		if !candidateSources[s] {
			t.Errorf("'who can' does not know where the candidates of source %q are", s)
		}
	}
}
