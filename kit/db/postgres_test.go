package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbtest"
)

// plain runs a statement outside of the package under test, as an administrator would.
func plain(t *testing.T, url, text string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func TestANoticeReachesTheOtherNode(t *testing.T) {
	dbtest.NeedsPostgres(t)
	cfg := dbtest.Config(t, dbtest.Postgres, schemas())
	var nodes [2]*db.DB
	heard := make(chan string, 100)
	for i := range nodes {
		d, err := db.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		nodes[i] = d
	}
	defer nodes[1].Listen("cut", func(p string) { heard <- p })()
	tell := func(payload string) time.Duration {
		t.Helper()
		if err := nodes[0].Write(t.Context(), func(tx core.Tx) error { tx.Notify("cut", payload); return nil }); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for {
			select {
			case got := <-heard:
				if got == payload {
					return time.Since(start)
				}
			case <-time.After(3 * time.Second):
				t.Fatalf("%q never arrived", payload)
			}
		}
	}
	tell("warm")
	var slowest time.Duration
	for range 20 {
		slowest = max(slowest, tell("by notify"))
	}
	if slowest > 400*time.Millisecond {
		t.Errorf("NOTIFY took %v: slower than the poll behind it", slowest)
	}
	t.Logf("slowest of 20 by NOTIFY: %v", slowest)

	// A NOTIFY that is lost: the row alone still arrives within a second.
	plain(t, cfg.URL, `INSERT INTO ground_notice (at, node, topic, payload)
		VALUES ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, 'x', 'cut', 'row alone')`)
	select {
	case got := <-heard:
		if got != "row alone" {
			t.Errorf("heard %q", got)
		}
	case <-time.After(time.Second):
		t.Error("a notice whose NOTIFY was lost did not arrive within a second")
	}

	// Every connection is cut: the listener comes back and asks everybody to look again.
	plain(t, cfg.URL, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	if took := tell("after the cut"); took > 2*time.Second {
		t.Errorf("took %v after the cut", took)
	}
}

func TestTheFirstHostsAreTriedUntilOneTakesWrites(t *testing.T) {
	dbtest.NeedsPostgres(t)
	cfg := dbtest.Config(t, dbtest.Postgres, schemas())
	u, err := url.Parse(cfg.URL)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := dead.Addr().String()
	dead.Close()
	u.Host = gone + "," + u.Host
	q := u.Query()
	q.Set("target_session_attrs", "read-write")
	u.RawQuery = q.Encode()
	d, err := db.Open(t.Context(), db.Config{URL: u.String()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := put(t.Context(), d, "a"); err != nil {
		t.Fatal(err)
	}
}

// A proxy that can cut its connections at will.
type proxy struct {
	l     net.Listener
	mu    sync.Mutex
	conns []net.Conn
	to    string
	asked atomic.Int64 // what the client sent, each time it waited for an answer
	stops atomic.Bool  // the server ends each connection behind its first commit
	mute  atomic.Bool  // the answer to a commit is lost with its connection
}

// stopping passes a commit on as a server does that was told to stop meanwhile: it ends the connection behind the answer.
type stopping struct {
	net.Conn
	now, mute *atomic.Bool
}

func (s stopping) Write(b []byte) (int, error) {
	done, _ := (&pgproto3.CommandComplete{CommandTag: []byte("COMMIT")}).Encode(nil)
	at := bytes.Index(b, done)
	switch {
	case at >= 0 && s.mute.Load():
		return 0, net.ErrClosed
	case at < 0 || !s.now.Load():
		return s.Conn.Write(b)
	}
	bye := &pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: "57P01", Message: "terminating connection due to administrator command"}
	said, err := bye.Encode(slices.Clone(b[:at+len(done)]))
	if err == nil {
		_, err = s.Conn.Write(said)
	}
	return 0, errors.Join(err, net.ErrClosed)
}

// trips counts what passes from the client: it sends a round trip at once.
type trips struct {
	io.Reader
	n *atomic.Int64
}

func (r trips) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if n > 0 {
		r.n.Add(1)
	}
	return n, err
}

func newProxy(t *testing.T, to string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{l: l, to: to}
	t.Cleanup(func() { l.Close(); p.cut() })
	go func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", p.to)
			if err != nil {
				a.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, a, b)
			p.mu.Unlock()
			go func() { io.Copy(stopping{a, &p.stops, &p.mute}, b); a.Close() }()
			go func() { io.Copy(b, trips{a, &p.asked}); b.Close() }()
		}
	}()
	return p
}

