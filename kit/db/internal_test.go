package db

import (
	"testing"
)

func TestTypesAreTranslatedOutsideOfQuotesOnly(t *testing.T) {
	got := toPostgres(`-- INTEGER stays in a comment
CREATE TABLE x (
	id TEXT PRIMARY KEY,
	n INTEGER NOT NULL DEFAULT 0,
	kind TEXT NOT NULL DEFAULT 'INTEGER TEXT BLOB' CHECK (kind <> 'it''s BLOB'),
	body BLOB DEFAULT X'00ff',
	rate REAL,
	PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX x_n ON x (CAST(n AS TEXT));
CREATE TABLE y (a TEXT, text BLOB) STRICT;`)
	want := `-- INTEGER stays in a comment
CREATE TABLE x (
	id TEXT COLLATE "C" PRIMARY KEY,
	n BIGINT NOT NULL DEFAULT 0,
	kind TEXT COLLATE "C" NOT NULL DEFAULT 'INTEGER TEXT BLOB' CHECK (kind <> 'it''s BLOB'),
	body BYTEA DEFAULT decode('00ff', 'hex'),
	rate DOUBLE PRECISION,
	PRIMARY KEY (id)
);
CREATE INDEX x_n ON x (CAST(n AS TEXT));
CREATE TABLE y (a TEXT COLLATE "C", text BYTEA);`
	if got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
}

func TestASettingThatDoesNotTakeStopsTheStart(t *testing.T) {
	path := t.TempDir() + "/x.db"
	if c, err := openConn(path, [][2]string{{"journal_mode", "wal"}, {"synchronous", "7"}}); err == nil {
		c.close()
		t.Fatal("a connection with another synchronous than asked was trusted")
	}
	c, err := openConn(path, writerPragmas)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, p := range [][2]string{{"synchronous", "2"}, {"journal_mode", "wal"}, {"secure_delete", "1"}, {"foreign_keys", "1"}, {"wal_autocheckpoint", "0"}} {
		if got, _ := c.text("PRAGMA " + p[0]); got != p[1] {
			t.Errorf("%s is %s", p[0], got)
		}
	}
	r, err := openConn(path, readerPragmas)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if _, err := r.text("CREATE TABLE x (a)"); err == nil {
		t.Error("a reader wrote")
	}
}

func TestOldSQLiteIsRefused(t *testing.T) {
	for v, want := range map[string]bool{"3.51.2": true, "3.51.3": false, "3.9.9": true, "3.53.0": false, "4.0.0": false, "3.51": true} {
		if older(v, oldestSQLite) != want {
			t.Errorf("%s", v)
		}
	}
}
