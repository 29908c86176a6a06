package access

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
)

// The texts that people type about others (why a role is given or taken back, why somebody is suspended) are sealed under the key
// of the person concerned, and under the organization's where the concerned is a program, a service or an organization.

func (m *Module) shut(ctx context.Context, place, text string, owners ...core.ID) (string, error) {
	kept, err := pack.Shut(ctx, m.Needs.Sealer, place, text, owners...)
	if err != nil {
		return "", fmt.Errorf("access: seal: %w", err)
	}
	return kept, nil
}

// owners are whose keys seal the texts of a suspension: the second one's when it concerns no person.
func (s Suspension) owners() []core.ID {
	if s.Scope == ScopePerson {
		return []core.ID{s.Target, s.DecidedIn}
	}
	return []core.ID{"", s.DecidedIn}
}

func (m *Module) openLine(ctx context.Context, l *Line) (err error) {
	if l.Reason, err = pack.Open(ctx, m.Needs.Sealer, pack.Place("access_assignment.reason", l.Org, l.ID), l.Reason, l.Person, l.Org); err == nil {
		l.RevokeReason, err = pack.Open(ctx, m.Needs.Sealer, pack.Place("access_assignment.revoke_reason", l.Org, l.ID), l.RevokeReason, l.Person, l.Org)
	}
	if err != nil {
		return fmt.Errorf("access: open an assignment: %w", err)
	}
	return nil
}

func (m *Module) lines(ctx context.Context, tx core.Tx, query string, args ...any) ([]Line, error) {
	list, err := db.All(ctx, tx, query, scanLine, args...)
	for i := range list {
		if err == nil {
			err = m.openLine(ctx, &list[i])
		}
	}
	return list, err
}

func (m *Module) line(ctx context.Context, tx core.Tx, query string, args ...any) (Line, bool, error) {
	l, found, err := db.One(ctx, tx, query, scanLine, args...)
	if err == nil && found {
		err = m.openLine(ctx, &l)
	}
	return l, found, err
}

func (m *Module) openSuspension(ctx context.Context, s *Suspension) (err error) {
	if s.Text, err = pack.Open(ctx, m.Needs.Sealer, pack.Place("access_suspension.explanation", s.ID), s.Text, s.owners()...); err == nil {
		s.LiftReason, err = pack.Open(ctx, m.Needs.Sealer, pack.Place("access_suspension.lift_reason", s.ID), s.LiftReason, s.owners()...)
	}
	if err != nil {
		return fmt.Errorf("access: open a suspension: %w", err)
	}
	return nil
}

func (m *Module) suspensions(ctx context.Context, tx core.Tx, query string, args ...any) ([]Suspension, error) {
	list, err := db.All(ctx, tx, query, scanSuspension, args...)
	for i := range list {
		if err == nil {
			err = m.openSuspension(ctx, &list[i])
		}
	}
	return list, err
}

func (m *Module) suspension(ctx context.Context, tx core.Tx, query string, args ...any) (Suspension, bool, error) {
	s, found, err := db.One(ctx, tx, query, scanSuspension, args...)
	if err == nil && found {
		err = m.openSuspension(ctx, &s)
	}
	return s, found, err
}

func (m *Module) allowedLines(ctx context.Context, tx core.Tx, query string, args ...any) ([]Allowed, error) {
	list, err := db.All(ctx, tx, query, scanAllowed, args...)
	for i := range list {
		if err != nil {
			break
		}
		a := &list[i]
		a.Note, err = pack.Open(ctx, m.Needs.Sealer, pack.Place("access_allow.note", a.Org, core.ID(a.Service), core.ID(a.Prefix.String())), a.Note, a.Org)
	}
	return list, err
}

// Upgrade is the schema with the work that seals the texts that older releases kept in clear.
func Upgrade(sealer core.Sealer) db.Schema {
	assignment := func(column string) pack.Column {
		return pack.Column{Table: "access_assignment", Key: []string{"org", "id"}, Name: column, More: []string{"person"}, Owners: func(v []string) (string, []core.ID) {
			return pack.Place("access_assignment."+column, core.ID(v[0]), core.ID(v[1])), []core.ID{core.ID(v[2]), core.ID(v[0])}
		}}
	}
	suspension := func(column string) pack.Column {
		return pack.Column{Table: "access_suspension", Key: []string{"id"}, Name: column, More: []string{"scope", "target", "decided_in"}, Owners: func(v []string) (string, []core.ID) {
			s := Suspension{Block: core.Block{Scope: v[1]}, Target: core.ID(v[2]), DecidedIn: core.ID(v[3])}
			return pack.Place("access_suspension."+column, core.ID(v[0])), s.owners()
		}}
	}
	s := Schema
	s.Before = map[string]func(context.Context, *sql.DB) error{"202611230900_sealed.sql": func(ctx context.Context, handle *sql.DB) error {
		return pack.Seal(ctx, handle, sealer, assignment("reason"), assignment("revoke_reason"), suspension("explanation"), suspension("lift_reason"), pack.Column{
			Table: "access_allow", Key: []string{"org", "service", "prefix"}, Name: "note", Owners: func(v []string) (string, []core.ID) {
				return pack.Place("access_allow.note", core.ID(v[0]), core.ID(v[1]), core.ID(v[2])), []core.ID{core.ID(v[0])}
			},
		})
	}}
	return s
}
