package app

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core/boot"
)

func (c *command) floors() *cobra.Command {
	root := &cobra.Command{
		Use: "settings", Short: "List what the provider demands of everyone, and which published clause imposes it", Args: cobra.NoArgs,
		RunE: c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
			list, err := h.Floors(cmd.Context())
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "SETTING\tIN FORCE\tCLAUSES\tMEANS")
			for _, f := range list {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Key, f.Value, strings.Join(f.Clauses, ", "), f.Title.EN)
			}
			return w.Flush()
		}),
	}
	var reason string
	set := &cobra.Command{
		Use: "set SETTING=VALUE...", Short: "Set floors, all or none; one that a published clause forbids is refused with the clause", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			values := map[string]string{}
			for _, a := range args {
				key, value, ok := strings.Cut(a, "=")
				if !ok {
					return usageError{fmt.Errorf("%s is not SETTING=VALUE", a)}
				}
				values[key] = value
			}
			return c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
				if err := h.SetFloors(cmd.Context(), values, reason); err != nil {
					return err
				}
				c.say("set; in force at the next request, everywhere")
				return nil
			})(cmd, args)
		},
	}
	set.Flags().StringVar(&reason, "reason", "", "why; kept in the journal")
	root.AddCommand(set)
	return root
}
