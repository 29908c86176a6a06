package review

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

var (
	qDue       = db.SQL(`SELECT ` + campaignColumns + ` FROM review_campaign WHERE state = 'open' AND deadline_at <= $1 ORDER BY deadline_at, id LIMIT 200`)
	qOpenOnes  = db.SQL(`SELECT ` + campaignColumns + ` FROM review_campaign WHERE state = 'open' AND deadline_at > $1 ORDER BY id LIMIT 5000`)
	qClose     = db.SQL(`UPDATE review_campaign SET state = 'closed', closed_at = $3 WHERE org = $1 AND id = $2 AND state = 'open'`)
	qReminded  = db.SQL(`UPDATE review_campaign SET reminded = $3 WHERE org = $1 AND id = $2 AND reminded < $3`)
	qStale     = db.SQL(`SELECT ` + requestColumns + ` FROM review_request WHERE state IN ('asked', 'confirm') AND expires_at <= $1 ORDER BY org, id LIMIT 500`)
	qForgotten = db.SQL(`SELECT ` + requestColumns + ` FROM review_request WHERE state IN ('asked', 'confirm') AND reminded_at = 0 AND asked_at <= $1 ORDER BY org, id LIMIT 500`)
	qReminder  = db.SQL(`UPDATE review_request SET reminded_at = $3 WHERE org = $1 AND id = $2 AND reminded_at = 0`)
)

// Sweep does what time asks: it opens the reviews that are due, reminds, closes what has run out. A job runs it often;
// whatever was missed while nothing ran is done at the next run, late rather than never.
func (m *Module) Sweep(ctx context.Context) error {
	return errors.Join(m.openPlanned(ctx), m.remind(ctx), m.closeDue(ctx), m.expire(ctx))
}

// orgs walks over every open organization, the provider's included and those of canaries left out: nobody's rights are there.
func (m *Module) orgs(ctx context.Context, each func(core.Organization) error) error {
	return m.everyOrg(ctx, func(o core.Organization) error {
		if o.ID == core.Canaries || o.ID == core.Strangers {
			return nil
		}
		return each(o)
	})
}

func (m *Module) everyOrg(ctx context.Context, each func(core.Organization) error) error {
	after, full := core.ID(""), true
	for full {
		var batch []core.Organization
		err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
			if batch, err = m.needs.Orgs.AllOrgs(ctx, tx, after, 200); err != nil || after != "" {
				return err
			}
			return m.ownOrgs(ctx, tx, func(o core.Organization) { batch = slices.Insert(batch, 0, o) })
		})
		if err != nil {
			return err
		}
		full = len(batch) >= 200
		for _, o := range batch {
			if o.State == "active" {
				if err := each(o); err != nil {
					return err
				}
			}
			after = o.ID
		}
	}
	return nil
}

// ownOrgs gives the platform's own organizations that exist: the provider's, none before anybody was set up, and those of
// canaries, none before the first probe.
func (m *Module) ownOrgs(ctx context.Context, tx core.Tx, add func(core.Organization)) error {
	for _, id := range []core.ID{core.Platform, core.Canaries, core.Strangers} {
		own, err := m.needs.Orgs.Org(ctx, tx, id)
		switch {
		case err == nil:
			add(own)
		case core.KindOf(err) != core.NotFound:
			return err
		}
	}
	return nil
}

// openPlanned opens the yearly review of each organization where it is due (CTI-37.8).
func (m *Module) openPlanned(ctx context.Context) error {
	return m.orgs(ctx, func(o core.Organization) error {
		due := false
		err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
			p, err := m.plan(ctx, tx, o)
			due = !m.now().Before(p.Next)
			return err
		})
		if err != nil || !due {
			return err
		}
		c := Campaign{Org: o.ID, ID: ids.New(), Origin: Planned, Scope: ScopeAll, Deadline: m.now().AddDate(0, 0, answerDays), StartedBy: core.ActorOf(ctx).ID}
		act := &core.Act{Def: BeginReview, Org: o.ID, Resource: c.ID}
		err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
			n, err := m.begin(ctx, tx, c)
			if err == nil && n == 0 { // evidence all the same: there was nothing to review
				_, err = tx.Exec(ctx, qClose, c.Org, c.ID, clock.Micros(m.now()))
			}
			act.Changed("until", "", c.Deadline.Format(time.RFC3339))
			return err
		})
		if core.CodeOf(err) == errRunning.Code {
			return nil
		}
		return err
	})
}

