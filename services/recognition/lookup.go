package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/number"
)

// Answer is what is known of a caller's number.
type Answer struct {
	Number number.Number
	// Matches are all of them, exact ones only when there is one; by name within a link.
	Matches []Match
}

// Lookup tells who a number is: every card with exactly it, else the companies whose trunk it is behind. A masked caller is never
// looked up, a number that is none gives no match. It is a read of personal data, decided and journaled (card.find).
func (m *Module) Lookup(ctx context.Context, org core.ID, raw string) (Answer, error) {
	return m.lookup(ctx, org, raw)
}

// Find is Lookup within the transaction of another act, which answers for the decision and the entry.
func (m *Module) Find(ctx context.Context, tx core.Tx, org core.ID, n number.Number) ([]Match, error) {
	return m.find(ctx, tx, org, n)
}
