package erasure

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// DropTrial removes the orders that a probe gave on its canary: nobody ever has to prove that a canary was erased. Their
// tombstones go once the transaction has committed.
func (m *Module) DropTrial(ctx context.Context, tx core.Tx, canary core.ID) error {
	orders, err := db.All(ctx, tx, qTrialOf, db.Value[core.ID], canary)
	if err != nil {
		return err
	}
	for _, id := range orders {
		for _, q := range []string{qDropNotices, qDropSteps, qDropLines, qDropOrder} {
			if _, err := tx.Exec(ctx, q, id); err != nil {
				return err
			}
		}
	}
	if len(orders) > 0 {
		tx.OnCommit(func() { m.unbury(context.WithoutCancel(ctx), orders) })
	}
	return nil
}

// unbury removes the tombstones and keys of trials. One that stays does no harm: at the next start its canary is erased again.
func (m *Module) unbury(ctx context.Context, orders []core.ID) {
	err := m.needs.Keys.Write(ctx, func(tx core.Tx) error {
		for _, id := range orders {
			if _, err := tx.Exec(ctx, qUnbury, id); err != nil {
				return err
			}
		}
		return nil
	})
	for _, id := range orders {
		if err == nil {
			err = m.needs.Vault.DestroyKey(ctx, id)
		}
	}
	if err != nil {
		m.needs.Log.Warn("the trial of a probe left a tombstone", "error", core.CodeOf(err))
	}
}
