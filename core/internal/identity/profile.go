package identity

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
	"github.com/rempart/rempart/kit/seal"
)

// What identifies a person is kept as one value sealed under their key: names, gender, addresses, phone. The address that they
// sign in with is found by its blind index, which is unique; nothing else is ever looked up by its value.

// emailField names the index of sign-in addresses: of the whole platform, since an account belongs to no organization.
var emailField = seal.EmailField("identity_person.email")

// row is a person as they are kept.
type row struct {
	core.Person
	profile []byte
}

func scanRow(scan db.Scan) (r row, err error) {
	var functional, created int64
	err = scan(&r.ID, &r.profile, &r.Language, &functional, &r.Responsible, &r.State, &created)
	r.Functional, r.CreatedAt = functional != 0, clock.FromMicros(created)
	return r, err
}

// profilePlace binds a profile to its row and to the form of what is in it.
func profilePlace(person core.ID) string {
	return "identity_person.profile\x001\x00" + string(person)
}

func sealProfile(ctx context.Context, s core.Sealer, p core.Person) ([]byte, error) {
	sealed, err := s.Seal(ctx, p.ID, profilePlace(p.ID), pack.Texts(p.GivenName, p.FamilyName, p.Gender, p.Email, p.Email2, p.Phone))
	if err != nil {
		return nil, fmt.Errorf("identity: seal a profile: %w", err)
	}
	return sealed, nil
}

// opened opens the profile of a row. Somebody whose key was destroyed has no name any more, nor an address.
func (m *Module) opened(ctx context.Context, r row) (core.Person, error) {
	p := r.Person
	if len(r.profile) < 2 { // nothing was kept, or the key was gone before it could be sealed (upgrade.go)
		return p, nil
	}
	plain, err := m.needs.Sealer.Open(ctx, p.ID, profilePlace(p.ID), r.profile)
	if core.KindOf(err) == core.Gone {
		return p, nil
	}
	if err == nil {
		err = pack.Read(plain, &p.GivenName, &p.FamilyName, &p.Gender, &p.Email, &p.Email2, &p.Phone)
	}
	if err != nil {
		return p, fmt.Errorf("identity: open a profile: %w", err)
	}
	return p, nil
}

// one reads at most one person.
func (m *Module) one(ctx context.Context, tx core.Tx, query string, args ...any) (core.Person, bool, error) {
	r, ok, err := db.One(ctx, tx, query, scanRow, args...)
	if err != nil || !ok {
		return core.Person{}, false, err
	}
	p, err := m.opened(ctx, r)
	return p, err == nil, err
}

// all reads several persons.
func (m *Module) all(ctx context.Context, tx core.Tx, query string, args ...any) ([]core.Person, error) {
	rows, err := db.All(ctx, tx, query, scanRow, args...)
	if err != nil {
		return nil, err
	}
	list := make([]core.Person, len(rows))
	for i, r := range rows {
		if list[i], err = m.opened(ctx, r); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// mark gives the blind index of a sign-in address, as rows are written; of what is no address, one that nobody has.
func (m *Module) mark(ctx context.Context, address string) ([]byte, error) {
	mark, _, err := m.marks(ctx, address)
	return mark, err
}

// marks gives the two under which the row of an address may stand while addresses are indexed anew, that of mark first; the same
// one twice otherwise.
func (m *Module) marks(ctx context.Context, address string) (mark, other []byte, err error) {
	login, ok := NormalLogin(address)
	if !ok {
		return []byte{0}, []byte{0}, nil
	}
	all, err := m.needs.Index.Indexes(ctx, core.Platform, emailField, login)
	if err != nil {
		return nil, nil, fmt.Errorf("identity: index: %w", err)
	}
	return all[0], all[len(all)-1], nil
}
