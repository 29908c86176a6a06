package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core/boot"
)

// sandboxFile is the certificate, in the folder of the sandbox.
const sandboxFile = "sandbox.certificate"

func (c *command) sandbox() *cobra.Command {
	var check bool
	var files int64
	cmd := &cobra.Command{
		Use: "sandbox OUT-DIR", Short: "Make a test environment of the same shape and volumes, with invented people only, and certify it", Args: cobra.ExactArgs(1),
		Long: "OUT-DIR must be absent or empty: it becomes a data folder that \"rempart serve\" runs. As many organizations, members, roles,\n" +
			"pictures, requests with their documents, terms, consents, lines of the registers, attestations, incidents, files, links, cards, exchanges\n" +
			"and journal entries of each kind as here, under the same policies and settings; nobody real. Files keep their number and type, and about\n" +
			"their size; when those of here take more than --files-mib, all are made smaller in proportion. Every value kept here of a person is\n" +
			"compared, under a key that is thrown away, with every value of the sandbox; the certificate says so, and \"rempart verify --offline\"\n" +
			"checks it. With --check, an existing sandbox is compared again.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
				if check {
					return c.checkSandbox(cmd, h, args[0])
				}
				if files < 1 {
					return usageError{errors.New("--files-mib is at least 1")}
				}
				if made, err := makeData(args[0]); err != nil {
					return err
				} else if !made {
					return usageError{fmt.Errorf("%s is not empty", args[0])}
				}
				s, err := h.MakeSandbox(cmd.Context(), args[0], files<<20)
				if err != nil {
					return err
				}
				path := filepath.Join(args[0], sandboxFile)
				if err := os.WriteFile(path, []byte(s.Certificate), 0o600); err != nil {
					return err
				}
				c.say("%d organizations, %d persons, %d members, %d journal entries, %d pictures: all invented", s.Orgs, s.People, s.Members, s.Entries, s.Pictures)
				c.say("%d requests, terms, acceptances, questions, answers, settings, lines of the registers, attestations and incidents, invented too", s.Rows)
				c.say("%d policies in force; %d links, cards, exchanges and phones of services", s.Policies, s.Served)
				if len(s.Left) > 0 {
					c.say("not imitated, of what is kept of persons: %s", strings.Join(s.Left, ", "))
				}
				c.say("%d files, %d bytes in the place of %d", s.Files, s.Bytes, s.Of)
				c.say("%d values of this platform compared with %d of the sandbox: %d found", s.Source, s.Looked, s.Found)
				c.say("certificate: %s, checked by rempart verify --offline %s --key '%s'", path, path, h.JournalKey())
				c.say("start it: REMPART_DATA=%s rempart serve; everyone's password is %s, the administrator is %s", args[0], s.Password, s.Admin)
				return nil
			})(cmd, args)
		},
	}
	cmd.Flags().Int64Var(&files, "files-mib", 1024, "how many mebibytes the invented files may take together")
	cmd.Flags().BoolVar(&check, "check", false, "compare an existing sandbox with this platform again")
	return cmd
}

func (c *command) checkSandbox(cmd *cobra.Command, h *boot.House, folder string) error {
	if _, err := os.Stat(filepath.Join(folder, "rempart.db")); err != nil {
		return errors.New("there is no sandbox in this folder")
	}
	found, err := h.CheckSandbox(cmd.Context(), folder)
	if err != nil {
		return err
	}
	for _, place := range found {
		c.say("a value of this platform stands in %s", place)
	}
	if len(found) > 0 {
		return errTold
	}
	c.say("no value of this platform stands in it")
	return nil
}
