package abuse

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/ids"
)

// BrowserCookie names the cookie that tells one browser from another.
const BrowserCookie = "__Host-dev"

// Browsers signs and reads device cookies. A cookie holds the browser's id and a signature, nothing of the person:
// which persons a browser is known for is a row, so that a device can be taken away. See OWASP, "Slow down online
// guessing attacks with device cookies".
type Browsers struct{ key []byte }

// NewBrowsers makes device cookies signed with key, the same on every node.
func NewBrowsers(key []byte) *Browsers { return &Browsers{key: Derive(key, "browser")} }

// Issue makes the cookie of a browser; an empty id gives a new one. It lives 400 days, the longest that browsers keep.
func (b *Browsers) Issue(id core.ID) (*http.Cookie, core.ID) {
	if id.IsZero() {
		id = ids.New()
	}
	return &http.Cookie{
		Name: BrowserCookie, Value: string(id) + "." + base64.RawURLEncoding.EncodeToString(b.sign(string(id))),
		Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(400 * 24 * time.Hour / time.Second),
	}, id
}

// Parse gives the browser's id of a cookie's value, "" when it was not made here.
func (b *Browsers) Parse(value string) core.ID {
	id, tag, ok := strings.Cut(value, ".")
	if !ok || len(value) > 128 || strings.ContainsAny(value, "\r\n") || !ids.Valid(id) {
		return ""
	}
	sum, err := base64.RawURLEncoding.Strict().DecodeString(tag)
	if err != nil || !hmac.Equal(sum, b.sign(id)) {
		return ""
	}
	return core.ID(id)
}

// Of gives the browser's id of a request, "" when it carries no cookie of ours.
func (b *Browsers) Of(r *http.Request) core.ID {
	c, err := r.Cookie(BrowserCookie)
	if err != nil {
		return ""
	}
	return b.Parse(c.Value)
}

func (b *Browsers) sign(id string) []byte {
	h := hmac.New(sha256.New, b.key)
	h.Write([]byte(id))
	return h.Sum(nil)
}

// Derive makes the key of one use out of the installation's key (HKDF, RFC 5869).
func Derive(key []byte, use string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, "rempart/abuse/"+use, 32)
	if err != nil {
		panic(err) // only for a length out of range
	}
	return out
}
