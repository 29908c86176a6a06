package boot

import (
	"context"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/policies"
)

// controls makes the room of clauses.
func (h *House) controls(doors *late) *control.Module {
	return control.New(h.controlNeeds(&doors.gate))
}

func (h *House) controlNeeds(gate core.Gate) control.Needs {
	return control.Needs{
		Gate: gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Mail: h.mail, Values: h.settings, Guard: h.settings,
		Journal: h.journal, Orgs: h.organizations, Roles: h.access, Notices: h.identity, Jobs: h.jobs,
		Probes: sync.OnceValue(h.Probes), Catalogue: sync.OnceValue(h.Catalogue), Play: h.Play, Shipped: policies.Embedded, Parse: policies.Parse,
		Origin: h.cfg.Origin, Version: h.cfg.Version, Node: h.cfg.Node, Log: h.cfg.Log,
	}
}

// scheduleControls says when probes run and organizations are told.
func (h *House) scheduleControls() {
	h.jobs.Handle(control.JobRun, h.control.HandleRun)
	h.jobs.Handle(control.JobWebhook, h.control.HandleWebhook)
	h.jobs.Handle(control.JobTell, h.control.HandleTell)
	h.jobs.Schedule(jobs.Schedule{Name: "control.tell", Kind: control.JobTell, Every: time.Hour})
	const plan = "control.plan"
	h.jobs.Handle(plan, func(ctx context.Context, _ jobs.Run) error {
		return h.control.Plan(core.WithActor(ctx, core.System(plan)))
	})
	h.jobs.Schedule(jobs.Schedule{Name: plan, Kind: plan, Every: time.Minute, Missed: jobs.Skip})
}
