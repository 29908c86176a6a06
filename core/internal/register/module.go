package register

import (
	"context"
	"embed"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "register", FS: schemaFS}

// Base is the database, to read and to hear of changes: *db.DB.
type Base interface {
	core.Reader
	Listen(topic string, f func(payload string)) (cancel func())
	Columns(ctx context.Context) ([]db.Column, error)
}

// People names persons.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
}

// Orgs lists organizations.
type Orgs interface {
	AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error)
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
}

// Around is what the register says of the platform besides its rooms.
type Around interface {
	// Contact gives where an organization's data-protection officer is written to, "" when it was not said.
	Contact(ctx context.Context, tx core.Tx, org core.ID) (string, error)
	// Values gives the settings in force of an organization.
	Values(ctx context.Context, tx core.Tx, org core.ID) (map[string]string, error)
	// Processors gives the sub-processors in use.
	Processors(ctx context.Context, tx core.Tx) ([]Processor, error)
	// Measures gives the clauses in force for an organization; Platform asks for all.
	Measures(ctx context.Context, tx core.Tx, org core.ID) ([]Measure, error)
}

// Processor is a company that processes data for the provider.
type Processor struct {
	Name    string `json:"name"`
	Service string `json:"service"`
	Country string `json:"country"`
	Outside bool   `json:"outside"`          // of the European Economic Area
	Ground  string `json:"ground,omitempty"` // of the transfer
	Data    string `json:"data"`
}

// Measure is a clause in force: a security measure of article 32, with its state.
type Measure struct {
	Clause  string    `json:"clause"`
	Title   core.Text `json:"title"`
	State   string    `json:"state"`             // held, broken, stale, attested, not_built, outside
	Modules []string  `json:"modules,omitempty"` // whose probes it rests on
	Href    string    `json:"-"`
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate   core.Gate
	DB     Base
	Vault  Base // the database of the keys
	Clock  core.Clock
	Sealer core.Sealer
	Keys   core.Keymaker
	People People
	Orgs   Orgs
	Around Around
	// Pretended gives the facts that a throw-away instance was told, for the probes' own test; none on a live one.
	Pretended func(fact string) (value string, ok bool)
	Log       *slog.Logger
}

// Module is the register.
type Module struct {
	needs     Needs
	manifests []core.Manifest
	rules     map[*core.ActDef]*rule
	loading   sync.Mutex
	state     atomic.Pointer[suspended]
	cancel    func()
}

// New makes the module. Learn and Load come before the first act.
func New(n Needs) *Module {
	if n.Log == nil {
		n.Log = slog.New(slog.DiscardHandler)
	}
	m := &Module{needs: n, rules: map[*core.ActDef]*rule{}}
	m.state.Store(&suspended{})
	return m
}

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }
