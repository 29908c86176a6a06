package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// steps are the days before a date at which it is recalled, nearest first.
var steps = []int{7, 30, 60}

const stepPast = "past"

var (
	qIsSent = db.SQL(`SELECT count(*) FROM inventory_reminder WHERE item = $1 AND due_at = $2 AND step = $3`)
	qMark   = db.SQL(`INSERT INTO inventory_reminder (item, due_at, step, person, sent_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (item, due_at, step) DO NOTHING`)
)

// stepAt gives the one reminder that is due: the nearest, so that a run that was missed sends one letter and not three. A date
// given within a step is not recalled by it. "" when none is.
func stepAt(given, due, now time.Time) string {
	if !due.After(now) {
		return stepPast
	}
	for _, days := range steps {
		ahead := time.Duration(days) * 24 * time.Hour
		if due.Sub(now) <= ahead && due.Sub(given) > ahead {
			return strconv.Itoa(days)
		}
	}
	return ""
}

// Remind writes to the owner of each line whose date comes or has passed, each step once, and to those above once it has passed;
// it tells clients what waits to be told of sub-processors. A job runs it.
func (m *Module) Remind(ctx context.Context) error {
	return errors.Join(m.remind(ctx, ""), m.tell(ctx, ""))
}

// remind looks at every line but those of canaries, or at those of one canary.
func (m *Module) remind(ctx context.Context, only core.ID) error {
	var list []Item
	now := m.now()
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		all, err := db.All(ctx, tx, qDue, scanItem, clock.Micros(now.Add(notice)))
		list = nil
		for _, it := range all {
			if it.trial != (only != "") || only != "" && it.MadeBy != only {
				continue
			}
			step := stepAt(it.ChangedAt, it.Due, now)
			if step == "" || it.Owner == "" && step != stepPast || err != nil {
				continue
			}
			var n int64
			if n, _, err = db.One(ctx, tx, qIsSent, db.Value[int64], it.ID, clock.Micros(it.Due), step); n == 0 {
				list = append(list, it)
			}
		}
		return err
	})
	for _, it := range list {
		err = errors.Join(err, m.send(ctx, it, stepAt(it.ChangedAt, it.Due, now)))
	}
	return err
}

// errSent undoes what another node did meanwhile.
var errSent = errors.New("inventory: done already")

// Paths are where the pages of each register are.
var Paths = map[string]string{
	"asset": "/provider/assets", "subprocessor": "/provider/subprocessors", "document": "/provider/documents",
	"evaluation": "/provider/evaluations", "finding": "/provider/findings",
}

// Kinds of mail.
const (
	mailDue   = "inventory.due"
	mailPast  = "inventory.overdue"
	mailAbove = "inventory.escalation"
	mailNews  = "subprocessor.change"
)

// send writes one reminder, with its mark and its entry, in one transaction. What has passed is told above too: an owner who
// does not read their mail is no excuse, nor is a line that nobody owns.
func (m *Module) send(ctx context.Context, it Item, step string) error {
	done := &core.Act{Def: Remind, Org: core.Platform, Resource: it.ID, Subject: it.Owner}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qMark, it.ID, clock.Micros(it.Due), step, it.Owner, clock.Micros(m.now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return errSent
		}
		done.Changes = nil
		done.Changed("step", "", step)
		page := Paths[it.Register] + "/" + string(it.ID)
		kind, subject, body := letterTo(it, step, m.now())
		if it.Owner != "" {
			if err := m.mail(ctx, tx, it.Owner, kind, subject, body, page); err != nil {
				return err
			}
		}
		if step != stepPast {
			return nil
		}
		to, err := m.above(ctx, tx, it.Owner, it.trial)
		r, _ := RegisterOf(it.Register)
		told := core.Text{
			FR: fmt.Sprintf("Une ligne du registre « %s » a passé son échéance, et qui en répond ne l'a pas réglée. Elle est ici :", r.Title.Say(0)),
			EN: fmt.Sprintf("A line of the register “%s” has passed its due date, and its owner has not settled it. It is here:", r.Title.Say(1)),
		}
		for _, id := range to {
			err = errors.Join(err, m.mail(ctx, tx, id, mailAbove, subject, told, page))
		}
		return err
	})
	if errors.Is(err, errSent) {
		return nil
	}
	return err
}

// letterTo is what an owner reads of a step. It names the register, and nobody.
func letterTo(it Item, step string, now time.Time) (kind string, subject, body core.Text) {
	r, _ := RegisterOf(it.Register)
	if step == stepPast {
		return mailPast, core.Text{FR: "Une échéance est dépassée : " + r.Title.Say(0), EN: "A due date has passed: " + r.Title.Say(1)}, core.Text{
			FR: fmt.Sprintf("Une ligne du registre « %s » dont vous répondez a passé son échéance. Elle est ici :", r.Title.Say(0)),
			EN: fmt.Sprintf("A line of the register “%s” that you answer for has passed its due date. It is here:", r.Title.Say(1)),
		}
	}
	days := int(it.Due.Sub(now).Hours() / 24)
	return mailDue, core.Text{FR: "Une échéance approche : " + r.Title.Say(0), EN: "A due date comes near: " + r.Title.Say(1)}, core.Text{
		FR: fmt.Sprintf("Une ligne du registre « %s » dont vous répondez arrive à échéance dans %d jours. Elle est ici :", r.Title.Say(0), days),
		EN: fmt.Sprintf("A line of the register “%s” that you answer for is due in %d days. It is here:", r.Title.Say(1), days),
	}
}

// above are the administrators of the platform and the data protection officer; of a canary's line, canaries only.
func (m *Module) above(ctx context.Context, tx core.Tx, but core.ID, trial bool) ([]core.ID, error) {
	live, err := m.needs.Rights.LiveIn(ctx, tx, core.Platform)
	if err != nil {
		return nil, err
	}
	var to []core.ID
	for _, a := range live {
		if (a.Role == "provider.admin" || a.Role == "provider.dpo") && a.Person != but && !slices.Contains(to, a.Person) {
			to = append(to, a.Person)
		}
	}
	people, err := m.needs.People.People(ctx, tx, to...)
	return slices.DeleteFunc(to, func(id core.ID) bool {
		p, known := people[id]
		return !known || p.State == "disabled" || p.IsCanary() != trial
	}), err
}

// mail writes to one person; who was erased meanwhile gets nothing.
func (m *Module) mail(ctx context.Context, tx core.Tx, to core.ID, kind string, subject, body core.Text, page string) error {
	link := "\n" + m.needs.Origin + page
	err := m.needs.People.Send(ctx, tx, to, kind, subject, core.Text{FR: body.FR + link, EN: body.EN + link})
	if core.KindOf(err) == core.NotFound {
		return nil
	}
	return err
}
