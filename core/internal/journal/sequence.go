package journal

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/verify"
)

// counters numbers the entries that this process wrote in each log, where acts commit in parallel. A number whose
// transaction did not commit is declared void by an entry of its own, so that a hole always means a lost row.
type counters struct {
	mu     sync.Mutex
	node   string
	counts map[core.ID]uint64
	flying map[core.ID]map[uint64]time.Time
}

func (c *counters) take(org core.ID, now time.Time) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts, c.flying = map[core.ID]uint64{}, map[core.ID]map[uint64]time.Time{}
	}
	if c.flying[org] == nil {
		c.flying[org] = map[uint64]time.Time{}
	}
	c.counts[org]++
	c.flying[org][c.counts[org]] = now
	return c.counts[org]
}

func (c *counters) landed(org core.ID, n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flying[org], n)
}

// settled is how long a number may stay without its commit: longer than any transaction lives (kit/db ends them).
const settled = 2 * time.Minute

// stale takes out the numbers whose transaction cannot commit any more.
func (c *counters) stale(now time.Time) map[core.ID]*verify.Ranges {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[core.ID]*verify.Ranges{}
	for org, list := range c.flying {
		for n, since := range list {
			if now.Sub(since) < settled {
				continue
			}
			if out[org] == nil {
				out[org] = &verify.Ranges{}
			}
			out[org].Add(n)
			delete(list, n)
		}
	}
	return out
}

// queue is the flush hook where acts commit in parallel: entries wait for their place, those of one log in one row.
func (m *Module) queue(ctx context.Context, tx core.Tx, items []any) error {
	type number struct {
		org core.ID
		n   uint64
	}
	taken := make([]number, 0, len(items))
	for _, g := range byLog(nil, items) {
		var body, text []byte
		for _, it := range g.items {
			n := m.counters.take(g.org, m.clock.Now())
			taken = append(taken, number{g.org, n})
			text = append(append(text[:0], it.text[:it.cut]...), m.counters.node...)
			text = strconv.AppendUint(append(text, '\n'), n, 10)
			text = append(append(text, '\n'), it.text[it.cut:]...)
			body = verify.AppendStored(body, text, it.sealed)
		}
		if _, err := tx.Exec(ctx, qWait, g.items[0].id, g.org, body); err != nil {
			return fmt.Errorf("journal: queue: %w", err)
		}
	}
	tx.OnCommit(func() {
		for _, t := range taken {
			m.counters.landed(t.org, t.n)
		}
		select {
		case m.wake <- struct{}{}:
		default:
		}
	})
	return nil
}

const sequenceBatch = 2000

// sequence gives up to one batch of waiting rows their places; it tells how many. Two nodes that meet here conflict
// and one runs again: the lease only saves work.
func (m *Module) sequence(ctx context.Context) (int, error) {
	var placed int
	err := m.db.Write(ctx, func(tx core.Tx) error {
		placed = 0
		waiting, err := db.All(ctx, tx, qPendings, scanPending, sequenceBatch)
		if err != nil || len(waiting) == 0 {
			return err
		}
		// Taken away first: another node that meets the same rows then waits here and runs again from what is left.
		if _, err := tx.Exec(ctx, qPlaced, waiting[len(waiting)-1].id); err != nil {
			return err
		}
		var items []any
		for _, w := range waiting {
			for _, it := range w.items {
				items = append(items, it)
			}
		}
		var b batcher
		for _, g := range byLog(nil, items) {
			t, err := m.readTail(ctx, tx, g.org)
			if err != nil {
				return err
			}
			if err := b.extend(ctx, tx, t, &g); err != nil {
				return err
			}
		}
		placed = len(waiting)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("journal: sequence: %w", err)
	}
	return placed, nil
}

// pendingRow is a waiting row.
type pendingRow struct {
	id    string
	items []*item
}

func scanPending(scan db.Scan) (w pendingRow, err error) {
	var org core.ID
	var body []byte
	if err := scan(&w.id, &org, &body); err != nil {
		return w, err
	}
	list, err := unpackAll(nil, body)
	if err != nil {
		return w, fmt.Errorf("%w (waiting entry %s)", err, w.id)
	}
	for _, p := range list {
		parts, _, err := verify.AppendPartsHash(nil, p.sealed)
		if err != nil {
			return w, err
		}
		w.items = append(w.items, &item{org: org, text: p.text, numbered: true, sealed: p.sealed, parts: parts})
	}
	return w, nil
}

// void writes the entries that declare numbers void.
func (m *Module) void(ctx context.Context) error {
	for org, list := range m.counters.stale(m.clock.Now()) {
		err := m.db.Write(ctx, func(tx core.Tx) error {
			now := m.clock.Now()
			return m.Record(ctx, tx, &core.Entry{
				ID: ids.At(now), Org: org, At: now, Actor: core.System("journal"), Action: voidAction, Verb: core.Updates,
				Type: "counter", Resource: core.ID(m.counters.node + ":" + list.String()), Purpose: core.PurposeSecurity,
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const voidAction = "journal.void"

var qLease = db.SQL(`INSERT INTO journal_lease (name, holder, until) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE journal_lease.holder = excluded.holder OR journal_lease.until < $4`)

const leaseTime = 3 * time.Second

// lease takes or keeps a lease; it tells whether this node holds it.
func (m *Module) lease(ctx context.Context, name string) (bool, error) {
	var held bool
	err := m.db.Write(ctx, func(tx core.Tx) error {
		now := m.clock.Now()
		n, err := tx.Exec(ctx, qLease, name, m.counters.node, clock.Micros(now.Add(leaseTime)), clock.Micros(now))
		held = n > 0
		return err
	})
	return held, err
}
