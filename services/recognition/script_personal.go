package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// scriptTraces are the rows that name who wrote them.
var scriptTraces = []struct{ table, who, when, read, forget string }{
	{
		"recognition_script_version", "made_by", "made_at",
		db.SQL(`SELECT made_at FROM recognition_script_version WHERE made_by = $1 ORDER BY made_at`), db.SQL(`UPDATE recognition_script_version SET made_by = '' WHERE made_by = $1`),
	},
	{
		"recognition_script_limit", "changed_by", "changed_at",
		db.SQL(`SELECT changed_at FROM recognition_script_limit WHERE changed_by = $1 ORDER BY changed_at`), db.SQL(`UPDATE recognition_script_limit SET changed_by = '' WHERE changed_by = $1`),
	},
	{
		"recognition_program", "signed_by", "signed_at",
		db.SQL(`SELECT signed_at FROM recognition_program WHERE signed_by = $1 ORDER BY signed_at`), db.SQL(`UPDATE recognition_program SET signed_by = '' WHERE signed_by = $1`),
	},
}

// exportScripts tells when a person changed, limited or signed scripts.
func (*Module) exportScripts(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	for _, t := range scriptTraces {
		all, err := db.All(ctx, tx, t.read, db.Value[int64], person)
		if err != nil {
			return err
		}
		for _, at := range all {
			if err := emit(core.Record{Table: t.table, Values: map[string]any{t.who: person, t.when: clock.FromMicros(at)}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// eraseScripts forgets who wrote them; the scripts are the organization's.
func (*Module) eraseScripts(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	if err := clearScripts(ctx, tx, person); err != nil {
		return nil, err
	}
	var all []core.Receipt
	for _, t := range scriptTraces {
		n, err := tx.Exec(ctx, t.forget, person)
		if err != nil {
			return nil, err
		}
		all = append(all, core.Receipt{Table: t.table, Deleted: n})
	}
	return all, nil
}
