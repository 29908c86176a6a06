package offboarding

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
	"github.com/rempart/rempart/kit/probe"
)

// The states of an end of contract.
const (
	Leaving   = "leaving"
	Cancelled = "cancelled"
	Closing   = "closing"
	Erased    = "erased"
	Ended     = "ended"
)

var (
	errAbsent   = i18n.Fault(core.NotFound, "offboarding.absent", "Aucune fin de contrat n'est fixée.", "No end of contract is set.")
	errAlready  = i18n.Fault(core.Conflict, "offboarding.already", "Une fin de contrat est déjà fixée.", "An end of contract is set already.")
	errTooLate  = i18n.Fault(core.Conflict, "offboarding.too_late", "Le terme est passé : la fin de contrat ne peut plus changer.", "The date has passed: the end of the contract can no longer change.")
	errProvider = i18n.Fault(core.Invalid, "offboarding.provider", "Le contrat du fournisseur avec lui-même ne prend pas fin.", "The provider has no contract with itself to end.")
	errDraft    = i18n.Fault(core.Invalid, "offboarding.invalid", "La demande n'est pas complète.", "The request is not complete.")
	errJudged   = i18n.Fault(core.Conflict, "offboarding.judged", "Cette demande de délai est déjà jugée.", "This request for more time is judged already.")
	reasonWhy   = i18n.Reason("offboarding.reason", "Dites pourquoi, en 10 à 1000 caractères.", "Say why, in 10 to 1000 characters.")
	reasonDate  = i18n.Reason("offboarding.date", "La date doit être au plus tôt le %s.", "The date must be %s at the earliest.")
	reasonLater = i18n.Reason("offboarding.later", "La nouvelle date doit suivre le terme actuel, d'un an au plus.", "The new date must follow the present one, by a year at most.")

	mailBegun     = i18n.T("Fin de contrat de %s", "End of contract of %s")
	mailBegunText = i18n.T("Le contrat de %s prend fin. Jusqu'au %s, tout peut être lu et emporté ; rien ne peut plus être modifié. Ensuite, tout est effacé, sauf ce que la loi demande de garder.\n\nTout emporter, demander plus de temps ou renoncer : %s",
		"The contract of %s is ending. Until %s everything can be read and taken away; nothing can be changed any more. After that everything is erased, but for what the law asks to keep.\n\nTake everything away, ask for more time or call it off: %s")
	mailSoon     = i18n.T("%s : plus que %d jour(s) pour tout emporter", "%s: %d day(s) left to take everything away")
	mailOff      = i18n.T("La fin de contrat de %s est annulée", "The end of contract of %s is cancelled")
	mailOffText  = i18n.T("Rien n'est effacé ; tout peut de nouveau être modifié : %s", "Nothing is erased; everything can be changed again: %s")
	mailMore     = i18n.T("Délai accordé pour %s", "More time granted for %s")
	mailMoreText = i18n.T("La date de fin est maintenant le %s : %s", "The end is now on %s: %s")
	mailLess     = i18n.T("Délai refusé pour %s", "More time refused for %s")
	mailLessText = i18n.T("La date de fin reste le %s : %s", "The end stays on %s: %s")
	mailEnd      = i18n.T("Les données de %s ont été effacées", "The data of %s were erased")
	mailEndText  = i18n.T("Le contrat a pris fin : les données de l'organisation sont effacées et ses clés détruites. Ce que la loi demande de garder l'est sept ans, à part. Le fournisseur tient le certificat à votre disposition.",
		"The contract has ended: the organization's data are erased and its keys destroyed. What the law asks to keep is kept apart for seven years. The provider holds the certificate at your disposal.")
)

const columns = `id, org, state, asked_in, asked_by, asked_at, ends_at, reason, name, told, held, ended_at, certificate, entry`

