package erasure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/jobs"
)

// The steps, in their order. Each commits with the mark that it is passed, or can be done twice.
const (
	StepBury    = "bury"    // the tombstone, beside the keys; a key for the order
	StepWeigh   = "weigh"   // the dry run; what the check will look for; who is to be told
	StepCut     = "cut"     // sessions and tokens
	StepRooms   = "rooms"   // every room but mail and persons
	StepPerson  = "person"  // mail, then the room of persons
	StepKey     = "key"     // the person's key
	StepScrub   = "scrub"   // what the files of the databases still hold of it
	StepCheck   = "check"   // nothing is left but what is kept with its ground
	StepCertify = "certify" // the receipt, signed; the person's last mail; the organizations told
)

// Steps lists them.
var Steps = []string{StepBury, StepWeigh, StepCut, StepRooms, StepPerson, StepKey, StepScrub, StepCheck, StepCertify}

func after(step string) string { return Steps[slices.Index(Steps, step)+1] }

// Why an order waits.
const (
	BlockedApproval = "approval"
	BlockedHold     = "hold"
	BlockedLeft     = "left"
)

var errLeft = i18n.Fault(core.Conflict, "erasure.left",
	"Le contrôle trouve encore des données de la personne : l'effacement recommencera.", "The check still finds data of the person: the erasure will be done again.")

// errMoved tells that another node passed the step first: look again.
var errMoved = errors.New("erasure: another node passed this step")

// Advance carries an order on from where it stands, to its end or to what it waits for. Any node may call it at any time, several
// at once.
func (m *Module) Advance(ctx context.Context, id core.ID) error {
	ctx = core.WithActor(ctx, core.System("erasure"))
	j := m.depart()
	defer j.end()
	o, err := m.load(ctx, id)
	for moved := 0; err == nil; {
		o.journey = j
		switch o.State {
		case Ordered, Waiting:
			if begun, err := m.begin(ctx, &o); err != nil || !begun {
				return err
			}
		case Running:
			step := o.Step
			m.reached(ctx, id, "before "+step)
			if err = m.step(ctx, &o); errors.Is(err, errMoved) && moved < 100 {
				moved++
				o, err = m.load(ctx, id)
				continue
			} else if err != nil {
				return fmt.Errorf("erasure: %s: %w", step, err)
			}
			m.reached(ctx, id, "after "+step)
		default:
			return nil
		}
	}
	return err
}

func (m *Module) reached(ctx context.Context, id core.ID, moment string) {
	if m.needs.Reached != nil {
		m.needs.Reached(ctx, id, moment)
	}
}

func (m *Module) load(ctx context.Context, id core.ID) (o Order, err error) {
	err = m.needs.Rows.Read(ctx, func(tx core.Tx) error { o, err = m.order(ctx, tx, id); return err })
	return o, err
}

// begin starts an order that nothing holds back; false leaves it waiting.
func (m *Module) begin(ctx context.Context, o *Order) (begun bool, err error) {
	if o.Begins.After(m.now()) {
		return false, nil
	}
	if err := m.needs.Vault.MakeKeys(ctx, o.ID); err != nil {
		return false, err
	}
	var blocked, scope string
	err = m.needs.Rows.Read(ctx, func(tx core.Tx) error { blocked, err = m.blocked(ctx, tx, o); return err })
	if err != nil || blocked != "" && blocked == o.Blocked {
		return false, err
	}
	done := &core.Act{Def: begin, Org: core.Platform, Resource: o.ID}
	err = m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		if blocked, err = m.blocked(ctx, tx, o); err != nil {
			return err
		}
		if begun = blocked == ""; !begun {
			done.Fail("erasure." + blocked)
			_, err = tx.Exec(ctx, qBlock, o.ID, blocked)
			return err
		}
		if scope, err = m.scope(ctx, tx, o.Org, o.Person); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qBegin, o.ID, StepBury, scope)
		if err == nil && n == 0 {
			err = errMoved
		}
		return err
	})
	if errors.Is(err, errMoved) { // another node began it, or it was ended
		*o, err = m.load(ctx, o.ID)
		return err == nil && o.State == Running, err
	}
	if err == nil && begun {
		o.State, o.Step, o.Scope, o.Blocked, o.sealed, o.keyed = Running, StepBury, scope, "", true, true
	}
	return begun, err
}

func (m *Module) blocked(ctx context.Context, tx core.Tx, o *Order) (string, error) {
	holds, err := m.held(ctx, tx, o.Org, o.Person)
	if err != nil || len(holds) > 0 {
		return BlockedHold, err
	}
	many, err := m.inNumber(ctx, tx, o)
	if err != nil || many && o.Judge == "" {
		return BlockedApproval, err
	}
	return "", nil
}

