package control

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

var qPromised = db.SQL(`SELECT DISTINCT c.clause FROM control_publication p JOIN control_clause c ON c.pack = p.pack AND c.number = p.number
	WHERE p.state = 'in_force' AND c.state = 'held'`)

// Binding keeps those of these clauses that a pack in force promises as built, for rooms whose control acts from then on.
func (m *Module) Binding(ctx context.Context, tx core.Tx, clauses ...string) ([]string, error) {
	all, err := db.All(ctx, tx, qPromised, db.Value[string])
	return slices.DeleteFunc(slices.Clone(clauses), func(c string) bool { return !slices.Contains(all, c) }), err
}
