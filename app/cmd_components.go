package app

import (
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core/boot"
)

// mostAdvisories bounds an imported list: the whole list for Go is a tenth of it.
const mostAdvisories = 256 << 20

func (c *command) components() *cobra.Command {
	root := &cobra.Command{Use: "components", Short: "What this program is made of, and the list of known flaws that it is compared with"}
	root.AddCommand(&cobra.Command{
		Use: "sbom", Short: "Write the list of components (CycloneDX 1.6, JSON)", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return boot.WriteSBOM(c.out, version()) },
	}, &cobra.Command{
		Use: "import FILE", Short: "Take a list of known vulnerabilities (OSV: a zip, an array or JSON lines); - reads standard input", Args: cobra.ExactArgs(1),
		Long: "The platform fetches nothing: bring the list from vuln.go.dev (vulndb.zip) or osv.dev (Go/all.zip). The probe outside.sbom\n" +
			"compares it with the running program, and says so when the list is older than thirty days.",
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := c.settings()
			if err != nil {
				return err
			}
			if _, err := makeData(cfg.Data); err != nil {
				return err
			}
			r := c.in
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				r = f
			}
			source, err := io.ReadAll(io.LimitReader(r, mostAdvisories))
			if err != nil {
				return err
			}
			n, newest, err := boot.ImportAdvisories(cfg.Data, source)
			if err != nil {
				return err
			}
			c.say("%d entries kept; the newest changed on %s", n, newest.Format(time.DateOnly))
			return nil
		},
	})
	return root
}
