package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

	"github.com/rempart/rempart/core"
)

// oldestSQLite is the first release without the WAL-reset corruption.
const oldestSQLite = "3.51.3"

// sqliteDB is one file, one writer and some readers.
type sqliteDB struct {
	db     *DB
	path   string
	wait   time.Duration
	writer *writer
	turns  chan struct{} // one per reader that may run
	closed chan struct{}

	mu   sync.Mutex
	idle []*conn // opened readers nobody uses; the last used is taken first, so that quiet times keep few of them warm
}

func openSQLite(ctx context.Context, d *DB, cfg Config) (*sqliteDB, error) {
	path, err := filepath.Abs(strings.TrimPrefix(strings.TrimPrefix(cfg.URL, "sqlite:"), "file:"))
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	n := cfg.Pool
	if n <= 0 {
		n = max(4, 2*runtime.GOMAXPROCS(0))
	}
	s := &sqliteDB{db: d, path: path, wait: cfg.Wait, turns: make(chan struct{}, n), closed: make(chan struct{})}
	unlock, err := lockFile(path)
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	defer unlock()
	if s.writer, err = startWriter(s); err != nil {
		return nil, err
	}
	return s, nil
}

// The settings of durability.md. busy_timeout comes first so that the others can wait.
var (
	writerPragmas = [][2]string{
		{"busy_timeout", "5000"},
		{"journal_mode", "wal"},
		{"synchronous", "2"},
		{"foreign_keys", "1"},
		{"trusted_schema", "0"},
		{"cache_size", "-16000"},
		{"temp_store", "2"},
		{"wal_autocheckpoint", "0"},
		{"secure_delete", "1"},
		{"case_sensitive_like", "1"},
	}
	readerPragmas = [][2]string{
		{"busy_timeout", "5000"},
		{"foreign_keys", "1"},
		{"trusted_schema", "0"},
		{"cache_size", "-4000"},
		{"temp_store", "2"},
		{"wal_autocheckpoint", "0"},
		{"case_sensitive_like", "1"},
		{"query_only", "1"},
	}
)

func dsn(path string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_dqs=0"
}

// conn is one SQLite connection with its prepared statements. One goroutine at a time uses it.
type conn struct {
	c     driver.Conn
	stmts map[string]*stmt
	args  []driver.NamedValue
}

type stmt struct {
	s      driver.Stmt
	exec   driver.StmtExecContext
	query  driver.StmtQueryContext
	order  []int // for each placeholder, the argument that it takes
	params int   // how many arguments it asks for
}

// openConn opens a connection and checks that each setting took. Another process that opens, recovers or closes the
// same file at this moment is waited for: SQLite answers "busy" to some of these statements without waiting itself.
func openConn(path string, pragmas [][2]string) (*conn, error) {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := openOnce(path, pragmas)
		if !errors.Is(err, errBusy) || time.Now().After(end) {
			return c, err
		}
	}
}

func openOnce(path string, pragmas [][2]string) (*conn, error) {
	dc, err := (&sqlite.Driver{}).Open(dsn(path))
	if err != nil {
		return nil, fmt.Errorf("db: open: %w", fromSQLite(err, ""))
	}
	c := &conn{c: dc, stmts: map[string]*stmt{}}
	if err := c.settle(pragmas); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *conn) settle(pragmas [][2]string) error {
	v, err := c.text("SELECT sqlite_version()")
	if err != nil {
		return fmt.Errorf("db: %w", fromSQLite(err, ""))
	}
	if older(v, oldestSQLite) {
		return fmt.Errorf("db: SQLite %s can corrupt its log, %s or newer is needed", v, oldestSQLite)
	}
	for _, p := range pragmas {
		if _, err := c.text("PRAGMA " + p[0] + "=" + p[1]); err != nil {
			return fmt.Errorf("db: PRAGMA %s: %w", p[0], fromSQLite(err, ""))
		}
		if p[0] == "case_sensitive_like" { // cannot be read back; the conformance tests look at what it does
			continue
		}
		got, err := c.text("PRAGMA " + p[0])
		if err != nil || got != p[1] {
			return fmt.Errorf("db: PRAGMA %s is %q, %q is needed (%v)", p[0], got, p[1], err)
		}
	}
	return nil
}

// older compares versions of the form 3.51.3.
func older(v, than string) bool {
	num := func(s string) (n int) {
		var a, b, c int
		fmt.Sscanf(s, "%d.%d.%d", &a, &b, &c)
		return a*1_000_000 + b*1_000 + c
	}
	return num(v) < num(than)
}

// text runs a statement of this package's own and gives its first column of its first row.
func (c *conn) text(q string) (string, error) {
	v, err := c.value(q, 0)
	if err != nil || v == nil {
		return "", err
	}
	return fmt.Sprint(v), nil
}

// number is text for a column that holds a number.
func (c *conn) number(q string, column int) (int64, error) {
	v, err := c.value(q, column)
	n, ok := v.(int64)
	if err == nil && !ok {
		err = fmt.Errorf("db: %s gives no number", q)
	}
	return n, err
}

func (c *conn) value(q string, column int) (driver.Value, error) {
	rows, err := c.c.(driver.QueryerContext).QueryContext(context.Background(), q, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	vals := make([]driver.Value, len(rows.Columns()))
	if len(vals) <= column {
		return nil, nil
	}
	if err := rows.Next(vals); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	return vals[column], nil
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.s.Close()
	}
	c.stmts = nil
	return c.c.Close()
}

