package erasure

import (
	"context"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/jobs"
)

// JobRun is the kind of the job that carries an order out.
const JobRun = "erasure.run"

// Together is how many orders of one node are under way at once: one search of all columns serves those that are at their check.
const Together = 32

// The reasons of orders.
const (
	ByRequest     = "request"
	ByRetention   = "retention"
	ByOffboarding = "offboarding"
	ByOperator    = "operator"
)

var (
	errAbsent  = i18n.Fault(core.NotFound, "erasure.absent", "Cet ordre d'effacement n'existe pas.", "There is no such order of erasure.")
	errPerson  = i18n.Fault(core.Invalid, "erasure.person", "Personne ne correspond : donnez une adresse ou un identifiant.", "Nobody matches: give an address or an id.")
	errReason  = i18n.Fault(core.Invalid, "erasure.reason", "Cet ordre ne dit pas pourquoi.", "This order does not say why.")
	errSelf    = i18n.Fault(core.Forbidden, "erasure.four_eyes", "Qui ordonne un effacement en nombre ne l'approuve pas : une seconde personne le fait.", "Whoever orders erasures in number does not approve them: a second person does.")
	errBegun   = i18n.Fault(core.Conflict, "erasure.begun", "Cet effacement a commencé ou a déjà été décidé : il ne s'annule plus.", "This erasure has begun or was decided already: it cannot be undone.")
	errOneself = i18n.Fault(core.Conflict, "erasure.oneself", "On n'ordonne pas son propre effacement d'ici : demandez-le comme toute personne.", "One does not order one's own erasure from here: ask for it as anyone does.")
)

// Preview tells what an erasure would delete and what must stay and why: the rooms really erase, and it is undone.
func (m *Module) Preview(ctx context.Context, o personal.ErasureOrder) ([]core.Receipt, error) {
	scope, err := m.scopeOf(ctx, o.Org, o.Person)
	if err != nil {
		return nil, err
	}
	return m.dry(core.WithActor(ctx, core.System("erasure.weigh")), scope, o.Org, o.Person)
}

// scopeOf tells whether only what an organization holds goes: the person belongs elsewhere too.
func (m *Module) scopeOf(ctx context.Context, org, person core.ID) (scope string, err error) {
	err = m.needs.Rows.Read(ctx, func(tx core.Tx) error { scope, err = m.scope(ctx, tx, org, person); return err })
	return scope, err
}

func (m *Module) scope(ctx context.Context, tx core.Tx, org, person core.ID) (string, error) {
	if org == "" {
		return ScopePerson, nil
	}
	list, err := m.needs.Members.Memberships(ctx, tx, person)
	if slices.ContainsFunc(list, func(one core.Membership) bool { return one.Org != org }) {
		return ScopeMember, err
	}
	return ScopePerson, err
}

// Order writes an order in the transaction of an act; the work begins after the commit. While one for the same person and
// organization is open, it gives that one.
func (m *Module) Order(ctx context.Context, tx core.Tx, o personal.ErasureOrder) (core.ID, error) {
	if !slices.Contains([]string{ByRequest, ByRetention, ByOffboarding, ByOperator}, o.Reason) {
		return "", errReason
	}
	if o.Person == "" {
		return "", errPerson
	}
	open, found, err := db.One(ctx, tx, qOpenOf, scanOrder, o.Person, o.Org)
	if err != nil || found {
		return open.ID, err
	}
	now := m.now()
	if o.ID == "" {
		o.ID = ids.At(now)
	}
	begins := now
	if o.Reason != ByOffboarding && o.Reason != ByRetention {
		_, wait, err := m.needs.Limits.Erasures(ctx, tx)
		if err != nil {
			return "", err
		}
		begins = begins.Add(wait)
	}
	people, err := m.needs.People.People(ctx, tx, o.Person)
	if err != nil {
		return "", err
	}
	trial := people[o.Person].IsCanary()
	if trial { // a probe does not wait a day
		begins = now
	}
	if _, err := tx.Exec(ctx, qAdd, o.ID, o.Org, o.Person, o.Request, o.Reason, string(Ordered), core.ActorOf(ctx).ID, clock.Micros(now), clock.Micros(begins), trial); err != nil {
		return "", err
	}
	return o.ID, m.enqueue(ctx, tx, o.ID, begins)
}

func (m *Module) enqueue(ctx context.Context, tx core.Tx, order core.ID, at time.Time) error {
	_, err := m.needs.Jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobRun, Key: string(order), Payload: map[string]core.ID{"order": order}, At: at})
	return err
}

// State tells how far an order is: "ordered", "waiting", "running", "done", "refused".
func (m *Module) State(ctx context.Context, tx core.Tx, order core.ID) (string, error) {
	o, err := m.order(ctx, tx, order)
	if o.State == Cancelled {
		return string(Refused), err
	}
	return string(o.State), err
}

// Find gives the person of an id or an address; "" when there is nobody.
func (m *Module) find(ctx context.Context, tx core.Tx, who string) (core.ID, error) {
	people, err := m.needs.People.People(ctx, tx, core.ID(who))
	if err != nil {
		return "", err
	}
	if _, there := people[core.ID(who)]; there {
		return core.ID(who), nil
	}
	p, there, err := m.needs.People.PersonByEmail(ctx, tx, who)
	if err == nil && !there {
		err = errPerson.With("person", errPerson.Code)
	}
	return p.ID, err
}

// Plan is what an erasure would do.
type Plan struct {
	Person   core.ID
	Scope    string
	Lines    []core.Receipt
	Holds    []personal.Hold
	Approval bool // a second person must approve, were it ordered now
}

