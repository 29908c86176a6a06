package db_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestTwoNodesThatStartAtOnceMigrateOnce(t *testing.T) {
	for _, k := range dbtest.Kinds() {
		t.Run(string(k), func(t *testing.T) {
			cfg := dbtest.Config(t, k, nil)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					d, err := db.Open(t.Context(), cfg)
					if err != nil {
						t.Error(err)
						return
					}
					defer d.Close()
					if err := d.Migrate(t.Context(), schemas()...); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			d, err := db.Open(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := put(t.Context(), d, "a"); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestModulesMayShareAMomentAndGrowOneByOne(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		other := db.Schema{Module: "other", FS: fstest.MapFS{
			"schema/202611220900_one.sql": file("CREATE TABLE other_one (id TEXT PRIMARY KEY) STRICT;\n"),
		}}
		if err := d.Migrate(t.Context(), append(schemas(), other)...); err != nil {
			t.Fatal(err)
		}
		newer := db.Schema{Module: "other", FS: fstest.MapFS{
			"schema/202611220900_one.sql": file("CREATE TABLE other_one (id TEXT PRIMARY KEY) STRICT;\n"),
			"schema/202612010900_two.sql": file("ALTER TABLE other_one ADD COLUMN n INTEGER NOT NULL DEFAULT 0;\n"),
		}}
		for range 2 { // the second has nothing to do
			if err := d.Migrate(t.Context(), append(schemas(), newer)...); err != nil {
				t.Fatal(err)
			}
		}
		err := d.Migrate(t.Context(), append(schemas(), other)...)
		if err == nil || !strings.Contains(err.Error(), "newer release") {
			t.Fatalf("an older release started on a newer database: %v", err)
		}
	})
}

func TestABadMigrationLeavesTheDatabaseAsItWas(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		if err := put(t.Context(), d, "a"); err != nil {
			t.Fatal(err)
		}
		bad := db.Schema{Module: "bad", FS: fstest.MapFS{
			"schema/202611220900_bad.sql": file("CREATE TABLE bad_a (id TEXT PRIMARY KEY) STRICT;\nCREATE TABLE bad_b (id NONSENSE NONSENSE);\nDROP TABLE t_child;\nDROP TABLE nowhere;\n"),
		}}
		if err := d.Migrate(t.Context(), append(schemas(), bad)...); err == nil {
			t.Fatal("nonsense was taken")
		}
		if count(t, d) != 1 {
			t.Fatal("rows are gone")
		}
		good := db.Schema{Module: "bad", FS: fstest.MapFS{
			"schema/202611220900_bad.sql": file("CREATE TABLE bad_a (id TEXT PRIMARY KEY) STRICT;\n"),
		}}
		if err := d.Migrate(t.Context(), append(schemas(), good)...); err != nil {
			t.Fatalf("half of the failed migration stayed: %v", err)
		}
		err := d.Write(t.Context(), func(tx core.Tx) error {
			if _, err := tx.Exec(t.Context(), qPut, "b", 1, nil); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), qChild, "c", "b")
			return err
		})
		if err != nil {
			t.Fatalf("a table that the failed migration dropped is missing: %v", err)
		}
	})
}

func TestAFileThatIsNoDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	writeFile(t, path, strings.Repeat("this is not a database ", 1000))
	if d, err := db.Open(t.Context(), db.Config{URL: path}); err == nil {
		d.Close()
		t.Fatal("opened")
	}
}
