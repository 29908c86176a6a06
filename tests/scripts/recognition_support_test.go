package scripts

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/services/recognition"
	"github.com/rempart/rempart/services/recognition/desk"
)

// traceWord: trace on calls of NAME says WORDS is a technical step as a part of the service notes it.
func traceWord(ts *testscript.TestScript, _ bool, args []string) {
	p, m, ctx := recognitionOf(ts)
	m.Trace(ctx, p.Town, recognition.TraceCalls+ts.Getenv(strings.ToUpper(args[3])), args[5])
}

// problemWord: problem of town as VAR takes the id of the newest that the administrator of the platform sees.
func problemWord(ts *testscript.TestScript, _ bool, args []string) {
	_, m, ctx := recognitionOf(ts)
	list, err := m.SupportCases(core.WithActor(ctx, core.Actor{Kind: core.SystemActor, ID: core.ID(ts.Getenv("PROVIDER"))}))
	ts.Check(err)
	if len(list.Cases) == 0 {
		ts.Fatalf("no problem is reported")
	}
	ts.Setenv(args[3], string(list.Cases[0].ID))
}

// workstationWord: workstation of NAME tells CHECK=STATE... installs the agent by a code of their own page, and tells what it sees.
func workstationWord(ts *testscript.TestScript, _ bool, args []string) {
	p := playOf(ts)
	station, err := p.Workstation(background(), args[1])
	ts.Check(err)
	states := map[string]string{}
	for _, a := range args[3:] {
		check, state, _ := strings.Cut(a, "=")
		states[check] = state
	}
	ts.Check(station.Report(background(), desk.Posture{Device: string(ids.New()), Name: "reception-1", System: "Debian 13", States: states}))
}
