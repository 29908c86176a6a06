package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core/boot"
)

func (c *command) serve() *cobra.Command {
	var domain, listen, data string
	var proxies []string
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the platform; on this machine only unless --domain or --behind-proxy opens it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for flag, value := range map[string]string{
				"DATA": data, "SERVER_DOMAIN": domain, "SERVER_LISTEN": listen, "SERVER_BEHIND_PROXY": strings.Join(proxies, ","),
			} {
				if value != "" { // a flag is said last and wins
					c.environ = append(c.environ, "REMPART_"+flag+"="+value)
				}
			}
			cfg, err := c.settings()
			if err != nil {
				return err
			}
			return c.serveOn(cmd.Context(), cfg)
		},
	}
	cmd.Flags().StringVar(&domain, "domain", "", "open to others at https://DOMAIN, with server.certificate or a certificate of our own")
	cmd.Flags().StringSliceVar(&proxies, "behind-proxy", nil, "addresses of the proxies that end TLS (server.origin says what people type)")
	cmd.Flags().StringVar(&listen, "listen", "", "address:port (127.0.0.1:8080)")
	cmd.Flags().StringVar(&data, "data", "", "folder of the database and the keys (rempart-data)")
	return cmd
}

// serveOn opens the house and its listeners, and serves until ctx ends.
func (c *command) serveOn(ctx context.Context, cfg *Config) error {
	log := newLog(c.errs, cfg.Log)
	house, made, err := open(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() {
		if err := house.Close(); err != nil {
			log.Error("close", "error", err)
		}
	}()
	l, err := c.listen(cfg)
	if err != nil {
		return err
	}
	var metrics net.Listener
	if cfg.Server.Metrics != "" {
		if metrics, err = net.Listen("tcp", cfg.Server.Metrics); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	if err := c.welcome(ctx, cfg, house, made); err != nil {
		return errors.Join(err, l.Close())
	}
	if err := c.warnSheet(ctx, house, log); err != nil {
		return errors.Join(err, l.Close())
	}
	resting, wake := context.WithCancel(ctx)
	defer wake()
	go rest(resting)
	log.Info("serving", "port", l.Addr().(*net.TCPAddr).Port, "origin", cfg.Server.Origin, "version", version())
	return serveHouse(ctx, house, l, metrics, log)
}

// serveHouse runs the listeners and the house's own work; the first that fails stops the others.
func serveHouse(ctx context.Context, house *boot.House, l, metrics net.Listener, log *slog.Logger) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	work := func(what string, f func(context.Context) error) {
		wg.Go(func() {
			if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
				cancel(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	work("house", house.Run)
	work("pages", func(ctx context.Context) error { return house.Serve(ctx, l) })
	if metrics != nil {
		work("metrics", func(ctx context.Context) error { return house.ServeMetrics(ctx, metrics) })
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	log.Info("stopped")
	return nil
}

// listen opens the listener of the pages: TLS for a domain. Plain http beyond this machine was refused by the
// configuration, and is refused here once more, whatever a name resolved to.
func (c *command) listen(cfg *Config) (net.Listener, error) {
	l, err := net.Listen("tcp", cfg.Server.Listen)
	if err != nil {
		return nil, err
	}
	if cfg.Server.Domain == "" {
		if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() && len(cfg.Server.BehindProxy) == 0 {
			return nil, errors.Join(fmt.Errorf("%s is open to others over plain http", a), l.Close())
		}
		return l, nil
	}
	conf, err := cfg.certificate()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return tls.NewListener(l, conf), nil
}

// welcome says what was made and, as long as nobody is there, how the first administrator comes in.
func (c *command) welcome(ctx context.Context, cfg *Config, house *boot.House, made bool) error {
	if made {
		c.say("First start: made %s (database, journal, keys)", folderWords(cfg.Data))
	}
	link, err := house.SetupLink(ctx)
	if err != nil {
		return err
	}
	if link != "" {
		c.say("Create the first administrator here (one use, 30 minutes):")
		c.say("  %s", link)
		c.say("No browser?  rempart admin create --email you@example.org")
	}
	switch {
	case cfg.Server.Domain != "" && cfg.Server.Certificate == "":
		c.say("This certificate is our own: browsers will warn until server.certificate and server.key name yours.")
	case cfg.Server.Domain == "" && len(cfg.Server.BehindProxy) == 0:
		c.say("Only this machine can connect. Others: rempart serve --domain trust.example.org")
	}
	return nil
}

func folderWords(dir string) string {
	if !filepath.IsAbs(dir) && !strings.HasPrefix(dir, ".") {
		return "." + string(os.PathSeparator) + dir
	}
	return dir
}
