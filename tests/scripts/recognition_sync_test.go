package scripts

import (
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition"
)

// codeWord: code of town stands as NAME. It links a tool and makes an install code for the program that brings its contacts: $NAME is
// the code, $SERVER the platform.
func codeWord(ts *testscript.TestScript, _ bool, args []string) {
	p, m, _ := recognitionOf(ts)
	ctx := core.WithActor(background(), core.System(string(p.Trial.Players["admin"].Person)))
	link, err := m.MakeLink(ctx, p.Town, recognition.LinkDraft{Name: "CRM", Kind: "csv"})
	ts.Check(err)
	made, err := m.InviteAgent(ctx, p.Town, recognition.ForSync, link, "CRM")
	ts.Check(err)
	ts.Setenv(args[4], made.Code)
	ts.Setenv("SERVER", p.Origin)
}
