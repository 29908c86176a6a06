package session

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
)

// View is a live session as it is shown. Ends are those of the policy in force now.
type View struct {
	ID       core.ID
	Person   core.ID
	Name     string // of the person, in administrators' lists
	Browser  string // family, "" unknown
	System   string // "" unknown
	Address  string // where it began; "" when unknown or erased
	Device   core.ID
	AAL      int
	Began    time.Time
	Used     time.Time
	Proved   time.Time
	IdleEnd  time.Time
	FinalEnd time.Time
	Locked   bool
	Current  bool
}

func (m *Module) view(ctx context.Context, k kept, p core.SessionPolicy, current core.ID) View {
	idle, absolute := limits(p)
	v := View{
		ID: k.id, Person: k.person, Browser: k.browser, System: k.system, Device: k.device, AAL: k.aal,
		Began: k.began, Used: k.used, Proved: k.proved, IdleEnd: k.used.Add(idle), FinalEnd: k.began.Add(absolute),
		Locked:  !k.locked.IsZero() || p.Lock > 0 && m.needs.Clock.Now().Sub(k.used) >= p.Lock,
		Current: k.id == current,
	}
	if v.IdleEnd.After(v.FinalEnd) {
		v.IdleEnd = v.FinalEnd
	}
	if len(k.address) > 0 {
		if plain, err := m.needs.Sealer.Open(ctx, k.person, addressPlace, k.address); err == nil {
			v.Address = string(plain)
		}
	}
	return v
}

// views gives the live sessions of a person under the policy in force: those past a limit are left out.
func (m *Module) views(ctx context.Context, tx core.Tx, person, current core.ID) ([]View, error) {
	memberships, err := m.needs.Organizations.Memberships(ctx, tx, person)
	if err != nil {
		return nil, fmt.Errorf("session: memberships: %w", err)
	}
	var orgs []core.ID
	for _, ms := range memberships {
		if ms.State == "active" {
			orgs = append(orgs, ms.Org)
		}
	}
	policy, err := m.needs.Settings.For(ctx, tx, orgs...)
	if err != nil {
		return nil, fmt.Errorf("session: policy: %w", err)
	}
	all, err := live(ctx, tx, person)
	if err != nil {
		return nil, fmt.Errorf("session: list: %w", err)
	}
	now := m.needs.Clock.Now()
	var list []View
	for _, k := range all {
		if v := m.view(ctx, k, policy.Session, current); now.Before(v.IdleEnd) {
			list = append(list, v)
		}
	}
	return list, nil
}

// Own lists the live sessions of the actor, most recently used first.
func (m *Module) Own(ctx context.Context) ([]View, error) {
	actor := core.ActorOf(ctx)
	var list []View
	act := &core.Act{Def: &ListOwn, Org: core.Platform, Subject: actor.ID}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		list, err = m.views(ctx, tx, actor.ID, actor.Session)
		return err
	})
	return list, err
}

// End ends one of the actor's own sessions, but not the one in use: session.current says to sign out instead.
func (m *Module) End(ctx context.Context, id core.ID) error {
	actor := core.ActorOf(ctx)
	if id == actor.Session {
		return errCurrent
	}
	act := &core.Act{Def: &EndOwn, Org: core.Platform, Subject: actor.ID, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		k, found, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		if !found || k.person != actor.ID {
			return errAbsent
		}
		ended, err := m.end(ctx, tx, id, "person")
		if err == nil && !ended {
			return errAbsent
		}
		return err
	})
}

// EndOthers ends every session of the actor but the one in use, and tells how many.
func (m *Module) EndOthers(ctx context.Context) (int64, error) {
	actor := core.ActorOf(ctx)
	var n int64
	act := &core.Act{Def: &EndOwn, Org: core.Platform, Subject: actor.ID}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		n, err = m.EndAll(ctx, tx, actor.ID, actor.Session, "person")
		act.Changed("others", fmt.Sprint(n), "0")
		return err
	})
	return n, err
}

// SignOut ends the session in use.
func (m *Module) SignOut(ctx context.Context) error {
	actor := core.ActorOf(ctx)
	act := &core.Act{Def: &SignOut, Org: core.Platform, Subject: actor.ID, Resource: actor.Session}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		_, err := m.end(ctx, tx, actor.Session, "signed_out")
		return err
	})
}

// Lock locks the session in use until its person proves themselves again.
func (m *Module) Lock(ctx context.Context) error {
	actor := core.ActorOf(ctx)
	act := &core.Act{Def: &LockOwn, Org: core.Platform, Subject: actor.ID, Resource: actor.Session}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qLock, actor.Session, clock.Micros(m.needs.Clock.Now()))
		return err
	})
}

