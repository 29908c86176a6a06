package vault

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of the vault, for the keys' own database.
func Schema() db.Schema { return db.Schema{Module: "vault", FS: files} }

var (
	qKey = db.SQL(`SELECT k.owner, k.org, k.epoch, k.wrapped, e.wrapped FROM vault_key k
		LEFT JOIN vault_epoch e ON e.org = k.org AND e.epoch = k.epoch WHERE k.owner = $1`)
	qDestroyed = db.SQL(`SELECT destroyed FROM vault_key WHERE owner = $1`)
	qDestroy   = db.SQL(`UPDATE vault_key SET wrapped = NULL, destroyed = $2 WHERE owner = $1 AND destroyed = 0`)
	qBury      = db.SQL(`INSERT INTO vault_key (owner, epoch, wrapped, made, destroyed) VALUES ($1, 1, NULL, $2, $2) ON CONFLICT (owner) DO NOTHING`)
	qMake      = db.SQL(makeText(1, false))
	qMake100   = db.SQL(makeText(100, false))
	qRewrap    = db.SQL(makeText(1, true))
	qRewrap100 = db.SQL(makeText(100, true))

	qNewest     = db.SQL(`SELECT epoch, wrapped FROM vault_epoch WHERE org = $1 ORDER BY epoch DESC LIMIT 1`)
	qMakeEpoch  = db.SQL(`INSERT INTO vault_epoch (org, epoch, wrapped, made) VALUES ($1, $2, $3, $4) ON CONFLICT (org, epoch) DO NOTHING`)
	qBuryOrg    = db.SQL(`INSERT INTO vault_epoch (org, epoch, wrapped, made, destroyed) VALUES ($1, 0, NULL, $2, $2) ON CONFLICT (org, epoch) DO NOTHING`)
	qEndOrg     = db.SQL(`UPDATE vault_epoch SET wrapped = NULL, destroyed = $2 WHERE org = $1 AND destroyed = 0`)
	qEndKeys    = db.SQL(`UPDATE vault_key SET wrapped = NULL, destroyed = $2 WHERE org = $1 AND destroyed = 0`)
	qEndSecrets = db.SQL(`UPDATE vault_index SET wrapped = NULL, destroyed = $2 WHERE org = $1 AND destroyed = 0`)
	qTop        = db.SQL(`SELECT coalesce(max(epoch), 0) FROM vault_epoch`)

	qFact    = db.SQL(`SELECT value, made FROM vault_fact WHERE name = $1`)
	qSetFact = db.SQL(`INSERT INTO vault_fact (name, value, made) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, made = excluded.made`)
)

// makeText inserts keys; anew, it replaces the wrapping of those that live under an older epoch.
func makeText(rows int, anew bool) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO vault_key (owner, org, epoch, wrapped, made) VALUES `)
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "($%d, $%d, $%d, $%d, $%d)", 5*i+1, 5*i+2, 5*i+3, 5*i+4, 5*i+5)
	}
	if anew {
		b.WriteString(` ON CONFLICT (owner) DO UPDATE SET epoch = excluded.epoch, wrapped = excluded.wrapped
			WHERE vault_key.destroyed = 0 AND vault_key.epoch < excluded.epoch`)
	} else {
		b.WriteString(` ON CONFLICT (owner) DO NOTHING`)
	}
	return b.String()
}

// putKeys runs a statement of makeText over args, five for each key, and tells how many rows were written.
func putKeys(ctx context.Context, tx core.Tx, one, hundred string, args []any) (put int64, err error) {
	for len(args) > 0 {
		text, n := one, 5
		if len(args) >= 500 {
			text, n = hundred, 500
		}
		rows, err := tx.Exec(ctx, text, args[:n]...)
		if err != nil {
			return put, err
		}
		put, args = put+rows, args[n:]
	}
	return put, nil
}

// ownerRow is a key as it is stored, and the key that wraps it.
type ownerRow struct {
	owner, org core.ID
	epoch      int64
	wrapped    []byte
	kek        []byte
}

// data binds a wrapped key to its owner, organization and epoch.
func (r *ownerRow) data() []byte {
	if r.epoch == rootEpoch {
		return []byte("vault_key\x00" + string(r.owner))
	}
	return fmt.Appendf(nil, "vault_key\x00%s\x00%d\x00%s", r.org, r.epoch, r.owner)
}

func loadOwner(ctx context.Context, tx core.Tx, owner core.ID) (ownerRow, bool, error) {
	return db.One(ctx, tx, qKey, func(scan db.Scan) (r ownerRow, err error) {
		err = scan(&r.owner, &r.org, &r.epoch, &r.wrapped, &r.kek)
		return r, err
	}, owner)
}
