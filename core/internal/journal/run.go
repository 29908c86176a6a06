package journal

import (
	"context"
	"sync"
	"time"

	"github.com/rempart/rempart/kit/db"
)

// Run does the journal's work until ctx ends: places, checkpoints, deliveries. One node at a time leads.
func (m *Module) Run(ctx context.Context) error {
	if m.heads.err != nil {
		return m.heads.err
	}
	var all sync.WaitGroup
	for _, o := range m.outlets {
		all.Go(func() {
			m.every(ctx, time.Second, "send", func(ctx context.Context) error {
				if !m.leading.Load() {
					return nil
				}
				return m.deliver(ctx, o)
			})
		})
	}
	if m.db.Engine() == db.SQLite {
		m.leading.Store(true) // the file has one server
	} else {
		all.Go(func() { m.lead(ctx) })
	}
	all.Go(func() {
		m.every(ctx, indexTick, "index", func(ctx context.Context) error {
			if !m.leading.Load() {
				return nil
			}
			return m.indexQuietly(ctx)
		})
	})
	m.every(ctx, time.Second, "checkpoint", m.tick)
	all.Wait()
	return nil
}

func (m *Module) every(ctx context.Context, d time.Duration, what string, f func(context.Context) error) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			m.log.Warn("journal work failed, will run again", "work", what, "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// poll is how often the leader looks for waiting entries of other nodes; its own wake it at once.
const poll = 200 * time.Millisecond

// lead keeps the lease and, while it is held, gives waiting entries their places.
func (m *Module) lead(ctx context.Context) {
	t := time.NewTicker(poll)
	defer t.Stop()
	var asked, swept time.Time
	for ctx.Err() == nil {
		if now := time.Now(); now.Sub(asked) >= leaseTime/3 {
			held, err := m.lease(ctx, "sequencer")
			if err != nil && ctx.Err() == nil {
				m.log.Warn("the journal's lease could not be asked for", "error", err.Error())
			}
			m.leading.Store(err == nil && held)
			asked = now
		}
		if m.leading.Load() {
			for {
				n, err := m.sequence(ctx)
				if err != nil && ctx.Err() == nil {
					m.log.Warn("waiting entries could not be placed, will run again", "error", err.Error())
				}
				if err != nil || n < sequenceBatch {
					break
				}
			}
		}
		if time.Since(swept) > settled/4 {
			if err := m.void(ctx); err != nil && ctx.Err() == nil {
				m.log.Warn("void numbers could not be declared, will run again", "error", err.Error())
			}
			swept = time.Now()
		}
		select {
		case <-ctx.Done():
		case <-m.wake:
			// Entries that commit together are placed together.
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		case <-t.C:
		}
	}
}

// Settle places every waiting entry and signs every head now: for commands that end.
func (m *Module) Settle(ctx context.Context) error {
	for m.db.Engine() != db.SQLite {
		n, err := m.sequence(ctx)
		if err != nil {
			return err
		}
		if n < sequenceBatch {
			break
		}
	}
	was := m.leading.Swap(true)
	defer m.leading.Store(was)
	return m.tick(ctx)
}
