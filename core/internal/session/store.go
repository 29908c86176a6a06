package session

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

var (
	qInsert = db.SQL(`INSERT INTO session_session (id, secret, pace, generation, moved_at, person, account, staff, aal, device,
		browser, system, address, began_at, used_at, proved_at, locked_at, ended_at, reason)
		VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12, $4, $4, $4, 0, 0, '')`)
	qBySecret = db.SQL(`SELECT id, pace, generation, moved_at, person, account, staff, aal, browser, began_at, used_at, proved_at,
		locked_at, ended_at, reason FROM session_session WHERE secret = $1`)
	qByID = db.SQL(`SELECT id, person, device, browser, system, address, aal, began_at, used_at, proved_at, locked_at, ended_at, reason
		FROM session_session WHERE id = $1`)
	qLive = db.SQL(`SELECT id, person, device, browser, system, address, aal, began_at, used_at, proved_at, locked_at, ended_at, reason
		FROM session_session WHERE person = $1 AND ended_at = 0 ORDER BY used_at DESC, id`)
	qOfPerson = db.SQL(`SELECT id, person, device, browser, system, address, aal, began_at, used_at, proved_at, locked_at, ended_at, reason
		FROM session_session WHERE person = $1 ORDER BY began_at`)
	qTouch = db.SQL(`UPDATE session_session SET used_at = $2 WHERE id = $1 AND used_at < $2 AND ended_at = 0`)
	qMove  = db.SQL(`UPDATE session_session SET generation = $2, moved_at = $3 WHERE id = $1 AND generation = $2 - 1 AND ended_at = 0`)
	qRaise = db.SQL(`UPDATE session_session SET secret = $2, pace = $3, generation = 0, moved_at = $4, used_at = $4, proved_at = $4,
		locked_at = 0, aal = $5 WHERE id = $1 AND ended_at = 0`)
	qReopen = db.SQL(`UPDATE session_session SET secret = $2, pace = $3, generation = 0, moved_at = $4, used_at = $4, locked_at = 0
		WHERE id = $1 AND ended_at = 0`)
	qLock      = db.SQL(`UPDATE session_session SET locked_at = $2 WHERE id = $1 AND locked_at = 0 AND ended_at = 0`)
	qEnd       = db.SQL(`UPDATE session_session SET ended_at = $2, reason = $3 WHERE id = $1 AND ended_at = 0`)
	qEndPerson = db.SQL(`UPDATE session_session SET ended_at = $3, reason = $4 WHERE person = $1 AND id <> $2 AND ended_at = 0`)
	qExpire    = db.SQL(`UPDATE session_session SET ended_at = $2, reason = 'absolute' WHERE ended_at = 0 AND used_at < $1`)
	qErase     = db.SQL(`DELETE FROM session_session WHERE person = $1`)
)

// row is what a check reads.
type row struct {
	id, person, account core.ID
	pace                []byte
	generation          int64
	moved               time.Time
	staff               bool
	aal                 int
	browser, reason     string
	began, used, proved time.Time
	locked, ended       time.Time
}

func scanRow(scan db.Scan) (r row, err error) {
	var staff, moved, began, used, proved, locked, ended int64
	err = scan(&r.id, &r.pace, &r.generation, &moved, &r.person, &r.account, &staff, &r.aal, &r.browser,
		&began, &used, &proved, &locked, &ended, &r.reason)
	r.staff = staff == 1
	r.moved, r.began, r.used = clock.FromMicros(moved), clock.FromMicros(began), clock.FromMicros(used)
	r.proved, r.locked, r.ended = clock.FromMicros(proved), clock.FromMicros(locked), clock.FromMicros(ended)
	return r, err
}

// bySecret finds the session whose secret has this hash.
func bySecret(ctx context.Context, tx core.Tx, hash []byte) (row, bool, error) {
	return db.One(ctx, tx, qBySecret, scanRow, hash)
}

// kept is what lists read.
type kept struct {
	id, person, device      core.ID
	browser, system, reason string
	address                 []byte
	aal                     int
	began, used, proved     time.Time
	locked, ended           time.Time
}

func scanKept(scan db.Scan) (k kept, err error) {
	var began, used, proved, locked, ended int64
	err = scan(&k.id, &k.person, &k.device, &k.browser, &k.system, &k.address, &k.aal, &began, &used, &proved, &locked, &ended, &k.reason)
	k.began, k.used, k.proved = clock.FromMicros(began), clock.FromMicros(used), clock.FromMicros(proved)
	k.locked, k.ended = clock.FromMicros(locked), clock.FromMicros(ended)
	return k, err
}

func live(ctx context.Context, tx core.Tx, person core.ID) ([]kept, error) {
	return db.All(ctx, tx, qLive, scanKept, person)
}

func byID(ctx context.Context, tx core.Tx, id core.ID) (kept, bool, error) {
	return db.One(ctx, tx, qByID, scanKept, id)
}
