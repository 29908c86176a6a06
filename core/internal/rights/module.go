package rights

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/jobs"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "rights", FS: schemaFS}

// People finds persons and writes to them.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	PersonByEmail(ctx context.Context, tx core.Tx, email string) (core.Person, bool, error)
	UpdatePerson(ctx context.Context, tx core.Tx, p core.Person) error
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Orgs tells of organizations and of who belongs to them.
type Orgs interface {
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
	MemberOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.Membership, bool, error)
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
}

// Roles tells who holds a role.
type Roles interface {
	Holders(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error)
}

// Contacts tells whom persons may write to.
type Contacts interface {
	Officer(ctx context.Context, tx core.Tx, org core.ID) (string, error)
	Authority(ctx context.Context, tx core.Tx, org core.ID) (name, address string, err error)
}

// Doors are those of the rooms that carry requests out; one that is nil is work for a person.
type Doors struct {
	Eraser     personal.Eraser
	Restrainer personal.Restrainer
	Archivist  personal.Archivist
	Consents   personal.Consents
	Registrar  personal.Registrar
}

// Use is a purpose that one may object to.
type Use struct {
	Purpose core.Purpose
	Title   i18n.Sentence
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate     core.Gate
	Reader   core.Reader
	Clock    core.Clock
	Sealer   core.Sealer
	Keys     core.Keymaker
	Index    core.Indexer
	Mail     core.Mailer
	Jobs     *jobs.Jobs
	People   People
	Orgs     Orgs
	Roles    Roles
	Contacts Contacts
	Doors    func() Doors
	Blind    func() personal.Blinder        // seals what the provider's staff cannot read
	Modules  func() []core.Module           // what holds data of persons
	Purposes func(context.Context) []Use    // what one may object to; nil: nothing that the platform can stop by itself
	Key      []byte                         // of the proofs of work
	Calls    func(org core.ID) *http.Client // to what people of an organization typed
	// Shared gives the organizations to which a person gave a part of their data, besides those that they belong to; nil: none.
	Shared func(ctx context.Context, tx core.Tx, person core.ID) ([]core.ID, error)
	Log    *slog.Logger
	Origin string
}

// Module is the room of rights.
type Module struct {
	needs   Needs
	puzzles *abuse.Puzzles
}

// New makes the module.
func New(n Needs) *Module {
	if n.Doors == nil {
		n.Doors = func() Doors { return Doors{} }
	}
	if n.Modules == nil {
		n.Modules = func() []core.Module { return nil }
	}
	if n.Log == nil {
		n.Log = slog.New(slog.DiscardHandler)
	}
	return &Module{needs: n, puzzles: abuse.NewPuzzles(n.Key)}
}

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Uses lists the purposes that one may object to.
func (m *Module) Uses(ctx context.Context) []Use {
	if m.needs.Purposes == nil {
		return nil
	}
	return m.needs.Purposes(ctx)
}

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }
