package retention

import (
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qAddRun  = db.SQL(`INSERT INTO retention_run (id, org, dry, state, asked_by, began_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qEndRun  = db.SQL(`UPDATE retention_run SET state = 'done', ended_at = $2 WHERE id = $1 AND state = 'running'`)
	qRunning = db.SQL(`SELECT id, org, dry, state, asked_by, began_at, ended_at FROM retention_run WHERE state = 'running' AND dry = 0 ORDER BY id LIMIT 1`)
	qRun     = db.SQL(`SELECT id, org, dry, state, asked_by, began_at, ended_at FROM retention_run WHERE id = $1`)
	qRuns    = db.SQL(`SELECT id, org, dry, state, asked_by, began_at, ended_at FROM retention_run ORDER BY id DESC LIMIT 50`)
	qRunsOf  = db.SQL(`SELECT r.id, r.org, r.dry, r.state, r.asked_by, r.began_at, r.ended_at FROM retention_run r
		WHERE r.org = $1 OR EXISTS (SELECT 1 FROM retention_line l WHERE l.run = r.id AND l.org = $1) ORDER BY r.id DESC LIMIT 50`)
	qAddLine = db.SQL(`INSERT INTO retention_line (run, org, rule, name, days, deleted, archived, kept, entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (run, org, rule, name) DO UPDATE SET deleted = retention_line.deleted + excluded.deleted,
		archived = retention_line.archived + excluded.archived, kept = excluded.kept, entry = excluded.entry`)
	qLines    = db.SQL(`SELECT org, rule, name, days, deleted, archived, kept, entry FROM retention_line WHERE run = $1 ORDER BY org, rule, name`)
	qLinesOf  = db.SQL(`SELECT org, rule, name, days, deleted, archived, kept, entry FROM retention_line WHERE run = $1 AND org = $2 ORDER BY rule, name`)
	qAskedBy  = db.SQL(`SELECT id, org, dry, state, asked_by, began_at, ended_at FROM retention_run WHERE asked_by = $1 ORDER BY id`)
	qForgetBy = db.SQL(`UPDATE retention_run SET asked_by = '' WHERE asked_by = $1`)

	qAddHold = db.SQL(`INSERT INTO retention_hold (id, org, person, mark, ground, since, review_at, ends_at, placed_in, placed_by, lifted_at, lifted_by, why)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '', $11)`)
	holdColumns = `id, org, person, ground, since, review_at, ends_at, placed_in, placed_by, lifted_at, lifted_by`
	qLiveHolds  = db.SQL(`SELECT ` + holdColumns + ` FROM retention_hold WHERE lifted_at = 0 AND (ends_at = 0 OR ends_at > $1) ORDER BY id`)
	qHolds      = db.SQL(`SELECT ` + holdColumns + ` FROM retention_hold ORDER BY id DESC LIMIT 500`)
	qHoldsOf    = db.SQL(`SELECT ` + holdColumns + ` FROM retention_hold WHERE org = $1 ORDER BY id DESC LIMIT 500`)
	qHold       = db.SQL(`SELECT ` + holdColumns + ` FROM retention_hold WHERE id = $1`)
	qLift       = db.SQL(`UPDATE retention_hold SET lifted_at = $2, lifted_by = $3, why = $4 WHERE id = $1 AND lifted_at = 0`)
	qHoldsAbout = db.SQL(`SELECT ` + holdColumns + ` FROM retention_hold WHERE person = $1 ORDER BY id`)

	qArchive = db.SQL(`INSERT INTO retention_archive (org, id, name, rule, mark, sealed, began_at, moved_at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	archived = `org, id, name, rule, sealed, began_at, moved_at, until_at`
	qFindOrg = db.SQL(`SELECT ` + archived + ` FROM retention_archive WHERE org = $1 ORDER BY id DESC LIMIT 200`)
	qFindWho = db.SQL(`SELECT ` + archived + ` FROM retention_archive WHERE mark = $1 ORDER BY id DESC LIMIT 200`)
	qFindOne = db.SQL(`SELECT ` + archived + ` FROM retention_archive WHERE org = $1 AND mark = $2 ORDER BY id DESC LIMIT 200`)
	qShelves = db.SQL(`SELECT org, name, count(*), min(until_at) FROM retention_archive GROUP BY org, name ORDER BY org, name LIMIT 1000`)
	qOfWhom  = db.SQL(`SELECT count(*) FROM retention_archive WHERE mark = $1`)
	qDropArc = db.SQL(`DELETE FROM retention_archive WHERE org = $1 AND mark = $2`)

	qNotice     = db.SQL(`INSERT INTO retention_notice (person, told_at, due_at, ordered) VALUES ($1, $2, $3, '') ON CONFLICT (person) DO NOTHING`)
	qNoticed    = db.SQL(`SELECT person, told_at, due_at, ordered FROM retention_notice WHERE person = $1`)
	qNoticesDue = db.SQL(`SELECT person FROM retention_notice WHERE ordered = '' AND due_at < $1 ORDER BY due_at LIMIT 100`)
	qOrdered    = db.SQL(`UPDATE retention_notice SET ordered = $2 WHERE person = $1`)
	qSpared     = db.SQL(`DELETE FROM retention_notice WHERE person = $1`)
)

// Run is one sweep.
type Run struct {
	ID, Org, AskedBy core.ID
	Dry              bool
	State            string
	Began, Ended     time.Time
}

func scanRun(scan db.Scan) (r Run, err error) {
	var dry, began, ended int64
	err = scan(&r.ID, &r.Org, &dry, &r.State, &r.AskedBy, &began, &ended)
	r.Dry, r.Began, r.Ended = dry == 1, clock.FromMicros(began), clock.FromMicros(ended)
	return r, err
}

// Count is what a run ended of one table.
type Count struct {
	Org                     core.ID
	Rule, Table             string
	Days                    int64
	Deleted, Archived, Kept int64
	Entry                   core.ID
}

func scanCount(scan db.Scan) (c Count, err error) {
	err = scan(&c.Org, &c.Rule, &c.Table, &c.Days, &c.Deleted, &c.Archived, &c.Kept, &c.Entry)
	return c, err
}

// Hold is a legal hold.
type Hold struct {
	ID, Org, Person             core.ID
	Ground                      string
	Since, Review, Ends, Lifted time.Time
	In, By, LiftedBy            core.ID
	sealed                      []byte
}

// Live tells whether it stands at a time.
func (h Hold) Live(now time.Time) bool {
	return h.Lifted.IsZero() && (h.Ends.IsZero() || h.Ends.After(now))
}

func scanHold(scan db.Scan) (h Hold, err error) {
	var since, review, ends, lifted int64
	err = scan(&h.ID, &h.Org, &h.Person, &h.sealed, &since, &review, &ends, &h.In, &h.By, &lifted, &h.LiftedBy)
	h.Since, h.Review, h.Ends, h.Lifted = clock.FromMicros(since), clock.FromMicros(review), clock.FromMicros(ends), clock.FromMicros(lifted)
	return h, err
}
