package edge

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/rempart/rempart/core"
)

// answer counts what a handler writes.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// broken answers a panic: a bare 500 with the request id outside, the stack in the log.
func (s *Server) broken(w *answer, r *http.Request, cause any) {
	if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(cause)
	}
	s.stats.panics.Inc()
	s.cfg.Log.ErrorContext(r.Context(), "panic", "request", core.ActorOf(r.Context()).Request,
		"route", visitOf(r.Context()).route, "stack", string(debug.Stack()))
	if w.status == 0 {
		s.fail(w, r, fmt.Errorf("panic: %T", cause))
	}
}

// closeVisit writes the access log, by ids only, and the figures.
func (s *Server) closeVisit(w *answer, r *http.Request, v *visit, began time.Time) {
	took := time.Since(began)
	route := v.route
	if route == "" {
		route = "none"
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	s.stats.observe(route, w.status, took)
	if isHealth(r.URL.Path) {
		return
	}
	s.cfg.Log.InfoContext(r.Context(), "request", "request", v.actor.Request, "route", route, "status", w.status,
		"bytes", w.bytes, "micros", took.Microseconds(), "kind", v.actor.Kind.String(), "actor", v.actor.ID, "session", v.actor.Session)
}
