package sql

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/rempart/rempart/services/recognition/source/tool"
)

// maria runs a query in a read-only transaction of MariaDB or MySQL; rows are not buffered.
func maria(ctx context.Context, d *DB, query string, each func([]string, []string) error) error {
	metered := new(tool.Line)
	conf, err := d.mariaConfig(metered)
	if err != nil {
		return err
	}
	connector, err := mysql.NewConnector(conf)
	if err != nil {
		return d.c.Wrong("url", "url: mariadb://reader@db.example:3306/crm")
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(1)
	defer pool.Close()
	tx, err := pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return d.mariaFault(ctx, err, metered)
	}
	defer func() { _ = tx.Rollback() }()
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return d.mariaFault(ctx, err, metered)
	}
	given, err := d.mariaRows(rows, metered, each)
	if given != nil {
		metered.Cut() // the rest of the rows is of no use
		_ = rows.Close()
		return given
	}
	_ = rows.Close()
	if err != nil {
		return d.mariaFault(ctx, err, metered)
	}
	return nil
}

func (d *DB) mariaRows(rows *sql.Rows, metered *tool.Line, each func([]string, []string) error) (given, err error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	if err := each(columns, nil); err != nil {
		return err, nil
	}
	raw, into, row := make([]sql.RawBytes, len(columns)), make([]any, len(columns)), make([]string, len(columns))
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, v := range raw {
			row[i] = string(v)
		}
		if err := each(columns, row); err != nil {
			return err, nil
		}
		metered.Next()
	}
	return nil, rows.Err()
}

func (d *DB) mariaConfig(metered *tool.Line) (*mysql.Config, error) {
	password, err := d.c.Secret(d.s.Password)
	if err != nil {
		return nil, err
	}
	conf := mysql.NewConfig()
	conf.User, conf.Passwd, conf.DBName = d.u.User.Username(), password, d.u.Path[1:]
	conf.Net, conf.Addr, conf.Timeout, conf.Logger = "tcp", d.address("3306"), 15*time.Second, &mysql.NopLogger{}
	if !d.s.Plain && (!tool.Here(d.host()) || d.s.CAFile != "") {
		if conf.TLS, err = d.c.TLS(d.host(), d.s.CAFile); err != nil {
			return nil, err
		}
	}
	conf.DialFunc = metered.Dial
	return conf, nil
}

func (d *DB) mariaFault(ctx context.Context, err error, metered *tool.Line) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, tool.ErrFlood) || metered.Flooded() {
		return tool.Flood(d.host())
	}
	said, ok := errors.AsType[*mysql.MySQLError](err)
	switch {
	case !ok:
		return tool.Unreachable(d.host())
	case said.Number == 1792 || said.Number == 1290:
		return tool.Refuse(errWrites, d.host())
	case said.Number == 1044 || said.Number == 1045 || said.Number == 1142 || said.Number == 1698:
		return tool.Denied(d.host())
	}
	return tool.Refuse(errQuery, d.host(), "error "+strconv.Itoa(int(said.Number)))
}
