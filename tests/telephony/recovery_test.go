//go:build telephony

package telephony

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/sip"
)

// An exchange that lost its power and forgot everything is watched again once it is back, without anybody's help.
func TestAnExchangeThatComesBackIsWatchedAgain(t *testing.T) {
	x := newExchange(t)
	x.newPhone(t, "101", func(p *phone) { p.again = 2 })
	for _, c := range []struct {
		transport string
		mode      sip.Mode
	}{{"udp", sip.Auto}, {"udp", sip.Shadow}, {"tcp", sip.Both}} {
		t.Run(c.transport+" "+string(c.mode), func(t *testing.T) {
			w := watch(t, x.line(t, c.transport, c.mode, "101"))
			x.ready(t, w, "101")
			x.kill()
			time.Sleep(300 * time.Millisecond)
			began := time.Now()
			x.start(t)
			before := len(w.all())
			for len(w.all()) == before {
				if time.Since(began) > 20*time.Second {
					t.Fatal("twenty seconds after its return, the exchange is not watched")
				}
				x.attempt(t, trunk{extension: "101", ring: 100})
				time.Sleep(100 * time.Millisecond)
			}
			t.Logf("watched again %v after its return", time.Since(began).Round(10*time.Millisecond))
			w.stop()
		})
	}
}

// Twenty callers at once, on two extensions: each is told, once, on the right one.
func TestTwentyCallsAtOnce(t *testing.T) {
	x := newExchange(t)
	x.newPhone(t, "101")
	x.newPhone(t, "102")
	w := watch(t, x.line(t, "tcp", sip.Auto, "101", "102"))
	x.ready(t, w, "101")
	x.ready(t, w, "102")
	for _, ext := range []string{"101", "102"} {
		left := x.call(t, trunk{extension: ext, calls: 20, rate: 200, ring: 1500})
		time.Sleep(500 * time.Millisecond)
		rang, missed := map[string]int{}, map[string]int{}
		for _, e := range w.all() {
			if _, ours := left[e.Call]; !ours {
				continue
			}
			if e.Extension != ext {
				t.Errorf("a call of %s was told on %s", ext, e.Extension)
			}
			switch e.State {
			case line.Ringing:
				rang[e.Call]++
			case line.Missed:
				missed[e.Call]++
			}
		}
		for call := range left {
			if rang[call] != 1 || missed[call] != 1 {
				t.Errorf("a call of twenty rang %d times and was missed %d times", rang[call], missed[call])
			}
		}
		if len(left) != 20 {
			t.Fatalf("the operator brought %d calls", len(left))
		}
	}
}

// An exchange without dialog events is watched by a registration beside the phone's, and calls that were answered are told from missed ones.
func TestWithoutDialogEvents(t *testing.T) {
	x := newExchange(t, func(x *exchange) { x.NoEvents = true })
	one, two := x.newPhone(t, "101"), x.newPhone(t, "102")
	w := watch(t, x.line(t, "tls", sip.Auto, "101"))
	x.ready(t, w, "101")
	one.forget()
	two.do(t, "dial", "sip:101@pbx.test")
	one.await(t, "CALL_INCOMING", 3*time.Second)
	e := w.until(t, "the ring", 3*time.Second, func(e line.Event) bool { return e.State == line.Ringing })
	if e.Remote != "102" {
		t.Fatalf("the call is told as %+v", e)
	}
	one.do(t, "accept", "")
	w.until(t, "the answer", 3*time.Second, func(e2 line.Event) bool { return e2.Call == e.Call && e2.State == line.Answered })
	one.do(t, "hangup", "")
}

// A wrong password ends the watch with a reason, and is not tried for ever.
func TestAWrongPasswordIsToldAtOnce(t *testing.T) {
	x := newExchange(t)
	l, err := sip.New(sip.Config{Server: x.addr(), Domain: "pbx.test", Extensions: []sip.Extension{{Number: "101", Password: "wrong"}}, May: func(netip.Addr) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := l.Watch(ctx, func(line.Event) {}); !errors.Is(err, line.ErrRefused) {
		t.Fatalf("the watch ended with %v", err)
	}
}

// The exchange forgets whoever leaves: it has neither subscription nor registration of ours any more.
func TestLeavingIsTold(t *testing.T) {
	x := newExchange(t)
	x.newPhone(t, "101")
	var up sync.WaitGroup
	up.Add(1)
	once := sync.OnceFunc(up.Done)
	l, err := sip.New(sip.Config{
		Server: x.addr(), Domain: "pbx.test", Mode: sip.Both, Extensions: []sip.Extension{{Number: "101", Password: "secret-101"}}, May: func(netip.Addr) bool { return true },
		Note: func(s sip.Status) {
			if s.Mode == sip.Both {
				once()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := watch(t, l)
	up.Wait()
	if n := x.contacts(t, "101"); n != 2 {
		t.Fatalf("%d contacts while we watch, the phone and we make two", n)
	}
	w.stop()
	if n := x.contacts(t, "101"); n != 1 {
		t.Fatalf("%d contacts after we left", n)
	}
}
