package archive

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
)

var (
	qErasePieces = db.SQL(`DELETE FROM archive_piece WHERE archive IN (SELECT id FROM archive_archive WHERE person = $1)`)
	qErase       = db.SQL(`DELETE FROM archive_archive WHERE person = $1`)
	qDropPieces  = db.SQL(`DELETE FROM archive_piece WHERE archive = $1`)
)

// lapses are how its rows end by time.
var lapses = lapse.Of(lapse.Line{
	Table: "archive_archive", Rule: "own_archive", Key: []string{"id"}, Person: "person", Since: "made_at", With: []string{qDropPieces}, Takes: []string{"archive_piece"},
})

// Due implements core.Expirer.
func (*Module) Due(ctx context.Context, tx core.Tx, rule string, before time.Time) ([]core.ID, error) {
	return lapses.Due(ctx, tx, rule, before)
}

// Expire implements core.Expirer.
func (*Module) Expire(ctx context.Context, tx core.Tx, e core.Expiry) ([]core.Receipt, error) {
	return lapses.Expire(ctx, tx, e)
}

// Expires implements core.Expirer.
func (*Module) Expires() []core.Receipt { return lapses.Expires() }

// ExportPerson gives which archives a person had; their content is theirs already.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	list, err := db.All(ctx, tx, qOf, scanArchive, person)
	if err != nil {
		return err
	}
	for _, a := range list {
		err := emit(core.Record{Table: "archive_archive", Values: map[string]any{
			"id": a.ID, "portable": a.Portable, "state": a.State, "records": a.Records, "size": a.Size, "made_at": a.Made, "ready_at": a.Ready, "taken_at": a.Taken,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson erases the archives with their pieces.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	pieces, err := tx.Exec(ctx, qErasePieces, person)
	if err != nil {
		return nil, err
	}
	n, err := tx.Exec(ctx, qErase, person)
	if err != nil {
		return nil, err
	}
	return []core.Receipt{{Table: "archive_piece", Deleted: pieces}, {Table: "archive_archive", Deleted: n}}, nil
}
