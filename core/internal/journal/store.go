package journal

import (
	"context"
	"embed"
	"fmt"
	"strings"

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

const (
	entryColumns   = `pos, log, indexed, id, at, node, counter, kind, actor, action, verb, type, resource, purpose, outcome, reason, request, subject, others, sealed, leaf`
	pendingColumns = `id, org, at, node, counter, kind, actor, action, verb, type, resource, purpose, outcome, reason, request, subject, others, sealed`
)

var (
	qLog     = db.SQL(`SELECT log, org, size, frontier, indexed, pruned, trimmed FROM journal_log WHERE org = $1`)
	qLogs    = db.SQL(`SELECT log, org, size, frontier, indexed, pruned, trimmed FROM journal_log ORDER BY log`)
	qNewLog  = db.SQL(`INSERT INTO journal_log (log, org, size, frontier) SELECT COALESCE(MAX(log), 0) + 1, CAST($1 AS TEXT), 0, $2 FROM journal_log`)
	qGrow    = db.SQL(`UPDATE journal_log SET size = $2, frontier = $3, indexed = $4 WHERE log = $1`)
	qEntries = map[int]string{
		1: db.SQL(manyRows(`INSERT INTO journal_entry (`+entryColumns+`) VALUES `, 21, 1)),
		// The driver of SQLite looks an argument up among all of them: past four rows a statement costs more than it saves.
		4:  db.SQL(manyRows(`INSERT INTO journal_entry (`+entryColumns+`) VALUES `, 21, 4)),
		64: db.SQLOn(db.PostgreSQL, manyRows(`INSERT INTO journal_entry (`+entryColumns+`) VALUES `, 21, 64)),
	}
	qWait = map[int]string{
		1: db.SQL(manyRows(`INSERT INTO journal_pending (`+pendingColumns+`) VALUES `, 18, 1)),
		4: db.SQL(manyRows(`INSERT INTO journal_pending (`+pendingColumns+`) VALUES `, 18, 4)),
	}
	qPendings = db.SQL(`SELECT ` + pendingColumns + ` FROM journal_pending ORDER BY id LIMIT $1`)
	qPending  = db.SQL(`SELECT id FROM journal_pending LIMIT 1`)
	qPlaced   = db.SQL(`DELETE FROM journal_pending WHERE id <= $1`)
	qSubject  = db.SQL(`INSERT INTO journal_subject (log, subject, at, pos) VALUES ($1, $2, $3, $4)`)
	qTile     = db.SQL(`INSERT INTO journal_tile (log, level, idx, hashes) VALUES ($1, $2, $3, $4)`)
	qTileAt   = db.SQL(`SELECT hashes FROM journal_tile WHERE log = $1 AND level = $2 AND idx = $3`)
	qLeaves   = db.SQL(`SELECT pos, leaf FROM journal_entry WHERE pos >= $1 AND pos < $2 ORDER BY pos`)
)

// manyRows writes an INSERT of several rows.
func manyRows(head string, columns, rows int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range rows {
		for j := range columns {
			switch {
			case j > 0:
				b.WriteString(", ")
			case i > 0:
				b.WriteString(", (")
			default:
				b.WriteString("(")
			}
			fmt.Fprintf(&b, "$%d", i*columns+j+1)
		}
		b.WriteString(")")
	}
	return b.String()
}

// insertMany runs the largest statements that fit the rows, of at most so many rows each; sizes must hold 1.
func insertMany(ctx context.Context, tx core.Tx, statements map[int]string, columns, largest int, args []any) error {
	for _, n := range [...]int{64, 4, 1} {
		text, ok := statements[n]
		ok = ok && n <= largest
		for ok && len(args) >= n*columns {
			if _, err := tx.Exec(ctx, text, args[:n*columns]...); err != nil {
				return err
			}
			args = args[n*columns:]
		}
	}
	return nil
}

// logState is the row of one log.
type logState struct {
	log     int64
	org     core.ID
	front   verify.Frontier
	indexed uint64
	pruned  uint64
	trimmed uint64
}

func scanLog(scan db.Scan) (logState, error) {
	var s logState
	var front []byte
	if err := scan(&s.log, &s.org, &s.front.Size, &front, &s.indexed, &s.pruned, &s.trimmed); err != nil {
		return s, err
	}
	var err error
	s.front.Hashes, err = hashes(front)
	return s, err
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

// packed joins hashes to be stored; never nil.
func packed(list []verify.Hash) []byte {
	b := make([]byte, 0, 32*len(list))
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
	if _, err := tx.Exec(ctx, qNewLog, org, []byte{}); err != nil {
		return s, err
	}
	s, _, err = findLog(ctx, tx, org)
	return s, err
}

func allLogs(ctx context.Context, tx core.Tx) ([]logState, error) {
	return db.All(ctx, tx, qLogs, scanLog)
}

// leavesBetween reads the stored leaf hashes of entries from ≤ seq < to; it is an error when one is missing.
func leavesBetween(ctx context.Context, tx core.Tx, log int64, from, to uint64) ([]verify.Hash, error) {
	rows, err := tx.Query(ctx, qLeaves, place(log, from), place(log, to))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := make([]verify.Hash, 0, to-from)
	for rows.Next() {
		var pos int64
		var leaf []byte
		if err := rows.Scan(&pos, &leaf); err != nil {
			return nil, err
		}
		if seqOf(pos) != from+uint64(len(list)) || len(leaf) != 32 {
			return nil, errMissing
		}
		list = append(list, verify.Hash(leaf))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if uint64(len(list)) != to-from {
		return nil, errMissing
	}
	return list, nil
}
