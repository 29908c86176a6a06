package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rempart/rempart/kit/egress"
)

// Header carries the signature of a body.
const Header = "Rempart-Signature"

// ErrInside is an address that may not be called: trying again is of no use.
var ErrInside = errors.New("hook: the address may not be called")

// Valid tells whether messages may leave for an address: https, or http to this machine.
func Valid(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(address) > 500 {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && egress.IsLocal(u.Hostname())
}

// Leads tells whether a message to an address connects to "host:port".
func Leads(address, to string) bool {
	u, err := url.Parse(address)
	return err == nil && Valid(address) && egress.AddressOf(u) == to
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

// Post sends a signed JSON body through a client of the way out (egress.Door). reply is its short outcome, for a page: a status, "refused" or "unreachable". An error other
// than ErrInside may pass by itself.
func Post(ctx context.Context, client *http.Client, address, secret string, at time.Time, body []byte) (reply string, err error) {
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
	answer, err := client.Do(r)
	switch {
	case errors.Is(err, egress.ErrRefused):
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
