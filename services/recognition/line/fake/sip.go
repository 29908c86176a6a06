package fake

import (
	"context"
	"crypto/md5" //nolint:gosec // digest of SIP (RFC 3261, 22.4)
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/rempart/rempart/services/recognition/line"
)

// SIP is how the exchange behaves for those who speak SIP with it.
type SIP struct {
	Domain    string
	Passwords map[string]string // by extension
	NoEvents  bool              // refuses dialog events
	NoRefer   bool              // its phones will not be asked to call
	NewsFirst bool              // news of a subscription come before its answer, as they may
}

// Front is the SIP side of an exchange.
type Front struct {
	Address string // "127.0.0.1:40000"

	x      *Exchange
	conf   SIP
	ua     *sipgo.UserAgent
	client *sipgo.Client
	srv    *sipgo.Server
	close  func() error
	forget func()

	mu    sync.Mutex
	subs  map[string]*subscriber        // by Call-ID
	regs  map[string]map[string]sip.Uri // contacts of an extension
	forks map[string][]*fork            // INVITEs that ring at registrations, by call
	legs  map[string]*leg               // click-to-dial calls, by Call-ID
}

type subscriber struct {
	ext           string
	id            string
	local, remote string // tags
	contact       sip.Uri
	from, to      sip.Uri
	seq           uint32
	version       int
	mu            sync.Mutex // news leave in their order
}

// fork is one INVITE to a registration.
type fork struct {
	req  *sip.Request
	stop chan string // the Reason of CANCEL
}

// leg is a call from click-to-dial.
type leg struct{ ext string }

// Serve speaks SIP over "udp" or "tcp" on a port of the loopback, until Close.
func (x *Exchange) Serve(network string, conf SIP) (*Front, error) {
	mute := slog.New(slog.DiscardHandler)
	ua, err := sipgo.NewUA(sipgo.WithUserAgent("fake"), sipgo.WithUserAgentHostname(conf.Domain),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(mute)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(mute), sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {})))
	if err != nil {
		return nil, err
	}
	f := &Front{
		x: x, conf: conf, ua: ua, subs: map[string]*subscriber{}, regs: map[string]map[string]sip.Uri{}, forks: map[string][]*fork{},
		legs: map[string]*leg{},
	}
	if f.srv, err = sipgo.NewServer(ua, sipgo.WithServerLogger(mute)); err != nil {
		return nil, err
	}
	f.handle()
	var options []sipgo.ClientOption
	if network == "udp" {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		f.Address, f.close = c.LocalAddr().String(), c.Close
		options = append(options, sipgo.WithClientConnectionAddr(f.Address))
		go func() { _ = f.srv.ServeUDP(c) }()
	} else {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		f.Address, f.close = l.Addr().String(), l.Close
		go func() { _ = f.srv.ServeTCP(l) }()
	}
	if f.client, err = sipgo.NewClient(ua, append(options, sipgo.WithClientLogger(mute))...); err != nil {
		return nil, err
	}
	f.forget = x.watch(func(c change) { go f.changed(c) })
	return f, nil
}

// Close ends it.
func (f *Front) Close() error {
	f.forget()
	return errors.Join(f.ua.Close(), f.close())
}

// Lose forgets every subscription and registration, as an exchange that lost its power does.
func (f *Front) Lose() {
	f.mu.Lock()
	f.subs, f.regs = map[string]*subscriber{}, map[string]map[string]sip.Uri{}
	f.mu.Unlock()
}

// Subscriptions is how many subscriptions there are, and Registrations how many contacts an extension has.
func (f *Front) Subscriptions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subs)
}

// Registrations is how many contacts an extension has.
func (f *Front) Registrations(ext string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.regs[ext])
}

