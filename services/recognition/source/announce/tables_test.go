package announce_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/source/announce"
	"github.com/rempart/rempart/services/recognition/source/sourcetest"
)

const shop = `CREATE TABLE audit (line INT, said VARCHAR(60)); CREATE TABLE contact (name VARCHAR(60), id INT PRIMARY KEY, phone VARCHAR(60));
	INSERT INTO contact VALUES ('Maëlle canary', 1, '06 12 34 56 78'), ('Îlse canary', 2, '+33142000000')`

// TestTablesOfADatabaseAreToldByTheirColumns reads the catalogue of real servers, then the table that was chosen.
func TestTablesOfADatabaseAreToldByTheirColumns(t *testing.T) {
	t.Run("postgresql", func(t *testing.T) {
		at, _, _ := strings.Cut(dbtest.URL(dbtest.Open(t, dbtest.Postgres, nil)), "?")
		conn, err := pgx.Connect(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		if _, err := conn.PgConn().Exec(t.Context(), shop+`; CREATE SCHEMA "Sales"; CREATE TABLE "Sales"."odd ""name" ("Tél" VARCHAR(20)); INSERT INTO "Sales"."odd ""name" VALUES ('0142000000')`).ReadAll(); err != nil {
			t.Fatal(err)
		}
		seen := told(t, at)
		base := at[strings.LastIndexByte(at, '/')+1:]
		if len(seen) < 3 || fmt.Sprint(names(seen[:3])) != fmt.Sprintf("[%[1]s.Sales.odd \"name %[1]s.contact %[1]s.audit]", base) { // the tables of the house's ground follow
			t.Fatalf("%q", names(seen))
		}
		if r := rows(t, seen[0]); len(r) != 1 || r[0].Fields["Tél"][0] != "0142000000" {
			t.Errorf("%v", r)
		}
		reads(t, seen[1])
	})
	t.Run("mariadb", func(t *testing.T) {
		m := sourcetest.MariaDB(t)
		for _, s := range []struct{ in, said string }{{"", "CREATE DATABASE crm CHARACTER SET utf8mb4"}, {"crm", shop}} {
			if err := m.Exec(s.in, s.said); err != nil {
				t.Fatal(err)
			}
		}
		seen := told(t, "mariadb://root@"+m.Address+"/crm")
		if fmt.Sprint(names(seen)) != "[crm.contact crm.audit]" {
			t.Fatalf("%q", names(seen))
		}
		reads(t, seen[0])
	})
	if seen := told(t, "postgres://reader@127.0.0.1:1/crm"); len(seen) != 1 || seen[0].Title != "crm" || seen[0].Fault != "source.unreachable" {
		t.Errorf("a database that does not answer: %+v", seen)
	}
	if err := announce.CheckDatabase(parsed(t, "url: https://crm.example/x\n")); err == nil {
		t.Error("an address that is no database's is taken")
	}
}

func parsed(t *testing.T, text string) source.Config {
	t.Helper()
	c, err := source.Parse(filepath.Join(t.TempDir(), "agent.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func told(t *testing.T, url string) []announce.Found {
	t.Helper()
	c := parsed(t, "url: "+url+"\npassword: {file: crm.secret}\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(c.File), "crm.secret"), []byte("unused"), 0o600); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(url, "mariadb") {
		_, c = c.Cut("password")
	}
	found, err := announce.Look(t.Context(), announce.Asked{Databases: []source.Config{c}}, &zone{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if text := fmt.Sprint(f.Title, f.Fields, f.Settings); strings.Contains(text, "canary") || strings.Contains(text, "127.0.0.1") || strings.Contains(text, "@") {
			t.Errorf("a value, a host or an account is told: %s", text)
		}
	}
	return found
}

func names(found []announce.Found) (all []string) {
	for _, f := range found {
		all = append(all, f.Title)
	}
	return all
}

func rows(t *testing.T, f announce.Found) []source.Record {
	t.Helper()
	s, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	r, err := source.Sample(t.Context(), s, 10)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// reads shows that the table contact is read by its own key.
func reads(t *testing.T, f announce.Found) {
	t.Helper()
	if fmt.Sprint(f.Fields) != "[name id phone]" {
		t.Errorf("columns: %v", f.Fields)
	}
	keys := map[string]string{}
	for _, r := range rows(t, f) {
		keys[r.Key] = r.Fields["name"][0]
	}
	if len(keys) != 2 || keys["1"] != "Maëlle canary" {
		t.Errorf("%v", keys)
	}
}
