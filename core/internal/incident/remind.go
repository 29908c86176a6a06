package incident

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// errSent undoes what another node did meanwhile.
var errSent = errors.New("incident: done already")

// warn is how long before a deadline it is told.
const warn = 12 * time.Hour

var qRunning = db.SQL(`SELECT ` + columns + ` FROM incident_incident i WHERE i.breach = 1 AND i.state <> 'closed' ORDER BY i.id`)

// Remind tells the lead, the officers and the administrators of the clocks that come near or have passed: each once. A job runs it.
func (m *Module) Remind(ctx context.Context) error { return m.remind(ctx, "") }

// remind looks at every incident but those of canaries, or at those of one canary.
func (m *Module) remind(ctx context.Context, only core.ID) error {
	var list []Incident
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qRunning, scanIncident)
		return err
	})
	now := m.now()
	for i := range list {
		it := &list[i]
		if it.trial != (only != "") || only != "" && it.OpenedBy != only {
			continue
		}
		for _, d := range it.deadlines() {
			switch left := d.Left(now); {
			case !d.Met.IsZero():
			case left <= 0:
				err = errors.Join(err, m.recall(ctx, it, d, "past"))
			case left <= warn:
				err = errors.Join(err, m.recall(ctx, it, d, "soon"))
			}
		}
	}
	return err
}

// recall writes one reminder, with its mark and its entry, in one transaction.
func (m *Module) recall(ctx context.Context, it *Incident, d Deadline, step string) error {
	done := &core.Act{Def: Recall, Org: core.Platform, Resource: it.ID}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qMark, it.ID, d.What, step, clock.Micros(m.now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return errSent
		}
		done.Changes = nil
		done.Changed(d.What, "", step)
		to, err := m.above(ctx, tx, it)
		if err != nil {
			return err
		}
		subject := mark(it, sDue)
		if step == "past" {
			subject = mark(it, sPast)
		}
		at := d.At.UTC().Format("2006-01-02 15:04")
		body := core.Text{
			FR: fmt.Sprintf("Échéance : %s (temps universel). L'incident est ici :", at),
			EN: fmt.Sprintf("Deadline: %s (universal time). The incident is here:", at),
		}
		for _, person := range to {
			err = errors.Join(err, m.mail(ctx, tx, person, mailDue, subject, body, page(it.ID)))
		}
		return err
	})
	if errors.Is(err, errSent) {
		return nil
	}
	return err
}

// above are the lead, the administrators of the platform and the data-protection officer; of a canary's incident, canaries only.
func (m *Module) above(ctx context.Context, tx core.Tx, it *Incident) ([]core.ID, error) {
	live, err := m.needs.Rights.LiveIn(ctx, tx, core.Platform)
	if err != nil {
		return nil, err
	}
	to := []core.ID{}
	if it.Lead != "" {
		to = append(to, it.Lead)
	}
	for _, a := range live {
		if (a.Role == "provider.admin" || a.Role == "provider.dpo") && !slices.Contains(to, a.Person) {
			to = append(to, a.Person)
		}
	}
	people, err := m.needs.People.People(ctx, tx, to...)
	return slices.DeleteFunc(to, func(id core.ID) bool {
		p, known := people[id]
		return !known || p.State == "disabled" || p.IsCanary() != it.trial
	}), err
}
