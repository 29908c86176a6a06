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
	qKey     = db.SQL(`SELECT wrapped FROM vault_key WHERE owner = $1`)
	qDestroy = db.SQL(`UPDATE vault_key SET wrapped = NULL, destroyed = $2 WHERE owner = $1 AND destroyed = 0`)
	qBury    = db.SQL(`INSERT INTO vault_key (owner, epoch, wrapped, made, destroyed) VALUES ($1, 1, NULL, $2, $2) ON CONFLICT (owner) DO NOTHING`)
	qMake    = db.SQL(makeText(1))
	qMake100 = db.SQL(makeText(100))
)

func makeText(rows int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO vault_key (owner, epoch, wrapped, made) VALUES `)
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "($%d, $%d, $%d, $%d)", 4*i+1, 4*i+2, 4*i+3, 4*i+4)
	}
	b.WriteString(` ON CONFLICT (owner) DO NOTHING`)
	return b.String()
}

func loadWrapped(ctx context.Context, tx core.Tx, owner core.ID) ([]byte, bool, error) {
	return db.One(ctx, tx, qKey, db.Value[[]byte], owner)
}
