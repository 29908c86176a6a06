package consent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	errAnswer = i18n.Fault(core.Invalid, "share.invalid", "Un choix est à corriger.", "A choice needs correcting.")
	errUnseen = i18n.Fault(core.Precondition, "share.unseen", "Ce que l'organisation verrait n'est plus ce que vous avez vu. Regardez de nouveau avant de partager.", "What the organization would see is no longer what you saw. Look again before you share.")

	whyFields = i18n.Reason("share.fields", "Choisissez au moins un champ, parmi ceux qui sont demandés.", "Choose at least one field, among those that are asked for.")
	whyUntil  = i18n.Reason("share.until", "Donnez une date de fin à venir, au plus tard celle que la demande permet.", "Give an end date to come, at the latest the one that the question allows.")
)

// Share is what a person lets an organization see, until when.
type Share struct {
	Org, ID  core.ID
	Question core.ID
	Number   int64
	Person   core.ID
	Purpose  core.Purpose
	Fields   []string
	From     time.Time
	Until    time.Time
	EndedAt  time.Time
}

// Lives tells whether the organization sees it at a moment.
func (s Share) Lives(now time.Time) bool { return s.EndedAt.IsZero() && s.Until.After(now) }

const shareColumns = `org, id, question, number, person, purpose, fields, from_at, until_at, ended_at`

