package sip_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/fake"
	"github.com/rempart/rempart/services/recognition/line/sip"
)

var passwords = map[string]string{"101": "secret-101", "102": "secret-102"}

// rig is a fake exchange and our line to it.
type rig struct {
	x      *fake.Exchange
	front  *fake.Front
	line   *sip.Line
	mu     sync.Mutex
	events []line.Event
	modes  chan sip.Status
	stop   func()
}

func newRig(t *testing.T, network string, mode sip.Mode, behaves fake.SIP, extensions ...string) *rig {
	t.Helper()
	behaves.Domain, behaves.Passwords = "fake.test", passwords
	r := &rig{x: fake.New(), modes: make(chan sip.Status, 64)}
	var err error
	if r.front, err = r.x.Serve(network, behaves); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.front.Close(); err != nil {
			t.Log(err)
		}
	})
	conf := sip.Config{
		Server: r.front.Address, Domain: "fake.test", Transport: network, Mode: mode, May: netip.Addr.IsLoopback, Refresh: 300 * time.Millisecond,
		Note: func(s sip.Status) { r.modes <- s },
	}
	for _, e := range extensions {
		conf.Extensions = append(conf.Extensions, sip.Extension{Number: e, Password: passwords[e]})
	}
	if r.line, err = sip.New(conf); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- r.line.Watch(ctx, func(e line.Event) {
			r.mu.Lock()
			r.events = append(r.events, e)
			r.mu.Unlock()
		})
	}()
	r.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(r.stop)
	for range extensions {
		r.up(t)
	}
	return r
}

// up waits until an extension is watched.
func (r *rig) up(t *testing.T) sip.Status {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case s := <-r.modes:
			if s.Mode != "" {
				return s
			}
		case <-timeout:
			t.Fatal("the extension is not watched")
		}
	}
}

func (r *rig) all() []line.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func (r *rig) until(t *testing.T, what string, ok func(line.Event) bool) line.Event {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if i := slices.IndexFunc(r.all(), ok); i >= 0 {
			return r.all()[i]
		}
	}
	t.Fatalf("%s was never told; what was: %+v", what, r.all())
	return line.Event{}
}

func is(call string, state line.State) func(line.Event) bool {
	return func(e line.Event) bool { return e.Call == call && e.State == state }
}

// A call is told as it goes, by each way of seeing calls, over both transports, whatever the order in which the exchange speaks.
func TestCallsAreTold(t *testing.T) {
	for _, c := range []struct {
		network string
		mode    sip.Mode
		behaves fake.SIP
		ends    bool // the way sees that an answered call ends
	}{
		{"udp", sip.Auto, fake.SIP{}, true},
		{"tcp", sip.Auto, fake.SIP{NewsFirst: true}, true},
		{"udp", sip.Events, fake.SIP{NewsFirst: true}, true},
		{"udp", sip.Auto, fake.SIP{NoEvents: true}, false},
		{"tcp", sip.Shadow, fake.SIP{}, false},
		{"udp", sip.Both, fake.SIP{}, true},
	} {
		t.Run(fmt.Sprintf("%s %q %+v", c.network, c.mode, c.behaves), func(t *testing.T) {
			r := newRig(t, c.network, c.mode, c.behaves, "101", "102")
			one := r.x.Ring("101", "+33612345678", "Marie Curie")
			e := r.until(t, "the ring", is(one, line.Ringing))
			if e.Extension != "101" || e.Remote != "+33612345678" || e.Display != "Marie Curie" || e.Outgoing || e.Own || e.Hidden {
				t.Errorf("the call rings as %+v", e)
			}
			if err := r.x.Answer(one); err != nil {
				t.Fatal(err)
			}
			r.until(t, "the answer", is(one, line.Answered))
			if err := r.x.Hangup(one); err != nil {
				t.Fatal(err)
			}
			if c.ends {
				r.until(t, "the end", is(one, line.Ended))
			}
			two := r.x.Ring("102", "+33687654321", "")
			r.until(t, "the second ring", is(two, line.Ringing))
			if err := r.x.Hangup(two); err != nil {
				t.Fatal(err)
			}
			r.until(t, "the missed call", is(two, line.Missed))
			count := map[string]int{}
			for _, e := range r.all() {
				count[e.Call+" "+string(e.State)]++
			}
			for what, n := range count {
				if n != 1 {
					t.Errorf("%s was told %d times", what, n)
				}
			}
		})
	}
}

// Whoever asked for privacy stays unknown, though the exchange leaks who they are.
func TestHiddenCallersAreNobody(t *testing.T) {
	for _, mode := range []sip.Mode{sip.Events, sip.Shadow, sip.Both} {
		r := newRig(t, "udp", mode, fake.SIP{}, "101")
		id := r.x.RingHidden("101", "+33687654321")
		if e := r.until(t, "the ring", is(id, line.Ringing)); !e.Hidden || e.Remote != "" || e.Display != "" {
			t.Errorf("%s: an anonymous caller is told as %+v", mode, e)
		}
		_ = r.x.Hangup(id)
		r.stop()
	}
}

