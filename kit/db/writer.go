package db

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
)

// How much one group takes before it commits, and how long the writer is idle before it folds its log.
const (
	groupSize      = 512
	groupSmall     = 32
	groupTime      = 20 * time.Millisecond
	checkpointIdle = time.Second
)

// writer owns the only write connection. Its goroutine opens a transaction, gives each waiting caller its turn inside
// a savepoint of its own, commits once for the whole group, and only then answers them: one fdatasync is shared by
// all who waited for the previous one.
//
// A caller's function runs on the caller's own goroutine (so that a panic, a Goexit or a stack trace stay its own). It
// waits for its turn at its first statement, and the owner then waits for it: never two at a time. A function that ends
// without a statement (a journaled read) needs no turn: what it deferred joins the next commit as it is.
type writer struct {
	s    *sqliteDB
	wake chan struct{} // somebody is in the queue
	ran  chan struct{} // the caller whose turn it is has run its function
	quit chan struct{}
	gone chan struct{}
	once sync.Once

	mu     sync.Mutex
	queue  []*request
	closed bool

	lead    sync.Mutex // whoever holds it runs groups: the owner, or a caller who found nobody waiting
	c       *conn      // nil after a failure of storage, until it could be opened and checked again
	groups  int
	crowd   atomic.Bool // the last group had members enough to be worth its own goroutine
	last    int         // members of the last group
	dirty   bool        // something was written since the last checkpoint
	folds   folds
	taken   []*request
	members []*request
	items   []any
}

type request struct {
	ctx   context.Context
	state atomic.Int32 // waiting, taken or left
	wants bool         // its turn; without it, its items are ready to be kept
	turn  chan struct{}
	ready chan struct{} // its items are prepared
	fin   chan struct{}
	timer *time.Timer
	tx    *sqliteTx
	err   error
	bad   error // its items could not be prepared
}

const (
	waiting int32 = iota
	taken
	left
)

var requests = sync.Pool{New: func() any {
	return &request{turn: make(chan struct{}, 1), ready: make(chan struct{}, 1), fin: make(chan struct{}, 1), tx: &sqliteTx{}}
}}

func startWriter(s *sqliteDB) (*writer, error) {
	w := &writer{s: s, wake: make(chan struct{}, 1), ran: make(chan struct{}), quit: make(chan struct{}), gone: make(chan struct{})}
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
	r.ctx, r.err, r.bad = ctx, nil, nil
	tx := r.tx
	*tx = sqliteTx{writer: w, request: r, write: true, lazy: true, pending: pending{items: tx.items[:0]}}
	finished := false
	defer func() {
		if !finished && tx.c != nil { // fn panicked or ended its goroutine: its savepoint is undone first
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
	finished = true
	if tx.c == nil {
		err = w.keep(r, err)
	} else {
		err = w.handBack(r, err)
	}
	if r.state.Load() == left {
		return err // the owner still holds the request
	}
	after := tx.pending
	clear(after.items)
	*tx = sqliteTx{pending: pending{items: after.items[:0]}}
	r.ctx = nil
	requests.Put(r)
	if err == nil {
		after.settled(&w.s.db.hub)
	}
	return err
}

// keep has what a function without a statement deferred committed.
func (w *writer) keep(r *request, err error) error {
	if err != nil || len(r.tx.items) == 0 {
		return err
	}
	if err := prepare(r.tx.items); err != nil {
		return err
	}
	r.wants = false
	if w.alone(r) {
		<-r.fin
		return r.err
	}
	if err := w.await(r, r.fin); err != nil {
		return err
	}
	return r.err
}

// alone commits r on its caller's goroutine when nobody else is at it: waking the owner and being woken would cost a
// tenth of the commit.
func (w *writer) alone(r *request) bool {
	if w.crowd.Load() || !w.lead.TryLock() {
		return false
	}
	defer w.lead.Unlock()
	r.state.Store(waiting)
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return false
	}
	w.queue = append(w.queue, r)
	w.mu.Unlock()
	w.group()
	return true
}

// handBack ends a turn and waits for the commit. The items are prepared while others have theirs.
func (w *writer) handBack(r *request, err error) error {
	r.err = err
	w.ran <- struct{}{}
	if err == nil {
		r.bad = prepare(r.tx.items)
		r.ready <- struct{}{}
	}
	<-r.fin
	select {
	case <-r.ready: // the owner did not come to wait for it
	default:
	}
	return r.err
}

// turn waits until the caller's function may use the connection.
func (w *writer) turn(r *request) error {
	r.wants = true
	if err := w.await(r, r.turn); err != nil {
		return err
	}
	return r.err
}

// await queues r until the owner answers on a channel; whoever leaves before has done nothing.
func (w *writer) await(r *request, answer <-chan struct{}) error {
	r.state.Store(waiting)
	if r.timer == nil {
		r.timer = time.NewTimer(w.s.wait)
	} else {
		r.timer.Reset(w.s.wait)
	}
	defer r.timer.Stop()
	if !w.enqueue(r) {
		r.state.Store(taken)
		return errClosed
	}
	var err error
	select {
	case <-answer:
		return nil
	case <-r.ctx.Done():
		err = r.ctx.Err()
	case <-r.timer.C:
		err = errBusy
	}
	if r.state.CompareAndSwap(waiting, left) {
		return err
	}
	<-answer
	return nil
}

func (w *writer) enqueue(r *request) bool {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return false
	}
	w.queue = append(w.queue, r)
	first := len(w.queue) == 1
	w.mu.Unlock()
	if first {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// take moves waiting requests behind those of a group, as many as it may still hold.
func (w *writer) take(group []*request) []*request {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), groupSize-len(group))
	group = append(group, w.queue[:n]...)
	rest := copy(w.queue, w.queue[n:])
	clear(w.queue[rest:])
	w.queue = w.queue[:rest]
	return group
}