var (
	qAddShare = db.SQL(`INSERT INTO consent_share (` + shareColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`)
	qShare    = db.SQL(`SELECT ` + shareColumns + ` FROM consent_share WHERE org = $1 AND id = $2`)
	qLiveOf   = db.SQL(`SELECT ` + shareColumns + ` FROM consent_share WHERE org = $1 AND question = $2 AND person = $3 AND ended_at = 0`)
	qMyShares = db.SQL(`SELECT ` + shareColumns + ` FROM consent_share WHERE person = $1 ORDER BY id`)
	qEnd      = db.SQL(`UPDATE consent_share SET ended_at = $3 WHERE org = $1 AND id = $2 AND ended_at = 0`)
	qOver     = db.SQL(`SELECT ` + shareColumns + ` FROM consent_share WHERE ended_at = 0 AND until_at <= $1 ORDER BY until_at LIMIT 200`)
)

func scanShare(scan db.Scan) (s Share, err error) {
	var fields string
	var from, until, ended int64
	err = scan(&s.Org, &s.ID, &s.Question, &s.Number, &s.Person, &s.Purpose, &fields, &from, &until, &ended)
	s.Fields, s.From, s.Until, s.EndedAt = strings.Fields(fields), clock.FromMicros(from), clock.FromMicros(until), clock.FromMicros(ended)
	return s, err
}

// Answer is what a person chooses.
type Answer struct {
	Number  int64     // version that was read
	Fields  []string  // to share; none for a consent alone
	Until   time.Time // last day of the share
	Seen    string    // Shown.Seen: what was seen of it beforehand
	Channel string
}

// Owner of a field, in what is shown.
type Owner string

// The owners.
const (
	OfPerson       Owner = "person"
	OfOrganization Owner = "organization"
)

// Field is one field as an organization sees it.
type Field struct {
	ID    string
	Title core.Text
	Value string // "" when the person left it empty
	Owner Owner
}

// Shown is exactly what an organization will see.
type Shown struct {
	Standing
	Fields []Field
	Until  time.Time
	Seen   string // to give back: nothing is shared that was not seen
}

// One gives a person a question with where they stand, what the organization sees now and when it looked.
type One struct {
	Standing
	Fields []Field     // what the organization sees now, as it sees it; none without a share
	Reads  []time.Time // when it was read, newest first
}

// OwnOne gives a person one question.
func (m *Module) OwnOne(ctx context.Context, person, question core.ID) (v One, err error) {
	done := &core.Act{Def: SeeOwn, Org: core.Platform, Resource: question, Subject: person}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		q, err := m.concerns(ctx, tx, person, question)
		if err != nil {
			return err
		}
		if v.Standing, err = m.standing(ctx, tx, q, person); err != nil || v.Share == nil {
			return err
		}
		if v.Fields, err = m.copies(ctx, tx, *v.Share); err != nil {
			return err
		}
		v.Reads, err = m.needs.Journal.Times(ctx, tx, q.Org, v.Share.ID, ReadShare.Permission, 50)
		return err
	})
	return v, err
}

// Preview shows a person exactly what the organization will see.
func (m *Module) Preview(ctx context.Context, person, question core.ID, a Answer) (v Shown, err error) {
	done := &core.Act{Def: SeeOwn, Org: core.Platform, Resource: question, Subject: person}
	err = m.needs.Gate.Read(ctx, done, func(tx core.Tx) error {
		q, err := m.concerns(ctx, tx, person, question)
		if err != nil {
			return err
		}
		if v.Standing, err = m.standing(ctx, tx, q, person); err != nil {
			return err
		}
		if a, err = m.judge(q, v.Text, a); err != nil {
			return err
		}
		v.Until = a.Until
		v.Fields, v.Seen, err = m.show(ctx, tx, q, v.Text, person, a)
		return err
	})
	return v, err
}

// judge checks an answer against the version in force.
func (m *Module) judge(q Question, t Text, a Answer) (Answer, error) {
	if q.Closed {
		return a, errClosed
	}
	if a.Number != q.Latest {
		return a, errMoved
	}
	bad, now := errAnswer, m.now()
	a.Fields = slices.Compact(slices.Sorted(slices.Values(a.Fields)))
	if len(t.Asks) == 0 {
		if len(a.Fields) > 0 {
			return a, bad.With("fields", whyFields)
		}
		a.Until = time.Time{}
		return a, nil
	}
	if len(a.Fields) == 0 || !covers(t.Asks, a.Fields) {
		bad = bad.With("fields", whyFields)
	}
	if !a.Until.After(now) || a.Until.After(now.AddDate(0, 0, t.Days+1)) {
		bad = bad.With("until", whyUntil)
	}
	if len(bad.Fields) > 0 {
		return a, bad
	}
	return a, nil
}

// show reads what the chosen fields say now, with the mark of what was seen.
func (m *Module) show(ctx context.Context, tx core.Tx, q Question, t Text, person core.ID, a Answer) ([]Field, string, error) {
	values, err := m.values(ctx, tx, person, a.Fields)
	if err != nil {
		return nil, "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "share seen 1\n%s\n%s\n%s\n%d\n", person, q.ID, t.Digest, a.Until.Unix())
	var list []Field
	for _, f := range m.fields {
		if slices.Contains(a.Fields, f.ID) {
			list = append(list, Field{f.ID, f.Title, values[f.ID], OfPerson})
			fmt.Fprintf(h, "%s=%d:%s\n", f.ID, len(values[f.ID]), values[f.ID])
		}
	}
	return list, hex.EncodeToString(h.Sum(nil)), nil
}

// Give records a consent; with fields it begins a share, of exactly what the person has seen. One that lives is replaced.
func (m *Module) Give(ctx context.Context, person, question core.ID, a Answer) (record core.ID, err error) {
	q, err := m.find(ctx, person, question)
	if err != nil {
		return "", err
	}
	now := m.now()
	share, record := core.ID(""), ids.At(now)
	done := &core.Act{Def: Give, Org: q.Org, Resource: q.ID, Subject: person, Entry: ids.At(now)}
	if len(a.Fields) > 0 {
		share, done.Def = ids.At(now), GiveFor
		if err := m.needs.Keys.MakeKeysIn(ctx, q.Org, share); err != nil {
			return "", err
		}
	}
	err = m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
		q, err := m.concerns(ctx, tx, person, question)
		if err != nil {
			return err
		}
		t, err := m.text(ctx, tx, q, q.Latest)
		if err != nil {
			return err
		}
		if a, err = m.judge(q, t, a); err != nil {
			return err
		}
		last, found, err := db.One(ctx, tx, qLastTo, scanRecord, q.Org, q.ID, person)
		if err != nil {
			return err
		}
		if found && last.Given && share == "" && last.Number >= q.Due {
			return errGiven
		}
		if found && !last.At.Before(now) {
			now = last.At.Add(time.Microsecond)
		}
		done.Changed("purpose", "", string(q.Purpose))
		done.Changed("digest", "", t.Digest)
		done.Changed("fields", "", strings.Join(a.Fields, " "))
		r := Record{
			Org: q.Org, ID: record, Person: person, Question: q.ID, Number: t.Number, Digest: t.Digest, Purpose: q.Purpose, Given: true, Share: share,
			Fields: a.Fields, Until: a.Until, Language: i18n.Of(ctx).String(), Channel: a.Channel, Why: ByPerson, At: now, Entry: done.Entry,
		}
		if err := m.record(ctx, tx, r); err != nil || share == "" {
			return err
		}
		return m.begin(ctx, tx, q, t, r, a)
	})
	if err != nil && share != "" {
		_ = m.needs.Keys.DestroyKey(context.WithoutCancel(ctx), share) // it sealed nothing that was kept
	}
	return record, err
}

// begin makes the share of a record, in place of the one that lives.
func (m *Module) begin(ctx context.Context, tx core.Tx, q Question, t Text, r Record, a Answer) error {
	if _, seen, err := m.show(ctx, tx, q, t, r.Person, a); err != nil {
		return err
	} else if seen != a.Seen {
		return errUnseen
	}
	old, replaces, err := db.One(ctx, tx, qLiveOf, scanShare, q.Org, q.ID, r.Person)
	if err != nil {
		return err
	}
	if replaces {
		if err := m.end(ctx, tx, old.Org, old.ID); err != nil {
			return err
		}
	}
	s := Share{Org: q.Org, ID: r.Share, Question: q.ID, Number: t.Number, Person: r.Person, Purpose: q.Purpose, Fields: a.Fields, From: r.At, Until: a.Until}
	_, err = tx.Exec(ctx, qAddShare, s.Org, s.ID, s.Question, s.Number, s.Person, s.Purpose, strings.Join(s.Fields, " "), clock.Micros(s.From), clock.Micros(s.Until))
	if err != nil {
		return err
	}
	return m.copy(ctx, tx, s)
}

// end stops a share: its copy goes, and the key that sealed it. Should the transaction fail after the key is gone, the share
// shows nothing all the same: what stops never comes back.
func (m *Module) end(ctx context.Context, tx core.Tx, org, share core.ID) error {
	if _, err := tx.Exec(ctx, qEnd, org, share, clock.Micros(m.now())); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qDropCopies, org, share); err != nil {
		return err
	}
	return m.needs.Keys.DestroyKey(ctx, share)
}

// SharedWith gives the organizations that a person shares something with now.
func (m *Module) SharedWith(ctx context.Context, tx core.Tx, person core.ID) (orgs []core.ID, err error) {
	shares, err := db.All(ctx, tx, qMyShares, scanShare, person)
	for _, s := range shares {
		if s.Lives(m.now()) && !slices.Contains(orgs, s.Org) {
			orgs = append(orgs, s.Org)
		}
	}
	return orgs, err
}

// Sweep ends the shares whose time is over: they show nothing since that moment; their copies and keys go now.
func (m *Module) Sweep(ctx context.Context) error {
	var over []Share
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		over, err = db.All(ctx, tx, qOver, scanShare, clock.Micros(m.now()))
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range over {
		done := &core.Act{Def: EndShare, Org: s.Org, Resource: s.ID, Subject: s.Person, Reason: ByTime}
		err := m.needs.Gate.Change(ctx, done, func(tx core.Tx) error {
			last, found, err := db.One(ctx, tx, qLastTo, scanRecord, s.Org, s.Question, s.Person)
			if err != nil {
				return err
			}
			if found && last.Given && last.Share == s.ID {
				return m.withdraw(ctx, tx, last, ByTime, "system", "", m.now())
			}
			return m.end(ctx, tx, s.Org, s.ID)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
