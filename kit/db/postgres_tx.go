package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rempart/rempart/core"
)

// pgTx is a transaction on PostgreSQL. It begins in the round trip of its first statement, and what was deferred goes in the one of
// its commit: a journaled read takes one.
type pgTx struct {
	pending
	conn *pgxpool.Conn
	opts pgx.TxOptions
	long bool
	tx   pgx.Tx     // nil until the first statement
	last *pgx.Batch // what goes with the commit, once the function has run
	dead error
	rows *pgRows
}

// setLong lifts the deadline of statements for one transaction.
const setLong = "SET LOCAL statement_timeout = '10min'"

// Exec implements core.Tx.
func (t *pgTx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	bound, err := t.ready(text, args)
	if err != nil {
		return 0, err
	}
	var tag pgconn.CommandTag
	switch {
	case t.last != nil:
		t.last.Queue(text, bound...)
		return 0, nil
	case t.tx != nil:
		tag, err = t.tx.Exec(ctx, text, bound...)
	default:
		var sent pgx.BatchResults
		if sent, err = t.begin(ctx, text, bound); err == nil {
			tag, err = sent.Exec()
			if e := sent.Close(); err == nil {
				err = e
			}
		}
	}
	if err != nil {
		return 0, t.fail(located(err, text))
	}
	return tag.RowsAffected(), nil
}

// begin sends the beginning with the first statement, whose result is the next to read.
func (t *pgTx) begin(ctx context.Context, text string, bound []any) (pgx.BatchResults, error) {
	b := &pgx.Batch{}
	b.BeginTx(t.opts)
	if t.long {
		b.Queue(setLong)
	}
	b.Queue(text, bound...)
	sent := t.conn.SendBatch(ctx, b)
	for range b.Len() - 1 {
		if _, err := sent.Exec(); err != nil {
			sent.Close()
			return nil, err
		}
	}
	t.tx = sent.Tx()
	return sent, nil
}

// Query implements core.Tx.
func (t *pgTx) Query(ctx context.Context, text string, args ...any) (core.Rows, error) {
	bound, err := t.ready(text, args)
	if err != nil {
		return nil, err
	}
	r := &pgRows{tx: t, text: text}
	switch {
	case t.last != nil:
		err = errEnding
	case t.tx != nil:
		r.rows, err = t.tx.Query(ctx, text, bound...)
	default:
		if r.sent, err = t.begin(ctx, text, bound); err == nil {
			if r.rows, err = r.sent.Query(); err != nil {
				r.sent.Close()
			}
		}
	}
	if err != nil {
		return nil, t.fail(located(err, text))
	}
	t.rows = r
	return r, nil
}

var errEnding = errors.New("db: on PostgreSQL a flush hook writes, it cannot ask")

// ending lets the statements that follow wait for the commit.
func (t *pgTx) ending() {
	t.last = &pgx.Batch{}
	if t.tx == nil {
		t.last.BeginTx(t.opts)
	}
}

// commit sends what waits and commits, in one round trip. A function that left nothing to write has none.
func (t *pgTx) commit(ctx context.Context) error {
	if t.tx == nil && t.last.Len() == 1 {
		return nil
	}
	t.last.Queue("commit")
	sent := t.conn.SendBatch(ctx, t.last)
	defer sent.Close()
	for i, q := range t.last.QueuedQueries {
		tag, err := sent.Exec()
		switch {
		case err != nil && i < t.last.Len()-1:
			return located(err, q.SQL)
		case err != nil:
			return err
		case i == t.last.Len()-1 && tag.String() == "ROLLBACK":
			return pgx.ErrTxCommitRollback
		}
	}
	return nil // whatever ends the connection behind that answer: it was committed, and must not be done again
}

// leave ends a reader whose caller has what it asked for and does not wait for that.
func (t *pgTx) leave() {
	if t.tx == nil {
		t.conn.Release()
		return
	}
	go func() {
		end, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		_ = t.tx.Commit(end) // a connection in any other state than idle is not used again
		t.conn.Release()
	}()
}

// undo rolls back what began.
func (t *pgTx) undo(ctx context.Context) {
	if t.conn.Conn().PgConn().TxStatus() != 'I' {
		_, _ = t.conn.Exec(ctx, "rollback")
	}
}

func (t *pgTx) ready(text string, args []any) ([]any, error) {
	if t.dead != nil {
		return nil, fmt.Errorf("%w (%w)", errDead, t.dead)
	}
	if t.rows != nil {
		return nil, t.fail(errRowsOpen)
	}
	if !registered(text) {
		return nil, t.fail(fmt.Errorf("%w: %s", errUnregistered, text))
	}
	bound := make([]any, len(args))
	for i, a := range args {
		v, err := normal(a)
		if err != nil {
			return nil, t.fail(located(err, text))
		}
		bound[i] = v
	}
	return bound, nil
}

func (t *pgTx) fail(err error) error {
	if t.dead == nil {
		t.dead = err
	}
	return err
}

func (t *pgTx) over(err error) error {
	if t.rows != nil {
		t.rows.Close()
	}
	if t.dead != nil && (err == nil || retriable(t.dead)) {
		return t.dead
	}
	return err
}

type pgRows struct {
	tx     *pgTx
	rows   pgx.Rows
	sent   pgx.BatchResults // of a first statement
	text   string
	closed bool
}

// Next implements core.Rows.
func (r *pgRows) Next() bool { return !r.closed && r.rows.Next() }

// Scan implements core.Rows.
func (r *pgRows) Scan(dest ...any) error {
	vals, err := r.rows.Values()
	if err != nil {
		return located(err, r.text)
	}
	if len(dest) != len(vals) {
		return located(fmt.Errorf("%d columns, %d destinations", len(vals), len(dest)), r.text)
	}
	for i, d := range dest {
		if err := assign(d, vals[i]); err != nil {
			return located(fmt.Errorf("column %d: %w", i+1, err), r.text)
		}
	}
	return nil
}

// Err implements core.Rows.
func (r *pgRows) Err() error {
	if err := r.rows.Err(); err != nil {
		return r.tx.fail(located(err, r.text))
	}
	return nil
}

// Close implements core.Rows.
func (r *pgRows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.rows.Close()
	err := r.Err()
	if r.sent != nil {
		if e := r.sent.Close(); err == nil && e != nil {
			err = r.tx.fail(located(e, r.text))
		}
	}
	if r.tx.rows == r {
		r.tx.rows = nil
	}
	return err
}
