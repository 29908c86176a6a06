package trust

import (
	"context"
	"database/sql"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
)

// What a link of an auditor is called can name a person: it is sealed under the key of the organization that gave it.

func labelPlace(org, id core.ID) string { return pack.Place("trust_link.label", org, id) }

func (m *Module) openLabel(ctx context.Context, l *Link) (err error) {
	l.Label, err = pack.Open(ctx, m.needs.Sealer, labelPlace(l.Org, l.ID), l.Label, l.Org)
	return err
}

// Upgrade is the schema with the work that seals the labels that older releases kept in clear.
func Upgrade(sealer core.Sealer) db.Schema {
	s := Schema()
	s.Before = map[string]func(context.Context, *sql.DB) error{"202611230900_sealed.sql": func(ctx context.Context, handle *sql.DB) error {
		return pack.Seal(ctx, handle, sealer, pack.Column{Table: "trust_link", Key: []string{"org", "id"}, Name: "label", Owners: func(v []string) (string, []core.ID) {
			return labelPlace(core.ID(v[0]), core.ID(v[1])), []core.ID{core.ID(v[0])}
		}})
	}}
	return s
}
