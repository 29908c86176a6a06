package review

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
)

// denied is a refusal that the verb itself finds, before it writes anything: the journal keeps it as one of the gate's.
type denied struct{ error }

func (d denied) Unwrap() error { return d.error }

// change is Gate.Change for verbs that read from live rows whom the actor may act for.
func (m *Module) change(ctx context.Context, act *core.Act, fn func(core.Tx) error) error {
	var why error
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		why = nil
		err := fn(tx)
		if d, ok := errors.AsType[denied](err); ok {
			why = d.error
			act.Outcome, act.Reason = core.Refused, core.CodeOf(why)
			act.Changes, act.Also, act.Note = nil, nil, ""
			return nil
		}
		return err
	})
	if err == nil {
		err = why
	}
	return err
}

// standing is what makes somebody the judge of a request.
type standing uint8

const (
	nobody  standing = iota
	manager          // the line manager of who asks
	giver            // who could give the role themselves
)

// standingOf tells whether person judges r now: the line manager; where there is none, where they let a week pass, or to
// confirm a grave role, whoever could give the role. Never who asks, and never the same person twice.
func (m *Module) standingOf(ctx context.Context, tx core.Tx, r Request, person core.ID) (standing, error) {
	if !r.Open() || person == r.Person || person.IsZero() {
		return nobody, nil
	}
	boss, managed, err := m.needs.Members.ManagerOf(ctx, tx, r.Org, r.Person)
	if err != nil {
		return nobody, err
	}
	if r.State == Asked && managed && boss == person {
		return manager, nil
	}
	if r.State == Asked && managed && r.RemindedAt.IsZero() || r.Judge == person {
		return nobody, nil
	}
	if err := m.needs.Rights.MayGive(ctx, tx, person, r.Org, r.Role); err != nil {
		if k := core.KindOf(err); k == core.Forbidden || k == core.Invalid || k == core.NotFound {
			return nobody, nil
		}
		return nobody, err
	}
	return giver, nil
}

// waitingFor gives the requests of org that a person has to judge.
func (m *Module) waitingFor(ctx context.Context, tx core.Tx, org, person core.ID) ([]Request, error) {
	all, err := m.keptRequests(ctx, tx, qWaiting, org)
	if err != nil {
		return nil, err
	}
	var mine []Request
	for _, r := range all {
		s, err := m.standingOf(ctx, tx, r, person)
		if err != nil {
			return nil, err
		}
		if s != nobody {
			mine = append(mine, r)
		}
	}
	return mine, nil
}

// Queue is what a person has to judge.
type Queue struct {
	Requests []Request
	Names    map[core.ID]string
	Posts    map[core.ID]core.Membership // of who asks
	Roles    []Role
}

// ToJudge gives the requests that wait for the actor.
func (m *Module) ToJudge(ctx context.Context, org core.ID) (q Queue, err error) {
	act := &core.Act{Def: SeeToJudge, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		q = Queue{Posts: map[core.ID]core.Membership{}}
		if q.Requests, err = m.waitingFor(ctx, tx, org, core.ActorOf(ctx).ID); err != nil {
			return err
		}
		act.Subjects = nil
		var persons []core.ID
		for _, r := range q.Requests {
			persons = append(persons, r.Person, r.Judge)
			act.Subjects = append(act.Subjects, r.Person)
			post, _, err := m.needs.Members.MemberOf(ctx, tx, org, r.Person)
			if err != nil {
				return err
			}
			q.Posts[r.Person] = post
		}
		if q.Names, err = m.names(ctx, tx, persons...); err != nil {
			return err
		}
		q.Roles, err = m.needs.Roles(ctx, tx, org)
		return err
	})
	return q, err
}

func (m *Module) names(ctx context.Context, tx core.Tx, list ...core.ID) (map[core.ID]string, error) {
	slices.Sort(list)
	list = slices.DeleteFunc(slices.Compact(list), func(id core.ID) bool { return id == "" })
	out := make(map[core.ID]string, len(list))
	for len(list) > 0 {
		n := min(len(list), 400)
		people, err := m.needs.People.People(ctx, tx, list[:n]...)
		if err != nil {
			return nil, err
		}
		for id, p := range people {
			out[id] = p.Name()
		}
		list = list[n:]
	}
	return out, nil
}

// Verdict is what a judge says.
type Verdict struct {
	Grant bool
	Until time.Time // zero: the end that was wished
	Word  string
}

