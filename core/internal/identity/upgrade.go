package identity

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
)

// Upgrade is the schema with the work that seals what older releases kept in clear: the tables of a person, their account and
// the links sent to them. A person whose key was destroyed has nothing left to keep.
func Upgrade(sealer core.Sealer, keys core.Keymaker, index core.Indexer) db.Schema {
	m := &Module{needs: Needs{Sealer: sealer, Keys: keys, Index: index}}
	s := Schema()
	s.Before = map[string]func(context.Context, *sql.DB) error{"202611230910_no_clear.sql": m.sealAll}
	return s
}

// gone stands in place of what cannot be sealed any more, and never opens.
var gone = []byte{0}

func (m *Module) sealAll(ctx context.Context, handle *sql.DB) error {
	for _, r := range []db.Rewriting{
		{
			Table: "identity_person", Key: []string{"id"}, Read: []string{"given_name", "family_name", "gender", "email", "email2", "phone"},
			Write: []string{"profile", "mark", "given_name", "family_name", "gender", "email", "email2", "phone"}, Pending: "LENGTH(profile) = 0",
			Row: func(ctx context.Context, v []any) ([]any, error) {
				p := core.Person{ID: core.ID(db.Text(v[0])), GivenName: db.Text(v[1]), FamilyName: db.Text(v[2]), Gender: db.Text(v[3]), Email: db.Text(v[4]), Email2: db.Text(v[5]), Phone: db.Text(v[6])}
				mark, err := m.mark(ctx, p.Email)
				if err != nil {
					return nil, err
				}
				profile, err := m.willing(ctx, p.ID, func() ([]byte, error) { return sealProfile(ctx, m.needs.Sealer, p) })
				// The clear address was unique, and its place stays so until it is gone.
				return []any{profile, mark, "", "", "", db.Text(v[0]), "", ""}, err
			},
		},
		{
			Table: "identity_account", Key: []string{"id"}, Read: []string{"login"}, Write: []string{"mark", "login"}, Pending: "LENGTH(mark) = 0",
			Row: func(ctx context.Context, v []any) ([]any, error) {
				mark, err := m.mark(ctx, db.Text(v[1]))
				return []any{mark, db.Text(v[0])}, err
			},
		},
		{
			Table: "identity_link", Key: []string{"mark"}, Read: []string{"person", "about"}, Write: []string{"details", "about"}, Pending: "about <> '' AND LENGTH(details) = 0",
			Row: func(ctx context.Context, v []any) ([]any, error) {
				person := core.ID(db.Text(v[1]))
				details, err := m.willing(ctx, person, func() ([]byte, error) {
					return m.needs.Sealer.Seal(ctx, person, linkPlace(db.Text(v[0])), pack.Texts(db.Text(v[2])))
				})
				return []any{details, ""}, err
			},
		},
	} {
		if err := db.Rewrite(ctx, handle, r); err != nil {
			return fmt.Errorf("identity: %w", err)
		}
	}
	return nil
}

// willing seals for an owner, who gets a key where an older release had made none.
func (m *Module) willing(ctx context.Context, owner core.ID, seal func() ([]byte, error)) ([]byte, error) {
	sealed, err := seal()
	if core.CodeOf(err) == "vault.no_key" {
		if err := m.needs.Keys.MakeKeys(ctx, owner); err != nil {
			return nil, err
		}
		sealed, err = seal()
	}
	if core.KindOf(err) == core.Gone {
		return gone, nil
	}
	return sealed, err
}
