package edge

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"
)

// Check is one thing that must work before traffic is sent here: the pool, the journal's head.
type Check struct {
	Name string
	Run  func(context.Context) error
}

// draining is true once the server was asked to stop: /readyz then answers 503 while requests in flight end.
type draining struct{ atomic.Bool }

func isHealth(path string) bool { return path == "/livez" || path == "/readyz" }

func (s *Server) health() []Route {
	return []Route{
		{Pattern: "GET /livez", Access: Public("asked by the supervisor; says only that the process answers").Blind(), Handle: s.live},
		{Pattern: "GET /readyz", Access: Public("asked by the proxy; says only which checks pass").Blind(), Handle: s.ready, Deadline: 3 * time.Second},
	}
}

func (s *Server) live(w http.ResponseWriter, _ *http.Request) error {
	_, err := w.Write([]byte("ok\n"))
	return err
}

// ready runs every check; the answer names those that fail, the reasons go to the log.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	status, results := http.StatusOK, map[string]string{}
	for _, c := range s.cfg.Checks {
		results[c.Name] = "ok"
		if err := c.Run(r.Context()); err != nil {
			status, results[c.Name] = http.StatusServiceUnavailable, "failed"
			s.cfg.Log.WarnContext(r.Context(), "not ready", "check", c.Name, "error", err.Error())
		}
	}
	if s.state.Load() {
		status, results["draining"] = http.StatusServiceUnavailable, "stopping"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(results)
}
