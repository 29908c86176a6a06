package rights

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	term "github.com/rempart/rempart/core/internal/rights/clock"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		{ID: "rights.form", Kind: core.BehaviourProbe, Title: probe.Text(tpForm), Run: m.seeForm, Faults: []core.PlantedFault{formSilent, formSlow}},
		{ID: "rights.identity", Kind: core.BehaviourProbe, Title: probe.Text(tpIdentity), Run: m.seeIdentity, Faults: []core.PlantedFault{bornProved, mailProves}},
		{ID: "rights.clock", Kind: core.DataProbe, Title: probe.Text(tpClock), Run: m.seeClock, Faults: []core.PlantedFault{oneMoreWeek, standsStill}},
		{ID: "rights.authority", Kind: core.BehaviourProbe, Title: probe.Text(tpAuthority), Run: m.seeAuthority, Faults: []core.PlantedFault{mutePage, noRefusal}},
		{ID: "rights.late", Kind: core.BehaviourProbe, Title: probe.Text(tpLate), Run: m.seeLate, Faults: []core.PlantedFault{lateUnsaid, lateAgain}},
	}
}

const (
	canaryDesk  = "/rights/" + string(core.Canaries)
	canaryQueue = "/o/" + string(core.Canaries) + "/rights"
)

// files asks by the public form with the address of a canary, and finds what became of it.
func (m *Module) files(ctx context.Context, s core.Stage, c core.Canary, kind Kind) (r Request, status int, err error) {
	a, err := probe.Post(ctx, s.Visitor(), canaryDesk, url.Values{"kind": {string(kind)}, "name": {"Canari Sonde"}, "email": {c.Email}})
	if err != nil || a.Status != http.StatusOK {
		return r, a.Status, err
	}
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		place, other, err := m.placed(ctx, core.Canaries, c.Email)
		if err != nil {
			return err
		}
		r, _, err = db.One(ctx, tx, qSamePlace, scanRequest, core.Canaries, place, string(kind), "", other)
		return err
	})
	return r, a.Status, err
}

// termOf gives, apart from what was written, until when a request must be answered.
func (m *Module) termOf(ctx context.Context, r *Request) (due time.Time, paused bool, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		c, zone, err := m.course(ctx, tx, r)
		if err != nil {
			return err
		}
		for _, p := range c.Pauses {
			paused = paused || p.Until.IsZero()
		}
		due = term.End(c.Due(zone, m.now()))
		return nil
	})
	return due, paused, err
}

// seeForm asks by the public form as nobody, and looks for the receipt and its date.
func (m *Module) seeForm(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	c, err := s.Canary(ctx, "member")
	if err != nil {
		return seen, err
	}
	r, status, err := m.files(ctx, s, c, Access)
	if err != nil {
		return seen, err
	}
	if status != http.StatusOK || r.ID == "" {
		return probe.Broken(1, 1, tpFormShut, status), nil
	}
	due, _, err := m.termOf(ctx, &r)
	if err != nil {
		return seen, err
	}
	lived := int(due.Sub(r.Received).Hours() / 24)
	if !due.Equal(r.Due) || lived < 28 || lived > 37 {
		return probe.Broken(1, 1, tpFormDue, r.Due.Format(time.DateOnly), due.Format(time.DateOnly)), nil
	}
	body, err := s.Letter(ctx, core.Canary{Person: r.Person}, "rights.receipt")
	if err != nil {
		return probe.Broken(1, 1, tpFormMute), nil
	}
	zone, err := m.zoneOf(ctx)
	if err != nil {
		return seen, err
	}
	l := langOf(&r)
	if day := i18n.Date(i18n.With(ctx, l), Day(due, zone)); !strings.Contains(body, day) {
		return probe.Broken(1, 1, tpFormUndated, day), nil
	}
	return probe.Held(1, 1, tpFormHeld, lived), nil
}

func (m *Module) zoneOf(ctx context.Context) (zone *time.Location, err error) {
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) { zone, err = m.zone(ctx, tx, core.Canaries); return err })
	return zone, err
}

var followPath = regexp.MustCompile(`/rights/follow/[a-z0-9]+`)

