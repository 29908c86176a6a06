package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// certificate makes one for localhost.
func certificate(dir string) (cert, key string, pool *x509.CertPool, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		return "", "", nil, err
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(crand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		return "", "", nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return "", "", nil, err
	}
	cert, key, pool = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool.AppendCertsFromPEM(public)
	err = errors.Join(os.WriteFile(cert, public, 0o600), os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	return cert, key, pool, err
}

// ready is what the server's process says once it serves.
type ready struct {
	Address, Org, Token string
	Floor               bool // whatever is asked, one answer
	longest             *atomic.Int64
}

// What the server's process says besides what people read: that it serves, and how long the collector stopped it at most.
const (
	saysReady   = "ready "
	saysLongest = "longest "
)

// startHouse starts a server of this very program, filled with the contacts.
func startHouse(_ context.Context, s settings, engine string) (*rival, error) {
	name := fmt.Sprintf("%s-%d", engine, s.cards)
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	url, stopDB, err := database(dir, engine)
	if err != nil {
		return nil, err
	}
	cert, key, pool, err := certificate(dir)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	at, pid, end, err := child(name, exec.Command(self, "serve", dir, url, cert, key, fmt.Sprint(s.cards), s.profile, fmt.Sprint(s.tenfold)))
	if err != nil {
		stopDB()
		return nil, err
	}
	longest := func() time.Duration { return time.Duration(at.longest.Load()) }
	return asked(&rival{name: "Rempart on " + engine, pid: pid, end: func() { end(); stopDB() }, longest: longest}, at, pool), nil
}

// startFloor starts a server that answers every request with one and the same card.
func startFloor(s settings) (*rival, error) {
	dir := filepath.Join(s.dir, "floor")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	cert, key, pool, err := certificate(dir)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	at, pid, end, err := child("floor", exec.Command(self, "floor", cert, key))
	if err != nil {
		return nil, err
	}
	at.Floor = true
	return asked(&rival{name: "net/http, a constant", pid: pid, end: end, floor: true}, at, pool), nil
}

// child starts a server's process and reads where it serves.
func child(name string, server *exec.Cmd) (at ready, pid int, end func(), err error) {
	server.SysProcAttr, server.Stderr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}, os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		return at, 0, nil, err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return at, 0, nil, err
	}
	if err := server.Start(); err != nil {
		return at, 0, nil, err
	}
	read := make(chan struct{})
	end = func() {
		_ = in.Close()
		<-read // its last words come before its end
		_ = server.Wait()
	}
	at.longest = &atomic.Int64{}
	at.longest.Store(-1)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), saysReady); ok {
			if err := json.Unmarshal([]byte(text), &at); err != nil {
				return at, 0, nil, err
			}
			break
		}
		fmt.Println(name+":", lines.Text())
	}
	if at.Address == "" {
		close(read)
		end()
		return at, 0, nil, fmt.Errorf("%s: the server did not start", name)
	}
	go func() {
		defer close(read)
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), saysLongest); ok {
				if d, err := time.ParseDuration(text); err == nil {
					at.longest.Store(int64(d))
				}
				continue
			}
			fmt.Println(name+":", lines.Text())
		}
	}()
	return at, server.Process.Pid, end, nil
}

// asked lets a rival be asked over HTTPS.
func asked(r *rival, at ready, pool *x509.CertPool) *rival {
	r.ask = func(_ context.Context, n int) (func(context.Context, int, int) error, func(), error) {
		clients := make([]*http.Client, n)
		for i := range clients {
			clients[i] = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost"}, MaxIdleConnsPerHost: 1}}
		}
		done := func() {
			for _, c := range clients {
				c.CloseIdleConnections()
			}
		}
		return func(ctx context.Context, c, number int) error { return findOver(ctx, clients[c], at, number) }, done, nil
	}
	return r
}

// findOver asks who a number is, and reads the answer.
func findOver(ctx context.Context, c *http.Client, at ready, number int) error {
	body := `{"number":"` + numberOf(number) + `"}`
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+at.Address+"/api/v1/organizations/"+at.Org+"/cards/find", strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Host = "localhost"
	// The gate of addresses lets one ask a few times a second: the asker stands for many, behind a proxy.
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", rand.IntN(250), rand.IntN(250), 1+rand.IntN(250)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+at.Token)
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		return err
	}
	if name, _ := nameOf(number); answer.StatusCode != http.StatusOK || !at.Floor && !bytes.Contains(text, []byte(`"name":"`+name+`"`)) {
		return fmt.Errorf("%d: %s", answer.StatusCode, text)
	}
	return nil
}

// database gives the address of an empty database: a file of the house, or a PostgreSQL of its own.
func database(dir, engine string) (url string, stop func(), err error) {
	if engine == "sqlite" {
		return "", func() {}, nil
	}
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(bins) == 0 {
		return "", nil, errors.New("no PostgreSQL on this machine")
	}
	bin, data := bins[len(bins)-1], filepath.Join(dir, "pg")
	var as *syscall.Credential
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		as = &syscall.Credential{Uid: 65534, Gid: 65534}
		for d := dir; d != "/"; d = filepath.Dir(d) {
			if i, err := os.Stat(d); err == nil && i.Mode()&0o001 == 0 {
				_ = os.Chmod(d, i.Mode()|0o011)
			}
		}
		if err := os.Mkdir(data, 0o700); err != nil {
			return "", nil, err
		}
		if err := os.Chown(data, 65534, 65534); err != nil {
			return "", nil, err
		}
	}
	run := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, name), args...)
		c.Dir, c.Stderr = "/", os.Stderr
		c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Credential: as}
		return c
	}
	if err := run("initdb", "-D", data, "-U", "rempart", "-A", "trust", "-E", "UTF8", "--locale=C").Run(); err != nil {
		return "", nil, fmt.Errorf("initdb: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	server := run("postgres", "-D", data, "-p", fmt.Sprint(port), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "log_min_messages=fatal", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB")
	if err := server.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = server.Process.Signal(syscall.SIGINT); _ = server.Wait() }
	url = fmt.Sprintf("postgres://rempart@127.0.0.1:%d/postgres?sslmode=disable", port)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = c.Close()
			time.Sleep(300 * time.Millisecond)
			return url, stop, nil
		}
	}
	stop()
	return "", nil, errors.New("PostgreSQL did not start")
}
