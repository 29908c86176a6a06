package boot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
	"github.com/rempart/rempart/services"
)

var (
	qSQLiteColumns   = db.SQLOn(db.SQLite, `SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`)
	qPostgresColumns = db.SQLOn(db.PostgreSQL, `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()`)
)

// untreated compares the columns of a database with what the manifests declare: each name in the answer is a column that
// nobody treats, or a treatment of a column that is not there.
func untreated(t *testing.T, d *db.DB, manifests []core.Manifest) []string {
	t.Helper()
	query := qSQLiteColumns
	if d.Engine() == db.PostgreSQL {
		query = qPostgresColumns
	}
	var columns []string
	err := d.Read(context.Background(), func(tx core.Tx) (err error) {
		columns, err = db.All(context.Background(), tx, query, func(scan db.Scan) (string, error) {
			var table, column string
			err := scan(&table, &column)
			return table + "." + column, err
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	treated := map[string]bool{}
	for _, m := range manifests {
		for _, table := range m.Tables {
			for _, c := range table.Columns {
				treated[table.Name+"."+c.Name] = false
			}
		}
	}
	var wrong []string
	for _, c := range columns {
		if strings.HasPrefix(c, "ground_") || strings.HasPrefix(c, "goose_") { // kit/db's own: notices and versions
			continue
		}
		if _, ok := treated[c]; !ok {
			wrong = append(wrong, c+" has no treatment")
		}
		treated[c] = true
	}
	for c, there := range treated {
		if !there {
			wrong = append(wrong, c+" is treated and does not exist")
		}
	}
	slices.Sort(wrong)
	return wrong
}

func TestEveryColumnHasATreatment(t *testing.T) {
	h := house(t)
	dbtest.Each(t, append(boot.Schemas(services.All...), boot.KeySchemas()...), func(t *testing.T, d *db.DB) {
		for _, w := range untreated(t, d, h.Manifests()) {
			t.Error(w)
		}
	})
}

// TestAnUntreatedColumnIsSeen is the test of the test.
func TestAnUntreatedColumnIsSeen(t *testing.T) {
	planted := db.Schema{Module: "planted", FS: fstest.MapFS{"202611220000_planted.sql": {Data: []byte("-- +goose Up\nCREATE TABLE planted_card (id TEXT PRIMARY KEY, phone TEXT NOT NULL) STRICT;\n")}}}
	manifest := core.Manifest{Module: "planted", Tables: []core.Table{{Name: "planted_card", Columns: core.Plain("id", "fax")}}}
	dbtest.Each(t, []db.Schema{planted}, func(t *testing.T, d *db.DB) {
		got := fmt.Sprint(untreated(t, d, []core.Manifest{manifest}))
		if want := "[planted_card.fax is treated and does not exist planted_card.phone has no treatment]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// TestEveryPersonalColumnIsFullyTreated: a personal column names its category, purpose, legal basis and retention.
func TestEveryPersonalColumnIsFullyTreated(t *testing.T) {
	for _, m := range house(t).Manifests() {
		for _, table := range m.Tables {
			if !strings.HasPrefix(table.Name, m.Module+"_") {
				t.Errorf("table %s of module %s does not carry its name", table.Name, m.Module)
			}
			for _, c := range table.Columns {
				if c.Personal && (c.Category == "" || c.Purpose == "" || c.Basis == "" || c.Retention == "") {
					t.Errorf("%s.%s is personal and lacks a category, purpose, basis or retention", table.Name, c.Name)
				}
			}
		}
	}
}

// TestTheManifestsLeaveNothingOpen: each personal column is kept on a ground, for a time that a rule defines, in an activity of
// the register; each act has a purpose that its module declares.
func TestTheManifestsLeaveNothingOpen(t *testing.T) {
	for _, gap := range register.Gaps(house(t).Manifests()) {
		t.Error(gap)
	}
}

// TestAColumnWithoutGroundIsSeen is the test of the test: each gap is planted, and named.
func TestAColumnWithoutGroundIsSeen(t *testing.T) {
	text := core.Text{FR: "x", EN: "x"}
	sound := func() core.Manifest {
		return core.Manifest{
			Module: "planted", Title: text,
			Tables: []core.Table{{Name: "planted_card", Title: text, Columns: core.Personal(
				core.Column{Category: "contact", Purpose: core.PurposeService, Basis: core.Contract, Retention: "planted", OnErase: core.Keep}, "phone")}},
			Acts:       []*core.ActDef{{Permission: "card.read", Purpose: core.PurposeService}},
			Activities: []core.Activity{{ID: "planted.cards", Title: text, About: text, Part: core.Processor, Purposes: []core.Purpose{core.PurposeService}, Persons: []core.Text{text}, Tables: []string{"planted_card"}}},
			Rules:      []core.RetentionRule{{Name: "planted", Title: text, From: text, Ground: core.Contract}},
		}
	}
	if got := register.Gaps([]core.Manifest{sound()}); len(got) > 0 {
		t.Fatalf("a sound manifest is refused: %q", got)
	}
	for want, plant := range map[string]func(m *core.Manifest){
		"column planted_card.phone is personal and lacks a category, purpose, legal basis or retention": func(m *core.Manifest) { m.Tables[0].Columns[0].Basis = "" },
		"column planted_card.phone is kept for \"ever\", which no retention rule defines":               func(m *core.Manifest) { m.Tables[0].Columns[0].Retention = "ever" },
		"column planted_card.phone is for \"support\", a purpose that no activity on its table has":     func(m *core.Manifest) { m.Tables[0].Columns[0].Purpose = core.PurposeSupport },
		"table planted_card holds personal data and no activity treats it":                              func(m *core.Manifest) { m.Activities[0].Tables = nil },
		"act card.read states no purpose":                                               func(m *core.Manifest) { m.Acts[0].Purpose = "" },
		"act card.read is for \"legal\", a purpose that no activity of planted has":     func(m *core.Manifest) { m.Acts[0].Purpose = core.PurposeLegal },
		"activity planted.cards names table other_card, which its module does not keep": func(m *core.Manifest) { m.Activities[0].Tables = append(m.Activities[0].Tables, "other_card") },
	} {
		m := sound()
		plant(&m)
		if got := register.Gaps([]core.Manifest{m}); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
