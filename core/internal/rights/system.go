package rights

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/hook"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/jobs"
)

// JobTell is the kind of the job that tells one outside system of one request.
const JobTell = "rights.tell"

// The ways to tell an outside system.
const (
	ByHook = "webhook"
	ByMail = "mail" // a person, whose mailbox gets the reference alone
	ByDesk = "desk" // a person whom the officer speaks to
)

const mostSystems = 20

var (
	errSystems = i18n.Fault(core.Conflict, "rights.systems", "Il y a déjà vingt systèmes : retirez-en un.", "There are twenty systems already: remove one.")
	errSystem  = i18n.Fault(core.NotFound, "rights.system_absent", "Ce système n'existe pas.", "There is no such system.")
	errNewOne  = i18n.Fault(core.Invalid, "rights.system", "Donnez un nom, et l'adresse qui convient : https pour un programme, électronique pour une personne.", "Give a name, and the address that suits: https for a program, e-mail for a person.")
)

var (
	qSystems    = db.SQL(`SELECT id, name, way, address, secret, last_at, last_reply FROM rights_system WHERE org = $1 ORDER BY id`)
	qAddSystem  = db.SQL(`INSERT INTO rights_system (org, id, name, way, address, secret, made_at, made_by, last_at, last_reply) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '')`)
	qDropSystem = db.SQL(`DELETE FROM rights_system WHERE org = $1 AND id = $2`)
	qReplied    = db.SQL(`UPDATE rights_system SET last_at = $3, last_reply = $4 WHERE org = $1 AND id = $2`)
	qTaskOf     = db.SQL(`SELECT request, target FROM rights_task WHERE org = $1 AND id = $2`)
)

// System is one outside of the platform that holds data of the same persons.
type System struct {
	ID        core.ID
	Name      string
	Way       string
	Address   string
	Last      time.Time
	LastReply string

	sealed, secret []byte
}

func (m *Module) systems(ctx context.Context, tx core.Tx, org core.ID) ([]System, error) {
	list, err := db.All(ctx, tx, qSystems, func(scan db.Scan) (s System, err error) {
		var last int64
		err = scan(&s.ID, &s.Name, &s.Way, &s.sealed, &s.secret, &last, &s.LastReply)
		s.Last = clock.FromMicros(last)
		return s, err
	}, org)
	if err != nil {
		return nil, err
	}
	for i := range list {
		address, _, err := m.open(ctx, org, "rights_system.address", list[i].ID, list[i].sealed)
		if err != nil {
			return nil, err
		}
		list[i].Address = string(address)
	}
	return list, nil
}

// Names tells whether an outside system of an organization is told at an address ("host:port"), now.
func (m *Module) Names(ctx context.Context, org core.ID, address string) (named bool, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		all, err := m.systems(ctx, tx, org)
		named = slices.ContainsFunc(all, func(s System) bool { return s.Way == ByHook && hook.Leads(s.Address, address) })
		return err
	})
	return named, err
}

// ListSystems gives the outside systems of an organization.
func (m *Module) ListSystems(ctx context.Context, org core.ID) (list []System, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: Systems, Org: org}, func(tx core.Tx) error {
		list, err = m.systems(ctx, tx, org)
		return err
	})
	return list, err
}

// AddSystem names an outside system. Of a program, the secret that signs what it is told is shown once.
func (m *Module) AddSystem(ctx context.Context, org core.ID, s System) (id core.ID, secret string, err error) {
	name, ok := line(s.Name, 80)
	switch s.Way {
	case ByHook:
		ok = ok && hook.Valid(s.Address)
		secret = ids.Secret("rhs_", 32)
	case ByMail:
		s.Address, _ = address(s.Address)
		_, mail := address(s.Address)
		ok = ok && mail
	case ByDesk:
		s.Address, _ = line(s.Address, 200)
	default:
		ok = false
	}
	if !ok || name == "" {
		return "", "", errNewOne.With("address", errNewOne.Code)
	}
	id = ids.At(m.now())
	err = m.needs.Gate.Change(ctx, &core.Act{Def: Manage, Org: org, Resource: id}, func(tx core.Tx) error {
		all, err := m.systems(ctx, tx, org)
		if err != nil {
			return err
		}
		if len(all) >= mostSystems {
			return errSystems
		}
		to, err := m.seal(ctx, org, "rights_system.address", id, []byte(s.Address))
		if err != nil {
			return err
		}
		sealed, err := m.seal(ctx, org, "rights_system.secret", id, []byte(secret))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qAddSystem, org, id, name, s.Way, to, sealed, clock.Micros(m.now()), core.ActorOf(ctx).ID)
		return err
	})
	return id, secret, err
}

// DropSystem forgets an outside system; its tasks stay.
func (m *Module) DropSystem(ctx context.Context, org, id core.ID) error {
	return m.needs.Gate.Change(ctx, &core.Act{Def: Manage, Org: org, Resource: id}, func(tx core.Tx) error {
		n, err := tx.Exec(ctx, qDropSystem, org, id)
		if err == nil && n == 0 {
			err = errSystem
		}
		return err
	})
}

