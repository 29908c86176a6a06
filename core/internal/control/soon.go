package control

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var errSoon = i18n.Fault(core.Conflict, "control.soon", "Pas encore disponible.", "Not yet available.")

// Bundle gives the proof of a clause, to be checked elsewhere (verify.Bundle).
func (m *Module) Bundle(ctx context.Context, pack, clause string) ([]byte, error) {
	return nil, errSoon
}