// seeIdentity tries to act on a request of somebody unknown, as an officer.
func (m *Module) seeIdentity(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	c, err := s.Canary(ctx, "privacy")
	if err != nil {
		return seen, err
	}
	officer, err := s.Enter(ctx, c)
	if err != nil {
		return seen, err
	}
	r, status, err := m.files(ctx, s, c, Access)
	if err != nil {
		return seen, err
	}
	if r.ID == "" {
		return seen, probe.Unseen(tpDark, canaryDesk, status)
	}
	one := canaryQueue + "/" + string(r.ID)
	acts := func() (string, error) {
		for _, act := range []string{"/carry", "/answer"} {
			a, err := probe.Post(ctx, officer, one+act, url.Values{"text": {"probe"}})
			if err != nil {
				return "", err
			}
			if a.Status != http.StatusConflict {
				return act, nil
			}
		}
		return "", nil
	}
	if act, err := acts(); err != nil || act != "" {
		return probe.Broken(1, 1, tpActed, act), err
	}
	body, err := s.Letter(ctx, core.Canary{Person: r.Person}, "rights.receipt")
	path := followPath.FindString(body)
	if err != nil || path == "" {
		return seen, probe.Unseen(tpDark, "rights.receipt", 0)
	}
	if a, err := probe.Post(ctx, s.Visitor(), path, url.Values{"fact": {"nothing that anyone holds"}}); err != nil || a.Status >= 400 {
		return seen, probe.Unseen(tpDark, "/rights/follow/", a.Status)
	}
	if act, err := acts(); err != nil || act != "" {
		return probe.Broken(1, 1, tpActed, act), err
	}
	if a, err := probe.Post(ctx, officer, one+"/identity", url.Values{"verdict": {"yes"}, "how": {"probe"}}); err != nil || a.Status >= 400 {
		return seen, probe.Unseen(tpDark, "/identity", a.Status)
	}
	if err := m.finishAll(ctx, officer, one, r.ID); err != nil {
		return seen, err
	}
	if a, err := probe.Post(ctx, officer, one+"/answer", url.Values{"text": {"probe"}}); err != nil || a.Status >= 400 {
		return probe.Broken(1, 1, tpShut, a.Status), err
	}
	seen = probe.Held(1, 1, tpIdentityHeld)
	seen.Entries, err = s.Witness(ctx, core.Canary{Person: r.Person, Org: core.Canaries}, Prove.Permission)
	return seen, err
}

// finishAll tells, as the officer, that every task of a request is done.
func (m *Module) finishAll(ctx context.Context, officer *http.Client, one string, id core.ID) error {
	var list []Task
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) error {
		r, err := m.load(ctx, tx, core.Canaries, id)
		if err != nil {
			return err
		}
		list, err = m.tasks(ctx, tx, &r)
		return err
	})
	for _, t := range list {
		if err != nil {
			return err
		}
		var a probe.Answer
		if a, err = probe.Post(ctx, officer, one+"/tasks/"+string(t.ID), url.Values{}); err == nil && a.Status >= 400 {
			err = probe.Unseen(tpDark, "/tasks/", a.Status)
		}
	}
	return err
}

var qOpenOnes = db.SQL(`SELECT ` + columns + ` FROM rights_request WHERE state = 'open' ORDER BY due_at LIMIT 5000`)

// seeClock reckons again the term of every open request, and of one of its own.
func (m *Module) seeClock(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	c, err := s.Canary(ctx, "member")
	if err != nil {
		return seen, err
	}
	if _, status, err := m.files(ctx, s, c, Objection); err != nil || status != http.StatusOK {
		return seen, probe.Unseen(tpDark, canaryDesk, status)
	}
	var all []Request
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) { all, err = db.All(ctx, tx, qOpenOnes, scanRequest); return err })
	if err != nil {
		return seen, err
	}
	wrong, still := 0, 0
	for i := range all {
		r := &all[i]
		due, paused, err := m.termOf(ctx, r)
		if err != nil {
			return seen, err
		}
		switch {
		case paused != (r.Proof == Doubted):
			still++
		case !paused && !due.Equal(r.Due):
			wrong++
		}
	}
	switch {
	case still > 0:
		return probe.Broken(len(all), len(all), tpStill, still, len(all)), nil
	case wrong > 0:
		return probe.Broken(len(all), len(all), tpWrong, wrong, len(all)), nil
	}
	return probe.Held(len(all), len(all), tpClockHeld, len(all)), nil
}