// Page is one page of an administrators' list.
type Page struct {
	Sessions []View
	Next     core.ID // cursor: give it as after to read on; "" at the end
}

// pageOf is how many persons one page looks at.
const pageOf = 50

// OfOrganization lists the live sessions of the members of an organization, by person, after a cursor.
func (m *Module) OfOrganization(ctx context.Context, org, after core.ID) (Page, error) {
	var page Page
	act := &core.Act{Def: &List, Org: org}
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		page = Page{}
		var persons []core.ID
		for len(page.Sessions) < pageOf {
			batch, err := m.needs.Organizations.PersonsOf(ctx, tx, org, after, pageOf)
			if err != nil {
				return fmt.Errorf("session: members: %w", err)
			}
			for _, p := range batch {
				list, err := m.views(ctx, tx, p, core.ActorOf(ctx).Session)
				if err != nil {
					return err
				}
				if len(list) > 0 {
					page.Sessions = append(page.Sessions, list...)
					persons = append(persons, p)
				}
				after = p
			}
			if len(batch) < pageOf {
				page.Next = ""
				return m.name(ctx, tx, act, page.Sessions, persons)
			}
			page.Next = after
		}
		return m.name(ctx, tx, act, page.Sessions, persons)
	})
	return page, err
}

// name puts the names of persons in a list and notes them as the subjects of the read.
func (m *Module) name(ctx context.Context, tx core.Tx, act *core.Act, list []View, persons []core.ID) error {
	act.Subjects = persons
	people, err := m.needs.People.People(ctx, tx, persons...)
	if err != nil {
		return fmt.Errorf("session: names: %w", err)
	}
	for i := range list {
		list[i].Name = people[list[i].Person].Name()
	}
	return nil
}

// EndMember ends a session of a member of org, for a reason. The actor's own session in use cannot be ended so.
func (m *Module) EndMember(ctx context.Context, org, id core.ID, reason string) error {
	if err := checkReason(reason); err != nil {
		return err
	}
	if id == core.ActorOf(ctx).Session {
		return errCurrent
	}
	act := &core.Act{Def: &End, Org: org, Resource: id, Note: strings.TrimSpace(reason)}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		k, found, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		if !found {
			return errAbsent
		}
		if err := m.member(ctx, tx, org, k.person); err != nil {
			return err
		}
		act.Subject = k.person
		ended, err := m.end(ctx, tx, id, "administrator")
		if err == nil && !ended {
			return errAbsent
		}
		return err
	})
}

// EndPerson ends every session of a member of org, for a reason, but the one in use when it is the actor's own.
func (m *Module) EndPerson(ctx context.Context, org, person core.ID, reason string) (int64, error) {
	if err := checkReason(reason); err != nil {
		return 0, err
	}
	var n int64
	act := &core.Act{Def: &End, Org: org, Subject: person, Note: strings.TrimSpace(reason)}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		if err = m.member(ctx, tx, org, person); err != nil {
			return err
		}
		n, err = m.EndAll(ctx, tx, person, core.ActorOf(ctx).Session, "administrator")
		return err
	})
	return n, err
}

// EndOrganization ends the sessions of every member of org but the actor's own in use, for a reason (ASVS 7.4.5).
func (m *Module) EndOrganization(ctx context.Context, org core.ID, reason string) (int64, error) {
	if err := checkReason(reason); err != nil {
		return 0, err
	}
	var n int64
	act := &core.Act{Def: &End, Org: org, Note: strings.TrimSpace(reason)}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		n = 0
		for after := core.ID(""); ; {
			batch, err := m.needs.Organizations.PersonsOf(ctx, tx, org, after, pageOf)
			if err != nil {
				return fmt.Errorf("session: members: %w", err)
			}
			for _, p := range batch {
				ended, err := m.EndAll(ctx, tx, p, core.ActorOf(ctx).Session, "administrator")
				if err != nil {
					return err
				}
				if after = p; ended > 0 {
					act.Subjects = append(act.Subjects, p)
				}
				n += ended
			}
			if len(batch) < pageOf {
				return nil
			}
		}
	})
	return n, err
}

// member makes sure that person belongs to org: otherwise their sessions are not org's to know. An invitation that nobody
// accepted gives no hold on a stranger, nor does a membership that is over.
func (m *Module) member(ctx context.Context, tx core.Tx, org, person core.ID) error {
	ms, ok, err := m.needs.Organizations.MemberOf(ctx, tx, org, person)
	if err != nil {
		return fmt.Errorf("session: member: %w", err)
	}
	if !ok || ms.State != "active" {
		return errAbsent
	}
	return nil
}

func checkReason(reason string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n < 3 || n > 500 {
		return errReason.With("reason", reasonNeeded)
	}
	return nil
}
