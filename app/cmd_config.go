package app

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (c *command) config() *cobra.Command {
	root := &cobra.Command{Use: "config", Short: "Look at the configuration before a start"}
	root.AddCommand(&cobra.Command{
		Use: "check", Short: "Read the configuration and tell every mistake at once", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := c.settings()
			if all, ok := errors.AsType[Mistakes](err); ok {
				for _, m := range all {
					fmt.Fprintln(c.errs, m)
				}
				return errTold
			}
			if err != nil {
				return err
			}
			c.say("The configuration is right.")
			c.say("data     %s", cfg.Data)
			c.say("database %s", cfg.databaseWords())
			c.say("listens  %s", cfg.listenWords())
			c.say("people   %s", cfg.Server.Origin)
			c.say("mail     %s", cfg.mailWords())
			c.say("journal  %s", cfg.journalWords())
			return nil
		},
	})
	return root
}

func (c *Config) databaseWords() string {
	if c.Database.URL == "" {
		return "SQLite, in the data folder"
	}
	return "PostgreSQL, " + cleanURLs(c.Database.URL)
}

func (c *Config) listenWords() string {
	s := c.Server
	switch {
	case len(s.BehindProxy) > 0:
		return fmt.Sprintf("%s, behind %v", s.Listen, s.BehindProxy)
	case s.Domain != "" && s.Certificate != "":
		return s.Listen + " with your certificate"
	case s.Domain != "":
		return s.Listen + " with a certificate of our own: browsers will warn (server.certificate)"
	}
	return s.Listen + ", this machine only"
}

func (c *Config) mailWords() string {
	switch {
	case c.Mail.Relay != "":
		return "relay " + c.Mail.Relay
	case c.Mail.Folder != "":
		return "written to " + c.Mail.Folder
	}
	return "no relay: messages wait in the queue (mail.relay)"
}

func (c *Config) journalWords() string {
	n := len(c.Journal.Folders) + len(c.Journal.MailTo) + len(c.Journal.Witnesses)
	if n == 0 {
		return "checkpoints stay on this machine: they prove nothing against its administrator (journal.folders, mail_to, witnesses)"
	}
	return fmt.Sprintf("checkpoints sent to %d outside places", n)
}
