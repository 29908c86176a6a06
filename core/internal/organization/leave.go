package organization

import (
	"context"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errLastAdmin = i18n.Fault(core.Conflict, "member.last_admin", "C'est la dernière personne qui administre l'organisation : donnez d'abord ce rôle à une autre.", "This is the last administrator of the organization: give that role to another person first.")
	errAboveYou  = i18n.Fault(core.Forbidden, "member.admin_only", "Seule une personne qui administre l'organisation peut retirer une autre qui l'administre.", "Only an administrator of the organization can remove another one.")
)

// Remove makes members leave: their assignments in the organization end, and so do their sessions and tokens, in the
// same transaction (ACC-6.2). All of them leave or none does.
func (m *Module) Remove(ctx context.Context, org core.ID, members []core.ID, reason string) error {
	reason, err := stated(reason)
	if err != nil {
		return err
	}
	act := &core.Act{Def: RemoveMember, Org: org, Note: reason}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		admins, err := m.admins(ctx, tx, org)
		if err != nil {
			return err
		}
		left := slices.Clone(admins)
		err = m.each(ctx, tx, act, org, members, func(got Member, _ *core.Act) error {
			if slices.Contains(admins, got.Person) {
				if a := core.ActorOf(ctx); a.Kind == core.HumanActor && !slices.Contains(admins, a.ID) {
					return errAboveYou
				}
				left = slices.DeleteFunc(left, func(id core.ID) bool { return id == got.Person })
			}
			return m.leave(ctx, tx, got, "member.removed")
		})
		if err == nil && len(admins) > 0 && len(left) == 0 {
			err = errLastAdmin
		}
		return err
	})
}

// admins gives who administers an organization now: somebody who was given that role and has not come in yet does not.
func (m *Module) admins(ctx context.Context, tx core.Tx, org core.ID) ([]core.ID, error) {
	held, err := m.needs.Rights.Given(ctx, tx, org, "admin")
	if err != nil {
		return nil, err
	}
	var present []core.ID
	for _, person := range held {
		got, found, err := db.One(ctx, tx, qMemberOf, scanMember, org, person)
		if err != nil {
			return nil, err
		}
		if found && got.State == "active" {
			present = append(present, person)
		}
	}
	return present, nil
}

// Leave makes the signed-in person leave an organization by their own will.
func (m *Module) Leave(ctx context.Context, org core.ID) error {
	person := core.ActorOf(ctx).ID
	act := &core.Act{Def: LeaveOrganization, Org: org, Subject: person}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		got, found, err := m.one(ctx, tx, qMemberOf, org, person)
		if err != nil {
			return err
		}
		if !found {
			return errNoMember
		}
		act.Resource = got.ID
		admins, err := m.admins(ctx, tx, org)
		if err != nil {
			return err
		}
		if len(admins) == 1 && admins[0] == person {
			return errLastAdmin
		}
		return m.leave(ctx, tx, got, "member.left")
	})
}

// leave ends a membership. Whoever has never accepted has nothing here to end elsewhere: an organization must not cut
// the sessions of a stranger by inviting and removing them.
func (m *Module) leave(ctx context.Context, tx core.Tx, got Member, reason string) error {
	if got.State == "left" {
		return errLeft
	}
	n, err := tx.Exec(ctx, qLeave, got.Org, got.ID, clock.Micros(m.needs.Clock.Now()))
	if err != nil {
		return err
	}
	if n == 0 {
		return errLeft
	}
	if err := m.needs.Rights.RevokeAll(ctx, tx, got.Org, got.Person, reason); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qCancelAll, got.Org, got.ID, clock.Micros(m.needs.Clock.Now())); err != nil {
		return err
	}
	if err := m.handOver(ctx, tx, got); err != nil {
		return err
	}
	if got.State != "active" {
		return nil
	}
	if _, err := m.needs.Sessions.EndAll(ctx, tx, got.Person, "", reason); err != nil {
		return err
	}
	if m.needs.Browsers != nil {
		if err := m.needs.Browsers.ForgetAll(ctx, tx, got.Person); err != nil {
			return err
		}
	}
	_, err = m.needs.Tokens.EndAll(ctx, tx, got.Person, reason)
	return err
}

// handOver gives those whom a leaver managed to the leaver's own manager, and the functional accounts that the leaver
// answered for to that manager or, without one, to whoever removes: such an account is never without a person (CTI-37.1).
func (m *Module) handOver(ctx context.Context, tx core.Tx, got Member) error {
	if _, err := tx.Exec(ctx, qUnmanage, got.Org, got.ID, got.Manager); err != nil {
		return err
	}
	accounts, err := db.All(ctx, tx, qResponsible, scanMember, got.Org, got.Person)
	if err != nil || len(accounts) == 0 {
		return err
	}
	heir := core.ActorOf(ctx).ID
	if !got.Manager.IsZero() {
		boss, found, err := db.One(ctx, tx, qMember, scanMember, got.Org, got.Manager)
		if err != nil {
			return err
		}
		if found && boss.State == "active" {
			heir = boss.Person
		}
	}
	for _, a := range accounts {
		if _, err := tx.Exec(ctx, qEntrust, a.Org, a.ID, heir); err != nil {
			return err
		}
		people, err := m.needs.People.People(ctx, tx, a.Person)
		if err != nil {
			return err
		}
		if p, ok := people[a.Person]; ok && p.Functional {
			p.Responsible = heir
			if err := m.needs.People.UpdatePerson(ctx, tx, p); err != nil {
				return err
			}
		}
	}
	return nil
}
