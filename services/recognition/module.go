package recognition

import (
	"context"
	"embed"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the service.
var Schema = db.Schema{Module: "recognition", FS: schemaFS}

// Needs is everything that the service can reach.
type Needs struct {
	Gate    core.Gate
	Reader  core.Reader
	Clock   core.Clock
	Sealer  core.Sealer
	Keys    core.Keymaker
	Bulk    Bulk
	Index   core.Indexer
	Rights  Rights
	People  People
	Tokens  Tokens
	Queue   Queue
	Places  Places
	SignUps SignUps // nil: nobody signs up for the service
	Listen  func(topic string, f func(payload string)) (cancel func())
	Client  func(org core.ID) *http.Client
	Dial    func(ctx context.Context, org core.ID, network, address string) (net.Conn, error)
	Origin  string
	Log     *slog.Logger
	// Memory is how many bytes the indexes of cards may take on this node; 0 reads the tables each time.
	Memory int64
}

// Bulk seals and opens many values of one owner with its key read once.
type Bulk interface {
	For(ctx context.Context, owner core.ID) (func(where string, plain []byte) ([]byte, error), error)
	Opener(ctx context.Context, owner core.ID) (func(where string, sealed []byte) ([]byte, error), error)
}

// Rights tells who holds what.
type Rights interface {
	Holders(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error)
}

// People names persons and writes to them.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Tokens makes and ends what the agents of a customer carry.
type Tokens interface {
	Grant(ctx context.Context, org core.ID, name string, responsible core.ID, role string, scopes []core.Permission, until time.Time) (account core.ID, secret string, err error)
	Revoke(ctx context.Context, org, account core.ID, reason string) error
	// Personal makes a token of the actor's own, shown once.
	Personal(ctx context.Context, name string, scopes []core.Permission, until time.Time) (secret string, err error)
}

// Places names organizations.
type Places interface {
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
}

// Module is the service.
type Module struct {
	needs   Needs
	memory  memory
	calls   calls
	support support
	looking looking
}

// New makes the service.
func New(n Needs) *Module {
	m := &Module{needs: n}
	m.memory.load, m.memory.renew = m.loadIndex, m.renewIndex
	m.memory.open(n.Memory, n.Log, n.Listen)
	m.calls.open(m)
	m.support.listen(m)
	return m
}

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }

// Run works on this node until ctx ends.
func (m *Module) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); m.runSupport(ctx) }()
	swept := make(chan struct{})
	go func() { defer close(swept); m.runShelves(ctx) }()
	defer func() { stop(); <-done; <-swept }()
	return m.runExchanges(ctx)
}

// Close ends what New opened.
func (m *Module) Close() error {
	m.memory.close()
	m.calls.close()
	m.support.close()
	return nil
}

// Allows tells whether people of an organization named a destination that the service may call.
func (m *Module) Allows(ctx context.Context, tx core.Tx, org core.ID, address string) (bool, error) {
	if named, err := m.exchangeAt(ctx, tx, org, address); named || err != nil {
		return named, err
	}
	return m.scriptAt(ctx, tx, org, address)
}