var (
	tTellSubject = i18n.T("Une demande de droits vous concerne", "A request of rights concerns you")
	tTellBody    = i18n.T("Une personne exerce un droit : %s. Le système dont vous vous occupez, « %s », détient peut-être des données sur elle.\n\nRéférence : %s. Adressez-vous au délégué à la protection des données de %s pour savoir de qui il s'agit, puis dites-lui ce qui a été fait.\n",
		"A person exercises a right: %s. The system that you look after, “%s”, may hold data about them.\n\nReference: %s. Turn to the data-protection officer of %s to learn who it is, then tell them what was done.\n")
)

// tell tells every outside system of a request: a program by a signed message, a person by a mail that names nobody.
func (m *Module) tell(ctx context.Context, tx core.Tx, r *Request) error {
	list, err := m.tasks(ctx, tx, r)
	if err != nil {
		return err
	}
	systems, err := m.systems(ctx, tx, r.Org)
	if err != nil {
		return err
	}
	to := map[string]System{}
	for _, s := range systems {
		to[string(s.ID)] = s
	}
	for _, t := range list {
		s, there := to[t.Target]
		if t.Place != AtSystem || t.State != TaskOpen || !there || s.Way == ByDesk {
			continue
		}
		if s.Way == ByHook {
			_, err = m.needs.Jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobTell, Org: r.Org, Payload: map[string]core.ID{"org": r.Org, "task": t.ID}})
		} else {
			err = m.mailSystem(ctx, tx, r, s)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qTaskSent, r.Org, t.ID); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) mailSystem(ctx context.Context, tx core.Tx, r *Request, s System) error {
	o, err := m.desk(ctx, tx, r.Org)
	if err != nil {
		return err
	}
	l, _ := i18n.Parse(o.Language)
	return m.needs.Mail.Queue(ctx, tx, core.Mail{
		Org: r.Org, To: s.Address, Kind: "rights.tell", Subject: tTellSubject.Say(l), Body: tTellBody.Say(l, r.Kind.Title().Say(l), s.Name, r.ID, o.Name),
	})
}

// Told is what an outside system receives as JSON, signed as package hook says. It answers 2xx and does what is asked. Of a
// request ("rights.…") it then closes the task by the API; of what happened elsewhere ("recipient.…") there is no task, and of an
// erasure the notice is closed.
type Told struct {
	Event        string            `json:"event"` // "rights.erasure", "rights.access"..., "recipient.erasure", "recipient.rectification", "recipient.restriction"
	Organization core.ID           `json:"organization"`
	Request      core.ID           `json:"request,omitempty"`
	Task         core.ID           `json:"task,omitempty"`
	Person       core.ID           `json:"person"`           // "" when they have no account on the platform
	Member       core.ID           `json:"member,omitempty"` // their membership in the organization
	Notice       core.ID           `json:"notice,omitempty"` // of an erasure, as the API lists them
	Name         string            `json:"name"`
	Email        string            `json:"email"`
	Purpose      core.Purpose      `json:"purpose,omitempty"`
	Fields       map[string]string `json:"fields,omitempty"` // of a rectification
	Due          time.Time         `json:"due,omitzero"`
}

// HandleTell tells one outside system of one request; an error makes the job try again later.
func (m *Module) HandleTell(ctx context.Context, run jobs.Run) error {
	org, task := run.Payload["org"], run.Payload["task"]
	var s System
	var told Told
	gone := false
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		gone = true
		type of struct {
			request core.ID
			target  string
		}
		t, found, err := db.One(ctx, tx, qTaskOf, func(scan db.Scan) (o of, err error) { return o, scan(&o.request, &o.target) }, org, task)
		if err != nil || !found {
			return err
		}
		r, err := m.load(ctx, tx, org, t.request)
		if err != nil || r.Erased {
			return err
		}
		all, err := m.systems(ctx, tx, org)
		for _, one := range all {
			if string(one.ID) == t.target {
				s, gone = one, false
			}
		}
		told = Told{
			Event: "rights." + string(r.Kind), Organization: org, Request: r.ID, Task: task, Person: r.Account, Name: r.Name, Email: r.Email,
			Purpose: r.Purpose, Fields: r.Fields, Due: r.Due,
		}
		return err
	})
	if err != nil || gone {
		return err
	}
	return m.post(ctx, org, s, told, func(tx core.Tx, reply string) error {
		if _, err := tx.Exec(ctx, qReplied, org, s.ID, clock.Micros(m.now()), reply); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, qTaskReply, org, task, reply)
		return err
	})
}

// post sends one signed message and notes what came back; an error may pass by itself unless it is permanent.
func (m *Module) post(ctx context.Context, org core.ID, s System, told Told, note func(tx core.Tx, reply string) error) error {
	secret, _, err := m.open(ctx, org, "rights_system.secret", s.ID, s.secret)
	if err != nil {
		return err
	}
	body, err := json.Marshal(told)
	if err != nil {
		return err
	}
	reply, failed := hook.Post(ctx, m.needs.Calls(org), s.Address, string(secret), m.now(), body)
	if errors.Is(failed, hook.ErrInside) {
		failed = jobs.Permanent(failed)
	}
	err = m.needs.Gate.Keep(ctx, Replying, func(tx core.Tx) error { return note(tx, reply) })
	return errors.Join(failed, err)
}
