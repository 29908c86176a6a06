package app

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/verify"
)

func (c *command) journal() *cobra.Command {
	root := &cobra.Command{Use: "journal", Short: "Verify and export the journal"}
	root.AddCommand(c.journalVerify(), c.journalExport(), c.journalKey())
	return root
}

func (c *command) journalVerify() *cobra.Command {
	var offline, key, org string
	cmd := &cobra.Command{
		Use: "verify", Short: "Check every entry against its tree and its signed checkpoints", Args: cobra.NoArgs,
		Long: "Check the journal of a live system, every log or the one of --org. With --offline, check an export with the\n" +
			"journal's public key alone: no database and no trust in the machine that made it.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if offline != "" {
				return c.verifyFile(offline, key)
			}
			return c.verifyLive(cmd, core.ID(org))
		},
	}
	cmd.Flags().StringVar(&offline, "offline", "", "an export to check")
	cmd.Flags().StringVar(&key, "key", "", "the journal's public key, or a file that holds it (with --offline)")
	cmd.Flags().StringVar(&org, "org", "", "one organization's log, or \"platform\"; all when empty")
	return cmd
}

func (c *command) verifyFile(path, key string) error {
	if key == "" {
		return usageError{fmt.Errorf("--offline needs --key: a check without the key proves nothing")}
	}
	if text, err := os.ReadFile(key); err == nil { // a file, else the key itself
		key = strings.TrimSpace(string(text))
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	report, err := verify.File(f, key)
	if err != nil {
		return err
	}
	fmt.Fprint(c.out, report.String())
	if !report.OK() {
		return errTold
	}
	return nil
}

func (c *command) verifyLive(cmd *cobra.Command, org core.ID) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	house, _, err := open(cmd.Context(), cfg, quiet(c.errs, cfg.Log))
	if err != nil {
		return err
	}
	defer house.Close()
	var reports []verify.Report
	if org == "" {
		reports, err = house.VerifyJournal(cmd.Context())
	} else {
		var one verify.Report
		one, err = house.VerifyLog(cmd.Context(), org)
		reports = append(reports, one)
	}
	if err != nil {
		return err
	}
	sound := true
	var entries uint64
	for _, r := range reports {
		fmt.Fprint(c.out, r.String())
		sound = sound && r.OK()
		entries += r.Entries
	}
	if !sound {
		return errTold
	}
	c.say("journal verified: %d entries in %d logs", entries, len(reports))
	return nil
}

func (c *command) journalExport() *cobra.Command {
	var org, form, output, reason string
	cmd := &cobra.Command{
		Use: "export", Short: "Write a log with the proof of every entry (jsonl or ocsf); the export is itself journaled", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if reason == "" {
				return usageError{fmt.Errorf("--reason is needed: reading the journal is journaled with its reason")}
			}
			cfg, err := c.settings()
			if err != nil {
				return err
			}
			house, _, err := open(cmd.Context(), cfg, quiet(c.errs, cfg.Log))
			if err != nil {
				return err
			}
			defer house.Close()
			w := c.out
			if output != "" {
				f, err := os.OpenFile(output, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
				if err != nil {
					return err
				}
				defer f.Close()
				w = f
			}
			return house.ExportJournal(cmd.Context(), core.ID(org), form, reason, w)
		},
	}
	cmd.Flags().StringVar(&org, "org", string(core.Platform), "whose log: an organization's id or \"platform\"")
	cmd.Flags().StringVar(&form, "form", "jsonl", "jsonl or ocsf (both can be verified offline), or csv")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, which must not exist; standard output when empty")
	cmd.Flags().StringVar(&reason, "reason", "", "why the journal is read")
	return cmd
}

func (c *command) journalKey() *cobra.Command {
	return &cobra.Command{
		Use: "key", Short: "Print the public key that verifies this journal: publish it outside this machine", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.settings()
			if err != nil {
				return err
			}
			house, _, err := open(cmd.Context(), cfg, quiet(c.errs, cfg.Log))
			if err != nil {
				return err
			}
			defer house.Close()
			c.say("%s", house.JournalKey())
			return nil
		},
	}
}
