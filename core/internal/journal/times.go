package journal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// Times gives when an act succeeded on a resource of an organization, newest first, those that wait for their place too: what
// a person is told of who read what is theirs, without naming anyone.
func (m *Module) Times(ctx context.Context, tx core.Tx, org, resource core.ID, action core.Permission, limit int) (list []time.Time, err error) {
	waiting, err := db.All(ctx, tx, qWaiting, scanPending, org)
	if err != nil {
		return nil, fmt.Errorf("journal: times: %w", err)
	}
	var f fields
	for _, w := range waiting {
		for _, it := range w.items {
			if f.cut(it.text) && string(f[fAction]) == string(action) && string(f[fResource]) == string(resource) && string(f[fOutcome]) == core.Success.String() {
				list = append(list, clock.FromMicros(f.at()))
			}
		}
	}
	slices.SortFunc(list, func(a, b time.Time) int { return b.Compare(a) })
	l, there, err := findLog(ctx, tx, org)
	if err != nil || !there {
		return list, err
	}
	p, err := m.page(ctx, tx, &l, Filter{Action: string(action), Resource: resource, Outcome: core.Success.String()}, newestMark, limit)
	if err != nil {
		return nil, fmt.Errorf("journal: times: %w", err)
	}
	for _, r := range p.Rows {
		list = append(list, r.When)
	}
	return list[:min(len(list), limit)], nil
}
