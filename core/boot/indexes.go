package boot

import (
	"context"
	"fmt"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/vault"
)

// reindexer is a room whose rows are found by a blind index, and that can write them anew.
type reindexer interface {
	IndexName() string
	Reindex(ctx context.Context, org core.ID, after string) (next string, err error)
}

// turnIndexes is the work of the secrets of blind indexes: a year after one was made, or when asked, the next is made, and rows
// are written anew.
func (h *House) turnIndexes(ctx context.Context) error {
	_, err := h.renew(ctx, false)
	return err
}

// RotateIndexes makes the next secrets of the blind indexes now; the work goes on by itself, in the background. It tells how many
// were begun: those whose change is on already are left to it.
func (h *House) RotateIndexes(ctx context.Context) (begun int, err error) {
	return h.renew(core.WithActor(ctx, core.System("keys.rotate")), true)
}

func (h *House) renew(ctx context.Context, asked bool) (begun int, err error) {
	for _, room := range []reindexer{h.identity, h.rights} {
		done, err := h.vault.Renew(ctx, room.IndexName(), asked, room.Reindex)
		begun += done.Begun
		if err != nil {
			return begun, err
		}
		if done == (vault.Renewed{}) {
			continue
		}
		note := fmt.Sprintf("index %s: %d begun, %d ended", room.IndexName(), done.Begun, done.Ended)
		act := &core.Act{Def: vault.RotateAct, Org: core.Platform, Note: note}
		if err := h.gate.Change(ctx, act, func(core.Tx) error { return nil }); err != nil {
			return begun, err
		}
	}
	return begun, nil
}
