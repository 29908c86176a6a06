package service

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/kit/jobs"
)

// Kind is a service that a house can be built with: its tables are made first, then New is called once.
type Kind struct {
	Name   string // the prefix of its tables, and what a suspension of one service names (ACC-6.1)
	Schema db.Schema
	New    func(Doors) (Service, error)
}

// Schemas gives the tables of services.
func Schemas(kinds []Kind) []db.Schema {
	var all []db.Schema
	for _, k := range kinds {
		all = append(all, k.Schema)
	}
	return all
}

// Doors are those of the house that a service may go through.
type Doors struct {
	Gate   core.Gate
	Reader core.Reader
	Clock  core.Clock
	Sealer core.Sealer
	Keys   core.Keymaker
	Bulk   Bulk
	Index  core.Indexer
	People People
	Rights Rights
	Places Places
	Tokens Tokens
	// SignUps takes organizations that ask for the service by themselves (CTI-3).
	SignUps SignUps
	// Queue takes jobs within the transaction of an act.
	Queue Queue
	// Listen hears of what a transaction notified (core.Tx.Notify), on every node, after its commit.
	Listen func(topic string, f func(payload string)) (cancel func())
	// Client asks addresses that people of an organization typed: each must still be named by a row (Service.Allows).
	Client func(org core.ID) *http.Client
	// Dial connects to such an address, for what does not speak HTTP.
	Dial   func(ctx context.Context, org core.ID, network, address string) (net.Conn, error)
	Origin string // "https://trust.example.org"
	Log    *slog.Logger
}

// Service is what the house takes.
type Service struct {
	core.Module
	Routes []edge.Route
	// Register adds its operations to the API; nil when it has none.
	Register func(*rest.API)
	// Work names its jobs and schedules; nil when it has none.
	Work func(*jobs.Jobs)
	// Run works on this node until ctx ends; nil when there is nothing to do.
	Run func(ctx context.Context) error
	// Allows tells whether a row of an organization names a destination ("host:port") now; nil when people type none.
	Allows func(ctx context.Context, tx core.Tx, org core.ID, address string) (bool, error)
	// Joined begins the service for an organization that signed up for it, within the act that makes the organization; nil when
	// nobody signs up for it.
	Joined func(ctx context.Context, tx core.Tx, org, person core.ID) error
	// Likeness gives the shape of what it keeps of an organization, for a test environment (EMG-2.5), and says every value that stands
	// in it, opened; nil when the service takes no part. Imitate, of the same service in another house, fills an organization with the
	// like of it, and tells how many rows it made.
	Likeness func(ctx context.Context, tx core.Tx, org core.ID, say func(table, column, value string)) (any, error)
	Imitate  func(ctx context.Context, org core.ID, like any, by personal.Inventor) (rows int, err error)
	// Close ends what New opened; nil when it opened nothing.
	Close func() error
}

// Bulk seals and opens many values of one owner with its key read once.
type Bulk interface {
	For(ctx context.Context, owner core.ID) (func(where string, plain []byte) ([]byte, error), error)
	Opener(ctx context.Context, owner core.ID) (func(where string, sealed []byte) ([]byte, error), error)
}

// People names persons and writes to them.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Rights tells who holds what.
type Rights interface {
	// Holders gives the persons to whom a role is assigned in an organization now.
	Holders(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error)
}

// Places names organizations.
type Places interface {
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
}

// Tokens makes the secret that a program of a client carries.
type Tokens interface {
	// Grant makes a service account with these scopes and one secret, shown once; each step is an act of its own. Call it outside
	// of any transaction.
	Grant(ctx context.Context, g Granted) (account core.ID, secret string, err error)
	// Revoke ends a service account and its secrets at once.
	Revoke(ctx context.Context, org, account core.ID, reason string) error
	// Personal makes a token of the actor's own, shown once: their acts, limited to these scopes. Call it outside of any transaction.
	Personal(ctx context.Context, name string, scopes []core.Permission, until time.Time) (secret string, err error)
}

// Granted is a service account to make.
type Granted struct {
	Org         core.ID
	Name        string
	Responsible core.ID // person (CTI-37.1)
	Role        string  // what it may do here at most
	Scopes      []core.Permission
	Until       time.Time
}

// SignUps takes the sign-up of an organization for the service that holds this door. Nothing is made before the link sent to the
// address is opened, and whether an address is known is told to nobody.
type SignUps interface {
	// Open tells whether the provider lets organizations sign themselves up.
	Open(ctx context.Context) (bool, error)
	// Ask keeps what was typed for a day and sends the link; throttled.
	Ask(ctx context.Context, s SignUp) error
}

// SignUp is what somebody types to sign an organization up.
type SignUp struct {
	Organization, TimeZone, GivenName, FamilyName, Email, Language string
}

// Queue takes jobs (kit/jobs) in the transaction of an act.
type Queue interface {
	Enqueue(ctx context.Context, tx core.Tx, j jobs.Job) (core.ID, error)
}
