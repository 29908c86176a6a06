package erasure

import (
	"context"
	"embed"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

//go:embed keyschema/*.sql
var keySchemaFiles embed.FS

// Schema is the tables of this module, but for the tombstones.
var Schema = db.Schema{Module: "erasure", FS: schemaFiles}

// KeySchema is the tombstones, for the keys' own database.
func KeySchema() db.Schema {
	return db.Schema{Module: "tombstone", FS: sub(keySchemaFiles, "keyschema")}
}

const orderColumns = `id, org, person, request, reason, scope, state, step, blocked, ordered_by, ordered_at, begins_at, judged_by, judged_at, ended_at,
	replayed_at, tries, entry, digest, receipt, contact, traces, sealed, trial`

var (
	qAdd = db.SQL(`INSERT INTO erasure_order (` + orderColumns + `)
		VALUES ($1, $2, $3, $4, $5, '', $6, '', '', $7, $8, $9, '', 0, 0, 0, 0, '', '', '', NULL, NULL, 0, $10) ON CONFLICT (id) DO NOTHING`)
	qOne    = db.SQL(`SELECT ` + orderColumns + ` FROM erasure_order WHERE id = $1`)
	qOpenOf = db.SQL(`SELECT ` + orderColumns + ` FROM erasure_order WHERE person = $1 AND org = $2 AND state IN ('ordered', 'waiting', 'running') ORDER BY id LIMIT 1`)
	qOpen   = db.SQL(`SELECT ` + orderColumns + ` FROM erasure_order WHERE state IN ('ordered', 'waiting', 'running') ORDER BY ordered_at, id LIMIT 1000`)
	qAll    = db.SQL(`SELECT ` + orderColumns + ` FROM erasure_order WHERE trial = 0 AND id < $1 ORDER BY id DESC LIMIT $2`)
	qOfBy   = db.SQL(`SELECT count(*) FROM erasure_order WHERE ordered_by = $1 AND reason = $2 AND ordered_at BETWEEN $3 AND $4 AND state NOT IN ('refused', 'cancelled')`)
	qBatch  = db.SQL(`SELECT id FROM erasure_order WHERE ordered_by = $1 AND reason = $2 AND state IN ('ordered', 'waiting') AND blocked = 'approval' AND judged_by = '' ORDER BY id`)

	qBegin = db.SQL(`UPDATE erasure_order SET state = 'running', step = $2, scope = $3, blocked = '', sealed = 1 WHERE id = $1 AND state IN ('ordered', 'waiting')`)
	qBlock = db.SQL(`UPDATE erasure_order SET state = 'waiting', blocked = $2 WHERE id = $1 AND state IN ('ordered', 'waiting')`)
	qPass  = db.SQL(`UPDATE erasure_order SET step = $3, blocked = '' WHERE id = $1 AND state = 'running' AND step = $2`)
	qAgain = db.SQL(`UPDATE erasure_order SET step = $3, blocked = $4, tries = tries + 1 WHERE id = $1 AND state = 'running' AND step = $2`)
	qJudge = db.SQL(`UPDATE erasure_order SET judged_by = $2, judged_at = $3 WHERE id = $1 AND state IN ('ordered', 'waiting') AND judged_by = ''`)
	qEnd   = db.SQL(`UPDATE erasure_order SET state = $2, blocked = '', ended_at = $3, judged_by = CASE WHEN $4 <> '' THEN $4 ELSE judged_by END,
		judged_at = CASE WHEN $4 <> '' THEN $3 ELSE judged_at END WHERE id = $1 AND state IN ('ordered', 'waiting')`)
	qTraces = db.SQL(`UPDATE erasure_order SET contact = $2, traces = $3 WHERE id = $1`)
	qDone   = db.SQL(`UPDATE erasure_order SET state = 'done', step = '', blocked = '', ended_at = $3, entry = $4, digest = $5, receipt = $6, contact = NULL, traces = NULL
		WHERE id = $1 AND state = 'running' AND step = $2`)
	qReplay = db.SQL(`INSERT INTO erasure_order (` + orderColumns + `)
		VALUES ($1, $2, $3, '', $4, $5, 'running', $6, '', '', $7, $7, '', 0, 0, $8, 0, '', '', '', NULL, NULL, 1, 0)
		ON CONFLICT (id) DO UPDATE SET state = 'running', step = CASE WHEN erasure_order.state = 'running' THEN erasure_order.step ELSE excluded.step END,
			scope = excluded.scope, blocked = '', sealed = 1, replayed_at = excluded.replayed_at
		WHERE erasure_order.state <> 'done'`)
	qState  = db.SQL(`SELECT state FROM erasure_order WHERE id = $1`)
	qSealed = db.SQL(`SELECT id FROM erasure_order WHERE sealed = 1 AND state = 'done' AND ended_at < $1 ORDER BY id LIMIT 500`)
	qShut   = db.SQL(`UPDATE erasure_order SET sealed = 0 WHERE id = $1`)

	qStep  = db.SQL(`INSERT INTO erasure_step (erasure, step, passed_at) VALUES ($1, $2, $3) ON CONFLICT (erasure, step) DO UPDATE SET passed_at = excluded.passed_at`)
	qSteps = db.SQL(`SELECT step, passed_at FROM erasure_step WHERE erasure = $1 ORDER BY passed_at, step`)

	qLines   = db.SQL(`SELECT phase, kept_in, deleted, kept, ground, why_fr, why_en, rule FROM erasure_line WHERE erasure = $1 ORDER BY phase, kept_in`)
	qLinesOf = db.SQL(`SELECT phase, kept_in, deleted, kept, ground, why_fr, why_en, rule FROM erasure_line WHERE erasure = $1 AND phase = $2 ORDER BY kept_in`)
	qUnline  = db.SQL(`DELETE FROM erasure_line WHERE erasure = $1 AND phase = $2`)

	qNotice    = db.SQL(`INSERT INTO erasure_notice (org, id, erasure, person, member, made_at, told_at, handled_at, handled_by) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, '') ON CONFLICT (id) DO NOTHING`)
	qNoticesOf = db.SQL(`SELECT org, id, erasure, person, member, made_at, told_at, handled_at, handled_by FROM erasure_notice WHERE erasure = $1 ORDER BY org`)
	qNotices   = db.SQL(`SELECT org, id, erasure, person, member, made_at, told_at, handled_at, handled_by FROM erasure_notice WHERE org = $1 AND told_at > 0 ORDER BY made_at DESC, id DESC LIMIT 500`)
	qTold      = db.SQL(`UPDATE erasure_notice SET told_at = $2 WHERE id = $1`)
	qHandled   = db.SQL(`UPDATE erasure_notice SET handled_at = $3, handled_by = $4 WHERE org = $1 AND id = $2 AND handled_at = 0`)

	qAboutOrders = db.SQL(`SELECT id, org, reason, state, ordered_at FROM erasure_order WHERE person = $1 ORDER BY id`)
	qTrialOf     = db.SQL(`SELECT id FROM erasure_order WHERE person = $1 AND trial = 1`)
	qKeptOf      = db.SQL(`SELECT count(*) FROM erasure_order WHERE person = $1 AND trial = 0`)
	qDropNotices = db.SQL(`DELETE FROM erasure_notice WHERE erasure = $1`)
	qDropSteps   = db.SQL(`DELETE FROM erasure_step WHERE erasure = $1`)
	qDropLines   = db.SQL(`DELETE FROM erasure_line WHERE erasure = $1`)
	qDropOrder   = db.SQL(`DELETE FROM erasure_order WHERE id = $1 AND trial = 1`)
)

// Of the tombstones.
var (
	qBury   = db.SQL(`INSERT INTO erasure_tombstone (id, org, person, reason, made_at, done_at) VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (id) DO NOTHING`)
	qRest   = db.SQL(`UPDATE erasure_tombstone SET done_at = $2 WHERE id = $1 AND done_at = 0`)
	qUnbury = db.SQL(`DELETE FROM erasure_tombstone WHERE id = $1`)
	qTombs  = db.SQL(`SELECT id, org, person, reason, made_at FROM erasure_tombstone WHERE id > $1 ORDER BY id LIMIT 1000`)
	qFresh  = db.SQL(`SELECT person FROM erasure_tombstone WHERE org = '' AND done_at > $1 ORDER BY id`)
)

// State is how an order stands.
type State string

// The states.
const (
	Ordered   State = "ordered"
	Waiting   State = "waiting"
	Running   State = "running"
	Done      State = "done"
	Refused   State = "refused"
	Cancelled State = "cancelled"
)

// Order is an order with how far it is.
type Order struct {
	ID, Org, Person, Request core.ID
	Reason                   string
	Scope                    string // ScopePerson, ScopeMember; "" before it begins
	State                    State
	Step                     string // the next one, while it runs
	Blocked                  string // why it waits: "approval", "hold", "left"
	By                       core.ID
	At, Begins               time.Time
	Judge                    core.ID // who approved or refused it
	JudgedAt, Ended          time.Time
	Replayed                 time.Time // zero unless a restore had it done again
	Tries                    int
	Entry                    core.ID
	Digest, Receipt          string

	contact, traces []byte
	sealed, trial   bool

	// What this process did of it since it was read.
	keyed    bool // the order has its key
	shredded bool // the person's key is destroyed
	journey  *journey
}

func scanOrder(scan db.Scan) (o Order, err error) {
	var at, begins, judged, ended, replayed int64
	err = scan(&o.ID, &o.Org, &o.Person, &o.Request, &o.Reason, &o.Scope, &o.State, &o.Step, &o.Blocked, &o.By, &at, &begins, &o.Judge, &judged, &ended,
		&replayed, &o.Tries, &o.Entry, &o.Digest, &o.Receipt, &o.contact, &o.traces, &o.sealed, &o.trial)
	o.At, o.Begins, o.JudgedAt, o.Ended, o.Replayed = clock.FromMicros(at), clock.FromMicros(begins), clock.FromMicros(judged), clock.FromMicros(ended), clock.FromMicros(replayed)
	return o, err
}

func (m *Module) order(ctx context.Context, tx core.Tx, id core.ID) (Order, error) {
	o, found, err := db.One(ctx, tx, qOne, scanOrder, id)
	if err == nil && !found {
		err = errAbsent
	}
	return o, err
}

// Passed is one step that was passed.
type Passed struct {
	Step string
	At   time.Time
}

func scanPassed(scan db.Scan) (p Passed, err error) {
	var at int64
	err = scan(&p.Step, &at)
	p.At = clock.FromMicros(at)
	return p, err
}

// Notice is what an organization was told.
type Notice struct {
	Org, ID, Order, Person, Member core.ID
	Made, Told, Handled            time.Time
	HandledBy                      core.ID
}

func scanNotice(scan db.Scan) (n Notice, err error) {
	var made, told, handled int64
	err = scan(&n.Org, &n.ID, &n.Order, &n.Person, &n.Member, &made, &told, &handled, &n.HandledBy)
	n.Made, n.Told, n.Handled = clock.FromMicros(made), clock.FromMicros(told), clock.FromMicros(handled)
	return n, err
}