// Weigh is the dry run that an officer sees before the order. who is an id or an address.
func (m *Module) Weigh(ctx context.Context, org core.ID, who string) (p Plan, err error) {
	asked := &core.Act{Def: Weigh, Org: core.Platform}
	err = m.needs.Gate.Read(ctx, asked, func(tx core.Tx) error {
		if p.Person, err = m.find(ctx, tx, who); err != nil {
			return err
		}
		asked.Resource, asked.Subject = p.Person, p.Person
		if p.Holds, err = m.held(ctx, tx, org, p.Person); err != nil {
			return err
		}
		most, _, err := m.needs.Limits.Erasures(ctx, tx)
		if err != nil {
			return err
		}
		n, err := m.around(ctx, tx, core.ActorOf(ctx).ID, ByOperator, m.now())
		p.Approval = n+1 > most
		return err
	})
	if err != nil {
		return p, err
	}
	if p.Scope, err = m.scopeOf(ctx, org, p.Person); err != nil {
		return p, err
	}
	p.Lines, err = m.dry(core.WithActor(ctx, core.System("erasure.weigh")), p.Scope, org, p.Person)
	return p, err
}

// Command orders an erasure by hand. who is an id or an address; org "" is the whole person.
func (m *Module) Command(ctx context.Context, org core.ID, who, why string) (id core.ID, err error) {
	done := &core.Act{Def: Command, Org: core.Platform, Note: why}
	err = m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		person, err := m.find(ctx, tx, who)
		if err != nil {
			return err
		}
		if person == core.ActorOf(ctx).ID {
			return errOneself
		}
		done.Subject = person
		id, err = m.Order(ctx, tx, personal.ErasureOrder{Org: org, Person: person, Reason: ByOperator})
		done.Resource = id
		return err
	})
	return id, err
}

// around counts the orders that a person gave for a reason within a day of a moment.
func (m *Module) around(ctx context.Context, tx core.Tx, by core.ID, reason string, at time.Time) (int, error) {
	n, _, err := db.One(ctx, tx, qOfBy, db.Value[int64], by, reason, clock.Micros(at.Add(-24*time.Hour)), clock.Micros(at.Add(24*time.Hour)))
	return int(n), err
}

// inNumber tells whether an order is one of so many that a second person must approve them. A request that an officer answered
// and a rule of retention are decisions about one person each; an operator and an offboarding order in number.
func (m *Module) inNumber(ctx context.Context, tx core.Tx, o *Order) (bool, error) {
	if o.Reason != ByOperator && o.Reason != ByOffboarding {
		return false, nil
	}
	most, _, err := m.needs.Limits.Erasures(ctx, tx)
	if err != nil {
		return false, err
	}
	n, err := m.around(ctx, tx, o.By, o.Reason, o.At)
	return n > most, err
}

func (m *Module) held(ctx context.Context, tx core.Tx, org, person core.ID) ([]personal.Hold, error) {
	if m.needs.Holds == nil {
		return nil, nil
	}
	holds := m.needs.Holds()
	if holds == nil {
		return nil, nil
	}
	return holds.Held(ctx, tx, org, person)
}

// Approve lets an order go on, with all those that the same person gave for the same reason and that wait for it. It tells how
// many went on.
func (m *Module) Approve(ctx context.Context, id core.ID) (n int, err error) {
	done := &core.Act{Def: Approve, Org: core.Platform, Resource: id}
	err = m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		n = 0
		o, err := m.order(ctx, tx, id)
		if err != nil {
			return err
		}
		by := core.ActorOf(ctx).ID
		if o.By == by {
			return errSelf
		}
		list, err := db.All(ctx, tx, qBatch, db.Value[core.ID], o.By, o.Reason)
		if err != nil {
			return err
		}
		if !slices.Contains(list, id) {
			return errBegun
		}
		for _, one := range list {
			if _, err := tx.Exec(ctx, qJudge, one, by, clock.Micros(m.now())); err != nil {
				return err
			}
			if err := m.enqueue(ctx, tx, one, m.now()); err != nil {
				return err
			}
			if n++; one != id {
				done.Also = append(done.Also, &core.Act{Def: Approve, Org: core.Platform, Resource: one})
			}
		}
		return nil
	})
	return n, err
}

// Refuse ends an order that has not begun.
func (m *Module) Refuse(ctx context.Context, id core.ID, why string) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: Refuse, Org: core.Platform, Resource: id, Note: why}, func(tx core.Tx) error {
		return m.end(ctx, tx, id, Refused, core.ActorOf(ctx).ID)
	})
}

// Cancel ends the order of one's own erasure before it begins.
func (m *Module) Cancel(ctx context.Context, id core.ID) error {
	me := core.ActorOf(ctx).ID
	return m.needs.Gate.Change(ctx, &core.Act{Def: Cancel, Org: core.Platform, Resource: id, Subject: me}, func(tx core.Tx) error {
		o, err := m.order(ctx, tx, id)
		if err != nil {
			return err
		}
		if o.Person != me {
			return errAbsent
		}
		if o.Reason != ByRequest {
			return errBegun
		}
		return m.end(ctx, tx, id, Cancelled, "")
	})
}

func (m *Module) end(ctx context.Context, tx core.Tx, id core.ID, as State, by core.ID) error {
	if _, err := m.order(ctx, tx, id); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qEnd, id, string(as), clock.Micros(m.now()), by)
	if err == nil && n == 0 {
		err = errBegun
	}
	return err
}
