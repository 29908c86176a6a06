package inventory

import (
	"context"
	"embed"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "inventory", FS: schemaFS}

// People names persons and writes to them.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Rights tells who works for the provider and who administers a client.
type Rights interface {
	// LiveIn gives the assignments in force in an organization: on the platform, those of staff.
	LiveIn(ctx context.Context, tx core.Tx, org core.ID) ([]core.Assignment, error)
	// Holders gives the persons to whom a role is assigned in an organization now.
	Holders(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error)
}

// Orgs lists organizations.
type Orgs interface {
	AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error)
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate   core.Gate
	Reader core.Reader
	Clock  core.Clock
	Sealer core.Sealer
	Keys   core.Keymaker
	People People
	Rights Rights
	Orgs   Orgs
	Origin string
}

// Module is the room of registers.
type Module struct{ needs Needs }

// New makes the module.
func New(n Needs) *Module { return &Module{needs: n} }

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }
