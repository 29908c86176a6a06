package restraint

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

// topic is what nodes tell one another.
const topic = "restraint"

// fresh is how long a copy is trusted without a look at the turn.
const fresh = time.Second

var (
	errRestricted = i18n.Fault(core.Forbidden, "restraint.restricted",
		"Cette personne a fait limiter l'usage de ses données : elles sont conservées, et ne peuvent pas servir à cela.",
		"This person has had the use of their data restricted: they are kept, and cannot be used for this.")
	errObjected = i18n.Fault(core.Forbidden, "restraint.objected",
		"Cette personne s'est opposée à ce que ses données servent à cette finalité.",
		"This person has objected to the use of their data for this purpose.")
)

var (
	qTurn = db.SQL(`SELECT turn FROM restraint_turn WHERE id = 1`)
	qLive = db.SQL(`SELECT id, org, person, purpose, ground, request, since FROM restraint_restraint WHERE lifted_at = 0`)
)

// inForce is a copy of what is in force.
type inForce struct {
	of     map[core.ID][]personal.Restraint
	turn   int64 // of the database
	heard  int64 // of this node, when it was made
	looked time.Time
}

func scanRestraint(scan db.Scan) (r personal.Restraint, err error) {
	var since int64
	err = scan(&r.ID, &r.Org, &r.Person, &r.Purpose, &r.Ground, &r.Request, &since)
	r.Since = time.UnixMicro(since).UTC()
	return r, err
}

// inForce gives what is in force: from memory, unless a change was heard of or a second has passed.
func (m *Module) inForce(ctx context.Context, tx core.Tx) (map[core.ID][]personal.Restraint, error) {
	kept, heard := m.kept.Load(), m.turn.Load()
	if kept != nil && kept.heard == heard && time.Since(kept.looked) < fresh {
		return kept.of, nil
	}
	looked := time.Now()
	turn, _, err := db.One(ctx, tx, qTurn, db.Value[int64])
	if err != nil {
		return nil, err
	}
	if kept != nil && kept.turn == turn {
		m.kept.Store(&inForce{kept.of, turn, heard, looked})
		return kept.of, nil
	}
	list, err := db.All(ctx, tx, qLive, scanRestraint)
	if err != nil {
		return nil, err
	}
	of := make(map[core.ID][]personal.Restraint, len(list))
	for _, r := range list {
		of[r.Person] = append(of[r.Person], r)
	}
	m.kept.Store(&inForce{of, turn, heard, looked})
	return of, nil
}

// Bar implements core.Warden. An act on oneself is never barred, nor one before sign-in: it is how the person comes in. One on
// somebody else is, when they have a restriction in force, unless it serves rights, an authority or security; and, when they
// objected to its purpose, whatever it is. A list that shows many persons is not barred: it masks them (Masks).
func (m *Module) Bar(ctx context.Context, tx core.Tx, actor core.Actor, act *core.Act) error {
	if act.Subject.IsZero() && len(act.Subjects) == 0 || actor.Kind == core.Anonymous || m.serves(act.Def) {
		return nil
	}
	if len(act.Subjects) == 0 && act.Subject == actor.ID {
		return nil
	}
	of, err := m.inForce(ctx, tx)
	if err != nil || len(of) == 0 {
		return err
	}
	if err := m.bars(ctx, tx, of, actor.ID, act, act.Subject); err != nil {
		return err
	}
	if act.Def.Verb == core.Reads || act.Def.Verb == core.Exports {
		return nil
	}
	for _, person := range act.Subjects {
		if err := m.bars(ctx, tx, of, actor.ID, act, person); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) bars(ctx context.Context, tx core.Tx, of map[core.ID][]personal.Restraint, self core.ID, act *core.Act, person core.ID) error {
	if person == self {
		return nil
	}
	for _, r := range of[person] {
		why := barring(r, act)
		if why == nil {
			continue
		}
		if m.needs.Consented != nil && r.Purpose == "" {
			yes, err := m.needs.Consented(ctx, tx, act.Org, person, purposeOf(act))
			if err != nil {
				return err
			}
			if yes {
				continue
			}
		}
		return why
	}
	return nil
}

func purposeOf(act *core.Act) core.Purpose {
	if act.Purpose != "" {
		return act.Purpose
	}
	return act.Def.Purpose
}

// covers tells whether a restraint stands in the organization of an act. The platform's own pages show everybody's.
func covers(r personal.Restraint, act *core.Act) bool {
	return r.Org.IsZero() || r.Org == act.Org || act.Org.IsZero() || act.Org == core.Platform
}

// barring says why a restraint bars an act, nil when it does not.
func barring(r personal.Restraint, act *core.Act) error {
	purpose := purposeOf(act)
	switch {
	case !covers(r, act):
		return nil
	case r.Purpose != "":
		if r.Purpose == purpose {
			return errObjected
		}
		return nil
	case purpose == core.PurposeLegal || purpose == core.PurposeSecurity:
		return nil
	}
	return errRestricted
}

// Masks gives those of persons whose data must not be shown by the act that a transaction serves: the door where names come
// from blanks them. nil when there are none, and for work that no act of the gate began, which shows nothing.
func (m *Module) Masks(ctx context.Context, tx core.Tx, persons ...core.ID) (map[core.ID]bool, error) {
	act, actor := core.ActOf(tx), core.ActorOf(ctx)
	if act == nil || actor.Kind == core.Anonymous || m.serves(act.Def) || len(persons) == 1 && persons[0] == actor.ID {
		return nil, nil
	}
	of, err := m.inForce(ctx, tx)
	if err != nil || len(of) == 0 {
		return nil, err
	}
	var masked map[core.ID]bool
	for _, person := range persons {
		for _, r := range of[person] {
			if person == actor.ID || !covers(r, act) || r.Purpose != "" && r.Purpose != purposeOf(act) {
				continue
			}
			if masked == nil {
				masked = map[core.ID]bool{}
			}
			masked[person] = true
		}
	}
	return masked, nil
}
