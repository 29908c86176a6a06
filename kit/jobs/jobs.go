package jobs

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema is the tables of this package.
func Schema() db.Schema { return db.Schema{Module: "jobs", FS: schema} }

// Job is work to do.
type Job struct {
	Kind string // who handles it: "mail.send"
	Org  core.ID
	// Key, when set, keeps one waiting job per kind and key: a second Enqueue gives the first one's id. A job that is
	// already running does not count: what it has read may be older than the act that asks for another.
	Key string
	// Payload holds ids and stable words only; anything else is refused.
	Payload map[string]core.ID
	At      time.Time // zero: now
	Most    int       // attempts before it is dead; 0 means 20 (about six hours)
}

// Options tune a Jobs; the zero value works.
type Options struct {
	Workers int           // handlers at once on this node; 0 means 4
	Lease   time.Duration // how long a dead node keeps its jobs; 0 means 30 s
	Poll    time.Duration // how often to look for jobs of other nodes; 0 means 500 ms
	Keep    time.Duration // how long finished jobs stay; 0 means 24 h
	Clock   core.Clock    // nil: the database's clock; tests give their own
	Log     *slog.Logger
}

// Jobs is the queue of one node. Every node over the same database shares the rows.
type Jobs struct {
	d    *db.DB
	opt  Options
	node string
	wake chan struct{}

	mu        sync.Mutex
	handlers  map[string]Handler
	wide      map[string]chan struct{} // a place for each run of a kind that Widen lets run beside the workers
	schedules map[string]*Schedule
	running   map[core.ID]*lease
}

// Handler does the job of one run. A nil error finishes it; any other tries again later, Permanent(err) does not.
type Handler func(ctx context.Context, run Run) error

// New makes the queue of this node; Run starts it.
func New(d *db.DB, opt Options) *Jobs {
	if opt.Workers <= 0 {
		opt.Workers = 4
	}
	if opt.Lease <= 0 {
		opt.Lease = 30 * time.Second
	}
	if opt.Poll <= 0 {
		opt.Poll = 500 * time.Millisecond
	}
	if opt.Keep <= 0 {
		opt.Keep = 24 * time.Hour
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	return &Jobs{
		d: d, opt: opt, node: string(ids.New()), wake: make(chan struct{}, 1),
		handlers: map[string]Handler{}, wide: map[string]chan struct{}{}, schedules: map[string]*Schedule{}, running: map[core.ID]*lease{},
	}
}

// Handle says who does the jobs of a kind; call it before Run.
func (q *Jobs) Handle(kind string, h Handler) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.handlers[kind] != nil {
		panic("jobs: two handlers for " + kind)
	}
	q.handlers[kind] = h
}

// Widen lets up to n jobs of a kind run at once on this node, beside the workers: for handlers that wait for one another, and that
// bound by themselves what they do at once. Call it before Run.
func (q *Jobs) Widen(kind string, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wide[kind] = make(chan struct{}, n)
}

func (q *Jobs) handler(kind string) Handler {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.handlers[kind]
}

var (
	kindForm  = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`)
	valueForm = regexp.MustCompile(`^[A-Za-z0-9._:-]{0,64}$`)
)

var (
	qEnqueue = db.SQL(`INSERT INTO jobs_job (id, org, kind, key, payload, state, due_at, attempts, most, node, reason, created_at, finished_at)
		VALUES ($1, $2, $3, $4, $5, 'waiting', $6, 0, $7, '', '', $8, 0)
		ON CONFLICT (kind, key) WHERE state = 'waiting' AND key <> '' DO NOTHING`)
	qWaiting = db.SQL(`SELECT id FROM jobs_job WHERE kind = $1 AND key = $2 AND state = 'waiting' AND key <> ''`)
)

// Enqueue writes a job in the transaction of the act that wants it: both commit or neither does. It gives the id of
// the job, or that of the one already waiting under the same key.
func (q *Jobs) Enqueue(ctx context.Context, tx core.Tx, j Job) (core.ID, error) {
	if err := j.valid(); err != nil {
		return "", err
	}
	payload, err := json.Marshal(j.Payload)
	if err != nil {
		return "", fmt.Errorf("jobs: %w", err)
	}
	now, err := q.now(ctx, tx)
	if err != nil {
		return "", err
	}
	due := now
	if !j.At.IsZero() {
		due = clock.Micros(j.At)
	}
	if j.Most <= 0 {
		j.Most = 20
	}
	id := ids.New()
	n, err := tx.Exec(ctx, qEnqueue, id, j.Org, j.Kind, j.Key, string(payload), due, j.Most, now)
	if err != nil {
		return "", fmt.Errorf("jobs: enqueue %s: %w", j.Kind, err)
	}
	if n == 0 {
		if id, _, err = db.One(ctx, tx, qWaiting, db.Value[core.ID], j.Kind, j.Key); err != nil {
			return "", fmt.Errorf("jobs: enqueue %s: %w", j.Kind, err)
		}
		return id, nil
	}
	tx.OnCommit(q.poke)
	return id, nil
}

func (j Job) valid() error {
	if !kindForm.MatchString(j.Kind) {
		return fmt.Errorf("jobs: %q is no kind of job (noun.verb)", j.Kind)
	}
	for k, v := range j.Payload {
		if !valueForm.MatchString(string(v)) {
			return fmt.Errorf("jobs: %s: the value of %q is no id", j.Kind, k)
		}
	}
	if len(j.Key) > 200 {
		return fmt.Errorf("jobs: %s: key longer than 200 bytes", j.Kind)
	}
	return nil
}

// poke makes this node look for jobs at once.
func (q *Jobs) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

var (
	qNowSQLite   = db.SQLOn(db.SQLite, `SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)`)
	qNowPostgres = db.SQLOn(db.PostgreSQL, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`)
)

