package app

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/db/dbcopy"
	"github.com/rempart/rempart/kit/password"
	"github.com/rempart/rempart/services"
)

// withHouse runs f over the house of the configuration.
func (c *command) withHouse(f func(cmd *cobra.Command, h *boot.House) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		cfg, err := c.settings()
		if err != nil {
			return err
		}
		house, _, err := open(cmd.Context(), cfg, quiet(c.errs, cfg.Log))
		if err != nil {
			return err
		}
		defer house.Close()
		return f(cmd, house)
	}
}

func (c *command) db() *cobra.Command {
	var from, to, keysFrom, keysTo string
	root := &cobra.Command{Use: "db", Short: "Work on the database"}
	cp := &cobra.Command{
		Use: "copy", Short: "Copy everything to another database, SQLite or PostgreSQL, and compare row hashes", Args: cobra.NoArgs,
		Long: "Stop the platform first. The target must be empty. Persons' keys come along: they live in keys.db beside a SQLite file,\n" +
			"and in the same database on PostgreSQL unless --keys-from or --keys-to says another. The files *.key of the data folder\n" +
			"stay where they are.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from == "" || to == "" {
				return usageError{fmt.Errorf("--from and --to are needed: a file or a postgres:// address")}
			}
			report, err := dbcopy.Run(cmd.Context(), dbcopy.Options{Steps: copySteps(from, to, keysFrom, keysTo)})
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
			var rows int64
			for _, t := range report.Tables {
				fmt.Fprintf(w, "%s\t%d rows\t%.16s\n", t.Name, t.Rows, t.Digest)
				rows += t.Rows
			}
			if err := w.Flush(); err != nil {
				return err
			}
			c.say("copied %d rows in %d tables; the hashes of both sides are the same", rows, len(report.Tables))
			return nil
		},
	}
	cp.Flags().StringVar(&from, "from", "", "source: a file or a postgres:// address")
	cp.Flags().StringVar(&to, "to", "", "target: a file or a postgres:// address")
	cp.Flags().StringVar(&keysFrom, "keys-from", "", "where the source keeps persons' keys, when apart")
	cp.Flags().StringVar(&keysTo, "keys-to", "", "where the target keeps persons' keys, when apart")
	root.AddCommand(cp)
	return root
}

// copySteps are the two parts of a platform: its rows and its persons' keys.
func copySteps(from, to, keysFrom, keysTo string) []dbcopy.Step {
	keys := func(given, url string) string {
		if given != "" {
			return given
		}
		if db.EngineOf(url) == db.PostgreSQL {
			return url
		}
		return filepath.Join(filepath.Dir(url), "keys.db")
	}
	return []dbcopy.Step{
		{From: from, To: to, Schemas: boot.Schemas(services.All...)},
		{From: keys(keysFrom, from), To: keys(keysTo, to), Schemas: boot.KeySchemas()},
	}
}

func (c *command) passwords() *cobra.Command {
	root := &cobra.Command{Use: "passwords", Short: "The list of breached passwords"}
	root.AddCommand(&cobra.Command{
		Use: "import FILE", Short: "Take a full list of breached password hashes (SHA-1, \"HASH:count\" lines); - reads standard input", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := c.settings()
			if err != nil {
				return err
			}
			if _, err := makeData(cfg.Data); err != nil {
				return err
			}
			var r io.Reader = c.in
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				r = f
			}
			done, err := password.Import(filepath.Join(cfg.Data, boot.BreachedFile), bufio.NewReaderSize(r, 1<<20), password.ImportWidth)
			if err != nil {
				return err
			}
			c.say("%d lines read, %d hashes kept; in force at the next start", done.Lines, done.Kept)
			return nil
		},
	})
	return root
}

func (c *command) routes() *cobra.Command {
	return &cobra.Command{
		Use: "routes", Short: "List every page and endpoint with who may reach it", Args: cobra.NoArgs,
		RunE: c.withHouse(func(_ *cobra.Command, h *boot.House) error {
			w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
			lines := make([]string, 0, 200)
			for _, r := range h.Routes() {
				who := "signed in"
				switch {
				case r.Access.IsPublic():
					who = "anyone: " + r.Access.Why()
				case r.Access.Act() != nil:
					who = string(r.Access.Act().Permission)
				}
				method, path, _ := strings.Cut(r.Pattern, " ")
				lines = append(lines, fmt.Sprintf("%s\t%s\t%s", path, method, who))
			}
			sort.Strings(lines)
			for _, l := range lines {
				fmt.Fprintln(w, l)
			}
			return w.Flush()
		}),
	}
}
