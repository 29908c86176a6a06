package restraint

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

// Notice is how long before a restriction is lifted the person is told (article 18-3).
const Notice = 7 * 24 * time.Hour

// The grounds: the first three are those of article 18-1 a to c, the last is article 21 (and 18-1 d).
const (
	Accuracy  = "accuracy"
	Unlawful  = "unlawful"
	Claims    = "claims"
	Objection = "objection"
)

// Grounds lists them in the order of the pages.
var Grounds = []string{Accuracy, Unlawful, Claims, Objection}

var (
	errUnknown = i18n.Fault(core.NotFound, "restraint.unknown",
		"Cette limitation ou opposition n'existe pas, ou a pris fin.", "There is no such restriction or objection, or it has ended.")
	errInvalid = i18n.Fault(core.Invalid, "restraint.invalid",
		"Certaines informations sont à corriger.", "Some details need correcting.")
	errNotYet = i18n.Fault(core.Conflict, "restraint.notice_due",
		"La personne doit d'abord être prévenue : la limitation prend fin sept jours après (article 18-3).",
		"The person must be told first: the restriction ends seven days later (article 18-3).")

	whyGround  = i18n.Reason("restraint.ground", "Choisissez un motif.", "Choose a ground.")
	whyPurpose = i18n.Reason("restraint.purpose",
		"On ne s'oppose ni à ce que la loi impose, ni à la sécurité, ni à ce que le contrat demande : limitez le traitement, ou refusez en le motivant.",
		"One cannot object to what the law demands, to security, or to what the contract asks: restrict the processing, or refuse with reasons.")
	whyPerson = i18n.Reason("restraint.person", "Aucune personne n'a cette adresse.", "No person has this address.")
)

var (
	qAdd = db.SQL(`INSERT INTO restraint_restraint (id, org, person, purpose, ground, request, since, placed_by, announced_at, ends_at, lifted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0)`)
	qSame     = db.SQL(`SELECT id FROM restraint_restraint WHERE person = $1 AND org = $2 AND purpose = $3 AND lifted_at = 0`)
	qOf       = db.SQL(`SELECT id, org, person, purpose, ground, request, since FROM restraint_restraint WHERE person = $1 AND lifted_at = 0 ORDER BY since, id`)
	qLine     = db.SQL(`SELECT ` + lineColumns + ` FROM restraint_restraint WHERE id = $1`)
	qLines    = db.SQL(`SELECT ` + lineColumns + ` FROM restraint_restraint WHERE lifted_at = 0 ORDER BY ends_at DESC, id DESC LIMIT 1000`)
	qOwn      = db.SQL(`SELECT ` + lineColumns + ` FROM restraint_restraint WHERE person = $1 ORDER BY since DESC, id DESC`)
	qAnnounce = db.SQL(`UPDATE restraint_restraint SET announced_at = $2, ends_at = $3 WHERE id = $1 AND lifted_at = 0 AND announced_at = 0`)
	qLift     = db.SQL(`UPDATE restraint_restraint SET lifted_at = $2 WHERE id = $1 AND lifted_at = 0`)
	qDue      = db.SQL(`SELECT ` + lineColumns + ` FROM restraint_restraint WHERE lifted_at = 0 AND ends_at > 0 AND ends_at <= $1 ORDER BY ends_at, id LIMIT 200`)
	qTurned   = db.SQL(`INSERT INTO restraint_turn (id, turn) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET turn = restraint_turn.turn + 1`)
)

const lineColumns = `id, org, person, purpose, ground, request, since, placed_by, announced_at, ends_at, lifted_at`

// Line is a restraint with what became of it.
type Line struct {
	personal.Restraint
	PlacedBy                  core.ID
	Announced, Ends, LiftedAt time.Time
	// Name and OrgName are filled for pages.
	Name, OrgName string
}

func scanLine(scan db.Scan) (l Line, err error) {
	var since, announced, ends, lifted int64
	err = scan(&l.ID, &l.Org, &l.Person, &l.Purpose, &l.Ground, &l.Request, &since, &l.PlacedBy, &announced, &ends, &lifted)
	l.Since, l.Announced, l.Ends, l.LiftedAt = clock.FromMicros(since), clock.FromMicros(announced), clock.FromMicros(ends), clock.FromMicros(lifted)
	return l, err
}

