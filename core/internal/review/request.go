package review

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/pack"
)

// States of a request.
const (
	Asked     = "asked"     // waits for the line manager, or for an administrator where there is none
	Confirm   = "confirm"   // the line manager granted; an administrator confirms, since the role is grave
	Granted   = "granted"   // assigned
	Refused   = "refused"   //
	Expired   = "expired"   // nobody answered in time
	Withdrawn = "withdrawn" // by the person
)

// roleSupport is the role that lets a person of the provider into a client's space, until a date.
const roleSupport = "support"

const (
	answerWithin = 30 * 24 * time.Hour  // how long a request waits
	remindAfter  = 7 * 24 * time.Hour   // then the judge is reminded, and administrators may judge too
	longestRole  = 366 * 24 * time.Hour // of a role that was asked for
	mostWords    = 500
	mostOpen     = 20 // requests of one person that wait in one organization
)

// Request is a role that somebody asks for.
type Request struct {
	Org, ID, Person     core.ID
	Role, Service       string
	Object              core.ID
	Reason, State, Word string
	Until               time.Time // the end that was wished, then the one that was granted
	AskedAt, ExpiresAt  time.Time
	RemindedAt          time.Time
	Judge               core.ID // who granted or refused first
	JudgedAt            time.Time
	Confirmer           core.ID // the administrator who confirmed
	Assignment          core.ID // what was given
}

// Open tells whether the request waits for somebody.
func (r Request) Open() bool { return r.State == Asked || r.State == Confirm }

var (
	errRequest   = i18n.Fault(core.Invalid, "access_request.invalid", "Cette demande ne peut pas être envoyée telle quelle.", "This request cannot be sent as it is.")
	errNoRequest = i18n.Fault(core.NotFound, "access_request.absent", "Cette demande n'existe pas, ou n'est pas à vous.", "There is no such request, or it is not yours.")
	errClosed    = i18n.Fault(core.Conflict, "access_request.closed", "Cette demande a déjà sa réponse.", "This request already has its answer.")
	errOwn       = i18n.Fault(core.Forbidden, "access_request.own_request", "Personne ne juge sa propre demande.", "Nobody judges their own request.")
	errTwice     = i18n.Fault(core.Conflict, "access_request.twice", "Vous avez déjà ce rôle, ou l'avez déjà demandé.", "You already hold this role, or already asked for it.")
	errMany      = i18n.Fault(core.Conflict, "access_request.too_many", "Vous avez déjà %d demandes en attente.", "You already have %d requests waiting.")

	codeRole   = i18n.Reason("access_request.role", "Choisissez un rôle de la liste.", "Choose a role of the list.")
	codeReason = i18n.Reason("access_request.reason", "Dites pourquoi, en 500 caractères au plus.", "Say why, in 500 characters at most.")
	codeUntil  = i18n.Reason("access_request.until", "Donnez une fin à venir, dans un an au plus.", "Give an end to come, within a year at most.")
	codeObject = i18n.Reason("access_request.object", "Cet identifiant est trop long.", "This id is too long.")
)

const requestColumns = `org, id, person, role, service, object, reason, state, until_at, asked_at, expires_at, reminded_at, judge, judged_at, confirmer, word, assignment`

var (
	qAsk = db.SQL(`INSERT INTO review_request (org, id, person, role, service, object, reason, state, until_at, asked_at, expires_at, reminded_at, judge, judged_at, confirmer, word, assignment)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'asked', $8, $9, $10, 0, '', 0, '', '', '')`)
	qRequest    = db.SQL(`SELECT ` + requestColumns + ` FROM review_request WHERE org = $1 AND id = $2`)
	qWaiting    = db.SQL(`SELECT ` + requestColumns + ` FROM review_request WHERE org = $1 AND state IN ('asked', 'confirm') ORDER BY id LIMIT 1000`)
	qWaitingOf  = db.SQL(`SELECT ` + requestColumns + ` FROM review_request WHERE org = $1 AND person = $2 AND state IN ('asked', 'confirm') ORDER BY id`)
	qRequestsOf = db.SQL(`SELECT ` + requestColumns + ` FROM review_request WHERE org = $1 AND person = $2 ORDER BY id DESC LIMIT 50`)
	qSupportOf  = db.SQL(`SELECT ` + requestColumns + ` FROM review_request WHERE person = $1 AND role = 'support' ORDER BY id DESC LIMIT 50`)
	qSettle     = db.SQL(`UPDATE review_request SET state = $3, until_at = $4, judge = $5, judged_at = $6, confirmer = $7, word = $8, assignment = $9
		WHERE org = $1 AND id = $2 AND state IN ('asked', 'confirm')`)
)

