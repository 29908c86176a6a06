package dbcopy_test

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbcopy"
	"github.com/rempart/rempart/kit/db/dbtest"
)

//go:embed testdata/schema/*.sql
var testdata embed.FS

func schemas() []db.Schema {
	sub, err := fs.Sub(testdata, "testdata")
	if err != nil {
		panic(err)
	}
	return []db.Schema{{Module: "copy", FS: sub}}
}

var (
	qParent = db.SQL(`INSERT INTO copy_parent (id, boss, n, note, body, rate) VALUES ($1, $2, $3, $4, $5, $6)`)
	qChild  = db.SQL(`INSERT INTO copy_child (parent, n) VALUES ($1, $2)`)
	qBoss   = db.SQL(`UPDATE copy_parent SET boss = $2 WHERE id = $1`)
	qCount  = db.SQL(`SELECT count(*) FROM copy_parent`)
	qRow    = db.SQL(`SELECT boss, n, note, body, rate FROM copy_parent WHERE id = $1`)
)

const rows = 3000

func fill(t *testing.T, url string) {
	t.Helper()
	ctx := t.Context()
	d := open(t, url)
	defer d.Close()
	err := d.Write(ctx, func(tx core.Tx) error {
		for i := range rows {
			var note, body, rate any
			if i%3 != 0 {
				note, body, rate = fmt.Sprintf("é'\"\n%d", i), []byte{0, 255, byte(i)}, float64(i)/7
			}
			if _, err := tx.Exec(ctx, qParent, fmt.Sprintf("p%04d", i), nil, math.MaxInt64-i, note, body, rate); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, qChild, fmt.Sprintf("p%04d", i), -i); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, qBoss, "p0000", "p2999") // points forward: the order of rows must not matter
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), db.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(t.Context(), schemas()...); err != nil {
		t.Fatal(err)
	}
	return d
}

func step(from, to string) []dbcopy.Step {
	return []dbcopy.Step{{From: from, To: to, Schemas: schemas()}}
}

