package rights

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// closedDays is how long a closed request is kept.
const closedDays = 3 * 365

// The steps at which the officer is told: days before the term, then when it has passed.
const (
	stepTen   = "10"
	stepThree = "3"
	stepDay   = "0"
	stepLate  = "late"
)

var (
	qComing = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE state = 'open' AND due_at <= $1 ORDER BY due_at LIMIT 1000`)
	qNotice = db.SQL(`INSERT INTO rights_notice (org, request, step, person, sent_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org, request, step, person) DO NOTHING`)
	qFading = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE kind = 'erasure' AND state IN ('answered', 'refused') AND carried_at > 0 AND closed_at < $1 AND details <> $2 LIMIT 200`)
)

var (
	soonSubject = core.Text{FR: "Une demande de droits arrive à échéance", EN: "A request of rights comes due"}
	soonBody    = core.Text{FR: "Une réponse est due au plus tard le %s. La demande est ici :\n%s", EN: "An answer is due by %s. The request is here:\n%s"}
	lateSubject = core.Text{FR: "Une demande de droits est en retard", EN: "A request of rights is late"}
	lateBody    = core.Text{FR: "La réponse était due le %s et n'est pas partie : le délai de la loi est dépassé. La demande est ici :\n%s", EN: "The answer was due on %s and has not left: the time of the law has passed. The request is here:\n%s"}
)

// stage tells how near a term is.
func stage(due, now time.Time) string {
	switch left := due.Sub(now); {
	case left <= 0:
		return stepLate
	case left <= 24*time.Hour:
		return stepDay
	case left <= 4*24*time.Hour:
		return stepThree
	}
	return stepTen
}

// Remind tells officers of the requests that come due and of those that are late, each step once.
func (m *Module) Remind(ctx context.Context) error { return m.remind(ctx, "") }

// remind does it for all, or for one request.
func (m *Module) remind(ctx context.Context, only core.ID) error {
	var list []Request
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qComing, scanRequest, clock.Micros(m.now().Add(11*24*time.Hour)))
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range list {
		if only != "" && r.ID != only {
			continue
		}
		if err := m.remindOne(ctx, r); err != nil { // one that fails does not keep the others from being told
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

var errNone = errors.New("rights: nobody is to be told")

func (m *Module) remindOne(ctx context.Context, r Request) error {
	done := &core.Act{Def: Remind, Org: r.Org, Resource: r.ID, Subject: r.Person}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		now := r
		if err := m.reckonNow(ctx, tx, &now); err != nil {
			return err
		}
		what := stage(now.Due, m.now())
		zone, err := m.zone(ctx, tx, r.Org)
		if err != nil {
			return err
		}
		if now.Due.Sub(m.now()) > 11*24*time.Hour {
			return errNone // its clock stands still
		}
		to, err := m.officers(ctx, tx, r.Org, what == stepLate, r.trial)
		if err != nil {
			return err
		}
		told := 0
		for _, person := range to {
			n, err := tx.Exec(ctx, qNotice, r.Org, r.ID, what, person, clock.Micros(m.now()))
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			told++
			if err := m.sendNotice(ctx, tx, person, what, now, zone); err != nil {
				return err
			}
		}
		if told == 0 {
			return errNone
		}
		done.Changes = nil
		done.Changed("step", "", what)
		return m.step(ctx, tx, &now, stepReminded, "")
	})
	if errors.Is(err, errNone) {
		return nil
	}
	return err
}

func (m *Module) sendNotice(ctx context.Context, tx core.Tx, person core.ID, what string, r Request, zone *time.Location) error {
	subject, body := soonSubject, soonBody
	kind := "rights.due"
	if what == stepLate {
		subject, body, kind = lateSubject, lateBody, "rights.late"
	}
	say := func(l i18n.Lang) string {
		return i18n.From(body).Say(l, i18n.Date(i18n.With(ctx, l), Day(r.Due, zone)), m.needs.Origin+PathOf(r.Org)+"/"+string(r.ID))
	}
	err := m.needs.People.Send(ctx, tx, person, kind, subject, core.Text{FR: say(i18n.FR), EN: say(i18n.EN)})
	if core.KindOf(err) == core.NotFound { // erased meanwhile
		return nil
	}
	return err
}

// PathOf is where the queue of an organization is.
func PathOf(org core.ID) string {
	if org == core.Platform {
		return "/provider/rights"
	}
	return "/o/" + string(org) + "/rights"
}

// officers are those who work on requests; what is late is told to the administration too. Of a probe's requests, canaries only.
func (m *Module) officers(ctx context.Context, tx core.Tx, org core.ID, late, trial bool) ([]core.ID, error) {
	roles := []string{"privacy", "admin"}
	if org == core.Platform {
		roles = []string{"provider.dpo", "provider.admin"}
	}
	var to []core.ID
	for _, role := range roles {
		if len(to) > 0 && !late {
			break
		}
		more, err := m.needs.Roles.Holders(ctx, tx, org, role)
		if err != nil {
			return nil, err
		}
		people, err := m.needs.People.People(ctx, tx, more...)
		if err != nil {
			return nil, err
		}
		for _, id := range more {
			if p, known := people[id]; known && p.State != "disabled" && p.IsCanary() == trial && !slices.Contains(to, id) {
				to = append(to, id)
			}
		}
	}
	return to, nil
}

// Sweep destroys the documents that no check holds any more, and what was said of an erasure once its answer was there to read.
func (m *Module) Sweep(ctx context.Context) error {
	return errors.Join(m.sweepDocuments(ctx), m.fade(ctx))
}

// fadeDays is how long the answer to an erasure can be read.
const fadeDays = 30

// fade empties the requests of erasure that were answered a month ago, and destroys their keys: their proof is the digest.
func (m *Module) fade(ctx context.Context) error {
	var old []Request
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		old, err = db.All(ctx, tx, qFading, scanRequest, clock.Micros(m.now().AddDate(0, 0, -fadeDays)), []byte{})
		return err
	})
	if err != nil {
		return err
	}
	for i := range old {
		r := &old[i]
		err := m.needs.Gate.Change(ctx, &core.Act{Def: Fade, Org: r.Org, Resource: r.ID}, func(tx core.Tx) error { return m.empty(ctx, tx, r) })
		if err != nil {
			return err
		}
	}
	return nil
}
