package db

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
)

// How much one group takes before it commits, and when the log of SQLite is folded into its file.
const (
	groupSize       = 512
	groupTime       = 20 * time.Millisecond
	checkpointBytes = 16 << 20
	truncateBytes   = 256 << 20
	checkpointIdle  = time.Second
)

// writer owns the only write connection. Its goroutine opens a transaction, gives each waiting caller its turn inside
// a savepoint of its own, commits once for the whole group, and only then answers them: one fdatasync is shared by
// all who waited for the previous one.
//
// A caller's function runs on the caller's own goroutine (so that a panic, a Goexit or a stack trace stay its own)
// while the owner waits for it: never two at a time.
type writer struct {
	s     *sqliteDB
	queue chan *request
	ran   chan struct{} // the caller whose turn it is has run its function
	quit  chan struct{}
	gone  chan struct{}
	once  sync.Once

	c      *conn // nil after a failure of storage, until it could be opened and checked again
	groups int
	dirty  bool // something was written since the last checkpoint
}

type request struct {
	ctx   context.Context
	state atomic.Int32 // waiting, taken or left
	turn  chan struct{}
	fin   chan struct{}
	tx    *sqliteTx
	err   error
}

const (
	waiting int32 = iota
	taken
	left
)

var requests = sync.Pool{New: func() any {
	return &request{turn: make(chan struct{}, 1), fin: make(chan struct{}, 1), tx: &sqliteTx{}}
}}

func startWriter(s *sqliteDB) (*writer, error) {
	w := &writer{s: s, queue: make(chan *request, 1024), ran: make(chan struct{}), quit: make(chan struct{}), gone: make(chan struct{})}
	var err error
	if w.c, err = openConn(s.path, writerPragmas); err != nil {
		return nil, err
	}
	go w.own()
	return w, nil
}

