package register

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// ground are the rooms without which nobody could sign in, be refused, be traced, nor put an activity in force again.
var ground = []string{"vault", "journal", "settings", "identity", "session", "signin", "access", "organization", "register", "home", "canary"}

var (
	errGround = i18n.Fault(core.Conflict, "register.ground",
		"Cette activité porte la plateforme : sans elle, plus personne ne se connecte ni n'est tracé. Elle ne se suspend pas.",
		"This activity carries the platform: without it nobody signs in and nothing is traced. It cannot be suspended.")
	errAlready = i18n.Fault(core.Conflict, "register.suspended", "Cette activité est déjà suspendue.", "This activity is suspended already.")
	errRunning = i18n.Fault(core.Conflict, "register.running", "Cette activité n'est pas suspendue.", "This activity is not suspended.")

	qLive    = db.SQL(`SELECT id FROM register_suspension WHERE org = $1 AND activity = $2 AND lifted_at = 0`)
	qSuspend = db.SQL(`INSERT INTO register_suspension (org, id, activity, reason, at, by_person, lifted_at, lifted_by) VALUES ($1, $2, $3, $4, $5, $6, 0, '')`)
	qLift    = db.SQL(`UPDATE register_suspension SET lifted_at = $3, lifted_by = $4 WHERE org = $1 AND activity = $2 AND lifted_at = 0`)
	qPauses  = db.SQL(`SELECT org, id, activity, reason, at, by_person, lifted_at, lifted_by FROM register_suspension WHERE org = $1 AND activity = $2 ORDER BY id DESC LIMIT 50`)
)

// Pause is one suspension of an activity.
type Pause struct {
	Org      core.ID
	ID       core.ID
	Activity string
	Reason   string
	At       time.Time
	By       core.ID
	LiftedAt time.Time
	LiftedBy core.ID

	sealed []byte
}

func scanPause(scan db.Scan) (p Pause, err error) {
	var at, lifted int64
	err = scan(&p.Org, &p.ID, &p.Activity, &p.sealed, &at, &p.By, &lifted, &p.LiftedBy)
	p.At, p.LiftedAt = clock.FromMicros(at), clock.FromMicros(lifted)
	return p, err
}

// Suspendable tells whether an activity can be suspended: it is carried out by a room that acts, and the platform stands without it.
func (m *Module) Suspendable(activity string) bool {
	for _, one := range m.manifests {
		if slices.ContainsFunc(one.Activities, func(a core.Activity) bool { return a.ID == activity }) {
			return len(one.Acts) > 0 && !slices.Contains(ground, one.Module)
		}
	}
	return false
}

// Suspend takes from an activity what its purposes allow, on every node within a second. On the platform it does so for everybody,
// in an organization for that one.
func (m *Module) Suspend(ctx context.Context, org core.ID, activity, reason string) error {
	reason = strings.TrimSpace(reason)
	switch n := utf8.RuneCountInString(reason); {
	case n == 0:
		return errLine.With("reason", codeDue)
	case n > 1000:
		return errLine.With("reason", codeLong, 1000)
	}
	if err := m.needs.Keys.MakeKeys(ctx, org); err != nil {
		return err
	}
	done := &core.Act{Def: Suspend, Org: org, Resource: core.ID(activity), Note: reason}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		e, err := m.known(ctx, tx, org, activity)
		if err != nil {
			return err
		}
		if e.ByHand || !m.Suspendable(activity) {
			return errGround
		}
		live, err := db.All(ctx, tx, qLive, db.Value[core.ID], org, activity)
		if err != nil {
			return err
		}
		if len(live) > 0 {
			return errAlready
		}
		id := ids.New()
		sealed, err := m.needs.Sealer.Seal(ctx, org, place("register_suspension", "reason", id), []byte(reason))
		if err != nil {
			return err
		}
		done.Changed(activity, "in_force", "suspended")
		tx.Notify(topic, activity)
		_, err = tx.Exec(ctx, qSuspend, org, id, activity, sealed, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		return err
	})
}

// Resume puts an activity in force again.
func (m *Module) Resume(ctx context.Context, org core.ID, activity string) error {
	done := &core.Act{Def: Suspend, Org: org, Resource: core.ID(activity)}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qLift, org, activity, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		if err == nil && n == 0 {
			err = errRunning
		}
		done.Changed(activity, "suspended", "in_force")
		tx.Notify(topic, activity)
		return err
	})
}

// Page is one activity with everything that is known of it.
type Page struct {
	Entry
	Form        Form
	Clauses     []Measure // that rest on probes of its room
	Pauses      []Pause
	Suspendable bool
	Names       map[core.ID]string
}

// Activity gives one activity of an organization's register.
func (m *Module) Activity(ctx context.Context, org core.ID, id string) (p Page, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Read, Org: org, Resource: core.ID(id)}, func(tx core.Tx) error {
		p = Page{Names: map[core.ID]string{}}
		for _, part := range Parts(org) {
			f, err := m.form(ctx, tx, org, part)
			if err != nil {
				return err
			}
			for _, e := range f.Activities {
				if e.ID == id {
					p.Entry, p.Form = e, f
				}
			}
		}
		if p.ID == "" {
			return errAbsent
		}
		p.Suspendable = !p.ByHand && m.Suspendable(id)
		p.Clauses = p.Form.Of(p.Entry)
		if p.Pauses, err = db.All(ctx, tx, qPauses, scanPause, org, id); err != nil {
			return err
		}
		var who []core.ID
		for i := range p.Pauses {
			one := &p.Pauses[i]
			plain, err := m.needs.Sealer.Open(ctx, org, place("register_suspension", "reason", one.ID), one.sealed)
			if err != nil {
				return err
			}
			one.Reason = string(plain)
			who = append(who, one.By, one.LiftedBy)
		}
		people, err := m.needs.People.People(ctx, tx, slices.DeleteFunc(who, core.ID.IsZero)...)
		for id, one := range people {
			p.Names[id] = one.Name()
		}
		return err
	})
	return p, err
}

// Of gives the measures that rest on probes of an activity's own room.
func (f Form) Of(e Entry) (list []Measure) {
	for _, one := range f.Measures {
		if !e.ByHand && slices.Contains(one.Modules, e.Module) {
			list = append(list, one)
		}
	}
	return list
}
