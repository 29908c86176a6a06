package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const suffix = "dc=bench,dc=example"

// startSlapd loads the contacts into slapd's mdb backend by slapadd, with an equality index, and serves them over TLS.
func startSlapd(ctx context.Context, s settings) (*rival, error) {
	dir := filepath.Join(s.dir, "slapd")
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		return nil, err
	}
	cert, key, pool, err := certificate(dir)
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "slapd.conf")
	text := fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/pid
TLSCertificateFile %[2]s
TLSCertificateKeyFile %[3]s
threads 16
database mdb
suffix "%[4]s"
rootdn "cn=admin,%[4]s"
rootpw secret
directory %[1]s/data
maxsize 34359738368
index objectClass eq
index telephoneNumber eq
access to * by users read by anonymous auth
`, dir, cert, key, suffix)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	began := time.Now()
	add := exec.CommandContext(ctx, "slapadd", "-q", "-f", conf)
	add.Stderr = os.Stderr
	in, err := add.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := add.Start(); err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(in, 1<<20)
	fmt.Fprintf(w, "dn: %s\nobjectClass: dcObject\nobjectClass: organization\ndc: bench\no: bench\n\n", suffix)
	for n := range s.cards {
		name, company := nameOf(n)
		fmt.Fprintf(w, "dn: uid=%d,%s\nobjectClass: inetOrgPerson\nuid: %d\ncn: %s\nsn: Nom%d\no: %s\ntelephoneNumber: %s\nl: Lyon\n\n", n, suffix, n, name, n, company, numberOf(n))
	}
	_ = w.Flush()
	_ = in.Close()
	if err := add.Wait(); err != nil {
		return nil, fmt.Errorf("slapadd: %w", err)
	}
	fmt.Printf("slapadd: %d contacts in %s\n", s.cards, time.Since(began).Round(time.Second))
	return serveSlapd("slapd 2.5 (ldaps)", conf, pool)
}

// journaling starts another slapd over the same contacts, which writes every search into its access log before it answers: what a
// lookup of ours does, without the seal.
func journaling(s settings) (*rival, error) {
	dir := filepath.Join(s.dir, "slapd-log")
	if err := os.MkdirAll(filepath.Join(dir, "log"), 0o700); err != nil {
		return nil, err
	}
	cert, key, pool, err := certificate(dir)
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "slapd.conf")
	text := fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload accesslog
pidfile %[1]s/pid
TLSCertificateFile %[2]s
TLSCertificateKeyFile %[3]s
threads 16
database mdb
suffix cn=log
rootdn cn=log
directory %[1]s/log
maxsize 8589934592
index reqStart eq
database mdb
suffix "%[4]s"
rootdn "cn=admin,%[4]s"
rootpw secret
directory %[5]s/data
maxsize 34359738368
index objectClass eq
index telephoneNumber eq
overlay accesslog
logdb cn=log
logops search
access to * by users read by anonymous auth
`, dir, cert, key, suffix, filepath.Join(s.dir, "slapd"))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return serveSlapd("slapd 2.5 + accesslog", conf, pool)
}

// serveSlapd starts slapd with a configuration.
func serveSlapd(name, conf string, pool *x509.CertPool) (*rival, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	_ = l.Close()
	server := exec.Command("slapd", "-d", "0", "-f", conf, "-h", "ldaps://"+address)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		return nil, err
	}
	r := &rival{name: name, pid: server.Process.Pid, end: func() { _ = server.Process.Kill(); _ = server.Wait() }}
	dial := func() (*ldap.Conn, error) {
		return ldap.DialURL("ldaps://"+address, ldap.DialWithTLSConfig(&tls.Config{RootCAs: pool, ServerName: "localhost"}))
	}
	r.ask = func(_ context.Context, n int) (func(context.Context, int, int) error, func(), error) {
		conns := make([]*ldap.Conn, n)
		for i := range conns {
			var err error
			for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
				if conns[i], err = dial(); err == nil || time.Now().After(end) {
					break
				}
			}
			if err == nil {
				err = conns[i].Bind("cn=admin,"+suffix, "secret")
			}
			if err != nil {
				return nil, nil, err
			}
		}
		done := func() {
			for _, c := range conns {
				_ = c.Close()
			}
		}
		return func(_ context.Context, c, number int) error {
			found, err := conns[c].Search(ldap.NewSearchRequest(suffix, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
				"(telephoneNumber="+numberOf(number)+")", []string{"cn", "o", "l", "telephoneNumber"}, nil))
			if err != nil {
				return err
			}
			if name, _ := nameOf(number); len(found.Entries) != 1 || found.Entries[0].GetAttributeValue("cn") != name {
				return fmt.Errorf("%s: a wrong answer", numberOf(number))
			}
			return nil
		}, done, nil
	}
	return r, nil
}
