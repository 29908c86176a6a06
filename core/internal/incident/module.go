package incident

import (
	"context"
	"embed"
	"io"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "incident", FS: schemaFS}

// People names persons and writes to them.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Rights tells who works for the provider and who answers for a client.
type Rights interface {
	LiveIn(ctx context.Context, tx core.Tx, org core.ID) ([]core.Assignment, error)
	Holders(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error)
}

// Orgs knows organizations and who belongs to them.
type Orgs interface {
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
	AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error)
	// PersonsOf lists the persons of an organization, by id after one, at most limit.
	PersonsOf(ctx context.Context, tx core.Tx, org, after core.ID, limit int) ([]core.ID, error)
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
}

// Seen is an entry of the journal, as much of it as a list of persons needs.
type Seen struct {
	Org      core.ID
	Entry    core.ID
	At       time.Time
	Actor    core.ID
	Subjects []core.ID
	Verb     string // "read", "create", "update", "delete", "authenticate", "export"
	Address  string // "" when it was truncated or its person erased
	Success  bool
}

// Span is what is looked for in a journal.
type Span struct {
	From, To time.Time
	Actor    core.ID // "" for anybody
}

// Journal reads and extracts journals. Who calls it has been permitted by an act of this room.
type Journal interface {
	// Logs lists the organizations that have a journal, the platform among them.
	Logs(ctx context.Context) ([]core.ID, error)
	// Walk gives the entries of a span, newest first.
	Walk(ctx context.Context, org core.ID, s Span, fn func(Seen) error) error
	// Extract writes the entries of a span with their proofs (JSON Lines, verify.File).
	Extract(ctx context.Context, org core.ID, s Span, w io.Writer) error
}

// Holdings tells, from the manifests, which tables hold persons and whether a person has rows in them.
type Holdings interface {
	// Tables lists the tables that hold something of a person, in words.
	Tables() []core.Table
	// Has gives those of the tables in which a person has rows.
	Has(ctx context.Context, tx core.Tx, person core.ID, tables []string) ([]string, error)
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate     core.Gate
	Reader   core.Reader
	Clock    core.Clock
	Sealer   core.Sealer
	Keys     core.Keymaker
	People   People
	Rights   Rights
	Orgs     Orgs
	Journal  Journal
	Holdings Holdings
	// Contact gives the officer's address as published.
	Contact func(ctx context.Context, tx core.Tx) (string, error)
	Origin  string
}

// Module is the room of incidents.
type Module struct{ needs Needs }

// New makes the module.
func New(n Needs) *Module { return &Module{needs: n} }

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }
