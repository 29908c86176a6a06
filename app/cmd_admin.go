package app

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/rempart/rempart/core/boot"
)

func (c *command) admin() *cobra.Command {
	var f boot.Founder
	root := &cobra.Command{Use: "admin", Short: "The first administrator and where staff may come from, from this machine"}
	create := &cobra.Command{
		Use: "create", Short: "Make the first administrator without a browser; the password is read from standard input", Args: cobra.NoArgs,
		Long: "Makes the provider's organization and its first administrator, once. Their second factor is set up at the first sign-in:\n" +
			"without it no session opens. There is no default account and no default password.",
		RunE: c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
			if !strings.Contains(f.Email, "@") {
				return usageError{fmt.Errorf("--email is needed")}
			}
			if awaits, err := h.AwaitsSetup(cmd.Context()); err != nil {
				return err
			} else if !awaits {
				return errors.New("the platform is already set up: an administrator invites the others")
			}
			var err error
			if f.Password, err = c.secret("Password: "); err != nil {
				return err
			}
			if err := h.CreateAdmin(cmd.Context(), f); err != nil {
				return err
			}
			c.say("%s is the first administrator of %s. Sign in to set up the second factor.", f.Email, f.Organization)
			return nil
		}),
	}
	create.Flags().StringVar(&f.Email, "email", "", "sign-in address of the administrator")
	create.Flags().StringVar(&f.Organization, "organization", "Rempart", "name of the organization that runs the platform")
	create.Flags().StringVar(&f.GivenName, "given-name", "", "given name")
	create.Flags().StringVar(&f.FamilyName, "family-name", "", "family name")
	create.Flags().StringVar(&f.Language, "language", "fr", "fr or en")
	root.AddCommand(create, &cobra.Command{
		Use: "allow ADDRESS...", Short: "List addresses or blocks that provider staff may come from", Args: cobra.MinimumNArgs(1),
		Long: "Provider staff enters from listed addresses only, and from this machine alone while the list is empty. Each ADDRESS is one\n" +
			"address (192.0.2.7, 2001:db8::7) or a block (192.0.2.0/24). The change is written in the platform's journal.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
				if err := h.AllowStaff(cmd.Context(), args...); err != nil {
					return err
				}
				c.say("Provider staff may come from %s, as well as from the addresses listed before.", strings.Join(args, ", "))
				return nil
			})(cmd, args)
		},
	})
	return root
}

// secret reads one line without showing it on a terminal.
func (c *command) secret(prompt string) (string, error) {
	if f, ok := c.in.(*os.File); ok {
		if old, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS); err == nil {
			fmt.Fprint(c.errs, prompt)
			dark := *old
			dark.Lflag &^= unix.ECHO
			if err := unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, &dark); err != nil {
				return "", err
			}
			defer func() {
				_ = unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, old)
				fmt.Fprintln(c.errs)
			}()
		}
	}
	line, err := bufio.NewReader(io.LimitReader(c.in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
