package agents

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/agent"
)

const syncHelp = `Brings the telephone numbers, the names and the fields that you chose from one tool to the platform, and nothing else of it.

  rempart agent sync --config agent.yaml --dry-run                      what would leave this machine: the first 20 cards
  rempart agent sync --config agent.yaml --enrol CODE --server ADDRESS  once, with the install code of the settings page
  rempart agent sync --config agent.yaml --once                         one turn
  rempart agent sync --config agent.yaml                                turn after turn

The configuration, with paths that start from its folder:

  identity: agent.json        # written by --enrol, for its owner only
  store: agent.store          # keyed hashes; without the key, which the platform keeps, they tell nothing
  every: 10m
  health: 127.0.0.1:8799      # a page on this machine only; /health.json for monitoring
  look:                       # leave out source, and choose on the settings page among what this lets be seen: names, never a value
    folder: /srv/export
    databases: [{url: "postgres://reader@db.example:5432/crm", password: {file: crm.secret}}]
  source:
    kind: csv                 # csv, xlsx, sql, ldap, carddav, vcard, rest
    file: contacts.csv
    key: [id]
  mapping:                    # leave it out to apply what was chosen on the settings page
    numbers: [phone, mobile]
    name: [first_name, last_name]
    company: company
    shown: {City: town}
    scripts: {customer: id}

As a service of systemd (/etc/systemd/system/rempart-sync.service):

  [Unit]
  Description=Rempart: synchronisation of contacts
  Wants=network-online.target
  After=network-online.target
  [Service]
  ExecStart=/usr/local/bin/rempart agent sync --config /etc/rempart/agent.yaml
  User=rempart-sync
  Restart=on-failure
  RestartSec=30
  NoNewPrivileges=yes
  ProtectSystem=strict
  ProtectHome=yes
  PrivateTmp=yes
  ReadWritePaths=/etc/rempart
  [Install]
  WantedBy=multi-user.target

On Windows, in an administrator's prompt (a scheduled task; the program is rempart-agent.exe):

  schtasks /create /tn "Rempart sync" /sc onstart /ru "NT AUTHORITY\LOCAL SERVICE" ^
    /tr "C:\Rempart\rempart-agent.exe sync --config C:\Rempart\agent.yaml"

Give that account alone access to C:\Rempart (icacls): the file of the identity holds the token.`

func sync(s Streams) *cobra.Command {
	var file, code, server string
	var dry, once bool
	cmd := &cobra.Command{
		Use: "sync", Short: "Bring the numbers of one tool to the platform", Long: syncHelp, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := agent.Load(file)
			if err != nil {
				return inWords(err)
			}
			switch {
			case (code == "") != (server == ""):
				return errors.New("--enrol and --server go together")
			case code != "":
				return inWords(s.enrol(cmd.Context(), cfg, server, code))
			case dry:
				return inWords(s.dry(cmd.Context(), cfg))
			}
			return inWords(s.sync(cmd.Context(), cfg, once))
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "config", "agent.yaml", "configuration file")
	f.StringVar(&code, "enrol", "", "install code made on the settings page: serves once, for a quarter of an hour")
	f.StringVar(&server, "server", "", "address of the platform, with --enrol")
	f.BoolVar(&dry, "dry-run", false, "show what would leave this machine and send nothing")
	f.BoolVar(&once, "once", false, "make one turn and end")
	return cmd
}

// inWords says errors of the house in words, all of them.
func inWords(err error) error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the list itself is looked for
		var said []error
		for _, e := range many.Unwrap() {
			said = append(said, inWords(e))
		}
		return errors.Join(said...)
	}
	if e, ok := errors.AsType[*core.Error](err); ok && e.Kind != core.Internal {
		return errors.New(i18n.Explain(i18n.With(context.Background(), i18n.EN), e.Code, e.Args...))
	}
	return err
}

func (s Streams) enrol(ctx context.Context, cfg agent.Config, server, code string) error {
	id, err := agent.Enrol(ctx, cfg, server, code)
	if err == nil {
		s.say("enrolled for link %s; the token is in %s, for its owner only", id.Link, filepath.Base(cfg.Identity))
	}
	return err
}

func (s Streams) dry(ctx context.Context, cfg agent.Config) error {
	counts, err := s.counted(ctx, cfg)
	if err == nil {
		s.say("%d records read: %d cards would leave, %d have no number; numbers: %d good, %d repaired, %d refused, %d twice on a card. Nothing was sent.",
			counts.Records, counts.Cards, counts.Without, counts.Good, counts.Repaired, counts.Refused, counts.Duplicates)
	}
	return err
}

// counted needs no platform when the mapping stands in the file.
func (s Streams) counted(ctx context.Context, cfg agent.Config) (agent.Counts, error) {
	if cfg.HasMapping {
		return agent.Dry(ctx, cfg, s.Out)
	}
	id, err := agent.LoadIdentity(cfg.Identity)
	if err != nil {
		return agent.Counts{}, err
	}
	a, err := agent.New(cfg, id, agent.Options{Version: s.Version})
	if err != nil {
		return agent.Counts{}, err
	}
	defer a.Close()
	return a.DryRun(ctx, s.Out)
}

func (s Streams) sync(ctx context.Context, cfg agent.Config, once bool) error {
	id, err := agent.LoadIdentity(cfg.Identity)
	if err != nil {
		return err
	}
	o := agent.Options{Version: s.Version, Log: slog.New(slog.NewTextHandler(s.Errs, nil))}
	if once {
		o.Tell = s.progress()
	}
	a, err := agent.New(cfg, id, o)
	if err != nil {
		return err
	}
	defer a.Close()
	if once {
		res, err := a.Turn(ctx)
		if err == nil {
			s.say("both sets are equal: %d cards (%s: %d sent, %d deleted, %d bytes in %d chunks) in %s",
				res.Held, res.How, res.Sent, res.Deleted, res.Bytes, res.Chunks, res.Took.Round(time.Millisecond))
		}
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() {
		err := a.ServeHealth(ctx)
		if err != nil {
			stop() // the page that was asked for cannot be served: end rather than run unseen
		}
		served <- err
	}()
	err = a.Run(ctx)
	stop()
	return errors.Join(err, <-served)
}

// progress says each phase on a line of its own, and how far it got at most once a second.
func (s Streams) progress() func(agent.Progress) {
	var phase string
	var last time.Time
	return func(p agent.Progress) {
		if p.Phase == phase && time.Since(last) < time.Second {
			return
		}
		phase, last = p.Phase, time.Now()
		if p.Total > 0 {
			fmt.Fprintf(s.Errs, "%s: %d of %d\n", p.Phase, p.Done, p.Total)
		} else {
			fmt.Fprintf(s.Errs, "%s: %d\n", p.Phase, p.Done)
		}
	}
}
