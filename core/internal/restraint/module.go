package restraint

import (
	"context"
	"embed"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "restraint", FS: schemaFS}

// People names persons and writes to them.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	PersonByEmail(ctx context.Context, tx core.Tx, email string) (core.Person, bool, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Orgs names organizations and lists them.
type Orgs interface {
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate   core.Gate
	Reader core.Reader
	Clock  core.Clock
	People People
	Orgs   Orgs
	// Listen hears of changes on every node; nil hears of none, and the copy is looked at again after a second all the same.
	Listen func(topic string, f func(payload string)) (cancel func())
	// Consented tells whether a person agrees that an organization uses their data for a purpose, in spite of a restriction
	// (article 18-2); nil: nobody does.
	Consented func(ctx context.Context, tx core.Tx, org, person core.ID, purpose core.Purpose) (bool, error)
	// Recipients tells those who hold copies of what is restricted (article 19); nil: nobody does.
	Recipients func(ctx context.Context, tx core.Tx, n personal.News) error
	Origin     string
}

// Module is the room of restrictions and objections.
type Module struct {
	needs  Needs
	kept   atomic.Pointer[inForce]
	turn   atomic.Int64 // counts what was heard: a copy made before it is old
	served atomic.Pointer[map[*core.ActDef]bool]
}

// New makes the module.
func New(n Needs) *Module {
	m := &Module{needs: n}
	if n.Listen != nil {
		n.Listen(topic, func(string) { m.turn.Add(1) })
	}
	return m
}

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }

// Serves names the acts that serve a person's rights or an authority: what is restricted is open to them (article 18-2).
func (m *Module) Serves(acts ...*core.ActDef) {
	all := map[*core.ActDef]bool{}
	for _, a := range acts {
		all[a] = true
	}
	m.served.Store(&all)
}

func (m *Module) serves(def *core.ActDef) bool {
	all := m.served.Load()
	return all != nil && (*all)[def]
}
