package sip

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/rempart/rempart/services/recognition/line"
)

// leg is a number being dialled, from the ring of one's own phone until the call is the phones' own affair.
type leg struct {
	l           *Line
	a           *agent
	ext         Extension
	id, number  string
	contact     *sip.ContactHeader
	own         *sipgo.DialogClientSession
	rings       chan error // nil once the own phone rings, or why it does not
	once        sync.Once
	hangup      context.CancelFunc
	ownHungUp   chan struct{}
	otherHungUp chan struct{}
}

// errDial is a number that no exchange should be asked to call.
var errDial = errors.New("sip: not a number that can be dialled")

// Dial rings the extension's own phone, and has it call the number once it is picked up. It gives the id of the call as soon as the
// phone rings; what follows is told by Watch. Errors: line.ErrRefused, line.ErrUnreachable.
func (l *Line) Dial(ctx context.Context, extension, number string) (string, error) {
	ext, ok := l.conf.extension(extension)
	if !ok {
		return "", fmt.Errorf("%w: not an extension of this line", line.ErrRefused)
	}
	number = plain(number)
	if number == "" {
		return "", fmt.Errorf("%w: %w", line.ErrRefused, errDial)
	}
	a, release, err := l.acquire(ctx)
	if err != nil {
		return "", err
	}
	contact, err := a.contact(ctx, ext.Number)
	if err != nil {
		release()
		return "", err
	}
	life, hangup := context.WithTimeout(context.WithoutCancel(ctx), 6*time.Hour)
	g := &leg{
		l: l, a: a, ext: ext, id: sip.GenerateTagN(32), number: number, contact: contact, rings: make(chan error, 1), hangup: hangup,
		ownHungUp: make(chan struct{}), otherHungUp: make(chan struct{}),
	}
	l.calls.begin(ext.Number, g.id, number)
	l.mu.Lock()
	l.legs[g.id] = g
	l.mu.Unlock()
	go func() {
		defer release()
		defer hangup()
		err := g.run(life)
		l.mu.Lock()
		delete(l.legs, g.id)
		l.mu.Unlock()
		g.tell(err)
	}()
	select {
	case err := <-g.rings:
		return g.id, err
	case <-ctx.Done():
		hangup()
		return "", ctx.Err()
	}
}

// plain keeps what can be dialled: digits, a plus before them, star and hash.
func plain(number string) string {
	out := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '.', '-', '(', ')', '\u00a0', '\u202f':
			return -1
		}
		return r
	}, number)
	digits := strings.TrimPrefix(out, "+")
	if digits == "" || len(digits) > 32 || strings.Trim(digits, "0123456789*#") != "" {
		return ""
	}
	return out
}

func (g *leg) tell(err error) { g.once.Do(func() { g.rings <- err }) }

func (g *leg) state(s line.State) { g.l.calls.dialled(g.ext.Number, g.id, s) }

// run makes the call. What happens is told as it happens; the error is why the own phone did not ring.
func (g *leg) run(ctx context.Context) error {
	own, err := g.ringOwn(ctx)
	if err != nil {
		g.state(line.Ended)
		return err
	}
	g.own = own
	defer g.a.hold(g.id, own, sync.OnceFunc(func() { close(g.ownHungUp) }))()
	handed, err := g.refer(ctx)
	if handed {
		return nil
	}
	if err == nil {
		err = g.join(ctx)
	}
	g.bye(own)
	g.state(line.Ended)
	return err
}

// ringOwn rings the extension's own phone, until it is picked up.
func (g *leg) ringOwn(ctx context.Context) (*sipgo.DialogClientSession, error) {
	ctx, cancel := context.WithTimeout(ctx, g.l.conf.Patience)
	defer cancel()
	return g.invite(ctx, g.ext.Number, g.id, g.number, hold(g.contact), func(res *sip.Response) {
		if res.StatusCode >= 180 && res.StatusCode < 300 {
			g.state(line.Ringing)
			g.tell(nil)
		}
	})
}

