package recognition

import (
	"context"
	"strings"
	"sync"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/line/fake"
)

// callTopic is told after each change of a call: organization, person and call, by their ids.
const callTopic = "recognition.call"

// Follow gives the ids of the actor's own calls as they change, on whichever node they were reported, until the returned function is
// called. Each is read by Watch, which decides anew.
func (m *Module) Follow(ctx context.Context, org core.ID) (calls <-chan core.ID, stop func()) {
	return m.calls.hub.follow(org, core.ActorOf(ctx).ID)
}

// calls is what the module holds of calls in memory.
type calls struct {
	hub    hub
	cancel []func()
	wake   chan struct{} // lines changed: look at them now
	told   outcomes

	mu    sync.Mutex
	turn  int // grows with each change of lines or phones
	books map[core.ID]*book
	fakes map[core.ID]*fake.Exchange // demonstration exchanges, by line
}

func (c *calls) open(m *Module) {
	c.wake = make(chan struct{}, 1)
	if m.needs.Listen == nil {
		return
	}
	c.cancel = append(c.cancel, m.needs.Listen(lineTopic, func(string) {
		c.mu.Lock()
		c.turn, c.books = c.turn+1, nil
		c.mu.Unlock()
		c.nudge()
	}), m.needs.Listen(errandTopic, func(string) { c.nudge() }), m.needs.Listen(outcomeTopic, c.told.hear))
	c.cancel = append(c.cancel, m.needs.Listen(callTopic, func(payload string) {
		parts := strings.Split(payload, " ")
		if len(parts) != 3 {
			c.hub.tellAll()
			return
		}
		c.hub.tell(core.ID(parts[0]), core.ID(parts[1]), core.ID(parts[2]))
	}))
}

// nudge has the lines looked at now.
func (c *calls) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *calls) close() {
	for _, cancel := range c.cancel {
		cancel()
	}
}

// waiting is how many calls an open page may be behind; one that reads slower misses some, and catches up when it asks again.
const waiting = 32

// hub tells the open pages of this node.
type hub struct {
	mu    sync.Mutex
	pages map[string]map[chan core.ID]bool // by organization and person
}

func (h *hub) follow(org, person core.ID) (<-chan core.ID, func()) {
	key, page := string(org)+" "+string(person), make(chan core.ID, waiting)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pages == nil {
		h.pages = map[string]map[chan core.ID]bool{}
	}
	if h.pages[key] == nil {
		h.pages[key] = map[chan core.ID]bool{}
	}
	h.pages[key][page] = true
	return page, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if delete(h.pages[key], page); len(h.pages[key]) == 0 {
			delete(h.pages, key)
		}
	}
}

// tell passes a call on to the pages of a person. The empty call means: look again at everything.
func (h *hub) tell(org, person, call core.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for page := range h.pages[string(org)+" "+string(person)] {
		h.pass(page, call)
	}
}

// tellAll makes every page look again: a notice may have been lost.
func (h *hub) tellAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, pages := range h.pages {
		for page := range pages {
			h.pass(page, "")
		}
	}
}

func (*hub) pass(page chan core.ID, call core.ID) {
	select {
	case page <- call:
	default:
	}
}
