package review

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
)

// What people write of one another (why a role is asked for, what was answered) is sealed under the key of the person concerned,
// and under the organization's where that is a program.

func (m *Module) shut(ctx context.Context, place, text string, owners ...core.ID) (string, error) {
	kept, err := pack.Shut(ctx, m.needs.Sealer, place, text, owners...)
	if err != nil {
		return "", fmt.Errorf("review: seal: %w", err)
	}
	return kept, nil
}

// text opens one kept text in its place.
func (m *Module) text(ctx context.Context, kept *string, place string, owners ...core.ID) (err error) {
	if *kept, err = pack.Open(ctx, m.needs.Sealer, place, *kept, owners...); err != nil {
		return fmt.Errorf("review: open: %w", err)
	}
	return nil
}

func (m *Module) openRequest(ctx context.Context, r *Request) error {
	if err := m.text(ctx, &r.Reason, pack.Place("review_request.reason", r.Org, r.ID), r.Person, r.Org); err != nil {
		return err
	}
	return m.text(ctx, &r.Word, pack.Place("review_request.word", r.Org, r.ID), r.Person, r.Org)
}

func (m *Module) openLine(ctx context.Context, l *Line) error {
	if err := m.text(ctx, &l.Reason, pack.Place("review_line.reason", l.Org, l.ID), l.Person, l.Org); err != nil {
		return err
	}
	return m.text(ctx, &l.Word, pack.Place("review_line.word", l.Org, l.ID), l.Person, l.Org)
}

func (m *Module) openFlag(ctx context.Context, f *Flag) error {
	return m.text(ctx, &f.Word, pack.Place("review_sharing.word", f.ID), f.Person)
}

func many[T any](ctx context.Context, tx core.Tx, query string, scan func(db.Scan) (T, error), open func(context.Context, *T) error, args []any) ([]T, error) {
	list, err := db.All(ctx, tx, query, scan, args...)
	for i := range list {
		if err == nil {
			err = open(ctx, &list[i])
		}
	}
	return list, err
}

func single[T any](ctx context.Context, tx core.Tx, query string, scan func(db.Scan) (T, error), open func(context.Context, *T) error, args []any) (T, bool, error) {
	one, found, err := db.One(ctx, tx, query, scan, args...)
	if err == nil && found {
		err = open(ctx, &one)
	}
	return one, found, err
}

func (m *Module) keptRequests(ctx context.Context, tx core.Tx, query string, args ...any) ([]Request, error) {
	return many(ctx, tx, query, scanRequest, m.openRequest, args)
}

func (m *Module) keptRequest(ctx context.Context, tx core.Tx, query string, args ...any) (Request, bool, error) {
	return single(ctx, tx, query, scanRequest, m.openRequest, args)
}

func (m *Module) keptLines(ctx context.Context, tx core.Tx, query string, args ...any) ([]Line, error) {
	return many(ctx, tx, query, scanLine, m.openLine, args)
}

func (m *Module) keptLine(ctx context.Context, tx core.Tx, query string, args ...any) (Line, bool, error) {
	return single(ctx, tx, query, scanLine, m.openLine, args)
}

func (m *Module) keptFlags(ctx context.Context, tx core.Tx, query string, args ...any) ([]Flag, error) {
	return many(ctx, tx, query, scanFlag, m.openFlag, args)
}

func (m *Module) keptFlag(ctx context.Context, tx core.Tx, query string, args ...any) (Flag, bool, error) {
	return single(ctx, tx, query, scanFlag, m.openFlag, args)
}

// Upgrade is the schema with the work that seals the texts that older releases kept in clear.
func Upgrade(sealer core.Sealer) db.Schema {
	of := func(table, column string, key ...string) pack.Column {
		return pack.Column{Table: table, Key: key, Name: column, More: []string{"person"}, Owners: func(v []string) (string, []core.ID) {
			row, person := core.ID(v[len(v)-2]), core.ID(v[len(v)-1])
			if len(key) == 1 {
				return pack.Place(table+"."+column, row), []core.ID{person}
			}
			return pack.Place(table+"."+column, core.ID(v[0]), row), []core.ID{person, core.ID(v[0])}
		}}
	}
	s := Schema
	s.Before = map[string]func(context.Context, *sql.DB) error{"202611230900_sealed.sql": func(ctx context.Context, handle *sql.DB) error {
		return pack.Seal(ctx, handle, sealer, of("review_request", "reason", "org", "id"), of("review_request", "word", "org", "id"),
			of("review_line", "reason", "org", "campaign", "id"), of("review_line", "word", "org", "campaign", "id"), of("review_sharing", "word", "id"))
	}}
	return s
}
