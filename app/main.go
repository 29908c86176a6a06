package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// command is what every command shares: where it reads and writes, and the configuration that it runs on.
type command struct {
	in        io.Reader
	out, errs io.Writer
	file      string // --config
	environ   []string
}

// errTold ends a command whose reasons were already printed.
var errTold = errors.New("told")

// Main runs one command line and gives the exit status: 0 done, 1 failed, 2 misused.
func Main(args []string, in io.Reader, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	syscall.Umask(0o077) // whatever is written here is for its owner only
	return run(ctx, args, in, out, errs)
}

func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	c := &command{in: in, out: out, errs: errs, environ: os.Environ()}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errTold):
		return 1
	}
	if all, ok := errors.AsType[Mistakes](err); ok {
		for _, m := range all {
			fmt.Fprintln(errs, m)
		}
		fmt.Fprintf(errs, "%d mistakes in the configuration; nothing was started\n", len(all))
		return 2
	}
	if u, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintf(errs, "rempart: %v\n", u)
		return 2
	}
	if e, ok := errors.AsType[*core.Error](err); ok && e.Kind != core.Internal {
		explain(errs, e)
		return 1
	}
	fmt.Fprintf(errs, "rempart: %s\n", clean(err.Error()))
	return 1
}

// explain says an error of the house in words, with what is wrong in each field.
func explain(w io.Writer, e *core.Error) {
	ctx := i18n.With(context.Background(), i18n.EN)
	fmt.Fprintln(w, "rempart:", i18n.Explain(ctx, e.Code, e.Args...))
	for _, f := range e.Fields {
		fmt.Fprintf(w, "  %s: %s\n", f.Field, i18n.Explain(ctx, f.Code, f.Args...))
	}
}

// usageError is a command line that cannot be read.
type usageError struct{ error }

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "rempart",
		Short:         "Accounts, sign-in, rights and a journal that proves itself",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().StringVar(&c.file, "config", "", "configuration file (rempart.yaml in the working folder, or REMPART_CONFIG)")
	root.AddCommand(
		c.serve(), c.demo(), c.doctor(), c.keys(), c.journal(), c.admin(), c.config(), c.db(), c.passwords(), c.erase(), c.retention(), c.sandbox(), c.components(), c.policy(), c.verify(), c.prove(), c.floors(), c.routes(), c.agent(), c.version(),
	)
	return root
}

// settings reads the configuration that the command line names.
func (c *command) settings() (*Config, error) {
	path, asked := c.file, c.file != ""
	if !asked {
		if path = os.Getenv("REMPART_CONFIG"); path != "" {
			asked = true
		} else {
			path = "rempart.yaml"
		}
	}
	return load(path, asked, c.environ)
}

// say writes a line to standard output.
func (c *command) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

func (c *command) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { c.say("rempart %s", version()) },
	}
}

// version is that of the module, with the revision it was built from when the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "development"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v += " " + s.Value[:12]
		}
	}
	return v + " " + info.GoVersion
}
