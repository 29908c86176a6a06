package home

import (
	"cmp"
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var errNoPlace = i18n.Fault(core.NotFound, "place.unknown", "Cette page n'existe pas, ou ne vous est pas ouverte.", "This page does not exist, or is not open to you.")

// Place is a person's place in one organization.
type Place struct {
	core.Membership
	Roles []Role
	Block core.Block // the suspension in force there; its ID is empty when there is none
}

// Role is one role held: its name and, when it ends, its assignment's end.
type Role struct {
	Title      core.Text
	Assignment core.Assignment
}

// sorted keeps the places still held, by the name of the organization.
func sorted(places []core.Membership) []core.Membership {
	places = slices.DeleteFunc(slices.Clone(places), func(p core.Membership) bool { return p.State != "active" })
	slices.SortFunc(places, func(a, b core.Membership) int { return cmp.Compare(a.OrgName, b.OrgName) })
	return places
}

// Mine gives the places of whoever acts, by the name of the organization.
func (m *Module) Mine(ctx context.Context) ([]Place, error) {
	actor := core.ActorOf(ctx)
	var list []Place
	act := &core.Act{Def: SeeMine, Org: core.Platform, Subject: actor.ID}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		list, err = m.places(ctx, tx, actor.ID)
		return err
	})
	return list, err
}

// In gives the place of whoever acts in one organization; an Error of kind NotFound when they have none.
func (m *Module) In(ctx context.Context, org core.ID) (Place, error) {
	actor := core.ActorOf(ctx)
	var place Place
	act := &core.Act{Def: SeePlace, Org: org, Resource: org, Subject: actor.ID}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		list, err := m.places(ctx, tx, actor.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(p Place) bool { return p.Org == org })
		if i < 0 {
			return errNoPlace
		}
		place = list[i]
		return nil
	})
	return place, err
}

// Console tells provider staff how the installation stands.
func (m *Module) Console(ctx context.Context) (State, error) {
	act := &core.Act{Def: SeeConsole, Org: core.Platform}
	if err := m.needs.Gate.Read(ctx, act, func(core.Tx) error { return nil }); err != nil {
		return State{}, err
	}
	return m.needs.State(ctx)
}

// places gathers a person's places with the roles held in each and the suspension in force, if any.
func (m *Module) places(ctx context.Context, tx core.Tx, person core.ID) ([]Place, error) {
	memberships, err := m.needs.Places.Memberships(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	held, err := m.needs.Rights.AssignmentsOf(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	var list []Place
	for _, one := range sorted(memberships) {
		p := Place{Membership: one}
		for _, a := range held {
			if a.Org != one.Org {
				continue
			}
			title, err := m.needs.RoleTitle(ctx, tx, a.Org, a.Role)
			if err != nil {
				return nil, err
			}
			p.Roles = append(p.Roles, Role{title, a})
		}
		block, on, err := m.needs.Rights.Blocked(ctx, tx, person, one.Org)
		if err != nil {
			return nil, err
		}
		if on {
			p.Block = block
		}
		list = append(list, p)
	}
	return list, nil
}
