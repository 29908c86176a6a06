package retention

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
)

var (
	errNoHold  = i18n.Fault(core.NotFound, "hold.absent", "Cette conservation imposée n'existe pas.", "There is no such legal hold.")
	errLifted  = i18n.Fault(core.Conflict, "hold.lifted", "Cette conservation imposée est déjà levée.", "This legal hold is lifted already.")
	errNobody  = i18n.Fault(core.NotFound, "hold.nobody", "Cette personne n'est pas membre de l'organisation.", "This person is no member of the organization.")
	errHold    = i18n.Fault(core.Invalid, "hold.invalid", "La conservation imposée n'est pas complète.", "The legal hold is not complete.")
	reasonWhy  = i18n.Reason("hold.ground", "Dites le fondement ou l'affaire, en 10 à 1000 caractères.", "State the ground or the case, in 10 to 1000 characters.")
	reasonSoon = i18n.Reason("hold.review", "Donnez une date de revue dans l'année qui vient.", "Give a review date within a year from now.")
	reasonEnd  = i18n.Reason("hold.end", "La fin doit être à venir.", "The end must lie ahead.")
	reasonOf   = i18n.Reason("hold.scope", "Choisissez une organisation ou donnez une personne.", "Choose an organization or give a person.")
)

// Draft is a hold to place.
type Draft struct {
	Org    core.ID // whose rows; Platform for a person everywhere
	Person core.ID // "" for everybody of Org
	Ground string
	Review time.Time
	Ends   time.Time // zero: until it is lifted
}

// maxReview is how long a hold can stand without anybody looking at it again.
const maxReview = 366 * 24 * time.Hour

func (d Draft) check(now time.Time) error {
	bad := errHold
	if n := utf8.RuneCountInString(strings.TrimSpace(d.Ground)); n < 10 || n > 1000 {
		bad = bad.With("ground", reasonWhy)
	}
	if !d.Review.After(now) || d.Review.Sub(now) > maxReview {
		bad = bad.With("review", reasonSoon)
	}
	if !d.Ends.IsZero() && !d.Ends.After(now) {
		bad = bad.With("ends", reasonEnd)
	}
	if d.Org == core.Platform && d.Person == "" {
		bad = bad.With("person", reasonOf)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

const (
	placeGround = "retention_hold.ground"
	placeWhy    = "retention_hold.why"
	placeRow    = "retention_archive.sealed"
)

func (m *Module) seal(ctx context.Context, owner core.ID, place string, row core.ID, plain string) ([]byte, error) {
	return m.needs.Sealer.Seal(ctx, owner, place+"/"+string(row), []byte(plain))
}

// Place places a legal hold; in is the organization in which it is decided: Platform for the provider's own.
func (m *Module) Place(ctx context.Context, in core.ID, d Draft) (core.ID, error) {
	if in != core.Platform {
		d.Org = in
	}
	now := m.now()
	if err := d.check(now); err != nil {
		return "", err
	}
	id := ids.At(now)
	ground, err := m.seal(ctx, core.Platform, placeGround, id, strings.TrimSpace(d.Ground))
	if err != nil {
		return "", err
	}
	mark, err := m.mark(ctx, d.Person)
	if err != nil {
		return "", err
	}
	act := &core.Act{Def: PlaceHold, Org: in, Resource: id, Subject: d.Person, Note: d.Ground}
	act.Changed("org", "", string(d.Org))
	return id, m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		if in != core.Platform && d.Person != "" { // an organization holds its own people only
			if is, err := m.belongs(ctx, tx, in, d.Person); err != nil {
				return err
			} else if !is {
				return errNobody
			}
		}
		_, err := tx.Exec(ctx, qAddHold, id, d.Org, d.Person, mark, ground, clock.Micros(now), clock.Micros(d.Review), clock.Micros(d.Ends), in, core.ActorOf(ctx).ID, []byte{})
		return err
	})
}

func (m *Module) belongs(ctx context.Context, tx core.Tx, org, person core.ID) (bool, error) {
	list, err := m.needs.Places.Memberships(ctx, tx, person)
	for _, p := range list {
		if p.Org == org {
			return true, err
		}
	}
	return false, err
}

// Lift ends a hold, with a reason.
func (m *Module) Lift(ctx context.Context, in, id core.ID, why string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(why)); n < 10 || n > 1000 {
		return errHold.With("why", reasonWhy)
	}
	sealed, err := m.seal(ctx, core.Platform, placeWhy, id, strings.TrimSpace(why))
	if err != nil {
		return err
	}
	act := &core.Act{Def: LiftHold, Org: in, Resource: id, Note: why}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		h, found, err := db.One(ctx, tx, qHold, scanHold, id)
		if err != nil {
			return err
		}
		if !found || in != core.Platform && h.Org != in {
			return errNoHold
		}
		if in != core.Platform && h.In == core.Platform { // what the provider holds, the provider lifts
			return errNoHold
		}
		act.Subject = h.Person
		n, err := tx.Exec(ctx, qLift, id, clock.Micros(m.now()), core.ActorOf(ctx).ID, sealed)
		if err == nil && n == 0 {
			err = errLifted
		}
		return err
	})
}