// now is the time that all nodes agree on, in microseconds: the database's.
func (q *Jobs) now(ctx context.Context, tx core.Tx) (int64, error) {
	if q.opt.Clock != nil {
		return clock.Micros(q.opt.Clock.Now()), nil
	}
	text := qNowSQLite
	if q.d.Engine() == db.PostgreSQL {
		text = qNowPostgres
	}
	now, _, err := db.One(ctx, tx, text, db.Value[int64])
	return now, err
}

// Count is how many jobs of a kind are in a state.
type Count struct {
	Kind, State string
	N           int64
}

var qCounts = db.SQL(`SELECT kind, state, count(*) FROM jobs_job GROUP BY kind, state ORDER BY kind, state`)

// Counts gives the size of the queue, for metrics and the console.
func (q *Jobs) Counts(ctx context.Context, tx core.Tx) ([]Count, error) {
	return db.All(ctx, tx, qCounts, func(scan db.Scan) (c Count, err error) {
		err = scan(&c.Kind, &c.State, &c.N)
		return c, err
	})
}

// Failed is a dead job: nobody will try it again until it is revived.
type Failed struct {
	ID       core.ID
	Org      core.ID
	Kind     string
	Reason   string // code of the last error
	Attempts int
	At       time.Time
}

var (
	qDead = db.SQL(`SELECT id, org, kind, reason, attempts, finished_at FROM jobs_job
		WHERE state = 'dead' ORDER BY finished_at DESC, id DESC LIMIT $1`)
	qRevive = db.SQL(`UPDATE jobs_job SET state = 'waiting', attempts = 0, due_at = $2, finished_at = 0
		WHERE id = $1 AND state = 'dead' AND NOT EXISTS (
			SELECT 1 FROM jobs_job o WHERE o.kind = jobs_job.kind AND o.key = jobs_job.key AND o.state = 'waiting' AND o.key <> '')`)
)

// Dead lists the newest dead jobs.
func (q *Jobs) Dead(ctx context.Context, tx core.Tx, limit int) ([]Failed, error) {
	return db.All(ctx, tx, qDead, func(scan db.Scan) (f Failed, err error) {
		var at int64
		err = scan(&f.ID, &f.Org, &f.Kind, &f.Reason, &f.Attempts, &at)
		f.At = clock.FromMicros(at)
		return f, err
	}, limit)
}

// Revive gives a dead job its attempts back; false when it is not dead, or when another under its key waits already.
func (q *Jobs) Revive(ctx context.Context, tx core.Tx, id core.ID) (bool, error) {
	now, err := q.now(ctx, tx)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, qRevive, id, now)
	if err == nil && n == 1 {
		tx.OnCommit(q.poke)
	}
	return n == 1, err
}

// Manifest says what the tables keep: nothing of a person.
func Manifest() core.Manifest {
	return core.Manifest{
		Module: "jobs",
		Title:  core.Text{FR: "Travaux différés", EN: "Deferred work"},
		Tables: []core.Table{
			{Name: "jobs_job", Title: core.Text{FR: "Travaux", EN: "Jobs"}, Columns: core.Plain("id", "org", "kind", "key", "payload",
				"state", "due_at", "attempts", "most", "node", "reason", "created_at", "finished_at")},
			{Name: "jobs_schedule", Title: core.Text{FR: "Calendrier", EN: "Schedules"}, Columns: core.Plain("name", "spec", "next_at", "last_at")},
		},
	}
}
