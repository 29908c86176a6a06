package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Store opens transactions: *db.DB.
type Store interface {
	Read(ctx context.Context, fn func(core.Tx) error) error
	Write(ctx context.Context, fn func(core.Tx) error) error
}

// Needs is everything that the gate can reach.
type Needs struct {
	Store    Store
	Decider  core.Decider
	Recorder core.Recorder
	Clock    core.Clock
	// Duties are the housekeeping writes that the manifests declare; any other is refused.
	Duties []*core.Duty
	// Wardens are asked after the decision, and again once the function has told whose data it used.
	Wardens []core.Warden
}

// Gate implements core.Gate.
type Gate struct {
	needs  Needs
	duties map[*core.Duty]bool
}

// New makes the gate.
func New(n Needs) *Gate {
	g := &Gate{needs: n, duties: make(map[*core.Duty]bool, len(n.Duties))}
	for _, d := range n.Duties {
		g.duties[d] = true
	}
	return g
}

var errUndeclared = i18n.Fault(core.Internal, "gate.undeclared",
	"Un acte ou une tâche n'est déclaré par aucun module : il est refusé.",
	"An act or a duty is declared by no module: it is refused.")

// Change decides, runs fn and commits it with its entries.
func (g *Gate) Change(ctx context.Context, act *core.Act, fn func(core.Tx) error) error {
	if act.Def == nil || act.Def.Quiet {
		return errUndeclared.Because(errors.New("a change needs a declared act that is journaled"))
	}
	actor := core.ActorOf(ctx)
	if needsDecision(actor, act) || len(g.needs.Wardens) > 0 {
		err := g.needs.Store.Read(ctx, func(tx core.Tx) error { return g.decide(ctx, tx, actor, act) })
		if err != nil {
			return g.refused(ctx, act, err)
		}
	}
	asked, tried := snapshot(act), false
	var barred error
	err := g.needs.Store.Write(ctx, func(tx core.Tx) error {
		if tried {
			*act = snapshot(&asked) // a retried transaction starts from what was asked
		}
		tried = true
		if err := fn(within{tx, act}); err != nil {
			return err
		}
		if barred = g.barred(ctx, tx, actor, &asked, act); barred != nil {
			return barred
		}
		return g.record(ctx, tx, act)
	})
	if barred != nil {
		return g.refused(ctx, act, barred)
	}
	return err
}

// within is a transaction that tells the act that it serves.
type within struct {
	core.Tx
	act *core.Act
}

// Act implements core.ActOf.
func (w within) Act() *core.Act { return w.act }

// Unwrap gives the transaction itself.
func (w within) Unwrap() core.Tx { return w.Tx }

// decide asks the decider, then the wardens.
func (g *Gate) decide(ctx context.Context, tx core.Tx, actor core.Actor, act *core.Act) error {
	if needsDecision(actor, act) {
		if err := g.needs.Decider.Decide(ctx, tx, actor, act); err != nil {
			return err
		}
	}
	return g.bar(ctx, tx, actor, act)
}

// barred asks the wardens again when the function told of more persons, of another purpose or of more acts than were named before it.
func (g *Gate) barred(ctx context.Context, tx core.Tx, actor core.Actor, asked, act *core.Act) error {
	if len(g.needs.Wardens) == 0 || act.Subject == asked.Subject && slices.Equal(act.Subjects, asked.Subjects) &&
		act.Purpose == asked.Purpose && len(act.Also) == len(asked.Also) {
		return nil
	}
	return g.bar(ctx, tx, actor, act)
}

// bar asks the wardens.
func (g *Gate) bar(ctx context.Context, tx core.Tx, actor core.Actor, act *core.Act) error {
	for _, w := range g.needs.Wardens {
		if err := w.Bar(ctx, tx, actor, act); err != nil {
			return err
		}
	}
	return nil
}

