package app

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/boot"
)

func (c *command) erase() *cobra.Command {
	var dry, approve bool
	var org, why string
	cmd := &cobra.Command{
		Use: "erase PERSON", Short: "Erase a person from every room, with a signed receipt; or see what that would delete", Args: cobra.ExactArgs(1),
		Long: "PERSON is an id or an e-mail address; with --approve, the id of an order that waits for a second person, whom this command\n" +
			"stands for (never for what this command itself ordered). With --dry-run every room really erases and it is undone: the counts are\n" +
			"true. A server may run on the same data. --reason is needed to erase; it is kept sealed in the journal.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
				switch {
				case approve:
					n, err := h.ApproveErasure(cmd.Context(), core.ID(args[0]))
					if err == nil {
						c.say("%d orders approved", n)
					}
					return err
				case dry:
					return c.weighed(cmd, h, core.ID(org), args[0])
				case why == "":
					return usageError{fmt.Errorf("--reason is needed: why is this person erased?")}
				}
				e, err := h.Erase(cmd.Context(), core.ID(org), args[0], why)
				if err != nil {
					return err
				}
				if e.Receipt == "" {
					c.say("ordered: %s; it is %s %s", e.Order, e.State, e.Blocked)
					return errTold
				}
				fmt.Fprint(c.out, e.Receipt)
				return nil
			})(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only tell what would be deleted and what must stay")
	cmd.Flags().BoolVar(&approve, "approve", false, "approve an order, and those that wait beside it")
	cmd.Flags().StringVar(&org, "org", "", "only what this organization holds, when the person belongs elsewhere too")
	cmd.Flags().StringVar(&why, "reason", "", "why the person is erased")
	return cmd
}

func (c *command) weighed(cmd *cobra.Command, h *boot.House, org core.ID, who string) error {
	p, err := h.WeighErasure(cmd.Context(), org, who)
	if err != nil {
		return err
	}
	c.say("person %s, %s", p.Person, map[string]string{"person": "the whole person", "member": "what the organization holds"}[p.Scope])
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "TABLE\tDELETED\tKEPT\tWHY")
	var gone, kept int64
	for _, l := range p.Lines {
		if l.Deleted == 0 && l.Kept == 0 {
			continue
		}
		why := ""
		if l.Kept > 0 {
			why = fmt.Sprintf("%s (%s, %s)", l.Why.EN, l.Ground, l.Rule)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", l.Table, l.Deleted, l.Kept, why)
		gone, kept = gone+l.Deleted, kept+l.Kept
	}
	if err := w.Flush(); err != nil {
		return err
	}
	c.say("%d rows would go, %d would stay; nothing was erased", gone, kept)
	for _, hold := range p.Holds {
		c.say("a legal hold forbids it for now: %s", hold.ID)
	}
	return nil
}
