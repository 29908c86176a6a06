package dbcopy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the driver of both kit/db and this package
)

// The ground's own tables stay: versions, notices and state belong to each database.
func ours(table string) bool {
	return strings.HasPrefix(table, "ground_") || strings.HasPrefix(table, "sqlite_")
}

func sorted(m map[string][]string) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func sortedList(list []string) []string {
	out := append([]string(nil), list...)
	sort.Strings(out)
	return out
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quoteAll(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = quote(n)
	}
	return strings.Join(q, ", ")
}

func filePath(u string) string {
	return strings.TrimPrefix(strings.TrimPrefix(u, "sqlite:"), "file:")
}

// sqliteSide is one transaction on a SQLite file.
type sqliteSide struct {
	handle *sql.DB
	conn   *sql.Conn
}

func openSQLite(ctx context.Context, path string, readOnly bool) (*sqliteSide, error) {
	path, err := filepath.Abs(filePath(path))
	if err != nil {
		return nil, err
	}
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(5000)&_pragma=synchronous(2)&_pragma=foreign_keys(0)&_pragma=wal_autocheckpoint(0)"
	if readOnly {
		name += "&_pragma=query_only(1)"
	}
	handle, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	conn, err := handle.Conn(ctx)
	if err != nil {
		handle.Close()
		return nil, err
	}
	s := &sqliteSide{handle, conn}
	begin := "BEGIN IMMEDIATE"
	if readOnly {
		begin = "BEGIN"
	}
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *sqliteSide) close() {
	s.conn.ExecContext(context.Background(), "ROLLBACK")
	s.conn.Close()
	s.handle.Close()
}

func (s *sqliteSide) tables(ctx context.Context) (map[string][]string, error) {
	rows, err := s.conn.QueryContext(ctx, `SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return nil, err
		}
		if !ours(table) {
			all[table] = append(all[table], column)
		}
	}
	return all, rows.Err()
}

func (s *sqliteSide) count(ctx context.Context, table string) (n int64, err error) {
	err = s.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+quote(table)).Scan(&n)
	return n, err
}

func (s *sqliteSide) rows(ctx context.Context, table string, columns []string, each func([]any) error) error {
	rows, err := s.conn.QueryContext(ctx, "SELECT "+quoteAll(columns)+" FROM "+quote(table))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *sqliteSide) fill(ctx context.Context, table string, columns []string, next func() ([]any, error)) error {
	marks := make([]string, len(columns))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	put, err := s.conn.PrepareContext(ctx, "INSERT INTO "+quote(table)+" ("+quoteAll(columns)+") VALUES ("+strings.Join(marks, ", ")+")")
	if err != nil {
		return err
	}
	defer put.Close()
	for {
		row, err := next()
		if row == nil || err != nil {
			return err
		}
		if _, err := put.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
}

// settle checks the foreign keys that were not looked at while the tables came in alphabetical order.
func (s *sqliteSide) settle(ctx context.Context) error {
	rows, err := s.conn.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		var table string
		var id, parent, key any
		if err := rows.Scan(&table, &id, &parent, &key); err != nil {
			return err
		}
		return fmt.Errorf("a row of %s points at nothing in %v", table, parent)
	}
	return rows.Err()
}

func (s *sqliteSide) commit(ctx context.Context) error {
	if _, err := s.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return err
	}
	_, err := s.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// postgresSide is one transaction on PostgreSQL.
type postgresSide struct {
	conn *pgx.Conn
	tx   pgx.Tx
	// restore puts back the foreign keys that were dropped inside the transaction for the time of the copy.
	restore []string
}

func openPostgres(ctx context.Context, url string, readOnly bool) (*postgresSide, error) {
	conf, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the PostgreSQL URL cannot be read") // the cause would print the password
	}
	conf.RuntimeParams["statement_timeout"] = "0"
	conf.RuntimeParams["lock_timeout"] = "5000"
	conn, err := pgx.ConnectConfig(ctx, conf)
	if err != nil {
		return nil, errors.New("cannot reach PostgreSQL")
	}
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead}
	if readOnly {
		opts.AccessMode = pgx.ReadOnly
	}
	tx, err := conn.BeginTx(ctx, opts)
	if err != nil {
		conn.Close(ctx)
		return nil, err
	}
	p := &postgresSide{conn: conn, tx: tx}
	if !readOnly {
		if err := p.dropKeys(ctx); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

func (p *postgresSide) dropKeys(ctx context.Context) error {
	rows, err := p.tx.Query(ctx, `SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
		WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`)
	if err != nil {
		return err
	}
	var drop []string
	for rows.Next() {
		var table, name, def string
		if err := rows.Scan(&table, &name, &def); err != nil {
			rows.Close()
			return err
		}
		drop = append(drop, "ALTER TABLE "+table+" DROP CONSTRAINT "+quote(name))
		p.restore = append(p.restore, "ALTER TABLE "+table+" ADD CONSTRAINT "+quote(name)+" "+def)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, d := range drop {
		if _, err := p.tx.Exec(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (p *postgresSide) close() {
	p.tx.Rollback(context.Background())
	p.conn.Close(context.Background())
}

func (p *postgresSide) tables(ctx context.Context) (map[string][]string, error) {
	rows, err := p.tx.Query(ctx, `SELECT c.table_name::text, c.column_name::text FROM information_schema.columns c
		JOIN information_schema.tables t USING (table_schema, table_name)
		WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' ORDER BY 1, c.ordinal_position`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return nil, err
		}
		if !ours(table) {
			all[table] = append(all[table], column)
		}
	}
	return all, rows.Err()
}

func (p *postgresSide) count(ctx context.Context, table string) (n int64, err error) {
	err = p.tx.QueryRow(ctx, "SELECT count(*) FROM "+quote(table)).Scan(&n)
	return n, err
}

func (p *postgresSide) rows(ctx context.Context, table string, columns []string, each func([]any) error) error {
	rows, err := p.tx.Query(ctx, "SELECT "+quoteAll(columns)+" FROM "+quote(table))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// feed gives rows to COPY.
type feed struct {
	next func() ([]any, error)
	row  []any
	err  error
}

func (f *feed) Next() bool             { f.row, f.err = f.next(); return f.row != nil && f.err == nil }
func (f *feed) Values() ([]any, error) { return f.row, nil }
func (f *feed) Err() error             { return f.err }

func (p *postgresSide) fill(ctx context.Context, table string, columns []string, next func() ([]any, error)) error {
	_, err := p.tx.CopyFrom(ctx, pgx.Identifier{table}, columns, &feed{next: next})
	return err
}

// settle puts the foreign keys back, which checks every row, and moves the sequences past what came in.
func (p *postgresSide) settle(ctx context.Context) error {
	for _, r := range p.restore {
		if _, err := p.tx.Exec(ctx, r); err != nil {
			return err
		}
	}
	rows, err := p.tx.Query(ctx, `SELECT table_name::text, column_name::text FROM information_schema.columns
		WHERE table_schema = current_schema() AND is_identity = 'YES'`)
	if err != nil {
		return err
	}
	var moves []string
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			rows.Close()
			return err
		}
		if !ours(table) {
			moves = append(moves, fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%s', '%s'), coalesce((SELECT max(%s) FROM %s), 0) + 1, false)",
				quote(table), column, quote(column), quote(table)))
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, m := range moves {
		if _, err := p.tx.Exec(ctx, m); err != nil {
			return err
		}
	}
	_, err = p.tx.Exec(ctx, "SET LOCAL synchronous_commit = on")
	return err
}

func (p *postgresSide) commit(ctx context.Context) error { return p.tx.Commit(ctx) }