// turned tells every node that what is in force has changed.
func (m *Module) turned(ctx context.Context, tx core.Tx) error {
	_, err := tx.Exec(ctx, qTurned)
	tx.Notify(topic, "")
	tx.OnCommit(func() { m.turn.Add(1) })
	return err
}

// Objectable tells whether a person may object to a purpose: it is neither the law's, nor security, nor the service itself.
func Objectable(p core.Purpose) bool {
	return p != core.PurposeLegal && p != core.PurposeSecurity && p != core.PurposeService
}

// Restrain implements personal.Restrainer. The same one twice is one. Errors: Invalid with the field.
func (m *Module) Restrain(ctx context.Context, tx core.Tx, r personal.Restraint) (core.ID, error) {
	switch {
	case r.Person.IsZero():
		return "", errInvalid.With("person", whyPerson)
	case !slices.Contains(Grounds, r.Ground):
		return "", errInvalid.With("ground", whyGround)
	case r.Purpose != "" && !Objectable(r.Purpose):
		return "", errInvalid.With("purpose", whyPurpose)
	}
	if same, found, err := db.One(ctx, tx, qSame, db.Value[core.ID], r.Person, r.Org, r.Purpose); err != nil || found {
		return same, err
	}
	id, since := ids.New(), m.now()
	by := core.ActorOf(ctx).ID
	if _, err := tx.Exec(ctx, qAdd, id, r.Org, r.Person, r.Purpose, r.Ground, r.Request, clock.Micros(since), by); err != nil {
		return "", err
	}
	if r.Purpose == "" && m.needs.Recipients != nil { // article 19 speaks of restrictions, not of objections
		if err := m.needs.Recipients(ctx, tx, personal.News{Event: personal.NewsRestricted, Org: r.Org, Person: r.Person}); err != nil {
			return "", err
		}
	}
	return id, m.turned(ctx, tx)
}

// Lift implements personal.Restrainer. An objection ends at once. Before a restriction ends the person is told (article 18-3):
// the first call writes to them and it ends seven days later, by itself; a call after that ends it.
func (m *Module) Lift(ctx context.Context, tx core.Tx, restraint core.ID) error {
	l, found, err := db.One(ctx, tx, qLine, scanLine, restraint)
	switch {
	case err != nil:
		return err
	case !found || !l.LiftedAt.IsZero():
		return errUnknown
	case l.Purpose != "" || l.Person == core.ActorOf(ctx).ID:
		return m.end(ctx, tx, l)
	case l.Announced.IsZero():
		return m.announce(ctx, tx, l)
	case m.now().Before(l.Ends):
		return errNotYet
	}
	return m.end(ctx, tx, l)
}

func (m *Module) end(ctx context.Context, tx core.Tx, l Line) error {
	if _, err := tx.Exec(ctx, qLift, l.ID, clock.Micros(m.now())); err != nil {
		return err
	}
	return m.turned(ctx, tx)
}

var (
	tNoticeSubject = i18n.T("La limitation de vos données va prendre fin", "The restriction of your data is about to end")
	tNoticeBody    = i18n.T("La limitation que vous avez obtenue sur l'usage de vos données prendra fin le %s (article 18, paragraphe 3, du RGPD). Elles pourront alors servir de nouveau.\n\nSi vous n'êtes pas d'accord, répondez avant cette date ou adressez-vous à l'autorité de contrôle.\n\n%s",
		"The restriction that you obtained on the use of your data will end on %s (article 18, paragraph 3, GDPR). They may then be used again.\n\nIf you do not agree, answer before that date or turn to the supervisory authority.\n\n%s")
)

func (m *Module) announce(ctx context.Context, tx core.Tx, l Line) error {
	now := m.now()
	ends := now.Add(Notice)
	if _, err := tx.Exec(ctx, qAnnounce, l.ID, clock.Micros(now), clock.Micros(ends)); err != nil {
		return err
	}
	say := func(lang i18n.Lang) string {
		day := i18n.Date(i18n.With(context.Background(), lang), ends)
		return tNoticeBody.Say(lang, day, m.needs.Origin+"/me/data")
	}
	return m.needs.People.Send(ctx, tx, l.Person, "restraint.notice",
		core.Text{FR: tNoticeSubject.Say(i18n.FR), EN: tNoticeSubject.Say(i18n.EN)}, core.Text{FR: say(i18n.FR), EN: say(i18n.EN)})
}

