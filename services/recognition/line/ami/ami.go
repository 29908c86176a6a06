// Package ami speaks to Asterisk by its manager interface (AMI, version 2 and later): contract-tested against the published form of its
// events, not yet against a live Asterisk.
//
// Owns: the actions and events of AMI. Must not know: who opens its connection. Start reading at: New.
package ami

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition/line"
)

// Config is one Asterisk.
type Config struct {
	Address        string // host:port
	User, Password string
	TLS            *tls.Config // nil: in clear
	Tech           string      // of phones: "PJSIP"
	Context        string      // numbers are dialled in
	Extensions     []string
	Dial           func(ctx context.Context, network, address string) (net.Conn, error)
}

// ours begins the ids of channels that click-to-dial makes.
const ours = "rempart-"

// Line is one Asterisk.
type Line struct {
	conf Config
	up   atomic.Bool
}

// New makes the line.
func New(conf Config) *Line { return &Line{conf: conf} }

// Up tells whether it is connected.
func (l *Line) Up() error {
	if !l.up.Load() {
		return line.ErrUnreachable
	}
	return nil
}

// session is one connection that has logged in.
type session struct {
	conn  net.Conn
	text  *textproto.Reader
	bound *io.LimitedReader
}

// next reads one message, of bounded size.
func (s *session) next() (textproto.MIMEHeader, error) {
	s.bound.N = line.MostText
	return s.text.ReadMIMEHeader()
}

func (l *Line) open(ctx context.Context, events string) (*session, error) {
	conn, err := l.conf.Dial(ctx, "tcp", l.conf.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", line.ErrUnreachable, err)
	}
	if l.conf.TLS != nil {
		conn = tls.Client(conn, l.conf.TLS)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	bound := &io.LimitedReader{R: conn, N: line.MostText}
	s := &session{conn, textproto.NewReader(bufio.NewReader(bound)), bound}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err = s.text.ReadLine(); err == nil { // "Asterisk Call Manager/…"
		var answer textproto.MIMEHeader
		answer, err = s.ask("Action", "Login", "Username", l.conf.User, "Secret", l.conf.Password, "Events", events)
		if err == nil && answer.Get("Response") != "Success" {
			err = line.ErrRefused
		}
	}
	if err != nil {
		stop()
		if !errors.Is(err, line.ErrRefused) {
			err = fmt.Errorf("%w: %w", line.ErrUnreachable, err)
		}
		return nil, errors.Join(err, conn.Close())
	}
	_ = conn.SetDeadline(time.Time{})
	return s, nil
}

// ask sends an action and gives its response; events that come before it are passed over.
func (s *session) ask(pairs ...string) (textproto.MIMEHeader, error) {
	id := string(ids.New())
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if strings.ContainsAny(pairs[i+1], "\r\n\x00") {
			return nil, line.ErrRefused // a value never begins a line of its own
		}
		b.WriteString(pairs[i] + ": " + pairs[i+1] + "\r\n")
	}
	if _, err := s.conn.Write([]byte(b.String() + "ActionID: " + id + "\r\n\r\n")); err != nil {
		return nil, err
	}
	for {
		m, err := s.next()
		if err != nil {
			return nil, err
		}
		if m.Get("Response") != "" && m.Get("Actionid") == id {
			return m, nil
		}
	}
}

// Watch reads events until the connection ends.
func (l *Line) Watch(ctx context.Context, tell func(line.Event)) error {
	ctx, cancel := context.WithCancel(ctx) // what is started for a connection ends with it
	defer cancel()
	s, err := l.open(ctx, "call")
	if err != nil {
		return err
	}
	defer s.conn.Close()
	l.up.Store(true)
	defer l.up.Store(false)
	r := reader{tech: l.conf.Tech, watched: map[string]bool{}, channels: map[string]*channel{}, hidden: map[string]bool{}, tell: tell}
	for _, e := range l.conf.Extensions {
		r.watched[e] = true
	}
	go beat(ctx, s)
	for {
		_ = s.conn.SetReadDeadline(time.Now().Add(90 * time.Second))
		m, err := s.next()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%w: %w", line.ErrUnreachable, err)
		}
		r.event(m)
	}
}

// beat asks now and then, so that a dead connection is seen.
func beat(ctx context.Context, s *session) {
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := s.conn.Write([]byte("Action: Ping\r\n\r\n")); err != nil {
				return
			}
		}
	}
}

// channel is one phone's side of a call.
type channel struct {
	line.Event
	answered bool
}

