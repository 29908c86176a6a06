package agents

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/source/announce"
)

const lookHelp = `Lists the tools that this computer could read, each with the settings to copy into agent.yaml. It looks at what you name and at
nothing else, opens no database, signs in nowhere, sends nothing.

  rempart agent look --folder /srv/export          tables and cards in a folder, by their headings
  rempart agent look --domain mycompany.example    its directory and address books, by DNS
  rempart agent look --odbc                        data sources of this computer and of this account
  rempart agent look --template hubspot            the declaration of a known tool; --template list names them`

func look(s Streams) *cobra.Command {
	var a announce.Asked
	var odbc bool
	var template string
	cmd := &cobra.Command{
		Use: "look", Short: "List the tools that this computer could read", Long: lookHelp, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if odbc {
				a.ODBC = announce.Standard()
			}
			if template != "" {
				return s.template(template)
			}
			if a.Folder == "" && a.Domain == "" && !odbc {
				return errors.New("nothing was named: --folder, --domain, --odbc or --template")
			}
			found, err := announce.Look(cmd.Context(), a, nil)
			for _, f := range found {
				s.found(f)
			}
			if err == nil && len(found) == 0 {
				s.say("Nothing was found.")
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&a.Folder, "folder", "", "folder whose tables and cards are listed")
	f.StringVar(&a.Domain, "domain", "", "domain whose directory and address books are asked of DNS")
	f.BoolVar(&odbc, "odbc", false, "list the ODBC data sources")
	f.StringVar(&template, "template", "", "declaration of a known tool, or list")
	return cmd
}

func (s Streams) template(name string) error {
	if text, ok := source.Template(name); ok {
		fmt.Fprint(s.Out, text)
		return nil
	}
	s.say("%s", strings.Join(source.Templates(), "\n"))
	if name != "list" {
		return errors.New("there is no such template")
	}
	return nil
}

func (s Streams) found(f announce.Found) {
	s.say("# %s", f.Title)
	if f.Fault != "" {
		s.say("# it cannot be read: %s\n", f.Fault)
		return
	}
	s.say("source:\n  %s", strings.ReplaceAll(strings.TrimSpace(f.Settings), "\n", "\n  "))
	if len(f.Fields) > 0 {
		m := source.Guess(f.Fields, nil)
		s.say("# fields: %s", strings.Join(f.Fields, ", "))
		s.say("mapping:\n  numbers: [%s]\n  name: [%s]\n  company: %s", quoted(m.Numbers), quoted(m.Name), quoted([]string{m.Company}))
	}
	s.say("")
}

// quoted writes names as YAML reads them back.
func quoted(names []string) string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = "'" + strings.ReplaceAll(n, "'", "''") + "'"
	}
	return strings.Join(all, ", ")
}
