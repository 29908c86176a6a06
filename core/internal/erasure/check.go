package erasure

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// check looks for what should be gone in three ways that do not trust one another: the rooms are asked again, the columns that
// the manifests declare are searched for the person's id, and every column in clear for the person's values.
func (m *Module) check(ctx context.Context, o *Order) error {
	left, err := m.left(ctx, o)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		return m.pass(ctx, o, func(tx core.Tx, _ *core.Act) error {
			_, err := tx.Exec(ctx, qUnline, o.ID, Left)
			return err
		})
	}
	again := StepRooms
	done := &core.Act{Def: advance, Org: core.Platform, Resource: o.ID}
	err = m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qAgain, o.ID, o.Step, again, BlockedLeft)
		if err != nil {
			return err
		}
		if n == 0 {
			return errMoved
		}
		if _, err := tx.Exec(ctx, qUnline, o.ID, Left); err != nil {
			return err
		}
		done.Fail(errLeft.Code)
		return addLines(ctx, tx, o.ID, Left, left)
	})
	if err != nil {
		return err
	}
	// What came between two steps (a sign-in that was under way) goes with one more pass; what comes back for ever does not.
	if o.Tries == 0 {
		return nil
	}
	return errLeft
}

// left lists what is still there and has no ground to be.
func (m *Module) left(ctx context.Context, o *Order) (left []core.Receipt, err error) {
	again, err := m.dry(ctx, o.Scope, o.Org, o.Person)
	if err != nil {
		return nil, err
	}
	for _, r := range again {
		if r.Deleted > 0 {
			left = append(left, core.Receipt{Table: r.Table, Deleted: r.Deleted, Why: whyRows})
		}
		if r.Kept > 0 && (r.Ground == "" || r.Why.FR == "" || r.Why.EN == "") {
			left = append(left, core.Receipt{Table: r.Table + ".ground", Kept: r.Kept, Why: whyGround})
		}
	}
	if o.Scope == ScopeMember {
		return left, nil
	}
	schemas, err := m.schemas(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := m.named(ctx, schemas, o.Person)
	if err != nil {
		return nil, err
	}
	left = append(left, ids...)
	if _, err := m.needs.Vault.Seal(ctx, o.Person, "erasure.check", nil); core.KindOf(err) != core.Gone {
		if err != nil {
			return nil, err
		}
		left = append(left, core.Receipt{Table: "vault_key", Deleted: 1, Why: whyKey})
	}
	traces, err := m.traces(ctx, o)
	if err != nil {
		return nil, err
	}
	values, err := m.values(ctx, schemas, traces)
	return gather(append(left, values...)), err
}

var (
	whyRows   = core.Text{FR: "La pièce a encore de quoi effacer.", EN: "The room still has something to erase."}
	whyGround = core.Text{FR: "Des lignes restent sans que la pièce dise pourquoi.", EN: "Rows stay and the room does not say why."}
	whyNamed  = core.Text{FR: "L'identifiant de la personne reste dans une colonne qui devait partir.", EN: "The person's id stays in a column that was to go."}
	whyValue  = core.Text{FR: "Une valeur de la personne reste en clair.", EN: "A value of the person stays in clear."}
	whyKey    = core.Text{FR: "La clé de la personne existe encore.", EN: "The person's key still exists."}
)

// traces opens the values to look for; none after a restore, when they could not be read any more.
func (m *Module) traces(ctx context.Context, o *Order) (values []string, err error) {
	if o.traces == nil {
		return nil, nil
	}
	plain, err := m.needs.Vault.Open(ctx, o.ID, placeTraces+string(o.ID), o.traces)
	if err != nil {
		return nil, err
	}
	return values, json.Unmarshal(plain, &values)
}

// tracesOf are the values that name one person and nobody else.
func tracesOf(p core.Person) []string {
	var list []string
	for _, v := range []string{p.Email, p.Email2, p.Phone} {
		if len(v) >= 6 && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// column is one text column of the live schema.
type column struct{ table, name string }

var (
	qSQLiteColumns = db.SQLOn(db.SQLite, `SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
		WHERE t.schema = 'main' AND t.type = 'table' AND upper(c.type) = 'TEXT' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid`)
	qPostgresColumns = db.SQLOn(db.PostgreSQL, `SELECT table_name, column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND data_type = 'text' ORDER BY table_name, ordinal_position`)
)

// live lists the text columns of a database, without those of kit/db itself.
func live(ctx context.Context, d Base) ([]column, error) {
	query := qSQLiteColumns
	if d.Engine() == db.PostgreSQL {
		query = qPostgresColumns
	}
	var all []column
	err := d.Read(ctx, func(tx core.Tx) (err error) {
		all, err = db.All(ctx, tx, query, func(scan db.Scan) (c column, err error) { err = scan(&c.table, &c.name); return c, err })
		return err
	})
	return slices.DeleteFunc(all, func(c column) bool {
		return strings.HasPrefix(c.table, "ground_") || strings.HasPrefix(c.table, "goose_") || !plainName.MatchString(c.table) || !plainName.MatchString(c.name)
	}), err
}

var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// schema is a database with the text columns that it has now.
type schema struct {
	Base
	columns []column
}

// schemas reads those of both databases: what stands there, whatever the manifests say.
func (m *Module) schemas(ctx context.Context) ([]schema, error) {
	list := []schema{{Base: m.needs.Rows}, {Base: m.needs.Keys}}
	for i := range list {
		var err error
		if list[i].columns, err = live(ctx, list[i].Base); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// named looks, in every column that the manifests say goes with the person, for the person's id.
func (m *Module) named(ctx context.Context, in []schema, person core.ID) (left []core.Receipt, err error) {
	goes := m.treated(func(c core.Column) bool {
		return c.Personal && (c.OnErase == core.EraseRow || c.OnErase == core.EraseNull)
	})
	return look(ctx, in, func(c column) bool { return goes[c] }, "%s = $%d", []any{string(person)}, whyNamed)
}

// values looks for values in every column that is not sealed.
func (m *Module) values(ctx context.Context, in []schema, values []string) (left []core.Receipt, err error) {
	if len(values) == 0 {
		return nil, nil
	}
	sealed := m.treated(func(c core.Column) bool { return c.Sealed })
	patterns := make([]any, len(values))
	for i, v := range values {
		patterns[i] = "%" + escape.Replace(v) + "%"
	}
	return look(ctx, in, func(c column) bool { return !sealed[c] }, "%s LIKE $%d ESCAPE '!'", patterns, whyValue)
}

// treated are the declared columns whose treatment is as asked.
func (m *Module) treated(as func(core.Column) bool) map[column]bool {
	list := map[column]bool{}
	for _, manifest := range m.needs.All() {
		for _, t := range manifest.Tables {
			for _, c := range t.Columns {
				list[column{t.Name, c.Name}] = as(c)
			}
		}
	}
	return list
}

var escape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// look counts, in both databases, the rows of which a column matches one of the values; then it names the columns of those tables.
func look(ctx context.Context, in []schema, wanted func(column) bool, form string, values []any, why core.Text) (left []core.Receipt, err error) {
	seen := map[string]bool{}
	for _, d := range in {
		var terms []term
		for _, c := range d.columns {
			if !wanted(c) || seen[c.table] {
				continue
			}
			if n := len(terms); n == 0 || terms[n-1].table != c.table {
				terms = append(terms, term{table: c.table})
			}
			last := &terms[len(terms)-1]
			last.names = append(last.names, c.name)
		}
		err := d.Read(db.Long(ctx), func(tx core.Tx) error {
			left = slices.Clip(left)
			found, err := matching(ctx, tx, d, terms, form, values)
			if err != nil || len(found) == 0 {
				return err
			}
			var alone []term
			for _, t := range terms {
				for _, name := range t.names {
					if found[t.table] > 0 {
						alone = append(alone, term{table: t.table, says: t.table + "." + name, names: []string{name}})
					}
				}
			}
			here, err := matching(ctx, tx, d, alone, form, values)
			for _, t := range alone {
				if n := here[t.says]; n > 0 {
					left = append(left, core.Receipt{Table: t.says, Deleted: n, Why: why})
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, t := range terms {
			seen[t.table] = true
		}
	}
	return left, nil
}

// term is a part of a search: columns of one table, and what it is called by in the answer (the table's name when empty).
type term struct {
	table, says string
	names       []string
}

// atOnce is how many tables one statement searches: on a server each statement is a way there and back.
const atOnce = 60

// matching counts the rows of tables of which one of the columns matches one of the values; what has none is not in the answer. Names
// of tables and columns are those of the live schema, and look like names: no input has a way in.
func matching(ctx context.Context, tx core.Tx, d Base, terms []term, form string, values []any) (map[string]int64, error) {
	found := map[string]int64{}
	for some := range slices.Chunk(terms, atOnce) {
		var parts []string
		for _, t := range some {
			var any []string
			for _, name := range t.names {
				for i := range values {
					any = append(any, fmt.Sprintf(form, name, i+1))
				}
			}
			parts = append(parts, "SELECT '"+cmp.Or(t.says, t.table)+"' AS place, count(*) AS n FROM "+t.table+" WHERE "+strings.Join(any, " OR "))
		}
		q := db.SQLOn(d.Engine(), "SELECT place, n FROM ("+strings.Join(parts, " UNION ALL ")+") AS s WHERE n > 0")
		_, err := db.All(ctx, tx, q, func(scan db.Scan) (struct{}, error) {
			var place string
			var n int64
			err := scan(&place, &n)
			found[place] = n
			return struct{}{}, err
		}, values...)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
