package sip

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/rempart/rempart/services/recognition/line"
)

// errNoEvents is an exchange that gives no dialog events of this extension.
var errNoEvents = errors.New("sip: the exchange gives no dialog events")

// errLost is a subscription that the exchange does not know any more.
var errLost = errors.New("sip: the subscription is gone")

const asked = 600 // seconds that a subscription is asked for

// subscription is one dialog of events with the exchange (RFC 6665), for one extension.
type subscription struct {
	a        *agent
	ext      Extension
	id, tag  string
	told     func(info)
	ended    chan error // the exchange ended it
	first    chan struct{}
	firstOne sync.Once

	mu      sync.Mutex
	remote  string // the exchange's tag
	target  sip.Uri
	routes  []string
	seq     uint32
	version uint64
	any     bool
	stale   chan struct{} // a document is missing between two
}

func newSubscription(a *agent, ext Extension, told func(info)) *subscription {
	return &subscription{
		a: a, ext: ext, id: sip.GenerateTagN(32), tag: sip.GenerateTagN(16), told: told, seq: 1,
		ended: make(chan error, 1), first: make(chan struct{}), stale: make(chan struct{}, 1),
	}
}

// run subscribes and keeps the subscription until ctx ends or the exchange does. It unsubscribes at the end.
func (s *subscription) run(ctx context.Context, up func()) error {
	defer s.a.hear(s.id, s.notified)() // before anything is sent: the first news may come before the answer
	lasts, err := s.ask(ctx, asked)
	if err != nil {
		return err
	}
	defer s.leave(ctx)
	up()
	for {
		every := min(s.a.conf.Refresh, lasts/2)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-s.ended:
			return err
		case <-s.stale:
		case <-time.After(every):
		case <-s.a.lost():
			return fmt.Errorf("%w: the connection was closed", line.ErrUnreachable)
		}
		if lasts, err = s.ask(ctx, asked); err != nil {
			return err
		}
	}
}

// leave tells the exchange that nobody listens any more, within a moment.
func (s *subscription) leave(ctx context.Context) {
	if !s.a.connected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = s.ask(ctx, 0)
}

// ask subscribes for some seconds, or refreshes. It gives how long the exchange will remember.
func (s *subscription) ask(ctx context.Context, seconds int) (time.Duration, error) {
	req, err := s.request(ctx, seconds)
	if err != nil {
		return 0, err
	}
	user, password := s.a.conf.account(s.ext)
	res, err := s.a.do(ctx, req, user, password)
	s.mu.Lock()
	defer s.mu.Unlock()
	if cseq := req.CSeq(); cseq != nil {
		s.seq = cseq.SeqNo + 1
	}
	if err != nil {
		return 0, err
	}
	switch {
	case res.StatusCode/100 == 2:
	case res.StatusCode == 481:
		return 0, errLost
	case res.StatusCode == 403 || res.StatusCode == 404 || res.StatusCode == 405 || res.StatusCode == 489 || res.StatusCode == 501 || res.StatusCode == 603:
		return 0, fmt.Errorf("%w: %d", errNoEvents, res.StatusCode)
	default:
		return 0, fmt.Errorf("%w: it answered %d", line.ErrUnreachable, res.StatusCode)
	}
	s.establish(res.To().Params, res.Contact(), res.GetHeaders("Record-Route"), true)
	if h := res.GetHeader("Expires"); h != nil {
		return lastsFor(h.Value(), seconds), nil
	}
	return time.Duration(seconds) * time.Second, nil
}

// lastsFor is how long an exchange says that it remembers: an hour at most, so that nothing it says has us ask without a pause.
func lastsFor(said string, asked int) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(said))
	if err != nil || n <= 0 {
		n = asked
	}
	return time.Duration(min(n, 3600)) * time.Second
}

// establish notes who answers: by the answer, or by the first news when these come before.
func (s *subscription) establish(params sip.HeaderParams, contact *sip.ContactHeader, routes []sip.Header, reversed bool) {
	if s.remote == "" {
		s.remote, _ = params.Get("tag")
		for _, h := range routes {
			if reversed {
				s.routes = append([]string{h.Value()}, s.routes...)
			} else {
				s.routes = append(s.routes, h.Value())
			}
		}
	}
	if contact != nil {
		s.target = *contact.Address.Clone()
	}
}

func (s *subscription) request(ctx context.Context, seconds int) (*sip.Request, error) {
	contact, err := s.a.contact(ctx, s.ext.Number)
	if err != nil {
		return nil, err
	}
	user, _ := s.a.conf.account(s.ext)
	s.mu.Lock()
	defer s.mu.Unlock()
	watched := s.a.uri(s.ext.Number)
	req := sip.NewRequest(sip.SUBSCRIBE, watched)
	to := &sip.ToHeader{Address: watched}
	if s.remote != "" {
		to.Params.Add("tag", s.remote)
		if s.target.Host != "" {
			req.Recipient = *s.target.Clone()
		}
		for _, r := range s.routes {
			req.AppendHeader(sip.NewHeader("Route", r))
		}
	}
	from := &sip.FromHeader{Address: s.a.uri(user)}
	from.Params.Add("tag", s.tag)
	id, expires := sip.CallIDHeader(s.id), sip.ExpiresHeader(seconds)
	for _, h := range []sip.Header{
		from, to, &id, &sip.CSeqHeader{SeqNo: s.seq, MethodName: sip.SUBSCRIBE}, contact, &expires,
		sip.NewHeader("Event", "dialog"), sip.NewHeader("Accept", "application/dialog-info+xml"),
	} {
		req.AppendHeader(h)
	}
	return req, nil
}

// notified reads one piece of news. Documents come in no sure order: an older one than the last is left.
func (s *subscription) notified(req *sip.Request) {
	if from := req.From(); from != nil {
		s.mu.Lock()
		if tag, _ := from.Params.Get("tag"); s.remote == "" && tag != "" {
			s.establish(from.Params, req.Contact(), req.GetHeaders("Record-Route"), false)
		}
		s.mu.Unlock()
	}
	if body := req.Body(); len(body) > 0 && isType(req, "application/dialog-info+xml") {
		if doc, err := parseInfo(body); err == nil && s.follows(doc) {
			s.told(doc)
		}
	}
	s.firstOne.Do(func() { close(s.first) })
	if h := req.GetHeader("Subscription-State"); h != nil {
		if err := endOf(h.Value()); err != nil {
			select {
			case s.ended <- err:
			default:
			}
		}
	}
}

// follows tells whether a document comes after those read; a gap between two parts asks for the whole (RFC 4235, 4.3).
func (s *subscription) follows(doc info) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.any && doc.Version <= s.version {
		return false
	}
	if !doc.Full && (!s.any || doc.Version != s.version+1) {
		select {
		case s.stale <- struct{}{}:
		default:
		}
	}
	s.any, s.version = true, doc.Version
	return true
}

// endOf reads a Subscription-State: nil while the subscription stands.
func endOf(state string) error {
	word, params, _ := strings.Cut(state, ";")
	if !strings.EqualFold(strings.TrimSpace(word), "terminated") {
		return nil
	}
	switch p := strings.ToLower(params); {
	case strings.Contains(p, "reason=rejected"), strings.Contains(p, "reason=noresource"):
		return fmt.Errorf("%w: it ended them", errNoEvents)
	}
	return errLost
}

func isType(req *sip.Request, name string) bool {
	h := req.ContentType()
	if h == nil {
		return false
	}
	word, _, _ := strings.Cut(h.Value(), ";")
	return strings.EqualFold(strings.TrimSpace(word), name)
}