// seeAuthority has an officer refuse a request, and reads what the requester gets.
func (m *Module) seeAuthority(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	c, err := s.Canary(ctx, "privacy")
	if err != nil {
		return seen, err
	}
	officer, err := s.Enter(ctx, c)
	if err != nil {
		return seen, err
	}
	r, status, err := m.files(ctx, s, c, Erasure)
	if err != nil {
		return seen, err
	}
	if r.ID == "" {
		return seen, probe.Unseen(tpDark, canaryDesk, status)
	}
	var name, address string
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		name, address, err = m.needs.Contacts.Authority(ctx, tx, core.Canaries)
		return err
	})
	if err != nil {
		return seen, err
	}
	if a, err := probe.Post(ctx, officer, canaryQueue+"/"+string(r.ID)+"/refuse", url.Values{"ground": {string(GroundIdentity)}, "motive": {"probe"}}); err != nil || a.Status >= 400 {
		return seen, probe.Unseen(tpDark, "/refuse", a.Status)
	}
	body, err := s.Letter(ctx, core.Canary{Person: r.Person}, "rights.refusal")
	if err != nil {
		return probe.Broken(1, 1, tpUnsent), nil
	}
	if !strings.Contains(body, name) || !strings.Contains(body, address) {
		return probe.Broken(1, 1, tpMute, "rights.refusal"), nil
	}
	page, err := probe.Get(ctx, s.Visitor(), followPath.FindString(body))
	if err != nil {
		return seen, err
	}
	for _, part := range strings.FieldsFunc(name+" "+address, func(r rune) bool { return r == '\'' || r == '"' || r == '&' || r == ' ' }) {
		if !strings.Contains(page.Body, part) {
			return probe.Broken(1, 1, tpMute, "/rights/follow/"), nil
		}
	}
	seen = probe.Held(1, 1, tpAuthorityHeld, name)
	seen.Settings = map[string]string{"contact.authority": name, "contact.authority_address": address}
	return seen, nil
}

var (
	qAge      = db.SQL(`UPDATE rights_request SET due_at = $3 WHERE org = $1 AND id = $2 AND trial = 1`)
	qLateOnes = db.SQL(`SELECT count(*) FROM rights_request WHERE trial = 0 AND state = 'open' AND proof <> 'doubted' AND due_at < $1`)
	qLateTold = db.SQL(`SELECT count(*) FROM rights_request r WHERE trial = 0 AND state = 'open' AND proof <> 'doubted' AND due_at < $1
		AND EXISTS (SELECT 1 FROM rights_notice n WHERE n.org = r.org AND n.request = r.id AND n.step = 'late')`)
	qMarked = db.SQL(`SELECT count(*) FROM rights_notice WHERE org = $1 AND request = $2 AND step = 'late'`)
)

// seeLate lets time pass over a canary's request.
func (m *Module) seeLate(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	officer, err := s.Canary(ctx, "privacy")
	if err != nil {
		return seen, err
	}
	r, status, err := m.files(ctx, s, officer, Portability)
	if err != nil {
		return seen, err
	}
	if r.ID == "" {
		return seen, probe.Unseen(tpDark, canaryDesk, status)
	}
	err = m.needs.Gate.Keep(ctx, Trial, func(tx core.Tx) error {
		_, err := tx.Exec(ctx, qAge, r.Org, r.ID, clock.Micros(m.now().Add(-time.Hour)))
		return err
	})
	if err != nil {
		return seen, err
	}
	if err := m.remind(core.WithActor(ctx, core.System("rights.remind")), r.ID); err != nil {
		return seen, err
	}
	if _, err := s.Letter(ctx, officer, "rights.late"); err != nil {
		return probe.Broken(1, 1, tpUntold), nil
	}
	var marked, late, told int
	before := clock.Micros(m.now().AddDate(0, 0, -2))
	err = m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		if marked, _, err = db.One(ctx, tx, qMarked, db.Value[int], r.Org, r.ID); err != nil {
			return err
		}
		if late, _, err = db.One(ctx, tx, qLateOnes, db.Value[int], before); err != nil {
			return err
		}
		told, _, err = db.One(ctx, tx, qLateTold, db.Value[int], before)
		return err
	})
	switch {
	case err != nil:
		return seen, err
	case marked == 0:
		return probe.Broken(1, 1, tpUnmarked), nil
	case told < late:
		return probe.Broken(late, late, tpForgot, late-told, late), nil
	}
	return probe.Held(late+1, late+1, tpLateHeld, late), nil
}
