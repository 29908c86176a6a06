package mail

import (
	"embed"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema gives the tables of the queue.
func Schema() db.Schema { return db.Schema{Module: "mail", FS: schema} }

var (
	qAdd = db.SQL(`INSERT INTO mail_outbox
		(id, org, person, kind, sealed, state, attempts, next_at, lease_until, queued_at, done_at, reply)
		VALUES ($1, $2, $3, $4, $5, $7, 0, $6, 0, $6, $8, '')`)
	qHeld = db.SQL(`SELECT id, org, person, kind, sealed, attempts, queued_at FROM mail_outbox
		WHERE person = $1 AND state = 'held' ORDER BY queued_at, id`)

	// The outer conditions are checked again on the row that is changed, so two nodes never take the same message.
	qTake = db.SQL(`UPDATE mail_outbox SET lease_until = $1, attempts = attempts + 1
		WHERE state = 'queued' AND lease_until <= $2 AND id IN (
			SELECT id FROM mail_outbox WHERE state = 'queued' AND next_at <= $2 AND lease_until <= $2
			ORDER BY next_at LIMIT $3)
		RETURNING id, org, person, kind, sealed, attempts, queued_at`)

	qSent = db.SQL(`UPDATE mail_outbox SET state = $2, sealed = NULL, done_at = $3, reply = $4, lease_until = 0
		WHERE id = $1 AND state = 'queued'`)
	qLater = db.SQL(`UPDATE mail_outbox SET next_at = $2, reply = $3, lease_until = 0 WHERE id = $1 AND state = 'queued'`)

	qState = db.SQL(`SELECT COUNT(*), COALESCE(MIN(queued_at), 0) FROM mail_outbox WHERE state = 'queued'`)
	qDead  = db.SQL(`SELECT COUNT(*) FROM mail_outbox WHERE state = 'dead'`)
	qReply = db.SQL(`SELECT reply FROM mail_outbox WHERE state = 'queued' AND reply <> '' ORDER BY next_at DESC LIMIT 1`)

	qPerson = db.SQL(`SELECT id, org, kind, state, queued_at, done_at, reply FROM mail_outbox WHERE person = $1 ORDER BY id`)
	qErase  = db.SQL(`DELETE FROM mail_outbox WHERE person = $1`)
)

// waiting is a message taken from the queue under a lease.
type waiting struct {
	id, org, person core.ID
	kind            string
	sealed          []byte
	attempts        int64
	queuedAt        int64
}

func scanWaiting(scan db.Scan) (w waiting, err error) {
	err = scan(&w.id, &w.org, &w.person, &w.kind, &w.sealed, &w.attempts, &w.queuedAt)
	return w, err
}
