package incident

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Step is one line of a timeline.
type Step struct {
	ID    core.ID
	Kind  string // opened, note, changed, breach, no_breach, contained, closed, open, task, done, hand, evidence, list, notice, clients, authority, persons
	At    time.Time
	By    core.ID
	Entry core.ID // of the journal
	Text  string
}

// Task is something to be done by somebody.
type Task struct {
	ID     core.ID
	Owner  core.ID
	Due    time.Time
	Done   time.Time
	DoneBy core.ID
	Title  string
}

// Hand is somebody's part in an incident.
type Hand struct {
	Person core.ID
	Part   string
}

// Duties are the parts that somebody can have.
var Duties = options(
	Option{"technical", i18n.T("technique", "technical")},
	Option{"communication", i18n.T("communication", "communication")},
	Option{"dpo", i18n.T("protection des données", "data protection")},
	Option{"legal", i18n.T("juridique", "legal")},
)

var (
	errNote   = i18n.Fault(core.Invalid, "incident.note", "Écrivez ce qui s'est passé (4 000 caractères au plus).", "Write what happened (4,000 characters at most).")
	errTask   = i18n.Fault(core.Invalid, "incident.task", "La tâche ne peut pas être ajoutée ainsi.", "The task cannot be added like this.")
	codeWords = i18n.Reason("incident.task_title", "Dites en 200 caractères au plus ce qui est à faire.", "Say in 200 characters at most what is to be done.")
	codeDate  = i18n.Reason("incident.task_due", "Donnez une date à venir.", "Give a date to come.")
	errDone   = i18n.Fault(core.Conflict, "incident.task_done", "Cette tâche est faite, ou n'existe pas.", "This task is done, or does not exist.")
	errHand   = i18n.Fault(core.Invalid, "incident.hand", "Choisissez une personne de l'équipe et son rôle.", "Choose a member of staff and their part.")
)

// step writes a line of the timeline. It is never changed.
func (m *Module) step(ctx context.Context, tx core.Tx, incident core.ID, kind, text string, done *core.Act) error {
	id := ids.New()
	sealed, err := m.seal(ctx, core.Platform, placeStep, id, []byte(text))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qAddStep, incident, id, kind, clock.Micros(m.now()), core.ActorOf(ctx).ID, done.Entry, sealed)
	return err
}

func (m *Module) working(ctx context.Context, id core.ID, fn func(tx core.Tx, it *Incident, done *core.Act) error) error {
	done := &core.Act{Def: Work, Org: core.Platform, Resource: id, Entry: ids.New()}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		it, err := m.live(ctx, tx, id)
		if err != nil {
			return err
		}
		done.Changes = nil
		return fn(tx, &it, done)
	})
}

// Note adds a line to the timeline.
func (m *Module) Note(ctx context.Context, id core.ID, text string) error {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n == 0 || n > 4000 {
		return errNote.With("text", errNote.Code)
	}
	return m.working(ctx, id, func(tx core.Tx, _ *Incident, done *core.Act) error {
		done.Note = text
		return m.step(ctx, tx, id, "note", text, done)
	})
}

// AddTask gives somebody something to do, and tells them.
func (m *Module) AddTask(ctx context.Context, id core.ID, t Task) error {
	return m.working(ctx, id, func(tx core.Tx, it *Incident, done *core.Act) error {
		wrong := errTask
		t.Title = strings.TrimSpace(t.Title)
		if n := utf8.RuneCountInString(t.Title); n == 0 || n > 200 {
			wrong = wrong.With("title", codeWords)
		}
		if !t.Due.After(m.now()) || t.Due.After(m.now().AddDate(2, 0, 0)) {
			wrong = wrong.With("due", codeDate)
		}
		team, err := m.staff(ctx, tx)
		if err != nil {
			return err
		}
		if !slices.Contains(team, t.Owner) {
			wrong = wrong.With("owner", codeStaff)
		}
		if len(wrong.Fields) > 0 {
			return wrong
		}
		t.ID = ids.New()
		sealed, err := m.seal(ctx, core.Platform, placeTask, t.ID, []byte(t.Title))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qAddTask, id, t.ID, t.Owner, clock.Micros(t.Due), sealed); err != nil {
			return err
		}
		done.Changed("task", "", string(t.ID))
		if err := m.mail(ctx, tx, t.Owner, mailTask, mark(it, sTask), bTask, page(id)); err != nil {
			return err
		}
		return m.step(ctx, tx, id, "task", t.Title, done)
	})
}