// Read decides, runs fn in a snapshot and journals the read before the caller may show it.
func (g *Gate) Read(ctx context.Context, act *core.Act, fn func(core.Tx) error) error {
	if act.Def == nil {
		return errUndeclared.Because(errors.New("a read needs a declared act"))
	}
	actor := core.ActorOf(ctx)
	var refusal error
	asked := snapshot(act)
	err := g.needs.Store.Read(ctx, func(tx core.Tx) error {
		if refusal = g.decide(ctx, tx, actor, act); refusal != nil {
			return refusal
		}
		if err := fn(within{tx, act}); err != nil {
			return err
		}
		refusal = g.barred(ctx, tx, actor, &asked, act)
		return refusal
	})
	if refusal != nil {
		return g.refused(ctx, act, refusal)
	}
	if err != nil || act.Def.Quiet {
		return err
	}
	return g.needs.Store.Write(ctx, func(tx core.Tx) error { return g.record(ctx, tx, act) })
}

// Keep runs a declared duty.
func (g *Gate) Keep(ctx context.Context, duty *core.Duty, fn func(core.Tx) error) error {
	if !g.duties[duty] {
		name := "nil"
		if duty != nil {
			name = duty.Name
		}
		return errUndeclared.Because(fmt.Errorf("duty %s", name))
	}
	return g.needs.Store.Write(ctx, fn)
}

// needsDecision is false for what is open to anyone and for the system's own work, which no request can carry.
func needsDecision(actor core.Actor, act *core.Act) bool {
	return actor.Kind != core.SystemActor && act.Def.Reach != core.ByAnyone
}

// snapshot copies an act so that appending to the copy never touches the original.
func snapshot(a *core.Act) core.Act {
	c := *a
	c.Subjects = slices.Clip(slices.Clone(a.Subjects))
	c.Changes = slices.Clip(slices.Clone(a.Changes))
	c.Also = slices.Clip(slices.Clone(a.Also))
	return c
}

// refused journals a refusal and gives back its error. A fault of the decision itself is no refusal.
func (g *Gate) refused(ctx context.Context, act *core.Act, why error) error {
	if core.KindOf(why) == core.Internal {
		return why
	}
	refusal := *act
	refusal.Outcome, refusal.Reason = core.Refused, core.CodeOf(why)
	refusal.Changes, refusal.Also, refusal.Entry = nil, nil, ""
	if core.KindOf(why) == core.NotFound {
		// The organization may not exist, or not be the actor's to know: the platform's journal keeps the attempt.
		refusal.Org = core.Platform
	}
	err := g.needs.Store.Write(ctx, func(tx core.Tx) error { return g.record(ctx, tx, &refusal) })
	if err != nil {
		return fmt.Errorf("gate: journal a refusal: %w", err)
	}
	return why
}

func (g *Gate) record(ctx context.Context, tx core.Tx, act *core.Act) error {
	actor, now := core.ActorOf(ctx), g.needs.Clock.Now()
	for _, a := range append([]*core.Act{act}, act.Also...) {
		e := &core.Entry{
			ID: a.Entry, Org: a.Org, At: now, Actor: actor,
			Action: a.Def.Permission, Verb: a.Def.Verb, Type: a.Def.Resource, Resource: a.Resource,
			Subjects: subjects(a), Purpose: a.Purpose, Outcome: a.Outcome, Reason: a.Reason,
			Changes: a.Changes, Note: a.Note,
		}
		if e.ID.IsZero() {
			e.ID = ids.At(now)
		}
		if e.Org.IsZero() {
			e.Org = core.Platform
		}
		if e.Purpose == "" {
			e.Purpose = a.Def.Purpose
		}
		if err := g.needs.Recorder.Record(ctx, tx, e); err != nil {
			return fmt.Errorf("gate: journal %s: %w", e.Action, err)
		}
	}
	return nil
}

// subjects puts the person concerned first: their key seals the personal part.
func subjects(a *core.Act) []core.ID {
	if a.Subject.IsZero() {
		return a.Subjects
	}
	all := append(make([]core.ID, 0, 1+len(a.Subjects)), a.Subject)
	for _, s := range a.Subjects {
		if s != a.Subject {
			all = append(all, s)
		}
	}
	return all
}
