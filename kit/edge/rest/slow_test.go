package rest_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
)

// hurried is a listener whose connections take every time limit for one that is over at once: whoever sets one while nothing is being read
// any more would end the connection some seconds later, and does so here without the wait.
type hurried struct{ net.Listener }

func (h hurried) Accept() (net.Conn, error) {
	c, err := h.Listener.Accept()
	return hurriedConn{c}, err
}

type hurriedConn struct{ net.Conn }

func (c hurriedConn) SetReadDeadline(t time.Time) error {
	if t.After(time.Now()) {
		t = time.Now().Add(time.Millisecond)
	}
	return c.Conn.SetReadDeadline(t)
}

func plainly(l net.Listener) net.Listener { return l }

// real is a fixture on real connections.
type real struct{ *httptest.Server }

// over serves f on the connections of in.
func (f *fixture) over(t *testing.T, in func(net.Listener) net.Listener) real {
	t.Helper()
	s := httptest.NewUnstartedServer(f.Server)
	s.Listener = in(s.Listener)
	s.Start()
	t.Cleanup(s.Close)
	return real{s}
}

// last asks for the work that lasts.
func (s real) last(ctx context.Context) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/api/v1/lasting", strings.NewReader(`{"name":"slow one"}`))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("X-Test", "ann")
	r.Header.Set("Content-Type", "application/json")
	answer, err := s.Client().Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(b), err
}

// safe is a text that several goroutines write.
type safe struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *safe) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// lasting adds an operation that works until its context ends, or for some time.
func (f *fixture) lasting(log *slog.Logger, deadline, needs time.Duration) (begun chan struct{}) {
	begun = make(chan struct{}, 8)
	api := rest.New(rest.Config{Log: log, Watch: func(*http.Request, url.Values) string { return "" }})
	rest.Op(api, edge.SignedIn(), rest.Operation{ID: "lastThing", Method: "POST", Path: "/lasting", Summary: "Last", Tag: "T", Deadline: deadline},
		func(ctx context.Context, in *struct{ Body thing }) (*rest.One[thing], error) {
			begun <- struct{}{}
			select {
			case <-ctx.Done():
				return nil, fmt.Errorf("reading: %w", ctx.Err())
			case <-time.After(needs):
			}
			return rest.Got(in.Body, 1), nil
		})
	f.Add(api.Routes()[:1]...)
	return begun
}

// TestWorkThatLastsIsNotCutOff: once the body of a request is there, no limit of its reading may end the work, nor the connection behind it.
func TestWorkThatLastsIsNotCutOff(t *testing.T) {
	f := build(t, rest.Config{})
	f.lasting(slog.New(slog.DiscardHandler), 0, 200*time.Millisecond)
	s := f.over(t, func(l net.Listener) net.Listener { return hurried{l} })
	for _, which := range []string{"longer than a body may take to come", "on the same connection, afterwards"} {
		if status, body, err := s.last(t.Context()); err != nil || status != 200 {
			t.Errorf("%s: %d %s %v", which, status, body, err)
		}
	}
}

// TestTimeAndClientsAreNoFaultsOfOurs: what took too long is asked for again later; who left is told nothing, and the log calls neither a fault.
func TestTimeAndClientsAreNoFaultsOfOurs(t *testing.T) {
	var said safe
	log := slog.New(slog.NewTextHandler(&said, nil))
	slow, left := build(t, rest.Config{}), build(t, rest.Config{})
	slow.lasting(log, time.Millisecond, time.Minute)
	status, body, err := slow.over(t, plainly).last(t.Context())
	if err != nil || status != 503 || !strings.Contains(body, `"request.timeout"`) {
		t.Errorf("work that took too long: %d %s %v", status, body, err)
	}
	begun := left.lasting(log, 0, time.Minute)
	s := left.over(t, plainly)
	ctx, leave := context.WithCancel(t.Context())
	go func() { <-begun; leave() }()
	if _, _, err := s.last(ctx); err == nil {
		t.Error("a client that left was answered")
	}
	s.Close() // waits for the work
	if strings.Contains(said.String(), "ERROR") {
		t.Errorf("the log calls it a fault: %s", said.String())
	}
}
