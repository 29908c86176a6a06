package egress

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/rempart/rempart/core"
)

// Client asks destinations that the configuration names; conf is nil for the system's authorities. The proxies that the
// environment names are used, and must be on the list too.
func (d *Door) Client(timeout time.Duration, conf *tls.Config) *http.Client {
	return d.client(call{}, timeout, &http.Transport{TLSClientConfig: conf, Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute})
}

// Typed asks destinations that people of an organization typed. Each request has a connection of its own, through no proxy.
func (d *Door) Typed(org core.ID) *http.Client {
	return d.client(call{org: org, typed: true}, 10*time.Second, &http.Transport{DisableKeepAlives: true})
}

// TypedDial connects to destinations that people of an organization typed, for what does not speak HTTP.
func (d *Door) TypedDial(ctx context.Context, org core.ID, network, address string) (net.Conn, error) {
	return d.dial(ctx, call{org: org, typed: true}, network, address)
}

func (d *Door) client(c call, timeout time.Duration, t *http.Transport) *http.Client {
	t.ForceAttemptHTTP2, t.TLSHandshakeTimeout = true, 5*time.Second
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return d.dial(ctx, c, network, address)
	}
	return &http.Client{
		Timeout: timeout, Transport: &way{d: d, c: c, next: t},
		CheckRedirect: func(to *http.Request, via []*http.Request) error {
			if there := AddressOf(to.URL); there != AddressOf(via[0].URL) && (c.typed || !d.lists(there)) {
				_ = d.refuse(c, there, Redirect)
			}
			return http.ErrUseLastResponse
		},
	}
}

// way judges each request: a connection that waits to be used again was judged when it was opened, and so may be a proxy alone.
type way struct {
	d    *Door
	c    call
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (w *way) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := w.d.permit(r.Context(), w.c, AddressOf(r.URL)); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	return w.next.RoundTrip(r)
}

// AddressOf gives the "host:port" that a URL leads to.
func AddressOf(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "http":
		port = "80"
	default:
		port = "443"
	}
	return plain(net.JoinHostPort(u.Hostname(), port))
}

// PlaceOf gives the place that an address names; ok is false when it names none.
func PlaceOf(address string, why core.Text) (p Place, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return p, false
	}
	p.Host, p.Port, err = net.SplitHostPort(AddressOf(u))
	p.Why = why
	return p, err == nil
}
