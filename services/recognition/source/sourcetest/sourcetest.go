// Package sourcetest starts the tools that contacts are read from: MariaDB, slapd and radicale, as their distribution ships them,
// in a folder of their own and on the loopback address.
//
// Owns: their settings for a few minutes of life. Must not know: what is read of them. Start reading at: MariaDB.
package sourcetest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"time"
)

// T is what a test gives.
type T interface {
	Helper()
	Cleanup(f func())
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// ErrAbsent is a program that is not installed.
var ErrAbsent = errors.New("not installed")

// Server is one program that runs.
type Server struct {
	Address string // "127.0.0.1:40123"
	cmd     *exec.Cmd
	ended   chan struct{}
	said    string
}

// Stop ends it at once.
func (s *Server) Stop() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// PID is its process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// run starts a program that stays in the foreground and waits until it answers.
func run(dir, address string, answers func() error, name string, args ...string) (*Server, error) {
	log, err := os.Create(filepath.Join(dir, filepath.Base(name)+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &Server{Address: address, cmd: exec.Command(name, args...), ended: make(chan struct{}), said: log.Name()}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr, s.cmd.SysProcAttr = dir, log, log, bound()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := answers()
		if err == nil {
			return s, nil
		}
		select {
		case <-s.ended:
			text, _ := os.ReadFile(s.said)
			return nil, fmt.Errorf("%s ended: %w\n%s", name, err, text)
		default:
		}
		if time.Now().After(end) {
			s.Stop()
			text, _ := os.ReadFile(s.said)
			return nil, fmt.Errorf("%s does not answer: %w\n%s", name, err, text)
		}
	}
}

// listens tells whether a port answers.
func listens(address string) func() error {
	return func() error {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			c.Close()
		}
		return err
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// program finds an installed program, in the folders of administrators too.
func program(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/usr/lib/openldap"} {
		if p := filepath.Join(dir, name); runs(p) {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, ErrAbsent)
}

func runs(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.Mode()&0o111 != 0
}

// me is the account that runs this, by name.
func me() string {
	u, err := user.Current()
	if err != nil {
		return "root"
	}
	return u.Username
}

// folder makes a folder for a server of a test, removed after it. It is short: sockets have short names.
func folder(t T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rempart-tool-")
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// started hands a server to a test, which skips when the program is absent and ends it when done.
func started(t T, s *Server, err error) {
	t.Helper()
	if errors.Is(err, ErrAbsent) {
		t.Skipf("%v", err)
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(s.Stop)
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}
