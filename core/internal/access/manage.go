package access

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// The verbs of pages and of the API: each goes through the gate, with its permission and its entry in the journal.

var (
	errNobody = i18n.Fault(core.Invalid, "assignment.nobody", "Aucune personne ne peut recevoir ce rôle à cette adresse.", "Nobody can receive this role at this address.")
	codeEmail = i18n.Reason("assignment.email", "Donnez l'adresse électronique d'un membre de l'organisation.", "Give the e-mail address of a member of the organization.")
	codeStaff = i18n.Reason("assignment.staff_email", "Donnez l'adresse électronique d'une personne du support.", "Give the e-mail address of a person of the support team.")
)

// Give assigns a role; the actor approves it.
func (m *Module) Give(ctx context.Context, a core.Assignment) (id core.ID, err error) {
	if actor := core.ActorOf(ctx); actor.Kind != core.SystemActor { // what the platform itself gives has no approver
		a.Approver = actor.ID
	}
	act := &core.Act{Def: &GiveAssignment, Org: a.Org, Subject: a.Person, Note: a.Reason}
	err = m.Needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		id, err = m.give(ctx, tx, act, a)
		return err
	})
	return id, err
}

func (m *Module) give(ctx context.Context, tx core.Tx, act *core.Act, a core.Assignment) (core.ID, error) {
	id, err := m.Assign(ctx, tx, a)
	act.Resource, act.Subject = id, a.Person
	act.Changed("role", "", a.Role)
	act.Changed("service", "", a.Service)
	act.Changed("object", "", string(a.Object))
	if !a.Until.IsZero() {
		act.Changed("until", "", a.Until.Format(time.RFC3339))
	}
	return id, err
}

// GiveTo assigns a role to the person of an e-mail address. For the role support the person must be provider staff, for
// any other a member; the answer is the same whether the address is unknown or another's.
func (m *Module) GiveTo(ctx context.Context, email string, a core.Assignment) (id core.ID, err error) {
	a.Approver = core.ActorOf(ctx).ID
	code := codeEmail
	if a.Role == RoleSupport {
		code = codeStaff
	}
	act := &core.Act{Def: &GiveAssignment, Org: a.Org, Note: a.Reason}
	err = m.Needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		person, found, err := m.find(ctx, tx, a.Org, email, a.Role == RoleSupport)
		if err != nil {
			return err
		}
		if !found {
			return errNobody.With("email", code)
		}
		a.Person = person
		id, err = m.give(ctx, tx, act, a)
		return err
	})
	return id, err
}

// find gives the member, or the staff, of an address.
func (m *Module) find(ctx context.Context, tx core.Tx, org core.ID, email string, staff bool) (core.ID, bool, error) {
	p, found, err := m.Needs.People.PersonByEmail(ctx, tx, strings.ToLower(strings.TrimSpace(email)))
	if err != nil || !found {
		return "", false, err
	}
	if staff {
		is, err := m.IsStaff(ctx, tx, p.ID)
		return p.ID, is, err
	}
	_, member, err := m.Needs.Members.MemberOf(ctx, tx, org, p.ID)
	return p.ID, member, err
}

// Take revokes an assignment of org. Nobody takes away more than they could give.
func (m *Module) Take(ctx context.Context, org, id core.ID, reason string) (Line, error) {
	var line Line
	act := &core.Act{Def: &RevokeAssignment, Org: org, Resource: id, Note: cut(reason)}
	err := m.Needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		if line, err = m.Line(ctx, tx, org, id); err != nil {
			return err
		}
		role, err := m.role(ctx, tx, org, line.Role)
		if err != nil {
			return err
		}
		if actor := core.ActorOf(ctx); role != nil && actor.Kind != core.SystemActor && actor.ID != line.Person {
			holds, err := m.effective(ctx, tx, actor, org)
			if err != nil {
				return err
			}
			if err := coveredBy(holds, role); err != nil {
				return err
			}
		}
		act.Subject = line.Person
		act.Changed("role", line.Role, "")
		return m.Revoke(ctx, tx, id, reason)
	})
	return line, err
}

// Define makes (id empty) or changes a custom role.
func (m *Module) Define(ctx context.Context, org core.ID, id string, form RoleForm) (string, error) {
	act := &core.Act{Def: &DefineRole, Org: org, Resource: core.ID(id)}
	err := m.Needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		before, _, err := m.roleInfo(ctx, tx, org, id)
		if err != nil {
			return err
		}
		if id, err = m.SaveRole(ctx, tx, org, id, form); err != nil {
			return err
		}
		act.Resource = core.ID(id)
		act.Changed("name", before.Title.FR, strings.TrimSpace(form.Name))
		act.Changed("permissions", joined(before.Permissions), joined(form.Permissions))
		return nil
	})
	return id, err
}

