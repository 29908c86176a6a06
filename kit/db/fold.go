package db

import "os"

// fold moves the log into the file when it has grown.
func (w *writer) fold() {
	pages, err := w.c.number("PRAGMA wal_checkpoint(NOOP)", 1)
	if err != nil || pages*pageBytes < checkpointBytes {
		return
	}
	if fi, err := os.Stat(w.s.path + "-wal"); err == nil && fi.Size() > truncateBytes {
		w.checkpoint("TRUNCATE")
		w.roomy = false
		return
	}
	w.checkpoint("PASSIVE")
}

// pageBytes is a page of the log with its header.
const pageBytes = 4096 + 24

// makeRoom gives the log's file at once the size that it will have: a write that lengthens a file waits for the file
// system's own log too, which makes a commit half as dear again. It holds the lock of writers; what follows the last
// frame means nothing to SQLite (its salt is not the log's).
func (w *writer) makeRoom() {
	w.roomy = true
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
	for at := fi.Size(); err == nil && at < checkpointBytes+8<<20; at += int64(len(zeros)) {
		_, err = f.WriteAt(zeros, at)
	}
	_ = f.Sync() // without it, or without room, commits are only slower
}

func (w *writer) checkpoint(mode string) {
	if w.c == nil {
		return
	}
	if _, err := w.c.text("PRAGMA wal_checkpoint(" + mode + ")"); err != nil {
		if err = fromSQLite(err, ""); lostStorage(err) {
			w.fail(err)
		}
	}
}
