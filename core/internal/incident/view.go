package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/sheet"
)

// The filters of the list.
const (
	FilterLive     = ""
	FilterBreaches = "breaches" // the register of article 33-5: every breach, closed ones too
	FilterClosed   = "closed"
)

// Filters are all of them.
var Filters = []string{FilterLive, FilterBreaches, FilterClosed}

// View is a list of incidents, with the names of whom it names.
type View struct {
	List  []Incident
	Count map[string]int
	Names map[core.ID]string
}

func keeps(it *Incident, filter string) bool {
	switch filter {
	case FilterBreaches:
		return it.Breach
	case FilterClosed:
		return it.State == StateClosed
	}
	return it.State != StateClosed
}

// Incidents lists incidents, newest first.
func (m *Module) Incidents(ctx context.Context, filter string) (v View, err error) {
	done := &core.Act{Def: Read, Org: core.Platform}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		v = View{Count: map[string]int{}}
		all, err := db.All(ctx, tx, qAll, scanIncident, core.ActorOf(ctx).ID, 0)
		if err != nil {
			return err
		}
		if err := m.unseal(ctx, all); err != nil {
			return err
		}
		var who []core.ID
		for i := range all {
			for _, f := range Filters {
				if keeps(&all[i], f) {
					v.Count[f]++
				}
			}
			if keeps(&all[i], filter) {
				v.List = append(v.List, all[i])
				who = append(who, all[i].Lead)
			}
		}
		v.Names, err = m.named(ctx, tx, unique(who))
		return err
	})
	return v, err
}

func unique(list []core.ID) (out []core.ID) {
	for _, id := range list {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// Page is all of one incident.
type Page struct {
	Incident
	Steps    []Step
	Tasks    []Task
	Hands    []Hand
	Evidence []Evidence
	Scope    *Scope // nil before a list was computed
	Groups   []Group
	Names    map[core.ID]string
	Lacks    *core.Error // why it cannot be closed; nil when it can
}

// Get gives one incident.
func (m *Module) Get(ctx context.Context, id core.ID) (p Page, err error) {
	done := &core.Act{Def: Read, Org: core.Platform, Resource: id}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		p = Page{}
		if p.Incident, err = m.load(ctx, tx, id); err != nil {
			return err
		}
		if err := m.parts(ctx, tx, &p); err != nil {
			return err
		}
		who := []core.ID{p.Lead, p.OpenedBy}
		for _, s := range p.Steps {
			who = append(who, s.By)
		}
		for _, t := range p.Tasks {
			who = append(who, t.Owner, t.DoneBy)
		}
		for _, h := range p.Hands {
			who = append(who, h.Person)
		}
		for _, e := range p.Evidence {
			who = append(who, e.By)
		}
		if p.Scope != nil {
			who = append(who, p.Scope.Criteria.Accounts...)
			done.Subjects = p.Scope.Criteria.Accounts
		}
		if p.Names, err = m.named(ctx, tx, unique(who)); err != nil {
			return err
		}
		if p.Lacks, err = m.lacks(ctx, tx, &p.Incident); err != nil || len(p.Lacks.Fields) == 0 {
			p.Lacks = nil
		}
		return err
	})
	return p, err
}

func (m *Module) parts(ctx context.Context, tx core.Tx, p *Page) (err error) {
	id := p.ID
	if p.Steps, err = m.steps(ctx, tx, id); err != nil {
		return err
	}
	if p.Tasks, err = m.tasks(ctx, tx, id); err != nil {
		return err
	}
	if p.Hands, err = db.All(ctx, tx, qHands, scanHand, id); err != nil {
		return err
	}
	if p.Evidence, err = m.evidence(ctx, tx, id); err != nil {
		return err
	}
	if p.Scope, err = m.scope(ctx, tx, id); err != nil {
		return err
	}
	p.Groups, err = m.groups(ctx, tx, id)
	return err
}

// scope gives the newest computation of the list, nil when there is none.
func (m *Module) scope(ctx context.Context, tx core.Tx, id core.ID) (*Scope, error) {
	var sealed []byte
	s, found, err := db.One(ctx, tx, qScope, func(scan db.Scan) (s Scope, err error) {
		var at int64
		err = scan(&s.ID, &at, &s.By, &s.Entries, &s.Persons, &s.Orgs, &sealed)
		s.At = clock.FromMicros(at)
		return s, err
	}, id)
	if err != nil || !found {
		return nil, err
	}
	plain, err := m.open(ctx, core.Platform, placeCriteria, s.ID, sealed)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(plain, &s.Criteria); err != nil {
		return nil, fmt.Errorf("incident: %w", err)
	}
	return &s, nil
}

var tcBreach = []i18n.Sentence{
	i18n.T("identifiant", "id"), i18n.T("état", "state"), i18n.T("exercice", "exercise"), i18n.T("rôle du prestataire", "part of the provider"), i18n.T("gravité", "gravity"),
	i18n.T("connaissance", "aware"), i18n.T("autorité saisie", "authority told"), i18n.T("clients prévenus", "clients told"), i18n.T("personnes", "persons"), i18n.T("organisations", "organizations"),
}

// Register gives the register of breaches (article 33-5) as a sheet: facts, effects, remedies, every one of them.
func (m *Module) Register(ctx context.Context, lang i18n.Lang) (f File, err error) {
	done := &core.Act{Def: Export, Org: core.Platform}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		all, err := db.All(ctx, tx, qAll, scanIncident, core.ActorOf(ctx).ID, 1)
		if err != nil {
			return err
		}
		if err := m.unseal(ctx, all); err != nil {
			return err
		}
		s := &sheet.Sheet{}
		for _, h := range tcBreach {
			s.Head = append(s.Head, h.Say(lang))
		}
		for _, field := range Fields {
			s.Head = append(s.Head, field.Title.Say(lang))
		}
		for i := range all {
			it := &all[i]
			scope, err := m.scope(ctx, tx, it.ID)
			if err != nil {
				return err
			}
			persons, orgs := "", ""
			if scope != nil {
				persons, orgs = fmt.Sprint(scope.Persons), fmt.Sprint(scope.Orgs)
			}
			row := []string{string(it.ID), it.State, fmt.Sprint(it.Exercise), it.Part, it.Gravity, clock.Stamp(it.Aware), clock.Stamp(it.authorityAt), clock.Stamp(it.clientsAt), persons, orgs}
			for _, field := range Fields {
				row = append(row, field.Say(lang, it.Values[field.Name]))
			}
			s.Rows = append(s.Rows, row)
		}
		f = File{Name: "breaches.csv", Type: "text/csv; charset=utf-8", Bytes: s.CSV()}
		done.Changes = nil
		done.Changed("sha256", "", sheet.Digest(f.Bytes))
		return nil
	})
	return f, err
}
