// Package redact keeps personal data and secrets out of the log.
//
// Owns: the handler through which every log line passes: JSON lines in which values under telling names, and anything
// that looks like an e-mail address, an IP address, a token or a session secret, are replaced. It is the net below the
// rule that logs carry ids only, not a licence to log more. Must not know: any module. Start reading at: Handler.
package redact

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

const mask = "[redacted]"

// names are the parts of attribute names whose values never reach the log.
var names = []string{"password", "passphrase", "secret", "cookie", "authorization", "email", "mail_to", "phone", "given_name", "family_name", "address", "recovery", "otp"}

// shapes are the values that never reach the log, wherever they stand.
var shapes = regexp.MustCompile(strings.Join([]string{
	`[\p{L}\p{N}.!#$%&'*+/=?^_\x60{|}~\-]+@[\p{L}\p{N}.\-]+\.\p{L}{2,}`, // e-mail
	`rp[ts]_[a-z0-9]{20,}`,            // token
	`\b[a-z2-9]{52}\.\d+\.[\w\-]{16}`, // session secret
	`(?i)\bbearer\s+\S+`,              // header
	`\b(?:\d{1,3}\.){3}\d{1,3}\b`,     // IPv4
	`\b(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{1,4})*`, // IPv6
	`\+\d{8,15}\b`, // phone
}, "|"))

// Text masks what looks like a secret or a personal datum.
func Text(s string) string {
	if !strings.ContainsAny(s, "@_.:+ ") {
		return s
	}
	return shapes.ReplaceAllString(s, mask)
}

// Handler writes JSON lines at level and above, redacted.
func Handler(w io.Writer, level slog.Leveler) slog.Handler {
	return &handler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
			return a
		}
		return attr(a)
	}})}
}

type handler struct{ slog.Handler }

// Handle masks the message too.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, Text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool { clean.AddAttrs(a); return true })
	return h.Handler.Handle(ctx, clean)
}

// WithAttrs keeps the masking.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the masking.
func (h *handler) WithGroup(name string) slog.Handler { return &handler{h.Handler.WithGroup(name)} }

func attr(a slog.Attr) slog.Attr {
	key := strings.ToLower(a.Key)
	for _, n := range names {
		if strings.Contains(key, n) {
			return slog.String(a.Key, mask)
		}
	}
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, Text(v.String()))
	case slog.KindAny:
		if err, ok := v.Any().(error); ok {
			return slog.String(a.Key, Text(err.Error()))
		}
		return slog.String(a.Key, Text(v.String()))
	}
	return a
}
