package boot

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// TestAnExportHoldsWhatEveryRoomGives: an answer that asks only the rooms that hold something has, table by table, as many rows as
// the rooms give when each of their questions is asked, for whoever has little and for whoever has much; and what was written since
// the last one stands in the next.
func TestAnExportHoldsWhatEveryRoomGives(t *testing.T) {
	for _, kind := range dbtest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			w := newTown(t, dbtest.Config(t, kind, nil).URL)
			w.furnish()
			for range 2 { // what rooms ask is learned on the way
				for name := range w.people {
					if name == "a.extra" { // is suspended
						continue
					}
					w.begin(name)
					w.rowsInExport(t, name)
					w.must("settle", w.journal.Settle(w.system()))
					asked := w.rowsGiven(name)
					if got := w.rowsInExport(t, name); !maps.Equal(got, asked) {
						t.Errorf("the export of %s holds %v, the rooms give %v", name, got, asked)
					}
				}
			}
			before := w.rowsInExport(t, "a.member")["archive_archive"]
			if _, err := w.archive.Ask(w.as("a.member"), false); err != nil {
				t.Fatal(err)
			}
			if after := w.rowsInExport(t, "a.member")["archive_archive"]; after != before+1 {
				t.Errorf("%d archives stand in the export after one more was asked for, %d before", after, before)
			}
		})
	}
}

// rowsGiven asks each room itself.
func (w *town) rowsGiven(name string) map[string]int {
	w.t.Helper()
	rows := map[string]int{}
	ctx := w.as(name)
	w.must("rows of "+name, w.db.Read(ctx, func(tx core.Tx) error {
		clear(rows)
		for _, room := range w.modules {
			if err := room.ExportPerson(ctx, tx, w.people[name], func(r core.Record) error { rows[r.Table]++; return nil }); err != nil {
				return err
			}
		}
		return nil
	}))
	return rows
}

func (w *town) rowsInExport(t *testing.T, name string) map[string]int {
	t.Helper()
	r := w.ask(name, http.MethodGet, "/api/v1/me/data", "")
	var d personData
	if err := json.Unmarshal(r.Body.Bytes(), &d); err != nil || r.Code != http.StatusOK || d.Person != w.people[name] {
		t.Fatalf("%s is answered %d (%v): %.300s", name, r.Code, err, r.Body)
	}
	rows := map[string]int{}
	for _, table := range d.Tables {
		rows[table.Name] = len(table.Rows)
	}
	return rows
}
