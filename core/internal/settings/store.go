package settings

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

var (
	qVersion = db.SQL(`SELECT version, stamp FROM settings_version WHERE id = 1`)
	qBump    = db.SQL(`INSERT INTO settings_version (id, version, stamp) VALUES (1, 1, $1)
		ON CONFLICT (id) DO UPDATE SET version = settings_version.version + 1, stamp = excluded.stamp`)
	qValues = db.SQL(`SELECT key, value, source, set_by, set_at FROM settings_value WHERE org = $1 ORDER BY key`)
	qPut    = db.SQL(`INSERT INTO settings_value (org, key, value, source, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (org, key) DO UPDATE SET value = excluded.value, source = excluded.source, set_by = excluded.set_by, set_at = excluded.set_at`)
	qDrop   = db.SQL(`DELETE FROM settings_value WHERE org = $1 AND key = $2`)
	qSetBy  = db.SQL(`SELECT org, key, value, set_at FROM settings_value WHERE set_by = $1 ORDER BY org, key`)
	qForget = db.SQL(`UPDATE settings_value SET set_by = '' WHERE set_by = $1`)
)

// row is one stored value.
type row struct {
	key, value, source string
	setBy              core.ID
	setAt              time.Time
}

func scanRow(scan db.Scan) (r row, err error) {
	var at int64
	err = scan(&r.key, &r.value, &r.source, &r.setBy, &at)
	r.setAt = clock.FromMicros(at)
	return r, err
}

// stored gives the values of an organization by key; a key that the catalogue no longer knows is left out.
func stored(ctx context.Context, tx core.Tx, org core.ID) (map[string]row, error) {
	list, err := db.All(ctx, tx, qValues, scanRow, org)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]row, len(list))
	for _, r := range list {
		if _, known := byID[r.key]; known {
			rows[r.key] = r
		}
	}
	return rows, nil
}

type version struct {
	number int64
	stamp  string
}

func current(ctx context.Context, tx core.Tx) (version, error) {
	v, _, err := db.One(ctx, tx, qVersion, func(scan db.Scan) (v version, err error) {
		err = scan(&v.number, &v.stamp)
		return v, err
	})
	return v, err
}

// renew makes what every node remembers of the settings stale.
func renew(ctx context.Context, tx core.Tx) error {
	stamp := string(ids.New())
	if _, err := tx.Exec(ctx, qBump, stamp); err != nil {
		return err
	}
	tx.Notify("settings", stamp)
	return nil
}
