//go:build telephony

package telephony

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/sip"
)

// A number dialled with a click rings one's own phone first; once it is picked up the other phone rings, and the two speak with each
// other. Nobody is told that they call themselves.
func TestClickToDial(t *testing.T) {
	for _, transport := range []string{"udp", "tcp", "tls"} {
		t.Run(transport, func(t *testing.T) {
			x := newExchange(t)
			one, two := x.newPhone(t, "101"), x.newPhone(t, "102")
			l := x.line(t, transport, sip.Auto, "101")
			w := watch(t, l)
			x.ready(t, w, "101")
			one.forget()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			id, err := l.Dial(ctx, "101", "102")
			if err != nil {
				t.Fatal(err)
			}
			one.await(t, "CALL_INCOMING", 3*time.Second)
			if two.has("CALL_INCOMING") {
				t.Fatal("the other phone rang first")
			}
			own := w.until(t, "the own ring", 3*time.Second, func(e line.Event) bool { return e.Call == id && e.State == line.Ringing })
			if !own.Own || !own.Outgoing || own.Remote != "102" {
				t.Fatalf("the own call is told as %+v", own)
			}
			one.do(t, "accept", "")
			two.await(t, "CALL_INCOMING", 5*time.Second)
			two.do(t, "accept", "")
			w.until(t, "the answer", 5*time.Second, func(e line.Event) bool { return e.Call == id && e.State == line.Answered && e.Own })
			time.Sleep(3 * time.Second) // they speak
			two.do(t, "hangup", "")
			w.until(t, "the end", 5*time.Second, func(e line.Event) bool { return e.Call == id && e.State == line.Ended })
			speak(t, one, two)
			for _, e := range w.all() {
				if !e.Own || !e.Outgoing || e.Call != id {
					t.Errorf("the own call pops as %+v", e)
				}
			}
		})
	}
}

// speak holds phones to having heard each other for two seconds at least, of fifty packets each.
func speak(t *testing.T, phones ...*phone) {
	t.Helper()
	for _, p := range phones {
		sent, received := 0, 0
		for until := time.Now().Add(5 * time.Second); time.Now().Before(until) && (sent < 100 || received < 100); time.Sleep(100 * time.Millisecond) {
			sent, received = p.audio()
		}
		t.Logf("phone %s: %d audio packets sent, %d received", p.Extension, sent, received)
		if sent < 100 || received < 100 {
			t.Errorf("the phone %s sent %d packets and received %d in three seconds\n%s", p.Extension, sent, received, p.said())
		}
	}
}

// A phone that will not call by itself has the two calls joined, and media still goes from phone to phone.
func TestClickToDialWithAPhoneThatRefusesRefer(t *testing.T) {
	x := newExchange(t, func(x *exchange) { x.NoRefer = true })
	one, two := x.newPhone(t, "101"), x.newPhone(t, "102")
	l := x.line(t, "udp", sip.Auto, "101")
	w := watch(t, l)
	x.ready(t, w, "101")
	one.forget()
	id, err := l.Dial(t.Context(), "101", "102")
	if err != nil {
		t.Fatal(err)
	}
	one.await(t, "CALL_INCOMING", 3*time.Second)
	one.do(t, "accept", "")
	two.await(t, "CALL_INCOMING", 5*time.Second)
	two.do(t, "accept", "")
	w.until(t, "the answer", 5*time.Second, func(e line.Event) bool { return e.Call == id && e.State == line.Answered && e.Own })
	time.Sleep(3 * time.Second)
	if err := l.Hangup(t.Context(), "101", id); err != nil {
		t.Fatal(err)
	}
	w.until(t, "the end", 5*time.Second, func(e line.Event) bool { return e.Call == id && e.State == line.Ended })
	two.await(t, "CALL_CLOSED", 3*time.Second)
	speak(t, one, two)
	for _, e := range w.all() {
		if !e.Own {
			t.Errorf("the own call pops as %+v", e)
		}
	}
}

// Whoever thinks better of it is obeyed: the own phone stops to ring.
func TestHangupBeforeAnswer(t *testing.T) {
	x := newExchange(t)
	one := x.newPhone(t, "101")
	l := x.line(t, "udp", sip.Auto, "101")
	w := watch(t, l)
	x.ready(t, w, "101")
	one.forget()
	id, err := l.Dial(t.Context(), "101", "0612345678")
	if err != nil {
		t.Fatal(err)
	}
	one.await(t, "CALL_INCOMING", 3*time.Second)
	if err := l.Hangup(t.Context(), "102", id); !errors.Is(err, line.ErrNoCall) {
		t.Fatalf("another extension hung up: %v", err)
	}
	if err := l.Hangup(t.Context(), "101", id); err != nil {
		t.Fatal(err)
	}
	one.await(t, "CALL_CLOSED", 3*time.Second)
	w.until(t, "the end", 3*time.Second, func(e line.Event) bool { return e.Call == id && e.State == line.Ended })
}

// A number is dialled out by the operator, who connects it.
func TestDialOut(t *testing.T) {
	x := newExchange(t)
	one := x.newPhone(t, "101")
	l := x.line(t, "udp", sip.Auto, "101")
	w := watch(t, l)
	x.ready(t, w, "101")
	one.forget()
	x.answering(t)
	id, err := l.Dial(t.Context(), "101", "+33 6 12 34 56 78")
	if err != nil {
		t.Fatal(err)
	}
	one.await(t, "CALL_INCOMING", 3*time.Second)
	one.do(t, "accept", "")
	e := w.until(t, "the answer", 5*time.Second, func(e line.Event) bool { return e.Call == id && e.State == line.Answered })
	if e.Remote != "+33612345678" || !e.Own {
		t.Fatalf("the own call is told as %+v", e)
	}
	time.Sleep(3 * time.Second)
	one.do(t, "hangup", "")
	w.until(t, "the end", 5*time.Second, func(e line.Event) bool { return e.Call == id && e.State == line.Ended })
	speak(t, one)
	for _, bad := range []string{"", "sip:x@evil.test", "06;12", "0612345678>\r\nX: y", strings.Repeat("1", 40)} {
		if _, err := l.Dial(t.Context(), "101", bad); !errors.Is(err, line.ErrRefused) {
			t.Errorf("%q was dialled: %v", bad, err)
		}
	}
}
