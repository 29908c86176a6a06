package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// What may be written once for both engines, each with the answer that both must give. A construct that is not here
// has not been shown to mean the same.
var subset = []struct {
	what, text string
	args       []any
	want       string // rows joined by ";", columns by ","
}{
	{"$N binds by number, not by order", db.SQL(`SELECT id FROM t_row WHERE n > $2 AND id <> $1 ORDER BY id`), []any{"b", 1}, "c;d"},
	{"$N can come twice", db.SQL(`SELECT id FROM t_row WHERE n = $1 OR n = $1 + 1 ORDER BY id`), []any{1}, "a;b"},
	{"row values page by key", db.SQL(`SELECT id FROM t_row WHERE (n, id) > ($1, $2) ORDER BY n, id LIMIT $3`), []any{1, "a", 2}, "b;c"},
	{"upsert returning", db.SQL(`INSERT INTO t_row (id, n) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET n = t_row.n + excluded.n RETURNING n`), []any{"a", 10}, "11"},
	{"upsert with a condition", db.SQL(`INSERT INTO t_row (id, n) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET n = excluded.n WHERE t_row.n < excluded.n RETURNING n`), []any{"a", 0}, ""},
	{"conflict on a partial index", db.SQL(`INSERT INTO t_row (id, n, note) VALUES ($1, $2, $3) ON CONFLICT (note) WHERE note IS NOT NULL DO NOTHING RETURNING id`), []any{"z", 0, "un"}, ""},
	{"update from", db.SQL(`UPDATE t_row SET n = c.n FROM t_row AS c WHERE t_row.id = $1 AND c.id = $2 RETURNING t_row.n`), []any{"a", "d"}, "4"},
	{"delete returning", db.SQL(`DELETE FROM t_row WHERE id = $1 RETURNING id, n`), []any{"d"}, "d,4"},
	{"window", db.SQL(`SELECT id, row_number() OVER (ORDER BY n DESC) FROM t_row ORDER BY id`), nil, "a,4;b,3;c,2;d,1"},
	{"filter", db.SQL(`SELECT count(*) FILTER (WHERE n > $1) FROM t_row`), []any{2}, "2"},
	{"string_agg", db.SQL(`SELECT string_agg(id, ',' ORDER BY id DESC) FROM t_row`), nil, "d,c,b,a"},
	{"null-safe comparison", db.SQL(`SELECT id FROM t_row WHERE note IS NOT DISTINCT FROM $1 ORDER BY id`), []any{nil}, "c;d"},
	{"recursive query", db.SQL(`WITH RECURSIVE up (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM up WHERE i < $1) SELECT sum(i) FROM up`), []any{4}, "10"},
	{"integer division", db.SQL(`SELECT 7 / 2, -7 / 2, 7 % 3`), nil, "3,-3,1"},
	{"sum of integers", db.SQL(`SELECT sum(n) FROM t_row`), nil, "10"},
	{"sum of nothing is null", db.SQL(`SELECT coalesce(sum(n), 0) FROM t_row WHERE id = $1`), []any{"?"}, "0"},
	{"text sorts by bytes", db.SQL(`SELECT v FROM t_word ORDER BY v`), nil, "A;B;Z;_;a;b;é"},
	{"LIKE tells case apart", db.SQL(`SELECT v FROM t_word WHERE v LIKE $1 ORDER BY v`), []any{"a%"}, "a"},
	{"LIKE with an escape", db.SQL(`SELECT v FROM t_word WHERE v LIKE $1 ESCAPE '\' ORDER BY v`), []any{`\_%`}, "_"},
	{"lower leaves accents alone", db.SQL(`SELECT lower(v) FROM t_word WHERE v = $1`), []any{"Z"}, "z"},
	{"nulls are placed by hand", db.SQL(`SELECT id FROM t_row ORDER BY note IS NULL, note, id`), nil, "b;a;c;d"},
	{"EXISTS", db.SQL(`SELECT EXISTS (SELECT 1 FROM t_row WHERE id = $1)`), []any{"a"}, "1"},
	{"CASE", db.SQL(`SELECT CASE WHEN n >= $1 THEN 'many' ELSE 'few' END FROM t_row ORDER BY id LIMIT 2`), []any{2}, "few;many"},
	{"substr counts characters", db.SQL(`SELECT substr('éa', 2, 1), length('éa')`), nil, "a,2"},
	{"insert from select", db.SQL(`INSERT INTO t_row (id, n) SELECT id || $1, n FROM t_row WHERE n > $2 RETURNING id`), []any{"'", 3}, "d'"},
	{"union", db.SQL(`SELECT id FROM t_row WHERE n = 1 UNION ALL SELECT id FROM t_row WHERE n = 2 ORDER BY 1`), nil, "a;b"},
	{"real", db.SQL(`SELECT rate FROM t_row WHERE id = 'a'`), nil, "0.5"},
}

