package db

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
)

// Engine names the database behind a DB.
type Engine string

// The engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgres"
)

// Config says where the rows are. Only URL is needed.
type Config struct {
	// URL is a path to a SQLite file ("/var/lib/rempart/rempart.db", "sqlite:…"), or a PostgreSQL URL with one or more
	// hosts ("postgres://rempart@a,b/rempart?target_session_attrs=read-write").
	URL string
	// Pool is how many connections transactions share: readers on SQLite (the writer is apart), all of them on
	// PostgreSQL (the listener is apart). 0 chooses; 1 works.
	Pool int
	// Wait is how long a transaction waits for its turn before it is refused as busy; 0 means 5 s.
	Wait time.Duration
	Log  *slog.Logger
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine engine
	kind   Engine
	log    *slog.Logger
	hub    hub

	flush  atomic.Pointer[FlushFunc]
	undone atomic.Uint64
}

// FlushFunc receives what transactions deferred, in order, inside the transaction that is about to commit.
type FlushFunc func(ctx context.Context, tx core.Tx, items []any) error

type engine interface {
	read(ctx context.Context, fn func(core.Tx) error) error
	write(ctx context.Context, fn func(core.Tx) error) error
	migrate(ctx context.Context, schemas []Schema) error
	prepare(ctx context.Context, text string) error
	close() error
}

// Open opens the database, checks that the engine is safe to use and starts what runs beside it. The SQLite file is
// made when absent.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Wait <= 0 {
		cfg.Wait = 5 * time.Second
	}
	d := &DB{log: cfg.Log, kind: EngineOf(cfg.URL)}
	var err error
	if d.kind == PostgreSQL {
		d.engine, err = openPostgres(ctx, d, cfg)
	} else {
		d.engine, err = openSQLite(ctx, d, cfg)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// EngineOf tells which engine a URL names.
func EngineOf(url string) Engine {
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return PostgreSQL
	}
	return SQLite
}

// Engine tells which engine keeps the rows.
func (d *DB) Engine() Engine { return d.kind }

// Close waits for the transactions under way and closes everything.
func (d *DB) Close() error { return d.engine.close() }

// Read runs fn in a read-only snapshot: every statement sees the same moment.
func (d *DB) Read(ctx context.Context, fn func(core.Tx) error) error { return d.engine.read(ctx, fn) }

// Write runs fn in a write transaction and commits it. When it returns nil the rows are durable; when it returns an
// error nothing of fn was kept, save for errUnknown (the server vanished during the commit). Read and Write do not nest.
func (d *DB) Write(ctx context.Context, fn func(core.Tx) error) error { return d.engine.write(ctx, fn) }

type (
	relaxedKey struct{}
	longKey    struct{}
)

// Relaxed marks the transactions of ctx as safe statement by statement (READ COMMITTED on PostgreSQL): for leased rows,
// counters and appends, where each statement looks and writes at once. SQLite stays serializable.
func Relaxed(ctx context.Context) context.Context { return context.WithValue(ctx, relaxedKey{}, true) }

// Long lifts the two-second deadline of statements on PostgreSQL to ten minutes: for exports, verifications and copies.
func Long(ctx context.Context) context.Context { return context.WithValue(ctx, longKey{}, true) }

// OnFlush sets the one hook that receives deferred items just before a commit: on SQLite those of the whole group that
// commits at once, on PostgreSQL those of one transaction. Its error undoes every transaction of the group.
func (d *DB) OnFlush(f FlushFunc) { d.flush.Store(&f) }

func (d *DB) flushHook() FlushFunc {
	if f := d.flush.Load(); f != nil {
		return *f
	}
	return nil
}

// Undone counts the flushes of this process whose commit failed, or may have (SQLite): a hook that remembers what it
// wrote must look again when it has grown.
func (d *DB) Undone() uint64 { return d.undone.Load() }

// Preparer is an item with work of its own, such as sealing: it is done once, on the goroutine of the transaction's
// caller, after its last statement and outside of the writer's turn. Its error undoes the transaction, and on SQLite
// the group that it is in once it has run a statement.
type Preparer interface {
	Prepare() error
}

func prepare(items []any) error {
	for _, i := range items {
		if p, ok := i.(Preparer); ok {
			if err := p.Prepare(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Defer hands item to the OnFlush hook if and only if tx reaches its commit.
func Defer(tx core.Tx, item any) {
	for {
		switch t := tx.(type) {
		case interface{ deferItem(any) }:
			t.deferItem(item)
			return
		case interface{ Unwrap() core.Tx }:
			tx = t.Unwrap()
		default:
			panic("db: Defer on a transaction that is not of this package")
		}
	}
}

// Listen calls f with the payload of every notice of topic, from every node, after the commit that sent it: for a notice
// of this node before its Write returns. f can run on several goroutines at once and must be quick. On PostgreSQL a
// notice of another node that is lost on the wire still arrives within a second (bounded poll); after a broken
// connection f is called with the payload "" once, meaning: look again at everything.
func (d *DB) Listen(topic string, f func(payload string)) (cancel func()) {
	return d.hub.listen(topic, f)
}

// pending is what a transaction leaves for after its commit; both engines embed it in their core.Tx.
type pending struct {
	items   []any
	notices []notice
	after   []func()
}

func (p *pending) deferItem(item any) { p.items = append(p.items, item) }
func (p *pending) Notify(topic, payload string) {
	p.notices = append(p.notices, notice{topic, payload})
}

// OnCommit implements core.Tx.
func (p *pending) OnCommit(f func()) { p.after = append(p.after, f) }

func (p *pending) runAfter() {
	for _, f := range p.after {
		f()
	}
}

// settled tells this node what its commit brought, on the goroutine of the caller and before Write returns: what was
// cut off on this node is refused at the next request.
func (p *pending) settled(h *hub) {
	for _, n := range p.notices {
		h.tell(n)
	}
	p.runAfter()
}

type notice struct{ topic, payload string }

// hub gives notices to the listeners of this node.
type hub struct {
	mu   sync.Mutex
	next int
	subs map[string]map[int]func(string)
}

func (h *hub) listen(topic string, f func(string)) func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs == nil {
		h.subs = map[string]map[int]func(string){}
	}
	if h.subs[topic] == nil {
		h.subs[topic] = map[int]func(string){}
	}
	h.next++
	id := h.next
	h.subs[topic][id] = f
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs[topic], id)
	}
}

func (h *hub) tell(n notice) {
	h.mu.Lock()
	fs := make([]func(string), 0, len(h.subs[n.topic]))
	for _, f := range h.subs[n.topic] {
		fs = append(fs, f)
	}
	h.mu.Unlock()
	for _, f := range fs {
		f(n.payload)
	}
}

// tellAll asks every listener to look again at everything.
func (h *hub) tellAll() {
	h.mu.Lock()
	topics := make([]string, 0, len(h.subs))
	for t := range h.subs {
		topics = append(topics, t)
	}
	h.mu.Unlock()
	for _, t := range topics {
		h.tell(notice{t, ""})
	}
}
