package rights

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

var (
	errNobody  = i18n.Fault(core.Conflict, "rights.no_account", "Cette personne n'a pas de compte ici : faites les tâches à la main, puis répondez.", "This person has no account here: do the tasks by hand, then answer.")
	errNoDoor  = i18n.Fault(core.Conflict, "rights.by_hand", "La plateforme ne peut pas le faire d'elle-même : faites les tâches à la main, puis répondez.", "The platform cannot do this by itself: do the tasks by hand, then answer.")
	errCarried = i18n.Fault(core.Conflict, "rights.carried", "Cette demande a déjà été exécutée.", "This request was already carried out.")
	errNothing = i18n.Fault(core.Invalid, "rights.no_field", "Choisissez au moins une correction.", "Choose at least one correction.")
)

// CarryOut does what a request asks, through the doors of the rooms that can, in one transaction, and tells the outside
// systems. fields are the corrections that the officer approves, of those that were asked. Nothing is done before the identity
// is established.
func (m *Module) CarryOut(ctx context.Context, org, id core.ID, fields []string) error {
	owner := ids.At(m.now()) // of a request whose person is erased: it is answered after them
	if err := m.needs.Keys.MakeKeys(ctx, owner); err != nil {
		return err
	}
	used := false
	err := m.deciding(ctx, Carry, org, id, "", func(tx core.Tx, done *core.Act, r *Request) error {
		switch {
		case r.Proof != Proved:
			return errUnproved
		case !r.Carried.IsZero():
			return errCarried
		case r.Account == "":
			return errNobody
		}
		effect, err := m.carry(ctx, tx, done, r, fields)
		if err != nil {
			return err
		}
		r.Carried, r.Effect = m.now(), effect
		done.Changed("effect", "", string(effect))
		if used = r.Kind == Erasure; used {
			if err := m.rehome(ctx, tx, r, owner); err != nil {
				return err
			}
		}
		if r.Kind != Erasure { // an erasure goes on after this act: its room tells when it is done
			if _, err := tx.Exec(ctx, qTaskAuto, org, id, clock.Micros(m.now())); err != nil {
				return err
			}
		}
		if err := m.tell(ctx, tx, r); err != nil {
			return err
		}
		if err := m.step(ctx, tx, r, stepCarried, ""); err != nil {
			return err
		}
		return m.save(ctx, tx, r)
	})
	if err != nil || !used {
		return errors.Join(err, m.needs.Keys.DestroyKey(context.WithoutCancel(ctx), owner))
	}
	return nil
}

func (m *Module) carry(ctx context.Context, tx core.Tx, done *core.Act, r *Request, fields []string) (core.ID, error) {
	d := m.needs.Doors()
	switch {
	case r.Kind == Rectification:
		return "", m.correct(ctx, tx, done, r, fields)
	case (r.Kind == Access || r.Kind == Portability) && d.Archivist != nil:
		return d.Archivist.Prepare(ctx, tx, r.Account, r.ID, r.Kind == Portability)
	case r.Kind == Erasure && d.Eraser != nil:
		return d.Eraser.Order(ctx, tx, personal.ErasureOrder{Org: scope(r.Org), Person: r.Account, Request: r.ID, Reason: "request"})
	case r.Kind == Restriction && d.Restrainer != nil:
		return d.Restrainer.Restrain(ctx, tx, personal.Restraint{Org: scope(r.Org), Person: r.Account, Ground: r.Ground, Request: r.ID, Since: m.now()})
	case r.Kind == Objection && d.Restrainer != nil:
		if r.Purpose == "" {
			return "", errNoDoor // to which use must be understood by a person
		}
		return d.Restrainer.Restrain(ctx, tx, personal.Restraint{Org: scope(r.Org), Person: r.Account, Purpose: r.Purpose, Ground: "objection", Request: r.ID, Since: m.now()})
	case r.Kind == Consent && d.Consents != nil:
		n, err := d.Consents.WithdrawAll(ctx, tx, scope(r.Org), r.Account, r.Purpose)
		done.Changed("ended", "", strconv.Itoa(n))
		return "", err
	}
	return "", errNoDoor
}

// scope is what a request to an organization reaches: that organization; a request to the platform reaches the whole person.
func scope(org core.ID) core.ID {
	if org == core.Platform {
		return ""
	}
	return org
}

// correct writes the corrections that the officer approves into the profile, by the door of the room of persons.
func (m *Module) correct(ctx context.Context, tx core.Tx, done *core.Act, r *Request, fields []string) error {
	p, err := m.person(ctx, tx, r.Account)
	if err != nil {
		return err
	}
	before := fieldsOf(p)
	changed := false
	for name, to := range map[string]*string{
		"given_name": &p.GivenName, "family_name": &p.FamilyName, "phone": &p.Phone, "gender": &p.Gender, "language": &p.Language,
	} {
		if v, asked := r.Fields[name]; asked && slices.Contains(fields, name) {
			*to, changed = v, true
			done.Changed(name, before[name], v)
		}
	}
	if !changed {
		return errNothing.With("fields", errNothing.Code)
	}
	return m.needs.People.UpdatePerson(ctx, tx, p)
}