var (
	qSeed = []string{
		db.SQL(`INSERT INTO t_row (id, n, note, rate) VALUES ('a', 1, 'un', 0.5), ('b', 2, 'deux', NULL), ('c', 3, NULL, NULL), ('d', 4, NULL, NULL)`),
		db.SQL(`INSERT INTO t_word (v) VALUES ('b'), ('B'), ('a'), ('A'), ('é'), ('Z'), ('_')`),
	}
	qBlob  = db.SQL(`UPDATE t_row SET body = $2 WHERE id = $1`)
	qBody  = db.SQL(`SELECT body FROM t_row WHERE id = $1`)
	qTyped = db.SQL(`SELECT id, n, note, body, rate, n = 1 FROM t_row WHERE id = $1`)
)

func seed(ctx context.Context, tx core.Tx) error {
	for _, q := range qSeed {
		if _, err := tx.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func TestTheSubsetMeansTheSame(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		undo := fmt.Errorf("undo")
		for _, c := range subset {
			err := d.Write(ctx, func(tx core.Tx) error {
				if err := seed(ctx, tx); err != nil {
					t.Fatal(err)
				}
				rows, err := tx.Query(ctx, c.text, c.args...)
				if err != nil {
					t.Errorf("%s: %v", c.what, err)
					return undo
				}
				var got []string
				n := strings.Count(strings.Split(c.want+";", ";")[0], ",") + 1
				if strings.Contains(c.text, "string_agg") {
					n = 1
				}
				for rows.Next() {
					cells, dest := make([]string, n), make([]any, n)
					for i := range cells {
						dest[i] = (*loose)(&cells[i])
					}
					if err := rows.Scan(dest...); err != nil {
						t.Errorf("%s: %v", c.what, err)
					}
					got = append(got, strings.Join(cells, ","))
				}
				if err := rows.Close(); err != nil {
					t.Errorf("%s: %v", c.what, err)
				}
				if s := strings.Join(got, ";"); s != c.want {
					t.Errorf("%s: got %q, want %q", c.what, s, c.want)
				}
				return undo
			})
			if err != undo { //nolint:errorlint // the very value
				t.Errorf("%s: %v", c.what, err)
			}
		}
	})
}

// loose prints any value; a boolean of PostgreSQL prints as the 0 or 1 of SQLite.
type loose string

func (l *loose) Scan(v any) error {
	if b, ok := v.(bool); ok {
		v = map[bool]int{false: 0, true: 1}[b]
	}
	*l = loose(fmt.Sprint(v))
	return nil
}

func TestValuesComeBackAsTheyWentIn(t *testing.T) {
	type state string
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var note *string
		err := d.Write(ctx, func(tx core.Tx) error {
			if _, err := tx.Exec(ctx, qPut, core.ID("a"), true, note); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, qPut, state("b"), uint8(2), sql.NullString{String: "x", Valid: true}); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, qBlob, "a", []byte{0, 1, 255, '\''})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Read(ctx, func(tx core.Tx) error {
			_, found, err := db.One(ctx, tx, qTyped, func(scan db.Scan) (int, error) {
				var id state
				var n uint16
				var note *string
				var body []byte
				var rate sql.NullFloat64
				var one bool
				if err := scan(&id, &n, &note, &body, &rate, &one); err != nil {
					return 0, err
				}
				if id != "a" || n != 1 || note != nil || string(body) != "\x00\x01\xff'" || rate.Valid || !one {
					t.Errorf("got %q %d %v %q %v %v", id, n, note, body, rate, one)
				}
				return 0, nil
			}, "a")
			if !found || err != nil {
				t.Errorf("%v %v", found, err)
			}
			if _, found, err := db.One(ctx, tx, qTyped, db.Value[string], "nobody"); found || err != nil {
				t.Errorf("a row of nobody: %v %v", found, err)
			}
			// NULL does not slip into a plain string.
			if _, _, err := db.One(ctx, tx, qBody, db.Value[string], "b"); err == nil {
				t.Error("NULL was read as a string")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

var family = db.NewFamily(`SELECT id FROM t_row WHERE n >= $1 {AND note = $2} {AND id <> $3} ORDER BY id LIMIT $4`)

func TestAFamilyPicksAndRenumbers(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := d.Write(ctx, func(tx core.Tx) error { return seed(ctx, tx) }); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			note, not bool
			want      string
		}{{false, false, "[a b]"}, {true, false, "[b]"}, {false, true, "[b c]"}, {true, true, "[b]"}} {
			text, args := family.Pick([]any{1, "deux", "a", 2}, c.note, c.not)
			var got []string
			err := d.Read(ctx, func(tx core.Tx) (err error) {
				got, err = db.All(ctx, tx, text, db.Value[string], args...)
				return err
			})
			if err != nil || fmt.Sprint(got) != c.want {
				t.Errorf("%+v: %v %v", c, got, err)
			}
		}
	})
}

func TestEveryStatementIsUnderstoodByBothEngines(t *testing.T) {
	dbtest.Statements(t, schemas(), "t_row", "t_word", "t_child", "ground_")
}
