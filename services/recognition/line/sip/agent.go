package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/services/recognition/line"
)

func init() {
	sip.TransportBufferReadSize = 65535                 // by itself it reads 32 kB of a datagram: a busy extension has longer documents
	sip.SetDefaultLogger(slog.New(slog.DiscardHandler)) // it writes messages with their numbers
}

// agent is our end of SIP with one exchange: everything goes to its one address, and over UDP only what comes from there is read.
type agent struct {
	conf   *Config
	server netip.AddrPort
	ua     *sipgo.UserAgent
	client *sipgo.Client
	srv    *sipgo.Server
	socket net.PacketConn // UDP only

	mu      sync.Mutex
	notify  map[string]func(*sip.Request) // by Call-ID: subscriptions and calls that wait for news
	calls   map[string]*sipgo.DialogClientSession
	hungUp  map[string]func()
	invited func(*sip.Request, sip.ServerTransaction)
	gone    chan struct{} // closed while there is no connection; nil over UDP
	over    chan struct{} // closed by shut
	close   sync.Once
}

// open prepares to speak with the exchange; over TCP and TLS it connects.
func open(ctx context.Context, conf *Config, invited func(*sip.Request, sip.ServerTransaction)) (*agent, error) {
	server, err := resolve(ctx, conf)
	if err != nil {
		return nil, err
	}
	a := &agent{
		conf: conf, server: server, invited: invited, notify: map[string]func(*sip.Request){},
		calls: map[string]*sipgo.DialogClientSession{}, hungUp: map[string]func(){}, over: make(chan struct{}),
	}
	mute := slog.New(slog.DiscardHandler) // the library writes messages with their numbers
	options := []sipgo.UserAgentOption{
		sipgo.WithUserAgent("rempart"), sipgo.WithUserAgentHostname(conf.Domain),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(mute), sip.WithTransportLayerReadFilter(a.filter)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(mute), sip.WithTransactionLayerTerminateOnConnClose(),
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {})),
	}
	if conf.Transport == "tls" {
		options = append(options, sipgo.WithUserAgenTLSConfig(tlsOf(conf)))
	}
	if a.ua, err = sipgo.NewUA(options...); err != nil {
		return nil, err
	}
	clientOptions := []sipgo.ClientOption{sipgo.WithClientLogger(mute), sipgo.WithClientNAT()}
	if conf.Transport == "udp" {
		if a.socket, err = listen(server); err != nil {
			_ = a.ua.Close()
			return nil, fmt.Errorf("%w: %w", line.ErrUnreachable, err)
		}
		clientOptions = append(clientOptions, sipgo.WithClientConnectionAddr(a.socket.LocalAddr().String()))
	}
	if a.client, err = sipgo.NewClient(a.ua, clientOptions...); err != nil {
		return nil, errors.Join(err, a.shut())
	}
	if a.srv, err = sipgo.NewServer(a.ua, sipgo.WithServerLogger(mute)); err != nil {
		return nil, errors.Join(err, a.shut())
	}
	a.listenFor()
	if a.socket != nil {
		ready := make(chan struct{})
		go func() {
			close(ready)
			_ = a.srv.ServeUDP(a.socket)
		}()
		<-ready
		return a, a.await(ctx)
	}
	if _, err := a.local(ctx); err != nil {
		return nil, errors.Join(err, a.shut())
	}
	go a.feel()
	return a, nil
}

// feel finds out that the connection to the exchange is closed.
func (a *agent) feel() {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-a.over:
			return
		case <-tick.C:
		}
		if a.connected() {
			continue
		}
		a.mu.Lock()
		if a.gone != nil {
			close(a.gone)
			a.gone = nil
		}
		a.mu.Unlock()
	}
}

// lost is closed when the connection to the exchange is; never over UDP, which has none.
func (a *agent) lost() <-chan struct{} {
	if a.socket != nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone == nil {
		a.gone = make(chan struct{})
		if !a.connected() {
			close(a.gone)
			defer func() { a.gone = nil }()
		}
	}
	return a.gone
}