func joined(list []core.Permission) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = string(p)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// RetireRole takes a custom role out of use.
func (m *Module) RetireRole(ctx context.Context, org core.ID, id string) error {
	act := &core.Act{Def: &DefineRole, Org: org, Resource: core.ID(id)}
	return m.Needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		act.Changed("state", "active", "retired")
		return m.Retire(ctx, tx, org, id)
	})
}

// ListRoles gives the roles that org can assign.
func (m *Module) ListRoles(ctx context.Context, org core.ID) (roles []RoleInfo, err error) {
	err = m.Needs.Gate.Read(ctx, &core.Act{Def: &ReadRoles, Org: org}, func(tx core.Tx) (err error) {
		roles, err = m.Roles(ctx, tx, org)
		return err
	})
	return roles, err
}

// RoleView is a role with who holds it.
type RoleView struct {
	RoleInfo
	Lines []Line
	Names map[core.ID]string
}

// ReadRole gives one role with who holds it.
func (m *Module) ReadRole(ctx context.Context, org core.ID, id string) (v RoleView, err error) {
	act := &core.Act{Def: &ReadHabilitations, Org: org, Resource: core.ID(id)}
	err = m.Needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		if v.RoleInfo, err = m.Role(ctx, tx, org, id); err != nil {
			return err
		}
		if v.Lines, err = m.Assigned(ctx, tx, org, id); err != nil {
			return err
		}
		var persons []core.ID
		for _, l := range v.Lines {
			persons = append(persons, l.Person, l.Approver, l.GivenBy)
			act.Subjects = append(act.Subjects, l.Person)
		}
		v.Names, err = m.names(ctx, tx, org, persons...)
		return err
	})
	return v, err
}

// names gives the names of persons and service accounts; what cannot be named any more is left out.
func (m *Module) names(ctx context.Context, tx core.Tx, org core.ID, list ...core.ID) (map[core.ID]string, error) {
	slices.Sort(list)
	list = slices.DeleteFunc(slices.Compact(list), func(id core.ID) bool { return id == "" })
	out := map[core.ID]string{}
	if len(list) == 0 || m.Needs.People == nil {
		return out, nil
	}
	people, err := m.Needs.People.People(ctx, tx, list...)
	if err != nil {
		return nil, err
	}
	for _, id := range list {
		if p, known := people[id]; known {
			out[id] = p.Name()
		} else if m.Needs.Services != nil {
			name, is, err := m.Needs.Services.ServiceName(ctx, tx, org, id)
			if err != nil {
				return nil, err
			}
			if is {
				out[id] = name
			}
		}
	}
	return out, nil
}

// nameRows fills in names, and gives the persons shown.
func (m *Module) nameRows(ctx context.Context, tx core.Tx, org core.ID, rows []Row) ([]core.ID, error) {
	var persons, all []core.ID
	for _, r := range rows {
		persons = append(persons, r.Person)
		for _, c := range r.Cells {
			for _, w := range c.Whys {
				all = append(all, w.By)
			}
		}
	}
	names, err := m.names(ctx, tx, org, append(all, persons...)...)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].Name == "" {
			rows[i].Name = names[rows[i].Person]
		}
		for p, c := range rows[i].Cells {
			for j := range c.Whys {
				c.Whys[j].ByName = names[c.Whys[j].By]
			}
			rows[i].Cells[p] = c
		}
	}
	return persons, nil
}

// View gives one page of the habilitation table, with names.
func (m *Module) View(ctx context.Context, org core.ID, at time.Time, after core.ID, limit int) (t Table, err error) {
	act := &core.Act{Def: &ReadHabilitations, Org: org}
	err = m.Needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		if t, err = m.TableAt(ctx, tx, org, at, "", after, limit); err != nil {
			return err
		}
		act.Subjects, err = m.nameRows(ctx, tx, org, t.Rows)
		return err
	})
	return t, err
}

// PersonView is everything about one person's rights in an organization.
type PersonView struct {
	Row     Row
	At      time.Time
	Columns []PermissionInfo
	History []Line // every assignment ever, the newest first
	Names   map[core.ID]string
	Roles   []RoleInfo // that can be given here
}

// ViewPerson gives the rights of one person in org at a date (zero: now): those of a member, of who was one, of a
// service account, of support staff.
func (m *Module) ViewPerson(ctx context.Context, org, person core.ID, at time.Time) (PersonView, error) {
	return m.viewPerson(ctx, &core.Act{Def: &ReadHabilitations, Org: org, Subject: person}, at)
}

