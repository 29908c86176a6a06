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
	root := &cobra.Command{Use: "admin", Short: "The first administrator, from this machine"}
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
	root.AddCommand(create)
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
