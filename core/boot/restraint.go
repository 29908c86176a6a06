package boot

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/restraint"
	"github.com/rempart/rempart/core/personal"
)

// rightsRooms are those whose acts serve a person's rights or an authority: what a person has restricted is open to them.
var rightsRooms = []string{"rights", "restraint", "archive", "erasure", "retention", "incident"}

// restraints makes the room of restrictions and objections.
func (h *House) restraints(doors *late) *restraint.Module {
	return restraint.New(restraint.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, People: &doors.identity, Orgs: &doors.organizations, Listen: h.db.Listen, Origin: h.cfg.Origin,
		Consented: func(ctx context.Context, tx core.Tx, org, person core.ID, purpose core.Purpose) (bool, error) {
			return h.consent.Given(ctx, tx, org, person, purpose) // made after this room
		},
		Recipients: func(ctx context.Context, tx core.Tx, n personal.News) error {
			return h.rights.TellRecipients(ctx, tx, n)
		},
	})
}

// serveRights tells the room of restraints which acts are open to it.
func (h *House) serveRights(manifests []core.Manifest) {
	var acts []*core.ActDef
	for _, m := range manifests {
		if slices.Contains(rightsRooms, m.Module) {
			acts = append(acts, m.Acts...)
		}
	}
	h.restraint.Serves(acts...)
}

// objectable lists the purposes of the register to which a person may object.
func (h *House) objectable(context.Context) []core.Purpose {
	var all []core.Purpose
	for _, m := range h.Manifests() {
		for _, a := range m.Activities {
			for _, p := range a.Purposes {
				if restraint.Objectable(p) && !slices.Contains(all, p) {
					all = append(all, p)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}
