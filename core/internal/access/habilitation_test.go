package access

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

func (w *world) table(at time.Time) Table {
	w.t.Helper()
	var table Table
	err := w.d.Read(w.t.Context(), func(tx core.Tx) (err error) {
		table, err = w.TableAt(w.t.Context(), tx, "acme", at, "", "", 100)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return table
}

func (t Table) cell(person core.ID, p core.Permission) Cell {
	for _, r := range t.Rows {
		if r.Person == person {
			return r.Cells[p]
		}
	}
	return Cell{}
}

func TestHabilitationTable(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		if err := w.SyncCatalogue(t.Context()); err != nil {
			t.Fatal(err)
		}
		start := w.clock.Now()
		w.clock.Advance(24 * time.Hour)
		var id core.ID
		err := w.try(w.person("ann"), func(ctx context.Context, tx core.Tx) (err error) {
			id, err = w.Assign(ctx, tx, core.Assignment{Org: "acme", Person: "max", Role: "room.keeper", Reason: "season"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		given := w.clock.Now()
		w.clock.Advance(24 * time.Hour)

		cell := w.table(time.Time{}).cell("max", "room.write")
		if len(cell.Whys) != 1 {
			t.Fatalf("max, room.write: %+v", cell)
		}
		why := cell.Whys[0]
		if why.Role != "room.keeper" || why.Assignment != id || why.Policy != "permit.role" || !why.Since.Equal(given) || why.By != "ann" || why.Reason != "season" {
			t.Errorf("why: %+v", why)
		}
		if got := w.table(time.Time{}).cell("max", "room.read"); len(got.Whys) != 1 || got.Whys[0].Role != RoleMember {
			t.Errorf("what comes with the membership: %+v", got)
		}
		if err := w.try(w.person("ann"), func(ctx context.Context, tx core.Tx) error { return w.Revoke(ctx, tx, id, "over") }); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Hour)
		if got := w.table(time.Time{}).cell("max", "room.write"); len(got.Whys) != 0 {
			t.Errorf("revoked and still there: %+v", got)
		}
		if got := w.table(given.Add(time.Hour)).cell("max", "room.write"); len(got.Whys) != 1 {
			t.Errorf("as of the day it was held: %+v", got)
		}
		if got := w.table(start).cell("max", "room.write"); len(got.Whys) != 0 {
			t.Errorf("as of the day before: %+v", got)
		}
		if got := w.table(start.Add(-36*time.Hour)).cell("lee", "room.read"); len(got.Whys) != 1 {
			t.Errorf("as of a day when lee was a member: %+v", got)
		}
		for _, r := range w.table(time.Time{}).Rows {
			if r.Person == "lee" || r.Person == "ivy" || r.Person == "bea" || r.Person == "stan" {
				t.Errorf("%s is in the table", r.Person)
			}
		}
	})
}

// A role that changes with a version of the software, or by hand, leaves past dates true.
func TestTableRemembersWhatRolesHeld(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var role string
		define := func(perms ...core.Permission) {
			t.Helper()
			err := w.try(w.person("ann"), func(ctx context.Context, tx core.Tx) (err error) {
				role, err = w.SaveRole(ctx, tx, "acme", role, RoleForm{Name: "Archives", Permissions: perms})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		define("room.write")
		w.assign(core.Assignment{Org: "acme", Person: "max", Role: role})
		old := w.clock.Now()
		w.clock.Advance(time.Hour)
		define("room.erase")
		w.clock.Advance(time.Hour)
		if got := w.table(old).cell("max", "room.write"); len(got.Whys) != 1 {
			t.Errorf("then: %+v", got)
		}
		if got := w.table(time.Time{}).cell("max", "room.write"); len(got.Whys) != 0 {
			t.Errorf("now: %+v", got)
		}
	})
}

func TestUnusedRightsAreMarked(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.clock.Advance(80 * 24 * time.Hour)
		w.wantCode("used", w.decide(w.person("max"), core.Act{Def: &readRoom, Org: "acme"}), "")
		if err := w.FlushUsage(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.table(time.Time{}).cell("pete", "room.read"); got.Unused {
			t.Error("marked before its time")
		}
		w.clock.Advance(15 * 24 * time.Hour)
		table := w.table(time.Time{})
		if got := table.cell("max", "room.read"); got.Unused || got.LastUsed.IsZero() {
			t.Errorf("used 15 days ago: %+v", got)
		}
		if got := table.cell("pete", "room.read"); !got.Unused || !got.LastUsed.IsZero() {
			t.Errorf("never used for 95 days: %+v", got)
		}
		for _, r := range table.Rows {
			if want := r.Person != "max"; r.Dormant != want {
				t.Errorf("%s: dormant %v", r.Person, r.Dormant)
			}
		}
		w.wantCode("on one's own", w.decide(w.person("pete"), core.Act{Def: &ownNotes, Subject: "pete"}), "")
		if err := w.FlushUsage(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, r := range w.table(time.Time{}).Rows {
			if r.Person == "pete" && r.Dormant {
				t.Error("an account that is used elsewhere is called dormant")
			}
		}
	})
}

// Over a random world, 'who can' and the table answer exactly what Decide answers for each person: no candidate is missed.
func TestWhoCanMissesNobody(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		rng := rand.New(rand.NewPCG(1, 2))
		roles := []string{"admin", "people", "security", "auditor", "room.keeper"}
		var persons []core.ID
		for i := range 24 {
			p := core.ID(fmt.Sprintf("p%02d", i))
			persons = append(persons, p)
			w.join("acme", []string{"active", "active", "invited", "left"}[rng.IntN(4)], p)
			for range rng.IntN(4) {
				a := core.Assignment{Org: "acme", Person: p, Role: roles[rng.IntN(len(roles))]}
				if rng.IntN(3) == 0 {
					a.Service = []string{"rooms", "access"}[rng.IntN(2)]
				}
				if rng.IntN(3) == 0 {
					a.Object = []core.ID{"o1", "o2"}[rng.IntN(2)]
				}
				w.tryRaw(a, rng.IntN(5))
			}
			if rng.IntN(5) == 0 {
				w.tryRaw(core.Assignment{Org: core.Platform, Person: p, Role: "provider.support"}, 0)
				w.tryRaw(core.Assignment{Org: "acme", Person: p, Role: "support", Until: w.clock.Now().Add(time.Hour)}, 0)
			}
		}
		_, err := w.suspend("ann", Suspension{DecidedIn: "acme", Target: "p03", Block: core.Block{Scope: ScopePerson, Reason: "abuse", Text: "x"}}, true)
		if err != nil && core.CodeOf(err) != "suspension.invalid" {
			t.Fatal(err)
		}
		persons = append(persons, "ann", "pete", "sam", "max", "ivy", "lee", "bea", "root", "stan")
		permitted := 0
		for _, info := range w.Permissions("acme") {
			for _, object := range []core.ID{"", "o1"} {
				can := map[core.ID]bool{}
				w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
					rows, err := w.WhoCan(ctx, tx, "acme", info.Name, object)
					if err != nil {
						t.Fatal(err)
					}
					for _, r := range rows {
						can[r.Person] = true
					}
				})
				def := w.cat.Load().byName[info.Name].def
				for _, p := range persons {
					want := w.decide(w.person(p), core.Act{Def: def, Org: "acme", Resource: object}) == nil
					if want {
						permitted++
					}
					if can[p] != want {
						t.Errorf("%s, %s on %q: who can says %v, Decide says %v", p, info.Name, object, can[p], want)
					}
				}
			}
		}
		if permitted < 50 {
			t.Errorf("only %d permits: the world is too poor to prove anything", permitted)
		}
	})
}

