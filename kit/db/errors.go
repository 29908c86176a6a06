package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errBusy = i18n.Fault(core.Busy, "db.busy",
		"Le service est très sollicité. Réessayez dans quelques secondes.",
		"The service is very busy. Try again in a few seconds.").After(2 * time.Second)
	errFull = i18n.Fault(core.Busy, "db.full",
		"Le stockage est plein : rien n'a été enregistré. L'exploitant doit libérer de la place.",
		"The storage is full: nothing was saved. The operator must free some space.").After(30 * time.Second)
	errBroken = i18n.Fault(core.Busy, "db.storage",
		"Le stockage ne répond pas correctement : rien n'a été enregistré. Réessayez dans quelques secondes.",
		"The storage does not answer properly: nothing was saved. Try again in a few seconds.").After(5 * time.Second)
	errUnknown = i18n.Fault(core.Busy, "db.unknown_outcome",
		"La connexion au stockage s'est rompue pendant l'enregistrement. Vérifiez si l'opération a eu lieu avant de la refaire.",
		"The connection to the storage broke while saving. Check whether the operation happened before doing it again.").After(5 * time.Second)
	errSlow = i18n.Fault(core.Busy, "db.slow",
		"La demande est trop longue à traiter. Affinez-la ou réessayez plus tard.",
		"The request takes too long. Narrow it or try again later.").After(5 * time.Second)
	errClosed = i18n.Fault(core.Busy, "db.closed",
		"Le service s'arrête. Réessayez dans un instant.",
		"The service is stopping. Try again in a moment.").After(5 * time.Second)
)

var (
	errRowsOpen = errors.New("db: close the rows of the last query before the next statement")
	errDead     = errors.New("db: the transaction is over after a failed statement")
)

// Duplicate tells whether err says that a row with the same key exists. The transaction that met it is dead.
func Duplicate(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505"
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// Dangling tells whether err says that a foreign key points at nothing, or that something still points at a row.
func Dangling(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23503"
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
	}
	return false
}

// fromSQLite names the failures of storage; everything else passes with the place of its statement.
func fromSQLite(err error, text string) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		if e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE { // no room for the index of the log, which has its own already
			return errFull.Because(err)
		}
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return errFull.Because(err)
		case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
			return errBroken.Because(err)
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return errBusy.Because(err)
		}
	}
	return located(err, text)
}

// lostStorage tells whether err means that the connection can no longer be trusted.
func lostStorage(err error) bool {
	return errors.Is(err, errFull) || errors.Is(err, errBroken)
}

// located adds the place of the statement (never its arguments).
func located(err error, text string) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if at := originOf(text); at != "" {
		return fmt.Errorf("db: statement of %s: %w", at, err)
	}
	return fmt.Errorf("db: %w", err)
}