// invite calls somebody by the exchange and waits until they answer.
func (g *leg) invite(ctx context.Context, who, id, display string, body []byte, progress func(*sip.Response)) (*sipgo.DialogClientSession, error) {
	user, password := g.l.conf.account(g.ext)
	req := sip.NewRequest(sip.INVITE, g.a.uri(who))
	g.a.toServer(req)
	from := &sip.FromHeader{DisplayName: display, Address: g.a.uri(user)}
	from.Params.Add("tag", sip.GenerateTagN(16))
	call := sip.CallIDHeader(id)
	for _, h := range []sip.Header{from, &sip.ToHeader{Address: g.a.uri(who)}, &call, g.contact.Clone(), sip.NewHeader("Allow", "INVITE, ACK, CANCEL, BYE, NOTIFY, OPTIONS"), sip.NewHeader("Supported", "norefersub")} {
		req.AppendHeader(h)
	}
	if body != nil {
		req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		req.SetBody(body)
	}
	ua := &sipgo.DialogUA{Client: g.a.client, ContactHDR: *g.contact.Clone()}
	session, err := ua.WriteInvite(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	}
	err = g.answer(ctx, session, sipgo.AnswerOptions{Username: user, Password: password, OnResponse: func(res *sip.Response) error {
		progress(res)
		return nil
	}})
	if err != nil {
		return nil, err
	}
	if body == nil {
		return session, nil // the ACK carries the answer, later
	}
	return session, g.ack(session, nil)
}

// answer waits until somebody answers. A phone that rings when ctx ends is called off, and one that was picked up in the same instant is
// hung up.
func (g *leg) answer(ctx context.Context, session *sipgo.DialogClientSession, options sipgo.AnswerOptions) error {
	wait, force := context.WithCancelCause(context.WithoutCancel(ctx))
	defer force(nil)
	heard, progress := make(chan struct{}), options.OnResponse
	first := sync.OnceFunc(func() { close(heard) })
	options.OnResponse = func(res *sip.Response) error {
		if res.StatusCode != 401 && res.StatusCode != 407 {
			first()
		}
		return progress(res)
	}
	defer context.AfterFunc(ctx, func() {
		select { // nothing may be called off before it is known to have come (RFC 3261, 9.1)
		case <-heard:
			g.callOff(session)
		case <-wait.Done():
			return
		case <-time.After(5 * time.Second):
		}
		select {
		case <-wait.Done():
		case <-time.After(5 * time.Second):
			force(sipgo.WaitAnswerForceCancelErr)
		}
	})()
	err := session.WaitAnswer(wait, options)
	var refused *sipgo.ErrDialogResponse
	switch {
	case err == nil && ctx.Err() != nil:
		_ = g.ack(session, nil)
		g.bye(session)
		return ctx.Err()
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &refused):
		return fmt.Errorf("%w: it answered %d", line.ErrRefused, refused.Res.StatusCode)
	case err != nil:
		return fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	}
	return nil
}

// callOff sends CANCEL for an INVITE that was heard.
func (g *leg) callOff(session *sipgo.DialogClientSession) {
	invite := session.InviteRequest
	req := sip.NewRequest(sip.CANCEL, *invite.Recipient.Clone())
	g.a.toServer(req)
	hops := sip.MaxForwardsHeader(70)
	for _, h := range []sip.Header{sip.HeaderClone(invite.Via()), sip.HeaderClone(invite.From()), sip.HeaderClone(invite.To()), sip.HeaderClone(invite.CallID()), &sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL}, &hops} {
		req.AppendHeader(h)
	}
	req.SetBody(nil)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, _ = g.a.client.Do(ctx, req, func(*sipgo.Client, *sip.Request) error { return nil })
}

func (g *leg) within(session *sipgo.DialogClientSession, method sip.RequestMethod) *sip.Request {
	target := session.InviteRequest.Recipient
	if c := session.InviteResponse.Contact(); c != nil {
		target = c.Address
	}
	req := sip.NewRequest(method, *target.Clone())
	req.SetDestination(g.a.server.String())
	return req
}

func (g *leg) ack(session *sipgo.DialogClientSession, body []byte) error {
	req := g.within(session, sip.ACK)
	if body != nil {
		req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		req.SetBody(body)
	}
	return session.WriteAck(context.Background(), req)
}

// bye ends one of our two calls, if it stands.
func (g *leg) bye(session *sipgo.DialogClientSession) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = session.WriteBye(ctx, g.within(session, sip.BYE))
}

