package sql_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services/recognition/source/sourcetest"
	"github.com/rempart/rempart/services/recognition/source/sql"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

const table = `CREATE TABLE contact (id INT PRIMARY KEY, name VARCHAR(60), company VARCHAR(60), phone VARCHAR(60), salary VARCHAR(60), updated_at INT)`

// base is one database of either engine.
type base struct {
	url  string
	exec func(t *testing.T, statements string)
}

func each(t *testing.T, f func(t *testing.T, b base)) {
	t.Run("postgresql", func(t *testing.T) {
		at := dbtest.URL(dbtest.Open(t, dbtest.Postgres, nil))
		at, _, _ = strings.Cut(at, "?")
		exec := func(t *testing.T, statements string) {
			t.Helper()
			conn, err := pgx.Connect(t.Context(), at)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			if _, err := conn.PgConn().Exec(t.Context(), statements).ReadAll(); err != nil {
				t.Fatal(err)
			}
		}
		f(t, base{at, exec})
	})
	t.Run("mariadb", func(t *testing.T) {
		m := sourcetest.MariaDB(t)
		exec := func(t *testing.T, statements string) {
			t.Helper()
			if err := m.Exec("crm", statements); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Exec("", "CREATE DATABASE crm CHARACTER SET utf8mb4"); err != nil {
			t.Fatal(err)
		}
		f(t, base{"mariadb://root@" + m.Address + "/crm", exec})
	})
}

func open(t *testing.T, text string) *sql.DB {
	t.Helper()
	c, err := tool.Parse("crm.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	d, err := sql.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRowsOfAQueryBecomeRecords(t *testing.T) {
	each(t, func(t *testing.T, b base) {
		b.exec(t, table+`; INSERT INTO contact VALUES (1, 'Maëlle Kervarec', 'Alizé', '06 12 34 56 78', 'x', 5), (2, 'Îlse', NULL, '+33142000000', 'y', 7)`)
		d := open(t, "url: "+b.url+"\nquery: SELECT id, name, company, phone FROM contact ORDER BY id;\nmark: SELECT max(updated_at), count(*) FROM contact\n")
		fields, err := d.Fields(t.Context())
		if err != nil || fmt.Sprint(fields) != "[id name company phone]" {
			t.Fatal(fields, err)
		}
		var got []string
		if err := d.Read(t.Context(), func(r tool.Record) error { got = append(got, fmt.Sprint(r)); return nil }); err != nil {
			t.Fatal(err)
		}
		want := "{1 map[company:[Alizé] id:[1] name:[Maëlle Kervarec] phone:[06 12 34 56 78]]}|{2 map[id:[2] name:[Îlse] phone:[+33142000000]]}"
		if strings.Join(got, "|") != want {
			t.Errorf("read %v", got)
		}
		before, err := d.Mark(t.Context())
		if err != nil || before == "" {
			t.Fatal(before, err)
		}
		if same, _ := d.Mark(t.Context()); same != before {
			t.Errorf("the mark changed by itself: %q, %q", before, same)
		}
		b.exec(t, "UPDATE contact SET updated_at = 9 WHERE id = 1")
		if after, _ := d.Mark(t.Context()); after == before {
			t.Error("the mark is blind to a change")
		}
	})
}

func TestAQueryNeverWrites(t *testing.T) {
	each(t, func(t *testing.T, b base) {
		b.exec(t, table+"; INSERT INTO contact VALUES (1, 'a', 'b', '0612345678', 'x', 1)")
		hostile := []string{"SELECT id FROM contact; DELETE FROM contact"}
		if strings.HasPrefix(b.url, "postgres") {
			b.exec(t, "CREATE SEQUENCE s; CREATE FUNCTION empty() RETURNS INT AS 'DELETE FROM contact RETURNING 1' LANGUAGE sql")
			hostile = append(hostile, "WITH gone AS (DELETE FROM contact RETURNING id) SELECT id FROM gone", "SELECT nextval('s')", "SELECT empty()", "SELECT id FROM contact FOR UPDATE",
				"SELECT id INTO copied FROM contact")
		} else {
			b.exec(t, "CREATE FUNCTION empty() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM contact; RETURN 1; END")
			hostile = append(hostile, "SELECT empty()", "WITH x AS (SELECT 1) DELETE FROM contact")
		}
		for _, query := range hostile {
			d := open(t, "url: "+b.url+"\nquery: "+query+"\n")
			err := d.Read(t.Context(), func(tool.Record) error { return nil })
			if code := core.CodeOf(err); code != "source.sql_writes" && code != "source.sql_refused" {
				t.Errorf("%s: %v", query, err)
			}
		}
		left := 0
		d := open(t, "url: "+b.url+"\nquery: SELECT id FROM contact\n")
		if err := d.Read(t.Context(), func(tool.Record) error { left++; return nil }); err != nil || left != 1 {
			t.Errorf("%d contacts are left, %v", left, err)
		}
		for _, query := range []string{"DELETE FROM contact", "DROP TABLE contact", "CALL f()", "SET x = 1"} {
			c, _ := tool.Parse("crm.yaml", []byte("url: "+b.url+"\nquery: "+query+"\n"))
			if _, err := sql.Open(c); core.CodeOf(err) != "source.setting_wrong" {
				t.Errorf("%s: %v", query, err)
			}
		}
	})
}

// TestAMillionRowsPassWithoutGrowingMemory reads a million rows that the database makes up on the spot.
func TestAMillionRowsPassWithoutGrowingMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a million rows")
	}
	each(t, func(t *testing.T, b base) {
		query := "SELECT 600000000 + g AS id, 'name ' || g AS name, '0' || (600000000 + g) AS phone FROM generate_series(1, 1000000) g"
		if !strings.HasPrefix(b.url, "postgres") {
			query = "SELECT 600000000 + seq AS id, CONCAT('name ', seq) AS name, CONCAT('0', 600000000 + seq) AS phone FROM seq_1_to_1000000"
		}
		d := open(t, "url: "+b.url+"\nquery: "+query+"\n")
		heap := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		n, before, most := 0, heap(), uint64(0)
		err := d.Read(t.Context(), func(tool.Record) error {
			if n++; n%250_000 == 0 {
				most = max(most, heap())
			}
			return nil
		})
		if err != nil || n != 1_000_000 {
			t.Fatal(n, err)
		}
		if most > before+8<<20 {
			t.Errorf("memory grew from %d to %d kB while a million rows passed", before>>10, most>>10)
		}
	})
}

