package access

import (
	"context"
	"testing"

	"github.com/rempart/rempart/core"
)

// The menu shows what a decision would permit, for every actor and every permission.
func TestMenuAgreesWithDecisions(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var role string
		w.as(w.person("ann"), func(ctx context.Context, tx core.Tx) {
			var err error
			if role, err = w.SaveRole(ctx, tx, "acme", "", RoleForm{Name: "Archives", Permissions: []core.Permission{"room.write", "role.read"}}); err != nil {
				t.Fatal(err)
			}
		})
		w.assign(core.Assignment{Org: "acme", Person: "max", Role: role})
		w.assign(core.Assignment{Org: "acme", Person: "pete", Role: "admin", Service: "rooms"})
		var all []core.Permission
		for name := range w.cat.Load().permissions {
			all = append(all, name)
		}
		held := 0
		for _, org := range []core.ID{"acme", "beta", core.Platform, "nowhere"} {
			for _, p := range []core.ID{"ann", "pete", "sam", "max", "ivy", "lee", "bea", "root", "stan"} {
				actor := w.person(p)
				var may map[core.Permission]bool
				err := w.d.Read(t.Context(), func(tx core.Tx) (err error) {
					may, err = w.May(t.Context(), tx, actor, org, append(all, "moon.walk"))
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				for def := range w.cat.Load().rules {
					want := w.decide(actor, core.Act{Def: def, Org: org, Subject: p}) == nil
					if def.Reach == core.ByAnyone {
						continue
					}
					if may[def.Permission] != want {
						t.Errorf("%s, %s in %s: the menu says %v, Decide says %v", p, def.Permission, org, may[def.Permission], want)
					}
					if want {
						held++
					}
				}
			}
		}
		if held < 40 {
			t.Errorf("only %d permits: nothing is shown", held)
		}
	})
}
