package edge

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rempart/rempart/core"
)

func streaming(t *testing.T, alive func() error) *httptest.Server {
	t.Helper()
	s := New(Config{
		Deadline: 50 * time.Millisecond,
		Authenticate: func(http.ResponseWriter, *http.Request) (core.Actor, error) {
			return core.Actor{Kind: core.HumanActor, ID: "p", Session: "s"}, nil
		},
		Alive: func(context.Context, core.Actor) error { return alive() },
	})
	s.Add(Route{Pattern: "GET /stream", Access: SignedIn(), Deadline: StreamLife, Handle: Streams(func(ctx context.Context, _ *http.Request, s *Stream) error {
		if err := s.Open(time.Second); err != nil {
			return err
		}
		if err := s.Send("7", "call", []byte("one\ntwo\r\nid: 9"+"after "+s.Last)); err != nil || s.Once {
			return err
		}
		<-ctx.Done()
		return nil
	})})
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	return front
}

// TestAStreamEndsWithItsSession: it outlives the deadline of pages, and ends within a second of the session that opened it.
func TestAStreamEndsWithItsSession(t *testing.T) {
	var ended atomic.Bool
	front := streaming(t, func() error {
		if ended.Load() {
			return errors.New("ended")
		}
		return nil
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", "3")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := make(chan string, 64)
	go func() {
		defer close(lines)
		for sc := bufio.NewScanner(res.Body); sc.Scan(); {
			lines <- sc.Text()
		}
	}()
	var got []string
	for range 9 {
		select {
		case l := <-lines:
			got = append(got, l)
		case <-time.After(2 * time.Second):
			t.Fatalf("only %q came", got)
		}
	}
	// What a caller's name holds stays data: it cannot begin a field of its own.
	want := "retry: 1000||id: 7|event: call|data: one|data: two|data: |data: id: 9after 3|"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q\nwant %q", strings.Join(got, "|"), want)
	}
	select {
	case l, open := <-lines:
		t.Fatalf("it ended or said %q (%v) while the session stood", l, open)
	case <-time.After(1500 * time.Millisecond): // thirty times the deadline of a page
	}
	ended.Store(true)
	began := time.Now()
	select {
	case _, open := <-lines:
		if open {
			t.Error("it said something after the end")
		}
	case <-time.After(3 * time.Second):
		t.Fatal("it goes on without its session")
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s to end, want a second at most", took)
	}
}

// TestAStreamWithoutAConnectionTellsAndEnds: what cannot be kept open is not held.
func TestAStreamWithoutAConnectionTellsAndEnds(t *testing.T) {
	front := streaming(t, func() error { return nil })
	rec := httptest.NewRecorder()
	front.Config.Handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/stream", nil))
	if !strings.Contains(rec.Body.String(), "event: call") {
		t.Errorf("got %q", rec.Body)
	}
}

// TestStreamsOfOnePersonAreBounded: whoever opens them without end is told so, and comes in again once one has ended.
func TestStreamsOfOnePersonAreBounded(t *testing.T) {
	front := streaming(t, func() error { return nil })
	open := func() *http.Response {
		res, err := http.Get(front.URL + "/stream")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	var last *http.Response
	for i := range streamsEach {
		if last = open(); last.StatusCode != http.StatusOK {
			t.Fatalf("the stream %d answers %d", i+1, last.StatusCode)
		}
	}
	if res := open(); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
		t.Errorf("one more answers %d", res.StatusCode)
	}
	last.Body.Close()
	for end := time.Now().Add(5 * time.Second); open().StatusCode != http.StatusOK; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody comes in after one has ended")
		}
	}
}
