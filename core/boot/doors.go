package boot

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/verify"
)

// Gate is the door of every act, for what is composed outside of the core.
func (h *House) Gate() core.Gate { return h.gate }

// VerifyJournal gives every waiting entry its place, signs the heads and checks the whole log of each organization.
func (h *House) VerifyJournal(ctx context.Context) ([]verify.Report, error) {
	h.egress.Settle() // a refusal is journaled a moment after it
	if err := h.journal.Settle(ctx); err != nil {
		return nil, err
	}
	orgs, err := h.journal.Orgs(ctx)
	if err != nil {
		return nil, err
	}
	var all []verify.Report
	for _, org := range orgs {
		r, err := h.journal.Verify(ctx, org)
		if err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}