func scanRequest(scan db.Scan) (r Request, err error) {
	var until, asked, expires, reminded, judged int64
	err = scan(&r.Org, &r.ID, &r.Person, &r.Role, &r.Service, &r.Object, &r.Reason, &r.State, &until, &asked, &expires, &reminded,
		&r.Judge, &judged, &r.Confirmer, &r.Word, &r.Assignment)
	r.Until, r.AskedAt, r.ExpiresAt = clock.FromMicros(until), clock.FromMicros(asked), clock.FromMicros(expires)
	r.RemindedAt, r.JudgedAt = clock.FromMicros(reminded), clock.FromMicros(judged)
	return r, err
}

// Wish is what somebody asks for.
type Wish struct {
	Role, Service string
	Object        core.ID
	Reason        string
	Until         time.Time
}

// stated cleans a reason or a word; ok is false when it is empty or too long.
func stated(text string) (string, bool) {
	text = strings.TrimSpace(text)
	return text, text != "" && utf8.RuneCountInString(text) <= mostWords
}

func (m *Module) check(ctx context.Context, tx core.Tx, org core.ID, w Wish, support bool) (Wish, error) {
	wrong := errRequest
	var ok bool
	if w.Reason, ok = stated(w.Reason); !ok {
		wrong = wrong.With("reason", codeReason)
	}
	if now := m.now(); !w.Until.After(now) || w.Until.Sub(now) > longestRole {
		wrong = wrong.With("until", codeUntil)
	}
	if len(w.Object) > 64 {
		wrong = wrong.With("object", codeObject)
	}
	if !support {
		roles, err := m.askable(ctx, tx, org)
		if err != nil {
			return w, err
		}
		known := false
		for _, r := range roles {
			if r.ID == w.Role {
				known = true
				if r.Service != "" {
					w.Service = r.Service
				}
			}
		}
		if !known {
			wrong = wrong.With("role", codeRole)
		}
	}
	if len(wrong.Fields) > 0 {
		return w, wrong
	}
	return w, nil
}

// askable are the roles that a member can ask for: those of the organization but membership itself and support.
func (m *Module) askable(ctx context.Context, tx core.Tx, org core.ID) ([]Role, error) {
	all, err := m.needs.Roles(ctx, tx, org)
	var list []Role
	for _, r := range all {
		if r.ID != "member" && r.ID != roleSupport {
			list = append(list, r)
		}
	}
	return list, err
}

// Ask asks for a role in an organization of which the actor is a member.
func (m *Module) Ask(ctx context.Context, org core.ID, w Wish) (core.ID, error) {
	person, id := core.ActorOf(ctx).ID, ids.New()
	act := &core.Act{Def: AskRequest, Org: org, Resource: id, Subject: person}
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		member, found, err := m.needs.Members.MemberOf(ctx, tx, org, person)
		if err != nil {
			return err
		}
		if !found || member.State != "active" {
			return errNoRequest
		}
		if w, err = m.check(ctx, tx, org, w, false); err != nil {
			return err
		}
		return m.ask(ctx, tx, act, w)
	})
	return id, err
}

