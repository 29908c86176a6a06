package fake_test

import (
	"context"
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/fake"
)

func next(t *testing.T, events <-chan line.Event) line.Event {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(2 * time.Second):
		t.Fatal("nothing was told within two seconds")
		return line.Event{}
	}
}

// Whoever watches sees a call ring, be answered and end, and never who an anonymous caller is.
func TestTheFakeExchangeTellsItsCalls(t *testing.T) {
	x := fake.New()
	events := make(chan line.Event, 16)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- x.Line("101").Watch(ctx, func(e line.Event) { events <- e }) }()
	defer func() { stop(); <-done }()

	id := x.Ring("101", "+33612345678", "Marie Curie")
	if e := next(t, events); e.Call != id || e.State != line.Ringing || e.Remote != "+33612345678" || e.Display != "Marie Curie" {
		t.Fatalf("the call rings as %+v", e)
	}
	x.Ring("102", "+33699999999", "") // of another extension: not told
	if err := x.Answer(id); err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); e.Call != id || e.State != line.Answered {
		t.Fatalf("the answer is told as %+v", e)
	}
	if err := x.Hangup(id); err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); e.State != line.Ended {
		t.Fatalf("the end is told as %+v", e)
	}
	hidden := x.RingHidden("101", "+33687654321")
	if e := next(t, events); e.Call != hidden || !e.Hidden || e.Remote != "" || e.Display != "" {
		t.Fatalf("an anonymous caller is told as %+v", e)
	}
	if err := x.Hangup(hidden); err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); e.State != line.Missed {
		t.Fatalf("a call that nobody took is told as %+v", e)
	}
}

// A number is called from one's own phone, and the call is known as one's own.
func TestTheFakeExchangeDials(t *testing.T) {
	x := fake.New()
	events := make(chan line.Event, 16)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- x.Line().Watch(ctx, func(e line.Event) { events <- e }) }()
	defer func() { stop(); <-done }()
	x.Ring("109", "+33100000000", "") // told before or after the watch began
	next(t, events)
	id, err := x.Line().Dial(ctx, "101", "+33612345678")
	if err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); e.Call != id || !e.Own || !e.Outgoing {
		t.Fatalf("the own call is told as %+v", e)
	}
	if got := x.Dialled(); len(got) != 1 || got[0] != (fake.Dialled{Extension: "101", Number: "+33612345678"}) {
		t.Fatalf("dialled: %+v", got)
	}
	if err := x.Line().Hangup(ctx, "102", id); err == nil {
		t.Fatal("a call was ended from another extension")
	}
	if err := x.Line().Hangup(ctx, "101", id); err != nil || x.State(id) != "" {
		t.Fatalf("hangup: %v, state %q", err, x.State(id))
	}
}
