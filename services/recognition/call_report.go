package recognition

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/number"
)

var (
	errExtension = i18n.Fault(core.NotFound, "call.extension", "Ce poste n'est attribué à personne.", "This extension is assigned to nobody.")
	errCallForm  = i18n.Fault(core.Invalid, "call.form", "Cet appel ne peut pas être lu.", "This call cannot be read.")
	errNoCall    = i18n.Fault(core.NotFound, "call.absent", "Cet appel n'existe pas, ou n'est pas le vôtre.", "This call does not exist, or is not yours.")
)

// refField is the exchange's own id of a call: a long random text on most, found by equality alone.
var refField = core.IndexField{Name: "recognition_call.ref", Version: 1, Bits: 40, Normalise: func(s string) (string, error) {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:]), nil
}}

// longest are the most characters kept of what an exchange says.
const longest = 256

func tidy(s string) string { return tidyTo(s, longest) }

// tidyTo keeps the beginning of what somebody else's program says, without what is not seen: a mark of direction would have a caller's
// name read otherwise than it is written.
func tidyTo(s string, most int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	if runes := []rune(s); len(runes) > most {
		s = strings.TrimSpace(string(runes[:most]))
	}
	return s
}

// report keeps one event. from is the exchange that told it; "" for one told by a program, which may speak of any extension.
func (m *Module) report(ctx context.Context, org, from core.ID, e line.Event) error {
	if e.Call = tidy(e.Call); e.Call == "" || !slices.Contains([]line.State{line.Ringing, line.Answered, line.Ended, line.Missed, line.Elsewhere}, e.State) {
		return errCallForm
	}
	act, said := &core.Act{Def: ReportCall, Org: org}, ""
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		phone, region, err := m.phoneOf(ctx, tx, org, from, tidy(e.Extension))
		if err != nil {
			return err
		}
		act.Subject = phone.Person
		ref, err := m.needs.Index.Indexes(ctx, org, refField, string(phone.line)+"\x00"+e.Call)
		if err != nil {
			return err
		}
		r, found, err := m.callByRef(ctx, tx, org, phone.Person, ref)
		if err != nil {
			return err
		}
		n := concealed(&e, region)
		said = "the exchange says " + string(e.State) + " on " + e.Extension + ", from " + e.Remote
		if found && !r.Live() && e.State == line.Ringing && m.when(e.At).Sub(r.Ended) > again {
			found = false // exchanges that number their calls begin anew after a restart
			if err := m.release(ctx, tx, r); err != nil {
				return err
			}
		}
		if !found {
			r = callRow{Call: Call{
				ID: ids.At(m.now()), Org: org, Person: phone.Person, Line: phone.line, Extension: phone.Extension, Outgoing: e.Outgoing, Own: e.Own,
				Began: m.when(e.At),
			}, ref: e.Call}
		}
		act.Resource = r.ID
		if found && !m.turns(r, e) {
			return nil // told twice, or late
		}
		m.bring(&r, e, n)
		if found {
			return m.changeCall(ctx, tx, r, e.Hidden)
		}
		return m.addCall(ctx, tx, r, ref[0], n)
	})
	if said != "" {
		m.Trace(ctx, org, TraceCalls+string(act.Subject), said)
	}
	return err
}

// again is how long after its end a call's id may stand for another call.
const again = time.Minute

// release takes the exchange's id away from a call that ended, for another that has the same.
func (*Module) release(ctx context.Context, tx core.Tx, r callRow) error {
	free := make([]byte, 32)
	if _, err := rand.Read(free); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, qReleaseRef, r.Org, r.ID, free)
	return err
}

// concealed takes away all that an exchange leaked of a caller who asked for privacy, before anything looks at it.
func concealed(e *line.Event, region string) number.Number {
	n := number.Parse(tidy(e.Remote), region)
	if !e.Outgoing && n.Kind == number.Masked {
		e.Hidden = true
	}
	if e.Hidden {
		e.Remote, e.Display = "", ""
		return number.Number{Kind: number.Masked}
	}
	return n
}

func (m *Module) when(at time.Time) time.Time {
	if now := m.now(); at.IsZero() || at.After(now) || now.Sub(at) > time.Hour {
		return now
	}
	return at
}

func (m *Module) callByRef(ctx context.Context, tx core.Tx, org, person core.ID, refs [][]byte) (r callRow, found bool, err error) {
	for _, ref := range refs {
		if r, found, err = db.One(ctx, tx, qCallRef, scanCall, org, person, ref); err != nil || found {
			break
		}
	}
	if err != nil || !found {
		return r, false, err
	}
	return r, true, m.openCall(ctx, &r)
}

// turns tells whether an event says something new: a call never goes back, and one that ended stays so.
func (*Module) turns(r callRow, e line.Event) bool {
	if e.Hidden && !r.Hidden {
		return true
	}
	switch e.State {
	case line.Ringing:
		return false
	case line.Answered:
		return r.State == line.Ringing
	}
	return r.Live()
}

// bring brings a call to the state of an event.
func (m *Module) bring(r *callRow, e line.Event, n number.Number) {
	now := m.when(e.At)
	if e.Hidden {
		r.Hidden, r.Remote, r.Display, r.Automated, r.Cards, r.Company = true, "", "", false, nil, false
	} else if r.Remote == "" && !r.Hidden {
		r.Remote, r.Display, r.Automated = tidy(e.Remote), tidy(e.Display), n.Automated
		if n.Kind == number.E164 {
			r.Remote = n.E164
		}
	}
	if r.State == "" || r.Live() {
		r.State = e.State
	}
	switch {
	case e.State == line.Answered:
		r.Answered = now
	case e.State == line.Ended && r.Answered.IsZero() && !r.Outgoing:
		r.State = line.Missed
	}
	if !r.Live() && r.Ended.IsZero() {
		r.Ended = now
	}
	r.Changed = m.now()
}

// addCall keeps a call of which nothing was known, and looks its caller up: once, and never one who hides.
func (m *Module) addCall(ctx context.Context, tx core.Tx, r callRow, ref []byte, n number.Number) error {
	if !r.Hidden && n.Kind == number.E164 {
		var err error
		if r.Cards, err = m.Find(ctx, tx, r.Org, n); err != nil {
			return err
		}
	}
	if err := m.sealCall(ctx, &r); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, qAddCall, r.Org, r.ID, r.Person, r.Line, string(r.State), r.Outgoing, r.Own, r.Hidden,
		clock.Micros(r.Began), clock.Micros(r.Answered), clock.Micros(r.Ended), clock.Micros(r.Changed), r.details, []byte{}, ref)
	if err != nil {
		return err
	}
	if err := m.keepKnown(ctx, tx, r); err != nil {
		return err
	}
	m.announce(tx, r)
	return nil
}

func (m *Module) changeCall(ctx context.Context, tx core.Tx, r callRow, hide bool) error {
	if err := m.sealCall(ctx, &r); err != nil {
		return err
	}
	if hide {
		if _, err := tx.Exec(ctx, qDropKnown, r.Org, r.ID); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, qTurnCall, r.Org, r.ID, string(r.State), clock.Micros(r.Answered), clock.Micros(r.Ended), clock.Micros(r.Changed), r.Hidden, r.details)
	m.announce(tx, r)
	return err
}

// announce tells the person's open pages, by ids alone.
func (*Module) announce(tx core.Tx, r callRow) {
	tx.Notify(callTopic, string(r.Org)+" "+string(r.Person)+" "+string(r.ID))
}
