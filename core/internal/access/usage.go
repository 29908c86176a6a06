package access

import (
	"context"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// usage remembers, until the next flush, who used which permission today. It is written at most once a day per person
// and permission, so that a decision stays a read. It is no cache of decisions: nothing is decided from it.
type usage struct {
	mu    sync.Mutex
	day   int64
	seen  map[used]bool // noted today already
	queue []used
}

type used struct {
	org, person core.ID
	permission  core.Permission
}

// maxSeen bounds the memory of a day: beyond it, the day is forgotten and lines are simply written again.
const maxSeen = 200_000

func dayOf(t time.Time) int64 { return t.Unix() / 86400 }

func (u *usage) note(org, person core.ID, p core.Permission, now time.Time) {
	k, day := used{org, person, p}, dayOf(now)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.day != day || len(u.seen) >= maxSeen {
		u.day, u.seen = day, make(map[used]bool, 256)
	}
	if !u.seen[k] && len(u.queue) < maxSeen {
		u.seen[k] = true
		u.queue = append(u.queue, k)
	}
}

// ownUse stands for everything a person does on what is their own: it says that the account lives, nothing more.
const ownUse = core.Permission("self")

func (m *Module) noteUse(org, person core.ID, def *core.ActDef, now time.Time) {
	switch def.Reach {
	case core.ByAssignment:
		m.usage.note(org, person, def.Permission, now)
	case core.BySelf:
		m.usage.note(org, person, ownUse, now)
	}
}

var qLastDay = db.SQL(`SELECT coalesce(max(last_day), 0) FROM access_usage WHERE person = $1`)

// stillDormant takes the mark away from who does something elsewhere.
func stillDormant(ctx context.Context, tx core.Tx, s *snapshot, rows []Row) error {
	for i := range rows {
		if !rows[i].Dormant {
			continue
		}
		day, _, err := db.One(ctx, tx, qLastDay, db.Value[int64], rows[i].Person)
		if err != nil {
			return err
		}
		rows[i].Dormant = s.today-day >= s.unused
	}
	return nil
}

var qUse = db.SQL(`INSERT INTO access_usage (org, person, permission, last_day) VALUES ($1, $2, $3, $4)
ON CONFLICT (org, person, permission) DO UPDATE SET last_day = excluded.last_day WHERE access_usage.last_day < excluded.last_day`)

// FlushUsage writes what was noted since the last flush. What a failed flush held is noted again at the next use.
func (m *Module) FlushUsage(ctx context.Context) error {
	m.usage.mu.Lock()
	queue, day := m.usage.queue, m.usage.day
	m.usage.queue = nil
	m.usage.mu.Unlock()
	if len(queue) == 0 {
		return nil
	}
	err := m.Needs.Gate.Keep(ctx, &dutyUsage, func(tx core.Tx) error {
		for _, u := range queue {
			if _, err := tx.Exec(ctx, qUse, u.org, u.person, string(u.permission), day); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		m.usage.mu.Lock()
		for _, u := range queue {
			delete(m.usage.seen, u)
		}
		m.usage.mu.Unlock()
	}
	return err
}

// Run flushes the use of permissions every so often until ctx ends, and once more then.
func (m *Module) Run(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			_ = m.FlushUsage(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			_ = m.FlushUsage(last)
			cancel()
			return
		}
	}
}
