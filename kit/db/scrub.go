package db

import "context"

// Scrub brings the log of a SQLite file into the file and empties the log, so that what was erased stands in neither (freed
// pages are overwritten as they are freed). It waits at most a moment for readers and gives an Error of kind Busy when one
// holds the log: try again later. On PostgreSQL it does nothing: its server vacuums.
func (d *DB) Scrub(ctx context.Context) error {
	s, ok := d.engine.(*sqliteDB)
	if !ok {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.writer.scrub()
}

func (w *writer) scrub() error {
	w.lead.Lock()
	defer w.lead.Unlock()
	if w.c == nil {
		return errBusy
	}
	w.folded()
	// No writer may wait for a long reader.
	if _, err := w.c.text("PRAGMA busy_timeout=200"); err != nil {
		return fromSQLite(err, "")
	}
	busy, err := w.c.number("PRAGMA wal_checkpoint(TRUNCATE)", 0)
	if _, again := w.c.text("PRAGMA busy_timeout=5000"); err == nil {
		err = again
	}
	if err != nil {
		err = fromSQLite(err, "")
		if lostStorage(err) {
			w.fail(err)
		}
		return err
	}
	w.folds.room, w.folds.grown = false, false
	if busy != 0 {
		return errBusy
	}
	w.dirty = false
	return nil
}
