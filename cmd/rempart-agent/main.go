// Command rempart-agent is the agents of Rempart without the platform: for workstations, Windows among them, and for the
// machine beside a customer's tools. `rempart agent` is the same.
package main

import (
	"os"
	"runtime/debug"

	"github.com/rempart/rempart/app/agents"
)

func main() {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	os.Exit(agents.Main(os.Args[1:], agents.Streams{In: os.Stdin, Out: os.Stdout, Errs: os.Stderr, Version: version}))
}
