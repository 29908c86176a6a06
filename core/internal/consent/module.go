package consent

import (
	"context"
	"embed"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "consent", FS: schemaFS}

// People names persons.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
}

// Places tells where a person belongs, and names organizations.
type Places interface {
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
}

// Keys makes a key for each share, under those of the organization that receives it, and destroys it.
type Keys interface {
	MakeKeysIn(ctx context.Context, org core.ID, owners ...core.ID) error
	DestroyKey(ctx context.Context, owner core.ID) error
}

// Journal signs receipts and remembers who read what.
type Journal interface {
	Key() verify.Key
	Sign(text []byte) ([]byte, error)
	// Times gives when an act was done on a resource of an organization, newest first.
	Times(ctx context.Context, tx core.Tx, org, resource core.ID, action core.Permission, limit int) ([]time.Time, error)
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate    core.Gate
	Reader  core.Reader
	Clock   core.Clock
	Sealer  core.Sealer
	Keys    Keys
	People  People
	Places  Places
	Journal Journal
	Sources []personal.FieldSource
	Origin  string
}

// Module is the room of consents.
type Module struct {
	needs  Needs
	fields []personal.SharedField
	source map[string]personal.FieldSource
}

// New makes the module.
func New(n Needs) *Module {
	m := &Module{needs: n, source: map[string]personal.FieldSource{}}
	for _, s := range n.Sources {
		for _, f := range s.Fields() {
			m.fields = append(m.fields, f)
			m.source[f.ID] = s
		}
	}
	return m
}

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }

// Fields are those that a question can ask for.
func (m *Module) Fields() []personal.SharedField { return m.fields }

// FieldTitle names a field; one that is no longer offered by its own id.
func (m *Module) FieldTitle(id string) core.Text {
	for _, f := range m.fields {
		if f.ID == id {
			return f.Title
		}
	}
	return core.Text{FR: id, EN: id}
}
