package organization

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// Upgrade is the schema with the work that seals what older releases kept of members in clear. Of a person whose key was
// destroyed nothing is left to keep.
func Upgrade(sealer core.Sealer, keys core.Keymaker) db.Schema {
	m := &Module{needs: Needs{Sealer: sealer, Keys: keys}}
	s := Schema
	s.Before = map[string]func(context.Context, *sql.DB) error{"202611230910_no_clear.sql": m.sealAll}
	return s
}

// gone stands in place of what cannot be sealed any more, and never opens.
var gone = []byte{0}

func (m *Module) sealAll(ctx context.Context, handle *sql.DB) error {
	clear := []string{"name", "email", "sort", "find", "function", "department", "team", "committee"}
	err := db.Rewrite(ctx, handle, db.Rewriting{
		Table: "organization_member", Key: []string{"org", "id"}, Read: append([]string{"person"}, clear...),
		Write: append([]string{"sealed"}, clear...), Pending: "LENGTH(sealed) = 0",
		Row: func(ctx context.Context, v []any) ([]any, error) {
			text := func(i int) string { return db.Text(v[i]) }
			n := Member{
				Membership: core.Membership{
					Org: core.ID(text(0)), ID: core.ID(text(1)), Person: core.ID(text(2)),
					Function: text(7), Department: text(8), Group: text(9), Committee: text(10),
				},
				Name: text(3), Email: text(4), sort: text(5), find: text(6),
			}
			kept, err := m.sealed(ctx, n)
			if core.CodeOf(err) == "vault.no_key" { // an older release had made none
				if err := m.needs.Keys.MakeKeys(ctx, n.Person); err != nil {
					return nil, err
				}
				kept, err = m.sealed(ctx, n)
			}
			if core.KindOf(err) == core.Gone {
				kept, err = gone, nil
			}
			return []any{kept, "", "", "", "", "", "", "", ""}, err
		},
	})
	if err != nil {
		return fmt.Errorf("organization: %w", err)
	}
	return nil
}
