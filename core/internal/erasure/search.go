package erasure

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// wanted is what the check of an order looks for, and what it found.
type wanted struct {
	person string
	values []string // of the person; none after a restore, when they could not be read any more
	left   []core.Receipt
}

// column is one text column of the live schema.
type column struct{ table, name string }

var (
	qSQLiteColumns = db.SQLOn(db.SQLite, `SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
		WHERE t.schema = 'main' AND t.type = 'table' AND upper(c.type) = 'TEXT' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid`)
	// As information_schema.columns says it, which takes ten times as long.
	qPostgresColumns = db.SQLOn(db.PostgreSQL, `SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'text'::regtype
		ORDER BY c.relname, a.attnum`)
)

// What changes whenever a table or a column does.
var (
	qSQLiteMark   = db.SQLOn(db.SQLite, `SELECT CAST(schema_version AS TEXT) FROM pragma_schema_version`)
	qPostgresMark = db.SQLOn(db.PostgreSQL, `SELECT COALESCE(md5(string_agg(c.oid || ' ' || c.relname || ' ' || c.relnatts || ' ' || c.xmin, ',' ORDER BY c.oid)), '') FROM pg_class c
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'v', 'f', 'p')`)
)

// live lists the text columns of a database, without those of kit/db itself.
func live(ctx context.Context, tx core.Tx, on db.Engine) ([]column, error) {
	query := qSQLiteColumns
	if on == db.PostgreSQL {
		query = qPostgresColumns
	}
	all, err := db.All(ctx, tx, query, func(scan db.Scan) (c column, err error) { err = scan(&c.table, &c.name); return c, err })
	return slices.DeleteFunc(all, func(c column) bool {
		return strings.HasPrefix(c.table, "ground_") || strings.HasPrefix(c.table, "goose_") || !plainName.MatchString(c.table) || !plainName.MatchString(c.name)
	}), err
}

var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// place is the part of a table that is searched.
type place struct {
	table   string
	columns []string
}

// sight is what is searched of a database, as long as its schema stays what it is.
type sight struct {
	mark        string
	tables      map[string]bool
	goes, clear []place           // by the manifests: columns that go with the person, columns that are not sealed
	texts       map[string]string // statements, by what they look for
}

// see gives what is searched of a database as it stands, whatever the manifests say; tables in seen are searched in another one.
func (m *Module) see(ctx context.Context, tx core.Tx, on db.Engine, before *sight, seen map[string]bool) (*sight, error) {
	query := qSQLiteMark
	if on == db.PostgreSQL {
		query = qPostgresMark
	}
	mark, _, err := db.One(ctx, tx, query, db.Value[string])
	if err != nil || before != nil && before.mark == mark {
		return before, err
	}
	columns, err := live(ctx, tx, on)
	if err != nil {
		return nil, err
	}
	declared := map[column]core.Column{}
	for _, manifest := range m.needs.All() {
		for _, t := range manifest.Tables {
			for _, c := range t.Columns {
				declared[column{t.Name, c.Name}] = c
			}
		}
	}
	s := &sight{mark: mark, tables: map[string]bool{}, texts: map[string]string{}}
	for _, c := range columns {
		s.tables[c.table] = true
		if seen[c.table] {
			continue
		}
		as := declared[c]
		if as.Personal && (as.OnErase == core.EraseRow || as.OnErase == core.EraseNull) {
			s.goes = with(s.goes, c)
		}
		if !as.Sealed {
			s.clear = with(s.clear, c)
		}
	}
	return s, nil
}

// with adds a column to the places; the columns of a table come one after the other.
func with(list []place, c column) []place {
	if n := len(list); n == 0 || list[n-1].table != c.table {
		list = append(list, place{table: c.table})
	}
	last := &list[len(list)-1]
	last.columns = append(last.columns, c.name)
	return list
}

// search looks for persons in both databases: for their ids in every column that the manifests say goes with them, for their values
// in every column that is not sealed.
func (m *Module) search(ctx context.Context, list []*wanted) error {
	ids, values := make([][]core.Receipt, len(list)), make([][]core.Receipt, len(list))
	seen := map[string]bool{}
	for i, d := range []Base{m.needs.Rows, m.needs.Keys} {
		var s *sight
		var byID, byValue [][]core.Receipt
		err := d.Read(db.Long(ctx), func(tx core.Tx) (err error) {
			if s, err = m.see(ctx, tx, d.Engine(), m.sights[i], seen); err != nil {
				return err
			}
			l := looking{tx, d.Engine(), s, list}
			if byID, err = l.ids(ctx); err != nil {
				return err
			}
			byValue, err = l.values(ctx)
			return err
		})
		if err != nil {
			m.sights[i] = nil
			return err
		}
		m.sights[i] = s
		for table := range s.tables {
			seen[table] = true
		}
		for i := range list {
			ids[i], values[i] = append(ids[i], byID[i]...), append(values[i], byValue[i]...)
		}
	}
	for i, w := range list {
		w.left = append(ids[i], values[i]...)
	}
	return nil
}

// looking is a search of one database.
type looking struct {
	tx core.Tx
	on db.Engine
	*sight
	list []*wanted
}

// atOnce is how many tables one statement searches: on a server each statement is a way there and back.
const atOnce = 60

