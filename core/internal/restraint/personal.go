package restraint

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var qErase = db.SQL(`DELETE FROM restraint_restraint WHERE person = $1`)

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// ExportPerson gives what a person had restricted or objected to.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	list, err := db.All(ctx, tx, qOwn, scanLine, person)
	if err != nil {
		return err
	}
	for _, l := range list {
		err := emit(core.Record{Table: "restraint_restraint", Values: map[string]any{
			"id": string(l.ID), "org": string(l.Org), "purpose": string(l.Purpose), "ground": l.Ground, "since": moment(l.Since),
			"announced_at": moment(l.Announced), "ends_at": moment(l.Ends), "lifted_at": moment(l.LiftedAt),
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson forgets them: there is nothing left to restrict.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	n, err := tx.Exec(ctx, qErase, person)
	if err == nil && n > 0 {
		err = m.turned(ctx, tx)
	}
	return []core.Receipt{{Table: "restraint_restraint", Deleted: n}}, err
}
