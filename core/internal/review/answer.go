package review

import (
	"context"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/pack"
)

var (
	errWord      = i18n.Fault(core.Invalid, "access_review.word", "Dites en un mot pourquoi, en 500 caractères au plus.", "Say why in a word, in 500 characters at most.")
	errAnswered  = i18n.Fault(core.Conflict, "access_review.answered", "Cette habilitation a déjà sa réponse, ou la revue est close.", "This assignment already has its answer, or the review is closed.")
	errSelf      = i18n.Fault(core.Forbidden, "access_review.own_line", "Personne ne revoit ses propres habilitations.", "Nobody reviews their own assignments.")
	errNewBoss   = i18n.Fault(core.Forbidden, "access_review.manager_only", "Après un changement de poste, seule la nouvelle personne responsable peut garder une habilitation.", "After a change of post, only the new manager can keep an assignment.")
	errBulk      = i18n.Fault(core.Invalid, "access_review.bulk", "Garder ensemble demande un même rôle, 50 lignes au plus, et aucune signalée comme inutilisée : celles-là se regardent une à une.", "Keeping together takes one role, at most 50 lines, and none marked as unused: those are looked at one by one.")
	errTooLate   = i18n.Fault(core.Gone, "access_review.too_late", "Ce retrait ne peut plus être annulé : le délai de 24 heures est passé.", "This revocation can no longer be undone: the 24 hours are over.")
	errNotLapsed = i18n.Fault(core.Conflict, "access_review.not_lapsed", "Seul ce qui a été retiré faute de réponse peut être rétabli ici.", "Only what was revoked without an answer can be restored here.")
)

var (
	qAnswer = db.SQL(`UPDATE review_line SET answer = $3, word = $4, answered_by = $5, answered_at = $6 WHERE org = $1 AND id = $2 AND answer = ''`)
	qUndone = db.SQL(`UPDATE review_line SET answer = 'restored', restored_by = $3, restored_at = $4, assignment = $5 WHERE org = $1 AND id = $2 AND answer = 'lapsed'`)
)

// reviews tells what makes person a reviewer of a line: its holder's line manager, or who could give the role. Never the
// holder. What a mover keeps is for the new manager alone, where there is one.
func (m *Module) reviews(ctx context.Context, tx core.Tx, c Campaign, l Line, person core.ID) (as standing, mayKeep bool, err error) {
	if person == l.Person || person.IsZero() {
		return nobody, false, nil
	}
	boss, managed, err := m.needs.Members.ManagerOf(ctx, tx, l.Org, l.Person)
	if err != nil {
		return nobody, false, err
	}
	if managed && boss == person {
		return manager, true, nil
	}
	err = m.needs.Rights.MayGive(ctx, tx, person, l.Org, l.Role)
	switch core.KindOf(err) {
	case core.Forbidden, core.NotFound, core.Invalid:
		return nobody, false, nil
	}
	if err != nil {
		return nobody, false, err
	}
	return giver, c.Origin != Mover || !managed, nil
}

// linesFor gives the lines of open reviews that wait for a person: those of whom they manage, and those of whom nobody
// manages when they could give the role.
func (m *Module) linesFor(ctx context.Context, tx core.Tx, org, person core.ID) ([]Line, error) {
	all, err := m.keptLines(ctx, tx, qToAnswer, org)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	team, err := m.needs.Members.ManagedBy(ctx, tx, org, person)
	if err != nil {
		return nil, err
	}
	may, bosses := map[string]bool{}, map[core.ID]bool{}
	var mine []Line
	for _, l := range all {
		if l.Person == person {
			continue
		}
		if slices.Contains(team, l.Person) {
			mine = append(mine, l)
			continue
		}
		managed, known := bosses[l.Person]
		if !known {
			if _, managed, err = m.needs.Members.ManagerOf(ctx, tx, org, l.Person); err != nil {
				return nil, err
			}
			bosses[l.Person] = managed
		}
		if managed {
			continue
		}
		ok, known := may[l.Role]
		if !known {
			ok = m.needs.Rights.MayGive(ctx, tx, person, org, l.Role) == nil
			may[l.Role] = ok
		}
		if ok {
			mine = append(mine, l)
		}
	}
	return mine, nil
}