var (
	qAdd    = db.SQL(`INSERT INTO offboarding_leaving (` + columns + `) VALUES ($1, $2, 'leaving', $3, $4, $5, $6, $7, $8, 0, '', 0, $9, '')`)
	qLive   = db.SQL(`SELECT ` + columns + ` FROM offboarding_leaving WHERE org = $1 AND state IN ('leaving', 'closing', 'erased')`)
	qAll    = db.SQL(`SELECT ` + columns + ` FROM offboarding_leaving ORDER BY CASE WHEN state IN ('leaving', 'closing', 'erased') THEN 0 ELSE 1 END, ends_at LIMIT 500`)
	qOne    = db.SQL(`SELECT ` + columns + ` FROM offboarding_leaving WHERE id = $1`)
	qOpen   = db.SQL(`SELECT ` + columns + ` FROM offboarding_leaving WHERE state IN ('leaving', 'closing', 'erased') ORDER BY ends_at LIMIT 200`)
	qCancel = db.SQL(`UPDATE offboarding_leaving SET state = 'cancelled', ended_at = $2 WHERE id = $1 AND state = 'leaving'`)
	qDelay  = db.SQL(`UPDATE offboarding_leaving SET ends_at = $2, told = 0 WHERE id = $1 AND state = 'leaving'`)
	qTold   = db.SQL(`UPDATE offboarding_leaving SET told = $2 WHERE id = $1`)
	qHeldBy = db.SQL(`UPDATE offboarding_leaving SET held = $2 WHERE id = $1`)
	qState  = db.SQL(`UPDATE offboarding_leaving SET state = $3 WHERE id = $1 AND state = $2`)
	qEnd    = db.SQL(`UPDATE offboarding_leaving SET state = 'erased', held = '', ended_at = $2, certificate = $3, entry = $4 WHERE id = $1 AND state = 'closing'`)

	extension  = `id, org, leaving, until_at, state, asked_by, asked_at, reason, judged_by, judged_at, word`
	qAddMore   = db.SQL(`INSERT INTO offboarding_extension (` + extension + `) VALUES ($1, $2, $3, $4, 'asked', $5, $6, $7, '', 0, $8)`)
	qMore      = db.SQL(`SELECT ` + extension + ` FROM offboarding_extension WHERE leaving = $1 ORDER BY id DESC LIMIT 50`)
	qOneMore   = db.SQL(`SELECT ` + extension + ` FROM offboarding_extension WHERE id = $1`)
	qJudge     = db.SQL(`UPDATE offboarding_extension SET state = $2, judged_by = $3, judged_at = $4, word = $5 WHERE id = $1 AND state = 'asked'`)
	qLapseMore = db.SQL(`UPDATE offboarding_extension SET state = 'refused', judged_at = $2 WHERE leaving = $1 AND state = 'asked'`)
)

// End is the end of the contract of an organization.
type End struct {
	ID, Org, In, By core.ID
	Name            string
	State           string
	Asked, Ends     time.Time
	Reason          string
	Held            string // ids of the holds that stop it
	Over            time.Time
	Entry           core.ID
	told            int64
	sealed, named   []byte
	certificate     []byte
}

// Left is how many days are left at a time, the last one counted whole.
func (e End) Left(now time.Time) int {
	return int(max(0, (e.Ends.Sub(now)+24*time.Hour-1)/(24*time.Hour)))
}

// Live tells whether the contract is ending.
func (e End) Live() bool { return e.State == Leaving || e.State == Closing || e.State == Erased }

func scanEnd(scan db.Scan) (e End, err error) {
	var asked, ends, over int64
	err = scan(&e.ID, &e.Org, &e.State, &e.In, &e.By, &asked, &ends, &e.sealed, &e.named, &e.told, &e.Held, &over, &e.certificate, &e.Entry)
	e.Asked, e.Ends, e.Over = clock.FromMicros(asked), clock.FromMicros(ends), clock.FromMicros(over)
	return e, err
}

// More is a request for more time.
type More struct {
	ID, Org, Leaving, By, Judge core.ID
	Until, Asked, Judged        time.Time
	State, Reason, Word         string
	sealed, answer              []byte
}

func scanMore(scan db.Scan) (x More, err error) {
	var until, asked, judged int64
	err = scan(&x.ID, &x.Org, &x.Leaving, &until, &x.State, &x.By, &asked, &x.sealed, &x.Judge, &judged, &x.answer)
	x.Until, x.Asked, x.Judged = clock.FromMicros(until), clock.FromMicros(asked), clock.FromMicros(judged)
	return x, err
}

func (m *Module) seal(ctx context.Context, place string, row core.ID, plain string) ([]byte, error) {
	return m.needs.Sealer.Seal(ctx, core.Platform, place+"/"+string(row), []byte(plain))
}

func (m *Module) open(ctx context.Context, place string, row core.ID, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	plain, err := m.needs.Sealer.Open(ctx, core.Platform, place+"/"+string(row), sealed)
	return string(plain), err
}

const (
	placeReason = "offboarding_leaving.reason"
	placeName   = "offboarding_leaving.name"
	placeProof  = "offboarding_leaving.certificate"
	placeMore   = "offboarding_extension.reason"
	placeWord   = "offboarding_extension.word"
)

func (m *Module) unseal(ctx context.Context, e *End) (err error) {
	if e.Reason, err = m.open(ctx, placeReason, e.ID, e.sealed); err != nil {
		return err
	}
	e.Name, err = m.open(ctx, placeName, e.ID, e.named)
	return err
}

func stated(text string) bool {
	n := utf8.RuneCountInString(strings.TrimSpace(text))
	return n >= 10 && n <= 1000
}

