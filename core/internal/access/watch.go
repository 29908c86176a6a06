package access

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
)

// ListView is the address lists of an organization.
type ListView struct {
	Lists    map[string][]Allowed // by service, "" for the organization
	Services []ServiceInfo
}

// ServiceInfo is a service that can have its own roles, addresses and suspensions.
type ServiceInfo struct {
	Name  string
	Title core.Text
}

// ServicesList gives the services that can be suspended or have an address list of their own.
func (m *Module) ServicesList() []ServiceInfo {
	var out []ServiceInfo
	cat := m.cat.Load()
	for name, title := range cat.modules {
		if !slices.Contains(protected, name) && cat.assignable(name) {
			out = append(out, ServiceInfo{name, title})
		}
	}
	slices.SortFunc(out, func(a, b ServiceInfo) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// assignable tells whether a module has a permission that a role can hold.
func (c *catalogue) assignable(module string) bool {
	for _, p := range c.permissions {
		if p.Module == module && p.Assignable {
			return true
		}
	}
	return false
}

// ReadLists gives the address lists of org.
func (m *Module) ReadLists(ctx context.Context, org core.ID) (v ListView, err error) {
	v.Lists, v.Services = map[string][]Allowed{}, m.ServicesList()
	err = m.Needs.Gate.Read(ctx, &core.Act{Def: &ReadAllow, Org: org}, func(tx core.Tx) error {
		all, err := m.AllowedLists(ctx, tx, org)
		for _, a := range all {
			v.Lists[a.Service] = append(v.Lists[a.Service], a)
		}
		return err
	})
	return v, err
}

// SaveList replaces one address list by what was typed.
func (m *Module) SaveList(ctx context.Context, org core.ID, service, text string) error {
	list, err := ParseAllow(text)
	if err != nil {
		return err
	}
	act := &core.Act{Def: &ChangeAllow, Org: org, Subject: core.ActorOf(ctx).ID}
	return m.Needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		before, after, err := m.SetAllow(ctx, tx, org, service, list)
		act.Changed(listField(service), prefixList(before), prefixList(after))
		return err
	})
}

// Admit adds addresses to the list of an organization without the guard against locking oneself out: it is for the
// command line of the machine itself. The first line of the provider's list keeps this machine, which an empty one admits.
func (m *Module) Admit(ctx context.Context, org core.ID, text string) error {
	list, err := ParseAllow(text)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errAllow.With("list", codePrefix, 1)
	}
	act := &core.Act{Def: &ChangeAllow, Org: org}
	return m.Needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		before, err := m.allowedLines(ctx, tx, qAllowed, org, "")
		if err != nil {
			return err
		}
		if len(before)+len(list) > maxAllow {
			return errAllow.With("list", codeTooMany, maxAllow)
		}
		if len(before) == 0 && org == core.Platform {
			list = append(list, thisMachine...)
		}
		for _, a := range list {
			if err := m.Allow(ctx, tx, org, "", a.Prefix, a.Note); err != nil {
				return err
			}
		}
		after, err := m.allowedLines(ctx, tx, qAllowed, org, "")
		act.Changed(listField(""), prefixList(before), prefixList(after))
		return err
	})
}

func listField(service string) string {
	if service == "" {
		return "addresses"
	}
	return "addresses." + service
}

func prefixList(list []Allowed) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = a.Prefix.String()
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// SuspensionView is the suspensions of an organization, with names.
type SuspensionView struct {
	Own, Above []Suspension
	Orphaning  []Suspension // on the platform: those that leave an organization without any administrator
	Names      map[core.ID]string
	Services   []ServiceInfo
	Orgs       []core.Organization // those that the platform can suspend
	Now        time.Time
}

