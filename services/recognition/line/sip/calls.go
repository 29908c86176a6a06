package sip

import (
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
)

// calls tells each step of a call once, whatever the number of ways that it is heard by.
type calls struct {
	mu      sync.Mutex
	tell    func(line.Event) // nil while nobody watches
	seen    map[callKey]*seen
	own     map[string]time.Time // Call-IDs of our own INVITEs: what is heard of them is told by dial alone
	alias   map[string]string    // ids that the exchange gave to calls that a phone was asked to make → the id that Dial gave
	pending map[string]*pending  // numbers that phones are being asked to call, by extension
	now     func() time.Time
}

type callKey struct{ extension, call string }

type seen struct {
	state line.State
	event line.Event // as it was told last
	alias string     // its id in the exchange, where that is another
	held  *time.Timer
	at    time.Time
}

// pending is a call that a phone is asked to make: the exchange gives it an id of its own.
type pending struct {
	call, number string
	until        time.Time
}

const (
	remembered = 10 * time.Minute // how long an ended call is known, against late repeats
	maxSeen    = 20000
	grace      = 150 * time.Millisecond // how long an event waits for the registration to say whether the caller asked for privacy
)

func newCalls() *calls {
	return &calls{seen: map[callKey]*seen{}, own: map[string]time.Time{}, alias: map[string]string{}, pending: map[string]*pending{}, now: time.Now}
}

var rank = map[line.State]int{"": 0, line.Ringing: 1, line.Answered: 2, line.Ended: 3, line.Missed: 3, line.Elsewhere: 3}

// watch says who is told from now on.
func (c *calls) watch(tell func(line.Event)) {
	c.mu.Lock()
	c.tell = tell
	c.mu.Unlock()
}

// heard is a step that an exchange told of; hold keeps the first ring back for a moment, in case a better source says more.
func (c *calls) heard(e line.Event, hold bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ours := c.own[e.Call]; ours {
		return
	}
	key := c.keyOf(e)
	s, known := c.seen[key]
	if !known {
		if rank[e.State] == 3 { // ended before we watched
			return
		}
		if len(c.seen) >= maxSeen {
			c.prune(0)
		}
		s = &seen{}
		c.seen[key] = s
		s.event = e
		if hold && e.State == line.Ringing && !e.Outgoing {
			s.state, s.at = line.Ringing, c.now()
			s.held = time.AfterFunc(grace, func() { c.release(key) })
			return
		}
	}
	c.step(s, e)
}

// step tells a state that comes after those told. The first source that named the caller is kept, but privacy always wins.
func (c *calls) step(s *seen, e line.Event) {
	if s.held != nil {
		s.event.Hidden = s.event.Hidden || e.Hidden
		if e.State == line.Ringing {
			s.held.Stop()
			s.held, s.state = nil, ""
			s.event.Remote, s.event.Display = e.Remote, e.Display
		} else {
			c.flush(s)
		}
	}
	if e.Hidden && !s.event.Hidden {
		if s.event.Hidden = true; rank[e.State] <= rank[s.state] {
			c.say(s, s.state) // whoever was told a name forgets it
		}
	}
	if rank[e.State] <= rank[s.state] {
		return
	}
	to := e.State
	if rank[to] == 3 {
		to = settle(s.state, to, s.event.Outgoing)
	}
	s.state, s.at = to, c.now()
	c.say(s, to)
}

// settle says how a call ended from what was seen of it: a call that was answered cannot be missed.
func settle(from, to line.State, outgoing bool) line.State {
	switch {
	case from == line.Answered || outgoing:
		return line.Ended
	case to == line.Ended:
		return line.Missed
	}
	return to
}

func (c *calls) release(key callKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.seen[key]; s != nil && s.held != nil {
		c.flush(s)
	}
}

func (c *calls) flush(s *seen) {
	s.held.Stop()
	s.held = nil
	c.say(s, line.Ringing)
}

func (c *calls) say(s *seen, state line.State) {
	e := s.event
	e.State, e.At = state, c.now()
	if e.Hidden {
		e.Remote, e.Display = "", ""
		s.event.Remote, s.event.Display = "", ""
	}
	if c.tell != nil {
		c.tell(e)
	}
}

// only ends the calls of an extension that a full document does not name any more. What was heard by another way in the last moment
// is left: the document may be older.
func (c *calls) only(extension string, there map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, s := range c.seen {
		id := key.call
		if s.event.Own {
			id = s.alias // "": told by dial alone
		}
		if key.extension != extension || id == "" || there[id] || rank[s.state] == 3 || c.now().Sub(s.at) < 2*time.Second {
			continue
		}
		s.state, s.at = settle(s.state, line.Ended, s.event.Outgoing), c.now()
		if s.held != nil {
			c.flush(s)
		}
		c.say(s, s.state)
	}
	c.prune(remembered)
}

func (c *calls) prune(after time.Duration) {
	for key, s := range c.seen {
		if rank[s.state] == 3 && c.now().Sub(s.at) >= after {
			delete(c.seen, key)
			delete(c.alias, s.alias)
		}
	}
	for id, at := range c.own {
		if c.now().Sub(at) >= remembered+time.Hour {
			delete(c.own, id)
		}
	}
}

// keyOf finds the call that an event is of. One that a phone was asked to make has the id that Dial gave.
func (c *calls) keyOf(e line.Event) callKey {
	if id, ok := c.alias[e.Call]; ok {
		return callKey{e.Extension, id}
	}
	p := c.pending[e.Extension]
	if p == nil || !e.Outgoing || rank[e.State] == 3 || c.now().After(p.until) || !alike(p.number, e.Remote) {
		return callKey{e.Extension, e.Call}
	}
	if s := c.seen[callKey{e.Extension, p.call}]; s != nil && s.alias == "" {
		s.alias, c.alias[e.Call] = e.Call, p.call
		return callKey{e.Extension, p.call}
	}
	return callKey{e.Extension, e.Call}
}

// begin is a number dialled from here: what is heard of our own INVITE is not told twice.
func (c *calls) begin(extension, id, number string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.own[id] = c.now()
	c.seen[callKey{extension, id}] = &seen{at: c.now(), event: line.Event{Call: id, Extension: extension, Outgoing: true, Own: true, Remote: number}}
}

// leg is another INVITE of ours for a call that has begun.
func (c *calls) leg(id string) {
	c.mu.Lock()
	c.own[id] = c.now()
	c.mu.Unlock()
}

// asked says that a phone is about to call by itself, for a call dialled from here.
func (c *calls) asked(extension, id, number string, within time.Duration) {
	c.mu.Lock()
	c.pending[extension] = &pending{id, number, c.now().Add(within)}
	c.mu.Unlock()
}

// dialled is a step of a call that was dialled from here.
func (c *calls) dialled(extension, id string, state line.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.seen[callKey{extension, id}]; s != nil {
		c.step(s, line.Event{State: state})
	}
}

// state tells where a call stands, and whether it was dialled from here.
func (c *calls) state(extension, id string) (state line.State, own bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.seen[callKey{extension, id}]
	if s == nil {
		return "", false
	}
	return s.state, s.event.Own
}

// alike tells whether two writings may be of one number: exchanges add and strip prefixes.
func alike(a, b string) bool {
	user, _, _ := strings.Cut(b, "@")
	a, b = digitsOf(a), digitsOf(user)
	n := min(len(a), len(b), 6)
	return n > 0 && a[len(a)-n:] == b[len(b)-n:]
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '*' || r == '#' {
			return r
		}
		return -1
	}, s)
}