func (m *Module) ask(ctx context.Context, tx core.Tx, act *core.Act, w Wish) error {
	org, person, now := act.Org, act.Subject, m.now()
	held, err := m.needs.Lines.AssignmentsOf(ctx, tx, person)
	if err != nil {
		return err
	}
	waiting, err := m.keptRequests(ctx, tx, qWaitingOf, org, person)
	if err != nil {
		return err
	}
	if len(waiting) >= mostOpen {
		e := *errMany
		e.Args = []any{mostOpen}
		return &e
	}
	for _, a := range held {
		if a.Org == org && a.Role == w.Role && a.Service == w.Service && a.Object == w.Object {
			return errTwice
		}
	}
	for _, r := range waiting {
		if r.Role == w.Role && r.Service == w.Service && r.Object == w.Object {
			return errTwice
		}
	}
	reason, err := m.shut(ctx, pack.Place("review_request.reason", org, act.Resource), w.Reason, person, org)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qAsk, org, act.Resource, person, w.Role, w.Service, w.Object, reason, clock.Micros(w.Until), clock.Micros(now), clock.Micros(now.Add(answerWithin)))
	if err != nil {
		return err
	}
	act.Note = w.Reason
	act.Changed("role", "", w.Role)
	act.Changed("service", "", w.Service)
	act.Changed("object", "", string(w.Object))
	act.Changed("until", "", w.Until.Format(time.RFC3339))
	return m.tellJudges(ctx, tx, Request{Org: org, ID: act.Resource, Person: person, Role: w.Role, State: Asked}, mailAsked)
}

// Mine is what a person sees of their own requests.
type Mine struct {
	Requests []Request
	Roles    []Role // that can be asked for
	All      []Role // for their titles
	Manager  string // name of who judges; "" when administrators do
	ToJudge  int    // requests that wait for this person
	ToReview int    // assignments that wait for this person
}

// Own gives the requests of the actor in an organization.
func (m *Module) Own(ctx context.Context, org core.ID) (v Mine, err error) {
	person := core.ActorOf(ctx).ID
	act := &core.Act{Def: SeeOwn, Org: org, Subject: person}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		v = Mine{}
		if v.Requests, err = m.keptRequests(ctx, tx, qRequestsOf, org, person); err != nil {
			return err
		}
		if v.All, err = m.needs.Roles(ctx, tx, org); err != nil {
			return err
		}
		if v.Roles, err = m.askable(ctx, tx, org); err != nil {
			return err
		}
		boss, found, err := m.needs.Members.ManagerOf(ctx, tx, org, person)
		if err != nil {
			return err
		}
		if found {
			people, err := m.needs.People.People(ctx, tx, boss)
			if err != nil {
				return err
			}
			v.Manager = people[boss].Name()
		}
		mine, err := m.waitingFor(ctx, tx, org, person)
		if err != nil {
			return err
		}
		v.ToJudge = len(mine)
		lines, err := m.linesFor(ctx, tx, org, person)
		v.ToReview = len(lines)
		return err
	})
	return v, err
}

// Withdraw takes one's request back.
func (m *Module) Withdraw(ctx context.Context, org, id core.ID) error {
	person := core.ActorOf(ctx).ID
	act := &core.Act{Def: WithdrawRequest, Org: org, Resource: id, Subject: person}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		r, err := m.request(ctx, tx, org, id)
		if err != nil {
			return err
		}
		if r.Person != person {
			return errNoRequest
		}
		act.Changed("state", r.State, Withdrawn)
		r.State = Withdrawn
		return m.settle(ctx, tx, r)
	})
}

func (m *Module) request(ctx context.Context, tx core.Tx, org, id core.ID) (Request, error) {
	r, found, err := m.keptRequest(ctx, tx, qRequest, org, id)
	if err == nil && !found {
		err = errNoRequest
	}
	return r, err
}

// settle writes where a request stands; it fails when the request had its answer meanwhile.
func (m *Module) settle(ctx context.Context, tx core.Tx, r Request) error {
	word, err := m.shut(ctx, pack.Place("review_request.word", r.Org, r.ID), r.Word, r.Person, r.Org)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qSettle, r.Org, r.ID, r.State, clock.Micros(r.Until), r.Judge, clock.Micros(r.JudgedAt), r.Confirmer, word, r.Assignment)
	if err == nil && n == 0 {
		err = errClosed
	}
	return err
}
