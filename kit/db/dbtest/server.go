package dbtest

import (
	"os"
	"path/filepath"
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