// Task is a line to answer, with what helps to.
type Task struct {
	Line
	Origin   string
	Deadline time.Time
	LastUse  time.Time // day when the role was last used; zero: never
	Unused   bool      // not for as many days as the settings say, although held for longer
}

// Tasks is what a person has to review.
type Tasks struct {
	Tasks []Task
	Total int
	Names map[core.ID]string
	Posts map[core.ID]core.Membership
	Roles []Role
}

// mostTasks is how many lines one page shows.
const mostTasks = 100

// ToAnswer gives the lines that wait for the actor.
func (m *Module) ToAnswer(ctx context.Context, org core.ID) (t Tasks, err error) {
	act := &core.Act{Def: SeeToAnswer, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		t = Tasks{Posts: map[core.ID]core.Membership{}}
		lines, err := m.linesFor(ctx, tx, org, core.ActorOf(ctx).ID)
		if err != nil {
			return err
		}
		t.Total, act.Subjects = len(lines), nil
		for _, l := range lines[:min(len(lines), mostTasks)] {
			task, err := m.task(ctx, tx, l)
			if err != nil {
				return err
			}
			t.Tasks = append(t.Tasks, task)
			if !slices.Contains(act.Subjects, l.Person) {
				act.Subjects = append(act.Subjects, l.Person)
				if t.Posts[l.Person], _, err = m.needs.Members.MemberOf(ctx, tx, org, l.Person); err != nil {
					return err
				}
			}
		}
		if t.Names, err = m.names(ctx, tx, slices.Clone(act.Subjects)...); err != nil {
			return err
		}
		t.Roles, err = m.needs.Roles(ctx, tx, org)
		return err
	})
	return t, err
}

func (m *Module) task(ctx context.Context, tx core.Tx, l Line) (t Task, err error) {
	t.Line = l
	c, _, err := db.One(ctx, tx, qCampaign, scanCampaign, l.Org, l.Campaign)
	if err != nil {
		return t, err
	}
	t.Origin, t.Deadline = c.Origin, c.Deadline
	if t.LastUse, err = m.needs.Lines.RoleUse(ctx, tx, l.Org, l.Person, l.Role); err != nil {
		return t, err
	}
	days, err := m.needs.UnusedDays(ctx, tx, l.Org)
	since := l.From
	if t.LastUse.After(since) {
		since = t.LastUse
	}
	t.Unused = days > 0 && m.now().Sub(since) >= time.Duration(days)*24*time.Hour
	return t, err
}

// Answer keeps or revokes one assignment under review, with a word.
func (m *Module) Answer(ctx context.Context, org, line core.ID, keep bool, word string) error {
	word, ok := stated(word)
	if !ok {
		return errWord.With("word", errWord.Code)
	}
	act := &core.Act{Def: AnswerReview, Org: org, Resource: line, Note: word}
	return m.change(ctx, act, func(tx core.Tx) error { return m.answer(ctx, tx, act, keep, word) })
}

func (m *Module) answer(ctx context.Context, tx core.Tx, act *core.Act, keep bool, word string) error {
	actor := core.ActorOf(ctx).ID
	l, c, err := m.line(ctx, tx, act.Org, act.Resource)
	if err != nil {
		return err
	}
	act.Subject = l.Person
	if l.Person == actor {
		return denied{errSelf}
	}
	as, mayKeep, err := m.reviews(ctx, tx, c, l, actor)
	switch {
	case err != nil:
		return err
	case as == nobody:
		return denied{errNoReview}
	case !c.Open() || l.Answer != "":
		return errAnswered
	case keep && !mayKeep:
		return denied{errNewBoss}
	}
	answer := Kept
	if !keep {
		answer = Revoked
		err := m.needs.Rights.Revoke(ctx, tx, l.Assignment, word)
		if core.CodeOf(err) == "assignment.not_found" {
			answer, err = Gone, nil
		}
		if err != nil {
			return err
		}
	}
	kept, err := m.shut(ctx, pack.Place("review_line.word", l.Org, l.ID), word, l.Person, l.Org)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qAnswer, l.Org, l.ID, answer, kept, actor, clock.Micros(m.now()))
	if err == nil && n == 0 {
		err = errAnswered
	}
	act.Changed("answer", "", answer)
	act.Changed("role", l.Role, map[bool]string{true: l.Role}[keep])
	act.Changed("assignment", string(l.Assignment), "")
	return err
}

