package token

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
)

// What people call their tokens is sealed under their key; what an organization calls its service accounts and theirs, under its own.

func (m *Module) openToken(ctx context.Context, t *Token) (err error) {
	if t.Name, err = pack.Open(ctx, m.needs.Sealer, pack.Place("token_token.name", t.ID), t.Name, t.Owner, t.Org); err != nil {
		return fmt.Errorf("token: open: %w", err)
	}
	return nil
}

func (m *Module) openText(ctx context.Context, s *Service) (err error) {
	if s.Name, err = pack.Open(ctx, m.needs.Sealer, pack.Place("token_service.name", s.Org, s.ID), s.Name, s.Org); err == nil {
		s.Description, err = pack.Open(ctx, m.needs.Sealer, pack.Place("token_service.description", s.Org, s.ID), s.Description, s.Org)
	}
	if err != nil {
		return fmt.Errorf("token: open: %w", err)
	}
	return nil
}

func (m *Module) shut(ctx context.Context, org, id core.ID, d Draft) (name, description string, err error) {
	if name, err = pack.Shut(ctx, m.needs.Sealer, pack.Place("token_service.name", org, id), d.Name, org); err == nil {
		description, err = pack.Shut(ctx, m.needs.Sealer, pack.Place("token_service.description", org, id), d.Description, org)
	}
	if err != nil {
		return "", "", fmt.Errorf("token: seal: %w", err)
	}
	return name, description, nil
}

// Upgrade is the schema with the work that seals the names that older releases kept in clear.
func Upgrade(sealer core.Sealer) db.Schema {
	of := func(column string) pack.Column {
		return pack.Column{Table: "token_service", Key: []string{"org", "id"}, Name: column, Owners: func(v []string) (string, []core.ID) {
			return pack.Place("token_service."+column, core.ID(v[0]), core.ID(v[1])), []core.ID{core.ID(v[0])}
		}}
	}
	s := Schema()
	s.Before = map[string]func(context.Context, *sql.DB) error{"202611230900_sealed.sql": func(ctx context.Context, handle *sql.DB) error {
		return pack.Seal(ctx, handle, sealer, of("name"), of("description"), pack.Column{
			Table: "token_token", Key: []string{"id"}, Name: "name", More: []string{"owner", "org"}, Owners: func(v []string) (string, []core.ID) {
				return pack.Place("token_token.name", core.ID(v[0])), []core.ID{core.ID(v[1]), core.ID(v[2])}
			},
		})
	}}
	return s
}