// await waits for the reader of the socket to be known to the library, which would else open another.
func (a *agent) await(ctx context.Context) error {
	for range 200 {
		if c := a.ua.TransportLayer().Pool("udp").Get(a.socket.LocalAddr().String()); c != nil {
			_, err := c.TryClose()
			return err
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("sip: the socket is not read")
}

// resolve gives the one address that is spoken to.
func resolve(ctx context.Context, conf *Config) (netip.AddrPort, error) {
	if conf.Dial != nil {
		return judged(ctx, conf)
	}
	host, port, err := net.SplitHostPort(conf.Server)
	if err != nil {
		return netip.AddrPort{}, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return netip.AddrPort{}, errors.New("sip: the server has no port")
	}
	var found []netip.Addr
	if addr, err := netip.ParseAddr(host); err == nil {
		found = []netip.Addr{addr}
	} else if found, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: its name is not known", line.ErrUnreachable)
	}
	for _, addr := range found {
		if addr = addr.Unmap(); conf.May(addr) {
			return netip.AddrPortFrom(addr, uint16(n)), nil
		}
	}
	return netip.AddrPort{}, fmt.Errorf("%w: its address may not be called", line.ErrRefused)
}

// judged asks the way out: a datagram's connection sends nothing, and leads to the address that was judged.
func judged(ctx context.Context, conf *Config) (netip.AddrPort, error) {
	conn, err := conf.Dial(ctx, "udp", conf.Server)
	if err != nil {
		kind := line.ErrUnreachable
		if errors.Is(err, egress.ErrRefused) {
			kind = line.ErrRefused
		}
		return netip.AddrPort{}, fmt.Errorf("%w: %w", kind, err)
	}
	defer conn.Close() //nolint:errcheck // nothing was sent
	to, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	return netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), err
}

func tlsOf(conf *Config) *tls.Config {
	c := &tls.Config{}
	if conf.TLS != nil {
		c = conf.TLS.Clone()
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	if c.ServerName == "" {
		c.ServerName, _, _ = net.SplitHostPort(conf.Server)
	}
	return c
}

// listen opens a socket on the address by which the exchange is reached.
func listen(server netip.AddrPort) (net.PacketConn, error) {
	probe, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(server)) // sends nothing: asks for the route
	if err != nil {
		return nil, err
	}
	local := probe.LocalAddr().(*net.UDPAddr)
	if err := probe.Close(); err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: local.IP, Zone: local.Zone})
	if err != nil {
		return nil, err
	}
	return conn, conn.SetReadBuffer(4 << 20) // documents come in bursts; the system gives what it allows
}

// filter drops what others than the exchange send.
func (a *agent) filter(p sip.TransportReadProps, data []byte) ([]byte, error) {
	if from, err := netip.ParseAddrPort(p.RemoteAddr.String()); err != nil || from.Addr().Unmap() != a.server.Addr() {
		return nil, nil
	}
	return data, nil
}

// local gives the address that the exchange sees us at, connecting when no connection stands.
func (a *agent) local(ctx context.Context) (netip.AddrPort, error) {
	if a.socket != nil {
		return netip.ParseAddrPort(a.socket.LocalAddr().String())
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	probe := sip.NewRequest(sip.OPTIONS, sip.Uri{Scheme: "sip", Host: a.conf.Domain})
	a.toServer(probe)
	probe.AppendHeader(&sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: strings.ToUpper(a.conf.Transport)})
	conn, err := a.ua.TransportLayer().ClientRequestConnection(ctx, probe)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	}
	defer conn.TryClose() //nolint:errcheck // gives the reference back
	return netip.ParseAddrPort(conn.LocalAddr().String())
}

// connected tells whether the exchange still holds our connection; over UDP there is none to lose.
func (a *agent) connected() bool {
	return a.socket != nil || a.ua.TransportLayer().Pool(a.conf.Transport).Size() > 0
}

func (a *agent) toServer(req *sip.Request) {
	req.SetTransport(strings.ToUpper(a.conf.Transport))
	req.SetDestination(a.server.String())
}

func (a *agent) uri(user string) sip.Uri {
	return sip.Uri{Scheme: "sip", User: user, Host: a.conf.Domain}
}

// contact is where the exchange reaches us, for an extension.
func (a *agent) contact(ctx context.Context, user string) (*sip.ContactHeader, error) {
	at, err := a.local(ctx)
	if err != nil {
		return nil, err
	}
	uri := sip.Uri{Scheme: "sip", User: user, Host: at.Addr().String(), Port: int(at.Port()), UriParams: sip.HeaderParams{{K: "transport", V: a.conf.Transport}}}
	if at.Addr().Is6() {
		uri.Host = "[" + at.Addr().String() + "]"
	}
	return &sip.ContactHeader{Address: uri}, nil
}

