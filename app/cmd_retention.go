package app

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core/boot"
)

func (c *command) retention() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "retention", Short: "Delete or archive what has reached the end of its duration; or see what that would be", Args: cobra.NoArgs,
		Long: "The platform sweeps by itself each hour; this command does it now. With --dry-run it counts, for each organization, rule and\n" +
			"table, what would go, be archived, or be kept by a legal hold, and changes nothing. At most 5,000 rows of a table are counted.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
				if !dry {
					return h.Sweep(cmd.Context(), "retention.sweep")
				}
				list, err := h.RetentionDue(cmd.Context())
				if err != nil {
					return err
				}
				if len(list) == 0 {
					c.say("nothing has reached its end")
					return nil
				}
				w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "organization\trule\ttable\tdays\tgone\tarchived\theld")
				for _, l := range list {
					fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\n", l.Org, l.Rule, l.Table, l.Days, l.Deleted, l.Archived, l.Kept)
				}
				return w.Flush()
			})(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "count and change nothing")
	return cmd
}
