package dbtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/rempart/rempart/kit/db"
)

// Server is a PostgreSQL cluster of one test alone, which that test may break.
type Server struct{ c *pg }

// Private starts a cluster that ends with the test.
func Private(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "rempart-pg-private-")
	if err != nil {
		t.Fatal(err)
	}
	c := &pg{dir: dir}
	s := &Server{c}
	t.Cleanup(func() {
		if c.server != nil {
			s.Stop()
		}
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "users.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	if err := c.start(); err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	return s
}

// Database makes an empty database with these schemas and gives its URL.
func (s *Server) Database(t testing.TB, name string, schemas []db.Schema) string {
	t.Helper()
	template, err := s.c.template(schemas)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.c.exec("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatal(err)
	}
	return s.c.url(name)
}

// Stop is the "immediate" stop of PostgreSQL: no checkpoint, every session cut, recovery at the next start.
func (s *Server) Stop() {
	s.c.server.Signal(syscall.SIGQUIT)
	<-s.c.ended
}

// Start starts it again and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.c.launch(); err != nil {
		t.Fatal(err)
	}
}

// Standby starts a streaming copy of s; from then on s acknowledges nothing that the standby has not on disk.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "rempart-pg-standby-")
	if err != nil {
		t.Fatal(err)
	}
	b := &Server{&pg{dir: dir, bin: s.c.bin, as: s.c.as, port: port}}
	t.Cleanup(func() {
		if b.c.server != nil {
			b.Stop()
		}
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o777); err != nil { // the server's account makes the data folder
		t.Fatal(err)
	}
	copying := exec.Command(filepath.Join(s.c.bin, "pg_basebackup"), "-h", "127.0.0.1", "-p", strconv.Itoa(s.c.port), "-U", "rempart",
		"-D", filepath.Join(dir, "data"), "-R", "-c", "fast", "-X", "stream")
	copying.SysProcAttr, copying.Dir = s.c.as, dir
	if out, err := copying.CombinedOutput(); err != nil {
		t.Fatalf("dbtest: pg_basebackup: %v\n%s", err, out)
	}
	if err := b.c.launch(); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"} {
		if err := s.c.exec(q); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// Promote makes a standby the primary.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	for _, q := range []string{"SELECT pg_promote()", "ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()"} {
		if err := s.c.exec(q); err != nil {
			t.Fatal(err)
		}
	}
}

// Either gives the URL of a database on whichever of both takes writes.
func Either(a, b *Server, name string) string {
	return fmt.Sprintf("postgres://rempart@127.0.0.1:%d,127.0.0.1:%d/%s?sslmode=disable&target_session_attrs=read-write", a.c.port, b.c.port, name)
}
