package attestation

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
var Schema = db.Schema{Module: "attestation", FS: schemaFS}

// People names persons and writes to them.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Staff tells who works for the provider.
type Staff interface {
	IsStaff(ctx context.Context, tx core.Tx, person core.ID) (bool, error)
	// LiveIn gives the assignments in force in an organization: on the platform, those of staff.
	LiveIn(ctx context.Context, tx core.Tx, org core.ID) ([]core.Assignment, error)
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate   core.Gate
	Reader core.Reader
	Clock  core.Clock
	Sealer core.Sealer
	Keys   core.Keymaker
	People People
	Staff  Staff
	// Promised keeps those of these clauses that are in force now.
	Promised func(ctx context.Context, tx core.Tx, clauses ...string) ([]string, error)
	Origin   string
}

// Module is the room of attestations.
type Module struct{ needs Needs }

// New makes the module.
func New(n Needs) *Module { return &Module{needs: n} }

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }
