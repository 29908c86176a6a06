package offboarding

import (
	"context"
	"embed"
	"io"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "offboarding", FS: schemaFS}

// Places knows organizations and closes them.
type Places interface {
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
	AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error)
	Ever(ctx context.Context, tx core.Tx, org, after core.ID, limit int) ([]core.ID, error)
	CloseOrg(ctx context.Context, org core.ID, reason string) error
}

// Archive is the room of retention: where administrative rows go, what is held, who is told that their account ends.
type Archive interface {
	Prepare(ctx context.Context, org core.ID) error
	Shelve(tx core.Tx) func(context.Context, core.Archived) error
	OrgHeld(ctx context.Context, tx core.Tx, org core.ID) ([]personal.Hold, error)
	Leave(ctx context.Context, persons ...core.ID) error
}

// Rights tells who administers an organization.
type Rights interface {
	Holders(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error)
}

// People names persons and writes to them.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Vault destroys the keys of an organization.
type Vault interface {
	DestroyOrg(ctx context.Context, org core.ID) error
}

// Days gives the number of days that a setting says.
type Days interface {
	Days(ctx context.Context, tx core.Tx, org core.ID, key string) (days int, found bool, err error)
}

// File is one file of what an organization takes away, in its native format.
type File struct {
	Name  string
	Write func(ctx context.Context, org core.ID, w io.Writer) error
}

// Folder is files of what an organization takes away whose number is not known before.
type Folder func(ctx context.Context, org core.ID, create func(name string) (io.Writer, error)) error

// Needs is everything that the module can reach.
type Needs struct {
	Gate    core.Gate
	Reader  core.Reader
	Clock   core.Clock
	Sealer  core.Sealer
	Places  Places
	Archive Archive
	Rights  Rights
	People  People
	Vault   Vault
	Days    Days
	// Modules gives every room; Files what is taken away in a format of its own.
	Modules func() []core.Module
	Files   []File
	Folders []Folder
	Prove   func(ctx context.Context, org core.ID, entries ...core.ID) ([]byte, error)
	Origin  string
}

// Module is the room of ends of contract.
type Module struct{ needs Needs }

// New makes the module.
func New(n Needs) *Module {
	if n.Clock == nil {
		n.Clock = clock.Real{}
	}
	return &Module{needs: n}
}

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }
