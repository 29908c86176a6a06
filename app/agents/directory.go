package agents

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/services/recognition/directory"
)

const directoryHelp = `Shows names on telephones that ask by themselves: a read-only LDAP server, and the XML directories of Yealink, Snom and Cisco.

  rempart agent directory --server https://trust.example.org --ldap :636 --xml :8443 --cert phones.crt --key phones.key

It keeps nothing: each telephone gives a token of a service account (role "Caller recognition: program", scope directory.read), which goes to
the platform with each question. On a telephone:

  LDAP   base and name: o=ORGANIZATION    password: the token    number filter: (telephoneNumber=%)    name filter: (|(cn=%)(sn=%))
  XML    https://THIS-MACHINE:8443/directory/yealink.xml (snom.xml, cisco.xml), user ORGANIZATION, password: the token

Without --cert it answers this computer alone (127.0.0.1, ::1): a token must not cross a network in clear.`

// directoryOf serves the directory of telephones.
func directoryOf(s Streams) *cobra.Command {
	var server, ldap, xml, cert, key string
	cmd := &cobra.Command{
		Use: "directory", Short: "Show names on desk telephones: LDAP and XML directories", Long: directoryHelp, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			platform, err := directory.To(server)
			if err != nil {
				return err
			}
			var conf *tls.Config
			if (cert == "") != (key == "") {
				return errors.New("--cert and --key go together")
			}
			if cert != "" {
				pair, err := tls.LoadX509KeyPair(cert, key)
				if err != nil {
					return fmt.Errorf("certificate: %w", err)
				}
				conf = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
			}
			if ldap == "" && xml == "" {
				return errors.New("nothing to serve: give --ldap, --xml or both")
			}
			d := &directory.Server{Finder: platform, Log: slog.New(slog.NewTextHandler(s.Errs, nil))}
			return serveDirectory(cmd.Context(), s, d, conf, ldap, xml)
		},
	}
	f := cmd.Flags()
	f.StringVar(&server, "server", "", "address of the platform: https://trust.example.org")
	f.StringVar(&ldap, "ldap", "", "where LDAP listens: 127.0.0.1:1389, or :636 with --cert")
	f.StringVar(&xml, "xml", "", "where the XML directories listen: 127.0.0.1:8390, or :8443 with --cert")
	f.StringVar(&cert, "cert", "", "certificate (PEM)")
	f.StringVar(&key, "key", "", "its private key (PEM)")
	return cmd
}

// serveDirectory listens until ctx ends or one of the two fails.
func serveDirectory(ctx context.Context, s Streams, d *directory.Server, conf *tls.Config, ldap, xml string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	running := 0
	done := make(chan error, 2)
	start := func(what, address string, serve func(net.Listener) error) error {
		if address == "" {
			return nil
		}
		l, err := listen(address, conf)
		if err != nil {
			return err
		}
		running++
		s.say("%s: %s", what, l.Addr())
		go func() {
			err := serve(l)
			cancel(err)
			done <- err
		}()
		return nil
	}
	err := start("LDAP", ldap, func(l net.Listener) error { return d.ServeLDAP(ctx, l) })
	if err == nil {
		err = start("XML", xml, func(l net.Listener) error {
			web := &http.Server{Handler: d.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
			stop := context.AfterFunc(ctx, func() { _ = web.Close() }) // its listener goes with it
			defer stop()
			if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	if err != nil {
		cancel(err)
	}
	for range running {
		err = errors.Join(err, <-done)
	}
	return err
}

// listen gives a listener of TLS, or one that only this computer reaches.
func listen(address string, conf *tls.Config) (net.Listener, error) {
	if conf != nil {
		return tls.Listen("tcp", address, conf)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	if at, ok := l.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		_ = l.Close()
		return nil, fmt.Errorf("%s is reached from the network: give --cert and --key, a token must not cross it in clear", address)
	}
	return l, nil
}
