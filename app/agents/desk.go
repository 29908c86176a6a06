package agents

import "github.com/spf13/cobra"

func desk(s Streams) *cobra.Command {
	return &cobra.Command{Use: "desk", Short: "Tell on this workstation who is calling, and dial from any program", Args: cobra.NoArgs}
}
