// Package fake is a telephone exchange made for tests and demonstrations: its phones are rung and answered by the program that
// holds it, through the same door as a real exchange, or by SIP over the loopback (Serve).
//
// Owns: invented calls, the phones of the exchange, a small SIP registrar with dialog events. Must not know: cards, how calls are
// shown. Start reading at: New.
package fake

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
)

// Exchange is the fake exchange. Every extension exists.
type Exchange struct {
	// Picks says that phones rung by click-to-dial answer by themselves, and so do the numbers that they call.
	Picks bool

	mu       sync.Mutex
	made     int
	calls    map[string]*call
	dialled  []Dialled
	watchers map[int]func(change)
	next     int
}

// Dialled is one number that was called by click-to-dial.
type Dialled struct{ Extension, Number string }

// call is one call on one extension.
type call struct {
	id, extension   string
	remote, display string
	hidden          bool   // the caller asked for privacy
	leaked          string // who they are, which the exchange should have kept to itself
	outgoing, own   bool
	state           line.State
}

// change is a call that has just changed.
type change struct{ call }

func (c change) event() line.Event {
	e := line.Event{
		Call: c.id, Extension: c.extension, State: c.state, Outgoing: c.outgoing, Own: c.own, Hidden: c.hidden,
		Remote: c.remote, Display: c.display, At: time.Now(),
	}
	if e.Hidden {
		e.Remote, e.Display = "", ""
	}
	return e
}

// New makes an exchange whose phones do nothing by themselves.
func New() *Exchange {
	return &Exchange{calls: map[string]*call{}, watchers: map[int]func(change){}}
}

// Ring has somebody call an extension, and gives the id of the call. Without a number the caller is anonymous.
func (x *Exchange) Ring(extension, number, display string) string {
	if number == "" {
		return x.RingHidden(extension, "")
	}
	return x.begin(call{extension: extension, remote: number, display: display, state: line.Ringing})
}

// RingHidden has somebody call who asked for privacy, from a number that the exchange leaks all the same.
func (x *Exchange) RingHidden(extension, leaked string) string {
	return x.begin(call{extension: extension, hidden: true, leaked: leaked, state: line.Ringing})
}

// Answer picks the phone up.
func (x *Exchange) Answer(id string) error { return x.turn(id, line.Answered) }

// AnswerElsewhere has another phone of the same group pick up.
func (x *Exchange) AnswerElsewhere(id string) error { return x.turn(id, line.Elsewhere) }

// Hangup ends a call: one that still rang is missed.
func (x *Exchange) Hangup(id string) error { return x.turn(id, line.Ended) }

// Dialled are the numbers called by click-to-dial so far, the first first.
func (x *Exchange) Dialled() []Dialled {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]Dialled(nil), x.dialled...)
}

// State tells where a call stands; "" when there is none.
func (x *Exchange) State(id string) line.State {
	x.mu.Lock()
	defer x.mu.Unlock()
	if c, ok := x.calls[id]; ok {
		return c.state
	}
	return ""
}

// Restart forgets every call, as an exchange that lost its power does.
func (x *Exchange) Restart() {
	x.mu.Lock()
	var gone []change
	for id, c := range x.calls {
		c.state = ending(c)
		gone = append(gone, change{*c})
		delete(x.calls, id)
	}
	watchers := x.listeners()
	x.mu.Unlock()
	tellAll(watchers, gone...)
}

func ending(c *call) line.State {
	if c.state == line.Ringing && !c.outgoing {
		return line.Missed
	}
	return line.Ended
}

func (x *Exchange) begin(c call) string {
	x.mu.Lock()
	x.made++
	if c.id == "" {
		c.id = fmt.Sprintf("call-%d@fake.test", x.made)
	}
	x.calls[c.id] = &c
	watchers, told := x.listeners(), change{c}
	x.mu.Unlock()
	tellAll(watchers, told)
	return c.id
}

func (x *Exchange) turn(id string, to line.State) error {
	x.mu.Lock()
	c, ok := x.calls[id]
	if !ok {
		x.mu.Unlock()
		return line.ErrNoCall
	}
	if to == line.Ended {
		to = ending(c)
	}
	c.state = to
	if to != line.Answered {
		delete(x.calls, id)
	}
	watchers, told := x.listeners(), change{*c}
	x.mu.Unlock()
	tellAll(watchers, told)
	return nil
}

func (x *Exchange) listeners() []func(change) {
	all := make([]func(change), 0, len(x.watchers))
	for _, w := range x.watchers {
		all = append(all, w)
	}
	return all
}

func tellAll(watchers []func(change), changes ...change) {
	for _, w := range watchers {
		for _, c := range changes {
			w(c)
		}
	}
}

// watch tells changes until forget is called, beginning with the calls that are there.
func (x *Exchange) watch(tell func(change)) (forget func()) {
	x.mu.Lock()
	id := x.next
	x.next++
	x.watchers[id] = tell
	now := make([]change, 0, len(x.calls))
	for _, c := range x.calls {
		now = append(now, change{*c})
	}
	x.mu.Unlock()
	tellAll([]func(change){tell}, now...)
	return func() {
		x.mu.Lock()
		delete(x.watchers, id)
		x.mu.Unlock()
	}
}

// Line is the exchange by the door that every connector fills, for the extensions named, or for all.
func (x *Exchange) Line(extensions ...string) line.Line {
	only := map[string]bool{}
	for _, e := range extensions {
		only[e] = true
	}
	return direct{x, only}
}

type direct struct {
	x    *Exchange
	only map[string]bool
}

func (d direct) Watch(ctx context.Context, tell func(line.Event)) error {
	events := make(chan line.Event, 256)
	defer d.x.watch(func(c change) {
		if len(d.only) > 0 && !d.only[c.extension] {
			return
		}
		select {
		case events <- c.event():
		case <-ctx.Done():
		}
	})()
	for {
		select {
		case e := <-events:
			tell(e)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d direct) Dial(_ context.Context, extension, number string) (string, error) {
	if len(d.only) > 0 && !d.only[extension] {
		return "", line.ErrRefused
	}
	d.x.mu.Lock()
	d.x.dialled = append(d.x.dialled, Dialled{extension, number})
	picks := d.x.Picks
	d.x.mu.Unlock()
	id := d.x.begin(call{extension: extension, remote: number, outgoing: true, own: true, state: line.Ringing})
	if picks {
		return id, d.x.Answer(id)
	}
	return id, nil
}

func (d direct) Hangup(_ context.Context, extension, id string) error {
	d.x.mu.Lock()
	c, ok := d.x.calls[id]
	ok = ok && c.extension == extension
	d.x.mu.Unlock()
	if !ok {
		return line.ErrNoCall
	}
	return d.x.Hangup(id)
}
