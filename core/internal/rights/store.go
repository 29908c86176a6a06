package rights

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

const columns = `org, id, person, account, kind, channel, language, details, state, proof, proof_how, proved_at, proved_by, tries, received_at, due_at, extended_at,
	carried_at, effect, closed_at, closed_by, joined_to, trial`

var (
	qAdd = db.SQL(`INSERT INTO rights_request (` + columns + `, place)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`)
	qSave = db.SQL(`UPDATE rights_request SET account = $3, state = $4, proof = $5, proof_how = $6, proved_at = $7, proved_by = $8, tries = $9, due_at = $10, extended_at = $11,
		carried_at = $12, effect = $13, closed_at = $14, closed_by = $15, joined_to = $16 WHERE org = $1 AND id = $2`)
	qOne  = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE org = $1 AND id = $2`)
	qList = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE org = $1 AND trial = 0 AND (state = $2 OR $2 = '') AND (kind = $3 OR $3 = '')
		ORDER BY CASE WHEN state = 'open' THEN 0 ELSE 1 END, CASE WHEN state = 'open' THEN due_at ELSE -closed_at END, id LIMIT 500`)
	qCounts    = db.SQL(`SELECT state, count(*) FROM rights_request WHERE org = $1 AND trial = 0 GROUP BY state`)
	qLateCount = db.SQL(`SELECT count(*) FROM rights_request WHERE org = $1 AND trial = 0 AND state = 'open' AND due_at <= $2`)
	qOf        = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE account = $1 OR person = $1 ORDER BY id DESC`)
	qSamePlace = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE org = $1 AND place IN ($2, $5) AND kind = $3 AND state = 'open' AND id <> $4 ORDER BY id LIMIT 1`)
	qSameOne   = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE org = $1 AND account = $2 AND kind = $3 AND state = 'open' AND id <> $4 ORDER BY id LIMIT 1`)

	qPauses   = db.SQL(`SELECT from_at, until_at FROM rights_pause WHERE org = $1 AND request = $2 ORDER BY from_at`)
	qPause    = db.SQL(`INSERT INTO rights_pause (org, request, from_at, until_at) VALUES ($1, $2, $3, 0) ON CONFLICT (org, request, from_at) DO NOTHING`)
	qEndPause = db.SQL(`UPDATE rights_pause SET until_at = $3 WHERE org = $1 AND request = $2 AND until_at = 0`)

	qAddStep = db.SQL(`INSERT INTO rights_step (org, id, request, what, who, at, note) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qSteps   = db.SQL(`SELECT id, what, who, at, note FROM rights_step WHERE org = $1 AND request = $2 ORDER BY id`)

	qAddLink = db.SQL(`INSERT INTO rights_link (mark, org, request, expires_at) VALUES ($1, $2, $3, $4)`)
	qLink    = db.SQL(`SELECT org, request FROM rights_link WHERE mark = $1 AND expires_at > $2`)
)

var errAbsent = i18n.Fault(core.NotFound, "rights.absent", "Cette demande n'existe pas.", "There is no such request.")

// Details are what a requester wrote, sealed under their key.
type Details struct {
	Name    string            `json:"name"`
	Email   string            `json:"email"`
	Text    string            `json:"text,omitempty"`
	Purpose core.Purpose      `json:"purpose,omitempty"` // of an objection or a withdrawal; "" for all
	Ground  string            `json:"ground,omitempty"`  // of a restriction: accuracy, unlawful, claims, objection
	Fields  map[string]string `json:"fields,omitempty"`  // of a rectification: what they should say
}

// Request is one request of a person.
type Request struct {
	Org, ID  core.ID
	Person   core.ID // owner of the key
	Account  core.ID // person of the platform, once known
	Kind     Kind
	Channel  string
	Language string
	Details
	State    State
	Proof    Proof
	How      string
	ProvedAt time.Time
	ProvedBy core.ID
	Received time.Time
	Due      time.Time // the first moment at which it is late
	Extended time.Time
	Carried  time.Time
	Effect   core.ID
	Closed   time.Time
	ClosedBy core.ID
	JoinedTo core.ID

	Erased bool // its details are gone with the key
	trial  bool
	tries  int
	sealed []byte
	place  []byte
	other  []byte // while places are indexed anew
}