// behindProxy opens an empty database through a proxy; it is closed with the test.
func behindProxy(t *testing.T, pool int) (*db.DB, *proxy) {
	t.Helper()
	dbtest.NeedsPostgres(t)
	u, err := url.Parse(dbtest.Config(t, dbtest.Postgres, schemas()).URL)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, u.Host)
	u.Host = p.l.Addr().String()
	d, err := db.Open(t.Context(), db.Config{URL: u.String(), Pool: pool})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d, p
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func TestABrokenConnectionIsTriedAgainOrSaidToBeUnknown(t *testing.T) {
	d, p := behindProxy(t, 4)
	runs := 0
	err := d.Write(t.Context(), func(tx core.Tx) error {
		if runs++; runs == 1 {
			p.cut() // before the first statement: nothing was done, so it is tried again
		}
		_, err := tx.Exec(t.Context(), qPut, "a", 1, nil)
		return err
	})
	if err != nil || runs < 2 || count(t, d) != 1 {
		t.Fatalf("cut before the statement: %v after %d runs, %d rows", err, runs, count(t, d))
	}
	err = d.Write(t.Context(), func(tx core.Tx) error {
		_, err := tx.Exec(t.Context(), qPut, "b", 1, nil)
		p.cut() // after the last statement: the commit meets a dead wire
		return err
	})
	if core.CodeOf(err) != "db.unknown_outcome" {
		t.Fatalf("cut during the commit: %v", err)
	}
}

// TestAnActThatWasCommittedIsNotDoneAgain: a server that stops can end the connection behind the answer to COMMIT.
func TestAnActThatWasCommittedIsNotDoneAgain(t *testing.T) {
	d, p := behindProxy(t, 1)
	for _, act := range []struct {
		what string
		do   func(core.Tx, string) error
	}{
		{"a statement", func(tx core.Tx, key string) error { _, err := tx.Exec(t.Context(), qPut, key, 1, nil); return err }},
		{"a notice alone", func(tx core.Tx, key string) error { tx.Notify("cut", key); return nil }},
	} {
		runs, told := 0, 0
		p.stops.Store(true)
		err := d.Write(t.Context(), func(tx core.Tx) error {
			if runs++; runs > 1 {
				p.stops.Store(false)
			}
			tx.OnCommit(func() { told++ })
			return act.do(tx, fmt.Sprint("row-", runs))
		})
		p.stops.Store(false)
		if err != nil || runs != 1 || told != 1 {
			t.Errorf("%s: %v after %d runs, what follows the commit was done %d times", act.what, err, runs, told)
		}
	}
	if n := count(t, d); n != 1 {
		t.Errorf("%d rows of one act", n)
	}
}

// TestANoticeOfACommitThatWasNotAnsweredIsHeardHereToo: the act happened, and this node, which cannot know, acts on it within a second.
func TestANoticeOfACommitThatWasNotAnsweredIsHeardHereToo(t *testing.T) {
	d, p := behindProxy(t, 2)
	heard := make(chan string, 10)
	defer d.Listen("cut", func(payload string) { heard <- payload })()
	p.mute.Store(true)
	err := d.Write(t.Context(), func(tx core.Tx) error {
		tx.Notify("cut", "someone")
		_, err := tx.Exec(t.Context(), qPut, "a", 1, nil)
		return err
	})
	p.mute.Store(false)
	if core.CodeOf(err) != "db.unknown_outcome" || count(t, d) != 1 {
		t.Fatalf("%v, %d rows", err, count(t, d))
	}
	select {
	case got := <-heard:
		if got != "someone" {
			t.Errorf("heard %q", got)
		}
	case <-time.After(5 * time.Second):
		t.Error("this node never heard of it")
	}
}

func TestRoundTrips(t *testing.T) {
	d, p := behindProxy(t, 1)
	d.OnFlush(func(ctx context.Context, tx core.Tx, items []any) error {
		_, err := tx.Exec(ctx, qPut, items[0].(string), 1, nil)
		return err
	})
	put := func(tx core.Tx, key string) error { _, err := tx.Exec(t.Context(), qPut, key, 1, nil); return err }
	n := 0
	for _, c := range []struct {
		what  string
		want  int64
		write bool
		fn    func(tx core.Tx) error
	}{
		{"a write without a statement", 0, true, func(core.Tx) error { return nil }},
		{"a journaled read", 1, true, func(tx core.Tx) error { db.Defer(tx, fmt.Sprint("entry-", n)); return nil }},
		{"a journaled act that cuts somebody off", 2, true, func(tx core.Tx) error {
			db.Defer(tx, fmt.Sprint("entry-", n))
			tx.Notify("cut", "someone")
			return put(tx, fmt.Sprint("row-", n))
		}},
		{"two statements", 3, true, func(tx core.Tx) error {
			return errors.Join(put(tx, fmt.Sprint("one-", n)), put(tx, fmt.Sprint("two-", n)))
		}},
		// The commit of a reader goes when nobody waits for it, and the next takes the connection after it.
		{"a read of one statement", 2, false, func(tx core.Tx) error { _, _, err := db.One(t.Context(), tx, qCount, db.Value[int64]); return err }},
	} {
		got := int64(99)
		for range 8 { // at first the statements are prepared, and the listener asks now and then
			n++
			run := d.Read
			if c.write {
				run = d.Write
			}
			before := p.asked.Load()
			if err := run(t.Context(), c.fn); err != nil {
				t.Fatal(c.what, err)
			}
			if !c.write { // nothing is asked, but the connection is waited for
				if err := d.Read(t.Context(), func(core.Tx) error { return nil }); err != nil {
					t.Fatal(err)
				}
			}
			got = min(got, p.asked.Load()-before)
		}
		if got != c.want {
			t.Errorf("%s takes %d round trips, want %d", c.what, got, c.want)
		}
	}
}