// remind writes to who has lines left, half-way, three days before the end and the day before; and to the judges of
// requests that have waited for a week.
func (m *Module) remind(ctx context.Context) error {
	return m.needs.Gate.Keep(ctx, Sweeping, func(tx core.Tx) error {
		now := m.now()
		open, err := db.All(ctx, tx, qOpenOnes, scanCampaign, clock.Micros(now))
		if err != nil {
			return err
		}
		for _, c := range open {
			step := reminder(c, now)
			if step <= c.reminded {
				continue
			}
			lines, err := m.keptLines(ctx, tx, qUnanswered, c.Org, c.ID)
			if err != nil {
				return err
			}
			persons := map[core.ID]bool{}
			for _, l := range lines {
				persons[l.Person] = true
			}
			if err := m.tellReviewers(ctx, tx, c, persons, mailReviewAgain); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, qReminded, c.Org, c.ID, step); err != nil {
				return err
			}
		}
		waiting, err := m.keptRequests(ctx, tx, qForgotten, clock.Micros(now.Add(-remindAfter)))
		if err != nil {
			return err
		}
		for _, r := range waiting {
			if _, err := tx.Exec(ctx, qReminder, r.Org, r.ID, clock.Micros(now)); err != nil {
				return err
			}
			if err := m.tellJudges(ctx, tx, r, mailReminder); err != nil {
				return err
			}
		}
		return nil
	})
}

// reminder tells how many reminders are due by now.
func reminder(c Campaign, now time.Time) int {
	left := c.Deadline.Sub(now)
	switch {
	case left <= 24*time.Hour && c.Deadline.Sub(c.StartedAt) > 36*time.Hour:
		return 3
	case left <= 3*24*time.Hour && c.Deadline.Sub(c.StartedAt) > 5*24*time.Hour:
		return 2
	case left <= c.Deadline.Sub(c.StartedAt)/2:
		return 1
	}
	return 0
}

// closeDue closes every review past its deadline: what has no answer is revoked.
func (m *Module) closeDue(ctx context.Context) error {
	var due []Campaign
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		due, err = db.All(ctx, tx, qDue, scanCampaign, clock.Micros(m.now()))
		return err
	})
	for _, c := range due {
		err = errors.Join(err, m.close(ctx, c))
	}
	return err
}

// close ends one review; each line that lapses is an entry of its own (CTI-37.8).
func (m *Module) close(ctx context.Context, c Campaign) error {
	act := &core.Act{Def: CloseReview, Org: c.Org, Resource: c.ID}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qClose, c.Org, c.ID, clock.Micros(m.now()))
		if err != nil || n == 0 {
			return err
		}
		lines, err := m.keptLines(ctx, tx, qUnanswered, c.Org, c.ID)
		if err != nil {
			return err
		}
		var lost []core.ID
		for _, l := range lines {
			answer, err := m.lapse(ctx, tx, l)
			if err != nil {
				return err
			}
			one := &core.Act{Def: LapseLine, Org: c.Org, Resource: l.Assignment, Subject: l.Person}
			one.Changed("answer", "", answer)
			if answer == Lapsed {
				one.Changed("role", l.Role, "")
				lost = append(lost, l.Person)
			}
			act.Also = append(act.Also, one)
		}
		act.Changed("state", "open", "closed")
		if err := m.writeAll(ctx, tx, c.Org, lost, mailLapsed); err != nil {
			return err
		}
		admins, err := m.needs.Rights.Holders(ctx, tx, c.Org, adminRole(c.Org))
		if err != nil {
			return err
		}
		return m.writeAll(ctx, tx, c.Org, admins, mailClosed)
	})
}

// lapse revokes what nobody answered for. The last administrator stays, and the review says so.
func (m *Module) lapse(ctx context.Context, tx core.Tx, l Line) (string, error) {
	answer := Lapsed
	switch err := m.needs.Rights.Revoke(ctx, tx, l.Assignment, "access_review.lapse"); core.CodeOf(err) {
	case "":
		if err != nil {
			return "", err
		}
	case "assignment.not_found":
		answer = Gone
	case "assignment.last_admin":
		answer = Left
	default:
		return "", err
	}
	_, err := tx.Exec(ctx, qAnswer, l.Org, l.ID, answer, "", core.ActorOf(ctx).ID, clock.Micros(m.now()))
	return answer, err
}

// expire closes requests that got no answer.
func (m *Module) expire(ctx context.Context) error {
	var stale []Request
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		stale, err = m.keptRequests(ctx, tx, qStale, clock.Micros(m.now()))
		return err
	})
	for _, r := range stale {
		act := &core.Act{Def: ExpireRequest, Org: r.Org, Resource: r.ID, Subject: r.Person}
		err = errors.Join(err, m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
			act.Changed("state", r.State, Expired)
			gone := r
			gone.State = Expired
			if err := m.settle(ctx, tx, gone); err != nil {
				return err
			}
			return m.tellAsker(ctx, tx, gone, mailExpired)
		}))
	}
	return err
}