// ids finds the persons' ids.
func (l looking) ids(ctx context.Context) ([][]core.Receipt, error) {
	left := make([][]core.Receipt, len(l.list))
	var persons []string
	for _, w := range l.list {
		persons = append(persons, w.person)
	}
	for some := range slices.Chunk(persons, 16) {
		args := padded(some, 1, 4, 16)
		var of []string
		for i := range args {
			of = append(of, fmt.Sprintf("$%d", i+1))
		}
		hit, err := l.hit(ctx, "id", l.goes, func(c string) string { return c + " IN (" + strings.Join(of, ", ") + ")" }, args)
		if err != nil {
			return nil, err
		}
		for i, w := range l.list {
			if !slices.Contains(some, w.person) {
				continue
			}
			if err := l.count(ctx, "id", hit, func(c string) string { return c + " = $1" }, []any{w.person}, whyNamed, &left[i]); err != nil {
				return nil, err
			}
		}
	}
	return left, nil
}

// values finds the persons' values wherever they stand in a text. Where many are looked for, what they have in common is, and what
// has it is looked at again for each: one pass over the tables serves them all.
func (l looking) values(ctx context.Context) ([][]core.Receipt, error) {
	left := make([][]core.Receipt, len(l.list))
	within := "strpos(%s, $%d) > 0"
	if l.on == db.SQLite {
		within = "instr(%s, $%d) > 0"
	}
	holds := func(n int) func(c string) string {
		return func(c string) string {
			var terms []string
			for i := range n {
				terms = append(terms, fmt.Sprintf(within, c, i+1))
			}
			return strings.Join(terms, " OR ")
		}
	}
	parts, part := common(l.list)
	for some := range slices.Chunk(parts, 8) {
		hit, err := l.hit(ctx, "value", l.clear, holds(len(some)), padded(some))
		if err != nil {
			return nil, err
		}
		for i, w := range l.list {
			var own []string
			for _, v := range w.values {
				if slices.Contains(some, part(v)) {
					own = append(own, v)
				}
			}
			if len(own) == 0 {
				continue
			}
			if err := l.count(ctx, "value", hit, holds(len(own)), padded(own), whyValue, &left[i]); err != nil {
				return nil, err
			}
		}
	}
	return left, nil
}

// common gives texts of which one stands in each value, and tells which: the values themselves when they are few; otherwise the sign
// that every address has, and how the numbers begin.
func common(list []*wanted) (parts []string, part func(value string) string) {
	n := 0
	for _, w := range list {
		n += len(w.values)
	}
	part = func(v string) string {
		switch {
		case n <= 3:
			return v
		case strings.Contains(v, "@"):
			return "@"
		}
		return v[:min(len(v), 4)]
	}
	for _, w := range list {
		for _, v := range w.values {
			if p := part(v); !slices.Contains(parts, p) {
				parts = append(parts, p)
			}
		}
	}
	return parts, part
}

// padded gives the arguments of a statement, the last one repeated up to one of the sizes: few texts serve any number.
func padded(values []string, sizes ...int) []any {
	args := make([]any, 0, len(values))
	for _, v := range values {
		args = append(args, v)
	}
	for _, n := range sizes {
		for len(args) < n && len(values) > 0 && n >= len(values) {
			args = append(args, values[len(values)-1])
		}
		if len(args) == n {
			break
		}
	}
	return args
}

// text gives a statement, made once as long as the schema is the same. Names of tables and columns are those of the live schema, and
// look like names: no input has a way in.
func (l looking) text(name string, build func() string) string {
	q, made := l.texts[name]
	if !made {
		q = db.SQLOn(l.on, build())
		l.texts[name] = q
	}
	return q
}

// hit tells in which places a row has a column that is as asked.
func (l looking) hit(ctx context.Context, what string, in []place, as func(column string) string, args []any) (list []place, err error) {
	for some := range slices.Chunk(in, atOnce) {
		q := l.text(fmt.Sprint("hit", what, len(args), some[0].table), func() string {
			var parts []string
			for i, p := range some {
				var terms []string
				for _, c := range p.columns {
					terms = append(terms, as(c))
				}
				parts = append(parts, fmt.Sprintf("SELECT %d AS at WHERE EXISTS (SELECT 1 FROM %s WHERE %s)", i, p.table, strings.Join(terms, " OR ")))
			}
			return strings.Join(parts, " UNION ALL ")
		})
		at, err := db.All(ctx, l.tx, q, db.Value[int64], args...)
		if err != nil {
			return nil, err
		}
		slices.Sort(at)
		for _, i := range at {
			list = append(list, some[i])
		}
	}
	return list, nil
}

// count adds, for each column of some places, how many rows are as asked.
func (l looking) count(ctx context.Context, what string, in []place, as func(column string) string, args []any, why core.Text, left *[]core.Receipt) error {
	for _, p := range in {
		q := l.text(fmt.Sprint("count", what, len(args), p.table), func() string {
			var parts []string
			for _, c := range p.columns {
				parts = append(parts, "count(*) FILTER (WHERE "+as(c)+")")
			}
			return "SELECT " + strings.Join(parts, ", ") + " FROM " + p.table
		})
		counts := make([]int64, len(p.columns))
		into := make([]any, len(counts))
		for i := range counts {
			into[i] = &counts[i]
		}
		if _, _, err := db.One(ctx, l.tx, q, func(scan db.Scan) (struct{}, error) { return struct{}{}, scan(into...) }, args...); err != nil {
			return err
		}
		for i, n := range counts {
			if n > 0 {
				*left = append(*left, core.Receipt{Table: p.table + "." + p.columns[i], Deleted: n, Why: why})
			}
		}
	}
	return nil
}
