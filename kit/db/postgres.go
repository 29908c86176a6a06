package db

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rempart/rempart/core"
)

// How long a statement may take, how often a transaction that met another is run again at least: past that it is still
// tried as long as a caller would wait for a connection.
const (
	statementDeadline = "2000" // ms
	attempts          = 16
)

// postgresDB is a pool for transactions and one connection apart for notices.
type postgresDB struct {
	db       *DB
	pool     *pgxpool.Pool
	conf     *pgx.ConnConfig
	wait     time.Duration
	listener *listener
	closed   atomic.Bool
}

func openPostgres(ctx context.Context, d *DB, cfg Config) (*postgresDB, error) {
	conf, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, errors.New("db: the PostgreSQL URL cannot be read") // the cause would print the password
	}
	if cfg.Pool > 0 {
		conf.MaxConns = int32(cfg.Pool)
	} else if conf.MaxConns < 8 {
		conf.MaxConns = int32(max(8, 4*runtime.GOMAXPROCS(0)))
	}
	c := conf.ConnConfig
	c.StatementCacheCapacity = 1024
	params := c.RuntimeParams
	params["application_name"] = "rempart"
	params["timezone"] = "UTC"
	params["statement_timeout"] = statementDeadline
	params["lock_timeout"] = statementDeadline
	params["idle_in_transaction_session_timeout"] = "60000"
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}
	p := &postgresDB{db: d, conf: c, wait: cfg.Wait}
	if p.pool, err = pgxpool.NewWithConfig(ctx, conf); err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	if err := p.check(ctx); err != nil {
		p.pool.Close()
		return nil, err
	}
	if p.listener, err = listen(ctx, p); err != nil {
		p.pool.Close()
		return nil, err
	}
	return p, nil
}

// check refuses a server that would not keep what it acknowledges.
func (p *postgresDB) check(ctx context.Context) error {
	var version int
	var encoding, fsync, commit, pages string
	err := p.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
		current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')`).
		Scan(&version, &encoding, &fsync, &commit, &pages)
	switch {
	case err != nil:
		return fmt.Errorf("db: cannot reach PostgreSQL: %w", scrub(err))
	case version < 150000:
		return fmt.Errorf("db: PostgreSQL 15 or newer is needed, this is %d", version/10000)
	case encoding != "UTF8":
		return fmt.Errorf("db: the database must be in UTF8, it is in %s", encoding)
	case fsync != "on" || commit == "off" || pages != "on":
		return fmt.Errorf("db: this PostgreSQL can lose acknowledged rows: fsync=%s synchronous_commit=%s full_page_writes=%s", fsync, commit, pages)
	}
	for n := 0; ; n++ {
		err := p.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
			_, err := c.Conn().PgConn().Exec(ctx, bootstrap).ReadAll()
			return err
		})
		if err == nil {
			return nil
		}
		if n == 5 { // two nodes can meet here: the second run finds the tables
			return fmt.Errorf("db: %w", err)
		}
	}
}

// scrub drops what a connection error says about the URL (it can hold the password).
func scrub(err error) error {
	if e, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		if inner := errors.Unwrap(e); inner != nil {
			return inner
		}
	}
	return err
}

// bootstrap makes the tables of this package on PostgreSQL; SQLite needs only the first.
const bootstrap = `
CREATE TABLE IF NOT EXISTS ground_state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ground_notice (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at BIGINT NOT NULL, node TEXT NOT NULL, topic TEXT NOT NULL, payload TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ground_notice_at ON ground_notice (at);`

// retriable tells whether the server undid the transaction and running it again can succeed.
func retriable(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "40001", "40P01": // serialization failure, deadlock
			return true
		case "57P01", "57P02", "57P03": // the server is stopping or starting
			return true
		}
		return demoted(e) || e.Code[:2] == "08"
	}
	return false
}

// demoted tells whether the server behind the connection no longer takes writes (it was the primary, or the plan of a
// statement is older than its table): the connection is dropped and the next one looks for the primary again.
func demoted(e *pgconn.PgError) bool {
	return e.Code == "25006" || e.Code == "0A000" && (strings.Contains(e.Message, "hot standby") || strings.Contains(e.Message, "cached plan"))
}

// fromPostgres names what is not the statement's fault.
func fromPostgres(err error) error {
	if err == nil || core.CodeOf(err) != "" {
		return err
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case e.Code == "57014" || e.Code == "55P03": // statement or lock deadline
			return errSlow.Because(err)
		case e.Code == "53100" || e.Code == "53200":
			return errFull.Because(err)
		case e.Code[:2] == "58" || e.Code[:2] == "XX" || e.Code == "25006": // I/O error, corruption, read-only standby
			return errBroken.Because(err)
		case e.Code == "53300" || retriable(err):
			return errBusy.Because(err)
		}
		return err
	}
	if lost(err) {
		return errBroken.Because(scrub(err))
	}
	return err
}

