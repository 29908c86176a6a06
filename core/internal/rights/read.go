package rights

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/rights/letter"
	"github.com/rempart/rempart/kit/db"
)

// Filter keeps some requests of a queue; "" takes all.
type Filter struct {
	State State
	Kind  Kind
}

// Queue is what the officer sees: open ones first, by due date, so that late ones lead.
type Queue struct {
	List  []Request
	Count map[State]int
	Late  int
	Zone  *time.Location
}

// Requests gives the queue of an organization.
func (m *Module) Requests(ctx context.Context, org core.ID, f Filter) (q Queue, err error) {
	done := &core.Act{Def: List, Org: org}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		q = Queue{Count: map[State]int{}}
		if q.Zone, err = m.zone(ctx, tx, org); err != nil {
			return err
		}
		if q.List, err = db.All(ctx, tx, qList, scanRequest, org, string(f.State), string(f.Kind)); err != nil {
			return err
		}
		done.Subjects = nil
		for i := range q.List {
			r := &q.List[i]
			if err := m.unseal(ctx, r); err != nil {
				return err
			}
			if err := m.reckonNow(ctx, tx, r); err != nil {
				return err
			}
			if r.Account != "" {
				done.Subjects = append(done.Subjects, r.Account)
			}
		}
		type count struct {
			state State
			n     int
		}
		counts, err := db.All(ctx, tx, qCounts, func(scan db.Scan) (c count, err error) { return c, scan(&c.state, &c.n) }, org)
		for _, c := range counts {
			q.Count[c.state] = c.n
		}
		if err != nil {
			return err
		}
		q.Late, _, err = db.One(ctx, tx, qLateCount, db.Value[int], org, m.now().UnixMicro())
		return err
	})
	return q, err
}

// Sheet is one request with all that the officer needs.
type Sheet struct {
	Request
	Desk       string
	Zone       *time.Location
	Steps      []Step
	Letters    []Letter
	Tasks      []Task
	Documents  []Document
	Names      map[core.ID]string
	Draft      string // first words of an answer
	Foot       string // what every answer ends with
	MayExtend  bool
	Automatic  bool // the platform can carry it out
	Authority  string
	Profile    map[string]string // what is held now, for a rectification
	EffectSays string            // how far an erasure is
}

// Get gives one request.
func (m *Module) Get(ctx context.Context, org, id core.ID) (s Sheet, err error) {
	done := &core.Act{Def: Read, Org: org, Resource: id}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		r, err := m.load(ctx, tx, org, id)
		if err != nil {
			return err
		}
		if r.trial && core.ActorOf(ctx).Kind == core.HumanActor && org != core.Canaries {
			return errAbsent
		}
		done.Subject = r.Person
		s, err = m.sheet(ctx, tx, r)
		return err
	})
	return s, err
}

func (m *Module) sheet(ctx context.Context, tx core.Tx, r Request) (s Sheet, err error) {
	s = Sheet{Request: r}
	if err = m.reckonNow(ctx, tx, &s.Request); err != nil {
		return s, err
	}
	if s.Steps, err = m.steps(ctx, tx, &r); err != nil {
		return s, err
	}
	if s.Letters, err = m.letters(ctx, tx, &r); err != nil {
		return s, err
	}
	if s.Tasks, err = m.tasks(ctx, tx, &r); err != nil {
		return s, err
	}
	if s.Documents, err = m.documents(ctx, tx, &r); err != nil {
		return s, err
	}
	if s.Names, err = m.names(ctx, tx, &s); err != nil {
		return s, err
	}
	if s.Draft, err = m.draft(ctx, tx, &r); err != nil {
		return s, err
	}
	return s, m.terms(ctx, tx, &s)
}

