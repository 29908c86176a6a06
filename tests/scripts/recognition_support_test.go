package scripts

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition"
)

// traceWord: trace on calls of NAME says WORDS is a technical step as a part of the service notes it.
func traceWord(ts *testscript.TestScript, _ bool, args []string) {
	p, m, ctx := callsOf(ts)
	m.Trace(ctx, p.Town, recognition.TraceCalls+ts.Getenv(strings.ToUpper(args[3])), args[5])
}

// problemWord: problem of town as VAR takes the id of the newest that the administrator of the platform sees.
func problemWord(ts *testscript.TestScript, _ bool, args []string) {
	_, m, ctx := callsOf(ts)
	list, err := m.SupportCases(core.WithActor(ctx, core.Actor{Kind: core.SystemActor, ID: core.ID(ts.Getenv("PROVIDER"))}))
	ts.Check(err)
	if len(list.Cases) == 0 {
		ts.Fatalf("no problem is reported")
	}
	ts.Setenv(args[3], string(list.Cases[0].ID))
}