func (m *Module) line(ctx context.Context, tx core.Tx, org, id core.ID) (Line, Campaign, error) {
	l, found, err := m.keptLine(ctx, tx, qLine, org, id)
	if err == nil && !found {
		err = errNoReview
	}
	if err != nil {
		return l, Campaign{}, err
	}
	c, found, err := db.One(ctx, tx, qCampaign, scanCampaign, org, l.Campaign)
	if err == nil && !found {
		err = errNoReview
	}
	return l, c, err
}

// KeepTogether keeps several lines of one role with one word, all of them or none; none may be marked as unused.
func (m *Module) KeepTogether(ctx context.Context, org core.ID, lines []core.ID, word string) (int, error) {
	word, ok := stated(word)
	if !ok {
		return 0, errWord.With("word", errWord.Code)
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if len(lines) == 0 || len(lines) > 50 {
		return 0, errBulk
	}
	act := &core.Act{Def: AnswerReview, Org: org, Note: word}
	return len(lines), m.change(ctx, act, func(tx core.Tx) error {
		role := ""
		for i, id := range lines { // looked at whole before anything is written
			l, _, err := m.line(ctx, tx, org, id)
			if err != nil {
				return denied{err}
			}
			t, err := m.task(ctx, tx, l)
			if err != nil {
				return err
			}
			if i > 0 && l.Role != role || t.Unused || t.Origin == Mover {
				return errBulk
			}
			role = l.Role
		}
		for i, id := range lines {
			one := act
			if i > 0 {
				one = &core.Act{Def: act.Def, Org: org, Note: word}
				act.Also = append(act.Also, one)
			}
			one.Resource = id
			if err := m.answer(ctx, tx, one, true, word); err != nil {
				if i == 0 {
					return err
				}
				return plain(err)
			}
		}
		return nil
	})
}

// plain takes the mark of a refusal away once something was written: the whole act is undone then.
func plain(err error) error {
	if d, ok := err.(denied); ok {
		return d.error
	}
	return err
}

// Restore gives back, within 24 hours, what a review revoked without an answer. It is an assignment by the actor, who
// must be able to give that much, to anyone but themselves.
func (m *Module) Restore(ctx context.Context, org, line core.ID, word string) error {
	word, ok := stated(word)
	if !ok {
		return errWord.With("word", errWord.Code)
	}
	actor := core.ActorOf(ctx).ID
	act := &core.Act{Def: UndoLapse, Org: org, Resource: line, Note: word}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		l, _, err := m.line(ctx, tx, org, line)
		if err != nil {
			return err
		}
		act.Subject = l.Person
		switch {
		case l.Answer != Lapsed:
			return errNotLapsed
		case m.now().Sub(l.AnsweredAt) > undoWithin:
			return errTooLate
		}
		id, err := m.needs.Rights.Assign(ctx, tx, core.Assignment{
			Org: org, Person: l.Person, Role: l.Role, Service: l.Service, Object: l.Object, Reason: word, Approver: actor, Until: l.Until,
		})
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qUndone, org, line, actor, clock.Micros(m.now()), id)
		if err == nil && n == 0 {
			err = errNotLapsed
		}
		act.Changed("answer", Lapsed, Restored)
		act.Changed("role", "", l.Role)
		return err
	})
}