// tryRaw writes an assignment past the verbs; ended ones and future ones are among them.
func (w *world) tryRaw(a core.Assignment, state int) {
	w.t.Helper()
	if key := fmt.Sprint(a.Org, a.Person, a.Role, a.Service, a.Object); w.raw[key] {
		return
	} else if w.raw == nil {
		w.raw = map[string]bool{key: true}
	} else {
		w.raw[key] = true
	}
	w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
		now := w.clock.Now().UnixMicro()
		from, until, revoked := now, int64(0), int64(0)
		if !a.Until.IsZero() {
			until = a.Until.UnixMicro()
		}
		switch state {
		case 1:
			until = now
		case 2:
			from = now + 1_000_000
		case 3:
			revoked = now
		}
		a.ID = core.ID(fmt.Sprintf("%s-%s-%s-%s-%d", a.Person, a.Role, a.Service, a.Object, rand.Int64()))
		_, err := tx.Exec(ctx, qAssign, a.Org, a.ID, a.Person, a.Role, a.Service, a.Object, "", "", "", now, from, until)
		if err == nil && revoked > 0 {
			_, err = tx.Exec(ctx, qRevoke, a.ID, revoked, "", "")
		}
		if err != nil {
			w.t.Fatal(err)
		}
	})
}

func TestStaffTable(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.join(core.Platform, "active", "stan")
		w.assign(core.Assignment{Org: "acme", Person: "stan", Role: "support", Reason: "ticket 12", Until: w.clock.Now().Add(time.Hour)})
		var lines []StaffLine
		w.as(core.System("test"), func(ctx context.Context, tx core.Tx) {
			var err error
			if lines, err = w.StaffTable(ctx, tx, time.Time{}); err != nil {
				t.Fatal(err)
			}
		})
		got := ""
		for _, l := range lines {
			got += fmt.Sprintf("%s|%s|%s|%s\n", l.Person, l.Function, l.RoleTitle.EN, l.OrgName)
		}
		want := "root||Platform administration|\nstan|rôle de stan|Support|\nstan|rôle de stan|Provider support|acme\n"
		if got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}
