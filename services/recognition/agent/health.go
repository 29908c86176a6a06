package agent

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rempart/rempart/kit/egress"
)

func loopbackAddress(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && egress.IsLocal(host)
}

var page = template.Must(template.New("health").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Rempart agent</title>
<h1>Rempart agent: {{.State}}</h1>
{{with .Fault}}<p>Last failure: <code>{{.}}</code></p>{{end}}
{{if .Phase}}<p>{{.Phase}}: {{.Done}}{{if .Total}} of {{.Total}}{{end}}</p>{{end}}
{{with .Last}}<p>Proven equal at {{.At.Format "2006-01-02 15:04:05 MST"}}: {{.Held}} cards ({{.How}}; {{.Sent}} sent, {{.Deleted}} deleted, {{.Bytes}} bytes).</p>
<p>{{.Counts.Records}} records read, {{.Counts.Without}} without a number; numbers: {{.Counts.Good}} good, {{.Counts.Repaired}} repaired, {{.Counts.Refused}} refused.</p>{{end}}
{{if not .Next.IsZero}}<p>Next turn: {{.Next.Format "2006-01-02 15:04:05 MST"}}</p>{{end}}
</html>
`))

// Health is the page on this very computer. It shows counts and states: nothing of any person.
func (a *Agent) Health() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !egress.IsLocal(strings.Trim(host, "[]")) { // a page of the web whose name leads here sees nothing
			http.Error(w, "", http.StatusMisdirectedRequest)
			return
		}
		seen := a.Seen()
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		status := http.StatusOK
		if seen.State == "failing" {
			status = http.StatusServiceUnavailable
		}
		if r.URL.Path == "/health.json" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(seen)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_ = page.Execute(w, seen)
	})
}

// ServeHealth serves the page until ctx ends.
func (a *Agent) ServeHealth(ctx context.Context) error {
	if a.cfg.Health == "" {
		return nil
	}
	l, err := net.Listen("tcp", a.cfg.Health)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: a.Health(), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
