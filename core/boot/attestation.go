package boot

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/core/internal/control"
)

// attestations makes the room of attestations, and hands access what closes clients' data to staff who are not up to date.
func (h *House) attestations(doors *late) *attestation.Module {
	m := attestation.New(attestation.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Keys: h.vault, People: h.identity, Staff: h.access,
		Promised: func(ctx context.Context, tx core.Tx, clauses ...string) ([]string, error) {
			return h.control.Binding(ctx, tx, clauses...)
		},
		Origin: h.cfg.Origin,
	})
	h.access.Needs.Duties = m
	return m
}

// attested says how each kind of attestation stands, in the words of the room of clauses.
func (h *House) attested(ctx context.Context, tx core.Tx) ([]control.Standing, error) {
	list, err := h.attestation.Standings(ctx, tx)
	out := make([]control.Standing, len(list))
	for i, s := range list {
		out[i] = control.Standing{Kind: s.Kind, Person: s.Person, Signed: s.Signed, Until: s.Until, Evidence: s.Evidence}
	}
	return out, err
}

// Attest signs as the first administrator of the provider what a site is, until a year from now.
func (t *Trial) Attest(ctx context.Context, kind, site, details string, proof []byte) error {
	now := t.house.cfg.Clock.Now()
	_, err := t.house.attestation.Sign(t.as(ctx, t.first), attestation.Draft{
		Kind: kind, Reach: attestation.ReachSite, Place: site, From: now.AddDate(0, -1, 0), Until: now.AddDate(1, 0, 0), Details: details,
		Files: []attestation.Upload{{Name: "visit.txt", Content: proof}},
	})
	return err
}
