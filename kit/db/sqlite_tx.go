package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/rempart/rempart/core"
)

// sqliteTx is a transaction on a SQLite connection.
type sqliteTx struct {
	pending
	c     *conn     // nil until the first statement
	s     *sqliteDB // of a reader
	write bool
	// A writer asks for its turn at its first statement.
	writer  *writer
	request *request
	dead    error
	rows    *sqliteRows
	// A writer's savepoint is opened by its first statement: who only defers items (a journaled read) needs none.
	lazy      bool
	savepoint bool
	spoilt    error // the savepoint could not be opened: nothing of the group can be kept
}

// Exec implements core.Tx.
func (t *sqliteTx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	s, bound, err := t.ready(ctx, text, args)
	if err != nil {
		return 0, err
	}
	r, err := s.exec.ExecContext(t.statementContext(ctx), bound)
	if err != nil {
		return 0, t.fail(fromSQLite(err, text))
	}
	return r.RowsAffected()
}

// Query implements core.Tx.
func (t *sqliteTx) Query(ctx context.Context, text string, args ...any) (core.Rows, error) {
	s, bound, err := t.ready(ctx, text, args)
	if err != nil {
		return nil, err
	}
	dr, err := s.query.QueryContext(t.statementContext(ctx), bound)
	if err != nil {
		return nil, t.fail(fromSQLite(err, text))
	}
	t.rows = &sqliteRows{tx: t, rows: dr, text: text, vals: make([]driver.Value, len(dr.Columns()))}
	return t.rows, nil
}

func (t *sqliteTx) ready(ctx context.Context, text string, args []any) (*stmt, []driver.NamedValue, error) {
	if t.dead != nil {
		return nil, nil, fmt.Errorf("%w (%w)", errDead, t.dead)
	}
	if t.rows != nil {
		return nil, nil, t.fail(errRowsOpen)
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, t.fail(err)
	}
	if t.c == nil {
		if err := t.open(ctx); err != nil {
			return nil, nil, t.fail(err)
		}
	}
	s, err := t.c.prepared(text)
	if err != nil {
		return nil, nil, t.fail(err)
	}
	bound, err := t.c.bind(s, args)
	if err != nil {
		return nil, nil, t.fail(located(err, text))
	}
	if t.lazy && !t.savepoint {
		if t.spoilt = t.c.own(sSavepoint); t.spoilt != nil {
			return nil, nil, t.fail(t.spoilt)
		}
		t.savepoint = true
	}
	return s, bound, nil
}

// open gets the connection for the first statement: a turn of the writer, or a reader and its snapshot.
func (t *sqliteTx) open(ctx context.Context) error {
	if t.write {
		return t.writer.turn(t.request)
	}
	c, err := t.s.reader(ctx)
	if err != nil {
		return err
	}
	t.c = c
	return c.own(sBegin)
}

// statementContext lets a reader's statement be interrupted. A writer's never is: SQLite would roll back the whole
// group for one caller's impatience; the context is looked at between statements.
func (t *sqliteTx) statementContext(ctx context.Context) context.Context {
	if t.write {
		return context.Background()
	}
	return ctx
}

func (t *sqliteTx) fail(err error) error {
	if t.dead == nil {
		t.dead = err
	}
	return err
}

// over closes what fn left open and says how the transaction ended: a statement that failed spoils it even when fn
// swallowed the error, as on PostgreSQL.
func (t *sqliteTx) over(err error) error {
	if t.rows != nil {
		t.rows.Close()
	}
	if err == nil {
		err = t.dead
	}
	return err
}

type sqliteRows struct {
	tx     *sqliteTx
	rows   driver.Rows
	text   string
	vals   []driver.Value
	err    error
	closed bool
}

// Next implements core.Rows.
func (r *sqliteRows) Next() bool {
	if r.closed || r.err != nil {
		return false
	}
	switch err := r.rows.Next(r.vals); {
	case err == nil:
		return true
	case !errors.Is(err, io.EOF):
		r.err = r.tx.fail(fromSQLite(err, r.text))
	}
	return false
}

// Scan implements core.Rows.
func (r *sqliteRows) Scan(dest ...any) error {
	if len(dest) != len(r.vals) {
		return located(fmt.Errorf("%d columns, %d destinations", len(r.vals), len(dest)), r.text)
	}
	for i, d := range dest {
		if err := assign(d, r.vals[i]); err != nil {
			return located(fmt.Errorf("column %d: %w", i+1, err), r.text)
		}
	}
	return nil
}

// Err implements core.Rows.
func (r *sqliteRows) Err() error { return r.err }

// Close implements core.Rows.
func (r *sqliteRows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.tx.rows == r {
		r.tx.rows = nil
	}
	if err := r.rows.Close(); err != nil && r.err == nil {
		return r.tx.fail(fromSQLite(err, r.text))
	}
	return nil
}
