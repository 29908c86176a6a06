package db

import "os"

// When the log of SQLite is folded into its file, and how long the log's file is kept.
const (
	foldBytes     = 12 << 20 // a fold begins
	roomBytes     = 24 << 20 // what the log holds when it ends, and what its file gets at once
	truncateBytes = 256 << 20
	// pageBytes is a page of the log with its header.
	pageBytes = 4096 + 24
	// How often the length of the log is asked for, in groups and in deferred items.
	foldGroups, foldItems = 64, 4096
)

// folds brings the log into the file while the writer goes on: a connection of its own copies most of it beside the commits, and
// the writer only what came meanwhile, so that the log can begin anew. It belongs to the writer's goroutine of the moment.
type folds struct {
	c      *conn         // of the fold beside, while it runs; kept for the next one
	ran    chan struct{} // closed when the fold beside has ended; nil when there is none
	groups int           // since the length of the log was asked for
	items  int
	room   bool // the log's file has its size
	grown  bool // the log is long enough to deserve it
}

// fold is asked after each commit of a group with so many deferred items.
func (w *writer) fold(items int) {
	f := &w.folds
	f.groups, f.items = f.groups+1, f.items+items
	if f.ran != nil {
		select {
		case <-f.ran: // the rest, while nobody commits
			f.ran = nil
			w.checkpoint("PASSIVE")
			return
		default:
		}
	}
	if f.groups < foldGroups && f.items < foldItems {
		return
	}
	f.groups, f.items = 0, 0
	pages, err := w.c.number("PRAGMA wal_checkpoint(NOOP)", 1)
	f.grown = err == nil && pages*pageBytes > 1<<20
	if err != nil || pages*pageBytes < foldBytes {
		return
	}
	if fi, err := os.Stat(w.s.path + "-wal"); err == nil && fi.Size() > truncateBytes {
		w.checkpoint("TRUNCATE")
		f.room, f.grown = false, false
		return
	}
	if f.ran == nil {
		f.ran = make(chan struct{})
		go w.foldBeside(f.ran)
	}
}

// foldBeside copies what stands in the log now; SQLite lets a writer append meanwhile. What fails here is found again, and
// acted on, by the writer's own part: a page of the log counts as copied only once the file was synced.
func (w *writer) foldBeside(ran chan<- struct{}) {
	defer close(ran)
	f := &w.folds
	if f.c == nil {
		c, err := openConn(w.s.path, writerPragmas)
		if err != nil {
			return
		}
		f.c = c
	}
	if _, err := f.c.text("PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		f.c.close()
		f.c = nil
	}
}

// folded waits for the fold beside.
func (w *writer) folded() {
	if w.folds.ran != nil {
		<-w.folds.ran
		w.folds.ran = nil
	}
}

// rest gives back the connection of the fold beside.
func (w *writer) rest() {
	w.folded()
	if w.folds.c != nil {
		w.folds.c.close()
		w.folds.c = nil
	}
}

// makeRoom gives the log's file at once the size that it will have: a write that lengthens a file waits for the file
// system's own log too, which makes a commit half as dear again. It holds the lock of writers; what follows the last
// frame means nothing to SQLite (its salt is not the log's).
func (w *writer) makeRoom() {
	w.folds.room = true
	f, err := os.OpenFile(w.s.path+"-wal", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close() // no lock of SQLite is on this file
	fi, err := f.Stat()
	if err != nil {
		return
	}
	zeros := make([]byte, 1<<20)
	for at := fi.Size(); err == nil && at < roomBytes; at += int64(len(zeros)) {
		_, err = f.WriteAt(zeros, at)
	}
	_ = f.Sync() // without it, or without room, commits are only slower
}

// checkpoint folds the log on the writer's connection; nobody else does meanwhile, SQLite would answer that it is busy.
func (w *writer) checkpoint(mode string) {
	w.folded()
	if w.c == nil {
		return
	}
	if _, err := w.c.text("PRAGMA wal_checkpoint(" + mode + ")"); err != nil {
		if err = fromSQLite(err, ""); lostStorage(err) {
			w.fail(err)
		}
	}
}
