package organization

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
)

// What an organization typed of a member (name, address, function, department, group, committee), with what lists sort by and
// search in, is one value sealed under the person's key. Lists open the rows of one organization and work on them in memory.

// memberPlace binds what was typed to its row and to the form of what is in it.
func memberPlace(org, member core.ID) string {
	return "organization_member.sealed\x001\x00" + string(org) + "\x00" + string(member)
}

// seal writes what was typed of a member as it is kept.
func (m *Module) sealed(ctx context.Context, n Member) ([]byte, error) {
	sealed, err := m.needs.Sealer.Seal(ctx, n.Person, memberPlace(n.Org, n.ID),
		pack.Texts(n.Name, n.Email, n.sort, n.find, n.Function, n.Department, n.Group, n.Committee))
	if err != nil {
		return nil, fmt.Errorf("organization: seal a member: %w", err)
	}
	return sealed, nil
}

// open gives what was typed. Of somebody whose key was destroyed nothing is left, nor where nothing was kept.
func (m *Module) opened(ctx context.Context, org, member, person core.ID, sealed []byte, to ...*string) error {
	if len(sealed) < 2 {
		return nil
	}
	plain, err := m.needs.Sealer.Open(ctx, person, memberPlace(org, member), sealed)
	if core.KindOf(err) == core.Gone {
		return nil
	}
	if err == nil {
		err = pack.Read(plain, to...)
	}
	if err != nil {
		return fmt.Errorf("organization: open a member: %w", err)
	}
	return nil
}

func (m *Module) openMember(ctx context.Context, n *Member) error {
	err := m.opened(ctx, n.Org, n.ID, n.Person, n.kept, &n.Name, &n.Email, &n.sort, &n.find, &n.Function, &n.Department, &n.Group, &n.Committee)
	n.kept = nil
	return err
}

// one reads at most one member.
func (m *Module) one(ctx context.Context, tx core.Tx, query string, args ...any) (Member, bool, error) {
	n, found, err := db.One(ctx, tx, query, scanMember, args...)
	if err == nil && found {
		if err = m.openMember(ctx, &n); err == nil {
			err = m.masked(ctx, tx, &n)
		}
	}
	return n, found, err
}

// all reads several members.
func (m *Module) all(ctx context.Context, tx core.Tx, query string, args ...any) ([]Member, error) {
	list, err := db.All(ctx, tx, query, scanMember, args...)
	if err != nil {
		return nil, err
	}
	all := make([]*Member, len(list))
	for i := range list {
		all[i] = &list[i]
		if err := m.openMember(ctx, all[i]); err != nil {
			return nil, err
		}
	}
	return list, m.masked(ctx, tx, all...)
}

// whole reads every row of an organization that a query gives, each in a place of its own: lists of thousands are chosen from,
// ordered and cut without copying members about.
func (m *Module) whole(ctx context.Context, tx core.Tx, query string, org core.ID) ([]*Member, error) {
	list, err := db.All(ctx, tx, query, func(scan db.Scan) (*Member, error) {
		n, err := scanMember(scan)
		return &n, err
	}, org)
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		if err := m.openMember(ctx, n); err != nil {
			return nil, err
		}
	}
	return list, m.masked(ctx, tx, list...)
}

// belonging is a membership as it is kept.
type belonging struct {
	core.Membership
	kept []byte
}

func (m *Module) openMembership(ctx context.Context, b belonging) (core.Membership, error) {
	var name, email, sort, find string
	ms := b.Membership
	err := m.opened(ctx, ms.Org, ms.ID, ms.Person, b.kept, &name, &email, &sort, &find, &ms.Function, &ms.Department, &ms.Group, &ms.Committee)
	return ms, err
}

// memberships reads several memberships.
func (m *Module) memberships(ctx context.Context, tx core.Tx, query string, args ...any) ([]core.Membership, error) {
	rows, err := db.All(ctx, tx, query, scanMembership, args...)
	if err != nil {
		return nil, err
	}
	list := make([]core.Membership, len(rows))
	for i, b := range rows {
		if list[i], err = m.openMembership(ctx, b); err != nil {
			return nil, err
		}
	}
	return list, nil
}