// terms adds what a sheet says of time, of the foot and of what the platform can do.
func (m *Module) terms(ctx context.Context, tx core.Tx, s *Sheet) error {
	c, zone, err := m.course(ctx, tx, &s.Request)
	if err != nil {
		return err
	}
	s.Zone, s.MayExtend = zone, c.MayExtend(zone, m.now())
	f, err := m.facts(ctx, tx, &s.Request)
	if err != nil {
		return err
	}
	s.Desk, s.Authority, s.Foot = f.Desk, f.Authority, letter.Foot(langOf(&s.Request), f)
	d := m.needs.Doors()
	switch s.Kind {
	case Rectification:
		s.Automatic = len(s.Fields) > 0
	case Access, Portability:
		s.Automatic = d.Archivist != nil
	case Erasure:
		s.Automatic = d.Eraser != nil
	case Restriction:
		s.Automatic = d.Restrainer != nil
	case Objection:
		s.Automatic = d.Restrainer != nil && s.Purpose != ""
	case Consent:
		s.Automatic = d.Consents != nil
	}
	if s.Account == "" {
		s.Automatic = false
		return nil
	}
	if s.Kind == Rectification {
		if p, err := m.person(ctx, tx, s.Account); err == nil {
			s.Profile = fieldsOf(p)
		}
	}
	if s.Kind == Erasure && s.Effect != "" && d.Eraser != nil {
		s.EffectSays, err = d.Eraser.State(ctx, tx, s.Effect)
	}
	return err
}

// names gives those of the officers and of the account; whoever was erased has none.
func (m *Module) names(ctx context.Context, tx core.Tx, s *Sheet) (map[core.ID]string, error) {
	list := []core.ID{s.ProvedBy, s.ClosedBy, s.Account}
	for _, one := range s.Steps {
		list = append(list, one.Who)
	}
	for _, one := range s.Tasks {
		list = append(list, one.DoneBy)
	}
	for _, one := range s.Letters {
		list = append(list, one.SentBy)
	}
	known := list[:0]
	for _, id := range list {
		if id != "" {
			known = append(known, id)
		}
	}
	people, err := m.needs.People.People(ctx, tx, known...)
	names := make(map[core.ID]string, len(people))
	for id, p := range people {
		names[id] = p.Name()
	}
	return names, err
}

// Mine gives one's own requests, newest first, with the names of those they were addressed to.
func (m *Module) Mine(ctx context.Context) (list []Followed, err error) {
	me := core.ActorOf(ctx).ID
	err = m.needs.Gate.Read(ctx, &core.Act{Def: SeeOwn, Org: core.Platform, Subject: me}, func(tx core.Tx) error {
		all, err := db.All(ctx, tx, qOf, scanRequest, me)
		if err != nil {
			return err
		}
		list = nil
		for _, r := range all {
			if err := m.unseal(ctx, &r); err != nil {
				return err
			}
			f, err := m.followed(ctx, tx, r)
			if err != nil {
				return err
			}
			list = append(list, f)
		}
		return nil
	})
	return list, err
}

// MineOne gives one of one's own requests, with what was answered.
func (m *Module) MineOne(ctx context.Context, id core.ID) (f Followed, err error) {
	me := core.ActorOf(ctx).ID
	err = m.needs.Gate.Read(ctx, &core.Act{Def: SeeOwn, Org: core.Platform, Resource: id, Subject: me}, func(tx core.Tx) error {
		r, err := m.mine(ctx, tx, me, id)
		if err != nil {
			return err
		}
		f, err = m.followed(ctx, tx, r)
		return err
	})
	return f, err
}

// mine finds a request of a person; of anyone else's it does not exist.
func (m *Module) mine(ctx context.Context, tx core.Tx, me, id core.ID) (Request, error) {
	all, err := db.All(ctx, tx, qOf, scanRequest, me)
	if err != nil {
		return Request{}, err
	}
	for _, r := range all {
		if r.ID == id {
			return r, m.unseal(ctx, &r)
		}
	}
	return Request{}, errAbsent
}

// Place is an organization that one may address.
type Place struct {
	Org  core.ID
	Name string
}

// Places lists whom a person may address: the organizations they belong to, and the platform.
func (m *Module) Places(ctx context.Context) (list []Place, err error) {
	me := core.ActorOf(ctx).ID
	err = m.needs.Gate.Read(ctx, &core.Act{Def: SeeOwn, Org: core.Platform, Subject: me}, func(tx core.Tx) error {
		all, err := m.needs.Orgs.Memberships(ctx, tx, me)
		list = nil
		for _, one := range all {
			if one.State == "active" && one.Org != core.Platform {
				list = append(list, Place{one.Org, one.OrgName})
			}
		}
		list = append(list, Place{core.Platform, "Rempart"})
		return err
	})
	return list, err
}
