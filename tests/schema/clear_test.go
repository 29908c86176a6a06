package schema

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // reads the tables as a release left them
	_ "modernc.org/sqlite"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services"
)

// clearOnce are the columns in which released versions kept values of persons in clear: what was in them must be nowhere after an
// upgrade.
var clearOnce = map[string][]string{
	"identity_person":     {"family_name", "email", "email2", "phone"},
	"identity_account":    {"login"},
	"organization_member": {"name", "email", "function", "department"},
	"access_assignment":   {"reason"},
	"access_suspension":   {"explanation"},
	"token_token":         {"name"},
}

// values reads what stands in clear before an upgrade: texts long enough to be looked for, words of the platform left out.
func (r *restored) values(t *testing.T, k dbtest.Kind) (found []string) {
	t.Helper()
	driver, at := "sqlite", "file:"+filepath.Join(r.data, "rempart.db")
	if k != dbtest.SQLite {
		driver, at = "pgx", r.url
	}
	handle, err := sql.Open(driver, at)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	for table, columns := range clearOnce {
		for _, c := range columns {
			rows, err := handle.QueryContext(t.Context(), fmt.Sprintf("SELECT DISTINCT %s FROM %s", c, table))
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var v string
				if err := rows.Scan(&v); err != nil {
					t.Fatal(err)
				}
				if len(v) >= 9 && strings.ContainsAny(v, " @+0123456789") {
					found = append(found, v)
				}
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// standing tells how many of the values stand in the files of SQLite, or in the rows of PostgreSQL.
func (r *restored) standing(t *testing.T, k dbtest.Kind, values []string) (n int, first string) {
	t.Helper()
	var all []byte
	if k == dbtest.SQLite {
		for _, name := range []string{"rempart.db", "rempart.db-wal"} {
			raw, err := os.ReadFile(filepath.Join(r.data, name))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			all = append(all, raw...)
		}
	} else {
		c, err := pgx.Connect(t.Context(), r.url)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(context.Background())
		rows, _ := c.Query(t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`)
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			rows, _ := c.Query(t.Context(), `SELECT x::text FROM `+pgx.Identifier{table}.Sanitize()+` x`)
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, strings.Join(lines, "\n")...)
		}
	}
	for _, v := range values {
		if bytes.Contains(all, []byte(v)) {
			if n++; first == "" {
				first = v
			}
		}
	}
	return n, first
}

// TestAnUpgradeLeavesNothingInClear: what a released version kept of persons in clear is in no file and no row once the house has
// opened on it.
func TestAnUpgradeLeavesNothingInClear(t *testing.T) {
	for _, archive := range fixtures(t) {
		for _, k := range engines() {
			t.Run(strings.TrimSuffix(filepath.Base(archive), ".tar.gz")+"/"+string(k), func(t *testing.T) {
				r := restore(t, archive, k)
				values := r.values(t, k)
				if before, _ := r.standing(t, k, values); len(values) < 20 || before < len(values)*9/10 {
					t.Fatalf("%d values, of which %d stand in clear before: this shows nothing", len(values), before)
				}
				h, err := boot.New(t.Context(), boot.Config{Services: services.All, Data: r.data, URL: r.url, Origin: "http://localhost:8080", Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				if after, first := r.standing(t, k, values); after > 0 {
					t.Errorf("%d of %d values stand in clear while the house is open, the first is %q", after, len(values), first)
				}
				if err := h.Close(); err != nil {
					t.Fatal(err)
				}
				if after, first := r.standing(t, k, values); after > 0 {
					t.Errorf("%d of %d values stand in clear after, the first is %q", after, len(values), first)
				}
			})
		}
	}
}