func TestCopyBothWays(t *testing.T) {
	ctx := t.Context()
	for _, way := range [][2]dbtest.Kind{
		{dbtest.SQLite, dbtest.SQLite}, {dbtest.SQLite, dbtest.Postgres}, {dbtest.Postgres, dbtest.SQLite}, {dbtest.Postgres, dbtest.Postgres},
	} {
		t.Run(fmt.Sprintf("%s to %s", way[0], way[1]), func(t *testing.T) {
			if !has(way[0]) || !has(way[1]) {
				t.Skip("REMPART_TEST_ENGINES leaves an engine out")
			}
			from, to := dbtest.Config(t, way[0], schemas()).URL, dbtest.Config(t, way[1], schemas()).URL
			fill(t, from)
			told := 0
			o := dbcopy.Options{Steps: step(from, to), Progress: func(dbcopy.Progress) { told++ }}
			rep, err := dbcopy.Run(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			if len(rep.Tables) != 2 || rep.Tables[0].Rows != rows || rep.Tables[1].Rows != rows || told < 2 {
				t.Fatalf("%+v, %d calls of progress", rep, told)
			}
			d := open(t, to)
			defer d.Close()
			err = d.Read(ctx, func(tx core.Tx) error {
				_, _, err := db.One(ctx, tx, qRow, func(scan db.Scan) (int, error) {
					var boss, note string
					var n int64
					var body []byte
					var rate float64
					if err := scan(&boss, &n, &note, &body, &rate); err == nil {
						return 0, fmt.Errorf("NULL columns became %q %d %q %v %v", boss, n, note, body, rate)
					}
					return 0, nil
				}, "p0000")
				if err != nil {
					return err
				}
				_, _, err = db.One(ctx, tx, qRow, func(scan db.Scan) (int, error) {
					var boss *string
					var note string
					var n int64
					var body []byte
					var rate float64
					if err := scan(&boss, &n, &note, &body, &rate); err != nil {
						return 0, err
					}
					if boss != nil || n != math.MaxInt64-1 || note != "é'\"\n1" || string(body) != "\x00\xff\x01" || rate != 1.0/7 {
						t.Errorf("%v %d %q %v %v", boss, n, note, body, rate)
					}
					return 0, nil
				}, "p0001")
				return err
			})
			if err != nil {
				t.Error(err)
			}
			err = d.Write(ctx, func(tx core.Tx) error { _, err := tx.Exec(ctx, qChild, "nowhere", 1); return err })
			if !db.Dangling(err) {
				t.Errorf("foreign keys are gone on the copy: %v", err)
			}
			if _, err := dbcopy.Run(ctx, o); err == nil || !strings.Contains(err.Error(), "not empty") {
				t.Errorf("a second copy onto it: %v", err)
			}
			again := dbtest.Config(t, way[0], schemas()).URL
			back, err := dbcopy.Run(ctx, dbcopy.Options{Steps: step(to, again)})
			if err != nil || fmt.Sprint(back) != fmt.Sprint(rep) {
				t.Errorf("copied back: %v %v", back, err)
			}
		})
	}
}

func has(k dbtest.Kind) bool {
	for _, have := range dbtest.Kinds() {
		if have == k {
			return true
		}
	}
	return false
}

func TestACopyCutShortLeavesNothing(t *testing.T) {
	for _, k := range []dbtest.Kind{dbtest.SQLite, dbtest.Postgres} {
		t.Run(string(k), func(t *testing.T) {
			if !has(k) {
				t.Skip("REMPART_TEST_ENGINES leaves it out")
			}
			from, to := filepath.Join(t.TempDir(), "from.db"), dbtest.Config(t, k, schemas()).URL
			fill(t, from)
			ctx, cut := context.WithCancel(t.Context())
			_, err := dbcopy.Run(ctx, dbcopy.Options{Steps: step(from, to), Progress: func(p dbcopy.Progress) {
				if p.Table == "copy_parent" {
					cut()
				}
			}})
			if err == nil {
				t.Fatal("nobody noticed")
			}
			d := open(t, to)
			defer d.Close()
			d.Read(t.Context(), func(tx core.Tx) error {
				n, _, err := db.One(t.Context(), tx, qCount, db.Value[int64])
				if n != 0 || err != nil {
					t.Errorf("%d rows stayed, %v", n, err)
				}
				return nil
			})
			if _, err := dbcopy.Run(t.Context(), dbcopy.Options{Steps: step(from, to)}); err != nil {
				t.Errorf("a second try: %v", err)
			}
		})
	}
}

func TestATableOfTheSourceAloneIsNotForgotten(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from.db"), filepath.Join(t.TempDir(), "to.db")
	fill(t, from)
	extra := db.Schema{Module: "extra", FS: fstest.MapFS{"202611220900_x.sql": &fstest.MapFile{Data: []byte(
		"CREATE TABLE copy_extra_row (id TEXT PRIMARY KEY) STRICT;\nINSERT INTO copy_extra_row (id) VALUES ('x');\n")}}}
	d, err := db.Open(t.Context(), db.Config{URL: from})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(t.Context(), extra); err != nil {
		t.Fatal(err)
	}
	d.Close()
	if _, err := dbcopy.Run(t.Context(), dbcopy.Options{Steps: step(from, to)}); err == nil || !strings.Contains(err.Error(), "extra_row") {
		t.Fatalf("rows were left behind: %v", err)
	}
}

func TestARowThatChangesOnTheWayIsNoticed(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from.db"), filepath.Join(t.TempDir(), "to.db")
	fill(t, from)
	open(t, to).Close()
	meddle, err := sql.Open("sqlite", to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = meddle.ExecContext(t.Context(), `CREATE TRIGGER meddle AFTER INSERT ON copy_child WHEN new.n = -1234
		BEGIN UPDATE copy_child SET n = -99999 WHERE parent = new.parent; END`)
	meddle.Close()
	if err != nil {
		t.Fatal(err)
	}
	_, err = dbcopy.Run(t.Context(), dbcopy.Options{Steps: step(from, to)})
	if err == nil || !strings.Contains(err.Error(), "hashes differ") {
		t.Fatalf("one changed row of %d went unseen: %v", 2*rows, err)
	}
}

func TestTwoFilesMoveToOneServerTogether(t *testing.T) {
	if !has(dbtest.Postgres) {
		t.Skip("REMPART_TEST_ENGINES leaves it out")
	}
	from, keys := filepath.Join(t.TempDir(), "from.db"), filepath.Join(t.TempDir(), "keys.db")
	to := dbtest.Config(t, dbtest.Postgres, nil).URL
	fill(t, from)
	keySchema := db.Schema{Module: "vault", FS: fstest.MapFS{"202611220900_x.sql": &fstest.MapFile{Data: []byte(
		"CREATE TABLE vault_key (id TEXT PRIMARY KEY) STRICT;\nINSERT INTO vault_key (id) VALUES ('x');\n")}}}
	only := db.Schema{Module: "vault", FS: fstest.MapFS{"202611220900_x.sql": &fstest.MapFile{Data: []byte(
		"CREATE TABLE vault_key (id TEXT PRIMARY KEY) STRICT;\n")}}}
	d, err := db.Open(t.Context(), db.Config{URL: keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(t.Context(), keySchema); err != nil {
		t.Fatal(err)
	}
	d.Close()
	steps := append(step(from, to), dbcopy.Step{From: keys + ".absent", To: to, Schemas: []db.Schema{only}})
	if _, err := dbcopy.Run(t.Context(), dbcopy.Options{Steps: steps}); err == nil {
		t.Fatal("a source that does not exist was copied")
	}
	steps[1].From = keys
	rep, err := dbcopy.Run(t.Context(), dbcopy.Options{Steps: steps})
	if err != nil || len(rep.Tables) != 3 || rep.Tables[2].Rows != 1 {
		t.Fatalf("%+v %v", rep, err)
	}
	there, err := dbcopy.Hash(t.Context(), to, nil)
	if err != nil || fmt.Sprint(there) != fmt.Sprint(rep.Tables) {
		t.Fatalf("the server holds %v, %v was copied (%v)", there, rep.Tables, err)
	}
}
