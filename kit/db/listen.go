package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rempart/rempart/kit/ids"
)

const (
	channel    = "rempart"
	pollEvery  = 500 * time.Millisecond
	noticeKept = 60 * time.Second
)

// A notice is a row and a NOTIFY in the transaction of the act: the NOTIFY is fast, the row is there for whoever lost it.
var (
	pSend = SQLOn(PostgreSQL, `WITH kept AS (
		INSERT INTO ground_notice (at, node, topic, payload)
		VALUES ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $1, $2, $3) RETURNING id)
		SELECT pg_notify($4, kept.id || chr(10) || $5) FROM kept`)
	pPoll = SQLOn(PostgreSQL, `SELECT id, node, topic, payload FROM ground_notice
		WHERE at > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - $1 ORDER BY id`)
	pForget = SQLOn(PostgreSQL, `DELETE FROM ground_notice WHERE at < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - $1`)
)

// listener keeps one connection outside the pool: LISTEN for speed, a poll of ground_notice each half second for what
// was lost on the way. A notice is told once per node: ids already told are remembered as long as their rows live.
type listener struct {
	p    *postgresDB
	node string
	seen map[int64]time.Time
	quit context.CancelFunc
	gone chan struct{}

	mu     sync.Mutex
	doubts map[notice]time.Time // of this node, whose commit was not answered
}

// listen notes which notices exist (they concern nobody yet) and starts to listen for the next ones.
func listen(ctx context.Context, p *postgresDB) (*listener, error) {
	l := &listener{p: p, node: string(ids.New()), seen: map[int64]time.Time{}, doubts: map[notice]time.Time{}, gone: make(chan struct{})}
	err := p.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		return l.poll(ctx, c.Conn(), func(id int64, _ string, _ notice) { l.seen[id] = time.Now() })
	})
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	run, quit := context.WithCancel(context.Background())
	l.quit = quit
	go l.run(run)
	return l, nil
}

func (l *listener) stop() {
	l.quit()
	<-l.gone
}

func (l *listener) run(ctx context.Context) {
	defer close(l.gone)
	for again := false; ctx.Err() == nil; again = true {
		err := l.session(ctx, again)
		if ctx.Err() != nil {
			return
		}
		l.p.db.log.Warn("lost the connection for notices, opening another", "error", scrub(err).Error())
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// session lives as long as one connection; again says that another was lost before.
func (l *listener) session(ctx context.Context, again bool) error {
	c, err := pgx.ConnectConfig(ctx, l.p.conf.Copy())
	if err != nil {
		return err
	}
	defer func() {
		end, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		c.Close(end)
	}()
	if _, err := c.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	if err := l.poll(ctx, c, l.tell); err != nil {
		return err
	}
	if again {
		l.p.db.hub.tellAll() // notices older than the rows that are kept may have been missed
	}
	forget := time.Now()
	for next := time.Now().Add(pollEvery); ; {
		wait, stop := context.WithDeadline(ctx, next)
		n, err := c.WaitForNotification(wait)
		stop()
		switch {
		case err == nil:
			l.heard(n.Payload)
			if time.Now().Before(next) {
				continue
			}
		case ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded):
			return err
		}
		if err := l.poll(ctx, c, l.tell); err != nil {
			return err
		}
		next = time.Now().Add(pollEvery)
		if time.Since(forget) > noticeKept {
			forget = time.Now()
			if _, err := c.Exec(ctx, pForget, 2*noticeKept.Microseconds()); err != nil {
				return err
			}
		}
	}
}

// heard reads a NOTIFY: id, node, topic and payload on a line each.
func (l *listener) heard(text string) {
	id, rest, _ := strings.Cut(text, "\n")
	node, rest, _ := strings.Cut(rest, "\n")
	topic, payload, _ := strings.Cut(rest, "\n")
	var n int64
	for _, r := range id {
		n = n*10 + int64(r-'0')
	}
	l.tell(n, node, notice{topic, payload})
}

// poll reads the rows of the last minute.
func (l *listener) poll(ctx context.Context, c *pgx.Conn, each func(id int64, node string, n notice)) error {
	rows, err := c.Query(ctx, pPoll, noticeKept.Microseconds())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var node string
		var n notice
		if err := rows.Scan(&id, &node, &n.topic, &n.payload); err != nil {
			return err
		}
		each(id, node, n)
	}
	for id, at := range l.seen {
		if time.Since(at) > 2*noticeKept {
			delete(l.seen, id)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.doubts, func(_ notice, since time.Time) bool { return time.Since(since) > 2*noticeKept })
	return rows.Err()
}

func (l *listener) tell(id int64, node string, n notice) {
	if _, told := l.seen[id]; told {
		return
	}
	if node == l.node && !l.doubted(n) { // told when it committed
		return
	}
	l.seen[id] = time.Now()
	l.p.db.hub.tell(n)
}

// doubt has this node told of its own notices like any other, should their rows appear: nobody knows whether their commit happened.
func (l *listener) doubt(list []notice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range list {
		l.doubts[n] = time.Now()
	}
}

func (l *listener) doubted(n notice) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, in := l.doubts[n]
	return in
}

// isNetwork tells whether err is of the wire and not of the server.
func isNetwork(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		err != nil && strings.Contains(err.Error(), "conn closed")
}
