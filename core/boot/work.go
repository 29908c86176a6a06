package boot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/jobs"
)

// sweeps are what each room forgets in time, by the name of the job.
func (h *House) sweeps() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"session.sweep":      h.sessions.Sweep,
		"control.sweep":      h.control.Sweep,
		"review.sweep":       h.review.Sweep,
		"review.watch":       h.review.Watch,
		"attestation.remind": h.attestation.Remind,
		"register.sweep":     h.register.Sweep,
		"inventory.remind":   h.inventory.Remind,
		"incident.remind":    h.incident.Remind,
		"erasure.sweep":      h.erasure.Sweep,
		"consent.sweep":      h.consent.Sweep,
		"restraint.sweep":    h.restraint.Sweep,
		"archive.rescue":     h.archive.Rescue,
		"rights.remind":      h.rights.Remind,
		"rights.sweep":       h.rights.Sweep,
		"vault.rotate":       h.turnKeys,
		"vault.index":        h.turnIndexes,
		"blind.sweep":        h.blind.Sweep,
		"retention.sweep":    h.retention.Sweep,
		"offboarding.finish": h.offboarding.Finish,
		"account.farewell":   h.retention.Farewell,
		"abuse.sweep": func(ctx context.Context) error {
			return h.gate.Keep(ctx, &abuse.Sweeping, func(tx core.Tx) error {
				_, err := abuse.Sweep(ctx, tx, h.cfg.Clock.Now())
				return err
			})
		},
	}
}

// schedule says what is done by itself and when.
func (h *House) schedule() {
	h.scheduleControls()
	h.scheduleErasures()
	h.scheduleRights()
	h.scheduleArchives()
	for _, g := range h.guests {
		if g.Work != nil {
			g.Work(h.jobs)
		}
	}
	for name, sweep := range h.sweeps() {
		h.jobs.Handle(name, func(ctx context.Context, _ jobs.Run) error {
			return sweep(core.WithActor(ctx, core.System(name)))
		})
		every := 10 * time.Minute
		switch name {
		case "review.watch": // sessions used at once are seen while they are
			every = 2 * time.Minute
		case "retention.sweep", "account.farewell", "offboarding.finish":
			every = time.Hour
		case "control.sweep": // what ends after months needs no haste
			every = 6 * time.Hour
		}
		h.jobs.Schedule(jobs.Schedule{Name: name, Kind: name, Every: every})
	}
}

// Sweep does now, by its name ("review.sweep"), what is otherwise done by itself every so often.
func (h *House) Sweep(ctx context.Context, name string) error {
	sweep, ok := h.sweeps()[name]
	if !ok {
		return fmt.Errorf("boot: no work is called %s", name)
	}
	return sweep(core.WithActor(ctx, core.System(name)))
}

// Run does the work of this node until ctx ends: the journal's checkpoints, mail, jobs, the marks of use.
func (h *House) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	works := map[string]func(context.Context) error{
		"journal": h.journal.Run,
		"mail":    h.mail.Run,
		"jobs":    h.jobs.Run,
		"access":  func(ctx context.Context) error { h.access.Run(ctx, 5*time.Second); return nil },
	}
	for _, g := range h.guests {
		if g.Run != nil {
			works[g.Manifest().Module] = g.Run
		}
	}
	for name, work := range works {
		all.Go(func() {
			if err := work(core.WithActor(ctx, core.System(name))); err != nil && ctx.Err() == nil {
				cancel(err) // a part that cannot work ends the node: a supervisor starts it again
			}
		})
	}
	<-ctx.Done()
	all.Wait()
	if err := context.Cause(ctx); err != context.Canceled {
		return err
	}
	return nil
}