var qWhole = db.SQLOn(db.PostgreSQL, `SELECT * FROM t_row`)

// TestNothingOfAMisfortuneStays: a transaction that ends badly at its first statement, in the middle or at its end leaves no row, and its
// connection, the only one, serves the next.
func TestNothingOfAMisfortuneStays(t *testing.T) {
	dbtest.NeedsPostgres(t)
	cfg := dbtest.Config(t, dbtest.Postgres, schemas())
	cfg.Pool = 1
	d, err := db.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.OnFlush(func(ctx context.Context, tx core.Tx, items []any) error {
		_, err := tx.Exec(ctx, qPut, items[0].(string), 1, nil)
		return err
	})
	left, leave := context.WithCancel(t.Context())
	wrong := errors.New("it went wrong")
	one := func(tx core.Tx, key string) error { _, err := tx.Exec(t.Context(), qPut, key, 1, nil); return err }
	if err := d.Write(t.Context(), func(tx core.Tx) error { return one(tx, "there") }); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		ctx context.Context
		fn  func(tx core.Tx) error
	}{
		"a first statement that fails": {t.Context(), func(tx core.Tx) error { return one(tx, "there") }},
		"a second that fails":          {t.Context(), func(tx core.Tx) error { return errors.Join(one(tx, "new"), one(tx, "there")) }},
		"an entry that cannot be kept": {t.Context(), func(tx core.Tx) error { db.Defer(tx, "there"); return one(tx, "new") }},
		"an entry alone that cannot":   {t.Context(), func(tx core.Tx) error { db.Defer(tx, "there"); return nil }},
		"a function that changes its mind with rows open": {t.Context(), func(tx core.Tx) error {
			rows, err := tx.Query(t.Context(), qWhole)
			if err == nil {
				rows.Next()
			}
			return errors.Join(err, wrong)
		}},
		"a caller who leaves": {left, func(tx core.Tx) error { leave(); return one(tx, "new") }},
		"a statement given up": {t.Context(), func(tx core.Tx) error {
			short, stop := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer stop()
			_, err := tx.Exec(short, qSleep)
			return errors.Join(err, one(tx, "new"))
		}},
	} {
		if err := d.Write(c.ctx, c.fn); err == nil {
			t.Errorf("%s: no error", what)
		}
		if n := count(t, d); n != 1 {
			t.Errorf("%s: %d rows, want 1", what, n)
		}
	}
}

// TestAPlanThatGrewOldIsMadeAnew: another node may change a table meanwhile; whoever asks learns nothing of it, wherever the statement stands.
func TestAPlanThatGrewOldIsMadeAnew(t *testing.T) {
	dbtest.NeedsPostgres(t)
	cfg := dbtest.Config(t, dbtest.Postgres, schemas())
	cfg.Pool = 1
	d, err := db.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	found := 0
	ask := func(before bool) error {
		return d.Write(t.Context(), func(tx core.Tx) error {
			if before {
				if _, _, err := db.One(t.Context(), tx, qCount, db.Value[int64]); err != nil {
					return err
				}
			}
			rows, err := tx.Query(t.Context(), qWhole)
			if err != nil {
				return err
			}
			defer rows.Close()
			for found = 0; rows.Next(); found++ {
			}
			return rows.Err()
		})
	}
	if err := put(t.Context(), d, "a"); err != nil {
		t.Fatal(err)
	}
	for _, before := range []bool{false, true} {
		if err := ask(before); err != nil {
			t.Fatal(err)
		}
		plain(t, cfg.URL, fmt.Sprintf("ALTER TABLE t_row ADD COLUMN later_%v TEXT", before))
		if err := ask(before); err != nil || found != 1 {
			t.Errorf("behind another statement %v: %v", before, err)
		}
	}
}

func TestAStatementHasADeadline(t *testing.T) {
	dbtest.NeedsPostgres(t)
	d := dbtest.Open(t, dbtest.Postgres, schemas())
	start := time.Now()
	err := d.Read(t.Context(), func(tx core.Tx) error {
		_, _, err := db.One(t.Context(), tx, qSleep, db.Value[bool])
		return err
	})
	if core.CodeOf(err) != "db.slow" || time.Since(start) > 4*time.Second {
		t.Fatalf("%v after %v", err, time.Since(start))
	}
	long := db.Long(t.Context())
	if err := d.Read(long, func(tx core.Tx) error {
		_, _, err := db.One(long, tx, qSleep, db.Value[bool])
		return err
	}); err != nil {
		t.Fatalf("db.Long does not lift it: %v", err)
	}
}

var qSleep = db.SQLOn(db.PostgreSQL, `SELECT pg_sleep(2.5) IS NULL`)
