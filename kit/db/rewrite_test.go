package db_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

const (
	clearFile = "202611220900_clear.sql"
	addFile   = "202611230900_add.sql"
	dropFile  = "202611230910_drop.sql"
)

// sealing is a schema that takes a clear column away; each text is turned by rot, which can be made to fail.
func sealing(rot func(string) (string, error)) db.Schema {
	return db.Schema{
		Module: "seal",
		FS: fstest.MapFS{
			clearFile: file("CREATE TABLE seal_row (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;\n"),
			addFile:   file("ALTER TABLE seal_row ADD COLUMN sealed TEXT NOT NULL DEFAULT '';\n"),
			dropFile: file("CREATE TABLE seal_guard (n INTEGER NOT NULL CHECK (n = 0)) STRICT;\n" +
				"INSERT INTO seal_guard SELECT COUNT(*) FROM seal_row WHERE sealed = '';\nDROP TABLE seal_guard;\nALTER TABLE seal_row DROP COLUMN name;\n"),
		},
		Before: map[string]func(context.Context, *sql.DB) error{dropFile: func(ctx context.Context, handle *sql.DB) error {
			return db.Rewrite(ctx, handle, db.Rewriting{
				Table: "seal_row", Key: []string{"id"}, Read: []string{"name"}, Write: []string{"sealed"}, Pending: "sealed = ''",
				Row: func(_ context.Context, values []any) ([]any, error) {
					made, err := rot(fmt.Sprint(values[1]))
					return []any{made}, err
				},
			})
		}},
	}
}

var (
	qSealAdd  = db.SQL(`INSERT INTO seal_row (id, name) VALUES ($1, $2)`)
	qSealRead = db.SQL(`SELECT COUNT(*) FROM seal_row WHERE sealed LIKE 'enzcneg-%'`)
)

// TestRowsAreRewrittenBeforeAColumnGoes: an upgrade that is interrupted goes on, without the program it refuses, and nothing
// of the former values stays in the file.
func TestRowsAreRewrittenBeforeAColumnGoes(t *testing.T) {
	for _, k := range dbtest.Kinds() {
		t.Run(string(k), func(t *testing.T) {
			cfg := dbtest.Config(t, k, nil)
			d, err := db.Open(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { d.Close() }()
			old := sealing(nil)
			old.Before, old.FS = nil, fstest.MapFS{clearFile: old.FS.(fstest.MapFS)[clearFile]}
			if err := d.Migrate(t.Context(), old); err != nil {
				t.Fatal(err)
			}
			const rows = 450
			for i := range rows {
				if err := d.Write(t.Context(), func(tx core.Tx) error {
					_, err := tx.Exec(t.Context(), qSealAdd, i, fmt.Sprintf("rampart-%d", i))
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			bare := sealing(nil)
			bare.Before = nil
			if err := d.Migrate(t.Context(), bare); err == nil {
				t.Fatal("a column with values that nobody rewrote was dropped")
			}
			n := 0
			if err := d.Migrate(t.Context(), sealing(func(s string) (string, error) {
				if n++; n > 300 {
					return "", errors.New("the power went")
				}
				return turned(s), nil
			})); err == nil {
				t.Fatal("a failed rewriting passed")
			}
			again := 0
			if err := d.Migrate(t.Context(), sealing(func(s string) (string, error) { again++; return turned(s), nil })); err != nil {
				t.Fatal(err)
			}
			if again != rows-200 {
				t.Errorf("the second run rewrote %d rows, want the %d that the first had not committed", again, rows-200)
			}
			var left int64
			if err := d.Read(t.Context(), func(tx core.Tx) error {
				left, _, err = db.One(t.Context(), tx, qSealRead, db.Value[int64])
				return err
			}); err != nil || left != rows {
				t.Errorf("%d rows are rewritten, %v", left, err)
			}
			if k == dbtest.SQLite {
				for _, name := range []string{cfg.URL, cfg.URL + "-wal"} {
					if raw, _ := os.ReadFile(filepath.Clean(name)); bytes.Contains(raw, []byte("rampart-")) {
						t.Errorf("%s still holds a former value", filepath.Base(name))
					}
				}
			}
		})
	}
}

func turned(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = 'a' + (c-'a'+13)%26
		}
	}
	return string(b)
}
