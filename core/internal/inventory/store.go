package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const columns = `i.id, i.register, i.parent, i.owner, i.state, i.due_at, i.lacks, i.tell, i.made_at, i.made_by, i.trial, v.revision, v.details, v.changed_at, v.changed_by, v.entry`

const current = ` FROM inventory_item i JOIN inventory_version v ON v.item = i.id AND v.revision = i.revision `

var (
	qAll      = db.SQL(`SELECT ` + columns + current + `WHERE i.register = $1 AND (i.trial = 0 OR i.made_by = $2) ORDER BY i.id DESC LIMIT 5000`)
	qOne      = db.SQL(`SELECT ` + columns + current + `WHERE i.id = $1 AND i.register = $2`)
	qVersions = db.SQL(`SELECT ` + columns + ` FROM inventory_item i JOIN inventory_version v ON v.item = i.id WHERE i.id = $1 ORDER BY v.revision DESC`)
	qUntold   = db.SQL(`SELECT ` + columns + current + `WHERE i.register = 'subprocessor' AND i.tell = 1 ORDER BY i.id LIMIT 100`)
	qDue      = db.SQL(`SELECT ` + columns + current + `WHERE i.due_at > 0 AND i.due_at <= $1 ORDER BY i.due_at, i.id`)

	qAddItem = db.SQL(`INSERT INTO inventory_item (id, register, parent, owner, state, due_at, lacks, revision, tell, made_at, made_by, trial)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	qAddVersion = db.SQL(`INSERT INTO inventory_version (item, revision, details, changed_at, changed_by, entry) VALUES ($1, $2, $3, $4, $5, $6)`)
	qMove       = db.SQL(`UPDATE inventory_item SET owner = $3, state = $4, due_at = $5, lacks = $6, revision = revision + 1, tell = $7 WHERE id = $1 AND revision = $2`)

	qAddFile = db.SQL(`INSERT INTO inventory_file (id, item, revision, name, type, size, digest, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qFiles   = db.SQL(`SELECT id, revision, name, type, size, digest FROM inventory_file WHERE item = $1 ORDER BY id`)
	qFile    = db.SQL(`SELECT id, revision, name, type, size, digest FROM inventory_file WHERE item = $1 AND id = $2`)
	qContent = db.SQL(`SELECT content FROM inventory_file WHERE id = $1`)
)

// Where a sealed value stands; its row follows.
const (
	placeDetails = "inventory_version.details"
	placeName    = "inventory_file.name"
	placeContent = "inventory_file.content"
)

func (m *Module) seal(ctx context.Context, where, row string, plain []byte) ([]byte, error) {
	return m.needs.Sealer.Seal(ctx, core.Platform, where+"/"+row, plain)
}

func (m *Module) open(ctx context.Context, where, row string, sealed []byte) ([]byte, error) {
	return m.needs.Sealer.Open(ctx, core.Platform, where+"/"+row, sealed)
}

func versionKey(item core.ID, revision int64) string { return fmt.Sprintf("%s/%d", item, revision) }

func scanItem(scan db.Scan) (it Item, err error) {
	var due, tell, made, trial, changed int64
	var lacks string
	err = scan(&it.ID, &it.Register, &it.Parent, &it.Owner, &it.State, &due, &lacks, &tell, &made, &it.MadeBy, &trial, &it.Revision, &it.sealed, &changed, &it.ChangedBy, &it.Entry)
	it.Due, it.MadeAt, it.ChangedAt = clock.FromMicros(due), clock.FromMicros(made), clock.FromMicros(changed)
	it.Lacks, it.tell, it.trial = strings.Fields(lacks), tell == 1, trial == 1
	return it, err
}

func scanFile(scan db.Scan) (f File, err error) {
	err = scan(&f.ID, &f.Revision, &f.sealed, &f.Type, &f.Size, &f.Digest)
	return f, err
}

// unseal reads what lines say.
func (m *Module) unseal(ctx context.Context, list []Item) error {
	for i := range list {
		it := &list[i]
		plain, err := m.open(ctx, placeDetails, versionKey(it.ID, it.Revision), it.sealed)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(plain, &it.Values); err != nil {
			return fmt.Errorf("inventory: %w", err)
		}
	}
	return nil
}

func (m *Module) load(ctx context.Context, tx core.Tx, r *Register, id core.ID) (Item, error) {
	it, found, err := db.One(ctx, tx, qOne, scanItem, id, r.ID)
	if err != nil || !found {
		if err == nil {
			err = errAbsent
		}
		return it, err
	}
	one := []Item{it}
	err = m.unseal(ctx, one)
	return one[0], err
}