// Late tells whether it is open past its term.
func (r *Request) Late(now time.Time) bool { return r.State == Open && !now.Before(r.Due) }

func scanRequest(scan db.Scan) (r Request, err error) {
	var proved, received, due, extended, carried, closed, trial int64
	err = scan(&r.Org, &r.ID, &r.Person, &r.Account, &r.Kind, &r.Channel, &r.Language, &r.sealed, &r.State, &r.Proof, &r.How, &proved, &r.ProvedBy, &r.tries, &received, &due, &extended,
		&carried, &r.Effect, &closed, &r.ClosedBy, &r.JoinedTo, &trial)
	r.ProvedAt, r.Received, r.Due, r.Extended = clock.FromMicros(proved), clock.FromMicros(received), clock.FromMicros(due), clock.FromMicros(extended)
	r.Carried, r.Closed, r.trial = clock.FromMicros(carried), clock.FromMicros(closed), trial == 1
	return r, err
}

func (m *Module) add(ctx context.Context, tx core.Tx, r *Request) error {
	plain, err := json.Marshal(r.Details)
	if err != nil {
		return err
	}
	if r.sealed, err = m.seal(ctx, r.Person, "rights_request.details", r.ID, plain); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qAdd, r.Org, r.ID, r.Person, r.Account, string(r.Kind), r.Channel, r.Language, r.sealed, string(r.State), string(r.Proof), r.How, clock.Micros(r.ProvedAt), r.ProvedBy,
		r.tries, clock.Micros(r.Received), clock.Micros(r.Due), clock.Micros(r.Extended), clock.Micros(r.Carried), r.Effect, clock.Micros(r.Closed), r.ClosedBy, r.JoinedTo, r.trial, r.place)
	return err
}

// save writes what may change of a request.
func (m *Module) save(ctx context.Context, tx core.Tx, r *Request) error {
	_, err := tx.Exec(ctx, qSave, r.Org, r.ID, r.Account, string(r.State), string(r.Proof), r.How, clock.Micros(r.ProvedAt), r.ProvedBy, r.tries, clock.Micros(r.Due), clock.Micros(r.Extended),
		clock.Micros(r.Carried), r.Effect, clock.Micros(r.Closed), r.ClosedBy, r.JoinedTo)
	return err
}

// load reads a request with its details.
func (m *Module) load(ctx context.Context, tx core.Tx, org, id core.ID) (Request, error) {
	r, found, err := db.One(ctx, tx, qOne, scanRequest, org, id)
	if err == nil && !found {
		err = errAbsent
	}
	if err != nil {
		return r, err
	}
	return r, m.unseal(ctx, &r)
}

// unseal opens the details; of an erased person nothing is left.
func (m *Module) unseal(ctx context.Context, r *Request) error {
	plain, gone, err := m.open(ctx, r.Person, "rights_request.details", r.ID, r.sealed)
	if err != nil || gone {
		r.Erased = gone
		return err
	}
	return json.Unmarshal(plain, &r.Details)
}

func (m *Module) seal(ctx context.Context, owner core.ID, where string, row core.ID, plain []byte) ([]byte, error) {
	return m.needs.Sealer.Seal(ctx, owner, where+"\x00"+string(row), plain)
}

// open tells when the value is gone: its owner was erased, or it was emptied.
func (m *Module) open(ctx context.Context, owner core.ID, where string, row core.ID, sealed []byte) (plain []byte, gone bool, err error) {
	if len(sealed) == 0 {
		return nil, true, nil
	}
	plain, err = m.needs.Sealer.Open(ctx, owner, where+"\x00"+string(row), sealed)
	if core.KindOf(err) == core.Gone {
		return nil, true, nil
	}
	return plain, false, err
}

// Step is one line of the timeline of a request.
type Step struct {
	ID   core.ID
	What string
	Who  core.ID // "" for the requester or the platform
	At   time.Time
	Note string

	sealed []byte
}