// lost tells whether the connection died.
func lost(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err) || isNetwork(err)
}

func (p *postgresDB) read(ctx context.Context, fn func(core.Tx) error) error {
	return p.again(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, fn)
}

func (p *postgresDB) write(ctx context.Context, fn func(core.Tx) error) error {
	opts := pgx.TxOptions{IsoLevel: pgx.Serializable}
	if ctx.Value(relaxedKey{}) != nil {
		opts.IsoLevel = pgx.ReadCommitted
	}
	return p.again(ctx, opts, fn)
}

// again runs fn until it meets no other transaction. Nothing of a run that is tried again was kept.
func (p *postgresDB) again(ctx context.Context, opts pgx.TxOptions, fn func(core.Tx) error) error {
	began := time.Now()
	for n := 1; ; n++ {
		again, err := p.once(ctx, opts, fn)
		if err == nil || !again || n >= attempts && time.Since(began) > p.wait {
			return fromPostgres(err)
		}
		pause := time.Duration(1+rand.IntN(1<<min(n, 7))) * time.Millisecond
		if e, ok := errors.AsType[*pgconn.PgError](err); lost(err) || ok && e.Code != "40001" && e.Code != "40P01" {
			pause += 50 * time.Millisecond // the server needs a moment
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *postgresDB) once(ctx context.Context, opts pgx.TxOptions, fn func(core.Tx) error) (again bool, err error) {
	c, err := p.acquire(ctx)
	if err != nil {
		return lost(err), err
	}
	tx := &pgTx{conn: c, opts: opts, long: ctx.Value(longKey{}) != nil}
	kept := false
	defer func() { // also when fn panics or ends its goroutine
		if kept {
			return
		}
		tx.over(nil)
		undo, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer stop()
		tx.undo(undo)
		if e, ok := errors.AsType[*pgconn.PgError](err); ok && demoted(e) {
			c.Conn().Close(undo)
		}
		c.Release()
	}()
	if err := tx.over(fn(tx)); err != nil {
		return retriable(err) || lost(err) && tx.dead != nil, err
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if opts.AccessMode == pgx.ReadOnly {
		kept = true
		tx.leave()
		tx.runAfter()
		return false, nil
	}
	if err := p.finish(ctx, tx); err != nil {
		return retriable(err) || lost(err) && tx.dead != nil, err
	}
	// The commit is not cut short by the caller's context: its outcome must be known.
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer stop()
	if err := tx.commit(end); err != nil {
		if _, answered := errors.AsType[*pgconn.PgError](err); answered || errors.Is(err, pgx.ErrTxCommitRollback) {
			return retriable(err), err
		}
		if pgconn.SafeToRetry(err) {
			return true, err
		}
		p.listener.doubt(tx.notices)
		return false, errUnknown.Because(err)
	}
	kept = true
	c.Release()
	tx.settled(&p.db.hub)
	return false, nil
}

// finish hands over what was deferred and adds the notices: both go with the commit.
func (p *postgresDB) finish(ctx context.Context, tx *pgTx) error {
	hook, items := p.db.flushHook(), tx.items
	if hook != nil {
		if err := prepare(items); err != nil {
			return err
		}
	}
	tx.ending()
	if hook != nil && len(items) > 0 {
		tx.items = nil
		if err := tx.over(hook(ctx, tx, items)); err != nil {
			return err
		}
	}
	for _, n := range tx.notices {
		if _, err := tx.Exec(ctx, pSend, p.listener.node, n.topic, n.payload, channel, p.listener.node+"\n"+n.topic+"\n"+n.payload); err != nil {
			return err
		}
	}
	return nil
}

// acquire takes a connection, or refuses as busy after the configured wait: a pool that is too small, or a transaction
// opened inside another, ends in an error and never in a deadlock.
func (p *postgresDB) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	limited, stop := context.WithTimeout(ctx, p.wait)
	defer stop()
	c, err := p.pool.Acquire(limited)
	if err != nil && p.closed.Load() {
		return nil, errClosed
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return nil, errBusy.Because(scrub(err))
	}
	return c, err
}

func (p *postgresDB) prepare(ctx context.Context, text string) error {
	c, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	_, err = c.Conn().PgConn().Prepare(ctx, "", text, nil)
	return err
}

func (p *postgresDB) close() error {
	p.closed.Store(true)
	p.listener.stop()
	p.pool.Close()
	return nil
}
