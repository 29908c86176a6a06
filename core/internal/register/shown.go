package register

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
)

// Shown gives a person what each organization where they belong, and the platform, tells of what it does with their data: why, on
// which ground, for how long, who receives them (articles 13 and 14). It is the register in force, nothing else.
func (m *Module) Shown(ctx context.Context, person core.ID) (list []Form, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: SeeShown, Org: core.Platform, Subject: person}, func(tx core.Tx) error {
		places, err := m.needs.Orgs.Memberships(ctx, tx, person)
		if err != nil {
			return err
		}
		orgs := []core.ID{core.Platform}
		for _, p := range places {
			if p.State == "active" && !slices.Contains(orgs, p.Org) {
				orgs = append(orgs, p.Org)
			}
		}
		list = make([]Form, len(orgs))
		for i, org := range orgs {
			f, err := m.form(ctx, tx, org, core.Controller)
			if err != nil {
				return err
			}
			f.Activities = slices.DeleteFunc(f.Activities, func(e Entry) bool { return e.Suspended })
			list[i] = f
		}
		return nil
	})
	return list, err
}
