package edge

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/a-h/templ"
)

// newNonce gives 128 random bits for the scripts of one response.
func newNonce() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand never fails (Go 1.24)
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// withNonce hands the nonce to the templates.
func withNonce(ctx context.Context, nonce string) context.Context { return templ.WithNonce(ctx, nonce) }

// policy is the Content Security Policy, level 3: scripts only by nonce, no inline style, no frame, and the DOM's
// injection sinks accept typed values only (Trusted Types), made by the two policies of our own scripts.
func policy(nonce string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types rempart rempart-worker"
}

const permissions = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(self), " +
	"geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), " +
	"publickey-credentials-create=(self), publickey-credentials-get=(self), screen-wake-lock=(), usb=(), xr-spatial-tracking=()"

// secure sets the headers that every response carries (OWASP ASVS 5.0 V3.4). A handler of public, unchanging files
// may set its own Cache-Control.
func (s *Server) secure(h http.Header, r *http.Request, nonce string) {
	h.Set("Content-Security-Policy", policy(nonce))
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Origin-Agent-Cluster", "?1")
	h.Set("Permissions-Policy", permissions)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	if r.TLS != nil || strings.HasPrefix(s.cfg.Origin, "https://") {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}
