package sip

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/rempart/rempart/services/recognition/line"
)

// rings is how long a call may ring before it is given up, should the exchange have died in between.
const rings = 3 * time.Minute

// shadow is a registration beside the phone's own: calls ring here too, and are never answered.
type shadow struct {
	a   *agent
	ext Extension
	id  string
	tag string
	seq uint32
}

func newShadow(a *agent, ext Extension) *shadow {
	return &shadow{a: a, ext: ext, id: sip.GenerateTagN(32), tag: sip.GenerateTagN(16)}
}

// run registers and stays registered until ctx ends. It leaves at the end.
func (s *shadow) run(ctx context.Context, up func()) error {
	lasts, err := s.register(ctx, 120)
	if err != nil {
		return err
	}
	defer func() {
		if s.a.connected() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_, _ = s.register(ctx, 0)
		}
	}()
	up()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(s.a.conf.Refresh, lasts/2)):
		case <-s.a.lost():
			return fmt.Errorf("%w: the connection was closed", line.ErrUnreachable)
		}
		if lasts, err = s.register(ctx, 120); err != nil {
			return err
		}
	}
}

func (s *shadow) register(ctx context.Context, seconds int) (time.Duration, error) {
	contact, err := s.a.contact(ctx, s.ext.Number)
	if err != nil {
		return 0, err
	}
	contact.Params.Add("expires", fmt.Sprint(seconds))
	contact.Params.Add("q", "0.1")
	user, password := s.ext.User, s.ext.Password // the registration is the phone's own account, never another's
	if user == "" {
		user = s.ext.Number
	}
	if password == "" {
		user, password = s.a.conf.account(s.ext)
	}
	aor := s.a.uri(s.ext.Number)
	req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: s.a.conf.Domain})
	from := &sip.FromHeader{Address: aor}
	from.Params.Add("tag", s.tag)
	s.seq++
	id, expires := sip.CallIDHeader(s.id), sip.ExpiresHeader(seconds)
	for _, h := range []sip.Header{from, &sip.ToHeader{Address: aor}, &id, &sip.CSeqHeader{SeqNo: s.seq, MethodName: sip.REGISTER}, contact, &expires} {
		req.AppendHeader(h)
	}
	res, err := s.a.do(ctx, req, user, password, sipgo.ClientRequestBuild)
	if cseq := req.CSeq(); cseq != nil {
		s.seq = cseq.SeqNo
	}
	if err != nil {
		return 0, err
	}
	switch {
	case res.StatusCode/100 == 2:
		return time.Duration(seconds) * time.Second, nil
	case res.StatusCode == 403 || res.StatusCode == 404:
		return 0, fmt.Errorf("%w: the extension may not register (%d)", line.ErrRefused, res.StatusCode)
	}
	return 0, fmt.Errorf("%w: it answered %d", line.ErrUnreachable, res.StatusCode)
}

// rang is a call that rings at a registration of ours. It is told, never answered, and what becomes of it is read from how the exchange
// calls off (RFC 3326).
func (l *Line) rang(req *sip.Request, tx sip.ServerTransaction) {
	ext, ok := l.conf.extension(req.Recipient.User)
	if !ok {
		_ = tx.Respond(sip.NewResponseFromRequest(req, 404, "Not Found", nil))
		return
	}
	id := callID(req)
	over := make(chan line.State, 2)
	tx.OnCancel(func(cancel *sip.Request) { over <- calledOff(cancel, req, ext.Number) })
	_ = tx.Respond(sip.NewResponseFromRequest(req, 100, "Trying", nil))
	who := callerOf(req)
	l.calls.heard(line.Event{Call: id, Extension: ext.Number, State: line.Ringing, Remote: who.Remote, Display: who.Display, Hidden: who.Hidden}, false)
	decline := l.ringing(ext.Number, id)
	defer l.quiet(ext.Number, id)
	select {
	case state := <-over:
		l.calls.heard(line.Event{Call: id, Extension: ext.Number, State: state}, false)
		return // the library has answered 487
	case <-decline:
		_ = tx.Respond(sip.NewResponseFromRequest(req, 603, "Decline", nil))
	case <-time.After(rings):
		_ = tx.Respond(sip.NewResponseFromRequest(req, 480, "Temporarily Unavailable", nil))
	case <-tx.Done():
		select {
		case state := <-over:
			l.calls.heard(line.Event{Call: id, Extension: ext.Number, State: state}, false)
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	l.calls.heard(line.Event{Call: id, Extension: ext.Number, State: line.Missed}, false)
}

// calledOff tells what became of a call: answered by the phone of the extension, by another phone of those that were called, or by nobody.
func calledOff(cancel, invite *sip.Request, extension string) line.State {
	for _, h := range cancel.GetHeaders("Reason") {
		v := strings.ToLower(strings.ReplaceAll(h.Value(), " ", ""))
		if !strings.Contains(v, "cause=200") && !strings.Contains(v, "elsewhere") {
			continue
		}
		if to := invite.To(); to != nil && to.Address.User != extension {
			return line.Elsewhere // a group was called
		}
		return line.Answered
	}
	return line.Missed
}
