package recognition

import (
	"context"
	"slices"
	"strconv"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

const roleSupport = "provider.support"

// StaffCase is a case as support sees it before it is read.
type StaffCase struct {
	Case
	OrgName string
}

// StaffList is what the provider sees of cases.
type StaffList struct {
	Cases   []StaffCase
	Names   map[core.ID]string
	Support []core.ID // who can be named
	Mine    bool      // only those that the actor is named for
}

// SupportCases gives the open cases: all of them to whoever names, those they are named for to the others. What was noted is
// not in it.
func (m *Module) SupportCases(ctx context.Context) (l StaffList, err error) {
	me := core.ActorOf(ctx).ID
	err = m.needs.Gate.Read(ctx, &core.Act{Def: SeeCases, Org: core.Platform}, func(tx core.Tx) error {
		names := false
		for _, role := range NameStaff.Holders {
			holders, err := m.needs.Rights.Holders(ctx, tx, core.Platform, role)
			if err != nil {
				return err
			}
			names = names || slices.Contains(holders, me)
		}
		q, args := qCasesOpen, []any{}
		if l.Mine = !names; l.Mine {
			q, args = qCasesFor, []any{me}
		}
		found, err := m.caseList(ctx, tx, q, args...)
		if err != nil {
			return err
		}
		orgs := map[core.ID]string{}
		for _, c := range found.Cases {
			if _, known := orgs[c.Org]; !known {
				org, err := m.needs.Places.Org(ctx, tx, c.Org)
				if err != nil {
					return err
				}
				orgs[c.Org] = org.Name
			}
			l.Cases = append(l.Cases, StaffCase{c, orgs[c.Org]})
		}
		if l.Support, err = m.needs.Rights.Holders(ctx, tx, core.Platform, roleSupport); err != nil {
			return err
		}
		l.Names, err = m.namesOf(ctx, tx, append(namesIn(l.Cases), l.Support...))
		return err
	})
	return l, err
}

func namesIn(cases []StaffCase) (list []core.ID) {
	for i := range cases {
		list = append(append(list, cases[i].OpenedBy), cases[i].Staff...)
	}
	return list
}

// anyCase finds an open case wherever it is.
func anyCase(ctx context.Context, tx core.Tx, id core.ID) (Case, error) {
	c, found, err := db.One(ctx, tx, qCaseAny, scanCase, id)
	if err == nil && !found {
		err = errNoCase
	}
	if err == nil && !c.Open() {
		err = errCaseClosed
	}
	return c, err
}

// Name lets a person of support read a case, or no longer.
func (m *Module) Name(ctx context.Context, id, person core.ID, may bool) error {
	act := &core.Act{Def: NameStaff, Org: core.Platform, Resource: id, Subject: person}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		c, err := anyCase(ctx, tx, id)
		if err != nil {
			return err
		}
		if !may {
			_, err = tx.Exec(ctx, qUnname, c.Org, c.ID, person)
			act.Changed("named", "yes", "no")
			return err
		}
		support, err := m.needs.Rights.Holders(ctx, tx, core.Platform, roleSupport)
		if err != nil {
			return err
		}
		if !slices.Contains(support, person) {
			return errCase.With("person", codeSupport)
		}
		act.Changed("named", "no", "yes")
		// The organization's own journal tells who may read what was noted of it.
		act.Also = append(act.Also, &core.Act{Def: NameStaff, Org: c.Org, Resource: c.ID, Subject: person})
		_, err = tx.Exec(ctx, qNameStaff, c.Org, c.ID, person, core.ActorOf(ctx).ID, clock.Micros(m.now()))
		return err
	})
}

// ReadCaseLog gives what was noted of a case to whoever is named for it, and to nobody else.
func (m *Module) ReadCaseLog(ctx context.Context, id core.ID) (c StaffCase, lines []CaseLine, err error) {
	act := &core.Act{Def: ReadCase, Org: core.Platform, Resource: id}
	m.flush(ctx)
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if c.Case, err = m.namedFor(ctx, tx, id); err != nil {
			return err
		}
		// The organization sees in its own journal that it was read.
		act.Also = append(act.Also, &core.Act{Def: ReadCase, Org: c.Org, Resource: c.ID, Subject: c.OpenedBy})
		org, err := m.needs.Places.Org(ctx, tx, c.Org)
		if err != nil {
			return err
		}
		c.OrgName = org.Name
		lines, err = m.linesOfCase(ctx, tx, &c.Case)
		return err
	})
	return c, lines, err
}

// namedFor gives an open case that the actor is named for; any other does not exist for them.
func (m *Module) namedFor(ctx context.Context, tx core.Tx, id core.ID) (Case, error) {
	c, err := anyCase(ctx, tx, id)
	if err != nil {
		return c, err
	}
	one := []Case{c}
	if err := readStaff(ctx, tx, one); err != nil {
		return c, err
	}
	c = one[0]
	if !slices.Contains(c.Staff, core.ActorOf(ctx).ID) {
		return Case{}, errNoCase
	}
	return c, nil
}

// Settle closes a case that the actor is named for.
func (m *Module) Settle(ctx context.Context, id core.ID) error {
	act, org := &core.Act{Def: SettleCase, Org: core.Platform, Resource: id}, core.ID("")
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		c, err := m.namedFor(ctx, tx, id)
		if err != nil {
			return err
		}
		org = c.Org
		act.Changed("noted", "", strconv.Itoa(c.Noted))
		act.Also = append(act.Also, &core.Act{Def: SettleCase, Org: c.Org, Resource: c.ID, Subject: c.OpenedBy})
		return m.endCase(ctx, tx, &c, "settled")
	})
	if err != nil {
		return err
	}
	return m.shred(context.WithoutCancel(ctx), org, id)
}