// prepared gives the statement of a registered text.
func (c *conn) prepared(text string) (*stmt, error) {
	if s := c.stmts[text]; s != nil {
		return s, nil
	}
	if !registered(text) {
		return nil, fmt.Errorf("%w: %s", errUnregistered, text)
	}
	if len(c.stmts) >= statementsKept {
		c.forgetOne()
	}
	plain, order := positional(text)
	ds, err := c.c.Prepare(plain)
	if err != nil {
		return nil, fromSQLite(err, text)
	}
	s := &stmt{s: ds, exec: ds.(driver.StmtExecContext), query: ds.(driver.StmtQueryContext), order: order}
	for _, from := range order {
		s.params = max(s.params, from+1)
	}
	c.stmts[text] = s
	return s, nil
}

// statementsKept bounds what one connection keeps prepared: a few kilobytes each.
const statementsKept = 300

// forgetOne closes any statement but this package's own; no rows are open while another is being prepared.
func (c *conn) forgetOne() {
	for text, s := range c.stmts {
		if len(text) > len(sImmediate) {
			s.s.Close()
			delete(c.stmts, text)
			return
		}
	}
}

// own runs one of this package's own statements (BEGIN, SAVEPOINT, COMMIT...).
func (c *conn) own(text string) error {
	s, err := c.prepared(text)
	if err != nil {
		return err
	}
	_, err = s.exec.ExecContext(context.Background(), nil)
	return fromSQLite(err, "")
}

// bind gives each placeholder of s its argument.
func (c *conn) bind(s *stmt, args []any) ([]driver.NamedValue, error) {
	c.args = c.args[:0]
	if len(args) != s.params {
		return nil, fmt.Errorf("%d arguments given, %d asked for", len(args), s.params)
	}
	for i, from := range s.order {
		v, err := normal(args[from])
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.args, nil
}

// positional writes $1, $2... as the plain ? that the driver binds by position: it looks a named placeholder up by
// comparing texts with every argument, which made an INSERT of 64 rows a hundred times dearer.
func positional(text string) (plain string, order []int) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		ch := text[i]
		if ch == '\'' {
			quoted = !quoted
		}
		n, j := 0, i+1
		for ch == '$' && !quoted && j < len(text) && text[j] >= '0' && text[j] <= '9' {
			n = n*10 + int(text[j]-'0')
			j++
		}
		if n == 0 {
			b.WriteByte(ch)
			continue
		}
		b.WriteByte('?')
		order = append(order, n-1)
		i = j - 1
	}
	return b.String(), order
}

var (
	sBegin     = SQLOn(SQLite, "BEGIN")
	sImmediate = SQLOn(SQLite, "BEGIN IMMEDIATE")
	sSavepoint = SQLOn(SQLite, "SAVEPOINT one")
	sRelease   = SQLOn(SQLite, "RELEASE one")
	sBackTo    = SQLOn(SQLite, "ROLLBACK TO one")
	sCommit    = SQLOn(SQLite, "COMMIT")
	sRollback  = SQLOn(SQLite, "ROLLBACK")
)

// read runs fn on a reader, which its first statement takes: until then nothing of the database is held.
func (s *sqliteDB) read(ctx context.Context, fn func(core.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx := &sqliteTx{s: s}
	defer func() { // also when fn panics or ends its goroutine
		tx.over(nil)
		if tx.c != nil {
			s.giveBack(tx.c, tx.c.own(sRollback) == nil && !lostStorage(tx.dead))
		}
	}()
	err := fn(tx)
	if err == nil {
		if err = tx.over(nil); err == nil {
			tx.runAfter()
		}
	}
	return err
}

// reader waits for its turn and takes an idle connection, or opens one.
func (s *sqliteDB) reader(ctx context.Context) (*conn, error) {
	select {
	case s.turns <- struct{}{}:
	default:
		t := time.NewTimer(s.wait)
		defer t.Stop()
		select {
		case s.turns <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.closed:
			return nil, errClosed
		case <-t.C:
			return nil, errBusy
		}
	}
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return c, nil
	}
	s.mu.Unlock()
	select {
	case <-s.closed:
		<-s.turns
		return nil, errClosed
	default:
	}
	c, err := openConn(s.path, readerPragmas)
	if err != nil {
		<-s.turns
		return nil, err
	}
	return c, nil
}

// giveBack keeps a healthy connection for the next reader.
func (s *sqliteDB) giveBack(c *conn, healthy bool) {
	if healthy {
		s.mu.Lock()
		s.idle = append(s.idle, c)
		s.mu.Unlock()
	} else {
		c.close()
	}
	<-s.turns
}

func (s *sqliteDB) write(ctx context.Context, fn func(core.Tx) error) error {
	return s.writer.write(ctx, fn)
}

func (s *sqliteDB) prepare(ctx context.Context, text string) error {
	return s.read(ctx, func(tx core.Tx) error {
		plain, _ := positional(text)
		t := tx.(*sqliteTx)
		if t.c == nil {
			if err := t.open(ctx); err != nil {
				return err
			}
		}
		ds, err := t.c.c.Prepare(plain)
		if err != nil {
			return err
		}
		return ds.Close()
	})
}

func (s *sqliteDB) close() error {
	return s.writer.stop(func() {
		close(s.closed)
		for range cap(s.turns) { // waits for the reads under way
			s.turns <- struct{}{}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, c := range s.idle {
			c.close()
		}
		s.idle = nil
	})
}
