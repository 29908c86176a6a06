package access

import (
	"context"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

func TestAssignRules(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		give := func(by, to core.ID, role string, change ...func(*core.Assignment)) error {
			a := core.Assignment{Org: "acme", Person: to, Role: role, Reason: "asked by their manager"}
			for _, c := range change {
				c(&a)
			}
			return w.try(w.person(by), func(ctx context.Context, tx core.Tx) error {
				_, err := w.Assign(ctx, tx, a)
				return err
			})
		}
		field := func(what string, err error, name string) {
			t.Helper()
			e, ok := err.(*core.Error)
			if !ok || len(e.Fields) == 0 || e.Fields[0].Field != name {
				t.Errorf("%s: got %v, want a complaint about %s", what, err, name)
			}
		}
		w.wantCode("admin gives", give("ann", "max", "auditor"), "")
		w.wantCode("twice", give("ann", "max", "auditor"), "assignment.already")
		w.wantCode("to oneself", give("ann", "ann", "security"), "assignment.self_approval")
		w.wantCode("more than one holds", give("pete", "max", "admin"), "assignment.escalation")
		w.wantCode("what one holds", give("pete", "max", "people"), "")
		w.wantCode("without the permission", give("sam", "max", "security"), "access.forbidden")
		w.wantCode("from another organization", give("bea", "max", "security"), "access.forbidden")
		w.wantCode("support is the administrators' to give", give("pete", "stan", "support", func(a *core.Assignment) { a.Until = w.clock.Now().Add(time.Hour) }), "assignment.escalation")

		field("no reason", give("ann", "max", "security", func(a *core.Assignment) { a.Reason = " " }), "reason")
		field("no such role", give("ann", "max", "emperor"), "role")
		field("a platform role in a client", give("ann", "max", "provider.admin"), "role")
		field("a client role on the platform", give("root", "stan", "admin", func(a *core.Assignment) { a.Org = core.Platform }), "role")
		field("the past", give("ann", "max", "security", func(a *core.Assignment) { a.Until = w.clock.Now() }), "until")
		field("no such service", give("ann", "max", "security", func(a *core.Assignment) { a.Service = "moon" }), "service")
		field("an outsider", give("ann", "bea", "security"), "person")
		field("who left", give("ann", "lee", "security"), "person")
		field("staff as admin", give("ann", "stan", "admin"), "person")
		field("support without an end", give("ann", "stan", "support"), "until")
		field("support for a year", give("ann", "stan", "support", func(a *core.Assignment) { a.Until = w.clock.Now().Add(365 * 24 * time.Hour) }), "until")
		field("support to who is not staff", give("ann", "max", "support", func(a *core.Assignment) { a.Until = w.clock.Now().Add(time.Hour) }), "until")

		// An invited person accepts: who invited them answers for it, now.
		accept := func(approver core.ID) error {
			return give("ivy", "ivy", "security", func(a *core.Assignment) { a.Approver = approver })
		}
		w.wantCode("approved by nobody with the right", accept("sam"), "access.forbidden")
		w.wantCode("approved by an administrator", accept("ann"), "")
		w.wantCode("in another's name", give("sam", "pete", "auditor", func(a *core.Assignment) { a.Approver = "ann" }), "access.forbidden")
	})
}

func TestTokenGivesNoMoreThanItsScope(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		narrow := w.person("ann")
		narrow.Scopes = []core.Permission{GiveAssignment.Permission, "room.read"}
		err := w.try(narrow, func(ctx context.Context, tx core.Tx) error {
			_, err := w.SaveRole(ctx, tx, "acme", "", RoleForm{Name: "x", Permissions: []core.Permission{"room.erase"}})
			return err
		})
		w.wantCode("a role beyond the token", err, "role.invalid")
	})
}

