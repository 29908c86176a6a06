package db

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rempart/rempart/core"
)

var (
	tFoldTable = SQLOn(SQLite, `CREATE TABLE t_fold (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT`)
	tFoldPut   = SQLOn(SQLite, `INSERT INTO t_fold (body) VALUES ($1)`)
	tFoldDrop  = SQLOn(SQLite, `DELETE FROM t_fold WHERE body = $1`)
	tFoldCount = SQLOn(SQLite, `SELECT count(*) FROM t_fold`)
)

// folding is a database whose log is long enough to be folded.
type folding struct {
	*DB
	t    *testing.T
	path string
	w    *writer
}

func newFolding(t *testing.T) folding {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	d, err := Open(t.Context(), Config{URL: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	f := folding{d, t, path, d.engine.(*sqliteDB).writer}
	f.exec(tFoldTable)
	f.fill()
	return f
}

func (f folding) exec(text string, args ...any) {
	f.t.Helper()
	err := f.Write(f.t.Context(), func(tx core.Tx) error { _, err := tx.Exec(f.t.Context(), text, args...); return err })
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f folding) fill() {
	f.t.Helper()
	for range foldBytes>>20 + 1 {
		f.exec(tFoldPut, make([]byte, 1<<20))
	}
}

// begin has the log folded as after a large group; what it gives is closed once the part beside has ended.
func (f folding) begin() <-chan struct{} {
	f.t.Helper()
	f.w.lead.Lock()
	defer f.w.lead.Unlock()
	f.w.fold(foldItems)
	if f.w.folds.ran == nil {
		f.t.Fatal("a long log is not folded")
	}
	return f.w.folds.ran
}

// left is how many pages of the log are not in the file, after the writer's part.
func (f folding) left() int64 {
	f.t.Helper()
	f.w.lead.Lock()
	defer f.w.lead.Unlock()
	f.w.fold(0)
	if f.w.folds.ran != nil {
		f.t.Error("the fold that ended is not forgotten")
	}
	all, err := f.w.c.number("PRAGMA wal_checkpoint(NOOP)", 1)
	if err != nil {
		f.t.Fatal(err)
	}
	done, err := f.w.c.number("PRAGMA wal_checkpoint(NOOP)", 2)
	if err != nil {
		f.t.Fatal(err)
	}
	return all - done
}

// TestALogIsFoldedBesideTheCommits: also by the writer alone, when the connection beside is broken; the log begins anew then.
func TestALogIsFoldedBesideTheCommits(t *testing.T) {
	for _, broken := range []bool{false, true} {
		f := newFolding(t)
		if broken {
			c, err := openConn(f.path, writerPragmas)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range []string{"BEGIN", "SELECT count(*) FROM t_fold"} { // SQLite folds on no connection that reads
				if _, err := c.text(q); err != nil {
					t.Fatal(err)
				}
			}
			f.w.folds.c = c
		}
		ran := f.begin()
		f.exec(tFoldPut, []byte("while it runs"))
		<-ran
		if n := f.left(); n != 0 {
			t.Errorf("broken %v: %d pages stay in the log", broken, n)
		}
		if kept := f.w.folds.c != nil; kept == broken {
			t.Errorf("broken %v: the connection is kept: %v", broken, kept)
		}
		before, _ := os.Stat(f.path + "-wal")
		f.fill()
		if after, _ := os.Stat(f.path + "-wal"); after.Size() > max(before.Size(), roomBytes+1<<20) {
			t.Errorf("broken %v: the log grew from %d to %d bytes instead of beginning anew", broken, before.Size(), after.Size())
		}
	}
}

// TestNothingErasedStandsInALogThatIsBeingFolded: a scrub waits for the fold, then empties the log.
func TestNothingErasedStandsInALogThatIsBeingFolded(t *testing.T) {
	f := newFolding(t)
	secret := bytes.Repeat([]byte("Marie Durand "), 400)
	f.exec(tFoldPut, secret)
	f.exec(tFoldDrop, secret)
	f.begin()
	if err := f.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{f.path, f.path + "-wal"} {
		if held, err := os.ReadFile(name); err != nil || bytes.Contains(held, []byte("Marie Durand")) {
			t.Errorf("%s still holds what was erased (%v)", filepath.Base(name), err)
		}
	}
}

// TestADatabaseClosesDuringAFold: nothing hangs, and nothing is lost.
func TestADatabaseClosesDuringAFold(t *testing.T) {
	f := newFolding(t)
	f.begin()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), Config{URL: f.path})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	var n int64
	err = again.Read(t.Context(), func(tx core.Tx) (err error) {
		n, _, err = One(context.Background(), tx, tFoldCount, Value[int64])
		return err
	})
	if err != nil || n != foldBytes>>20+1 {
		t.Errorf("%d rows are left (%v)", n, err)
	}
}
