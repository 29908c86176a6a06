package recognition

import (
	"context"
	"errors"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/jobs"
)

// Queue takes jobs within the transaction of an act.
type Queue interface {
	Enqueue(ctx context.Context, tx core.Tx, j jobs.Job) (core.ID, error)
}

const (
	jobSettle = "recognition.settle"
	jobLate   = "recognition.late"
)

// lateEvery is how often late synchronisations are looked for.
const lateEvery = 5 * time.Minute

// Work names the jobs of the service and when they run.
func (m *Module) Work(q *jobs.Jobs) {
	q.Handle(jobSettle, func(ctx context.Context, run jobs.Run) error {
		return m.settleJob(core.WithActor(ctx, core.System(jobSettle)), run)
	})
	q.Handle(jobLate, func(ctx context.Context, _ jobs.Run) error {
		_, err := m.WatchSync(core.WithActor(ctx, core.System(jobLate)))
		return err
	})
	q.Schedule(jobs.Schedule{Name: jobLate, Kind: jobLate, Every: lateEvery})
}

func (m *Module) enqueueSettle(ctx context.Context, tx core.Tx, r syncRow) error {
	_, err := m.needs.Queue.Enqueue(ctx, tx, jobs.Job{
		Kind: jobSettle, Org: r.org, Key: "settle:" + string(r.session),
		Payload: map[string]core.ID{"link": r.link, "session": r.session},
	})
	return err
}

// settleJob loads a whole set. A session that went on elsewhere, or whose link is gone, is nobody's business any more.
func (m *Module) settleJob(ctx context.Context, run jobs.Run) error {
	err := m.SettleSync(ctx, run.Org, run.Payload["link"], run.Payload["session"])
	if errors.Is(err, errNoSession) || errors.Is(err, errNoLink) || core.KindOf(err) == core.Gone {
		return jobs.Permanent(err)
	}
	return err
}

// SettleSync ends a session whose agent committed it, or that a person approved.
func (m *Module) SettleSync(ctx context.Context, org, link, session core.ID) error {
	row, _, err := m.settling(ctx, org, link, session)
	if err != nil {
		return err
	}
	if row.state != SyncSwitching && row.state != syncApproved {
		return nil // done by an earlier run
	}
	return m.settleSync(ctx, org, link, session)
}

// WatchSync writes to the managers of organizations whose cards were not brought for too long, once for each time.
func (m *Module) WatchSync(ctx context.Context) (told int, err error) {
	type place struct{ org, link core.ID }
	var due []place
	now := m.now()
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		due, err = db.All(ctx, tx, qSyncDue, func(scan db.Scan) (p place, err error) {
			err = scan(&p.org, &p.link)
			return p, err
		}, clock.Micros(now.Add(-time.Hour)), 1000)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, p := range due {
		sent, failed := m.tellLate(ctx, p.org, p.link, now)
		err = errors.Join(err, failed) // one organization that cannot be written to keeps no other from being told
		if sent {
			told++
		}
	}
	return told, err
}

func (m *Module) tellLate(ctx context.Context, org, link core.ID, now time.Time) (sent bool, err error) {
	var row syncRow
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		row, _, err = m.syncOf(ctx, tx, org, link)
		return err
	})
	if err != nil || !row.late(now) || row.toldAt >= row.done {
		return false, err
	}
	err = m.needs.Gate.Change(ctx, &core.Act{Def: &SyncLate, Org: org, Resource: link}, func(tx core.Tx) error {
		row, found, err := m.syncOf(ctx, tx, org, link)
		if err != nil || !found || row.toldAt >= row.done {
			return err
		}
		row.toldAt, sent = clock.Micros(now), true
		if err := row.put(ctx, tx); err != nil {
			return err
		}
		at := clock.FromMicros(row.done)
		return m.tellManagers(ctx, tx, org, "recognition.late", lateSubject, func(said context.Context) string {
			return lateBody.In(said, i18n.Moment(said, at))
		})
	})
	return sent, err
}

// tellManagers writes to the managers of the service in an organization.
func (m *Module) tellManagers(ctx context.Context, tx core.Tx, org core.ID, kind string, subject i18n.Sentence, body func(context.Context) string) error {
	holders, err := m.needs.Rights.Holders(ctx, tx, org, RoleManager)
	if err != nil {
		return err
	}
	fr, en := i18n.With(ctx, i18n.FR), i18n.With(ctx, i18n.EN)
	for _, person := range holders {
		err := m.needs.People.Send(ctx, tx, person, kind, core.Text{FR: subject.In(fr), EN: subject.In(en)}, core.Text{FR: body(fr), EN: body(en)})
		if err != nil {
			return err
		}
	}
	return nil
}
