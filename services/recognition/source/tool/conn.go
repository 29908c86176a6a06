package tool

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/kit/egress"
)

// mostBetween is how many bytes a tool may send from one record to the next.
const mostBetween = 16 << 20

// ErrFlood is a tool that sends without end where one record is awaited.
var ErrFlood = errors.New("source: far too much is sent for one record")

// Conn is a connection that refuses to read without end; Next is called at each record.
type Conn struct {
	net.Conn
	n atomic.Int64
}

// Dial connects to a tool.
func Dial(ctx context.Context, network, address string) (*Conn, error) {
	c, err := (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: c}, nil
}

// Next begins to count anew.
func (c *Conn) Next() { c.n.Store(0) }

// Flooded tells whether the tool was refused for what it sent.
func (c *Conn) Flooded() bool { return c.n.Load() > mostBetween }

// Line is the connection that a driver made for itself: the first one, for drivers make others to cancel what the first one does.
type Line struct{ first atomic.Pointer[Conn] }

// Dial connects, for a driver.
func (l *Line) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.first.CompareAndSwap(nil, c)
	return c, nil
}

// Next begins to count anew.
func (l *Line) Next() {
	if c := l.first.Load(); c != nil {
		c.Next()
	}
}

// Cut ends the connection at once.
func (l *Line) Cut() {
	if c := l.first.Load(); c != nil {
		_ = c.Close()
	}
}

// Flooded tells whether the tool was refused for what it sent.
func (l *Line) Flooded() bool {
	c := l.first.Load()
	return c != nil && c.Flooded()
}

func (c *Conn) Read(p []byte) (int, error) {
	if c.Flooded() {
		return 0, ErrFlood
	}
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// TLS is how a tool is believed: by the authorities of the system, or by the one in a file.
func (c Config) TLS(host, caFile string) (*tls.Config, error) {
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return conf, nil
	}
	path, err := c.Path(caFile)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, Unreadable(caFile)
	}
	conf.RootCAs = x509.NewCertPool()
	if !conf.RootCAs.AppendCertsFromPEM(text) {
		return nil, Unreadable(caFile)
	}
	return conf, nil
}

// Here tells whether a host is this computer, where nothing needs to be encrypted.
func Here(host string) bool {
	return host == "" || egress.IsLocal(host)
}

// Plain refuses what would go over a network in clear without a word of consent in the settings.
func Plain(host string, consent bool) error {
	if consent || Here(host) {
		return nil
	}
	return Refuse(errPlain, host)
}

// Flood says that a tool sends without end where one record is awaited.
func Flood(host string) error { return Refuse(errSize, host, mostBetween>>20) }