// do sends a request and waits for its final answer, once more with the password where that is asked for. A password that is refused
// is line.ErrRefused; no answer is line.ErrUnreachable.
func (a *agent) do(ctx context.Context, req *sip.Request, user, password string, options ...sipgo.ClientRequestOption) (*sip.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, 12*time.Second)
	defer cancel()
	a.toServer(req)
	res, err := a.client.Do(ctx, req, options...)
	for try := 0; err == nil && try < 2 && (res.StatusCode == 401 || res.StatusCode == 407); try++ {
		if try > 0 && !isStale(res) {
			break
		}
		res, err = a.client.DoDigestAuth(ctx, req, res, sipgo.DigestAuth{Username: user, Password: password})
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	case res.StatusCode == 401 || res.StatusCode == 407:
		return res, fmt.Errorf("%w: the password of the account", line.ErrRefused)
	}
	return res, nil
}

func isStale(res *sip.Response) bool {
	for _, name := range []string{"WWW-Authenticate", "Proxy-Authenticate"} {
		if h := res.GetHeader(name); h != nil && strings.Contains(strings.ToLower(strings.ReplaceAll(h.Value(), `"`, "")), "stale=true") {
			return true
		}
	}
	return false
}

// listenFor says what is done with the requests of the exchange.
func (a *agent) listenFor() {
	a.srv.OnNotify(func(req *sip.Request, tx sip.ServerTransaction) {
		a.mu.Lock()
		told := a.notify[callID(req)]
		a.mu.Unlock()
		if told == nil { // of a subscription that we do not have: the exchange shall forget it
			_ = tx.Respond(sip.NewResponseFromRequest(req, 481, "Subscription does not exist", nil))
			return
		}
		_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
		told(req)
	})
	a.srv.OnInvite(func(req *sip.Request, tx sip.ServerTransaction) {
		if to := req.To(); a.invited == nil || to == nil || to.Params.Has("tag") {
			_ = tx.Respond(sip.NewResponseFromRequest(req, 481, "Call does not exist", nil))
			return
		}
		a.invited(req, tx)
	})
	a.srv.OnBye(func(req *sip.Request, tx sip.ServerTransaction) {
		a.mu.Lock()
		session, gone := a.calls[callID(req)], a.hungUp[callID(req)]
		a.mu.Unlock()
		if session == nil {
			_ = tx.Respond(sip.NewResponseFromRequest(req, 481, "Call does not exist", nil))
			return
		}
		_ = session.ReadBye(req, tx)
		gone()
	})
	a.srv.OnOptions(func(req *sip.Request, tx sip.ServerTransaction) {
		_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
	})
	a.srv.OnCancel(func(req *sip.Request, tx sip.ServerTransaction) { // of no call that rings here
		_ = tx.Respond(sip.NewResponseFromRequest(req, 481, "Call does not exist", nil))
	})
	a.srv.OnAck(func(*sip.Request, sip.ServerTransaction) {})
}

// hear tells the news of one Call-ID to f until forget is called.
func (a *agent) hear(id string, f func(*sip.Request)) (forget func()) {
	a.mu.Lock()
	a.notify[id] = f
	a.mu.Unlock()
	return func() {
		a.mu.Lock()
		delete(a.notify, id)
		a.mu.Unlock()
	}
}

// hold keeps a call of ours, and says when the other end hangs up.
func (a *agent) hold(id string, s *sipgo.DialogClientSession, gone func()) (forget func()) {
	a.mu.Lock()
	a.calls[id], a.hungUp[id] = s, gone
	a.mu.Unlock()
	return func() {
		a.mu.Lock()
		delete(a.calls, id)
		delete(a.hungUp, id)
		a.mu.Unlock()
	}
}

func (a *agent) shut() (err error) {
	a.close.Do(func() {
		close(a.over)
		err = a.ua.Close()
		if a.socket != nil {
			err = errors.Join(err, a.socket.Close())
		}
	})
	return err
}

func callID(m interface{ CallID() *sip.CallIDHeader }) string {
	if h := m.CallID(); h != nil {
		return h.Value()
	}
	return ""
}
