package boot

import (
	"context"
	"path/filepath"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/erasure"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/jobs"
)

// erasures makes the room of erasures.
func (h *House) erasures(doors *late) *erasure.Module {
	var files []string
	if h.db.Engine() == db.SQLite {
		for _, name := range []string{"rempart.db", "keys.db"} {
			files = append(files, filepath.Join(h.cfg.Data, name))
		}
	}
	return erasure.New(erasure.Needs{
		Gate: &doors.gate, Rows: h.db, Keys: h.keys, Vault: h.vault, Clock: h.cfg.Clock,
		Rooms: h.erasable, Last: func() []core.Module { return []core.Module{h.mail, h.identity} }, All: h.Manifests,
		People: h.identity, Members: h.organizations, Rights: h.access, Mail: h.mail, Jobs: h.jobs, Limits: h.settings, Signer: h.journal,
		Cut: func(ctx context.Context, tx core.Tx, person core.ID) error {
			if _, err := h.sessions.EndAll(ctx, tx, person, "", "erasure"); err != nil {
				return err
			}
			_, err := h.tokens.EndAll(ctx, tx, person, "erasure")
			return err
		},
		Shared: func(ctx context.Context, tx core.Tx, person core.ID) ([]core.ID, error) {
			return h.consent.SharedWith(ctx, tx, person) // made after this room
		},
		Recipients: h.rights.TellRecipients, Holds: h.holds, Files: files, Origin: h.cfg.Origin, Log: h.cfg.Log, Reached: h.cfg.reached,
	})
}

// holds gives the room of legal holds, when there is one.
func (h *House) holds() personal.Holds {
	for _, m := range h.modules {
		if holds, ok := m.(personal.Holds); ok {
			return holds
		}
	}
	return nil
}

// erasable lists the rooms in the order in which they erase a person: services, then the core; mail and persons are the last.
func (h *House) erasable() []core.Module {
	var rooms []core.Module
	for _, m := range h.modules {
		if m != core.Module(h.identity) && m != core.Module(h.mail) {
			rooms = append(rooms, m)
		}
	}
	return rooms
}

// scheduleErasures says who carries orders out, and how often those that wait are looked at again.
func (h *House) scheduleErasures() {
	h.jobs.Widen(erasure.JobRun, erasure.Together)
	h.jobs.Handle(erasure.JobRun, func(ctx context.Context, run jobs.Run) error { return h.erasure.HandleRun(ctx, run) })
}

// Eraser is the door of erasures, for what is composed outside of the core.
func (h *House) Eraser() personal.Eraser { return h.erasure }

// ErasurePlan is what an erasure would do.
type ErasurePlan = erasure.Plan

// WeighErasure tells what the erasure of a person (an id or an address) would delete; org "" is the whole person.
func (h *House) WeighErasure(ctx context.Context, org core.ID, who string) (ErasurePlan, error) {
	return h.erasure.Weigh(core.WithActor(ctx, core.System("erase")), org, who)
}

// Erasure is how an erasure ordered from this machine stands.
type Erasure struct {
	Order                   core.ID
	State, Blocked, Receipt string
}

// Erase orders the erasure of a person from this machine and carries it out at once.
func (h *House) Erase(ctx context.Context, org core.ID, who, why string) (e Erasure, err error) {
	ctx = core.WithActor(ctx, core.System("erase"))
	if e.Order, err = h.erasure.Command(ctx, org, who, why); err != nil {
		return e, err
	}
	if err := h.erasure.Advance(ctx, e.Order); err != nil {
		return e, err
	}
	s, err := h.erasure.Get(ctx, e.Order)
	e.State, e.Blocked, e.Receipt = string(s.State), s.Blocked, s.Receipt
	return e, err
}

// ApproveErasure approves from this machine an order that waits, with those beside it.
func (h *House) ApproveErasure(ctx context.Context, order core.ID) (int, error) {
	return h.erasure.Approve(core.WithActor(ctx, core.System("erase")), order)
}