// step does the next step of an order.
func (m *Module) step(ctx context.Context, o *Order) error {
	switch o.Step {
	case StepBury:
		return m.bury(ctx, o)
	case StepWeigh:
		return m.weigh(ctx, o)
	case StepCut:
		return m.pass(ctx, o, func(tx core.Tx, _ *core.Act) error {
			if o.Scope == ScopeMember {
				return nil
			}
			return m.needs.Cut(ctx, tx, o.Person)
		})
	case StepRooms:
		defer m.alone()()
		return m.pass(ctx, o, func(tx core.Tx, a *core.Act) error { return m.rooms(ctx, tx, o, a) })
	case StepPerson:
		defer m.alone()()
		return m.pass(ctx, o, func(tx core.Tx, a *core.Act) error {
			if o.Scope == ScopeMember {
				return nil
			}
			return m.count(ctx, tx, o, a, m.needs.Last())
		})
	case StepKey:
		if o.Scope == ScopePerson {
			if err := m.needs.Vault.DestroyKey(ctx, o.Person); err != nil {
				return err
			}
			o.shredded = true
		}
		return m.pass(ctx, o, nil)
	case StepScrub:
		err := o.journey.meet(func(j *journey) func() { return j.scrub }, func() error { return m.scrubs.do(ctx, o.ID, m.scrubAll) })
		if err != nil {
			return err
		}
		return m.pass(ctx, o, nil)
	case StepCheck:
		return m.check(ctx, o)
	case StepCertify:
		return m.certify(ctx, o)
	}
	return fmt.Errorf("no step is called %q", o.Step)
}

// scrubAll empties what the files of both databases still hold, for all orders that wait for it.
func (m *Module) scrubAll(ctx context.Context, _ []core.ID) error {
	for _, base := range []Base{m.needs.Keys, m.needs.Rows} {
		if err := scrub(ctx, base); err != nil {
			return err
		}
	}
	return nil
}

// scrub empties the log of a database's file; readers and writers of the moment are waited for.
func scrub(ctx context.Context, base Base) (err error) {
	for wait := time.Millisecond; wait < 2*time.Second; wait *= 2 {
		if err = base.Scrub(ctx); core.KindOf(err) != core.Busy {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	return err
}

// pass commits what fn does with the mark that the step is passed.
func (m *Module) pass(ctx context.Context, o *Order, fn func(core.Tx, *core.Act) error) error {
	done := &core.Act{Def: advance, Org: core.Platform, Resource: o.ID}
	err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qPass, o.ID, o.Step, after(o.Step))
		if err != nil {
			return err
		}
		if n == 0 {
			return errMoved
		}
		done.Changed("stage", "", o.Step)
		if _, err := tx.Exec(ctx, qStep, o.ID, o.Step, clock.Micros(m.now())); err != nil || fn == nil {
			return err
		}
		return fn(tx, done)
	})
	if err == nil {
		o.Step, o.Blocked = after(o.Step), ""
	}
	return err
}

// rooms erases every room but the last two.
func (m *Module) rooms(ctx context.Context, tx core.Tx, o *Order, done *core.Act) error {
	if o.Scope == ScopeMember {
		list, err := m.leave(ctx, tx, o.Org, o.Person)
		if err != nil {
			return err
		}
		return m.keep(ctx, tx, o, done, list)
	}
	return m.count(ctx, tx, o, done, m.needs.Rooms())
}

func (m *Module) count(ctx context.Context, tx core.Tx, o *Order, done *core.Act, rooms []core.Module) error {
	sparing, err := m.spare.begin(ctx, tx, o.Person)
	if err != nil {
		return err
	}
	list, err := m.erase(ctx, sparing, rooms, o.Person)
	if err != nil {
		return err
	}
	return m.keep(ctx, tx, o, done, list)
}

func (m *Module) keep(ctx context.Context, tx core.Tx, o *Order, done *core.Act, list []core.Receipt) error {
	var gone, stay int64
	for _, r := range list {
		gone, stay = gone+r.Deleted, stay+r.Kept
	}
	done.Changed("deleted", "", fmt.Sprint(gone))
	done.Changed("kept", "", fmt.Sprint(stay))
	return addLines(ctx, tx, o.ID, list)
}

// bury writes the tombstone beside the keys, before anything is erased.
func (m *Module) bury(ctx context.Context, o *Order) error {
	if !o.keyed {
		if err := m.needs.Vault.MakeKeys(ctx, o.ID); err != nil {
			return err
		}
	}
	org := o.Org
	if o.Scope == ScopePerson {
		org = ""
	}
	err := m.needs.Keys.Write(ctx, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qBury, o.ID, org, o.Person, o.Reason, clock.Micros(m.now()))
		return err
	})
	if err != nil {
		return err
	}
	return m.pass(ctx, o, nil)
}

// contact is whom the last mail goes to.
type contact struct {
	Email    string `json:"email"`
	Name     string `json:"name"`
	Language string `json:"language"`
}

