package db_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// TestColumnsAreThoseOfTables: of every table and of no view, in their order.
func TestColumnsAreThoseOfTables(t *testing.T) {
	schema := db.Schema{Module: "shown", FS: fstest.MapFS{"202611220000_shown.sql": {Data: []byte(`CREATE TABLE shown_b (id TEXT PRIMARY KEY, text BLOB NOT NULL) STRICT;
CREATE TABLE shown_a (n INTEGER PRIMARY KEY) STRICT;
CREATE VIEW shown_view AS SELECT id FROM shown_b;
`)}}}
	dbtest.Each(t, []db.Schema{schema}, func(t *testing.T, d *db.DB) {
		list, err := d.Columns(t.Context())
		if got, want := fmt.Sprint(list), "[{shown_a n} {shown_b id} {shown_b text}]"; err != nil || got != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	})
}
