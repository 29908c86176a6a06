package rights

import (
	"context"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Where a task is done.
const (
	AtModule    = "module"    // a room of the platform that holds data of the person
	AtSystem    = "system"    // an outside system
	AtRecipient = "recipient" // those to whom data were disclosed (article 19)
)

// States of a task.
const (
	TaskOpen = "open"
	TaskSent = "sent"
	TaskDone = "done"
)

var errTask = i18n.Fault(core.NotFound, "rights.task_absent", "Cette tâche n'existe pas.", "There is no such task.")

var (
	qAddTask = db.SQL(`INSERT INTO rights_task (org, id, request, place, target, records, state, reply, note, made_at, done_at, done_by)
		VALUES ($1, $2, $3, $4, $5, $6, 'open', '', $7, $8, 0, '') ON CONFLICT (org, request, place, target) DO NOTHING`)
	qTasks     = db.SQL(`SELECT id, place, target, records, state, reply, note, done_at, done_by FROM rights_task WHERE org = $1 AND request = $2 ORDER BY place, id`)
	qTaskDone  = db.SQL(`UPDATE rights_task SET state = 'done', done_at = $4, done_by = $5, note = $6 WHERE org = $1 AND request = $2 AND id = $3 AND state <> 'done'`)
	qTaskAuto  = db.SQL(`UPDATE rights_task SET state = 'done', done_at = $3 WHERE org = $1 AND request = $2 AND place = 'module' AND state <> 'done'`)
	qTaskSent  = db.SQL(`UPDATE rights_task SET state = 'sent' WHERE org = $1 AND id = $2 AND state = 'open'`)
	qTaskReply = db.SQL(`UPDATE rights_task SET reply = $3 WHERE org = $1 AND id = $2`)
)

// Task is something that must be done somewhere for a request.
type Task struct {
	ID      core.ID
	Place   string
	Target  string // module, id of the system, id of the activity
	Title   core.Text
	Records int // of the person, in a module
	State   string
	Reply   string
	Note    string
	Done    time.Time
	DoneBy  core.ID // "" for the program
	Way     string  // of a system

	sealed []byte
}

// plan lists what is to be done: the rooms that hold something of the person, the outside systems, and, for what article 19
// names, those to whom data were disclosed.
func (m *Module) plan(ctx context.Context, tx core.Tx, r *Request) error {
	if r.Kind == Information {
		return nil
	}
	held := map[string]bool{}
	if r.Account != "" {
		for _, one := range m.needs.Modules() {
			n := 0
			err := one.ExportPerson(ctx, tx, r.Account, func(record core.Record) error { n++; held[record.Table] = true; return nil })
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			if err := m.addTask(ctx, tx, r, AtModule, one.Manifest().Module, n); err != nil {
				return err
			}
		}
	}
	systems, err := m.systems(ctx, tx, r.Org)
	if err != nil {
		return err
	}
	for _, s := range systems {
		if err := m.addTask(ctx, tx, r, AtSystem, string(s.ID), 0); err != nil {
			return err
		}
	}
	return m.planRecipients(ctx, tx, r, held)
}

// planRecipients lists the activities that disclosed what a correction, an erasure or a restriction bears on (article 19).
func (m *Module) planRecipients(ctx context.Context, tx core.Tx, r *Request, held map[string]bool) error {
	door := m.needs.Doors().Registrar
	if door == nil || r.Kind != Rectification && r.Kind != Erasure && r.Kind != Restriction {
		return nil
	}
	all, err := door.Activities(ctx, tx, r.Org)
	if err != nil {
		return err
	}
	for _, a := range all {
		if len(a.Recipients) == 0 || !slices.ContainsFunc(a.Tables, func(t string) bool { return held[t] }) {
			continue
		}
		if err := m.addTask(ctx, tx, r, AtRecipient, a.ID, 0); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) addTask(ctx context.Context, tx core.Tx, r *Request, place, target string, records int) error {
	_, err := tx.Exec(ctx, qAddTask, r.Org, ids.At(m.now()), r.ID, place, target, records, []byte{}, clock.Micros(m.now()))
	return err
}

// tasks gives those of a request, with their titles.
func (m *Module) tasks(ctx context.Context, tx core.Tx, r *Request) ([]Task, error) {
	list, err := db.All(ctx, tx, qTasks, func(scan db.Scan) (t Task, err error) {
		var done int64
		err = scan(&t.ID, &t.Place, &t.Target, &t.Records, &t.State, &t.Reply, &t.sealed, &done, &t.DoneBy)
		t.Done = clock.FromMicros(done)
		return t, err
	}, r.Org, r.ID)
	if err != nil || len(list) == 0 {
		return list, err
	}
	titles, ways, err := m.targets(ctx, tx, r.Org)
	if err != nil {
		return nil, err
	}
	for i := range list {
		t := &list[i]
		t.Title, t.Way = titles[t.Place+"/"+t.Target], ways[t.Target]
		if t.Title.FR == "" {
			t.Title = core.Text{FR: t.Target, EN: t.Target}
		}
		note, _, err := m.open(ctx, r.Person, "rights_task.note", t.ID, t.sealed)
		if err != nil {
			return nil, err
		}
		t.Note = string(note)
	}
	return list, nil
}

// targets names what tasks bear on.
func (m *Module) targets(ctx context.Context, tx core.Tx, org core.ID) (titles map[string]core.Text, ways map[string]string, err error) {
	titles, ways = map[string]core.Text{}, map[string]string{}
	for _, one := range m.needs.Modules() {
		manifest := one.Manifest()
		titles[AtModule+"/"+manifest.Module] = manifest.Title
	}
	systems, err := m.systems(ctx, tx, org)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range systems {
		titles[AtSystem+"/"+string(s.ID)] = core.Text{FR: s.Name, EN: s.Name}
		ways[string(s.ID)] = s.Way
	}
	if door := m.needs.Doors().Registrar; door != nil {
		all, err := door.Activities(ctx, tx, org)
		if err != nil {
			return nil, nil, err
		}
		for _, a := range all {
			t := a.Title
			for _, to := range a.Recipients {
				t.FR, t.EN = t.FR+" · "+to.FR, t.EN+" · "+to.EN
			}
			titles[AtRecipient+"/"+a.ID] = t
		}
	}
	return titles, ways, nil
}

// FinishTask tells that a task was done, with a note: by a person, or by the outside system itself through the API.
func (m *Module) FinishTask(ctx context.Context, org, request, task core.ID, note string) error {
	note, ok := words(note, 2000)
	if !ok {
		return errWhy.With("note", errWhy.Code)
	}
	return m.deciding(ctx, DoTask, org, request, "", func(tx core.Tx, done *core.Act, r *Request) error {
		if r.Proof != Proved {
			return errUnproved
		}
		sealed := []byte{}
		if note != "" {
			var err error
			if sealed, err = m.seal(ctx, r.Person, "rights_task.note", task, []byte(note)); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, qTaskDone, org, request, task, clock.Micros(m.now()), core.ActorOf(ctx).ID, sealed)
		if err != nil {
			return err
		}
		if n == 0 {
			return errTask
		}
		done.Resource = task
		return m.step(ctx, tx, r, stepTask, note)
	})
}
