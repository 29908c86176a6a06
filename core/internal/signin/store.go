package signin

import (
	"embed"
	"io/fs"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema gives the tables of the module.
func Schema() db.Schema {
	sub, err := fs.Sub(schema, "schema")
	if err != nil {
		panic(err) // embedded
	}
	return db.Schema{Module: "signin", FS: sub}
}

const flowColumns = `id, kind, typed, person, browser, next, password_at, factor_at, mailbox_at, mailbox_due, code, code_at, tries, created_at, expires_at`

var (
	qFlowAdd   = db.SQL(`INSERT INTO signin_flow (` + flowColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '', 0, 0, $10, $11)`)
	qFlow      = db.SQL(`SELECT ` + flowColumns + ` FROM signin_flow WHERE id = $1 AND expires_at > $2`)
	qFlowDrop  = db.SQL(`DELETE FROM signin_flow WHERE id = $1`)
	qFlowOf    = db.SQL(`SELECT ` + flowColumns + ` FROM signin_flow WHERE person = $1 ORDER BY id`)
	qFlowErase = db.SQL(`DELETE FROM signin_flow WHERE person = $1`)

	qPasswordProved = db.SQL(`UPDATE signin_flow SET password_at = $2, tries = 0 WHERE id = $1`)
	qFactorProved   = db.SQL(`UPDATE signin_flow SET factor_at = $2 WHERE id = $1`)
	qMailboxProved  = db.SQL(`UPDATE signin_flow SET mailbox_at = $2, mailbox_due = 0, code = '', tries = 0 WHERE id = $1 AND mailbox_at = 0`)
	qMailboxDue     = db.SQL(`UPDATE signin_flow SET mailbox_due = 1 WHERE id = $1`)
	qCodeSent       = db.SQL(`UPDATE signin_flow SET code = $2, code_at = $3, tries = 0 WHERE id = $1`)
	qTry            = db.SQL(`UPDATE signin_flow SET tries = tries + 1 WHERE id = $1 AND tries < $2`)

	qDevice    = db.SQL(`SELECT id, browser, label, created_at, seen_at, failures, wait_until FROM signin_device WHERE person = $1 AND browser = $2`)
	qDevices   = db.SQL(`SELECT id, browser, label, created_at, seen_at, failures, wait_until FROM signin_device WHERE person = $1 ORDER BY seen_at DESC`)
	qDeviceAdd = db.SQL(`INSERT INTO signin_device (id, person, browser, label, created_at, seen_at, failures, wait_until) VALUES ($1, $2, $3, $4, $5, $5, 0, 0)
		ON CONFLICT (person, browser) DO UPDATE SET seen_at = excluded.seen_at, label = excluded.label, failures = 0, wait_until = 0 RETURNING id`)
	qDeviceTry    = db.SQL(`UPDATE signin_device SET failures = failures + 1, wait_until = $4 WHERE id = $1 AND failures = $2 AND wait_until <= $3`)
	qDeviceClear  = db.SQL(`UPDATE signin_device SET failures = 0, wait_until = 0 WHERE id = $1`)
	qDeviceForget = db.SQL(`DELETE FROM signin_device WHERE person = $1 AND id = $2`)
	qDeviceErase  = db.SQL(`DELETE FROM signin_device WHERE person = $1`)
)

// Flow is one sign-in under way. Its secret is in the browser's cookie; the row holds its hash.
type Flow struct {
	mark       string
	Kind       string // "signin", "first"
	Login      string // as typed, in its normal form; sealed while it is kept
	Person     core.ID
	Browser    core.ID // of the device cookie, "" when the browser carried none
	Next       string  // path to go to afterwards
	PasswordAt time.Time
	FactorAt   time.Time
	MailboxAt  time.Time // proof that the mailbox is the person's
	MailboxDue bool      // that proof is asked first: nothing else was offered under pressure
	code       string
	CodeAt     time.Time
	tries      int
	typed      []byte
	CreatedAt  time.Time
	ExpiresAt  time.Time
}

func scanFlow(scan db.Scan) (f Flow, err error) {
	var password, factor, mailbox, due, code, created, expires int64
	err = scan(&f.mark, &f.Kind, &f.typed, &f.Person, &f.Browser, &f.Next, &password, &factor, &mailbox, &due, &f.code, &code, &f.tries, &created, &expires)
	f.PasswordAt, f.FactorAt, f.MailboxAt = clock.FromMicros(password), clock.FromMicros(factor), clock.FromMicros(mailbox)
	f.CodeAt, f.CreatedAt, f.ExpiresAt, f.MailboxDue = clock.FromMicros(code), clock.FromMicros(created), clock.FromMicros(expires), due != 0
	return f, err
}

// Device is a browser that a person is known to use.
type Device struct {
	ID        core.ID
	Browser   core.ID
	Label     string // browser and system, in words
	CreatedAt time.Time
	SeenAt    time.Time
	label     []byte // sealed
	failures  int
	waitUntil time.Time
}

func scanDevice(scan db.Scan) (d Device, err error) {
	var created, seen, wait int64
	err = scan(&d.ID, &d.Browser, &d.label, &created, &seen, &d.failures, &wait)
	d.CreatedAt, d.SeenAt, d.waitUntil = clock.FromMicros(created), clock.FromMicros(seen), clock.FromMicros(wait)
	return d, err
}