// Judge grants a request until a date, or refuses it with a reason.
func (m *Module) Judge(ctx context.Context, org, id core.ID, v Verdict) error {
	actor := core.ActorOf(ctx)
	act := &core.Act{Def: JudgeRequest, Org: org, Resource: id}
	return m.change(ctx, act, func(tx core.Tx) error {
		r, err := m.request(ctx, tx, org, id)
		if err != nil {
			return err
		}
		act.Subject = r.Person
		switch {
		case r.Person == actor.ID:
			return denied{errOwn}
		case !r.Open():
			return errClosed
		}
		as, err := m.standingOf(ctx, tx, r, actor.ID)
		if err != nil {
			return err
		}
		if as == nobody {
			return denied{errNoRequest}
		}
		before := r.State
		if err := m.judge(ctx, tx, &r, as, v); err != nil {
			return err
		}
		act.Note = r.Word
		act.Changed("state", before, r.State)
		act.Changed("role", "", r.Role)
		act.Changed("assignment", "", string(r.Assignment))
		if r.State == Granted {
			act.Changed("until", "", r.Until.Format(time.RFC3339))
		}
		return nil
	})
}

func (m *Module) judge(ctx context.Context, tx core.Tx, r *Request, as standing, v Verdict) error {
	actor, now, ok := core.ActorOf(ctx).ID, m.now(), true
	wrong := errRequest
	word, said := stated(v.Word)
	if v.Until.IsZero() {
		v.Until = r.Until
	}
	if v.Grant && (!v.Until.After(now) || v.Until.Sub(now) > longestRole) {
		wrong, ok = wrong.With("until", codeUntil), false
	}
	if !v.Grant && !said || len([]rune(v.Word)) > mostWords {
		wrong, ok = wrong.With("word", codeReason), false
	}
	if !ok {
		return wrong
	}
	first := r.State == Asked
	if first {
		r.Judge, r.JudgedAt = actor, now
	} else {
		r.Confirmer = actor
	}
	if word != "" || first {
		r.Word = word
	}
	if !v.Grant {
		r.State = Refused
		if err := m.settle(ctx, tx, *r); err != nil {
			return err
		}
		return m.tellAsker(ctx, tx, *r, mailRefused)
	}
	r.Until = v.Until
	if err := m.grant(ctx, tx, r, as); err != nil {
		return err
	}
	if err := m.settle(ctx, tx, *r); err != nil {
		return err
	}
	if r.State == Confirm {
		return m.tellJudges(ctx, tx, *r, mailConfirm)
	}
	return m.tellAsker(ctx, tx, *r, mailGranted)
}

// grant assigns what was asked. A line manager who could not give the role themselves gives it all the same, unless it is
// grave, or one of the two may have made the other their manager: an administrator then confirms.
func (m *Module) grant(ctx context.Context, tx core.Tx, r *Request, as standing) (err error) {
	a := core.Assignment{
		Org: r.Org, Person: r.Person, Role: r.Role, Service: r.Service, Object: r.Object, Reason: r.Reason, Until: r.Until,
		Approver: core.ActorOf(ctx).ID,
	}
	give := m.needs.Rights.Assign
	if as == manager && m.needs.Rights.MayGive(ctx, tx, a.Approver, r.Org, r.Role) != nil {
		grave, err := m.grave(ctx, tx, r.Org, r.Role)
		if err != nil {
			return err
		}
		drawn, err := m.drawn(ctx, tx, r, a.Approver)
		if err != nil {
			return err
		}
		if grave || drawn {
			r.State = Confirm
			return nil
		}
		give = m.needs.Rights.AssignJudged
	}
	r.State = Granted
	r.Assignment, err = give(ctx, tx, a)
	return err
}

// drawn tells whether the manager, or who asks for more than they could give, can change who manages whom: such a pair would
// otherwise give itself any role by naming each other.
func (m *Module) drawn(ctx context.Context, tx core.Tx, r *Request, boss core.ID) (bool, error) {
	is, err := m.needs.Charts(ctx, tx, r.Org, boss)
	if is || err != nil || m.needs.Rights.MayGive(ctx, tx, r.Person, r.Org, r.Role) == nil {
		return is, err
	}
	return m.needs.Charts(ctx, tx, r.Org, r.Person)
}

func (m *Module) grave(ctx context.Context, tx core.Tx, org core.ID, role string) (bool, error) {
	roles, err := m.needs.Roles(ctx, tx, org)
	for _, r := range roles {
		if r.ID == role {
			return r.Grave, err
		}
	}
	return true, err
}
