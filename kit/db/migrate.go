package db

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// Schema is the tables of one module: an embedded folder of files <yyyymmddhhmm>_<what>.sql, at its root or under
// schema/, written with SQLite's STRICT types. A file of the same name under postgres/ replaces it on PostgreSQL.
type Schema struct {
	Module string
	FS     fs.FS
	// Before is what a program must do with rows before a file is run, by the name of the file: it is done once the files that
	// come earlier were, and only where the file was not. It must go on where an interrupted one stopped. The file itself makes
	// sure that the work was done: where the program is not at hand (a copy, a test) it must refuse to lose anything.
	Before map[string]func(ctx context.Context, handle *sql.DB) error
}

// Migrate brings every schema to its newest version, in the order given, each module in its own version table
// (ground_schema_<module>). Two nodes that start at once wait for one another. A database made by a newer release is
// refused.
func (d *DB) Migrate(ctx context.Context, schemas ...Schema) error {
	if err := d.engine.migrate(ctx, schemas); err != nil {
		return fmt.Errorf("db: migrate: %w", err)
	}
	return nil
}

var fileName = regexp.MustCompile(`^[0-9]{12}_[a-z0-9_]+\.sql$`)

// files gives the migrations of a schema as the engine must read them.
func (s Schema) files(e Engine) (fstest.MapFS, error) {
	root := "."
	if fi, err := fs.Stat(s.FS, "schema"); err == nil && fi.IsDir() {
		root = "schema"
	}
	names, err := fs.ReadDir(s.FS, root)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", s.Module, err)
	}
	out := fstest.MapFS{}
	for _, n := range names {
		if n.IsDir() || path.Ext(n.Name()) != ".sql" {
			continue
		}
		if !fileName.MatchString(n.Name()) {
			return nil, fmt.Errorf("schema of %s: %s is not named <yyyymmddhhmm>_<what>.sql", s.Module, n.Name())
		}
		text, err := fs.ReadFile(s.FS, path.Join(root, n.Name()))
		if err != nil {
			return nil, err
		}
		if e == PostgreSQL {
			if own, err := fs.ReadFile(s.FS, path.Join(root, "postgres", n.Name())); err == nil {
				text = own
			} else {
				text = []byte(toPostgres(string(text)))
			}
		}
		if !bytes.Contains(text, []byte("+goose Up")) {
			text = append([]byte("-- +goose Up\n"), text...)
		}
		out[n.Name()] = &fstest.MapFile{Data: text, Mode: 0o444}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("schema of %s is empty", s.Module)
	}
	return out, nil
}

