package coretest

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/rempart/rempart/core"
)

// Store opens transactions: *db.DB.
type Store interface {
	Read(ctx context.Context, fn func(core.Tx) error) error
	Write(ctx context.Context, fn func(core.Tx) error) error
}

// FakeGate permits every act, runs it on a real database and remembers it.
type FakeGate struct {
	store Store

	mu      sync.Mutex
	acts    []core.Act
	refused map[core.Permission]error
}

// Gate makes a gate that permits all.
func Gate(store Store) *FakeGate {
	return &FakeGate{store: store, refused: map[core.Permission]error{}}
}

// Refuse makes the gate refuse a permission from now on.
func (g *FakeGate) Refuse(p core.Permission) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused[p] = core.Fault(core.Forbidden, "access.forbidden")
}

// Acts gives what was done, in order, refusals included.
func (g *FakeGate) Acts() []core.Act {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]core.Act(nil), g.acts...)
}

// Last gives the last act done with a permission, and whether there was one.
func (g *FakeGate) Last(p core.Permission) (core.Act, bool) {
	acts := g.Acts()
	for i := len(acts) - 1; i >= 0; i-- {
		if acts[i].Def.Permission == p {
			return acts[i], true
		}
	}
	return core.Act{}, false
}

func (g *FakeGate) refusal(act *core.Act) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	err := g.refused[act.Def.Permission]
	if err != nil {
		a := *act
		a.Outcome, a.Reason = core.Refused, core.CodeOf(err)
		g.acts = append(g.acts, a)
	}
	return err
}

func (g *FakeGate) remember(act *core.Act) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.acts = append(g.acts, *act)
	for _, also := range act.Also {
		g.acts = append(g.acts, *also)
	}
}

// Change runs fn in a write transaction.
func (g *FakeGate) Change(ctx context.Context, act *core.Act, fn func(core.Tx) error) error {
	if err := g.refusal(act); err != nil {
		return err
	}
	asked := *act
	err := g.store.Write(ctx, func(tx core.Tx) error { *act = asked; return fn(tx) })
	if err == nil {
		g.remember(act)
	}
	return err
}

// Read runs fn in a read transaction.
func (g *FakeGate) Read(ctx context.Context, act *core.Act, fn func(core.Tx) error) error {
	if err := g.refusal(act); err != nil {
		return err
	}
	err := g.store.Read(ctx, fn)
	if err == nil && !act.Def.Quiet {
		g.remember(act)
	}
	return err
}

// Keep runs fn in a write transaction.
func (g *FakeGate) Keep(ctx context.Context, _ *core.Duty, fn func(core.Tx) error) error {
	return g.store.Write(ctx, fn)
}

// FakeSettings gives one policy to all.
type FakeSettings struct{ Policy core.Policy }

// Settings makes the door of settings with a policy.
func Settings(p core.Policy) *FakeSettings { return &FakeSettings{Policy: p} }

// For gives the policy.
func (s *FakeSettings) For(context.Context, core.Tx, ...core.ID) (core.Policy, error) {
	return s.Policy, nil
}

// FakeSealer keeps values readable, bound to their owner and place; an owner's key can be destroyed.
type FakeSealer struct {
	mu        sync.Mutex
	destroyed map[core.ID]bool
}

// Sealer makes a sealer and maker of keys.
func Sealer() *FakeSealer { return &FakeSealer{destroyed: map[core.ID]bool{}} }

type envelope struct {
	Owner core.ID
	Where string
	Plain []byte
}

// Seal binds plain to owner and where.
func (s *FakeSealer) Seal(_ context.Context, owner core.ID, where string, plain []byte) ([]byte, error) {
	return json.Marshal(envelope{owner, where, plain})
}

// Open gives plain back when owner and where are those of Seal and the key still lives.
func (s *FakeSealer) Open(_ context.Context, owner core.ID, where string, sealed []byte) ([]byte, error) {
	s.mu.Lock()
	gone := s.destroyed[owner]
	s.mu.Unlock()
	if gone {
		return nil, core.Fault(core.Gone, "vault.destroyed")
	}
	var e envelope
	if err := json.Unmarshal(sealed, &e); err != nil || e.Owner != owner || e.Where != where {
		return nil, core.Fault(core.Internal, "vault.unreadable")
	}
	return e.Plain, nil
}

// MakeKeys does nothing: every owner has a key here.
func (s *FakeSealer) MakeKeys(context.Context, ...core.ID) error { return nil }

// DestroyKey makes what owner sealed unreadable.
func (s *FakeSealer) DestroyKey(_ context.Context, owner core.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.destroyed[owner] = true
	return nil
}

// FakeMailer remembers the messages of committed transactions.
type FakeMailer struct {
	mu   sync.Mutex
	sent []core.Mail
}

// Mailer makes a mailer that remembers.
func Mailer() *FakeMailer { return &FakeMailer{} }

// Queue remembers m when the transaction commits.
func (f *FakeMailer) Queue(_ context.Context, tx core.Tx, m core.Mail) error {
	tx.OnCommit(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.sent = append(f.sent, m)
	})
	return nil
}

// Sent gives the messages of a kind, all for "".
func (f *FakeMailer) Sent(kind string) []core.Mail {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []core.Mail
	for _, m := range f.sent {
		if kind == "" || m.Kind == kind {
			out = append(out, m)
		}
	}
	return out
}
