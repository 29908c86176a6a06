package recognition

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/pack"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/number"
)

// What an errand asks of the exchange.
const (
	verbDial   = "dial"
	verbHangup = "hangup"
)

// errandTopic wakes the node that speaks to an exchange; outcomeTopic tells who asked, by id and code.
const (
	errandTopic  = "recognition.errand"
	outcomeTopic = "recognition.outcome"
)

const (
	placeErrand = "recognition_errand.details/"
	// asks is how long a person waits for an answer of the exchange; what has not begun by then is dropped.
	asks = 15 * time.Second
)

var (
	qAddErrand  = db.SQL(`INSERT INTO recognition_errand (org, id, line, person, verb, details, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qErrands    = db.SQL(`SELECT org, id, line, person, verb, details, made_at FROM recognition_errand ORDER BY org, id LIMIT 100`)
	qTakeErrand = db.SQL(`DELETE FROM recognition_errand WHERE org = $1 AND id = $2`)
)

type errandRow struct {
	org, id, line, person core.ID
	verb                  string
	details               []byte
	made                  time.Time
	extension, what       string // the number, or the exchange's own id of the call
}

func scanErrand(scan db.Scan) (e errandRow, err error) {
	var made int64
	err = scan(&e.org, &e.id, &e.line, &e.person, &e.verb, &e.details, &made)
	e.made = clock.FromMicros(made)
	return e, err
}

// errand asks the node that speaks to the actor's exchange to dial or to hang up, and waits for what it answers.
func (m *Module) errand(ctx context.Context, org core.ID, verb, raw string, call core.ID) error {
	e := errandRow{org: org, id: ids.At(m.now()), person: core.ActorOf(ctx).ID, verb: verb}
	answer, forget := m.calls.told.await(e.id)
	defer forget()
	act := own(ctx, DialNumber, org, call)
	err := m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		region, err := m.phoneFor(ctx, tx, &e)
		if err != nil {
			return err
		}
		if verb == verbDial {
			if e.what, err = dialled(raw, region); err != nil {
				return err
			}
		} else if err := m.callFor(ctx, tx, &e, call); err != nil {
			return err
		}
		if e.details, err = m.needs.Sealer.Seal(ctx, e.person, placeErrand+string(e.id), pack.Texts(e.extension, e.what)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qAddErrand, org, e.id, e.line, e.person, verb, e.details, clock.Micros(m.now()))
		tx.Notify(errandTopic, string(e.id))
		return err
	})
	if err != nil {
		return err
	}
	select {
	case code := <-answer:
		return answeredBy(code)
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(asks):
		return errLineDown
	}
}

// phoneFor finds the actor's own phone, on an exchange that a node speaks to now.
func (m *Module) phoneFor(ctx context.Context, tx core.Tx, e *errandRow) (region string, err error) {
	phones, err := m.phones(ctx, tx, e.org)
	if err != nil {
		return "", err
	}
	for _, p := range phones {
		if p.Person == e.person {
			e.extension, e.line = p.Extension, p.line
			break
		}
	}
	if e.line == "" {
		return "", errNoPhone
	}
	r, found, err := db.One(ctx, tx, qOneLine, scanLine, e.org, e.line)
	if err != nil {
		return "", err
	}
	if !found || r.Paused || m.now().After(r.until) || r.Condition == conditionRefused {
		return "", errLineDown
	}
	return r.Region, m.openExchange(ctx, &r, false)
}

// callFor finds a live call of the actor's own.
func (m *Module) callFor(ctx context.Context, tx core.Tx, e *errandRow, call core.ID) error {
	r, found, err := db.One(ctx, tx, qOneCall, scanCall, e.org, e.person, call)
	if err == nil && (!found || !r.Live()) {
		err = errNoCall
	}
	if err != nil {
		return err
	}
	if err := m.openCall(ctx, &r); err != nil {
		return err
	}
	e.line, e.extension, e.what = r.Line, r.Extension, r.ref
	return nil
}

// dialled is a number as the exchange is given it.
func dialled(raw, region string) (string, error) {
	n := number.Parse(raw, region)
	digits := n.Digits
	if n.Kind == number.E164 {
		digits = n.E164
	}
	if digits == "" || n.Kind == number.Refused || n.Kind == number.Masked || strings.Trim(strings.TrimPrefix(digits, "+"), "0123456789*#") != "" {
		return "", errNumber.With("number", errNumber.Code)
	}
	if n.Hidden {
		digits = "#31#" + digits
	}
	return digits, nil
}

// doErrands does what was asked of the exchanges that this node speaks to.
func (s *switchboard) doErrands(ctx context.Context) error {
	var list []errandRow
	err := s.m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		list, err = db.All(ctx, tx, qErrands, scanErrand)
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range list {
		r, late := s.running[e.line], s.m.now().Sub(e.made) > asks
		if r == nil && !late {
			continue
		}
		taken := false
		err := s.m.needs.Gate.Keep(ctx, &errandDuty, func(tx core.Tx) error {
			n, err := tx.Exec(ctx, qTakeErrand, e.org, e.id)
			taken = n > 0
			return err
		})
		if err != nil {
			return err
		}
		if taken && !late {
			s.errands.Go(func() { s.m.carryOut(ctx, r, e) })
		}
	}
	return nil
}

// carryOut asks the exchange, and tells who waits.
func (m *Module) carryOut(ctx context.Context, r *runner, e errandRow) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := m.ask(ctx, r, e)
	code := ""
	switch {
	case err == nil:
	case errors.Is(err, line.ErrRefused):
		code = errLineNo.Code
	case errors.Is(err, line.ErrUnsupported):
		code = errImpossible.Code
	case errors.Is(err, line.ErrNoCall):
		code = errNoCall.Code
	default:
		code = errLineDown.Code
	}
	err = m.needs.Gate.Keep(context.WithoutCancel(ctx), &errandDuty, func(tx core.Tx) error {
		tx.Notify(outcomeTopic, string(e.id)+" "+code)
		return nil
	})
	if err != nil {
		m.needs.Log.WarnContext(ctx, "outcome not told", "line", e.line, "error", err.Error())
	}
}

func (m *Module) ask(ctx context.Context, r *runner, e errandRow) error {
	r.mu.Lock()
	l := r.line
	r.mu.Unlock()
	if l == nil {
		return line.ErrUnreachable
	}
	plain, err := m.needs.Sealer.Open(ctx, e.person, placeErrand+string(e.id), e.details)
	if err != nil {
		return err
	}
	if err := pack.Read(plain, &e.extension, &e.what); err != nil {
		return err
	}
	if e.verb == verbHangup {
		return l.Hangup(ctx, e.extension, e.what)
	}
	_, err = l.Dial(ctx, e.extension, e.what)
	return err
}

func answeredBy(code string) error {
	for _, err := range []*core.Error{errLineNo, errImpossible, errNoCall, errLineDown} {
		if code == err.Code {
			return err
		}
	}
	return nil
}

// outcomes are the errands that somebody of this node waits for.
type outcomes struct {
	mu      sync.Mutex
	waiting map[core.ID]chan string
}

func (o *outcomes) await(id core.ID) (<-chan string, func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting == nil {
		o.waiting = map[core.ID]chan string{}
	}
	c := make(chan string, 1)
	o.waiting[id] = c
	return c, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.waiting, id)
	}
}

func (o *outcomes) hear(payload string) {
	id, code, _ := strings.Cut(payload, " ")
	o.mu.Lock()
	defer o.mu.Unlock()
	if c := o.waiting[core.ID(id)]; c != nil {
		select {
		case c <- code:
		default:
		}
	}
}
