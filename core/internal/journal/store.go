package journal

import (
	"context"
	"embed"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of the journal.
func Schema() db.Schema { return db.Schema{Module: "journal", FS: files} }

// logBits is how many bits of a position hold the sequence: 2^40 entries per log.
const logBits = 40

func place(log int64, seq uint64) int64 { return log<<logBits | int64(seq) }
func seqOf(pos int64) uint64            { return uint64(pos) & (1<<logBits - 1) }

const logFrom = `SELECT l.log, l.org, l.indexed, l.pruned, l.trimmed, b.pos, b.count, b.root FROM journal_log l
	LEFT JOIN journal_batch b ON b.pos = (SELECT MAX(pos) FROM journal_batch WHERE pos >= l.log * 1099511627776 AND pos < (l.log + 1) * 1099511627776)`

var (
	qLog    = db.SQL(logFrom + ` WHERE l.org = $1`)
	qLogs   = db.SQL(logFrom + ` ORDER BY l.log`)
	qNewLog = db.SQL(`INSERT INTO journal_log (log, org) SELECT COALESCE(MAX(log), 0) + 1, CAST($1 AS TEXT) FROM journal_log`)

	qBatch    = db.SQL(`INSERT INTO journal_batch (pos, count, root, leaves, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (pos) DO NOTHING`)
	qBatches  = db.SQL(`SELECT pos, count, body FROM journal_batch WHERE pos >= $1 AND pos < $2 ORDER BY pos`)
	qNewest   = db.SQL(`SELECT pos, count, body FROM journal_batch WHERE pos >= $1 AND pos < $2 ORDER BY pos DESC LIMIT $3`)
	qLeaves   = db.SQL(`SELECT pos, count, leaves, root FROM journal_batch WHERE pos >= $1 AND pos < $2 ORDER BY pos`)
	qTile     = db.SQL(`INSERT INTO journal_tile (log, level, idx, hashes) VALUES ($1, $2, $3, $4)`)
	qTiles    = db.SQL(`SELECT idx, hashes FROM journal_tile WHERE log = $1 AND level = $2 AND idx >= $3 AND idx < $4 ORDER BY idx`)
	qTileAt   = db.SQL(`SELECT hashes FROM journal_tile WHERE log = $1 AND level = $2 AND idx = $3`)
	qWait     = db.SQL(`INSERT INTO journal_pending (id, org, body) VALUES ($1, $2, $3)`)
	qPendings = db.SQL(`SELECT id, org, body FROM journal_pending ORDER BY id LIMIT $1`)
	qPending  = db.SQL(`SELECT id FROM journal_pending LIMIT 1`)
	qPlaced   = db.SQL(`DELETE FROM journal_pending WHERE id <= $1`)
)

// batch is a row of entries.
type batch struct {
	pos   int64
	count int
	body  []byte
}

func scanBatch(scan db.Scan) (b batch, err error) {
	err = scan(&b.pos, &b.count, &b.body)
	return b, err
}

// logState is where one log stands.
type logState struct {
	log     int64
	org     core.ID
	size    uint64 // leaves of the tree
	root    verify.Hash
	indexed uint64
	pruned  uint64
	trimmed uint64
}

func scanLog(scan db.Scan) (logState, error) {
	s := logState{root: verify.EmptyRoot()}
	var pos, count *int64
	var root []byte
	if err := scan(&s.log, &s.org, &s.indexed, &s.pruned, &s.trimmed, &pos, &count, &root); err != nil {
		return s, err
	}
	if pos != nil && count != nil {
		s.size = seqOf(*pos) + uint64(*count)
		if copy(s.root[:], root) != len(s.root) {
			return s, errMissing
		}
	}
	return s, nil
}

// hashes cuts stored hashes apart.
func hashes(b []byte) ([]verify.Hash, error) {
	if len(b)%32 != 0 {
		return nil, fmt.Errorf("journal: %d bytes are no list of hashes", len(b))
	}
	list := make([]verify.Hash, len(b)/32)
	for i := range list {
		copy(list[i][:], b[32*i:])
	}
	return list, nil
}

// joined puts hashes in a row, to be stored; never nil.
func joined(b []byte, list []verify.Hash) []byte {
	if b == nil {
		b = make([]byte, 0, 32*len(list))
	}
	for i := range list {
		b = append(b, list[i][:]...)
	}
	return b
}

func findLog(ctx context.Context, tx core.Tx, org core.ID) (logState, bool, error) {
	return db.One(ctx, tx, qLog, scanLog, org)
}

// openLog finds the log of an organization or begins it.
func openLog(ctx context.Context, tx core.Tx, org core.ID) (logState, error) {
	s, found, err := findLog(ctx, tx, org)
	if err != nil || found {
		return s, err
	}
	if _, err := tx.Exec(ctx, qNewLog, org); err != nil {
		return s, err
	}
	s, _, err = findLog(ctx, tx, org)
	return s, err
}

func allLogs(ctx context.Context, tx core.Tx) ([]logState, error) {
	return db.All(ctx, tx, qLogs, scanLog)
}

// openLeaves reads the hashes beside the entries of the unfinished tile, from its first entry to the end of the log; it is
// an error when one is missing.
func openLeaves(ctx context.Context, tx core.Tx, log int64, from, to uint64) ([]verify.Hash, error) {
	list := make([]verify.Hash, 0, tileSize)
	_, err := db.All(ctx, tx, qLeaves, func(scan db.Scan) (struct{}, error) {
		var pos int64
		var count int
		var leaves, root []byte
		if err := scan(&pos, &count, &leaves, &root); err != nil {
			return struct{}{}, err
		}
		if seqOf(pos) != from+uint64(len(list)) || len(leaves) != 32*count || count > tileSize {
			return struct{}{}, errMissing
		}
		some, err := hashes(leaves)
		list = append(list, some...)
		return struct{}{}, err
	}, place(log, from), place(log, to))
	if err == nil && uint64(len(list)) != to-from {
		err = errMissing
	}
	return list, err
}
