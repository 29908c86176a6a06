package mail

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"strings"
)

// Config says how messages leave. Its zero value is usable: messages wait in the queue until a relay is set.
type Config struct {
	// Relay is the SMTP server, "host:port" (587 submission, 465 with tls, 25 inside).
	Relay string `yaml:"relay"`
	// TLS is "starttls" (default: refused when the relay does not offer it), "tls" (from the first byte) or
	// "none" (only for a relay on this machine).
	TLS string `yaml:"tls"`
	// CA is a PEM file of authorities for a relay with a private certificate.
	CA       string `yaml:"ca"`
	Username string `yaml:"username"`
	// Password of the relay; better given by a file (password_file or REMPART_MAIL_PASSWORD_FILE).
	Password     string `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
	// From is the sender, "Rempart <no-reply@example.org>".
	From string `yaml:"from"`
	// Folder receives one .eml file per message instead of a relay: for trials and tests.
	Folder string `yaml:"folder"`
}

// Check gives every mistake at once; each error starts with the key it is about.
func (c Config) Check() []error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("mail."+key+": "+format, args...))
	}
	switch c.TLS {
	case "", "starttls", "tls", "none":
	default:
		bad("tls", "%q is none of starttls, tls, none", c.TLS)
	}
	if c.From != "" {
		if _, err := mail.ParseAddress(c.From); err != nil {
			bad("from", "not an address such as Rempart <no-reply@example.org>")
		}
	}
	if c.Relay == "" {
		return errs
	}
	host, port, err := net.SplitHostPort(c.Relay)
	if err != nil || host == "" || port == "" {
		bad("relay", "%q is not host:port", c.Relay)
	}
	if c.TLS == "none" && !loopback(host) {
		bad("tls", "none is only accepted for a relay on this machine, %s is not", host)
	}
	if c.From == "" {
		bad("from", "needed as soon as a relay is set")
	}
	if c.Folder != "" {
		bad("folder", "set a relay or a folder, not both")
	}
	if c.Password != "" && c.PasswordFile != "" {
		bad("password_file", "set the password or its file, not both")
	}
	return errs
}

func (c Config) password() (string, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	b, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("mail.password_file: %w", errors.Unwrap(err))
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