// ViewSuspensions gives the suspensions that org decided and those that act on it.
func (m *Module) ViewSuspensions(ctx context.Context, org core.ID) (v SuspensionView, err error) {
	v.Services, v.Now = m.ServicesList(), m.Needs.Clock.Now()
	act := &core.Act{Def: &ReadSuspensions, Org: org}
	err = m.Needs.Gate.Read(ctx, act, func(tx core.Tx) (err error) {
		if v.Own, v.Above, err = m.Suspensions(ctx, tx, org); err != nil {
			return err
		}
		if org == core.Platform {
			if v.Orphaning, err = m.Orphaning(ctx, tx); err != nil {
				return err
			}
		}
		var persons []core.ID
		for _, s := range slices.Concat(v.Own, v.Above, v.Orphaning) {
			persons = append(persons, s.DeclaredBy, s.LiftedBy)
			if s.Scope == ScopePerson {
				persons = append(persons, s.Target)
				act.Subjects = append(act.Subjects, s.Target)
			}
		}
		if v.Names, err = m.names(ctx, tx, org, persons...); err != nil {
			return err
		}
		if org == core.Platform && m.Needs.Roster != nil {
			if v.Orgs, err = m.Needs.Roster.AllOrgs(ctx, tx, "", 500); err != nil {
				return err
			}
		}
		return m.nameOrgs(ctx, tx, v)
	})
	return v, err
}

func (m *Module) nameOrgs(ctx context.Context, tx core.Tx, v SuspensionView) error {
	for _, s := range slices.Concat(v.Own, v.Orphaning) {
		for _, id := range []core.ID{s.Target, s.ActsIn} {
			if id == "" || id == core.Platform || m.Needs.Roster == nil || (id == s.Target && s.Scope != ScopeOrganization) {
				continue
			}
			o, err := m.Needs.Roster.Org(ctx, tx, id)
			if err != nil {
				return err
			}
			v.Names[id] = o.Name
		}
	}
	return nil
}

// SuspensionForm is what suspends. Scope says which of Email or Person, Organization and Service names it.
type SuspensionForm struct {
	Scope        string
	Email        string
	Person       core.ID
	Organization core.ID
	Service      string
	Within       core.ID // platform only: a service of one organization
	Reason, Text string
	Until        time.Time
	Confirmed    bool
}

// DeclareSuspension suspends what the form says, decided by org.
func (m *Module) DeclareSuspension(ctx context.Context, org core.ID, f SuspensionForm) (id core.ID, err error) {
	s := Suspension{DecidedIn: org, Block: core.Block{Scope: f.Scope, Reason: f.Reason, Text: f.Text, Until: f.Until}, Target: f.Person}
	def := &Suspend
	switch f.Scope {
	case ScopeOrganization:
		s.Target, def = f.Organization, &SuspendOrganization
	case ScopeService:
		s.Target, s.ActsIn = core.ID(f.Service), f.Within
	}
	act := &core.Act{Def: def, Org: org, Note: f.Text}
	err = m.Needs.Gate.Change(ctx, act, func(tx core.Tx) (err error) {
		if f.Email != "" && s.Scope == ScopePerson {
			p, found, err := m.Needs.People.PersonByEmail(ctx, tx, strings.ToLower(strings.TrimSpace(f.Email)))
			if err != nil {
				return err
			}
			if s.Target = p.ID; !found {
				s.Target = "" // the answer is that of a person who is not here
			}
		}
		if id, err = m.Declare(ctx, tx, s, f.Confirmed); err != nil {
			return err
		}
		act.Resource = id
		if s.Scope == ScopePerson {
			act.Subject = s.Target
		} else {
			act.Changed("target", "", string(s.Target))
		}
		act.Changed("reason", "", s.Reason)
		if !s.Until.IsZero() {
			act.Changed("until", "", s.Until.Format(time.RFC3339))
		}
		return nil
	})
	return id, err
}

// EndSuspension lifts a suspension that org decided; one that the platform lifts in the place of an organization stands
// in both journals.
func (m *Module) EndSuspension(ctx context.Context, org, id core.ID, reason string) error {
	act := &core.Act{Def: &Lift, Org: org, Resource: id, Note: cut(reason)}
	return m.Needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		s, err := m.LiftSuspension(ctx, tx, org, id, reason)
		if s.Scope == ScopePerson {
			act.Subject = s.Target
		}
		if err == nil && s.DecidedIn != org {
			act.Also = append(act.Also, &core.Act{Def: &Lift, Org: s.DecidedIn, Resource: id, Subject: act.Subject, Note: act.Note})
		}
		return err
	})
}
