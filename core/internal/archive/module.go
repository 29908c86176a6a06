package archive

import (
	"context"
	"embed"
	"io"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "archive", FS: schemaFS}

// People names persons and writes to them.
type People interface {
	Person(ctx context.Context, tx core.Tx, id core.ID) (core.Person, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Seen is one time that somebody else saw or used a person's data, without who it was: an organization and what they are there.
type Seen struct {
	At     time.Time
	Action core.Text // the act, in words
	Org    string    // name of the organization in which it was done
	Who    core.Text // "administrator", "the provider's staff", "a program"
	Refuse bool      // it was refused
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate   core.Gate
	Reader core.Reader
	Clock  core.Clock
	Sealer core.Sealer
	People People
	// Modules are the rooms that give a person's data, and Manifests what each keeps, those of the kit included.
	Modules   func() []core.Module
	Manifests func() []core.Manifest
	// Enqueue writes the job that builds an archive.
	Enqueue func(ctx context.Context, tx core.Tx, archive core.ID) error
	// Seen tells who else saw a person's data, newest first.
	Seen func(ctx context.Context, tx core.Tx, person core.ID, limit int) ([]Seen, error)
	// Orgs names organizations.
	OrgName func(ctx context.Context, tx core.Tx, org core.ID) (string, error)
	// Eraser previews an erasure; nil while there is none.
	Eraser func() personal.Eraser
	// Restrainer tells what a person had restricted.
	Restrainer personal.Restrainer
	// StandsIn names the tables in which a canary stands, for the probe.
	StandsIn func(ctx context.Context, c core.Canary) ([]string, error)
	// Spool makes a file without a name, for what does not fit in memory.
	Spool  func() (io.ReadWriteSeeker, func() error, error)
	Origin string
}

// Module is the room of archives.
type Module struct {
	needs Needs
	words func() catalogue // every table in words, made once
	// survey tells which rooms have nothing to say of a person.
	survey survey
	heads  heads
}

// New makes the module.
func New(n Needs) *Module {
	m := &Module{needs: n}
	m.words = sync.OnceValue(m.describe)
	return m
}

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }
