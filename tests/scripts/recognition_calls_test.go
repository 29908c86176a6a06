package scripts

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/line"
	"github.com/rempart/rempart/services/recognition/line/fake"
)

func recognitionOf(ts *testscript.TestScript) (*play, *recognition.Module, context.Context) {
	p := playOf(ts)
	return p, p.House.Guest("recognition").(*recognition.Module), core.WithActor(background(), core.System("script"))
}

// phoneWord: phone EXT of town rings NAME as VAR makes a demonstration exchange; phone EXT of town has called NUMBER looks at it.
func phoneWord(ts *testscript.TestScript, neg bool, args []string) {
	p, m, ctx := recognitionOf(ts)
	if args[3] == "has" {
		called := slices.ContainsFunc(m.FakeExchange(core.ID(ts.Getenv("PHONE"))).Dialled(), func(d fake.Dialled) bool {
			return d.Extension == args[0] && d.Number == args[5]
		})
		if called == neg {
			ts.Fatalf("phone %s has called %s: %v", args[0], args[5], called)
		}
		return
	}
	id, err := m.MakeLine(ctx, p.Town, recognition.ExchangeDraft{
		Kind: recognition.KindFake, Title: "Exchange", Region: "FR",
		Phones: []recognition.Phone{{Extension: args[0], Person: core.ID(ts.Getenv(strings.ToUpper(args[4])))}},
	})
	ts.Check(err)
	ts.Setenv(args[6], string(id))
}

// callWord: call ID of town rings EXT from NUMBER, rings EXT hidden, leaking NUMBER, is answered by EXT, ends for EXT.
func callWord(ts *testscript.TestScript, _ bool, args []string) {
	p, m, ctx := recognitionOf(ts)
	e := line.Event{Call: args[0], Extension: args[len(args)-1]}
	switch args[3] {
	case "rings":
		e.State, e.Extension, e.Remote = line.Ringing, args[4], args[len(args)-1]
		e.Hidden = strings.HasPrefix(args[5], "hidden")
	case "is":
		e.State = line.Answered
	case "ends":
		e.State = line.Ended
	}
	ts.Check(m.Report(ctx, p.Town, e))
	who := core.WithActor(background(), core.Actor{Kind: core.SystemActor, ID: core.ID(ts.Getenv("MEMBER"))})
	list, err := m.History(who, p.Town, recognition.HistoryQuery{})
	ts.Check(err)
	if len(list) > 0 {
		ts.Setenv("CALL", string(list[0].ID))
	}
}

// townWord: town answers its telephones speaks to the exchanges until the script ends.
func townWord(ts *testscript.TestScript, _ bool, _ []string) {
	p, m, ctx := recognitionOf(ts)
	run, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Run(run) }()
	ts.Defer(func() { stop(); <-done })
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		lines, err := m.Lines(ctx, p.Town)
		ts.Check(err)
		if slices.ContainsFunc(lines, func(x recognition.Exchange) bool { return x.Condition == "up" }) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("no exchange answers")
		}
	}
}
