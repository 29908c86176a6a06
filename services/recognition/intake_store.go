package recognition

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const syncColumns = `link, secret, state, session, account, whole, mapping, generation, cards, digest, next, wanted, wanted_digest, refused_digest,
	puts, deletes, loaded, every, version, fault, begun_at, pushed_at, done_at, told_at, held`

var (
	qSync    = db.SQL(`SELECT ` + syncColumns + ` FROM recognition_sync WHERE org = $1 AND link = $2`)
	qSyncs   = db.SQL(`SELECT ` + syncColumns + ` FROM recognition_sync WHERE org = $1 AND state = 'waiting' ORDER BY link`)
	qSyncDue = db.SQL(`SELECT org, link FROM recognition_sync WHERE every > 0 AND told_at < done_at AND done_at < $1 ORDER BY org, link LIMIT $2`)
	qPutSync = db.SQL(`INSERT INTO recognition_sync (org, ` + syncColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)
		ON CONFLICT (org, link) DO UPDATE SET secret = excluded.secret, state = excluded.state, session = excluded.session, account = excluded.account,
		whole = excluded.whole, mapping = excluded.mapping, generation = excluded.generation, cards = excluded.cards, digest = excluded.digest,
		next = excluded.next, wanted = excluded.wanted, wanted_digest = excluded.wanted_digest, refused_digest = excluded.refused_digest,
		puts = excluded.puts, deletes = excluded.deletes, loaded = excluded.loaded, every = excluded.every, version = excluded.version,
		fault = excluded.fault, begun_at = excluded.begun_at, pushed_at = excluded.pushed_at, done_at = excluded.done_at, told_at = excluded.told_at,
		held = excluded.held`)
	qDropSync   = db.SQL(`DELETE FROM recognition_sync WHERE org = $1 AND link = $2`)
	qPutChunk   = db.SQL(`INSERT INTO recognition_chunk (org, link, session, number, body) VALUES ($1, $2, $3, $4, $5)`)
	qChunk      = db.SQL(`SELECT body FROM recognition_chunk WHERE org = $1 AND link = $2 AND session = $3 AND number = $4`)
	qDropChunks = db.SQL(`DELETE FROM recognition_chunk WHERE org = $1 AND link = $2`)
)

// syncRow is the row of a link's synchronisation.
type syncRow struct {
	org, link                   core.ID
	secret                      []byte
	state                       SyncState
	session, account            core.ID
	whole                       bool
	mapping, generation         int64
	cards                       int
	digest                      string
	next, wanted                int
	wantedDigest, refusedDigest string
	puts, deletes, loaded       int
	every                       int
	version, fault              string
	begun, pushed, done, toldAt int64
	held                        int64
}

func scanSync(org core.ID) func(db.Scan) (syncRow, error) {
	return func(scan db.Scan) (r syncRow, err error) {
		var whole int64
		r.org = org
		err = scan(&r.link, &r.secret, (*string)(&r.state), &r.session, &r.account, &whole, &r.mapping, &r.generation, &r.cards, &r.digest, &r.next,
			&r.wanted, &r.wantedDigest, &r.refusedDigest, &r.puts, &r.deletes, &r.loaded, &r.every, &r.version, &r.fault, &r.begun, &r.pushed, &r.done, &r.toldAt,
			&r.held)
		r.whole = whole == 1
		return r, err
	}
}

func (m *Module) syncOf(ctx context.Context, tx core.Tx, org, link core.ID) (syncRow, bool, error) {
	return db.One(ctx, tx, qSync, scanSync(org), org, link)
}

// sessionOf gives the row when its session is the one that is asked for.
func (m *Module) sessionOf(ctx context.Context, tx core.Tx, org, link, session core.ID) (syncRow, error) {
	r, found, err := m.syncOf(ctx, tx, org, link)
	if err == nil && (!found || session == "" || r.session != session) {
		err = errNoSession
	}
	return r, err
}

func (r *syncRow) put(ctx context.Context, tx core.Tx) error {
	_, err := tx.Exec(ctx, qPutSync, r.org, r.link, r.secret, string(r.state), r.session, r.account, r.whole, r.mapping, r.generation, r.cards, r.digest, r.next,
		r.wanted, r.wantedDigest, r.refusedDigest, r.puts, r.deletes, r.loaded, r.every, r.version, r.fault, r.begun, r.pushed, r.done, r.toldAt, r.held)
	return err
}

// dropSync ends the synchronisation of a link with what was on its way, and forgets its agents' codes: part of removing a link.
func (m *Module) dropSync(ctx context.Context, tx core.Tx, org, link core.ID) error {
	for _, q := range []string{qDropChunks, qDropSync, qDropAgentCodes} {
		if _, err := tx.Exec(ctx, q, org, link); err != nil {
			return err
		}
	}
	return nil
}

func (r *syncRow) health(now time.Time) SyncHealth {
	var due time.Time
	if r.every > 0 && r.done > 0 {
		due = clock.FromMicros(r.done).Add(time.Duration(r.every) * time.Second)
	}
	return SyncHealth{
		Org: r.org, Link: r.link, State: r.state, Generation: r.generation, Cards: r.cards, Digest: r.digest, Done: clock.FromMicros(r.done), Begun: clock.FromMicros(r.begun),
		Chunks: r.next, Loaded: r.loaded, Every: time.Duration(r.every) * time.Second, Late: r.late(now), Puts: r.puts, Deletes: r.deletes,
		Version: r.version, Fault: r.fault, Due: due,
	}
}

// late tells whether three turns were missed, or one hour when they are short.
func (r *syncRow) late(now time.Time) bool {
	if r.every == 0 || r.done == 0 {
		return false
	}
	return now.Sub(clock.FromMicros(r.done)) > max(time.Hour, 3*time.Duration(r.every)*time.Second)
}
