package token

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// Draft is what is asked of a service account.
type Draft struct {
	Name        string
	Description string
	Responsible core.ID // person, active member of the organization
}

// pageOf is how many service accounts one page holds.
const pageOf = 50

// checkDraft says all that is wrong with a draft at once.
func (m *Module) checkDraft(ctx context.Context, tx core.Tx, org core.ID, d *Draft) error {
	d.Name, d.Description = strings.TrimSpace(d.Name), strings.TrimSpace(d.Description)
	bad := errInput
	if n := utf8.RuneCountInString(d.Name); n < 1 || n > 80 {
		bad = bad.With("name", nameNeeded)
	}
	if utf8.RuneCountInString(d.Description) > 500 {
		bad = bad.With("description", nameNeeded)
	}
	ms, found, err := m.needs.Organizations.MemberOf(ctx, tx, org, d.Responsible)
	if err != nil {
		return fmt.Errorf("token: responsible: %w", err)
	}
	if !found || ms.State != "active" {
		bad = bad.With("responsible", responsibleBad)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// CreateService makes a service account. It can do nothing until a role is assigned to it and a token made for it.
func (m *Module) CreateService(ctx context.Context, org core.ID, d Draft) (s Service, err error) {
	act := &core.Act{Def: &CreateServiceAccount, Org: org, Subject: d.Responsible}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if err := m.checkDraft(ctx, tx, org, &d); err != nil {
			return err
		}
		now := m.needs.Clock.Now()
		s = Service{
			Org: org, ID: ids.At(now), Name: d.Name, Description: d.Description, Responsible: d.Responsible,
			MadeBy: core.ActorOf(ctx).ID, Made: now, Version: 1,
		}
		act.Resource = s.ID
		act.Changed("responsible", "", string(s.Responsible))
		name, description, err := m.shut(ctx, org, s.ID, d)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qAddService, org, s.ID, name, description, s.Responsible, s.MadeBy, clock.Micros(now))
		return err
	})
	return s, err
}

// EditService changes a service account that still has the version that the editor saw.
func (m *Module) EditService(ctx context.Context, org, id core.ID, d Draft, version int64) error {
	act := &core.Act{Def: &EditServiceAccount, Org: org, Resource: id, Subject: d.Responsible}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		s, err := m.openService(ctx, tx, org, id)
		if err != nil {
			return err
		}
		if err := m.checkDraft(ctx, tx, org, &d); err != nil {
			return err
		}
		act.Changed("name", s.Name, d.Name)
		act.Changed("description", s.Description, d.Description)
		act.Changed("responsible", string(s.Responsible), string(d.Responsible))
		name, description, err := m.shut(ctx, org, id, d)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qEditService, org, id, name, description, d.Responsible, version)
		if err == nil && n == 0 {
			err = errChanged
		}
		return err
	})
}

// CloseService closes a service account for ever and ends its tokens, for a reason.
func (m *Module) CloseService(ctx context.Context, org, id core.ID, reason string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n < 3 || n > 500 {
		return errInput.With("reason", reasonNeeded)
	}
	act := &core.Act{Def: &CloseServiceAccount, Org: org, Resource: id, Note: strings.TrimSpace(reason)}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		s, err := m.openService(ctx, tx, org, id)
		if err != nil {
			return err
		}
		act.Subject = s.Responsible
		if _, err := tx.Exec(ctx, qCloseService, org, id, clock.Micros(m.needs.Clock.Now())); err != nil {
			return err
		}
		_, err = m.EndAll(ctx, tx, id, "closed")
		return err
	})
}

// Services lists the service accounts of org after a cursor, with the names of those responsible.
func (m *Module) Services(ctx context.Context, org, after core.ID) (list []Service, next core.ID, err error) {
	act := &core.Act{Def: &ListServiceAccounts, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qServices, scanService, org, after, pageOf)
		if err != nil {
			return err
		}
		for i := range list {
			if err := m.openText(ctx, &list[i]); err != nil {
				return err
			}
		}
		if len(list) == pageOf {
			next = list[pageOf-1].ID
		}
		return m.names(ctx, tx, act, list)
	})
	return list, next, err
}

// Service gives one service account of org with its tokens.
func (m *Module) Service(ctx context.Context, org, id core.ID) (s Service, tokens []Token, err error) {
	act := &core.Act{Def: &ListServiceAccounts, Org: org, Resource: id}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		if s, err = m.service(ctx, tx, org, id); err != nil {
			return err
		}
		one := []Service{s}
		if err = m.names(ctx, tx, act, one); err != nil {
			return err
		}
		s = one[0]
		tokens, err = m.ofOwner(ctx, tx, id)
		return err
	})
	return s, tokens, err
}

func (m *Module) names(ctx context.Context, tx core.Tx, act *core.Act, list []Service) error {
	var persons []core.ID
	for _, s := range list {
		if s.Responsible != "" {
			persons = append(persons, s.Responsible)
		}
	}
	if len(persons) == 0 {
		return nil
	}
	act.Subjects = persons
	people, err := m.needs.People.People(ctx, tx, persons...)
	if err != nil {
		return fmt.Errorf("token: names: %w", err)
	}
	for i := range list {
		if p, ok := people[list[i].Responsible]; ok {
			list[i].ResponsibleName = p.Name()
		}
	}
	return nil
}

// EndFor ends a token of a service account of org.
func (m *Module) EndFor(ctx context.Context, org, service, id core.ID) error {
	act := &core.Act{Def: &EndServiceToken, Org: org, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		s, err := m.service(ctx, tx, org, service)
		if err != nil {
			return err
		}
		act.Subject = s.Responsible
		if _, err := m.owned(ctx, tx, service, id); err != nil {
			return err
		}
		return m.end(ctx, tx, id, "administrator")
	})
}

// RotateFor gives a token of a service account a new secret; the old one dies at once.
func (m *Module) RotateFor(ctx context.Context, org, service, id core.ID, ends time.Time) (t Token, secret string, err error) {
	act := &core.Act{Def: &CreateServiceToken, Org: org, Resource: id}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		s, err := m.openService(ctx, tx, org, service)
		if err != nil {
			return err
		}
		act.Subject = s.Responsible
		if t, err = m.owned(ctx, tx, service, id); err != nil {
			return err
		}
		secret, err = m.rotate(ctx, tx, &t, ends, act)
		return err
	})
	return t, secret, err
}

// Candidate is a person who can answer for a service account.
type Candidate struct {
	ID   core.ID
	Name string
}

// Candidates lists the active members of org, by name, at most 500: those who can answer for a service account.
func (m *Module) Candidates(ctx context.Context, org core.ID) (list []Candidate, err error) {
	act := &core.Act{Def: &ListServiceAccounts, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		persons, err := m.needs.Organizations.PersonsOf(ctx, tx, org, "", 500)
		if err != nil {
			return fmt.Errorf("token: members: %w", err)
		}
		people, err := m.needs.People.People(ctx, tx, persons...)
		if err != nil {
			return fmt.Errorf("token: names: %w", err)
		}
		list = make([]Candidate, 0, len(persons))
		for _, id := range persons {
			if p, ok := people[id]; ok {
				list = append(list, Candidate{id, p.Name()})
			}
		}
		act.Subjects = persons
		slices.SortFunc(list, func(a, b Candidate) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
		return nil
	})
	return list, err
}