// Of implements personal.Restrainer: what is in force for a person.
func (m *Module) Of(ctx context.Context, tx core.Tx, person core.ID) ([]personal.Restraint, error) {
	return db.All(ctx, tx, qOf, scanRestraint, person)
}

// Draft is what an officer asks for on the page.
type Draft struct {
	Email   string
	Org     core.ID
	Purpose core.Purpose
	Ground  string
	Note    string
}

// Place restricts for a person who is named by their address.
func (m *Module) Place(ctx context.Context, d Draft) (id core.ID, err error) {
	act := &core.Act{Def: &PlaceOne, Org: core.Platform, Note: strings.TrimSpace(d.Note)}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		p, found, err := m.needs.People.PersonByEmail(ctx, tx, d.Email)
		if err != nil {
			return err
		}
		if !found {
			return errInvalid.With("email", whyPerson)
		}
		act.Subject = p.ID
		if id, err = m.Restrain(ctx, tx, personal.Restraint{Org: d.Org, Person: p.ID, Purpose: d.Purpose, Ground: d.Ground}); err != nil {
			return err
		}
		act.Resource = id
		act.Changed("ground", "", d.Ground)
		act.Changed("purpose", "", string(d.Purpose))
		return nil
	})
	return id, err
}

// LiftOne is the officer's Lift.
func (m *Module) LiftOne(ctx context.Context, id core.ID) error {
	act := &core.Act{Def: &LiftRestraint, Org: core.Platform, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		l, found, err := db.One(ctx, tx, qLine, scanLine, id)
		if err != nil {
			return err
		}
		if !found {
			return errUnknown
		}
		act.Subject = l.Person
		return m.Lift(ctx, tx, id)
	})
}

// List gives the officer what is in force, with names: this desk is where the person is still known.
func (m *Module) List(ctx context.Context) (list []Line, err error) {
	act := &core.Act{Def: &ListRestraints, Org: core.Platform}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if list, err = db.All(ctx, tx, qLines, scanLine); err != nil {
			return err
		}
		act.Subjects = nil
		for _, l := range list {
			act.Subjects = append(act.Subjects, l.Person)
		}
		return m.name(ctx, tx, list)
	})
	return list, err
}

func (m *Module) name(ctx context.Context, tx core.Tx, list []Line) error {
	persons := make([]core.ID, len(list))
	for i, l := range list {
		persons[i] = l.Person
	}
	people, err := m.needs.People.People(ctx, tx, persons...)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Name = people[list[i].Person].Name()
		if list[i].Org == "" {
			continue
		}
		o, err := m.needs.Orgs.Org(ctx, tx, list[i].Org)
		if err != nil && core.KindOf(err) != core.NotFound {
			return err
		}
		list[i].OrgName = o.Name
	}
	return nil
}

// Own gives a person what they had restricted or objected to, ended ones included.
func (m *Module) Own(ctx context.Context, tx core.Tx, person core.ID) ([]Line, error) {
	list, err := db.All(ctx, tx, qOwn, scanLine, person)
	if err != nil {
		return nil, err
	}
	return list, m.name(ctx, tx, list)
}

// GiveUp ends one's own restraint at once: it is the person's will.
func (m *Module) GiveUp(ctx context.Context, id core.ID) error {
	self := core.ActorOf(ctx).ID
	act := &core.Act{Def: &GiveUpOwn, Org: core.Platform, Subject: self, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		l, found, err := db.One(ctx, tx, qLine, scanLine, id)
		if err == nil && (!found || l.Person != self || !l.LiftedAt.IsZero()) {
			err = errUnknown
		}
		if err != nil {
			return err
		}
		return m.end(ctx, tx, l)
	})
}

// Sweep lifts what was announced and whose day has come.
func (m *Module) Sweep(ctx context.Context) error {
	var due []Line
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		due, err = db.All(ctx, tx, qDue, scanLine, clock.Micros(m.now()))
		return err
	})
	if err != nil {
		return err
	}
	for _, l := range due {
		act := &core.Act{Def: &EndRestraint, Org: core.Platform, Subject: l.Person, Resource: l.ID}
		if err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error { return m.end(ctx, tx, l) }); err != nil {
			return err
		}
	}
	return nil
}