func TestLastAdministratorStays(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var lines []Line
		w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
			var err error
			if lines, err = w.Assigned(ctx, tx, "acme", "admin"); err != nil || len(lines) != 1 {
				t.Fatalf("%v, %v", lines, err)
			}
		})
		revoke := func() error {
			return w.try(w.person("ann"), func(ctx context.Context, tx core.Tx) error { return w.Revoke(ctx, tx, lines[0].ID, "") })
		}
		w.wantCode("revoke", revoke(), "assignment.last_admin")
		leave := func() error {
			return w.try(w.person("ann"), func(ctx context.Context, tx core.Tx) error { return w.RevokeAll(ctx, tx, "acme", "ann", "leaves") })
		}
		w.wantCode("leave", leave(), "assignment.last_admin")
		w.assign(core.Assignment{Org: "acme", Person: "max", Role: "admin"})
		w.wantCode("leave, with another administrator", leave(), "")
		w.wantCode("nothing is left to them", w.decide(w.person("ann"), core.Act{Def: &writeRoom, Org: "acme"}), "access.forbidden")
		w.wantCode("twice", revoke(), "assignment.not_found")
	})
}

func TestCustomRoles(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		save := func(by core.ID, id string, f RoleForm) (string, error) {
			err := w.try(w.person(by), func(ctx context.Context, tx core.Tx) (err error) {
				id, err = w.SaveRole(ctx, tx, "acme", id, f)
				return err
			})
			return id, err
		}
		id, err := save("ann", "", RoleForm{Name: "Archives", Permissions: []core.Permission{"room.write"}})
		if err != nil {
			t.Fatal(err)
		}
		write, read := core.Act{Def: &writeRoom, Org: "acme"}, core.Act{Def: &eraseRoom, Org: "acme"}
		assignment := w.assign(core.Assignment{Org: "acme", Person: "max", Role: id})
		w.wantCode("holds", w.decide(w.person("max"), write), "")
		w.wantCode("holds no more", w.decide(w.person("max"), read), "access.forbidden")
		if _, err = save("ann", id, RoleForm{Name: "Archives", Permissions: []core.Permission{"room.erase"}}); err != nil {
			t.Fatal(err)
		}
		w.wantCode("taken out of the role", w.decide(w.person("max"), write), "access.forbidden")
		w.wantCode("put into the role", w.decide(w.person("max"), read), "")

		for what, f := range map[string]RoleForm{
			"no name":                {Permissions: []core.Permission{"room.write"}},
			"a name that is taken":   {Name: "archives", Permissions: []core.Permission{"room.write"}},
			"a built-in name":        {Name: "Audit", Permissions: []core.Permission{"room.write"}},
			"no permission":          {Name: "Empty"},
			"a staff permission":     {Name: "Spy", Permissions: []core.Permission{"console.open"}},
			"everyone's permission":  {Name: "Spy", Permissions: []core.Permission{"note.own"}},
			"the system's":           {Name: "Spy", Permissions: []core.Permission{"room.sweep"}},
			"an unknown permission":  {Name: "Spy", Permissions: []core.Permission{"moon.walk"}},
			"beyond its own service": {Name: "Spy", Service: "rooms", Permissions: []core.Permission{"role.define"}},
		} {
			_, err := save("ann", "", f)
			w.wantCode(what, err, "role.invalid")
		}
		_, err = save("pete", "", RoleForm{Name: "Coup", Permissions: []core.Permission{"role.define"}})
		w.wantCode("more than one holds", err, "role.invalid")
		_, err = save("bea", id, RoleForm{Name: "Theirs", Permissions: []core.Permission{"room.read"}})
		w.wantCode("a role of another organization", err, "role.invalid")

		retire := func() error {
			return w.try(w.person("ann"), func(ctx context.Context, tx core.Tx) error { return w.Retire(ctx, tx, "acme", id) })
		}
		w.wantCode("still held", retire(), "role.held")
		if err := w.try(w.person("ann"), func(ctx context.Context, tx core.Tx) error { return w.Revoke(ctx, tx, assignment, "") }); err != nil {
			t.Fatal(err)
		}
		w.wantCode("retired", retire(), "")
		w.wantCode("built-in", w.try(w.person("ann"), func(ctx context.Context, tx core.Tx) error { return w.Retire(ctx, tx, "acme", "people") }), "role.not_found")
	})
}