// refer asks the own phone to call the number by itself (RFC 3515). When it does, the call is its own; handed says so. Neither handed nor
// an error: the phone will not be asked.
func (g *leg) refer(ctx context.Context) (handed bool, err error) {
	news := make(chan int, 16)
	defer g.a.hear(g.id, func(req *sip.Request) { heardOfRefer(req, news) })()
	g.l.calls.asked(g.ext.Number, g.id, g.number, 90*time.Second)
	req := g.within(g.own, sip.REFER)
	user, _ := g.l.conf.account(g.ext)
	number := g.a.uri(g.number)
	by := g.a.uri(user)
	req.AppendHeader(sip.NewHeader("Refer-To", "<"+number.String()+">"))
	req.AppendHeader(sip.NewHeader("Referred-By", "<"+by.String()+">"))
	ask, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	res, err := g.own.Do(ask, req)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		return false, fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	case res.StatusCode/100 != 2:
		g.l.calls.asked(g.ext.Number, g.id, g.number, -1)
		return false, nil
	}
	silence := time.After(90 * time.Second)
	for {
		select {
		case status := <-news:
			switch {
			case status < 200:
			case status < 300:
				g.state(line.Answered)
				g.bye(g.own)
				g.l.calls.asked(g.ext.Number, g.id, g.number, 3*time.Second) // events may come after the news
				return true, nil
			default: // nobody there
				return false, fmt.Errorf("%w: the number answered %d", line.ErrRefused, status)
			}
		case <-g.ownHungUp: // many phones leave us as soon as they call by themselves
			g.l.calls.asked(g.ext.Number, g.id, g.number, 30*time.Second)
			return true, nil
		case <-silence:
			return false, fmt.Errorf("%w: the phone says nothing of the call", line.ErrUnreachable)
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// heardOfRefer reads what a phone says of the call that it makes.
func heardOfRefer(req *sip.Request, news chan<- int) {
	status, ok := 0, false
	if isType(req, "message/sipfrag") {
		status, ok = parseFrag(req.Body())
	}
	if h := req.GetHeader("Subscription-State"); !ok && h != nil && endOf(h.Value()) != nil {
		status, ok = 200, true // ended without a word: the call is the phone's
	}
	if ok {
		select {
		case news <- status:
		default:
		}
	}
}

// join calls the number from here and has the two phones speak with each other (RFC 3725, flow IV): our own phone was picked up on hold,
// the number is called without an offer, and its offer is given to the phone. Media never passes here.
func (g *leg) join(ctx context.Context) error {
	id := sip.GenerateTagN(32)
	g.l.calls.leg(id)
	calling, stop := context.WithTimeout(ctx, g.l.conf.Patience)
	defer stop()
	go func() { // the own phone hangs up while the number rings
		select {
		case <-g.ownHungUp:
			stop()
		case <-calling.Done():
		}
	}()
	other, err := g.invite(calling, g.number, id, "", nil, func(*sip.Response) {})
	if err != nil {
		return err
	}
	defer g.a.hold(id, other, sync.OnceFunc(func() { close(g.otherHungUp) }))()
	defer g.bye(other)
	again := g.within(g.own, sip.INVITE)
	again.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	again.SetBody(other.InviteResponse.Body())
	res, err := g.own.Do(ctx, again)
	if err != nil || res.StatusCode/100 != 2 {
		return errors.Join(fmt.Errorf("%w: the phone refused to be joined", line.ErrRefused), err, g.ack(other, hold(g.contact)))
	}
	if err := errors.Join(g.ack(other, res.Body()), g.own.WriteRequest(g.within(g.own, sip.ACK))); err != nil {
		return err
	}
	g.state(line.Answered)
	select {
	case <-ctx.Done():
	case <-g.ownHungUp:
	case <-g.otherHungUp:
	}
	return nil
}

// hold is an offer of silence: the phone is picked up before there is anybody to speak to.
func hold(at *sip.ContactHeader) []byte {
	host, family := strings.Trim(at.Address.Host, "[]"), "IP4"
	if strings.Contains(host, ":") {
		family = "IP6"
	}
	where := family + " " + host
	return []byte("v=0\r\no=rempart 1 1 IN " + where + "\r\ns=-\r\nc=IN " + where + "\r\nt=0 0\r\nm=audio 9 RTP/AVP 8 0 101\r\n" +
		"a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=inactive\r\n")
}

// Hangup ends a call: one dialled from here while it still passes here, or one that rings at our registration, which is declined.
// Errors: line.ErrNoCall; line.ErrUnsupported for a call between two phones, in which we have no part.
func (l *Line) Hangup(_ context.Context, extension, call string) error {
	l.mu.Lock()
	g, rung := l.legs[call], l.rung[callKey{extension, call}]
	if rung != nil {
		delete(l.rung, callKey{extension, call})
	}
	l.mu.Unlock()
	switch {
	case g != nil && g.ext.Number == extension:
		g.hangup()
		return nil
	case rung != nil:
		close(rung)
		return nil
	}
	if state, _ := l.calls.state(extension, call); state == line.Ringing || state == line.Answered {
		return line.ErrUnsupported
	}
	return line.ErrNoCall
}