// fingerprint tells the schemas of a release apart, so that a start with nothing to do asks one question.
func fingerprint(files fstest.MapFS) string {
	h := sha256.New()
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Fprintf(h, "%s\n%d\n%s", n, len(files[n].Data), files[n].Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func up(ctx context.Context, e Engine, handle *sql.DB, schemas []Schema) error {
	kept, err := keptFingerprints(ctx, handle)
	if err != nil {
		return err
	}
	for _, s := range schemas {
		files, err := s.files(e)
		if err != nil {
			return err
		}
		print := fingerprint(files)
		if kept["schema:"+s.Module] == print {
			continue
		}
		if err := s.up(ctx, e, handle, files); err != nil {
			return fmt.Errorf("%s: %w", s.Module, err)
		}
		_, err = handle.ExecContext(ctx, `INSERT INTO ground_state (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, "schema:"+s.Module, print)
		if err != nil {
			return err
		}
	}
	return cleanse(ctx, e, handle)
}

func keptFingerprints(ctx context.Context, handle *sql.DB) (map[string]string, error) {
	rows, err := handle.QueryContext(ctx, `SELECT name, value FROM ground_state`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	kept := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		kept[name] = value
	}
	return kept, rows.Err()
}

// up runs the migrations of one module that were not run yet.
func (s Schema) up(ctx context.Context, e Engine, handle *sql.DB, files fstest.MapFS) error {
	dialect := goose.DialectSQLite3
	if e == PostgreSQL {
		dialect = goose.DialectPostgres
	}
	p, err := goose.NewProvider(dialect, handle, files, goose.WithTableName("ground_schema_"+s.Module),
		goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("the database was made by a newer release (schema %d, this one knows %d)", have, want)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Before)) {
		version, err := strconv.ParseInt(name[:12], 10, 64)
		if err != nil || files[name] == nil {
			return fmt.Errorf("there is no file %s to work before", name)
		}
		if have >= version {
			continue
		}
		if _, err := p.UpTo(ctx, version-1); err != nil {
			return err
		}
		if err := s.Before[name](ctx, handle); err != nil {
			return fmt.Errorf("before %s: %w", name, err)
		}
	}
	_, err = p.Up(ctx)
	return err
}

// lockFile keeps a second process from opening or migrating the file at the same moment.
func lockFile(path string) (unlock func() error, err error) {
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		lock.Close()
		return nil, err
	}
	return lock.Close, nil
}

func (s *sqliteDB) migrate(ctx context.Context, schemas []Schema) error {
	unlock, err := lockFile(s.path)
	if err != nil {
		return err
	}
	defer unlock()
	handle, err := sql.Open("sqlite", dsn(s.path)+"&_pragma=busy_timeout(5000)&_pragma=synchronous(2)&_pragma=foreign_keys(1)&_pragma=wal_autocheckpoint(0)&_pragma=secure_delete(1)")
	if err != nil {
		return err
	}
	defer handle.Close()
	handle.SetMaxOpenConns(1)
	if _, err := handle.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS ground_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`); err != nil {
		return fromSQLite(err, "")
	}
	return up(ctx, SQLite, handle, schemas)
}

func (p *postgresDB) migrate(ctx context.Context, schemas []Schema) (err error) {
	conf := p.conf.Copy()
	conf.RuntimeParams["statement_timeout"] = "0"
	conf.RuntimeParams["lock_timeout"] = "0"
	guard, err := pgx.ConnectConfig(ctx, conf)
	if err != nil {
		return scrub(err)
	}
	defer func() { err = errors.Join(err, guard.Close(context.WithoutCancel(ctx))) }()
	// Held until the connection closes: the second node waits here.
	if _, err := guard.Exec(ctx, `SELECT pg_advisory_lock(hashtextextended('rempart schema', 0))`); err != nil {
		return err
	}
	handle := stdlib.OpenDB(*conf)
	defer handle.Close()
	handle.SetMaxOpenConns(1)
	return up(ctx, PostgreSQL, handle, schemas)
}

var (
	wordInteger = regexp.MustCompile(`(?i)\bINTEGER\b`)
	wordBlob    = regexp.MustCompile(`(?i)\bBLOB\b`)
	wordReal    = regexp.MustCompile(`(?i)\bREAL\b`)
	wordText    = regexp.MustCompile(`((?i:\bAS)\s+)?\bTEXT\b`) // types stand in capitals: a column may be called text
	tableEnd    = regexp.MustCompile(`(?i)\)\s*(STRICT|WITHOUT\s+ROWID)(\s*,\s*(STRICT|WITHOUT\s+ROWID))?\s*;`)
	blobLiteral = regexp.MustCompile(`(?i)\bX'([0-9a-f]*)'`)
)

// toPostgres turns a schema file into PostgreSQL's: types, no STRICT, and text compared byte by byte as SQLite does
// (COLLATE "C"), so that both engines order and page alike. Words inside quotes and comments stay.
func toPostgres(text string) string {
	text = blobLiteral.ReplaceAllString(text, `decode('$1', 'hex')`)
	text = outside(text, func(code string) string {
		code = tableEnd.ReplaceAllString(code, ");")
		code = wordInteger.ReplaceAllString(code, "BIGINT")
		code = wordBlob.ReplaceAllString(code, "BYTEA")
		code = wordReal.ReplaceAllString(code, "DOUBLE PRECISION")
		return wordText.ReplaceAllStringFunc(code, func(m string) string {
			if len(m) > len("TEXT") {
				return m // CAST(x AS TEXT)
			}
			return `TEXT COLLATE "C"`
		})
	})
	return text
}

var quoted = regexp.MustCompile(`'(?:[^']|'')*'|"[^"]*"|--[^\n]*`)

// outside applies f to what is neither quoted nor a comment.
func outside(text string, f func(string) string) string {
	var b strings.Builder
	last := 0
	for _, m := range quoted.FindAllStringIndex(text, -1) {
		b.WriteString(f(text[last:m[0]]))
		b.WriteString(text[m[0]:m[1]])
		last = m[1]
	}
	b.WriteString(f(text[last:]))
	return b.String()
}
