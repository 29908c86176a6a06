package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rempart.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnEmptyConfigurationServesThisMachineOnly(t *testing.T) {
	c, err := load(filepath.Join(t.TempDir(), "rempart.yaml"), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Listen != "127.0.0.1:8080" || c.Server.Origin != "http://localhost:8080" || c.Data != "rempart-data" {
		t.Errorf("defaults = %+v", c)
	}
}

func TestAMissingFileThatWasAskedForIsAMistake(t *testing.T) {
	if _, err := load(filepath.Join(t.TempDir(), "other.yaml"), true, nil); err == nil {
		t.Error("a named file that does not exist was accepted")
	}
}

func TestEveryMistakeIsToldAtOnceWithItsPlace(t *testing.T) {
	path := write(t, `data: /srv/rempart
server:
  listen: 0.0.0.0:80
  colour: blue
  behind_proxy: nobody
mail:
  relay: relay.example.org
  tls: maybe
database:
  connections: many
log: {level: loud}
`)
	_, err := load(path, true, []string{"REMPART_LOG_FORMAT=xml", "REMPART_SERVER_LISTNE=:1", "HOME=/"})
	var all Mistakes
	if !errors.As(err, &all) {
		t.Fatalf("err = %v, want Mistakes", err)
	}
	got := all.Error()
	for _, want := range []string{
		"rempart.yaml:4: colour: no such key",
		"rempart.yaml:5: a str stands where a []string is expected",
		"rempart.yaml:10: a str stands where a int is expected",
		"rempart.yaml:3: server.listen: 0.0.0.0:80 is open to others over plain http",
		"rempart.yaml:7: mail.relay:",
		"rempart.yaml:8: mail.tls:",
		"mail.from: needed",
		"rempart.yaml:11: log.level:",
		"REMPART_LOG_FORMAT: log.format:",
		"REMPART_SERVER_LISTNE: no such setting",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not told: %s\nin:\n%s", want, got)
		}
	}
}

func TestVariablesStandOverTheFile(t *testing.T) {
	secret := write(t, "postgres://rempart:hunter2@db/rempart\n")
	path := write(t, "data: /a\nserver: {listen: '127.0.0.1:1'}\n")
	c, err := load(path, true, []string{
		"REMPART_DATA=/b", "REMPART_DATABASE_URL_FILE=" + secret, "REMPART_DATABASE_CONNECTIONS=7",
		"REMPART_SERVER_ORIGIN=https://trust.example.org", "REMPART_SERVER_BEHIND_PROXY=10.0.0.1, 10.1.0.0/16",
		"REMPART_TEST_ENGINES=sqlite", "REMPART_CONFIG=x",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != "/b" || c.Database.URL != "postgres://rempart:hunter2@db/rempart" || c.Database.Connections != 7 {
		t.Errorf("config = %+v", c)
	}
	if p, err := c.Server.proxies(); err != nil || len(p) != 2 || p[0].String() != "10.0.0.1/32" {
		t.Errorf("proxies = %v, %v", p, err)
	}
}

func TestASecretOfAVariableIsNotRepeatedInAMistake(t *testing.T) {
	_, err := load("rempart.yaml", false, []string{"REMPART_DATABASE_URL=mysql://u:hunter2@db/x"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("err = %v", err)
	}
}

func TestWhoCanConnectIsNeverOpenByMistake(t *testing.T) {
	cases := map[string]struct{ yaml, want string }{
		"plain http to others":    {"server: {listen: ':8080'}", "server.listen"},
		"proxy without origin":    {"server: {listen: ':8080', behind_proxy: [10.0.0.1]}", "server.origin"},
		"proxy and plain origin":  {"server: {listen: ':8080', behind_proxy: [10.0.0.1], origin: 'http://trust.example.org'}", "server.origin"},
		"the whole world a proxy": {"server: {listen: ':8080', behind_proxy: ['0.0.0.0/0'], origin: 'https://t.example.org'}", "server.behind_proxy"},
		"domain and proxy":        {"server: {domain: t.example.org, behind_proxy: [10.0.0.1]}", "server.behind_proxy"},
		"certificate alone":       {"server: {domain: t.example.org, certificate: /etc/hostname}", "server.certificate"},
		"a path as a domain":      {"server: {domain: 't.example.org/x'}", "server.domain"},
		"metrics on the pages":    {"server: {metrics: '127.0.0.1:8080'}", "server.metrics"},
		"mail in clear to others": {"mail: {relay: 'mx.example.org:25', tls: none, from: a@example.org}", "mail.tls"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := load(write(t, c.yaml), true, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want a mistake of %s", err, c.want)
			}
		})
	}
}

func FuzzConfigurationNeverPanics(f *testing.F) {
	f.Add("server: {listen: ':8080'}\n")
	f.Add("data: [1, 2]\nmail: 3")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "rempart.yaml")
		if os.WriteFile(path, []byte(text), 0o600) != nil {
			t.Skip("the file cannot be written")
		}
		c, err := load(path, true, nil)
		if (c == nil) == (err == nil) {
			t.Errorf("config %v with error %v", c, err)
		}
	})
}
