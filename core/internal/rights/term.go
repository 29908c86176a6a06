package rights

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	term "github.com/rempart/rempart/core/internal/rights/clock"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// zone is that of the organization, or Paris.
func (m *Module) zone(ctx context.Context, tx core.Tx, org core.ID) (*time.Location, error) {
	o, err := m.desk(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	if z, err := time.LoadLocation(o.TimeZone); err == nil && o.TimeZone != "" {
		return z, nil
	}
	return time.LoadLocation("Europe/Paris")
}

// course reads what counts for the time of a request.
func (m *Module) course(ctx context.Context, tx core.Tx, r *Request) (term.Course, *time.Location, error) {
	pauses, err := db.All(ctx, tx, qPauses, func(scan db.Scan) (p term.Pause, err error) {
		var from, until int64
		err = scan(&from, &until)
		p.From, p.Until = clock.FromMicros(from), clock.FromMicros(until)
		return p, err
	}, r.Org, r.ID)
	if err != nil {
		return term.Course{}, nil, err
	}
	zone, err := m.zone(ctx, tx, r.Org)
	return term.Course{Received: r.Received, Extended: r.Extended, Pauses: pauses}, zone, err
}

// reckon writes until when a request must be answered.
func (m *Module) reckon(ctx context.Context, tx core.Tx, r *Request) error {
	c, zone, err := m.course(ctx, tx, r)
	if err == nil {
		r.Due = term.End(c.Due(zone, m.now()))
	}
	return err
}

// Day is the last day of a term, in the zone of its organization.
func Day(due time.Time, zone *time.Location) time.Time { return due.Add(-time.Second).In(zone) }
