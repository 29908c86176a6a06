package app

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rempart/rempart/kit/mail"
	"github.com/rempart/rempart/verify"
)

// Config is the whole configuration: one strict YAML file, then REMPART_* variables over it. Every key can be left
// out; the zero value serves on this machine only, over SQLite, in ./rempart-data.
//
// A variable is the key in capitals with underscores: server.listen is REMPART_SERVER_LISTEN. With _FILE at its end
// it names a file that holds the value: REMPART_DATABASE_URL_FILE.
type Config struct {
	// Data is the folder of the database, the keys and the journal's key (made with mode 0700).
	Data string `yaml:"data"`
	// Server says who can connect and how.
	Server ServerConfig `yaml:"server"`
	// Database says where the rows are.
	Database DatabaseConfig `yaml:"database"`
	// Keys says where the key store is copied to.
	Keys KeysConfig `yaml:"keys"`
	// Mail says how messages leave.
	Mail mail.Config `yaml:"mail"`
	// Journal says where checkpoints are sent, outside this machine.
	Journal JournalConfig `yaml:"journal"`
	// Settings are the provider's settings at start ("session.idle": "30"; rempart settings lists them): what is in force is
	// raised to them and never lowered. One that breaks a published clause stops the start. In a variable: "session.idle=30;
	// password.min_length=14".
	Settings map[string]string `yaml:"settings"`
	// Host says what probes cannot see from inside: it is shown as the operator's word.
	Host HostConfig `yaml:"host"`
	// Log says what is written to standard error.
	Log LogConfig `yaml:"log"`
}

// HostConfig is the operator's word about the machine and where data are. Probes show it as a word, not as a proof.
type HostConfig struct {
	// Region is where the database is: a country (ISO 3166, two letters), then a site: "FR/Gravelines".
	Region string `yaml:"region"`
	// Copies are where copies and backups are, written the same way.
	Copies []string `yaml:"copies"`
	// Disk says how the data folder's disk is encrypted where this machine cannot show it: "volume encrypted by the hypervisor".
	Disk string `yaml:"disk"`
	// DatabaseDisk says the same of the PostgreSQL server's disk.
	DatabaseDisk string `yaml:"database_disk"`
	// Ports are those of other services of this machine that others may reach: "22".
	Ports []string `yaml:"ports"`
}

// ServerConfig says who can connect and how.
type ServerConfig struct {
	// Listen is the address of the pages and the API; 127.0.0.1:8080 when empty, :443 with a domain.
	Listen string `yaml:"listen"`
	// Domain opens the platform to others under https://domain.
	Domain string `yaml:"domain"`
	// Certificate and Key are PEM files for the domain. Without them a certificate of our own is made: browsers warn.
	Certificate string `yaml:"certificate"`
	// Key is the private key of the certificate, a PEM file.
	Key string `yaml:"key"`
	// BehindProxy lists the addresses (or prefixes) of the proxies that end TLS; only they may say who the client is.
	BehindProxy []string `yaml:"behind_proxy"`
	// Origin is the address people type, "https://trust.example.org"; needed behind a proxy, else made of the domain.
	Origin string `yaml:"origin"`
	// Metrics is the listener of /metrics, apart from the pages; none when empty.
	Metrics string `yaml:"metrics"`
}

// DatabaseConfig says where the rows are.
type DatabaseConfig struct {
	// URL is a PostgreSQL address ("postgres://host1,host2/rempart?target_session_attrs=read-write"); SQLite when empty.
	URL string `yaml:"url"`
	// Keys is the PostgreSQL address of the database of persons' keys, when they live apart; that of url when empty. With SQLite
	// they are in keys.db.
	Keys string `yaml:"keys"`
	// Connections is the size of the PostgreSQL pool; 0 takes the default of twice the processors, at least 4.
	Connections int `yaml:"connections"`
}

// KeysConfig says where the root key is and where the key store is copied to.
type KeysConfig struct {
	// Copies are folders on other disks or machines that receive the key store, sealed under the root key: each holds the latest
	// copy alone. Keep them out of other backups, which would keep older ones.
	Copies []string `yaml:"copies"`
	// Root is where the root key is: file (root.key in the data folder, or the systemd credential rempart-root-key; the default),
	// transit (an OpenBao or Vault server) or pkcs11 (a device; needs a build with the tag pkcs11).
	Root string `yaml:"root"`
	// Transit is the OpenBao or Vault server.
	Transit TransitConfig `yaml:"transit"`
	// PKCS11 is the device.
	PKCS11 PKCS11Config `yaml:"pkcs11"`
}