// Draft is an end of contract to set.
type Draft struct {
	Ends   time.Time // zero: as soon as the delay allows
	Reason string
}

// Earliest is the first date at which a contract that ends now can be over.
func (m *Module) Earliest(ctx context.Context, tx core.Tx) (time.Time, error) {
	days, found, err := m.needs.Days.Days(ctx, tx, core.Platform, "offboarding.days")
	if !found {
		days = 30
	}
	return m.now().AddDate(0, 0, days), err
}

// Begin sets the end of a contract. in is Platform when the provider does, the organization when its administrator does.
func (m *Module) Begin(ctx context.Context, in, org core.ID, d Draft) (core.ID, error) {
	if org == core.Platform {
		return "", errProvider
	}
	def := Ask
	if in == core.Platform {
		def = Set
	}
	if !stated(d.Reason) {
		return "", errDraft.With("reason", reasonWhy)
	}
	now := m.now()
	id := ids.At(now)
	reason, err := m.seal(ctx, placeReason, id, strings.TrimSpace(d.Reason))
	if err != nil {
		return "", err
	}
	act := &core.Act{Def: def, Org: in, Resource: org, Note: d.Reason}
	err = m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		o, err := m.needs.Places.Org(ctx, tx, org)
		if err != nil {
			return err
		}
		first, err := m.Earliest(ctx, tx)
		if err != nil {
			return err
		}
		ends := d.Ends
		if ends.IsZero() {
			ends = first
		}
		if ends.Before(first.Add(-24 * time.Hour)) {
			return errDraft.With("ends", reasonDate, first.Format(time.DateOnly))
		}
		name, err := m.seal(ctx, placeName, id, o.Name)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qAdd, id, org, in, core.ActorOf(ctx).ID, clock.Micros(now), clock.Micros(ends), reason, name, []byte{})
		if db.Duplicate(err) {
			return errAlready
		}
		if err != nil {
			return err
		}
		act.Changed("ends_at", "", ends.Format(time.DateOnly))
		return m.tell(ctx, tx, org, "offboarding.begun", probe.Text(mailBegun, o.Name),
			probe.Text(mailBegunText, o.Name, ends.Format(time.DateOnly), m.address(org)))
	})
	return id, err
}

func (m *Module) address(org core.ID) string {
	return m.needs.Origin + "/o/" + string(org) + "/offboarding"
}

// tell writes to the administrators.
func (m *Module) tell(ctx context.Context, tx core.Tx, org core.ID, kind string, subject, body core.Text) error {
	admins, err := m.needs.Rights.Holders(ctx, tx, org, "admin")
	if err != nil {
		return err
	}
	for _, p := range admins {
		if err := m.needs.People.Send(ctx, tx, p, kind, subject, body); err != nil {
			return err
		}
	}
	return nil
}

// live gives the end under way of an organization, in which it can still be changed.
func (m *Module) live(ctx context.Context, tx core.Tx, org core.ID) (End, error) {
	e, found, err := db.One(ctx, tx, qLive, scanEnd, org)
	switch {
	case err != nil:
		return e, err
	case !found:
		return e, errAbsent
	case e.State != Leaving || !e.Ends.After(m.now()):
		return e, errTooLate
	}
	return e, m.unseal(ctx, &e)
}

// Cancel calls the end off before its date: the provider, or the organization.
func (m *Module) Cancel(ctx context.Context, in, org core.ID, why string) error {
	def := CallOff
	if in == core.Platform {
		def = Stop
	}
	if !stated(why) {
		return errDraft.With("reason", reasonWhy)
	}
	act := &core.Act{Def: def, Org: in, Resource: org, Note: why}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		e, err := m.live(ctx, tx, org)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qCancel, e.ID, clock.Micros(m.now())); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qLapseMore, e.ID, clock.Micros(m.now())); err != nil {
			return err
		}
		act.Changed("state", Leaving, Cancelled)
		return m.tell(ctx, tx, org, "offboarding.cancelled", probe.Text(mailOff, e.Name), probe.Text(mailOffText, m.address(org)))
	})
}

// AskMore asks for more time.
func (m *Module) AskMore(ctx context.Context, org core.ID, until time.Time, why string) (core.ID, error) {
	if !stated(why) {
		return "", errDraft.With("reason", reasonWhy)
	}
	now := m.now()
	id := ids.At(now)
	reason, err := m.seal(ctx, placeMore, id, strings.TrimSpace(why))
	if err != nil {
		return "", err
	}
	act := &core.Act{Def: Extend, Org: org, Resource: id, Note: why}
	return id, m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		e, err := m.live(ctx, tx, org)
		if err != nil {
			return err
		}
		if !until.After(e.Ends) || until.After(e.Ends.AddDate(1, 0, 0)) {
			return errDraft.With("until", reasonLater)
		}
		act.Changed("ends_at", e.Ends.Format(time.DateOnly), until.Format(time.DateOnly))
		_, err = tx.Exec(ctx, qAddMore, id, org, e.ID, clock.Micros(until), core.ActorOf(ctx).ID, clock.Micros(now), reason, []byte{})
		return err
	})
}

