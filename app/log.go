package app

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

// newLog makes the log: JSON lines on w, with redaction. Logs carry ids, codes and times; should a secret or a
// personal datum reach them by mistake, the handler is the last net, not the rule.
func newLog(w io.Writer, c LogConfig) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // checked by the configuration
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	if c.Format == "text" {
		return slog.New(redacting{slog.NewTextHandler(w, opts)})
	}
	return slog.New(redacting{slog.NewJSONHandler(w, opts)})
}

var (
	secretKey = regexp.MustCompile(`(?i)(password|passwd|secret|token|cookie|authorization|otp|totp|recovery|passphrase|private|^key$)`)
	// personal data and secrets by form: e-mail addresses, our own prefixed secrets, bearer values, set-up and reset paths.
	secretForm = regexp.MustCompile(`[^\s"'<>=/:@]+@[^\s"'<>]+\.[a-zA-Z]{2,}|\brp[a-z]{0,3}_[a-z0-9]{16,}|(?i:bearer)\s+\S+|/(?:setup|reset|invitation|not-me)/[^\s"?]+`)
)

const removed = "[removed]"

func redact(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
		return a
	}
	if secretKey.MatchString(a.Key) {
		return slog.String(a.Key, removed)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, clean(a.Value.String()))
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			return slog.String(a.Key, clean(err.Error()))
		}
		if s, ok := a.Value.Any().(interface{ String() string }); ok {
			return slog.String(a.Key, clean(s.String()))
		}
	}
	return a
}

func clean(s string) string {
	if strings.Contains(s, "://") && strings.Contains(s, "@") {
		s = cleanURLs(s)
	}
	return secretForm.ReplaceAllString(s, removed)
}

var inURL = regexp.MustCompile(`[a-z]+://[^\s"']+`)

// cleanURLs takes the password out of every address in s (a database address, a relay).
func cleanURLs(s string) string {
	return inURL.ReplaceAllStringFunc(s, func(raw string) string {
		u, err := url.Parse(raw)
		if err != nil || u.User == nil {
			return raw
		}
		u.User = nil
		return u.String()
	})
}

// redacting cleans the message too, which ReplaceAttr sees only as an attribute named "msg" in some handlers.
type redacting struct{ slog.Handler }

// Handle cleans the message and passes the record on.
func (h redacting) Handle(ctx context.Context, r slog.Record) error {
	r.Message = clean(r.Message)
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the redaction on derived loggers.
func (h redacting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return redacting{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the redaction on derived loggers.
func (h redacting) WithGroup(name string) slog.Handler { return redacting{h.Handler.WithGroup(name)} }
