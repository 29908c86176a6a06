//go:build telephony

package telephony

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/sip"
)

// watcher is somebody who watches the line.
type watcher struct {
	mu     sync.Mutex
	events []line.Event
	stop   func()
}

func watch(t *testing.T, l *sip.Line) *watcher {
	t.Helper()
	w := &watcher{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- l.Watch(ctx, func(e line.Event) {
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
		})
	}()
	w.stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(w.stop)
	return w
}

func (w *watcher) all() []line.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.events)
}

// until waits for an event that pleases.
func (w *watcher) until(t *testing.T, what string, within time.Duration, pleases func(line.Event) bool) line.Event {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		for _, e := range w.all() {
			if pleases(e) {
				return e
			}
		}
	}
	t.Fatalf("%s was never told; what was: %+v", what, w.all())
	return line.Event{}
}

// ready waits until the exchange gives calls: it brings some until one is told.
func (x *exchange) ready(t *testing.T, w *watcher, extension string) {
	t.Helper()
	for range 20 {
		x.attempt(t, trunk{extension: extension, ring: 100})
		if len(w.all()) > 0 {
			time.Sleep(300 * time.Millisecond)
			w.mu.Lock()
			w.events = nil
			w.mu.Unlock()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no call is ever told\n%s", x.logged())
}

func TestIncoming(t *testing.T) {
	x := newExchange(t, func(x *exchange) { x.Lifetime = 3 })
	x.newPhone(t, "101")
	for _, mode := range []sip.Mode{sip.Auto, sip.Shadow, sip.Both} {
		t.Run("mode "+string(mode), func(t *testing.T) {
			w := watch(t, x.line(t, "udp", mode, "101"))
			x.ready(t, w, "101")
			left := x.call(t, trunk{extension: "101", calls: 100, rate: 10, ring: 150})
			time.Sleep(500 * time.Millisecond)
			judge(t, w.all(), left)
		})
	}
}

// judge holds 100 calls to what was seen of them: each rang once with its number, and was missed once.
func judge(t *testing.T, events []line.Event, left map[string]time.Time) {
	t.Helper()
	rang, missed := map[string]line.Event{}, map[string]bool{}
	for _, e := range events {
		switch e.State {
		case line.Ringing:
			if _, twice := rang[e.Call]; twice {
				t.Errorf("the call %s rang twice", e.Call)
			}
			rang[e.Call] = e
		case line.Missed:
			missed[e.Call] = true
		}
	}
	if len(left) != 100 {
		t.Fatalf("the operator brought %d calls", len(left))
	}
	var took []time.Duration
	for call, at := range left {
		e, ok := rang[call]
		if !ok || !missed[call] {
			t.Errorf("the call %s: rang %v, missed %v", call, ok, missed[call])
			continue
		}
		if e.Remote == "" || e.Hidden || e.Outgoing || e.Own {
			t.Errorf("the call rang as %+v", e)
		}
		took = append(took, e.At.Sub(at))
	}
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	t.Logf("INVITE to event, %d calls: p50 %v, p95 %v, longest %v", len(took), took[len(took)/2], took[len(took)*95/100], took[len(took)-1])
}
