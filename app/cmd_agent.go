package app

import (
	"github.com/spf13/cobra"

	"github.com/rempart/rempart/app/agents"
)

// agent is the commands that run at a customer's. They stand in app/agents, which the small program is made of too.
func (c *command) agent() *cobra.Command {
	root := &cobra.Command{Use: "agent", Short: "What runs at a customer's: workstations and the synchronisation of their tools"}
	root.AddCommand(agents.Commands(agents.Streams{In: c.in, Out: c.out, Errs: c.errs, Version: version()})...)
	return root
}
