package recognition

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

// The parts of the service that a trace may come from; what follows the colon is whose it is.
const (
	TraceLink  = ScopeLink + ":"  // + id of the link: what its agent sent and what became of it
	TraceLine  = ScopeLine + ":"  // + id of the line: what its exchange said
	TraceCalls = ScopeCalls + ":" // + id of the person: what their own workstation saw
)

const (
	supportTopic = "recognition.support"
	// A node looks again at what is open when it was told, and at least this often.
	supportFresh = 30 * time.Second
	mostLines    = 5000 // of one case
	mostWaiting  = 1000 // lines of one node, not yet written
	longestLine  = 500
)

// support is what a node holds in memory of support logs: which parts are noted, and what waits to be written.
type support struct {
	mu      sync.Mutex
	open    map[string][]Case // by organization and part
	read    time.Time         // when it was read; zero: it must be
	waiting []waitingLine
	wake    chan struct{} // something waits
	cancel  func()
}

type waitingLine struct {
	org, id core.ID
	line    CaseLine
}

func (s *support) listen(m *Module) {
	s.wake = make(chan struct{}, 1)
	if m.needs.Listen != nil {
		s.cancel = m.needs.Listen(supportTopic, func(string) { s.stale() })
	}
}

func (s *support) close() {
	if s.cancel != nil {
		s.cancel()
	}
}

func (s *support) stale() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = time.Time{}
}

// Trace notes a technical step while somebody has reported a problem with that very part; at any other time it does nothing and
// costs a look in memory. Numbers and addresses are masked before anything is kept. It never fails its caller; call it outside of any
// transaction, for it may read what is open now.
func (m *Module) Trace(ctx context.Context, org core.ID, part, text string) {
	now := m.now()
	for _, c := range m.noted(ctx, org, part, now) {
		if !c.Notes(now) {
			continue
		}
		m.support.mu.Lock()
		if len(m.support.waiting) < mostWaiting {
			m.support.waiting = append(m.support.waiting, waitingLine{c.Org, c.ID, CaseLine{now, Mask(text)}})
		}
		m.support.mu.Unlock()
		select {
		case m.support.wake <- struct{}{}:
		default:
		}
	}
}

// noted gives the cases that cover a part, from memory while it is fresh.
func (m *Module) noted(ctx context.Context, org core.ID, part string, now time.Time) []Case {
	s := &m.support
	s.mu.Lock()
	fresh := !s.read.IsZero() && now.Sub(s.read) < supportFresh && !now.Before(s.read)
	found := s.open[string(org)+" "+part]
	s.mu.Unlock()
	if fresh {
		return found
	}
	open := map[string][]Case{}
	err := m.needs.Reader.Read(context.WithoutCancel(ctx), func(tx core.Tx) error {
		all, err := db.All(ctx, tx, qCasesOpen, scanCase)
		for _, c := range all {
			key := string(c.Org) + " " + c.Scope + ":" + string(c.Target)
			open[key] = append(open[key], c)
		}
		return err
	})
	if err != nil {
		return nil // a trace never fails its caller
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open, s.read = open, now
	return open[string(org)+" "+part]
}

var (
	addressText = regexp.MustCompile(`[\p{L}\p{N}._%+\-]+@`)
	numberText  = regexp.MustCompile(`\+?\d[\d \x{a0}\x{202f}().\-/]*\d`)
)

// Mask hides telephone numbers but for their last two digits, and whoever stands before an @.
func Mask(text string) string {
	text = addressText.ReplaceAllString(strings.ToValidUTF8(text, "?"), "•••@")
	text = numberText.ReplaceAllStringFunc(text, func(found string) string {
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, found)
		if len(digits) < 6 {
			return found
		}
		return "•••" + digits[len(digits)-2:]
	})
	if r := []rune(text); len(r) > longestLine {
		text = string(r[:longestLine]) + "…"
	}
	return text
}

// flush writes what waits, one act for each case.
func (m *Module) flush(ctx context.Context) {
	s := &m.support
	s.mu.Lock()
	waiting := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	if len(waiting) == 0 {
		return
	}
	ctx = core.WithActor(context.WithoutCancel(ctx), core.System("recognition.support"))
	byCase := map[core.ID][]waitingLine{}
	var order []core.ID
	for _, w := range waiting {
		if byCase[w.id] == nil {
			order = append(order, w.id)
		}
		byCase[w.id] = append(byCase[w.id], w)
	}
	for _, id := range order {
		if err := m.note(ctx, byCase[id]); err != nil && core.KindOf(err) != core.Gone && m.needs.Log != nil {
			m.needs.Log.ErrorContext(ctx, "a support log was not written", "case", id, "error", err.Error())
		}
	}
}

// note writes lines of one case, unless it was closed meanwhile.
func (m *Module) note(ctx context.Context, lines []waitingLine) error {
	org, id := lines[0].org, lines[0].id
	act := &core.Act{Def: noteCase, Org: org, Resource: id}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		c, err := caseOf(ctx, tx, org, id)
		if err != nil {
			return err
		}
		room := min(len(lines), mostLines-c.Noted)
		if !c.Open() || room <= 0 {
			return errCaseClosed
		}
		last, _, err := db.One(ctx, tx, qLastLine, db.Value[int], org, id)
		if err != nil {
			return err
		}
		for i, l := range lines[:room] {
			if err := m.addLine(ctx, tx, &c, last+1+i, l.line); err != nil {
				return err
			}
		}
		act.Changed("noted", "", strconv.Itoa(room))
		_, err = tx.Exec(ctx, qNoted, org, id, room)
		return err
	})
}

// runSupport writes what waits and ends what nobody closed, until ctx ends.
func (m *Module) runSupport(ctx context.Context) {
	round := time.NewTicker(10 * time.Minute)
	defer round.Stop()
	for {
		select {
		case <-ctx.Done():
			m.flush(ctx)
			return
		case <-m.support.wake:
			select { // what comes within a second is written together
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
			m.flush(ctx)
		case <-round.C:
			if err := m.EndLeftCases(ctx); err != nil && ctx.Err() == nil && m.needs.Log != nil {
				m.needs.Log.ErrorContext(ctx, "the round of support logs failed", "error", err.Error())
			}
		}
	}
}

// EndLeftCases closes the cases that nobody closed within a week of their end, and destroys keys that a fault left behind.
func (m *Module) EndLeftCases(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System("recognition.support"))
	var left []Case
	err := m.needs.Reader.Read(ctx, func(tx core.Tx) (err error) {
		left, err = db.All(ctx, tx, qCasesLeft, scanCase, clock.Micros(m.now().Add(-grace)))
		return err
	})
	if err != nil {
		return err
	}
	var all error // one that fails holds up no other
	for i := range left {
		c := &left[i]
		if c.Open() {
			err = m.closeCase(ctx, &core.Act{Def: expireCase, Org: c.Org, Resource: c.ID}, c.Org, c.ID, "expired", nil)
		} else {
			err = m.shred(ctx, c.Org, c.ID)
		}
		if core.CodeOf(err) != errCaseClosed.Code { // another node was quicker
			all = errors.Join(all, err)
		}
	}
	return all
}
