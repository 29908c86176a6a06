// Package agents is the commands that run at a customer's: they speak to a platform and hold nothing of one. `rempart agent`
// has them all, and cmd/rempart-agent is nothing but them, for machines where the platform itself does not run.
//
// Owns: their flags and what they print. Must not know: a database, a configuration of the platform, any page.
// Start reading at: Commands.
package agents

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Streams are where a command reads and writes.
type Streams struct {
	In        io.Reader
	Out, Errs io.Writer
	Version   string
}

func (s Streams) say(format string, args ...any) { fmt.Fprintf(s.Out, format+"\n", args...) }

// Commands are the agents: one line each.
func Commands(s Streams) []*cobra.Command {
	return []*cobra.Command{
		sync(s),
		look(s),
		deskAgent(s),
		directoryOf(s),
	}
}

// Main runs one command line of the small program and gives its exit status: 0 done, 1 failed.
func Main(args []string, s Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{
		Use: "rempart-agent", Short: "What runs at a customer's: workstations and the synchronisation of their tools", Version: s.Version,
		SilenceErrors: true, SilenceUsage: true, CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.AddCommand(Commands(s)...)
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Errs)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(s.Errs, "rempart-agent: %v\n", err)
		return 1
	}
	return 0
}