// own is the goroutine that owns the connection.
func (w *writer) own() {
	defer close(w.gone)
	idle, seen := time.NewTimer(checkpointIdle), 0
	for {
		select {
		case <-w.wake:
			w.groupsOf()
			idle.Reset(checkpointIdle)
		case <-idle.C:
			w.lead.Lock()
			if w.dirty && w.groups == seen {
				w.checkpoint("PASSIVE")
				w.rest()
				w.dirty = false
			}
			seen = w.groups
			w.lead.Unlock()
			idle.Reset(checkpointIdle)
		case <-w.quit:
			w.mu.Lock()
			w.closed = true
			w.mu.Unlock()
			w.groupsOf()
			return
		}
	}
}

// groupsOf runs groups as long as anybody waits.
func (w *writer) groupsOf() {
	w.lead.Lock()
	defer w.lead.Unlock()
	for w.group() {
	}
}

// group runs those who wait in one transaction; it tells whether there was anybody.
func (w *writer) group() bool {
	w.taken = w.take(w.taken[:0])
	if len(w.taken) == 0 {
		return false
	}
	err := w.begin()
	started := time.Now()
	for i := 0; i < len(w.taken); i++ {
		err = w.join(w.taken[i], err)
		if i+1 == len(w.taken) && time.Since(started) < groupTime {
			w.more()
		}
	}
	for _, r := range w.members {
		if r.wants && err == nil {
			<-r.ready
			err = r.bad
		}
		w.items = append(w.items, r.tx.items...)
	}
	if err == nil && len(w.members) > 0 {
		err = w.commit(w.items)
	} else if w.c != nil {
		if e := w.c.own(sRollback); e != nil && err == nil {
			err = e
		}
	}
	if err != nil {
		w.fail(err)
	}
	w.last = len(w.members)
	w.crowd.Store(w.last > 2)
	for _, r := range w.members {
		r.err = err
		r.fin <- struct{}{}
	}
	items := len(w.items)
	clear(w.items)
	clear(w.members)
	clear(w.taken)
	w.items, w.members = w.items[:0], w.members[:0]
	if err == nil && w.last > 0 {
		w.fold(items) // all are answered; only a lone caller, whose goroutine this is, waits for it
	}
	return true
}

// more takes those who came meanwhile into the group. As long as it is small, and smaller than the one before, whose callers
// were just answered, others are likely on their way: they are let run first, and share this sync instead of asking for the
// next. A large group gains nothing by waiting, and its sync is time for others to come.
func (w *writer) more() {
	n := len(w.taken)
	w.taken = w.take(w.taken)
	if len(w.taken) == n && n < min(w.last, groupSmall) {
		runtime.Gosched()
		w.taken = w.take(w.taken)
	}
}

// join makes a request a member of the group, which err has spoilt or not, and gives it its turn when it wants one.
func (w *writer) join(r *request, err error) error {
	if !r.state.CompareAndSwap(waiting, taken) {
		return err
	}
	switch {
	case err != nil && r.wants:
		r.err = err
		r.turn <- struct{}{}
		return err
	case err != nil:
		r.err = err
		r.fin <- struct{}{}
		return err
	case r.wants:
		err = w.one(r)
	}
	if r.err == nil && err == nil {
		w.members = append(w.members, r)
		return nil
	}
	if r.err == nil {
		r.err = err
	}
	r.fin <- struct{}{}
	return err
}

// one gives r its turn inside a savepoint of its own, opened by its first statement. Its own error ends its own
// savepoint only; the error returned spoils the whole group.
func (w *writer) one(r *request) error {
	r.tx.c = w.c
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
	if err := w.c.own(sImmediate); err != nil {
		return err
	}
	if w.folds.grown && !w.folds.room {
		w.makeRoom()
	}
	return nil
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
			w.s.db.undone.Add(1)
			w.c.own(sRollback)
			return err
		}
	}
	if err := w.c.own(sCommit); err != nil {
		w.s.db.undone.Add(1)
		return err
	}
	if left := tx.pending; len(left.after)+len(left.notices) > 0 {
		go left.settled(&w.s.db.hub) // not on this goroutine: a listener may want to write
	}
	w.dirty = true
	w.groups++
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

func (w *writer) stop(readers func()) error {
	err := error(nil)
	w.once.Do(func() {
		close(w.quit)
		<-w.gone
		readers()
		w.rest()
		w.checkpoint("TRUNCATE")
		if w.c != nil {
			err = w.c.close()
		}
	})
	return err
}
