package db

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Rewriting says how the rows of a table get new values while its schema is being upgraded: some columns are read, others
// written in their place. Names come from the code alone.
type Rewriting struct {
	Table   string
	Key     []string
	Read    []string
	Write   []string
	Pending string // the rows that were not rewritten yet; what Write sets makes it false
	// Row gives the values of Write from those of Key and Read, in this order: text, int64 or []byte.
	Row func(ctx context.Context, values []any) ([]any, error)
}

// Text reads a value of Row that is text, as either engine gives it.
func Text(v any) string {
	if b, is := v.([]byte); is {
		return string(b)
	}
	s, _ := v.(string)
	return s
}

// rewritten at once: a batch is one transaction, so that an interrupted upgrade goes on with the next one.
const rewritten = 200

// Rewrite rewrites every pending row on the handle of an upgrade (Schema.Before), one batch after another, each durable. Once
// the upgrade is done, what the rows held before is gone from the files too.
func Rewrite(ctx context.Context, handle *sql.DB, r Rewriting) error {
	read := "SELECT " + strings.Join(append(append([]string{}, r.Key...), r.Read...), ", ") + " FROM " + r.Table + " WHERE " + r.Pending + fmt.Sprintf(" LIMIT %d", rewritten)
	var set, where []string
	for i, c := range r.Write {
		set = append(set, fmt.Sprintf("%s = $%d", c, i+1))
	}
	for i, c := range r.Key {
		where = append(where, fmt.Sprintf("%s = $%d", c, len(r.Write)+i+1))
	}
	write := "UPDATE " + r.Table + " SET " + strings.Join(set, ", ") + " WHERE " + strings.Join(where, " AND ")
	for {
		n, err := r.batch(ctx, handle, read, write)
		if err != nil {
			return fmt.Errorf("rewrite %s: %w", r.Table, err)
		}
		if n < rewritten {
			return nil
		}
	}
}

func (r Rewriting) batch(ctx context.Context, handle *sql.DB, read, write string) (n int, err error) {
	tx, err := handle.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	list, err := r.pending(ctx, tx, read)
	if err != nil {
		return 0, err
	}
	for _, values := range list {
		made, err := r.Row(ctx, values)
		if err != nil {
			return 0, err
		}
		done, err := tx.ExecContext(ctx, write, append(made, values[:len(r.Key)]...)...)
		if err != nil {
			return 0, err
		}
		if hit, err := done.RowsAffected(); err != nil || hit != 1 {
			return 0, fmt.Errorf("%d rows were written in place of one (%v)", hit, err)
		}
	}
	if len(list) > 0 {
		_, err := tx.ExecContext(ctx, `INSERT INTO ground_state (name, value) VALUES ($1, '') ON CONFLICT (name) DO NOTHING`, cleansing+r.Table)
		if err != nil {
			return 0, err
		}
	}
	return len(list), tx.Commit()
}

func (r Rewriting) pending(ctx context.Context, tx *sql.Tx, read string) (list [][]any, err error) {
	rows, err := tx.QueryContext(ctx, read)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		values, to := make([]any, len(r.Key)+len(r.Read)), make([]any, len(r.Key)+len(r.Read))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		list = append(list, values)
	}
	return list, rows.Err()
}

// cleansing is what ground_state holds of a table whose former values may still stand in the files.
const cleansing = "cleanse:"

// cleanse takes away what rewritten and dropped values left in the files, once: on SQLite the whole file is written anew and its
// log cut, on PostgreSQL the tables are. It takes as long as copying them; interrupted, the next start does it.
func cleanse(ctx context.Context, e Engine, handle *sql.DB) error {
	kept, err := keptFingerprints(ctx, handle)
	if err != nil {
		return err
	}
	var statements []string
	for name := range kept {
		if table, marked := strings.CutPrefix(name, cleansing); marked {
			statements = append(statements, "VACUUM FULL "+table)
		}
	}
	if len(statements) == 0 {
		return nil
	}
	if e == SQLite {
		statements = []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"}
	}
	for _, s := range append(statements, "DELETE FROM ground_state WHERE name LIKE '"+cleansing+"%'") {
		if _, err := handle.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}