// The steps of a request.
const (
	stepReceived  = "received"
	stepAgain     = "again" // the same was asked once more
	stepAgainForm = "again_form"
	stepConfirmed = "confirmed"
	stepFact      = "fact"
	stepDoubted   = "doubted"
	stepDocument  = "document"
	stepProved    = "proved"
	stepFailed    = "failed"
	stepDestroyed = "destroyed"
	stepCarried   = "carried"
	stepTask      = "task"
	stepExtended  = "extended"
	stepAnswered  = "answered"
	stepRefused   = "refused"
	stepWithdrawn = "withdrawn"
	stepJoined    = "joined"
	stepReminded  = "reminded"
)

var stepTitles = map[string]i18n.Sentence{
	stepReceived:  i18n.T("demande reçue", "request received"),
	stepAgain:     i18n.T("demandée de nouveau", "asked once more"),
	stepAgainForm: i18n.T("demandée de nouveau par le formulaire, sans preuve d'identité", "asked once more by the form, without proof of identity"),
	stepConfirmed: i18n.T("adresse confirmée par le lien reçu", "address confirmed by the mailed link"),
	stepFact:      i18n.T("fait donné pour établir l'identité", "fact given to establish identity"),
	stepDoubted:   i18n.T("preuve d'identité demandée : le délai est suspendu", "proof of identity asked: the clock stands still"),
	stepDocument:  i18n.T("pièce reçue : le délai reprend", "document received: the clock runs again"),
	stepProved:    i18n.T("identité établie", "identity established"),
	stepFailed:    i18n.T("identité non établie", "identity not established"),
	stepDestroyed: i18n.T("pièce détruite", "document destroyed"),
	stepCarried:   i18n.T("exécutée", "carried out"),
	stepTask:      i18n.T("tâche faite", "task done"),
	stepExtended:  i18n.T("prolongée de deux mois", "extended by two months"),
	stepAnswered:  i18n.T("réponse envoyée", "answer sent"),
	stepRefused:   i18n.T("refus envoyé", "refusal sent"),
	stepWithdrawn: i18n.T("retirée par la personne", "withdrawn by the person"),
	stepJoined:    i18n.T("jointe à une demande en cours", "joined to an open request"),
	stepReminded:  i18n.T("échéance rappelée", "due date recalled"),
}

// StepTitle says what happened.
func StepTitle(ctx context.Context, what string) string { return stepTitles[what].In(ctx) }

// step notes what happened to a request, by the actor unless it is the requester.
func (m *Module) step(ctx context.Context, tx core.Tx, r *Request, what, note string) error {
	return m.stepAt(ctx, tx, r, what, note, m.now())
}

func (m *Module) stepAt(ctx context.Context, tx core.Tx, r *Request, what, note string, at time.Time) error {
	id, text := ids.At(m.now()), []byte{}
	if note != "" {
		var err error
		if text, err = m.seal(ctx, r.Person, "rights_step.note", id, []byte(note)); err != nil {
			return err
		}
	}
	who := core.ID("")
	if a := core.ActorOf(ctx); (a.Kind == core.HumanActor || a.Kind == core.ServiceActor) && a.ID != r.Account {
		who = a.ID
	}
	_, err := tx.Exec(ctx, qAddStep, r.Org, id, r.ID, what, who, clock.Micros(at), text)
	return err
}

func scanStep(scan db.Scan) (s Step, err error) {
	var at int64
	err = scan(&s.ID, &s.What, &s.Who, &at, &s.sealed)
	s.At = clock.FromMicros(at)
	return s, err
}

func (m *Module) steps(ctx context.Context, tx core.Tx, r *Request) ([]Step, error) {
	list, err := db.All(ctx, tx, qSteps, scanStep, r.Org, r.ID)
	if err != nil {
		return nil, err
	}
	for i := range list {
		note, _, err := m.open(ctx, r.Person, "rights_step.note", list[i].ID, list[i].sealed)
		if err != nil {
			return nil, err
		}
		list[i].Note = string(note)
	}
	return list, nil
}
