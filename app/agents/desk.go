package agents

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/services/recognition/desk"
)

// deskCommand is the agent of a workstation.
type deskCommand struct {
	Streams
	folder string
}

func deskAgent(s Streams) *cobra.Command {
	d := &deskCommand{Streams: s}
	root := &cobra.Command{
		Use: "desk", Short: "Tell on this workstation who is calling, and dial from any program", Args: cobra.NoArgs,
		Long: "Without a sub-command it works until it is stopped: notices with buttons, scripts of your organization, the state of the\n" +
			"workstation. Sign in first, then install the handler of tel: links, and bind `desk dial --clipboard` to a hot key.",
		RunE: d.run,
	}
	root.PersistentFlags().StringVar(&d.folder, "folder", "", "folder of its files (by default that of the person's configuration)")
	root.AddCommand(d.signIn(), d.signOut(), d.dial(), d.choose(), d.install(), d.uninstall(), d.posture())
	return root
}

func (d *deskCommand) keep() (*desk.Keep, error) {
	if d.folder == "" {
		folder, err := desk.Folder()
		if err != nil {
			return nil, err
		}
		d.folder = folder
	}
	return desk.OpenKeep(d.folder)
}

func (d *deskCommand) signIn() *cobra.Command {
	var address, org string
	var token bool
	c := &cobra.Command{
		Use: "sign-in", Short: "Give this workstation to you, by an install code or a personal token read from standard input", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := d.keep()
			if err != nil {
				return err
			}
			a := desk.Account{Org: org, Language: language()}
			if a.URL, err = desk.CheckURL(address); err != nil {
				return err
			}
			if token && org == "" {
				return errors.New("with --token, --organization says whose calls are followed")
			}
			what := "Install code (your page \"My workstation\" makes one): "
			if token {
				what = "Personal token: "
			}
			fmt.Fprint(d.Errs, what)
			text, err := bufio.NewReader(io.LimitReader(d.In, 4096)).ReadString('\n')
			text = strings.TrimSpace(text)
			if text == "" {
				return errors.Join(errors.New("nothing was typed"), err)
			}
			if token {
				a.Token = text
			} else if a.Org, a.Token, err = desk.Connect(a).Enrol(cmd.Context(), text); err != nil {
				return err
			}
			if err := k.SignIn(a); err != nil {
				return err
			}
			d.say("Signed in. Start it with: rempart agent desk")
			return nil
		},
	}
	c.Flags().StringVar(&address, "url", "", "address of the platform: https://trust.example.org")
	c.Flags().BoolVar(&token, "token", false, "read a personal token instead of an install code")
	c.Flags().StringVar(&org, "organization", "", "id of the organization, with --token")
	return c
}

func language() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "en") {
				return "en"
			}
			return "fr"
		}
	}
	if strings.HasPrefix(desk.SystemLanguage(), "en") {
		return "en"
	}
	return "fr"
}

func (d *deskCommand) signOut() *cobra.Command {
	return &cobra.Command{
		Use: "sign-out", Short: "Forget whose workstation this is; withdraw its token on your page too", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			k, err := d.keep()
			if err != nil {
				return err
			}
			return k.SignOut()
		},
	}
}

func (d *deskCommand) run(cmd *cobra.Command, _ []string) error {
	k, err := d.keep()
	if err != nil {
		return err
	}
	account, err := k.Account()
	if err != nil {
		return err
	}
	release, err := desk.Alone(d.folder)
	if err != nil {
		return err
	}
	defer release()
	file, err := os.OpenFile(filepath.Join(d.folder, "desk.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	log := slog.New(slog.NewTextHandler(file, nil))
	notifier, err := d.notifier()
	if err != nil {
		fmt.Fprintln(d.Errs, err)
		log.Warn("no notices") // why stands above: a path has a name in it
		notifier = desk.Quiet{}
	}
	defer notifier.Close()
	a := &desk.Agent{Platform: desk.Connect(account), Notifier: notifier, Keep: k, Log: log, Open: desk.OpenPage, Posture: desk.LookAtSystem}
	log.Info("started", "version", d.Version)
	desk.LeaveConsole()
	return a.Run(cmd.Context())
}

func (d *deskCommand) notifier() (desk.Notifier, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return desk.OpenNotifier(d.folder, self, d.arguments("choose")...)
}

// choose is what a button of a notice starts on Windows.
func (d *deskCommand) choose() *cobra.Command {
	return &cobra.Command{
		Use: "choose LINK", Short: "Tell the agent which button of a notice was pressed", Args: cobra.ExactArgs(1), Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			desk.LeaveConsole()
			if _, err := d.keep(); err != nil {
				return err
			}
			return desk.Choose(d.folder, args[0])
		},
	}
}

func (d *deskCommand) dial() *cobra.Command {
	var copied, selected bool
	c := &cobra.Command{
		Use: "dial [NUMBER or tel: link]", Short: "Have your telephone ring, then call a number", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var text string
			var err error
			switch {
			case len(args) == 1:
				text = args[0]
			case copied || selected:
				if text, err = desk.Copied(selected); err != nil {
					return err
				}
			default:
				return errors.New("give a number, or --clipboard, or --selection")
			}
			number, err := desk.NumberIn(text)
			if err != nil {
				return err
			}
			k, err := d.keep()
			if err != nil {
				return err
			}
			account, err := k.Account()
			if err != nil {
				return err
			}
			return desk.Connect(account).Dial(cmd.Context(), number)
		},
	}
	c.Flags().BoolVar(&copied, "clipboard", false, "the number that was copied: bind this to a hot key")
	c.Flags().BoolVar(&selected, "selection", false, "the number that is selected (X11, Wayland)")
	return c
}

// arguments are how this very program is called for a link.
func (d *deskCommand) arguments(act string) []string {
	words := []string{"desk", act}
	if self, err := os.Executable(); err == nil && !strings.Contains(filepath.Base(self), "agent") {
		words = append([]string{"agent"}, words...)
	}
	if d.folder != "" {
		words = append(words, "--folder", d.folder)
	}
	return words
}

func (d *deskCommand) install() *cobra.Command {
	return &cobra.Command{
		Use: "install", Short: "Open tel:, callto: and sip: links with this program", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			self, err := os.Executable()
			if err != nil {
				return err
			}
			return desk.InstallHandler(self, d.arguments("dial")...)
		},
	}
}

func (d *deskCommand) uninstall() *cobra.Command {
	return &cobra.Command{
		Use: "uninstall", Short: "Leave tel:, callto: and sip: links to another program", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return desk.RemoveHandler() },
	}
}

func (d *deskCommand) posture() *cobra.Command {
	return &cobra.Command{
		Use: "posture", Short: "Show what this workstation tells of its protections", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			p := desk.LookAtSystem()
			d.say("%s, %s", p.Name, p.System)
			for _, check := range []string{"disk", "firewall", "updates", "screen"} {
				d.say("  %-9s %s", check, p.States[check])
			}
			return nil
		},
	}
}
