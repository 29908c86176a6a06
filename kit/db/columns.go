package db

import (
	"context"
	"strings"

	"github.com/rempart/rempart/core"
)

// Column is one column of the schema as the engine has it.
type Column struct{ Table, Name string }

var (
	qSQLiteSchema = SQLOn(SQLite, `SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
		WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid`)
	qPostgresSchema = SQLOn(PostgreSQL, `SELECT c.table_name, c.column_name FROM information_schema.columns c
		JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
		WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' ORDER BY c.table_name, c.ordinal_position`)
)

// Columns lists the columns of every table, but for those of this package itself (notices and versions of the schema).
func (d *DB) Columns(ctx context.Context) (list []Column, err error) {
	query := qSQLiteSchema
	if d.Engine() == PostgreSQL {
		query = qPostgresSchema
	}
	err = d.Read(ctx, func(tx core.Tx) error {
		all, err := All(ctx, tx, query, func(scan Scan) (c Column, err error) { err = scan(&c.Table, &c.Name); return c, err })
		list = nil
		for _, c := range all {
			if !strings.HasPrefix(c.Table, "ground_") && !strings.HasPrefix(c.Table, "goose_") {
				list = append(list, c)
			}
		}
		return err
	})
	return list, err
}
