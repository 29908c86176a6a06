package app

import (
	"github.com/spf13/cobra"

	"github.com/rempart/rempart/app/demo"
)

func (c *command) demo() *cobra.Command {
	var o demo.Options
	cmd := &cobra.Command{
		Use: "demo", Short: "Do the platform's main job on real acts in a throw-away folder, and print what was done", Args: cobra.NoArgs,
		Long: "Two organizations, forty persons, a throw-away folder. Each scene acts through the pages, as people do, and prints\n" +
			"what happened with the time it took. The first promise that fails is named and ends the command with status 1.\n" +
			"Without --exit the pages stay open, with ready sessions, until Ctrl+C; then the folder is removed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Version = c.out, version()
			o.Log = quiet(c.errs, LogConfig{})
			if o.Loud {
				o.Log = newLog(c.errs, LogConfig{Level: "info", Format: "text"})
			}
			if err := demo.Run(cmd.Context(), o); err != nil {
				if demo.Told(err) {
					return errTold
				}
				return err
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&o.Exit, "exit", false, "end after the scenes")
	cmd.Flags().BoolVar(&o.Loud, "verbose", false, "show the log of the platform")
	cmd.Flags().IntVar(&o.Port, "port", 0, "port of the pages; any free one when 0")
	cmd.Flags().StringVar(&o.Seed, "seed", "", "make the people only, play no scene, and write their accounts as JSON to this file (for tests)")
	cmd.Flags().StringVar(&o.Database, "database", "", "a postgres:// address of an empty database instead of SQLite")
	return cmd
}
