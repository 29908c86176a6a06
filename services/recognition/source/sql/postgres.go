package sql

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rempart/rempart/services/recognition/source/tool"
)

// postgres runs a query in a read-only transaction; every value comes as the text that the database writes for it.
func postgres(ctx context.Context, d *DB, query string, each func([]string, []string) error) error {
	metered := new(tool.Line)
	conf, err := d.postgresConfig(metered)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, conf)
	if err != nil {
		return d.postgresFault(ctx, err, metered)
	}
	defer func() {
		within, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer stop()
		_ = conn.Close(within)
	}()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return d.postgresFault(ctx, err, metered)
	}
	rows, err := tx.Query(ctx, query, pgx.QueryExecModeExec, pgx.QueryResultFormats{pgx.TextFormatCode})
	if err != nil {
		return d.postgresFault(ctx, err, metered)
	}
	given := d.postgresRows(rows, metered, each)
	if given != nil {
		metered.Cut() // the rest of the rows is of no use
		rows.Close()
		return given
	}
	if err := rows.Err(); err != nil {
		return d.postgresFault(ctx, err, metered)
	}
	return nil
}

func (d *DB) postgresRows(rows pgx.Rows, metered *tool.Line, each func([]string, []string) error) error {
	var columns, row []string
	for first := true; ; first = false {
		more := rows.Next()
		if first && (more || rows.Err() == nil) {
			for _, f := range rows.FieldDescriptions() {
				columns = append(columns, f.Name)
			}
			row = make([]string, len(columns))
			if err := each(columns, nil); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		for i, v := range rows.RawValues() {
			row[i] = string(v)
		}
		if err := each(columns, row); err != nil {
			return err
		}
		metered.Next()
	}
}

func (d *DB) postgresConfig(metered *tool.Line) (*pgx.ConnConfig, error) {
	password, err := d.c.Secret(d.s.Password)
	if err != nil {
		return nil, err
	}
	conf, err := pgx.ParseConfig("postgres://" + d.address("5432") + "/?sslmode=disable")
	if err != nil {
		return nil, d.c.Wrong("url", "url: postgres://reader@db.example:5432/crm")
	}
	conf.User, conf.Password, conf.Database = d.u.User.Username(), password, d.u.Path[1:]
	conf.ConnectTimeout, conf.Fallbacks = 15*time.Second, nil
	if !d.s.Plain && (!tool.Here(d.host()) || d.s.CAFile != "") {
		if conf.TLSConfig, err = d.c.TLS(d.host(), d.s.CAFile); err != nil {
			return nil, err
		}
	}
	conf.RuntimeParams = map[string]string{"default_transaction_read_only": "on", "application_name": "rempart"}
	conf.DialFunc = metered.Dial
	return conf, nil
}

func (d *DB) postgresFault(ctx context.Context, err error, metered *tool.Line) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, tool.ErrFlood) || metered.Flooded() {
		return tool.Flood(d.host())
	}
	said, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return tool.Unreachable(d.host())
	case said.Code == "25006":
		return tool.Refuse(errWrites, d.host())
	case said.Code[:2] == "28" || said.Code == "42501":
		return tool.Denied(d.host())
	}
	return tool.Refuse(errQuery, d.host(), "SQLSTATE "+said.Code)
}
