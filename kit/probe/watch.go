package probe

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
)

// Watch sees what is handed to a log, before any masking, while somebody listens: a probe that looks for secrets there.
// The zero value is ready.
type Watch struct {
	mu       sync.Mutex
	hearers  int
	lines    []string
	overflow bool
}

// watched is how many lines are kept while somebody listens.
const watched = 20_000

// Handler gives a handler that passes everything on to next, and lets w hear it.
func (w *Watch) Handler(next slog.Handler) slog.Handler {
	return &hearing{Handler: next, w: w, own: plain(w)}
}

// Listen begins to hear. The function that it gives ends that, and tells the lines since; whole is false when there were
// too many to keep.
func (w *Watch) Listen() (stop func() (lines []string, whole bool)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hearers++; w.hearers == 1 {
		w.lines, w.overflow = nil, false
	}
	from := len(w.lines)
	return func() ([]string, bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		heard := w.lines[from:len(w.lines):len(w.lines)]
		if w.hearers--; w.hearers == 0 {
			w.lines = nil
		}
		return heard, !w.overflow
	}
}

func (w *Watch) listening() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hearers > 0
}

// Write takes one line.
func (w *Watch) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.hearers == 0:
	case len(w.lines) >= watched:
		w.overflow = true
	default:
		w.lines = append(w.lines, string(bytes.TrimSpace(line)))
	}
	return len(line), nil
}

func plain(w *Watch) slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})
}

type hearing struct {
	slog.Handler
	w   *Watch
	own slog.Handler
}

// Enabled is true for every level while somebody listens.
func (h *hearing) Enabled(ctx context.Context, l slog.Level) bool {
	return h.Handler.Enabled(ctx, l) || h.w.listening()
}

// Handle passes the record on and lets the watch hear it.
func (h *hearing) Handle(ctx context.Context, r slog.Record) error {
	if h.w.listening() {
		_ = h.own.Handle(ctx, r) // writes to memory
	}
	if !h.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the hearing on derived loggers.
func (h *hearing) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &hearing{h.Handler.WithAttrs(attrs), h.w, h.own.WithAttrs(attrs)}
}

// WithGroup keeps the hearing on derived loggers.
func (h *hearing) WithGroup(name string) slog.Handler {
	return &hearing{h.Handler.WithGroup(name), h.w, h.own.WithGroup(name)}
}
