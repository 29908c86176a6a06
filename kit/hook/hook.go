package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// Header carries the signature of a body.
const Header = "Rempart-Signature"

// ErrInside is an address that may not be called: trying again is of no use.
var ErrInside = errors.New("hook: the address is not public")

// Valid tells whether messages may leave for an address: https, or http to this machine.
func Valid(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(address) > 500 {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLocal(u.Hostname())
}

func isLocal(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// Sign gives the signature of a body as its receiver checks it: "t=<seconds>,v1=<hex>", HMAC-SHA256 under the secret of
// "<t>.<body>".
func Sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// Post sends a signed JSON body. reply is its short outcome, for a page: a status, "refused" or "unreachable". An error other
// than ErrInside may pass by itself.
func Post(ctx context.Context, address, secret string, at time.Time, body []byte) (reply string, err error) {
	if !Valid(address) {
		return "refused", ErrInside
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "refused", ErrInside
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Rempart")
	r.Header.Set(Header, Sign(secret, at, body))
	answer, err := client(r.URL.Hostname()).Do(r)
	switch {
	case errors.Is(err, ErrInside):
		return "refused", ErrInside
	case err != nil:
		return "unreachable", errors.New("hook: the address cannot be reached")
	}
	defer answer.Body.Close()
	reply = strconv.Itoa(answer.StatusCode)
	if answer.StatusCode/100 != 2 {
		return reply, fmt.Errorf("hook: the address answered %d", answer.StatusCode)
	}
	return reply, nil
}

// client calls addresses of the outside only. This machine is reached by its own name only.
func client(host string) *http.Client {
	local := isLocal(host)
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		a := ap.Addr().Unmap()
		if local != a.IsLoopback() || !local && !isPublic(a) {
			return ErrInside
		}
		return nil
	}}
	return &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
}

// isPublic tells whether an address is of the public internet (IANA special-purpose registries).
func isPublic(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
