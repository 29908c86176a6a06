package session_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
)

// impostor passes a real person for a canary.
type impostor struct{ core.Stage }

func (impostor) Canary(context.Context, ...string) (core.Canary, error) {
	return core.Canary{Org: "acme", Person: "ann"}, nil
}

func (impostor) Enter(context.Context, core.Canary) (*http.Client, error) {
	return &http.Client{Transport: willing{}}, nil
}

// willing serves whatever is asked.
type willing struct{}

func (willing) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(""))}, nil
}

func TestAProbeNeverLetsTimePassForAPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secret, _ := w.begin("ann", firefox)
		before := dumpSessions(t, w.db)
		for _, p := range w.Probes() {
			if p.ID != "session.idle" && p.ID != "session.absolute" {
				continue
			}
			seen, err := p.Run(t.Context(), impostor{})
			if err == nil || !strings.Contains(err.Error(), "canaries alone") {
				t.Errorf("%s saw %+v, %v", p.ID, seen, err)
			}
		}
		if after := dumpSessions(t, w.db); after != before {
			t.Error("a probe moved the session of a person")
		}
		w.good("the session of a person", secret)
	})
}
