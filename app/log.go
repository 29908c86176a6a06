package app

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"regexp"

	"github.com/rempart/rempart/kit/edge/redact"
)

// newLog makes the log: JSON lines on w through the redaction of kit/edge/redact. Logs carry ids, codes and times; should a
// secret or a personal datum reach them by mistake, redaction is the last net, not the rule.
func newLog(w io.Writer, c LogConfig) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // checked by the configuration
	if c.Format == "text" {
		return slog.New(links{slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Value.Kind() == slog.KindString {
				a.Value = slog.StringValue(clean(a.Value.String()))
			}
			return a
		}})})
	}
	return slog.New(links{redact.Handler(w, level)})
}

var (
	// single-use links open something to whoever reads them.
	singleUse = regexp.MustCompile(`/(setup|reset|invitation|not-me)/[^\s"?]+`)
	inURL     = regexp.MustCompile(`[a-z]+://[^\s"']+`)
)

// clean takes out of s every password of an address, single-use link, e-mail address and token.
func clean(s string) string {
	return redact.Text(singleUse.ReplaceAllString(cleanURLs(s), "/$1/[redacted]"))
}

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

// links cleans what redact does not know: addresses with a password in them and single-use links.
type links struct{ slog.Handler }

// Handle cleans the message and the values, and passes the record on.
func (h links) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, clean(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool { out.AddAttrs(cleanAttr(a)); return true })
	return h.Handler.Handle(ctx, out)
}

func cleanAttr(a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, clean(v.String()))
	case slog.KindAny:
		if err, ok := v.Any().(error); ok {
			return slog.String(a.Key, clean(err.Error()))
		}
	}
	return a
}

// WithAttrs keeps the cleaning on derived loggers.
func (h links) WithAttrs(attrs []slog.Attr) slog.Handler {
	for i := range attrs {
		attrs[i] = cleanAttr(attrs[i])
	}
	return links{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the cleaning on derived loggers.
func (h links) WithGroup(name string) slog.Handler { return links{h.Handler.WithGroup(name)} }
