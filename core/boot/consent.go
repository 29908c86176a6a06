package boot

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/core/personal"
)

// consents makes the room of consents and shares, with the rooms whose fields a person may share.
func (h *House) consents(doors *late) *consent.Module {
	return consent.New(consent.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Keys: h.vault, People: h.identity, Places: h.organizations,
		Journal: h.journal, Sources: []personal.FieldSource{consent.Profile{People: h.identity}}, Origin: h.cfg.Origin,
	})
}

// personChanged tells the rooms that keep something of a person's profile that it changed: the list of members, and what
// organizations are shown of it.
func (h *House) personChanged(ctx context.Context, tx core.Tx, p core.Person) error {
	if err := h.organizations.PersonChanged(ctx, tx, p); err != nil {
		return err
	}
	return h.consent.Refresh(ctx, tx, p.ID)
}

// Consents is the door of consents for services: whether one is given, and what to do when fields that persons share change.
func (h *House) Consents() interface {
	personal.Permits
	personal.Shares
} {
	return h.consent
}
