package scripts

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rempart/rempart/app"
)

// binaryWord runs a command of the binary that touches no installation: rempart policy check FILE. Files are those of
// the script; what it writes is for stdout.
func binaryWord(ts *testscript.TestScript, neg bool, args []string) {
	for i, a := range args {
		if _, err := os.Stat(ts.MkAbs(a)); err == nil {
			args[i] = ts.MkAbs(a)
		}
	}
	status := app.Main(args, strings.NewReader(""), ts.Stdout(), ts.Stderr())
	if (status != 0) != neg {
		ts.Fatalf("rempart %s ended with %d", strings.Join(args, " "), status)
	}
}
