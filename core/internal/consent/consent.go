package consent

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

var (
	errGiven    = i18n.Fault(core.Conflict, "consent.given", "Vous avez déjà donné ce consentement.", "You have already given this consent.")
	errNotGiven = i18n.Fault(core.Conflict, "consent.not_given", "Il n'y a rien à retirer : ce consentement n'est pas donné.", "There is nothing to withdraw: this consent is not given.")
)

// Why a consent ended.
const (
	ByPerson  = "person"
	ByTime    = "until"
	ByRequest = "request" // of rights
)

// Channels by which a person answers.
const (
	OnPage = "page"
	ByAPI  = "api"
)

// Record is one answer, as it is kept for ever.
type Record struct {
	Org, ID  core.ID
	Person   core.ID
	Question core.ID
	Number   int64
	Digest   string
	Purpose  core.Purpose
	Given    bool
	Share    core.ID
	Fields   []string
	Until    time.Time
	Language string
	Channel  string
	Why      string
	At       time.Time
	Entry    core.ID
}

const recordColumns = `org, id, person, question, number, digest, purpose, given, share, fields, until_at, language, channel, why, at, entry`

var (
	qAddRecord = db.SQL(`INSERT INTO consent_record (` + recordColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`)
	qRecords   = db.SQL(`SELECT ` + recordColumns + ` FROM consent_record WHERE person = $1 ORDER BY at DESC, id DESC LIMIT $2`)
	// All of them, to be given.
	qAllRecords = db.SQL(`SELECT ` + recordColumns + ` FROM consent_record WHERE person = $1 ORDER BY at DESC, id DESC`)
	qRecord     = db.SQL(`SELECT ` + recordColumns + ` FROM consent_record WHERE id = $2 AND person = $1`)
	// The last answer to each question, of one organization and purpose when they are given.
	qLast = db.SQL(`SELECT ` + recordColumns + ` FROM consent_record r WHERE person = $1 AND (org = $2 OR $2 = '') AND (purpose = $3 OR $3 = '')
		AND NOT EXISTS (SELECT 1 FROM consent_record n WHERE n.org = r.org AND n.question = r.question AND n.person = r.person AND (n.at > r.at OR n.at = r.at AND n.id > r.id))
		ORDER BY at DESC, id DESC`)
	qLastTo = db.SQL(`SELECT ` + recordColumns + ` FROM consent_record WHERE org = $1 AND question = $2 AND person = $3 ORDER BY at DESC, id DESC LIMIT 1`)
)

func scanRecord(scan db.Scan) (r Record, err error) {
	var fields string
	var until, at int64
	err = scan(&r.Org, &r.ID, &r.Person, &r.Question, &r.Number, &r.Digest, &r.Purpose, &r.Given, &r.Share, &fields, &until, &r.Language, &r.Channel, &r.Why, &at, &r.Entry)
	r.Fields, r.Until, r.At = strings.Fields(fields), clock.FromMicros(until), clock.FromMicros(at)
	return r, err
}

func (m *Module) record(ctx context.Context, tx core.Tx, r Record) error {
	_, err := tx.Exec(ctx, qAddRecord, r.Org, r.ID, r.Person, r.Question, r.Number, r.Digest, r.Purpose, r.Given, r.Share, strings.Join(r.Fields, " "),
		clock.Micros(r.Until), r.Language, r.Channel, r.Why, clock.Micros(r.At), r.Entry)
	return err
}

// Given tells whether a person's consent to a purpose of an organization stands now: the last answer to one of its questions
// is a yes, to a version that still holds, and its share, when it has one, lives.
func (m *Module) Given(ctx context.Context, tx core.Tx, org, person core.ID, purpose core.Purpose) (bool, error) {
	if org == "" || person == "" || purpose == "" {
		return false, nil
	}
	last, err := db.All(ctx, tx, qLast, scanRecord, person, org, purpose)
	if err != nil {
		return false, err
	}
	for _, r := range last {
		if stands, err := m.stands(ctx, tx, r); err != nil || stands {
			return stands, err
		}
	}
	return false, nil
}

// stands tells whether the last answer to a question is a yes that counts now.
func (m *Module) stands(ctx context.Context, tx core.Tx, r Record) (bool, error) {
	if !r.Given {
		return false, nil
	}
	q, err := m.of(ctx, tx, r.Org, r.Question)
	if core.KindOf(err) == core.NotFound {
		return false, nil
	}
	if err != nil || r.Number < q.Due {
		return false, err
	}
	if r.Share == "" {
		return true, nil
	}
	s, found, err := db.One(ctx, tx, qShare, scanShare, r.Org, r.Share)
	return found && s.Lives(m.now()), err
}

// Standing is a question and where a person stands with it.
type Standing struct {
	Question
	OrgName string
	Text    Text   // version in force
	Last    Record // last answer; zero when there was none
	Held    bool   // the answer is a yes that counts now
	Share   *Share // the one that lives
}

// Mine gives every question that a person can answer or has answered, and their answers, newest first.
type Mine struct {
	Questions []Standing
	Records   []Record
	Orgs      map[core.ID]string
	Titles    map[core.ID]core.Text // of questions
}

// Own gives a person what they consented to and share, and what they are asked.
func (m *Module) Own(ctx context.Context, person core.ID) (v Mine, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: SeeOwn, Org: core.Platform, Subject: person}, func(tx core.Tx) error {
		v = Mine{Orgs: map[core.ID]string{}, Titles: map[core.ID]core.Text{}}
		if v.Records, err = db.All(ctx, tx, qRecords, scanRecord, person, 200); err != nil {
			return err
		}
		list, err := m.reach(ctx, tx, person, v.Records)
		if err != nil {
			return err
		}
		for _, q := range list {
			s, err := m.standing(ctx, tx, q, person)
			if err != nil {
				return err
			}
			v.Orgs[q.Org], v.Titles[q.ID] = s.OrgName, s.Text.Title
			if !q.Closed || s.Held {
				v.Questions = append(v.Questions, s)
			}
		}
		return nil
	})
	return v, err
}

// reach gives the questions that concern a person: those of their organizations, of the platform, and what they answered.
func (m *Module) reach(ctx context.Context, tx core.Tx, person core.ID, answered []Record) ([]Question, error) {
	places, err := m.needs.Places.Memberships(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	orgs := []core.ID{core.Platform}
	for _, p := range places {
		if p.State == "active" && !slices.Contains(orgs, p.Org) {
			orgs = append(orgs, p.Org)
		}
	}
	var all []Question
	known := map[core.ID]bool{}
	for _, org := range orgs {
		list, err := db.All(ctx, tx, qQuestions, scanQuestion, org)
		if err != nil {
			return nil, err
		}
		for _, q := range list {
			all, known[q.ID] = append(all, q), true
		}
	}
	for _, r := range answered {
		if known[r.Question] {
			continue
		}
		known[r.Question] = true
		if q, found, err := db.One(ctx, tx, qQuestion, scanQuestion, r.Question); err != nil {
			return nil, err
		} else if found {
			all = append(all, q)
		}
	}
	return all, nil
}

// concerns gives a question that a person can answer or has answered; any other does not exist for them.
func (m *Module) concerns(ctx context.Context, tx core.Tx, person, id core.ID) (Question, error) {
	q, found, err := db.One(ctx, tx, qQuestion, scanQuestion, id)
	if err != nil || !found {
		return q, orAbsent(err)
	}
	if q.Org == core.Platform {
		return q, nil
	}
	places, err := m.needs.Places.Memberships(ctx, tx, person)
	if err != nil {
		return q, err
	}
	if slices.ContainsFunc(places, func(p core.Membership) bool { return p.Org == q.Org && p.State == "active" }) {
		return q, nil
	}
	if _, found, err = db.One(ctx, tx, qLastTo, scanRecord, q.Org, q.ID, person); err != nil || !found {
		return q, orAbsent(err)
	}
	return q, nil
}

func orAbsent(err error) error {
	if err == nil {
		return errAbsent
	}
	return err
}

func (m *Module) standing(ctx context.Context, tx core.Tx, q Question, person core.ID) (s Standing, err error) {
	s.Question = q
	if s.Text, err = m.text(ctx, tx, q, q.Latest); err != nil {
		return s, err
	}
	org, err := m.needs.Places.Org(ctx, tx, q.Org)
	if err != nil && core.KindOf(err) != core.NotFound {
		return s, err
	}
	s.OrgName = org.Name
	var found bool
	if s.Last, found, err = db.One(ctx, tx, qLastTo, scanRecord, q.Org, q.ID, person); err != nil || !found {
		return s, err
	}
	if s.Held, err = m.stands(ctx, tx, s.Last); err != nil {
		return s, err
	}
	live, found, err := db.One(ctx, tx, qLiveOf, scanShare, q.Org, q.ID, person)
	if found && live.Lives(m.now()) {
		s.Share = &live
	}
	return s, err
}

// find reads which organization a question belongs to, before the act that answers it.
func (m *Module) find(ctx context.Context, person, id core.ID) (q Question, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		q, err = m.concerns(ctx, tx, person, id)
		return err
	})
	return q, err
}

// Withdraw takes a consent back, and stops its share: in the same act the copy is gone and its key destroyed.
func (m *Module) Withdraw(ctx context.Context, person, question core.ID, channel string) error {
	q, err := m.find(ctx, person, question)
	if err != nil {
		return err
	}
	now := m.now()
	done := &core.Act{Def: Withdraw, Org: q.Org, Resource: q.ID, Subject: person, Entry: ids.At(now)}
	return m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		last, found, err := db.One(ctx, tx, qLastTo, scanRecord, q.Org, q.ID, person)
		if err != nil {
			return err
		}
		if !found || !last.Given {
			return errNotGiven
		}
		done.Changed("purpose", "", string(q.Purpose))
		done.Changed("digest", "", last.Digest)
		return m.withdraw(ctx, tx, last, ByPerson, channel, done.Entry, now)
	})
}

// withdraw adds the line that ends what another began, and ends its share last: what it destroys never comes back.
func (m *Module) withdraw(ctx context.Context, tx core.Tx, given Record, why, channel string, entry core.ID, now time.Time) error {
	end := given
	end.ID, end.Given, end.Why, end.Channel, end.Entry, end.At = ids.At(now), false, why, channel, entry, now
	end.Language = i18n.Of(ctx).String()
	if !end.At.After(given.At) { // a clock that stands still never hides a withdrawal behind what it withdraws
		end.At = given.At.Add(time.Microsecond)
	}
	if err := m.record(ctx, tx, end); err != nil {
		return err
	}
	if given.Share == "" {
		return nil
	}
	return m.end(ctx, tx, given.Org, given.Share)
}

// WithdrawAll withdraws the consents and stops the shares that a person gave to an organization ("" for all of them), for a
// purpose ("" for all of them), in the transaction of the act that asks it.
func (m *Module) WithdrawAll(ctx context.Context, tx core.Tx, org, person core.ID, purpose core.Purpose) (int, error) {
	last, err := db.All(ctx, tx, qLast, scanRecord, person, org, purpose)
	if err != nil {
		return 0, err
	}
	ended := 0
	for _, r := range last {
		if !r.Given {
			continue
		}
		if err := m.withdraw(ctx, tx, r, ByRequest, "system", "", m.now()); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}

// AnyGiven tells whether a person has any consent in force, to an organization or ("") to anybody: for figures about many.
func (m *Module) AnyGiven(ctx context.Context, tx core.Tx, org, person core.ID) (bool, error) {
	last, err := db.All(ctx, tx, qLast, scanRecord, person, org, "")
	if err != nil {
		return false, err
	}
	for _, r := range last {
		if stands, err := m.stands(ctx, tx, r); err != nil || stands {
			return stands, err
		}
	}
	return false, nil
}