func answer(req *sip.Request, tx sip.ServerTransaction, code int, headers ...sip.Header) {
	res := sip.NewResponseFromRequest(req, code, "", nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	_ = tx.Respond(res)
}

func idOf(req *sip.Request) string { return req.CallID().Value() }

// known asks for the password of the extension that speaks.
func (f *Front) known(req *sip.Request, tx sip.ServerTransaction) bool {
	ask, given, code := "WWW-Authenticate", "Authorization", 401
	if req.Method == sip.INVITE {
		ask, given, code = "Proxy-Authenticate", "Proxy-Authorization", 407
	}
	if h := req.GetHeader(given); h != nil {
		p := map[string]string{}
		for _, part := range strings.Split(strings.TrimPrefix(h.Value(), "Digest "), ",") {
			k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			p[k] = strings.Trim(v, `"`)
		}
		password, there := f.conf.Passwords[p["username"]]
		one := sum(p["username"] + ":" + f.conf.Domain + ":" + password)
		if there && p["username"] == req.From().Address.User && p["response"] == sum(one+":"+p["nonce"]+":"+sum(string(req.Method)+":"+p["uri"])) {
			return true
		}
	}
	answer(req, tx, code, sip.NewHeader(ask, `Digest realm="`+f.conf.Domain+`", nonce="`+sip.GenerateTagN(16)+`", algorithm=MD5`))
	return false
}

func sum(s string) string {
	h := md5.Sum([]byte(s)) //nolint:gosec // as above
	return hex.EncodeToString(h[:])
}

func (f *Front) handle() {
	f.srv.OnRegister(f.register)
	f.srv.OnSubscribe(f.subscribe)
	f.srv.OnInvite(f.invite)
	f.srv.OnRefer(f.refer)
	f.srv.OnBye(func(req *sip.Request, tx sip.ServerTransaction) { answer(req, tx, 200) })
	f.srv.OnAck(func(*sip.Request, sip.ServerTransaction) {})
}

func (f *Front) contact() *sip.ContactHeader {
	_, port, _ := net.SplitHostPort(f.Address)
	n, _ := strconv.Atoi(port)
	return &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", Host: "127.0.0.1", Port: n}}
}

func (f *Front) register(req *sip.Request, tx sip.ServerTransaction) {
	if !f.known(req, tx) {
		return
	}
	contact, ext := req.Contact(), req.To().Address.User
	expires, _ := contact.Params.Get("expires")
	f.mu.Lock()
	if f.regs[ext] == nil {
		f.regs[ext] = map[string]sip.Uri{}
	}
	if expires == "0" {
		delete(f.regs[ext], contact.Address.String())
	} else {
		f.regs[ext][contact.Address.String()] = *contact.Address.Clone()
	}
	f.mu.Unlock()
	answer(req, tx, 200)
}

func (f *Front) subscribe(req *sip.Request, tx sip.ServerTransaction) {
	if !f.known(req, tx) {
		return
	}
	if f.conf.NoEvents {
		answer(req, tx, 489)
		return
	}
	tag, again := req.To().Params.Get("tag")
	expires := req.GetHeader("Expires").Value()
	f.mu.Lock()
	s := f.subs[idOf(req)]
	switch {
	case again && (s == nil || s.local != tag):
		f.mu.Unlock()
		answer(req, tx, 481)
		return
	case s == nil:
		remote, _ := req.From().Params.Get("tag")
		s = &subscriber{
			ext: req.To().Address.User, id: idOf(req), local: sip.GenerateTagN(12), remote: remote, contact: *req.Contact().Address.Clone(),
			from: *req.To().Address.Clone(), to: *req.From().Address.Clone(), version: -1,
		}
		f.subs[s.id] = s
	}
	if expires == "0" {
		delete(f.subs, s.id)
	}
	f.mu.Unlock()
	res := sip.NewResponseFromRequest(req, 200, "OK", nil)
	res.To().Params.Remove("tag")
	res.To().Params.Add("tag", s.local)
	res.AppendHeader(f.contact())
	res.AppendHeader(sip.NewHeader("Expires", expires))
	if f.conf.NewsFirst {
		f.news(s, nil, expires == "0")
	}
	_ = tx.Respond(res)
	if !f.conf.NewsFirst {
		go f.news(s, nil, expires == "0")
	}
}

// changed tells a change to those who watch the extension, and rings at those who registered for it.
func (f *Front) changed(c change) {
	f.mu.Lock()
	var watching []*subscriber
	for _, s := range f.subs {
		if s.ext == c.extension {
			watching = append(watching, s)
		}
	}
	var contacts []sip.Uri
	if c.state == line.Ringing && !c.outgoing && f.forks[c.id] == nil {
		for _, uri := range f.regs[c.extension] {
			contacts = append(contacts, uri)
		}
	}
	var over []*fork
	if c.state != line.Ringing {
		over = f.forks[c.id]
		delete(f.forks, c.id)
	}
	for _, uri := range contacts {
		k := &fork{req: f.ring(c.call, uri), stop: make(chan string, 1)}
		f.forks[c.id] = append(f.forks[c.id], k)
		go f.follow(k)
	}
	f.mu.Unlock()
	for _, k := range over {
		reason := ""
		if c.state == line.Answered || c.state == line.Elsewhere {
			reason = `SIP;cause=200;text="Call completed elsewhere"`
		}
		k.stop <- reason
	}
	for _, s := range watching {
		f.news(s, &c.call, false)
	}
}

func identity(c call) (name, uri string) {
	if c.hidden {
		return "Anonymous", "sip:anonymous@anonymous.invalid"
	}
	return c.display, "sip:" + c.remote + "@fake.test"
}

// news tells a subscriber all that goes on, and the call that has just ended.
func (f *Front) news(s *subscriber, just *call, last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.x.mu.Lock()
	var b strings.Builder
	s.version++
	fmt.Fprintf(&b, "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"%d\" state=\"full\" entity=\"sip:%s@%s\">\n", s.version, s.ext, f.conf.Domain)
	for _, c := range f.x.calls {
		if c.extension == s.ext && !c.own {
			write(&b, *c)
		}
	}
	if just != nil && f.x.calls[just.id] == nil && !just.own {
		write(&b, *just)
	}
	b.WriteString("</dialog-info>\n")
	f.x.mu.Unlock()
	req := sip.NewRequest(sip.NOTIFY, *s.contact.Clone())
	from, to := &sip.FromHeader{Address: s.from}, &sip.ToHeader{Address: s.to}
	from.Params.Add("tag", s.local)
	to.Params.Add("tag", s.remote)
	id := sip.CallIDHeader(s.id)
	s.seq++
	state := "active;expires=600"
	if last {
		state = "terminated;reason=timeout"
	}
	for _, h := range []sip.Header{
		from, to, &id, &sip.CSeqHeader{SeqNo: s.seq, MethodName: sip.NOTIFY}, f.contact(), sip.NewHeader("Event", "dialog"),
		sip.NewHeader("Subscription-State", state), sip.NewHeader("Content-Type", "application/dialog-info+xml"),
	} {
		req.AppendHeader(h)
	}
	req.SetBody([]byte(b.String()))
	f.send(req)
}

func write(b *strings.Builder, c call) {
	state, direction := map[line.State]string{line.Ringing: "early", line.Answered: "confirmed"}[c.state], "recipient"
	if state == "" {
		state = "terminated"
	}
	if c.outgoing {
		direction = "initiator"
	}
	name, uri := identity(c)
	fmt.Fprintf(b, "<dialog id=\"%[1]s\" call-id=\"%[1]s\" direction=\"%[2]s\"><state>%[3]s</state><remote><identity display=\"%[4]s\">%[5]s</identity></remote></dialog>\n", c.id, direction, state, name, uri)
}

func (f *Front) send(req *sip.Request) *sip.Response {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if req.Recipient.UriParams.GetOr("transport", "udp") == "tcp" {
		req.SetTransport("TCP")
	}
	res, err := f.client.Do(ctx, req)
	if err != nil {
		return nil
	}
	return res
}

// ring makes the INVITE of a call for a registration. What the caller hides is leaked beside, as careless exchanges do.
func (f *Front) ring(c call, at sip.Uri) *sip.Request {
	req := sip.NewRequest(sip.INVITE, *at.Clone())
	name, uri := identity(c)
	from := &sip.FromHeader{DisplayName: name}
	_ = sip.ParseUri(uri, &from.Address)
	from.Params.Add("tag", sip.GenerateTagN(12))
	id := sip.CallIDHeader(c.id)
	to := &sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: c.extension, Host: f.conf.Domain}}
	for _, h := range []sip.Header{from, to, &id, &sip.CSeqHeader{SeqNo: 1, MethodName: sip.INVITE}, f.contact()} {
		req.AppendHeader(h)
	}
	if c.hidden {
		req.AppendHeader(sip.NewHeader("Privacy", "id"))
		if c.leaked != "" {
			req.AppendHeader(sip.NewHeader("P-Asserted-Identity", "\"Leaked\" <sip:"+c.leaked+"@fake.test>"))
		}
	}
	if at.UriParams.GetOr("transport", "udp") == "tcp" {
		req.SetTransport("TCP")
	}
	return req
}

