package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/pop"
)

// Actions gives what the scripts of an organization do for a caller, within a read that the caller's act has opened. A masked
// caller (no number) has none.
func (m *Module) Actions(ctx context.Context, tx core.Tx, org core.ID, caller pop.Caller) ([]pop.Action, error) {
	return nil, nil
}
