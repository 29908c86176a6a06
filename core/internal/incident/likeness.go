package incident

import (
	"context"
	"maps"
	"slices"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
)

// Likeness is the shape of an incident, for a test environment: how it stands, its timeline, tasks and evidence; nothing of what was
// written, nor who was affected.
type Likeness struct {
	as       Incident // without its values, ids and source
	choices  Values   // of closed lists
	words    []string // fields that somebody wrote in
	steps    []Step
	tasks    []Task
	hands    []Hand
	evidence []Evidence
}

// Files gives the shape of its evidence.
func (l *Likeness) Files() (all []personal.FileLike) {
	for _, e := range l.evidence {
		all = append(all, personal.FileLike{Type: e.Type, Size: e.Size})
	}
	return all
}

var qEvery = db.SQL(`SELECT ` + columns + ` FROM incident_incident i WHERE i.trial = 0 ORDER BY i.id`)

// Likenesses gives the shape of every incident, and says everything that was written in them.
func (m *Module) Likenesses(ctx context.Context, tx core.Tx, say func(column, value string)) ([]Likeness, error) {
	list, err := db.All(ctx, tx, qEvery, scanIncident)
	if err != nil {
		return nil, err
	}
	if err := m.unseal(ctx, list); err != nil {
		return nil, err
	}
	all := make([]Likeness, len(list))
	for i := range list {
		it := &list[i]
		l := Likeness{choices: Values{}}
		for _, f := range Fields {
			switch value := it.Values[f.Name]; {
			case value == "":
			case len(f.Options) > 0:
				l.choices[f.Name] = value
			default:
				say("label", value)
				l.words = append(l.words, f.Name)
			}
		}
		l.as = Incident{Breach: it.Breach, Part: it.Part, State: it.State, Gravity: it.Gravity, Exercise: it.Exercise, Lead: it.Lead, Opened: it.Opened, OpenedBy: it.OpenedBy, Aware: it.Aware, Closed: it.Closed}
		if err := m.likeParts(ctx, tx, it.ID, &l, say); err != nil {
			return nil, err
		}
		all[i] = l
	}
	return all, nil
}

func (m *Module) likeParts(ctx context.Context, tx core.Tx, id core.ID, l *Likeness, say func(column, value string)) (err error) {
	if l.steps, err = m.steps(ctx, tx, id); err != nil {
		return err
	}
	slices.Reverse(l.steps) // the oldest first
	for i := range l.steps {
		say("note", l.steps[i].Text)
		l.steps[i].Text = ""
	}
	if l.tasks, err = m.tasks(ctx, tx, id); err != nil {
		return err
	}
	for i := range l.tasks {
		say("title", l.tasks[i].Title)
		l.tasks[i].Title = ""
	}
	if l.hands, err = db.All(ctx, tx, qHands, scanHand, id); err != nil {
		return err
	}
	if l.evidence, err = m.evidence(ctx, tx, id); err != nil {
		return err
	}
	for i := range l.evidence {
		e := &l.evidence[i]
		say("name", e.Name)
		say("digest", e.Digest)
		*e = Evidence{Kind: e.Kind, At: e.At, By: e.By, Type: e.Type, Size: e.Size}
	}
	return nil
}

// Imitate writes incidents of those likenesses, with words that were invented; nobody is told, and nobody is affected.
func (m *Module) Imitate(ctx context.Context, list []Likeness, by personal.Inventor) (rows int, err error) {
	if err := m.needs.Keys.MakeKeys(ctx, core.Platform); err != nil {
		return 0, err
	}
	for i := range list {
		l := &list[i]
		it := l.as
		it.ID, it.Source, it.Values = ids.At(m.now()), SourceHand, Values{}
		it.Lead, it.Opened, it.OpenedBy, it.Aware = by.Who(it.Lead), by.When(it.Opened), by.Who(it.OpenedBy), by.When(it.Aware)
		maps.Copy(it.Values, l.choices)
		for _, field := range l.words {
			it.Values[field] = by.Word("Mention")
		}
		done := &core.Act{Def: Open, Org: core.Platform, Resource: it.ID, Entry: ids.New()}
		err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
			if err := m.insert(ctx, tx, &it, done); err != nil {
				return err
			}
			return m.imitateParts(ctx, tx, &it, l, by, done)
		})
		if err != nil {
			return rows, err
		}
		rows += 1 + len(l.steps) + len(l.tasks)
		if err := m.imitateEvidence(ctx, it.ID, l, by); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// imitateParts writes the timeline but for what insert and freeze write of it, the tasks and who has a part; then how it stands.
func (m *Module) imitateParts(ctx context.Context, tx core.Tx, it *Incident, l *Likeness, by personal.Inventor, done *core.Act) error {
	for _, s := range l.steps {
		if s.Kind == "opened" || s.Kind == "evidence" {
			continue
		}
		id := ids.New()
		sealed, err := m.seal(ctx, core.Platform, placeStep, id, []byte(by.Word("Note")))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qAddStep, it.ID, id, s.Kind, clock.Micros(by.When(s.At)), by.Who(s.By), done.Entry, sealed); err != nil {
			return err
		}
	}
	for _, t := range l.tasks {
		id := ids.New()
		sealed, err := m.seal(ctx, core.Platform, placeTask, id, []byte(by.Word("Tâche")))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qAddTask, it.ID, id, by.Who(t.Owner), clock.Micros(by.When(t.Due)), sealed); err != nil {
			return err
		}
		if t.Done.IsZero() {
			continue
		}
		if _, err := tx.Exec(ctx, qDoneTask, it.ID, id, clock.Micros(by.When(t.Done)), by.Who(t.DoneBy)); err != nil {
			return err
		}
	}
	for _, h := range l.hands {
		if who := by.Who(h.Person); who != "" {
			if _, err := tx.Exec(ctx, qAddHand, it.ID, who, h.Part, clock.Micros(it.Opened)); err != nil {
				return err
			}
		}
	}
	if l.as.State == StateOpen {
		return nil
	}
	_, err := tx.Exec(ctx, qState, it.ID, StateOpen, l.as.State, clock.Micros(by.When(l.as.Closed)))
	return err
}

// imitateEvidence freezes one file in a transaction: they may be large.
func (m *Module) imitateEvidence(ctx context.Context, id core.ID, l *Likeness, by personal.Inventor) error {
	for _, e := range l.evidence {
		name, content := by.File(personal.FileLike{Type: e.Type, Size: e.Size})
		done := &core.Act{Def: Work, Org: core.Platform, Resource: id, Entry: ids.New()}
		err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
			done.Changes = nil
			return m.freeze(ctx, tx, id, e.Kind, name, e.Type, content, done)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