// follow rings at a registration until the call is called off.
func (f *Front) follow(k *fork) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	tx, err := f.client.TransactionRequest(ctx, k.req)
	if err != nil {
		return
	}
	defer tx.Terminate()
	stop, trying := k.stop, false
	var reason string
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return
			}
			if trying = true; stop == nil {
				f.cancel(k.req, reason)
			}
		case reason = <-stop:
			if stop = nil; trying {
				f.cancel(k.req, reason)
			}
		case <-tx.Done():
			return
		}
	}
}

func (f *Front) cancel(invite *sip.Request, reason string) {
	req := sip.NewRequest(sip.CANCEL, *invite.Recipient.Clone())
	hops := sip.MaxForwardsHeader(70)
	for _, h := range []sip.Header{
		sip.HeaderClone(invite.Via()), sip.HeaderClone(invite.From()), sip.HeaderClone(invite.To()), sip.HeaderClone(invite.CallID()),
		&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL}, &hops,
	} {
		req.AppendHeader(h)
	}
	if reason != "" {
		req.AppendHeader(sip.NewHeader("Reason", reason))
	}
	req.SetBody(nil)
	req.SetTransport(invite.Transport())
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_, _ = f.client.Do(ctx, req, func(*sipgo.Client, *sip.Request) error { return nil })
}
