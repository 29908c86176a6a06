package home_test

import (
	"context"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/coretest"
	"github.com/rempart/rempart/core/internal/home"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// world answers for the rooms that home asks.
type world struct {
	places []core.Membership
	held   []core.Assignment
	block  core.Block
}

func (w world) Memberships(context.Context, core.Tx, core.ID) ([]core.Membership, error) {
	return w.places, nil
}

func (w world) AssignmentsOf(context.Context, core.Tx, core.ID) ([]core.Assignment, error) {
	return w.held, nil
}

func (w world) Blocked(_ context.Context, _ core.Tx, _ core.ID, orgs ...core.ID) (core.Block, bool, error) {
	return w.block, orgs[0] == "mills", nil
}

func TestMine(t *testing.T) {
	until := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	w := world{
		places: []core.Membership{
			{Org: "port", OrgName: "Port", State: "active"},
			{Org: "mills", OrgName: "Mills", State: "active"},
			{Org: "old", OrgName: "Abbey", State: "left"},
			{Org: "new", OrgName: "Beacon", State: "invited"},
		},
		held:  []core.Assignment{{Org: "port", Role: "admin"}, {Org: "mills", Role: "auditor", Until: until}, {Org: core.Platform, Role: "provider.admin"}},
		block: core.Block{ID: "b1", Reason: "non_payment"},
	}
	dbtest.Each(t, nil, func(t *testing.T, d *db.DB) {
		gate := coretest.Gate(d)
		m := home.New(home.Needs{Gate: gate, Places: w, Rights: w, RoleTitle: func(_ context.Context, _ core.Tx, _ core.ID, role string) (core.Text, error) {
			return core.Text{FR: role, EN: role}, nil
		}})
		ctx := core.WithActor(context.Background(), core.Actor{Kind: core.HumanActor, ID: "ines"})
		list, err := m.Mine(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 2 || list[0].OrgName != "Mills" || list[1].OrgName != "Port" {
			t.Fatalf("shows %+v", list)
		}
		if list[0].Block.ID != "b1" || list[1].Block.ID != "" {
			t.Error("the suspension is shown in the wrong place")
		}
		if r := list[0].Roles; len(r) != 1 || r[0].Title.EN != "auditor" || !r[0].Assignment.Until.Equal(until) {
			t.Errorf("roles there: %+v", r)
		}
		for _, org := range []core.ID{"old", "new", "nowhere"} {
			if _, err := m.In(ctx, org); core.KindOf(err) != core.NotFound {
				t.Errorf("a place in %s: %v", org, err)
			}
		}
		if p, err := m.In(ctx, "port"); err != nil || p.OrgName != "Port" {
			t.Error(p, err)
		}
		gate.Refuse("console.read")
		if _, err := m.Console(ctx); core.KindOf(err) != core.Forbidden {
			t.Error("the console opens without its permission:", err)
		}
	})
}