type reader struct {
	tech     string
	watched  map[string]bool
	channels map[string]*channel // by unique id
	hidden   map[string]bool     // unique ids of callers who asked for privacy
	tell     func(line.Event)
}

// phone gives the extension of a channel's name: "PJSIP/101-0000002b".
func (r *reader) phone(name string) string {
	rest, ok := strings.CutPrefix(name, r.tech+"/")
	if i := strings.LastIndexByte(rest, '-'); ok && i > 0 && r.watched[rest[:i]] {
		return rest[:i]
	}
	return ""
}

func known(v string) string {
	if v == "<unknown>" || strings.EqualFold(v, "anonymous") {
		return ""
	}
	return v
}

func (r *reader) event(m textproto.MIMEHeader) {
	id := m.Get("Uniqueid")
	switch m.Get("Event") {
	case "NewCallerid":
		// Presentation as in chan_dahdi's CallingPres: bits 6 and 7 say whether it may be shown.
		pres, _, _ := strings.Cut(m.Get("Cid-Callingpres"), " ")
		if n, err := strconv.Atoi(pres); err == nil && n&0x60 == 0x20 && len(r.hidden) < line.MostCalls {
			r.hidden[id] = true
		}
	case "DialBegin":
		r.dialled(m, id)
	case "Newstate":
		if c := r.channels[id]; c != nil && m.Get("Channelstatedesc") == "Up" && !c.answered {
			c.answered = true
			r.say(c, line.Answered)
		}
	case "DialEnd":
		if c := r.channels[id]; c != nil && c.Outgoing && m.Get("Dialstatus") == "ANSWER" && !c.answered {
			c.answered = true
			r.say(c, line.Answered)
		}
	case "Hangup":
		delete(r.hidden, id)
		c := r.channels[id]
		if c == nil {
			return
		}
		delete(r.channels, id)
		switch {
		case c.answered || c.Outgoing:
			r.say(c, line.Ended)
		case m.Get("Cause") == "26":
			r.say(c, line.Elsewhere)
		default:
			r.say(c, line.Missed)
		}
	}
}

func (r *reader) dialled(m textproto.MIMEHeader, id string) {
	if ext := r.phone(m.Get("Destchannel")); ext != "" {
		dest := m.Get("Destuniqueid")
		e := line.Event{Call: dest, Extension: ext, Remote: known(m.Get("Calleridnum")), Display: known(m.Get("Calleridname")), Own: strings.HasPrefix(id, ours)}
		e.Hidden = r.hidden[id] || len(r.hidden) >= line.MostCalls || e.Remote == "" && id != "" // nothing is shown that may be hidden
		r.begin(dest, e)
	}
	if ext := r.phone(m.Get("Channel")); ext != "" && r.channels[id] == nil {
		r.begin(id, line.Event{Call: id, Extension: ext, Outgoing: true, Remote: m.Get("Exten"), Own: strings.HasPrefix(id, ours)})
	}
}

func (r *reader) begin(id string, e line.Event) {
	if len(r.channels) >= line.MostCalls {
		return
	}
	if e.Hidden {
		e.Remote, e.Display = "", ""
	}
	c := &channel{Event: e}
	r.channels[id] = c
	r.say(c, line.Ringing)
}

func (r *reader) say(c *channel, s line.State) {
	e := c.Event
	e.State, e.At = s, time.Now()
	r.tell(e)
}

// Dial rings the extension's own phone, then puts it in the dial plan with the number.
func (l *Line) Dial(ctx context.Context, extension, number string) (string, error) {
	id := ours + string(ids.New())
	return id, l.act(ctx, "Action", "Originate", "Channel", l.conf.Tech+"/"+extension, "Context", l.conf.Context, "Exten", number, "Priority", "1",
		"CallerID", number, "Timeout", "30000", "Async", "true", "ChannelId", id)
}

// Hangup ends a call by the id of its channel.
func (l *Line) Hangup(ctx context.Context, _, call string) error {
	err := l.act(ctx, "Action", "Hangup", "Channel", call)
	if errors.Is(err, errNo) {
		return line.ErrNoCall
	}
	return err
}

var errNo = fmt.Errorf("%w: the action failed", line.ErrRefused)

// act does one action on a connection of its own.
func (l *Line) act(ctx context.Context, pairs ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	s, err := l.open(ctx, "off")
	if err != nil {
		return err
	}
	defer s.conn.Close()
	answer, err := s.ask(pairs...)
	if err == nil && answer.Get("Response") != "Success" {
		err = errNo
	}
	return err
}