// EndTask says that a task is done.
func (m *Module) EndTask(ctx context.Context, id, task core.ID) error {
	return m.working(ctx, id, func(tx core.Tx, _ *Incident, done *core.Act) error {
		list, err := m.tasks(ctx, tx, id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(t Task) bool { return t.ID == task })
		if i < 0 {
			return errDone
		}
		n, err := tx.Exec(ctx, qDoneTask, id, task, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errDone
		}
		done.Changed("task", string(task), "done")
		return m.step(ctx, tx, id, "done", list[i].Title, done)
	})
}

// SetHand gives somebody a part, or takes it from them.
func (m *Module) SetHand(ctx context.Context, id core.ID, h Hand, take bool) error {
	return m.working(ctx, id, func(tx core.Tx, _ *Incident, done *core.Act) error {
		if !Has(Duties, h.Part) {
			return errHand.With("part", codeChoice)
		}
		if take {
			if _, err := tx.Exec(ctx, qDropHand, id, h.Person, h.Part); err != nil {
				return err
			}
			done.Changed(h.Part, string(h.Person), "")
			return m.step(ctx, tx, id, "unhand", h.Part, done)
		}
		team, err := m.staff(ctx, tx)
		if err != nil {
			return err
		}
		if !slices.Contains(team, h.Person) {
			return errHand.With("person", codeStaff)
		}
		if _, err := tx.Exec(ctx, qAddHand, id, h.Person, h.Part, clock.Micros(m.now())); err != nil {
			return err
		}
		done.Changed(h.Part, "", string(h.Person))
		return m.step(ctx, tx, id, "hand", h.Part, done)
	})
}

func (m *Module) tasks(ctx context.Context, tx core.Tx, id core.ID) ([]Task, error) {
	var sealed [][]byte
	list, err := db.All(ctx, tx, qTasks, func(scan db.Scan) (t Task, err error) {
		var due, ended int64
		var title []byte
		err = scan(&t.ID, &t.Owner, &due, &ended, &t.DoneBy, &title)
		t.Due, t.Done = clock.FromMicros(due), clock.FromMicros(ended)
		sealed = append(sealed, title)
		return t, err
	}, id)
	for i := range list {
		plain, err := m.open(ctx, core.Platform, placeTask, list[i].ID, sealed[i])
		if err != nil {
			return nil, err
		}
		list[i].Title = string(plain)
	}
	return list, err
}

func (m *Module) steps(ctx context.Context, tx core.Tx, id core.ID) ([]Step, error) {
	var sealed [][]byte
	list, err := db.All(ctx, tx, qSteps, func(scan db.Scan) (s Step, err error) {
		var at int64
		var text []byte
		err = scan(&s.ID, &s.Kind, &at, &s.By, &s.Entry, &text)
		s.At = clock.FromMicros(at)
		sealed = append(sealed, text)
		return s, err
	}, id)
	for i := range list {
		plain, err := m.open(ctx, core.Platform, placeStep, list[i].ID, sealed[i])
		if err != nil {
			return nil, err
		}
		list[i].Text = string(plain)
	}
	return list, err
}

// staff are the members of staff; a canary sees canaries only, and nobody else sees any.
func (m *Module) staff(ctx context.Context, tx core.Tx) ([]core.ID, error) {
	live, err := m.needs.Rights.LiveIn(ctx, tx, core.Platform)
	if err != nil {
		return nil, err
	}
	var list []core.ID
	for _, a := range live {
		if !slices.Contains(list, a.Person) {
			list = append(list, a.Person)
		}
	}
	people, err := m.needs.People.People(ctx, tx, append(slices.Clone(list), core.ActorOf(ctx).ID)...)
	if err != nil {
		return nil, err
	}
	canary := people[core.ActorOf(ctx).ID].IsCanary()
	return slices.DeleteFunc(list, func(id core.ID) bool { p, known := people[id]; return !known || p.IsCanary() != canary }), nil
}

// Team gives the staff who can have a part or a task.
func (m *Module) Team(ctx context.Context) (names map[core.ID]string, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		staff, err := m.staff(ctx, tx)
		if err != nil {
			return err
		}
		names, err = m.named(ctx, tx, staff)
		return err
	})
	return names, err
}

func (m *Module) named(ctx context.Context, tx core.Tx, who []core.ID) (map[core.ID]string, error) {
	people, err := m.needs.People.People(ctx, tx, who...)
	names := make(map[core.ID]string, len(people))
	for id, p := range people {
		names[id] = p.Name()
	}
	return names, err
}