// TransitConfig is a root key in the transit engine of an OpenBao or Vault server.
type TransitConfig struct {
	// Address is https://host:8200.
	Address string `yaml:"address"`
	// Mount is where the engine is; transit when empty.
	Mount string `yaml:"mount"`
	// Key is the name of the key, of type aes256-gcm96.
	Key string `yaml:"key"`
	// TokenFile holds a token that may use encrypt/KEY and decrypt/KEY; it is read at each use.
	TokenFile string `yaml:"token_file"`
	// Namespace of the engine, when there is one.
	Namespace string `yaml:"namespace"`
	// CA is the PEM file of the server's authority; those of the system when empty.
	CA string `yaml:"ca"`
}

// PKCS11Config is a root key in a PKCS#11 device.
type PKCS11Config struct {
	// Module is the library of the device.
	Module string `yaml:"module"`
	// Token is the label of the token.
	Token string `yaml:"token"`
	// Key is the label of the key, made when there is none.
	Key string `yaml:"key"`
	// PINFile holds the PIN.
	PINFile string `yaml:"pin_file"`
}

// JournalConfig says where the journal's signed checkpoints are sent.
type JournalConfig struct {
	// Folders receive each checkpoint as a file: mount a place that this machine cannot rewrite.
	Folders []string `yaml:"folders"`
	// MailTo are addresses that receive checkpoints.
	MailTo []string `yaml:"mail_to"`
	// Witnesses are other Remparts or C2SP witnesses, "https://host/path".
	Witnesses []string `yaml:"witnesses"`
	// WitnessOf are the public keys ("rempart journal key") of other Remparts, whose checkpoints this one cosigns at
	// https://<this host>/witness.
	WitnessOf []string `yaml:"witness_of"`
}

// LogConfig says what is written to standard error.
type LogConfig struct {
	// Level is debug, info (default), warn or error.
	Level string `yaml:"level"`
	// Format is json (default) or text.
	Format string `yaml:"format"`
}

// Mistake is one thing that is wrong with the configuration, and where.
type Mistake struct {
	Key  string // dotted, "" when the file itself cannot be read
	At   string // "rempart.yaml:12", "REMPART_SERVER_LISTEN" or "" for a key that is not written
	Text string
}

func (m Mistake) String() string {
	s := m.Text
	if m.Key != "" {
		s = m.Key + ": " + s
	}
	if m.At != "" {
		s = m.At + ": " + s
	}
	return s
}

// Mistakes is every mistake of a configuration.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, x := range m {
		lines[i] = x.String()
	}
	return strings.Join(lines, "\n")
}

// fill puts the defaults that depend on nothing outside.
func (c *Config) fill() {
	if c.Data == "" {
		c.Data = "rempart-data"
	}
	s := &c.Server
	if s.Listen == "" {
		s.Listen = "127.0.0.1:8080"
		if s.Domain != "" {
			s.Listen = ":443"
		}
	}
	if s.Origin == "" {
		s.Origin = "http://localhost" + portOf(s.Listen, "80")
		if s.Domain != "" {
			s.Origin = "https://" + s.Domain + portOf(s.Listen, "443")
		}
	}
	if c.Log.Level == "" {
		c.Log.Level = "info"
	}
	if c.Log.Format == "" {
		c.Log.Format = "json"
	}
}

// portOf gives ":port" of a listen address, or "" for the port that the scheme implies.
func portOf(listen, implied string) string {
	_, port, err := net.SplitHostPort(listen)
	if err != nil || port == implied {
		return ""
	}
	return ":" + port
}

// check gives every mistake of a filled configuration.
func (c *Config) check() []Mistake {
	var all []Mistake
	bad := func(key, format string, args ...any) {
		all = append(all, Mistake{Key: key, Text: fmt.Sprintf(format, args...)})
	}
	c.Server.check(bad)
	if u := c.Database.URL; u != "" && !strings.HasPrefix(u, "postgres://") && !strings.HasPrefix(u, "postgresql://") {
		bad("database.url", "starts with postgres:// (leave it out for SQLite)")
	}
	if u := c.Database.Keys; u != "" && (c.Database.URL == "" || !strings.HasPrefix(u, "postgres")) {
		bad("database.keys", "a postgres:// address, beside a database.url")
	}
	if c.Database.Connections < 0 {
		bad("database.connections", "%d is less than 0", c.Database.Connections)
	}
	for _, err := range c.Mail.Check() {
		key, text, _ := strings.Cut(err.Error(), ": ")
		bad(key, "%s", text)
	}
	c.Journal.check(bad)
	c.Keys.check(bad)
	c.Host.check(bad)
	switch c.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		bad("log.level", "%q is none of debug, info, warn, error", c.Log.Level)
	}
	if c.Log.Format != "json" && c.Log.Format != "text" {
		bad("log.format", "%q is neither json nor text", c.Log.Format)
	}
	return all
}

