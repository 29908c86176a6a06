package boot

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/settings"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/policies"
)

// controls makes the room of clauses.
func (h *House) controls(doors *late) *control.Module {
	return control.New(h.controlNeeds(&doors.gate))
}

func (h *House) controlNeeds(gate core.Gate) control.Needs {
	return control.Needs{
		Calls: h.egress.Typed, Places: h.egress.Places, Gate: gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Mail: h.mail, Values: h.settings, Guard: h.settings,
		Journal: h.journal, Orgs: h.organizations, Roles: h.access, Notices: h.identity, Jobs: h.jobs,
		Probes: sync.OnceValue(h.Probes), Catalogue: sync.OnceValue(h.Catalogue), Play: h.Play, Shipped: policies.Embedded, Parse: policies.Parse, Attested: h.attested,
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

// What the room of clauses says, for what is composed outside of the core.
type (
	Clause           = control.Clause
	ClauseFilter     = control.Filter
	ClauseProbe      = control.ProbeState
	ClauseSummary    = control.Summary
	PolicyOrder      = control.Order
	PolicyWithdrawal = control.Withdrawal
	PolicyPublished  = control.Published
)

// The statuses of clauses.
const (
	ClauseHeld     = control.Held
	ClauseBroken   = control.Broken
	ClauseStale    = control.Stale
	ClauseAttested = control.Attested
	ClauseNotBuilt = control.NotBuilt
	ClauseOutside  = control.Outside
)

// VerifyClauses runs, on the live system, the probes of the clauses that a filter takes, unless they are only to be read, and
// gives how the clauses stand.
func (h *House) VerifyClauses(ctx context.Context, f ClauseFilter, run bool) ([]Clause, ClauseSummary, error) {
	ctx = core.WithActor(ctx, core.System("verify"))
	list, sum, err := h.control.Clauses(ctx, f)
	if err != nil || !run {
		return list, sum, err
	}
	var names []string
	for _, c := range list {
		for _, p := range c.Probes {
			if p.Probe != nil && !slices.Contains(names, p.ID) {
				names = append(names, p.ID)
			}
		}
	}
	if len(names) > 0 {
		if _, err := h.control.Run(ctx, names...); err != nil && core.CodeOf(err) != "probe.running" {
			return nil, sum, err
		}
	}
	return h.control.Clauses(ctx, f)
}

// ProveClause gives the proof of a clause (verify.CheckBundle); pack is "" for the first that has it.
func (h *House) ProveClause(ctx context.Context, pack, clause string) ([]byte, error) {
	if err := h.journal.Settle(ctx); err != nil {
		return nil, err
	}
	return h.control.Bundle(core.WithActor(ctx, core.System("prove")), pack, clause)
}

// PublishPolicy puts a pack in force and tells the organizations; dry only says what it would do.
func (h *House) PublishPolicy(ctx context.Context, o PolicyOrder, dry bool) (PolicyPublished, error) {
	ctx = core.WithActor(ctx, core.System("policy.apply"))
	if dry {
		return h.control.Preview(ctx, o)
	}
	out, err := h.control.Publish(ctx, o)
	if err != nil {
		return out, err
	}
	return out, h.control.Tell(ctx)
}

// WithdrawPolicy takes clauses of a pack back, or the whole pack, and tells the organizations.
func (h *House) WithdrawPolicy(ctx context.Context, o PolicyWithdrawal) (PolicyPublished, error) {
	ctx = core.WithActor(ctx, core.System("policy.withdraw"))
	out, err := h.control.Withdraw(ctx, o)
	if err != nil {
		return out, err
	}
	return out, h.control.Tell(ctx)
}

// Floor is one setting of the provider in force.
type Floor struct {
	Key, Value string
	Title      core.Text
	Clauses    []string // published ones that demand something of it
}

// Floors lists the provider's settings.
func (h *House) Floors(ctx context.Context) ([]Floor, error) {
	view, err := h.settings.Read(core.WithActor(ctx, core.System("settings")), core.Platform)
	list := make([]Floor, len(view.Settings))
	for i, s := range view.Settings {
		list[i] = Floor{Key: s.ID, Value: s.Effective, Title: s.Title}
		for _, p := range s.Promised {
			list[i].Clauses = append(list[i].Clauses, p.Clause)
		}
	}
	return list, err
}

// SetFloors sets settings of the provider, all or none.
func (h *House) SetFloors(ctx context.Context, values map[string]string, reason string) error {
	edit := settings.Edit{Reason: reason}
	for key, value := range values {
		edit.Changes = append(edit.Changes, settings.Change{Key: key, Value: value})
	}
	return h.settings.Save(core.WithActor(ctx, core.System("settings")), core.Platform, edit)
}
