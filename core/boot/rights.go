package boot

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/jobs"
)

// rightsDesk makes the room where persons exercise their rights; the rooms that carry requests out are reached when they are made.
func (h *House) rightsDesk(doors *late, root []byte) *rights.Module {
	return rights.New(rights.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Keys: h.vault, Index: h.vault, Mail: h.mail, Jobs: h.jobs,
		People: h.identity, Orgs: h.organizations, Roles: h.access, Contacts: rightsContacts{h}, Key: abuse.Derive(root, "rights"),
		Doors: h.rightsDoors, Blind: func() personal.Blinder { return h.blind },
		Purposes: func(ctx context.Context) []rights.Use {
			var list []rights.Use
			for _, p := range h.objectable(ctx) {
				list = append(list, rights.Use{Purpose: p, Title: register.PurposeTitle(p)})
			}
			return list
		},
		Modules: func() []core.Module { return h.modules },
		Calls:   h.egress.Typed, Shared: h.consent.SharedWith, Log: h.cfg.Log, Origin: h.cfg.Origin,
	})
}

// rightsDoors are those of the rooms that carry requests out. A room that is not there leaves its door nil: a pointer to
// nothing in an interface would be a door that opens on a fall.
func (h *House) rightsDoors() rights.Doors {
	var d rights.Doors
	if h.erasure != nil {
		d.Eraser = h.erasure
	}
	if h.restraint != nil {
		d.Restrainer = h.restraint
	}
	if h.archive != nil {
		d.Archivist = h.archive
	}
	if h.consent != nil {
		d.Consents = h.consent
	}
	if h.register != nil {
		d.Registrar = h.register
	}
	return d
}

// rightsContacts gives whom a letter names.
type rightsContacts struct{ h *House }

// Officer gives the address of the data-protection officer.
func (c rightsContacts) Officer(ctx context.Context, tx core.Tx, org core.ID) (string, error) {
	all, err := c.h.settings.Contacts(ctx, tx, org)
	return all.DPO, err
}

// Authority gives the supervisory authority.
func (c rightsContacts) Authority(ctx context.Context, tx core.Tx, org core.ID) (name, address string, err error) {
	return c.h.settings.Authority(ctx, tx, org)
}

// scheduleRights says who tells outside systems of requests.
func (h *House) scheduleRights() {
	h.jobs.Handle(rights.JobTell, func(ctx context.Context, run jobs.Run) error {
		return h.rights.HandleTell(core.WithActor(ctx, core.System(rights.JobTell)), run)
	})
	h.jobs.Handle(rights.JobRecipient, func(ctx context.Context, run jobs.Run) error {
		return h.rights.HandleRecipient(core.WithActor(ctx, core.System(rights.JobRecipient)), run)
	})
}
