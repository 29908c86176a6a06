package erasure

import (
	"context"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/verify"
)

// People tells who persons are.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	PersonByEmail(ctx context.Context, tx core.Tx, email string) (core.Person, bool, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Members tells who belongs where.
type Members interface {
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
}

// Rights tells who may do what in an organization.
type Rights interface {
	LiveIn(ctx context.Context, tx core.Tx, org core.ID) ([]core.Assignment, error)
}

// Cutter ends what lets a person in: sessions, tokens.
type Cutter func(ctx context.Context, tx core.Tx, person core.ID) error

// Base is a database that can be looked through: *db.DB.
type Base interface {
	core.Reader
	Engine() db.Engine
	Scrub(ctx context.Context) error
}

// Keys is the keys' own database, where the tombstones stand.
type Keys interface {
	Base
	Write(ctx context.Context, fn func(core.Tx) error) error
}

// Vault makes and destroys keys, and seals.
type Vault interface {
	core.Sealer
	core.Keymaker
}

// Signer signs receipts: the journal.
type Signer interface {
	Sign(text []byte) ([]byte, error)
	Key() verify.Key
}

// Limits are the settings of this module.
type Limits interface {
	// Erasures gives above how many orders of one person a second one approves, and for how long an order waits first.
	Erasures(ctx context.Context, tx core.Tx) (most int, wait time.Duration, err error)
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate    core.Gate
	Rows    Base
	Keys    Keys
	Vault   Vault
	Clock   core.Clock
	Rooms   func() []core.Module // in the order of erasing, the room of mail and that of persons left out
	Last    func() []core.Module // the room of mail, then that of persons
	All     func() []core.Manifest
	People  People
	Members Members
	Rights  Rights
	Cut     Cutter
	Mail    core.Mailer
	Jobs    *jobs.Jobs
	Holds   func() personal.Holds // nil, or giving nil, while no room keeps holds
	// Shared gives the organizations to which a person gave a part of their data, besides those that they belong to; nil: none.
	Shared func(ctx context.Context, tx core.Tx, person core.ID) ([]core.ID, error)
	// Recipients tells the outside systems that hold copies of what is erased (article 19); nil: there are none.
	Recipients func(ctx context.Context, tx core.Tx, n personal.News) error
	Limits     Limits
	Signer     Signer
	// Files are the databases' files, for the probe of raw files; none on PostgreSQL.
	Files  []string
	Origin string
	Log    *slog.Logger
	// Reached hears of each step before it begins ("before rooms") and once it is passed ("after rooms"); for tests.
	Reached func(ctx context.Context, order core.ID, moment string)
}

// Module is the room of erasures. It is a personal.Eraser.
type Module struct {
	needs    Needs
	searches together[*wanted]
	sights   [2]*sight // of the rows and of the keys; only the search of the moment uses them
	scrubs   together[core.ID]
	spare    spare
	rooming  sync.Mutex
	working  chan struct{}
}

// New makes the module.
func New(n Needs) *Module {
	if n.Log == nil {
		n.Log = slog.New(slog.DiscardHandler)
	}
	if n.Clock == nil {
		n.Clock = clock.Real{}
	}
	return &Module{needs: n, working: make(chan struct{}, atWork(n.Rows.Engine()))}
}

var _ personal.Eraser = (*Module)(nil)

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }

func sub(files fs.FS, folder string) fs.FS {
	in, err := fs.Sub(files, folder)
	if err != nil {
		panic(err)
	}
	return in
}

// ExportPerson gives the orders about a person.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	list, err := db.All(ctx, tx, qAboutOrders, func(scan db.Scan) (core.Record, error) {
		var id, org, reason, state string
		var at int64
		err := scan(&id, &org, &reason, &state, &at)
		return core.Record{Table: "erasure_order", Values: map[string]any{
			"id": id, "org": org, "reason": reason, "state": state, "ordered_at": clock.FromMicros(at).Format(time.RFC3339),
		}}, err
	}, person)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := emit(r); err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson keeps the orders: they hold ids, and without them a restore would bring the person back. Only the trial of a probe
// goes.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	kept, _, err := db.One(ctx, tx, qKeptOf, db.Value[int64], person)
	if err != nil {
		return nil, err
	}
	return []core.Receipt{{Table: "erasure_order", Kept: kept, Ground: core.LegalObligation, Why: whyOrders, Rule: "erasure"}}, nil
}

var whyOrders = core.Text{
	FR: "L'ordre d'effacement et son reçu restent, sans aucune valeur : sans eux, une restauration ferait revenir la personne.",
	EN: "The order of erasure and its receipt stay, without any value: without them, a restore would bring the person back.",
}
