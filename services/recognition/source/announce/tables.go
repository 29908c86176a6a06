package announce

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rempart/rempart/services/recognition/source"
)

// mostTables of one database, and mostColumns of one table.
const (
	mostTables  = 100
	mostColumns = 200
)

// catalogue lists the columns of every table that an account may read, in words that PostgreSQL, MariaDB and MySQL share.
const catalogue = `SELECT table_schema AS place, table_name AS named, column_name AS field FROM information_schema.columns
	WHERE table_schema NOT IN ('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys') ORDER BY table_schema, table_name, ordinal_position`

// CheckDatabase tells what is wrong with the account of a database; nothing is connected.
func CheckDatabase(c source.Config) error {
	_, err := source.Open("sql", asking(c, catalogue, "place", "named", "field"))
	return err
}

// asking gives the settings of a database with a query, in place of what they may say of one.
func asking(c source.Config, query string, key ...string) source.Config {
	for _, name := range []string{"query", "key", "mark"} {
		_, c = c.Cut(name)
	}
	n := *c.Node
	keys := &yaml.Node{Kind: yaml.SequenceNode, Line: n.Line}
	for _, k := range key {
		keys.Content = append(keys.Content, word(k, n.Line))
	}
	n.Content = append(slices.Clone(n.Content), word("query", n.Line), word(query, n.Line), word("key", n.Line), keys)
	c.Node = &n
	return c
}

func word(s string, line int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: s, Tag: "!!str", Line: line}
}

// tables lists those of a database with their columns, those that seem to hold numbers first.
func tables(ctx context.Context, c source.Config) (found []Found) {
	address, _ := c.Take("url")
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	base := strings.Trim(u.Path, "/")
	list, err := source.Open("sql", asking(c, catalogue, "place", "named", "field"))
	var at []string // schema and name of the table that found ends with
	end := func() {
		if n := len(found); n > 0 {
			f := &found[n-1]
			f.config = asking(c, reading(u.Scheme, at, f.Fields), keyOf(f.Fields))
		}
	}
	if err == nil {
		err = list.Read(ctx, func(r source.Record) error {
			place, name, field := first(r, "place"), first(r, "named"), first(r, "field")
			if at == nil || at[0] != place || at[1] != name {
				end()
				at = []string{place, name}
				found = append(found, Found{Kind: "sql", Title: titled(base, place, name)})
			}
			if f := &found[len(found)-1]; len(f.Fields) < mostColumns {
				f.Fields = append(f.Fields, field)
			}
			return nil
		})
		end()
	}
	if err != nil {
		return []Found{{Kind: "sql", Title: base, Fault: code(err)}}
	}
	dull := func(f Found) int { return min(len(source.Guess(f.Fields, nil).Numbers), 1) }
	slices.SortStableFunc(found, func(a, b Found) int { return dull(b) - dull(a) })
	return found[:min(len(found), mostTables)]
}

func first(r source.Record, field string) string {
	if v := r.Fields[field]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// titled names a table by its database, and by its schema where that says something.
func titled(base, place, name string) string {
	if place == base || place == "public" {
		return base + "." + name
	}
	return base + "." + place + "." + name
}

// reading is the query that reads columns of a table, whatever they are called.
func reading(scheme string, at, columns []string) string {
	mark := "`"
	if strings.HasPrefix(scheme, "postgres") {
		mark = `"`
	}
	quote := func(name string) string { return mark + strings.ReplaceAll(name, mark, mark+mark) + mark }
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = quote(c)
	}
	return "SELECT " + strings.Join(quoted, ", ") + " FROM " + quote(at[0]) + "." + quote(at[1])
}

// keyOf is the column that names a row for good: the one called id, else the first.
func keyOf(columns []string) string {
	for _, c := range columns {
		if strings.EqualFold(c, "id") {
			return c
		}
	}
	return columns[0]
}
