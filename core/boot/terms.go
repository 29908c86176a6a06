package boot

import (
	"context"

	"github.com/rempart/rempart/core"
)

// noTerms asks nobody to accept anything.
type noTerms struct{}

func (noTerms) Due(context.Context, core.Tx, core.ID, ...core.ID) ([]core.Terms, error) {
	return nil, nil
}

func (noTerms) Accept(context.Context, core.Tx, core.ID, ...core.Terms) error { return nil }
