package review

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// mostLeavers is how many members one act makes leave: all of them in one transaction.
const mostLeavers = 500

var (
	errList    = i18n.Fault(core.Invalid, "departure.list", "Cette liste ne peut pas servir : elle doit être complète et tenir les adresses électroniques de tous les membres présents.", "This list cannot be used: it must be complete and hold the e-mail addresses of all present members.")
	errMostOf  = i18n.Fault(core.Conflict, "departure.most", "Cette liste ferait partir %d membres sur %d. Vérifiez qu'elle est complète, puis confirmez que c'est voulu.", "This list would make %d members of %d leave. Check that it is complete, then confirm that this is meant.")
	errNoOne   = i18n.Fault(core.Conflict, "departure.nobody", "Choisissez au moins une personne, et 500 au plus.", "Choose at least one person, and 500 at most.")
	errStrange = i18n.Fault(core.Conflict, "departure.changed", "L'organisation a changé depuis la comparaison : recommencez. Rien n'a été changé.", "The organization has changed since the comparison: start again. Nothing was changed.")
)

// Leaver is a member whom a full list does not hold.
type Leaver struct {
	Member, Person        core.ID
	Name, Email, Function string
	Assignments           int
	SignedIn              time.Time // last; zero: never
	Self                  bool      // the one who asks: they never leave by a list
}

// Comparison is what a full list says of an organization.
type Comparison struct {
	Members, Listed int // present members; addresses of the list that are theirs
	Unknown         int // addresses of the list that are nobody's here
	Absent          []Leaver
}

// Compare reads a full list of who is present and tells who is not on it (ACC-6.2). It changes nothing.
func (m *Module) Compare(ctx context.Context, org core.ID, sheet []byte) (c Comparison, err error) {
	list, err := m.needs.Addresses(sheet)
	if err != nil {
		return c, err
	}
	if len(list) == 0 {
		return c, errList.With("file", errList.Code)
	}
	on := make(map[string]bool, len(list))
	for _, a := range list {
		on[strings.ToLower(strings.TrimSpace(a))] = true
	}
	act := &core.Act{Def: CompareList, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		c, act.Subjects = Comparison{}, nil
		err := m.members(ctx, tx, org, func(ms core.Membership, p core.Person) error {
			c.Members++
			if on[p.Email] {
				c.Listed++
				return nil
			}
			if p.Functional {
				return nil // a desk's account is no person who leaves; it is on its own list
			}
			l := Leaver{Member: ms.ID, Person: ms.Person, Name: p.Name(), Email: p.Email, Function: ms.Function, Self: ms.Person == core.ActorOf(ctx).ID}
			act.Subjects = append(act.Subjects, ms.Person)
			held, err := m.needs.Lines.AssignmentsOf(ctx, tx, ms.Person)
			for _, a := range held {
				if a.Org == org {
					l.Assignments++
				}
			}
			c.Absent = append(c.Absent, l)
			return err
		})
		c.Unknown = len(on) - c.Listed
		return err
	})
	return c, err
}

// members walks over the active members of an organization with their person.
func (m *Module) members(ctx context.Context, tx core.Tx, org core.ID, each func(core.Membership, core.Person) error) error {
	for after := core.ID(""); ; {
		batch, err := m.needs.Members.MembersAt(ctx, tx, org, m.now(), after, 400)
		if err != nil || len(batch) == 0 {
			return err
		}
		persons := make([]core.ID, len(batch))
		for i, ms := range batch {
			persons[i] = ms.Person
		}
		people, err := m.needs.People.People(ctx, tx, persons...)
		if err != nil {
			return err
		}
		for _, ms := range batch {
			if err := each(ms, people[ms.Person]); err != nil {
				return err
			}
		}
		after = batch[len(batch)-1].Person
	}
}

// Depart makes members leave: membership, assignments, sessions and tokens end in one transaction (ACC-6.2). A list that
// would take more than a third of the members with it is refused unless that is meant.
func (m *Module) Depart(ctx context.Context, org core.ID, members []core.ID, reason string, meant bool) error {
	slices.Sort(members)
	members = slices.Compact(members)
	if len(members) == 0 || len(members) > mostLeavers {
		return errNoOne
	}
	act := &core.Act{Def: CompareList, Org: org}
	present, own := 0, false
	err := m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		present, own = 0, false
		found := 0
		err := m.members(ctx, tx, org, func(ms core.Membership, _ core.Person) error {
			present++
			if slices.Contains(members, ms.ID) {
				found++
				own = own || ms.Person == core.ActorOf(ctx).ID
			}
			return nil
		})
		if err == nil && (found != len(members) || own) {
			err = errStrange
		}
		return err
	})
	if err != nil {
		return err
	}
	if !meant && len(members) > 3 && len(members)*3 > present {
		e := *errMostOf
		e.Args = []any{len(members), present}
		return &e
	}
	return m.needs.Departures.Remove(ctx, org, members, reason)
}

// Sleeper is an account that nobody uses.
type Sleeper struct {
	Member, Person        core.ID
	Name, Email, Function string
	Functional            bool
	Joined, SignedIn, Act time.Time // SignedIn zero: never; Act is the day of the last act, with a token too
	Assignments           int
	Staff                 bool
}

// Dormant is the report of dormant accounts (ACC-5.2).
type Dormant struct {
	Days     int // without a sign-in
	Members  int // looked at
	Sleepers []Sleeper
}

// Dormant lists the members who have not signed in for as many days as are asked (0: those of the settings in force), or
// never since they joined, and did nothing with a token either. It reads live rows.
func (m *Module) Dormant(ctx context.Context, org core.ID, days int) (d Dormant, err error) {
	act := &core.Act{Def: ReadDormant, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		d, act.Subjects = Dormant{Days: days}, nil
		if d.Days < 1 || d.Days > 3650 {
			if d.Days, err = m.needs.UnusedDays(ctx, tx, org); err != nil {
				return err
			}
		}
		d.Sleepers, d.Members, err = m.dormantSince(ctx, tx, org, m.now().AddDate(0, 0, -d.Days))
		for _, s := range d.Sleepers {
			act.Subjects = append(act.Subjects, s.Person)
		}
		return err
	})
	return d, err
}

// dormantSince lists the members without any sign-in nor act since a moment.
func (m *Module) dormantSince(ctx context.Context, tx core.Tx, org core.ID, limit time.Time) (list []Sleeper, looked int, err error) {
	err = m.members(ctx, tx, org, func(ms core.Membership, p core.Person) error {
		looked++
		at, err := m.needs.People.SignedInAt(ctx, tx, ms.Person)
		if err != nil {
			return err
		}
		s := Sleeper{Member: ms.ID, Person: ms.Person, Name: p.Name(), Email: p.Email, Function: ms.Function, Functional: p.Functional, Joined: ms.JoinedAt, SignedIn: at[ms.Person]}
		if s.Act, err = m.needs.Lines.LastAct(ctx, tx, ms.Person); err != nil {
			return err
		}
		last := s.Joined
		for _, t := range []time.Time{s.SignedIn, s.Act} {
			if t.After(last) {
				last = t
			}
		}
		if !last.Before(limit) {
			return nil
		}
		held, err := m.needs.Lines.AssignmentsOf(ctx, tx, ms.Person)
		for _, a := range held {
			s.Staff = s.Staff || a.Org == core.Platform
			if a.Org == org {
				s.Assignments++
			}
		}
		list = append(list, s)
		return err
	})
	slices.SortStableFunc(list, func(a, b Sleeper) int { return a.SignedIn.Compare(b.SignedIn) })
	return list, looked, err
}