// Decide grants or refuses more time, with a word.
func (m *Module) Decide(ctx context.Context, id core.ID, grant bool, word string) error {
	if !stated(word) {
		return errDraft.With("word", reasonWhy)
	}
	sealed, err := m.seal(ctx, placeWord, id, strings.TrimSpace(word))
	if err != nil {
		return err
	}
	act := &core.Act{Def: Judge, Org: core.Platform, Resource: id, Note: word}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		x, found, err := db.One(ctx, tx, qOneMore, scanMore, id)
		if err != nil {
			return err
		}
		if !found {
			return errAbsent
		}
		e, err := m.live(ctx, tx, x.Org)
		if err != nil {
			return err
		}
		state := "refused"
		if grant {
			state = "granted"
		}
		n, err := tx.Exec(ctx, qJudge, id, state, core.ActorOf(ctx).ID, clock.Micros(m.now()), sealed)
		if err != nil {
			return err
		}
		if n == 0 {
			return errJudged
		}
		act.Changed("state", "asked", state)
		if !grant {
			return m.tell(ctx, tx, x.Org, "offboarding.refused", probe.Text(mailLess, e.Name), probe.Text(mailLessText, e.Ends.Format(time.DateOnly), m.address(x.Org)))
		}
		act.Changed("ends_at", e.Ends.Format(time.DateOnly), x.Until.Format(time.DateOnly))
		if _, err := tx.Exec(ctx, qDelay, e.ID, clock.Micros(x.Until)); err != nil {
			return err
		}
		return m.tell(ctx, tx, x.Org, "offboarding.granted", probe.Text(mailMore, e.Name), probe.Text(mailMoreText, x.Until.Format(time.DateOnly), m.address(x.Org)))
	})
}

// State is what a page shows of the end of a contract.
type State struct {
	End      End
	Set      bool // whether one is under way
	More     []More
	Earliest time.Time
	Name     string
}

// State gives how an organization stands; in is Platform for the provider's eyes.
func (m *Module) State(ctx context.Context, in, org core.ID) (s State, err error) {
	def := Read
	if in == core.Platform {
		def = List
	}
	err = m.needs.Gate.Read(ctx, &core.Act{Def: def, Org: in, Resource: org}, func(tx core.Tx) (err error) {
		s, err = m.state(ctx, tx, org)
		return err
	})
	return s, err
}

func (m *Module) state(ctx context.Context, tx core.Tx, org core.ID) (s State, err error) {
	if s.Earliest, err = m.Earliest(ctx, tx); err != nil {
		return s, err
	}
	if s.End, s.Set, err = db.One(ctx, tx, qLive, scanEnd, org); err != nil {
		return s, err
	}
	if !s.Set {
		o, err := m.needs.Places.Org(ctx, tx, org)
		s.Name = o.Name
		return s, err
	}
	if err := m.unseal(ctx, &s.End); err != nil {
		return s, err
	}
	s.Name = s.End.Name
	if s.More, err = db.All(ctx, tx, qMore, scanMore, s.End.ID); err != nil {
		return s, err
	}
	for i := range s.More {
		x := &s.More[i]
		if x.Reason, err = m.open(ctx, placeMore, x.ID, x.sealed); err != nil {
			return s, err
		}
		if x.Word, err = m.open(ctx, placeWord, x.ID, x.answer); err != nil {
			return s, err
		}
	}
	return s, nil
}

// All lists the ends of contract, those under way first, and the organizations that have none.
func (m *Module) All(ctx context.Context) (list []End, rest []core.Organization, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: List, Org: core.Platform}, func(tx core.Tx) error {
		rest = nil
		if list, err = db.All(ctx, tx, qAll, scanEnd); err != nil {
			return err
		}
		leaving := map[core.ID]bool{}
		for i := range list {
			if err := m.unseal(ctx, &list[i]); err != nil {
				return err
			}
			leaving[list[i].Org] = leaving[list[i].Org] || list[i].Live()
		}
		for after := core.ID(""); ; {
			orgs, err := m.needs.Places.AllOrgs(ctx, tx, after, 500)
			if err != nil || len(orgs) == 0 {
				return err
			}
			for _, o := range orgs {
				if after = o.ID; !leaving[o.ID] && o.State == "active" {
					rest = append(rest, o)
				}
			}
		}
	})
	return list, rest, err
}