type badFunc func(key, format string, args ...any)

func (s *ServerConfig) check(bad badFunc) {
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		bad("server.listen", "%q is not address:port", s.Listen)
	} else if s.Domain == "" && len(s.BehindProxy) == 0 && !isLoopback(host) {
		bad("server.listen", "%s is open to others over plain http: set server.domain, or server.behind_proxy when a proxy ends TLS", s.Listen)
	}
	if s.Domain != "" && (strings.ContainsAny(s.Domain, "/: ") || !strings.Contains(s.Domain, ".") && s.Domain != "localhost") {
		bad("server.domain", "%q is not a host name such as trust.example.org", s.Domain)
	}
	if (s.Certificate == "") != (s.Key == "") {
		bad("server.certificate", "set the certificate and its key together")
	}
	if s.Certificate != "" && s.Domain == "" {
		bad("server.certificate", "set server.domain to say which name it serves")
	}
	for _, f := range []struct{ key, path string }{{"server.certificate", s.Certificate}, {"server.key", s.Key}} {
		if f.path == "" {
			continue
		}
		if _, err := os.Stat(f.path); err != nil {
			bad(f.key, "cannot be read: %s", filepath.Base(f.path))
		}
	}
	if s.Domain != "" && len(s.BehindProxy) > 0 {
		bad("server.behind_proxy", "set a domain (TLS here) or a proxy (TLS there), not both; behind a proxy the address is server.origin")
	}
	if _, err := s.proxies(); err != nil {
		bad("server.behind_proxy", "%s", err)
	}
	s.checkOrigin(bad)
	if s.Metrics != "" {
		if _, _, err := net.SplitHostPort(s.Metrics); err != nil {
			bad("server.metrics", "%q is not address:port", s.Metrics)
		} else if s.Metrics == s.Listen {
			bad("server.metrics", "needs a listener of its own, apart from server.listen")
		}
	}
}

func (s *ServerConfig) checkOrigin(bad badFunc) {
	u, err := url.Parse(s.Origin)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil:
		bad("server.origin", "%q is not scheme://host[:port]", s.Origin)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		bad("server.origin", "plain http is only for this machine; %s must be https", u.Host)
	case len(s.BehindProxy) > 0 && isLoopback(u.Hostname()):
		bad("server.origin", "say the address that people type at the proxy, https://...")
	}
}

// proxies reads the addresses of the trusted proxies.
func (s *ServerConfig) proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range s.BehindProxy {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("%q is neither an address nor a prefix such as 10.0.0.0/24", text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("%s trusts the whole world to say who the client is", text)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

var country = regexp.MustCompile(`^[A-Za-z]{2}(/.+)?$`)

func (h *HostConfig) check(bad badFunc) {
	if h.Region != "" && !country.MatchString(h.Region) {
		bad("host.region", "%q is not a country (two letters) with a site: FR/Gravelines", h.Region)
	}
	for _, c := range h.Copies {
		if !country.MatchString(c) {
			bad("host.copies", "%q is not a country (two letters) with a site: FR/Gravelines", c)
		}
	}
	for _, p := range h.Ports {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			bad("host.ports", "%q is no port", p)
		}
	}
}

func (j *JournalConfig) check(bad badFunc) {
	for _, w := range j.Witnesses {
		if u, err := url.Parse(w); err != nil || u.Host == "" || (u.Scheme != "https" && !isLoopback(u.Hostname())) {
			bad("journal.witnesses", "%q is not an https address", w)
		}
	}
	for _, k := range j.WitnessOf {
		if _, err := verify.ParseKey(k); err != nil {
			bad("journal.witness_of", "%q is no public key of a journal (rempart journal key)", k)
		}
	}
	for _, m := range j.MailTo {
		if !strings.Contains(m, "@") {
			bad("journal.mail_to", "%q is not an e-mail address", m)
		}
	}
}

// witnessed gives the keys of the journals that are cosigned here.
func (j *JournalConfig) witnessed() []verify.Key {
	var keys []verify.Key
	for _, text := range j.WitnessOf {
		if k, err := verify.ParseKey(text); err == nil { // checked
			keys = append(keys, k)
		}
	}
	return keys
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
