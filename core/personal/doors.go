package personal

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
)

// ErasureOrder asks that a person's data be erased. It is written before anything is erased, and replayed by any restore.
type ErasureOrder struct {
	ID      core.ID
	Org     core.ID // only what this organization holds; "" for the whole person
	Person  core.ID
	Request core.ID // the request of rights that asked for it, when one did
	Reason  string  // stable word: "request", "retention", "offboarding", "operator"
}

// Eraser is the door of the room of erasures.
type Eraser interface {
	// Preview tells what an erasure would delete and what must stay and why, without doing it.
	Preview(ctx context.Context, o ErasureOrder) ([]core.Receipt, error)
	// Order writes an order in the transaction of the act; the work begins after the commit and survives any interruption.
	Order(ctx context.Context, tx core.Tx, o ErasureOrder) (core.ID, error)
	// State tells how far an order is: "ordered", "waiting" (a second approver), "running", "done", "refused".
	State(ctx context.Context, tx core.Tx, order core.ID) (string, error)
}

// Holds is the door of the room of retention for whoever erases.
type Holds interface {
	// Held gives the legal holds that forbid erasing a person (Org "" asks of every organization).
	Held(ctx context.Context, tx core.Tx, org, person core.ID) ([]Hold, error)
}

// Hold is a legal hold: nothing that it covers is erased while it stands.
type Hold struct {
	ID, Org, Person core.ID // Person "" covers everybody of Org
	Ground          string  // article or case, in the words of who placed it
	Since           time.Time
}

// Restraint is a restriction (article 18) or an objection (article 21) of a person.
type Restraint struct {
	ID      core.ID
	Org     core.ID // "" for every organization
	Person  core.ID
	Purpose core.Purpose // "" restricts all but storage, the person's own acts, legal claims and security
	Ground  string       // stable word: "accuracy", "unlawful", "claims", "objection"
	Request core.ID
	Since   time.Time
}

// Restrainer is the door of the room of restraints; what it keeps acts at the gate, on every node within a second.
type Restrainer interface {
	Restrain(ctx context.Context, tx core.Tx, r Restraint) (core.ID, error)
	Lift(ctx context.Context, tx core.Tx, restraint core.ID) error
	Of(ctx context.Context, tx core.Tx, person core.ID) ([]Restraint, error)
}

// Archivist makes the archive of a person (articles 15 and 20) as a job.
type Archivist interface {
	// Prepare queues the archive in the transaction of the act; when it is ready, the person gets a link by mail that dies after
	// seven days and needs sign-in. Portable leaves out what article 20 leaves out.
	Prepare(ctx context.Context, tx core.Tx, person, request core.ID, portable bool) (core.ID, error)
}

// Consents is the door of the room of consents.
type Consents interface {
	// WithdrawAll withdraws the consents and stops the shares that a person gave to an organization ("" for all of them), for a
	// purpose ("" for all of them), and tells how many ended.
	WithdrawAll(ctx context.Context, tx core.Tx, org, person core.ID, purpose core.Purpose) (int, error)
}

// Registrar is the door of the register.
type Registrar interface {
	// Activities gives the activities in force for an organization (Platform for the provider's own), those added by hand too.
	Activities(ctx context.Context, tx core.Tx, org core.ID) ([]core.Activity, error)
}

// What happened to the data of a person, of which those who received them are told (article 19).
const (
	NewsErased     = "recipient.erasure"
	NewsCorrected  = "recipient.rectification"
	NewsRestricted = "recipient.restriction"
)

// News tells what happened to the data of a person.
type News struct {
	Event  string
	Org    core.ID // whose outside systems are told; "" for those of every organization that the person has to do with, and of the platform
	Person core.ID
	Member core.ID // their membership in Org, when it is no longer there to be read
	Notice core.ID // of an erasure in Org
}

// Recipients is the door of the rights desk for whoever corrects, erases or restricts.
type Recipients interface {
	// TellRecipients tells, after the commit, the outside systems that may hold a copy.
	TellRecipients(ctx context.Context, tx core.Tx, n News) error
}