// Twenty calls at once are twenty calls.
func TestManyCallsAtOnce(t *testing.T) {
	r := newRig(t, "udp", sip.Both, fake.SIP{}, "101", "102")
	want := map[string]string{}
	for i := range 20 {
		ext := []string{"101", "102"}[i%2]
		want[r.x.Ring(ext, fmt.Sprintf("+336120000%02d", i), "")] = ext
	}
	for id, ext := range want {
		if e := r.until(t, "a ring", is(id, line.Ringing)); e.Extension != ext {
			t.Errorf("a call of %s rings on %s", ext, e.Extension)
		}
	}
	for id := range want {
		_ = r.x.Hangup(id)
	}
	for id := range want {
		r.until(t, "a missed call", is(id, line.Missed))
	}
}

// An exchange that forgot us is asked again, and no call is lost from then on.
func TestAForgetfulExchangeIsAskedAgain(t *testing.T) {
	for _, mode := range []sip.Mode{sip.Events, sip.Shadow, sip.Both} {
		r := newRig(t, "udp", mode, fake.SIP{}, "101")
		r.front.Lose()
		for end := time.Now().Add(5 * time.Second); mode != sip.Shadow && r.front.Subscriptions() == 0 || mode != sip.Events && r.front.Registrations("101") == 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: five seconds later the exchange is not watched", mode)
			}
		}
		id := r.x.Ring("101", "+33612345678", "")
		r.until(t, "the ring", is(id, line.Ringing))
		_ = r.x.Hangup(id)
		r.stop()
		if r.front.Subscriptions() != 0 || r.front.Registrations("101") != 0 {
			t.Errorf("%s: after we left, %d subscriptions and %d registrations stay", mode, r.front.Subscriptions(), r.front.Registrations("101"))
		}
	}
}

// A number is dialled from one's own phone, by the phone itself or by joining two calls; it is told once, as one's own.
func TestDialling(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		r := newRig(t, "udp", sip.Auto, fake.SIP{NoRefer: refuses}, "101")
		r.x.Picks = true
		id, err := r.line.Dial(t.Context(), "101", "06 12 34 56 78")
		if err != nil {
			t.Fatal(err)
		}
		e := r.until(t, "the answer", is(id, line.Answered))
		if !e.Own || !e.Outgoing || e.Remote != "0612345678" || e.Extension != "101" {
			t.Errorf("the own call is told as %+v", e)
		}
		if got := r.x.Dialled(); len(got) != 1 || got[0] != (fake.Dialled{Extension: "101", Number: "0612345678"}) {
			t.Errorf("the exchange was asked %+v", got)
		}
		if refuses { // both calls pass here: they are ended here
			if err := r.line.Hangup(t.Context(), "101", id); err != nil {
				t.Fatal(err)
			}
			r.until(t, "the end", is(id, line.Ended))
		}
		for _, e := range r.all() {
			if !e.Own || e.Call != id {
				t.Errorf("the own call pops as %+v", e)
			}
		}
		r.stop()
	}
}

// A phone that nobody picks up is called off, and what cannot be dialled is refused before anything is sent.
func TestDiallingIsCalledOff(t *testing.T) {
	r := newRig(t, "udp", sip.Auto, fake.SIP{}, "101")
	id, err := r.line.Dial(t.Context(), "101", "102")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.line.Hangup(t.Context(), "102", id); !errors.Is(err, line.ErrNoCall) {
		t.Errorf("hung up from another extension: %v", err)
	}
	if err := r.line.Hangup(t.Context(), "101", id); err != nil {
		t.Fatal(err)
	}
	r.until(t, "the end", is(id, line.Ended))
	for _, bad := range []string{"", "anna", "06>;x", "1\r\n2", "+", "sip:1@evil.test"} {
		if _, err := r.line.Dial(t.Context(), "101", bad); !errors.Is(err, line.ErrRefused) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := r.line.Dial(t.Context(), "199", "102"); !errors.Is(err, line.ErrRefused) {
		t.Errorf("another extension: %v", err)
	}
}

// A wrong password ends the watch, and an address inside is not spoken to.
func TestRefusals(t *testing.T) {
	front, err := fake.New().Serve("udp", fake.SIP{Domain: "fake.test", Passwords: passwords})
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close() //nolint:errcheck // the test is over
	for name, conf := range map[string]sip.Config{
		"a wrong password":            {May: netip.Addr.IsLoopback},
		"an address that is not open": {},
	} {
		conf.Server, conf.Domain, conf.Extensions = front.Address, "fake.test", []sip.Extension{{Number: "101", Password: "wrong"}}
		l, err := sip.New(conf)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if err := l.Watch(ctx, func(line.Event) {}); !errors.Is(err, line.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
	for _, conf := range []sip.Config{{}, {Server: "a b"}, {Server: "x", Transport: "carrier pigeon"}, {Server: "x", Mode: "most"}, {Server: "x", Extensions: []sip.Extension{{Number: "1>"}}}} {
		if _, err := sip.New(conf); err == nil {
			t.Errorf("%+v was taken", conf)
		}
	}
}
