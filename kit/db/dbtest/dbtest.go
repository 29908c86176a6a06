// Package dbtest gives tests a real database of each engine.
//
// Owns: one PostgreSQL 15 cluster shared by all test packages of a machine, a private database per test, a private
// SQLite file per test. Must not know: any module. Start reading at: Each.
package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// Kind is what a test runs on.
type Kind string

// The kinds: a pool of one shows every transaction opened inside another.
const (
	SQLite            Kind = "sqlite"
	Postgres          Kind = "postgres"
	PostgresPoolOfOne Kind = "postgres_pool_of_one"
)

// Kinds lists what this run covers: all three, or those of REMPART_TEST_ENGINES (a comma-separated list).
func Kinds() []Kind {
	all := []Kind{SQLite, Postgres, PostgresPoolOfOne}
	only := os.Getenv("REMPART_TEST_ENGINES")
	if only == "" {
		return all
	}
	var some []Kind
	for _, k := range all {
		for _, want := range strings.Split(only, ",") {
			if string(k) == want || want == "postgres" && k == PostgresPoolOfOne {
				some = append(some, k)
			}
		}
	}
	return some
}

// Each runs fn once per kind, each time on an empty database with these schemas.
func Each(t *testing.T, schemas []db.Schema, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	for _, k := range Kinds() {
		t.Run(string(k), func(t *testing.T) { fn(t, Open(t, k, schemas)) })
	}
}

// Open opens an empty database with these schemas; it closes with the test.
func Open(t testing.TB, k Kind, schemas []db.Schema) *db.DB {
	t.Helper()
	cfg := Config(t, k, schemas)
	d, err := db.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	opened.Store(d, cfg.URL)
	t.Cleanup(func() { opened.Delete(d); d.Close() })
	if k == SQLite && len(schemas) > 0 {
		if err := d.Migrate(t.Context(), schemas...); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// Config gives the configuration of an empty private database, for tests that open it themselves (twice, or in another
// process). On PostgreSQL the schemas are there already; on SQLite the file does not exist yet.
func Config(t testing.TB, k Kind, schemas []db.Schema) db.Config {
	t.Helper()
	switch k {
	case Postgres:
		return db.Config{URL: postgresDatabase(t, schemas)}
	case PostgresPoolOfOne:
		return db.Config{URL: postgresDatabase(t, schemas), Pool: 1}
	}
	return db.Config{URL: filepath.Join(t.TempDir(), "rempart.db")}
}

// NeedsPostgres passes a test over in a run that leaves PostgreSQL out.
func NeedsPostgres(t testing.TB) {
	t.Helper()
	if !slices.ContainsFunc(Kinds(), func(k Kind) bool { return k != SQLite }) {
		t.Skip("REMPART_TEST_ENGINES leaves PostgreSQL out")
	}
}

// postgresDatabase copies the template of these schemas.
func postgresDatabase(t testing.TB, schemas []db.Schema) string {
	t.Helper()
	NeedsPostgres(t)
	c, err := cluster()
	if err != nil {
		t.Fatalf("dbtest: no PostgreSQL to test on: %v\n(install postgresql-15, or give one by REMPART_TEST_PG, or set REMPART_TEST_ENGINES=sqlite)", err)
	}
	template, err := c.template(schemas)
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	name := "t_" + strings.ReplaceAll(string(ids.New()), "-", "")
	if err := c.exec("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(func() {
		if err := c.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Logf("dbtest: %v", err)
		}
	})
	return c.url(name)
}

// template makes, once per set of schemas, the database that tests copy.
func (c *pg) template(schemas []db.Schema) (string, error) {
	if len(schemas) == 0 {
		return "template0", nil
	}
	h := sha256.New()
	for _, s := range schemas {
		fmt.Fprintf(h, "%s\n", s.Module)
		err := fs.WalkDir(s.FS, ".", func(p string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := fs.ReadFile(s.FS, p)
			fmt.Fprintf(h, "%s\n%d\n%s", p, len(text), text)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	name := "tpl_" + hex.EncodeToString(h.Sum(nil)[:12])
	return name, c.locked(func() error {
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
		defer stop()
		admin, err := pgx.Connect(ctx, c.url("postgres"))
		if err != nil {
			return err
		}
		defer admin.Close(ctx)
		var n int
		if err := admin.QueryRow(ctx, "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&n); err != nil || n == 1 {
			return err
		}
		making := name + "_making"
		if _, err := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+making+" WITH (FORCE)"); err != nil {
			return err
		}
		if _, err := admin.Exec(ctx, "CREATE DATABASE "+making+" TEMPLATE template0"); err != nil {
			return err
		}
		d, err := db.Open(ctx, db.Config{URL: c.url(making), Pool: 1})
		if err != nil {
			return err
		}
		err = d.Migrate(ctx, schemas...)
		d.Close()
		if err != nil {
			return err
		}
		_, err = admin.Exec(ctx, "ALTER DATABASE "+making+" RENAME TO "+name)
		return err
	})
}

func (c *pg) exec(text string) error {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	admin, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		return err
	}
	defer admin.Close(ctx)
	_, err = admin.Exec(ctx, text)
	return err
}

var opened sync.Map // *db.DB → URL

// URL gives the URL of a database made by Open or Each: for a second node.
func URL(d *db.DB) string {
	u, _ := opened.Load(d)
	return u.(string)
}

// Statements prepares, on both engines, every registered statement that names a table with one of these prefixes
// ("jobs_"); without prefix, all of them. What the test's packages import is what it covers.
func Statements(t *testing.T, schemas []db.Schema, prefixes ...string) {
	t.Helper()
	concerned := func(s db.Statement) bool {
		for _, p := range prefixes {
			if strings.Contains(s.Text, p) {
				return true
			}
		}
		return len(prefixes) == 0
	}
	n := 0
	for _, s := range db.Statements() {
		if concerned(s) {
			n++
		}
	}
	if n == 0 {
		t.Fatalf("no registered statement names %v", prefixes)
	}
	for _, k := range Kinds() {
		if k == PostgresPoolOfOne {
			continue
		}
		t.Run(string(k), func(t *testing.T) {
			for _, err := range Open(t, k, schemas).PrepareAll(t.Context(), concerned) {
				t.Error(err)
			}
		})
	}
}