// Holds lists the holds that an organization can see, with the names of the persons that they cover.
func (m *Module) Holds(ctx context.Context, in core.ID) (list []Hold, names map[core.ID]string, err error) {
	act := &core.Act{Def: ReadHolds, Org: in}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		if in == core.Platform {
			list, err = db.All(ctx, tx, qHolds, scanHold)
		} else {
			list, err = db.All(ctx, tx, qHoldsOf, scanHold, in)
		}
		if err != nil {
			return err
		}
		var who []core.ID
		for i := range list {
			if err := m.unseal(ctx, &list[i]); err != nil {
				return err
			}
			who = append(who, list[i].Person, list[i].By)
			if list[i].Person != "" {
				act.Subjects = append(act.Subjects, list[i].Person)
			}
		}
		names, err = m.names(ctx, tx, who...)
		return err
	})
	return list, names, err
}

func (m *Module) names(ctx context.Context, tx core.Tx, who ...core.ID) (map[core.ID]string, error) {
	people, err := m.needs.People.People(ctx, tx, who...)
	names := make(map[core.ID]string, len(people))
	for id, p := range people {
		names[id] = p.Name()
	}
	return names, err
}

func (m *Module) unseal(ctx context.Context, h *Hold) error {
	plain, err := m.needs.Sealer.Open(ctx, core.Platform, placeGround+"/"+string(h.ID), h.sealed)
	h.Ground = string(plain)
	return err
}

// Held implements personal.Holds.
func (m *Module) Held(ctx context.Context, tx core.Tx, org, person core.ID) ([]personal.Hold, error) {
	live, err := db.All(ctx, tx, qLiveHolds, scanHold, clock.Micros(m.now()))
	if err != nil || len(live) == 0 {
		return nil, err
	}
	var out []personal.Hold
	for _, h := range live {
		covers := h.Person == person && (org == "" || h.Org == org || h.Org == core.Platform)
		if h.Person == "" && (org == "" || h.Org == org) {
			if covers, err = m.among(ctx, tx, h.Org, person); err != nil {
				return nil, err
			}
		}
		if !covers {
			continue
		}
		if err := m.unseal(ctx, &h); err != nil {
			return nil, err
		}
		out = append(out, personal.Hold{ID: h.ID, Org: h.Org, Person: h.Person, Ground: h.Ground, Since: h.Since})
	}
	return out, nil
}

// OrgHeld gives the holds that forbid erasing an organization: on it, and on any one of its people there.
func (m *Module) OrgHeld(ctx context.Context, tx core.Tx, org core.ID) ([]personal.Hold, error) {
	live, err := db.All(ctx, tx, qLiveHolds, scanHold, clock.Micros(m.now()))
	if err != nil {
		return nil, err
	}
	var out []personal.Hold
	for _, h := range live {
		covers := h.Org == org
		if !covers && h.Org == core.Platform {
			if covers, err = m.among(ctx, tx, org, h.Person); err != nil {
				return nil, err
			}
		}
		if covers {
			if err := m.unseal(ctx, &h); err != nil {
				return nil, err
			}
			out = append(out, personal.Hold{ID: h.ID, Org: h.Org, Person: h.Person, Ground: h.Ground, Since: h.Since})
		}
	}
	return out, nil
}

// among tells whether a person is or was a member of an organization, as far as it still knows.
func (m *Module) among(ctx context.Context, tx core.Tx, org, person core.ID) (bool, error) {
	for after := core.ID(""); ; {
		list, err := m.needs.Places.Ever(ctx, tx, org, after, 500)
		if err != nil || len(list) == 0 {
			return false, err
		}
		for _, p := range list {
			if p == person {
				return true, nil
			}
			after = p
		}
	}
}

// held gives the function that a sweep asks for each row; nil when nothing is held.
func (m *Module) held(ctx context.Context, tx core.Tx) (func(org, person core.ID) bool, error) {
	live, err := db.All(ctx, tx, qLiveHolds, scanHold, clock.Micros(m.now()))
	if err != nil || len(live) == 0 {
		return nil, err
	}
	orgs := map[core.ID]bool{}
	type one struct{ org, person core.ID }
	people := map[one]bool{}
	for _, h := range live {
		if h.Person != "" {
			people[one{h.Org, h.Person}] = true
			people[one{core.Platform, h.Person}] = true // what belongs to no organization
			continue
		}
		orgs[h.Org] = true
		for after := core.ID(""); ; {
			list, err := m.needs.Places.Ever(ctx, tx, h.Org, after, 500)
			if err != nil {
				return nil, err
			}
			if len(list) == 0 {
				break
			}
			for _, p := range list {
				people[one{core.Platform, p}] = true
				after = p
			}
		}
	}
	everywhere := map[core.ID]bool{}
	for _, h := range live {
		if h.Org == core.Platform {
			everywhere[h.Person] = true
		}
	}
	return func(org, person core.ID) bool {
		return orgs[org] || person != "" && (people[one{org, person}] || everywhere[person])
	}, nil
}

// Known tells whether a hold stands that an organization may lift.
func (m *Module) Known(ctx context.Context, in, id core.ID) error {
	h, found, err := one(ctx, m.needs.Reader, qHold, scanHold, id)
	if err == nil && (!found || in != core.Platform && (h.Org != in || h.In == core.Platform)) {
		err = errNoHold
	}
	return err
}
