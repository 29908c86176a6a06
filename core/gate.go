package core

import (
	"context"
	"time"
)

// Tx is a transaction. Statements use $1 placeholders and must be registered (kit/db.SQL), the same text on both engines.
type Tx interface {
	// Exec runs a statement and gives the number of rows touched.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	// Query runs a statement that gives rows; close them before the next statement of the same transaction.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// Notify tells every node, after the commit and only then, that something of this topic changed.
	Notify(topic, payload string)
	// OnCommit runs f on this node after the commit and only then.
	OnCommit(f func())
}

// Rows walks the result of a query.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// ActOf tells the act that a transaction of the gate serves; nil for any other.
func ActOf(tx Tx) *Act {
	if t, ok := within[interface{ Act() *Act }](tx); ok {
		return t.Act()
	}
	return nil
}

// within finds what a transaction is besides, under whatever wraps it.
func within[T any](tx Tx) (found T, ok bool) {
	for {
		if found, ok = tx.(T); ok {
			return found, true
		}
		outer, more := tx.(interface{ Unwrap() Tx })
		if !more {
			return found, false
		}
		tx = outer.Unwrap()
	}
}

// Gate is the only way to act (law 1): it decides, journals and opens the transaction.
type Gate interface {
	// Change decides act for the actor of ctx, runs fn in a write transaction and commits it with its entry.
	// A refusal is journaled and returned as an Error of kind Forbidden, NotFound, StepUp or Unauthenticated; an error
	// of fn rolls everything back. When it returns nil the change and its entry are durable.
	Change(ctx context.Context, act *Act, fn func(Tx) error) error
	// Read decides act, runs fn in a read-only snapshot and journals the read before it returns (unless Quiet).
	Read(ctx context.Context, act *Act, fn func(Tx) error) error
	// Keep runs a declared housekeeping duty: counters, leases, idle clocks. Never personal content, never journaled.
	Keep(ctx context.Context, duty *Duty, fn func(Tx) error) error
}

// Duty is a write that is not an act: declared in the Manifest with the reason why no entry is due.
type Duty struct {
	Name string // "session.touch"
	Why  string
}

// Reader gives a read-only snapshot without a decision: for the ground itself (session check, decision rows, jobs),
// never to show personal data.
type Reader interface {
	Read(ctx context.Context, fn func(Tx) error) error
}

// Decider answers whether an actor may do an act, from live rows, without any cache of decisions.
type Decider interface {
	// Decide returns nil when permitted, or an Error that says why not.
	Decide(ctx context.Context, tx Tx, actor Actor, act *Act) error
}

// Recorder writes entries: the journal's own door, held by the gate alone.
type Recorder interface {
	// Record adds an entry to the transaction: it commits with it or not at all.
	Record(ctx context.Context, tx Tx, e *Entry) error
}

// Entry is what the journal keeps of an act. Address, Agent and Session are sealed under the actor's key;
// Changes and Note under the subject's.
type Entry struct {
	ID       ID
	Org      ID
	At       time.Time
	Actor    Actor
	Action   Permission
	Verb     Verb
	Type     string // of the resource
	Resource ID
	Subjects []ID // the first one's key seals the personal part
	Purpose  Purpose
	Outcome  Outcome
	Reason   string
	Changes  []FieldChange
	Note     string
}

// Sealer seals values under a person's own key, so that destroying the key erases them everywhere (law 5).
type Sealer interface {
	// Seal encrypts plain for owner (a person, or an organization for what belongs to nobody); where binds it to its row and column.
	Seal(ctx context.Context, owner ID, where string, plain []byte) ([]byte, error)
	// Open decrypts; an Error of kind Gone when the owner's key was destroyed.
	Open(ctx context.Context, owner ID, where string, sealed []byte) ([]byte, error)
}

// Keymaker makes the keys of new owners before their rows are written.
type Keymaker interface {
	MakeKeys(ctx context.Context, owners ...ID) error
	DestroyKey(ctx context.Context, owner ID) error
}

// Clock tells the time: the real one, or a test's.
type Clock interface{ Now() time.Time }

// Mailer queues a message in the transaction of the act; it leaves after the commit, with retries.
type Mailer interface {
	Queue(ctx context.Context, tx Tx, m Mail) error
}

// Mail is one message to one person. Body is plain text; it never holds a password nor a personal datum beyond the greeting.
type Mail struct {
	Org     ID
	Person  ID     // whose it is; empty for an address that belongs to no person yet
	To      string // address
	Kind    string // "signin.new_device": one stable word per message
	Subject string
	Body    string
}