func TestAWrongIdentityIsSaidPlainlyAndWithoutThePassword(t *testing.T) {
	m := sourcetest.MariaDB(t)
	if err := m.Exec("", "CREATE DATABASE crm; CREATE USER reader IDENTIFIED BY 'right'; GRANT SELECT ON crm.* TO reader"); err != nil {
		t.Fatal(err)
	}
	if err := m.Exec("crm", table); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	write := func(text string, mode os.FileMode) {
		t.Helper()
		os.Remove(secret)
		if err := os.WriteFile(secret, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, "url: mysql://reader@"+m.Address+"/crm\nquery: SELECT id FROM contact\npassword: {file: "+secret+"}\n")
	read := func() error { return d.Read(t.Context(), func(tool.Record) error { return nil }) }
	write("right\n", 0o600)
	if err := read(); err != nil {
		t.Error(err)
	}
	write("wrong-canary\n", 0o600)
	if err := read(); core.CodeOf(err) != "source.denied" || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
	write("right\n", 0o644)
	if err := read(); core.CodeOf(err) != "source.secret_open" {
		t.Error(err)
	}
	m.Stop()
	write("right\n", 0o600)
	if err := read(); core.CodeOf(err) != "source.unreachable" {
		t.Error(err)
	}
}

func TestReadingStopsWhenAsked(t *testing.T) {
	each(t, func(t *testing.T, b base) {
		b.exec(t, table+"; INSERT INTO contact VALUES (1, 'a', 'b', '0612345678', 'x', 1), (2, 'a', 'b', '0612345678', 'x', 1)")
		stop := errors.New("stop")
		n := 0
		err := open(t, "url: "+b.url+"\nquery: SELECT id FROM contact\n").Read(t.Context(), func(tool.Record) error { n++; return stop })
		if !errors.Is(err, stop) || n != 1 {
			t.Error(n, err)
		}
	})
}