// ViewOwn gives one's own rights in org: anyone may read them.
func (m *Module) ViewOwn(ctx context.Context, org core.ID, at time.Time) (PersonView, error) {
	return m.viewPerson(ctx, &core.Act{Def: &ReadOwn, Org: org, Subject: core.ActorOf(ctx).ID}, at)
}

func (m *Module) viewPerson(ctx context.Context, act *core.Act, at time.Time) (v PersonView, err error) {
	org, person := act.Org, act.Subject
	err = m.Needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		t, err := m.TableAt(ctx, tx, org, at, person, "", 1)
		if err != nil {
			return err
		}
		if v.History, err = m.Assignments(ctx, tx, org, person); err != nil {
			return err
		}
		_, member, err := m.Needs.Members.MemberOf(ctx, tx, org, person)
		if err != nil {
			return err
		}
		if len(t.Rows) == 0 && len(v.History) == 0 && !member {
			return errNotFound
		}
		v.Row = Row{Person: person, Cells: map[core.Permission]Cell{}}
		if len(t.Rows) > 0 {
			v.Row = t.Rows[0]
		}
		v.At, v.Columns = t.At, t.Columns
		rows := []Row{v.Row}
		if _, err := m.nameRows(ctx, tx, org, rows); err != nil {
			return err
		}
		v.Row = rows[0]
		var all []core.ID
		for _, l := range v.History {
			all = append(all, l.Approver, l.GivenBy, l.RevokedBy)
		}
		if v.Names, err = m.names(ctx, tx, org, append(all, person)...); err != nil {
			return err
		}
		v.Roles, err = m.Roles(ctx, tx, org)
		return err
	})
	return v, err
}

// Who answers who can do p in org, on one object when it is given.
func (m *Module) Who(ctx context.Context, org core.ID, p core.Permission, object core.ID) (rows []Row, err error) {
	act := &core.Act{Def: &ReadHabilitations, Org: org}
	err = m.Needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		if rows, err = m.WhoCan(ctx, tx, org, p, object); err != nil {
			return err
		}
		act.Subjects, err = m.nameRows(ctx, tx, org, rows)
		return err
	})
	return rows, err
}

// ViewStaff gives the table of staff habilitations at a date (zero: now), with names.
func (m *Module) ViewStaff(ctx context.Context, at time.Time) (lines []StaffLine, err error) {
	act := &core.Act{Def: &ReadHabilitations, Org: core.Platform}
	err = m.Needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		lines, err = m.staffWithNames(ctx, tx, act, at)
		return err
	})
	return lines, err
}

func (m *Module) staffWithNames(ctx context.Context, tx core.Tx, act *core.Act, at time.Time) ([]StaffLine, error) {
	lines, err := m.StaffTable(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		if !slices.Contains(act.Subjects, l.Person) {
			act.Subjects = append(act.Subjects, l.Person)
		}
	}
	names, err := m.names(ctx, tx, core.Platform, slices.Clone(act.Subjects)...)
	for i := range lines {
		lines[i].Name = names[lines[i].Person]
	}
	return lines, err
}

// SupportLines gives the support staff that org lets in now, with names: shown as a line on its pages (KSK-1.3).
func (m *Module) SupportLines(ctx context.Context, org core.ID) (lines []Line, names map[core.ID]string, err error) {
	act := &core.Act{Def: &ReadHabilitations, Org: org}
	err = m.Needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		all, err := m.Assigned(ctx, tx, org, RoleSupport)
		if err != nil {
			return err
		}
		var persons []core.ID
		for _, l := range all {
			if l.Until.After(m.Needs.Clock.Now()) {
				lines = append(lines, l)
				persons = append(persons, l.Person, l.Approver)
				act.Subjects = append(act.Subjects, l.Person)
			}
		}
		names, err = m.names(ctx, tx, org, persons...)
		return err
	})
	return lines, names, err
}

// GiveBack assigns again what an ended assignment gave: the undo of a revocation. note stands before the old reason.
func (m *Module) GiveBack(ctx context.Context, org, id core.ID, note string) (Line, error) {
	var line Line
	actor := core.ActorOf(ctx)
	act := &core.Act{Def: &GiveAssignment, Org: org, Resource: id}
	err := m.Needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		if line, err = m.Line(ctx, tx, org, id); err != nil {
			return err
		}
		now := m.Needs.Clock.Now()
		if !line.Ended(now) {
			return errAlready
		}
		a := core.Assignment{Org: org, Person: line.Person, Role: line.Role, Service: line.Service, Object: line.Object, Reason: cut(note + line.Reason), Approver: actor.ID}
		if line.Until.After(now) {
			a.Until = line.Until
		}
		act.Note = a.Reason
		_, err = m.give(ctx, tx, act, a)
		return err
	})
	return line, err
}
