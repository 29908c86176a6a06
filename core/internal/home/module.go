package home

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
)

// Places tells in which organizations a person is.
type Places interface {
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
}

// Rights tells what a person may do and what holds them back.
type Rights interface {
	AssignmentsOf(ctx context.Context, tx core.Tx, person core.ID) ([]core.Assignment, error)
	Blocked(ctx context.Context, tx core.Tx, person core.ID, orgs ...core.ID) (core.Block, bool, error)
}

// Needs is everything that this module can reach.
type Needs struct {
	Gate   core.Gate
	Places Places
	Rights Rights
	// RoleTitle names a role of an organization in both languages.
	RoleTitle func(ctx context.Context, tx core.Tx, org core.ID, role string) (core.Text, error)
	// State tells how the installation stands, for the console.
	State func(ctx context.Context) (State, error)
}

// State is how the installation stands.
type State struct {
	Engine   string    // "sqlite" or "postgres"
	Logs     int       // logs of the journal: one per organization and the platform's
	Entries  uint64    // entries of all logs
	Unsigned uint64    // entries that no checkpoint covers yet
	SignedAt time.Time // newest checkpoint
	Sound    bool      // the journal agrees with the last checkpoint seen
	NoSheet  bool      // no recovery sheet of the root key was ever made
	NoCopy   bool      // the key store is copied nowhere
}

// Module is the room where one arrives.
type Module struct{ needs Needs }

// New makes the module.
func New(n Needs) *Module { return &Module{needs: n} }

// The acts of this module: one's own, and quiet since they show nothing that is not.
var (
	SeeMine = &core.ActDef{
		Permission: "home.read", Resource: "person", Verb: core.Reads, Reach: core.BySelf, Purpose: core.PurposeService, Quiet: true,
		Title: core.Text{FR: "Voir ses organisations", EN: "See one's organizations"},
	}
	SeePlace = &core.ActDef{
		Permission: "home.place", Resource: "organization", Verb: core.Reads, Purpose: core.PurposeService, Quiet: true,
		Holders: []string{"member"},
		Title:   core.Text{FR: "Voir sa place dans l'organisation", EN: "See one's place in the organization"},
	}
	SeeConsole = &core.ActDef{
		Permission: "console.read", Resource: "platform", Verb: core.Reads, Purpose: core.PurposeService, Quiet: true, Staff: true,
		Holders: []string{"provider.admin", "provider.operator", "provider.support", "provider.dpo", "provider.auditor"},
		Title:   core.Text{FR: "Ouvrir la console de l'opérateur", EN: "Open the provider's console"},
	}
)

// Manifest declares the acts; the module keeps nothing.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities,
		Module:     "home",
		Title:      core.Text{FR: "Accueil", EN: "Home"},
		Acts:       []*core.ActDef{SeeMine, SeePlace, SeeConsole},
	}
}

// ExportPerson has nothing to give.
func (m *Module) ExportPerson(context.Context, core.Tx, core.ID, func(core.Record) error) error {
	return nil
}

// ErasePerson has nothing to erase.
func (m *Module) ErasePerson(context.Context, core.Tx, core.ID) ([]core.Receipt, error) {
	return nil, nil
}