// weigh counts what the rooms hold, keeps what the check will look for and whom the last mail goes to, both sealed under the
// order's own key, and notes which organizations are to be told.
func (m *Module) weigh(ctx context.Context, o *Order) error {
	list, err := m.dry(ctx, o.Scope, o.Org, o.Person)
	if err != nil {
		return err
	}
	var who, traces []byte
	err = m.pass(ctx, o, func(tx core.Tx, _ *core.Act) error {
		who, traces = nil, nil
		if err := setLines(ctx, tx, o.ID, Weighed, list); err != nil {
			return err
		}
		if err := m.recipients(ctx, tx, o); err != nil {
			return err
		}
		if !o.Replayed.IsZero() { // who they were cannot be read any more, and they have their receipt
			return nil
		}
		people, err := m.needs.People.People(ctx, tx, o.Person)
		p, there := people[o.Person]
		if err != nil || !there {
			return err
		}
		if who, traces, err = m.sealed(ctx, o, p); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qTraces, o.ID, who, traces)
		return err
	})
	if err == nil && who != nil {
		o.contact, o.traces = who, traces
	}
	return err
}

// sealed seals the address of the last mail and the values to look for.
func (m *Module) sealed(ctx context.Context, o *Order, p core.Person) (who, traces []byte, err error) {
	if o.Scope == ScopePerson {
		if traces, err = json.Marshal(tracesOf(p)); err != nil {
			return nil, nil, err
		}
		if traces, err = m.needs.Vault.Seal(ctx, o.ID, placeTraces+string(o.ID), traces); err != nil {
			return nil, nil, err
		}
	}
	if who, err = json.Marshal(contact{p.Email, p.Name(), p.Language}); err != nil {
		return nil, nil, err
	}
	who, err = m.needs.Vault.Seal(ctx, o.ID, placeContact+string(o.ID), who)
	return who, traces, err
}

// Where a sealed value stands; its row's id follows.
const (
	placeContact = "erasure_order.contact/"
	placeTraces  = "erasure_order.traces/"
)

// recipients notes the organizations that hold the person's data: those that they belong to, and those they share with.
func (m *Module) recipients(ctx context.Context, tx core.Tx, o *Order) error {
	list, err := m.needs.Members.Memberships(ctx, tx, o.Person)
	if err != nil {
		return err
	}
	member := map[core.ID]core.ID{}
	for _, one := range list {
		if o.Scope == ScopePerson || one.Org == o.Org {
			member[one.Org] = one.ID
		}
	}
	if m.needs.Shared != nil {
		shared, err := m.needs.Shared(ctx, tx, o.Person)
		if err != nil {
			return err
		}
		for _, org := range shared {
			if _, known := member[org]; !known && (o.Scope == ScopePerson || org == o.Org) {
				member[org] = ""
			}
		}
	}
	already, err := db.All(ctx, tx, qNoticesOf, scanNotice, o.ID)
	if err != nil {
		return err
	}
	for org, id := range member {
		if org == core.Platform || slices.ContainsFunc(already, func(n Notice) bool { return n.Org == org }) {
			continue
		}
		if _, err := tx.Exec(ctx, qNotice, org, ids.New(), o.ID, o.Person, id, clock.Micros(m.now())); err != nil {
			return err
		}
	}
	return nil
}

// HandleRun is the job that carries an order on.
func (m *Module) HandleRun(ctx context.Context, run jobs.Run) error {
	err := m.Advance(ctx, run.Payload["order"])
	if core.KindOf(err) == core.NotFound {
		return jobs.Permanent(err)
	}
	if core.CodeOf(err) == errLeft.Code {
		return jobs.Later(err, time.Minute)
	}
	return err
}

// mailLife is how long the key of an order outlives it: its last mail is given up before.
const mailLife = 72 * time.Hour

// forget has this process forget the keys that another destroyed within the hour: on SQLite, a process hears nothing of another.
func (m *Module) forget(ctx context.Context) error {
	var fresh []core.ID
	err := m.needs.Keys.Read(ctx, func(tx core.Tx) (err error) {
		fresh, err = db.All(ctx, tx, qFresh, db.Value[core.ID], clock.Micros(m.now().Add(-time.Hour)))
		return err
	})
	for _, person := range fresh {
		if err == nil {
			err = m.needs.Vault.DestroyKey(ctx, person)
		}
	}
	return err
}

// Sweep carries on whatever waits or was left, and destroys the keys of orders whose last mail is gone.
func (m *Module) Sweep(ctx context.Context) error {
	var open []Order
	var over []core.ID
	err := m.needs.Rows.Read(ctx, func(tx core.Tx) (err error) {
		if open, err = db.All(ctx, tx, qOpen, scanOrder); err != nil {
			return err
		}
		over, err = db.All(ctx, tx, qSealed, db.Value[core.ID], clock.Micros(m.now().Add(-mailLife)))
		return err
	})
	if err != nil {
		return err
	}
	var all []error
	for _, o := range open {
		if err := m.Advance(ctx, o.ID); err != nil {
			all = append(all, err)
		}
	}
	if err := m.forget(ctx); err != nil {
		all = append(all, err)
	}
	for _, id := range over {
		if err := m.needs.Vault.DestroyKey(ctx, id); err != nil {
			return errors.Join(append(all, err)...)
		}
		err := m.needs.Gate.Keep(ctx, closing, func(tx core.Tx) error { _, err := tx.Exec(ctx, qShut, id); return err })
		if err != nil {
			return errors.Join(append(all, err)...)
		}
	}
	return errors.Join(all...)
}