// write runs on the caller's goroutine.
func (w *writer) write(ctx context.Context, fn func(core.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := requests.Get().(*request)
	r.ctx, r.err = ctx, nil
	r.state.Store(waiting)
	if err := w.await(r); err != nil {
		return err
	}
	tx := r.tx
	finished := false
	defer func() {
		if !finished { // fn panicked or ended its goroutine: its savepoint is undone first
			tx.over(nil)
			r.err = errDead
			w.ran <- struct{}{}
			<-r.fin
		}
	}()
	err := tx.over(fn(tx))
	if err == nil {
		err = ctx.Err()
	}
	r.err = err
	finished = true
	w.ran <- struct{}{}
	<-r.fin
	err = r.err
	left := tx.pending
	*tx = sqliteTx{}
	r.ctx = nil
	requests.Put(r)
	if err == nil {
		left.settled(&w.s.db.hub)
	}
	return err
}

// await queues r until its turn comes; whoever leaves before has done nothing.
func (w *writer) await(r *request) error {
	t := time.NewTimer(w.s.wait)
	defer t.Stop()
	var err error
	select {
	case w.queue <- r:
		select {
		case <-r.turn:
			return r.err
		case <-r.ctx.Done():
			err = r.ctx.Err()
		case <-t.C:
			err = errBusy
		case <-w.gone:
			err = errClosed
		}
		if r.state.CompareAndSwap(waiting, left) {
			return err
		}
		<-r.turn
		return r.err
	case <-r.ctx.Done():
		return r.ctx.Err()
	case <-t.C:
		return errBusy
	case <-w.gone:
		return errClosed
	}
}

// own is the goroutine that owns the connection.
func (w *writer) own() {
	defer close(w.gone)
	idle := time.NewTimer(checkpointIdle)
	for {
		select {
		case r := <-w.queue:
			w.group(r)
			idle.Reset(checkpointIdle)
		case <-idle.C:
			if w.dirty {
				w.checkpoint("PASSIVE")
				w.dirty = false
			}
		case <-w.quit:
			for {
				select {
				case r := <-w.queue:
					w.group(r)
					continue
				default:
				}
				return
			}
		}
	}
}

// group runs first and whoever waits behind it in one transaction.
func (w *writer) group(first *request) {
	var members []*request
	var items []any
	err := w.begin()
	started := time.Now()
	for r := first; r != nil; r = w.next(len(members), started) {
		if !r.state.CompareAndSwap(waiting, taken) {
			continue
		}
		if err != nil {
			r.err = err
			r.turn <- struct{}{}
			continue
		}
		err = w.one(r)
		if r.err == nil && err == nil {
			members = append(members, r)
			items = append(items, r.tx.items...)
		} else {
			if r.err == nil {
				r.err = err
			}
			r.fin <- struct{}{}
		}
	}
	if err == nil && len(members) > 0 {
		err = w.commit(items)
	} else if w.c != nil {
		if e := w.c.own(sRollback); e != nil && err == nil {
			err = e
		}
	}
	if err != nil {
		w.fail(err)
	}
	for _, r := range members {
		r.err = err
		r.fin <- struct{}{}
	}
}

func (w *writer) next(n int, started time.Time) *request {
	if n >= groupSize || time.Since(started) > groupTime {
		return nil
	}
	select {
	case r := <-w.queue:
		return r
	default:
		return nil
	}
}

// one gives r its turn inside a savepoint of its own, opened by its first statement. Its own error ends its own
// savepoint only; the error returned spoils the whole group.
func (w *writer) one(r *request) error {
	*r.tx = sqliteTx{c: w.c, write: true, lazy: true, pending: pending{items: r.tx.items[:0]}}
	r.turn <- struct{}{}
	<-w.ran
	if r.tx.spoilt != nil {
		return r.tx.spoilt
	}
	if !r.tx.savepoint {
		return nil
	}
	if r.err != nil {
		if err := w.c.own(sBackTo); err != nil { // SQLite undid the whole transaction
			return err
		}
		if lostStorage(r.tx.dead) {
			return r.tx.dead
		}
	}
	return w.c.own(sRelease)
}

// begin opens the group's transaction, on a new connection after a failure.
func (w *writer) begin() error {
	if w.c == nil {
		c, err := openConn(w.s.path, writerPragmas)
		if err != nil {
			return err
		}
		if err := recheck(c); err != nil {
			c.close()
			return err
		}
		w.c = c
		w.s.db.log.Info("storage works again")
	}
	return w.c.own(sImmediate)
}

// recheck reads through the schema and the log before a connection is trusted again.
func recheck(c *conn) error {
	got, err := c.text("SELECT count(*) FROM sqlite_schema")
	if err != nil || got == "" {
		return errBroken.Because(err)
	}
	return nil
}

func (w *writer) commit(items []any) error {
	tx := &sqliteTx{c: w.c, write: true}
	if hook := w.s.db.flushHook(); hook != nil && len(items) > 0 {
		if err := tx.over(hook(context.Background(), tx, items)); err != nil {
			w.c.own(sRollback)
			return err
		}
	}
	if err := w.c.own(sCommit); err != nil {
		return err
	}
	if left := tx.pending; len(left.after)+len(left.notices) > 0 {
		go left.settled(&w.s.db.hub) // not on this goroutine: a listener may want to write
	}
	w.dirty = true
	if w.groups++; w.groups%64 == 0 {
		w.fold()
	}
	return nil
}

// fail ends a connection whose storage failed: a failed fsync is never tried again on the same handle, because the
// kernel may have dropped what it could not write.
func (w *writer) fail(err error) {
	if w.c == nil {
		return
	}
	w.c.own(sRollback)
	if !lostStorage(err) {
		return
	}
	w.s.db.log.Error("storage failed, nothing of this group was acknowledged", "error", err.Error())
	w.c.close()
	w.c = nil
}

// fold moves the log into the file when it has grown.
func (w *writer) fold() {
	fi, err := os.Stat(w.s.path + "-wal")
	if err != nil || fi.Size() < checkpointBytes {
		return
	}
	if fi.Size() > truncateBytes {
		w.checkpoint("TRUNCATE")
		return
	}
	w.checkpoint("PASSIVE")
}

func (w *writer) checkpoint(mode string) {
	if w.c == nil {
		return
	}
	if _, err := w.c.text("PRAGMA wal_checkpoint(" + mode + ")"); err != nil {
		if err = fromSQLite(err, ""); lostStorage(err) {
			w.fail(err)
		}
	}
}

func (w *writer) stop(readers func()) error {
	err := error(nil)
	w.once.Do(func() {
		close(w.quit)
		<-w.gone
		readers()
		if w.c != nil {
			w.checkpoint("TRUNCATE")
		}
		if w.c != nil {
			err = w.c.close()
		}
	})
	return err
}
