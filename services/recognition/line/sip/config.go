// Package sip watches and dials on any exchange that speaks SIP.
//
// Calls are seen by dialog events (RFC 4235), or by a registration beside the phone's own that rings without ever answering. A number is
// dialled by ringing the extension's own phone first, which is then asked to call (REFER, RFC 3515); a phone that refuses has the two
// calls joined here (RFC 3725, flow IV).
//
// Owns: subscriptions, the second registration, click-to-dial, digest, recovery when the exchange comes back. Must not know: cards,
// organizations, pages. Start reading at: Line.
package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/services/recognition/line"
)

// Mode is how calls are seen.
type Mode string

// The modes. The zero value asks for dialog events, and registers beside the phone when the exchange refuses them.
const (
	Auto   Mode = ""
	Events Mode = "events" // dialog events only
	Shadow Mode = "shadow" // a registration beside the phone's only: outgoing calls are not seen, nor when a call ends
	Both   Mode = "both"   // the registration rings first and says who asked for privacy; events say how the call went
)

// Extension is one phone to watch.
type Extension struct {
	Number   string // "101"
	User     string // of its own; "" for the number
	Password string
}

// Config is one exchange. Server, Domain and Extensions are needed.
type Config struct {
	Server    string // "sip.example.com" or "sip.example.com:5061": everything is sent there
	Domain    string // what stands behind @; "" for the host of Server
	Transport string // "udp" (default), "tcp" or "tls"
	TLS       *tls.Config
	Mode      Mode
	User      string // an account that watches for every extension; "" when each has its own
	Password  string

	Extensions []Extension

	// May tells whether an address may be spoken to; nil: those of the public internet.
	May func(netip.Addr) bool
	// Dial is the way out that judges the server's address, asked for "udp": what it connects to is what is spoken to. nil: May judges.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Note is told how each extension is watched, each time that this changes; nil: nobody is.
	Note func(Status)
	Log  *slog.Logger // ids only; nil: none

	Refresh  time.Duration // how often an exchange is asked whether it still knows us; 0: 30 s
	Patience time.Duration // how long a phone may ring when a number is dialled; 0: 45 s
}

// Status is how one extension is watched.
type Status struct {
	Extension string
	Mode      Mode  // Events, Shadow or Both; "" when it is not watched
	Err       error // why it is not: line.ErrRefused, line.ErrUnreachable, wrapped
}

var _ line.Line = (*Line)(nil)

func (c *Config) complete() error {
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil {
		host, port = c.Server, ""
	}
	c.Transport = strings.ToLower(c.Transport)
	if c.Transport == "" {
		c.Transport = "udp"
	}
	if port == "" {
		port = map[string]string{"tls": "5061"}[c.Transport]
		if port == "" {
			port = "5060"
		}
	}
	var wrong []error
	if host == "" || strings.ContainsAny(host, " \t\r\n<>\"@;") {
		wrong = append(wrong, errors.New("sip: the server is no host"))
	}
	c.Server = net.JoinHostPort(host, port)
	if c.Domain == "" {
		c.Domain = host
	}
	if strings.ContainsAny(c.Domain, " \t\r\n<>\"@;:") {
		wrong = append(wrong, errors.New("sip: the domain is no host"))
	}
	switch c.Transport {
	case "udp", "tcp", "tls":
	default:
		wrong = append(wrong, errors.New("sip: the transport is udp, tcp or tls"))
	}
	switch c.Mode {
	case Auto, Events, Shadow, Both:
	default:
		wrong = append(wrong, errors.New("sip: the mode is events, shadow or both"))
	}
	for _, e := range c.Extensions {
		if !isUser(e.Number) || e.User != "" && !isUser(e.User) {
			wrong = append(wrong, errors.New("sip: an extension has a sign that no account has"))
			break
		}
	}
	if c.User != "" && !isUser(c.User) {
		wrong = append(wrong, errors.New("sip: the account has a sign that no account has"))
	}
	c.defaults()
	return errors.Join(wrong...)
}

func (c *Config) defaults() {
	if c.May == nil {
		c.May = egress.IsPublic
	}
	if c.Note == nil {
		c.Note = func(Status) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Refresh <= 0 {
		c.Refresh = 30 * time.Second
	}
	if c.Patience <= 0 {
		c.Patience = 45 * time.Second
	}
}

// isUser holds what stands before @ to signs that need no escape (RFC 3261, unreserved).
func isUser(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.!~*'()+") == ""
}

// account is who speaks for an extension.
func (c *Config) account(e Extension) (user, password string) {
	switch {
	case e.User != "":
		return e.User, e.Password
	case e.Password == "" && c.User != "":
		return c.User, c.Password
	}
	return e.Number, e.Password
}

func (c *Config) extension(number string) (Extension, bool) {
	for _, e := range c.Extensions {
		if e.Number == number {
			return e, true
		}
	}
	return Extension{}, false
}
