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

// personChanged tells the rooms that keep something of a person's profile that it changed: the list of members, what
// organizations are shown of it, and, when it says something else of the person, the outside systems that hold a copy.
func (h *House) personChanged(ctx context.Context, tx core.Tx, before, p core.Person) error {
	if err := h.organizations.PersonChanged(ctx, tx, p); err != nil {
		return err
	}
	if err := h.consent.Refresh(ctx, tx, p.ID); err != nil {
		return err
	}
	if before.GivenName == p.GivenName && before.FamilyName == p.FamilyName && before.Email == p.Email && before.Phone == p.Phone && before.Gender == p.Gender {
		return nil
	}
	return h.rights.TellRecipients(ctx, tx, personal.News{Event: personal.NewsCorrected, Person: p.ID})
}

// Consents is the door of consents for services: whether one is given, and what to do when fields that persons share change.
func (h *House) Consents() interface {
	personal.Permits
	personal.Shares
} {
	return h.consent
}
