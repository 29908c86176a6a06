package organization

import (
	"context"
	"embed"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "organization", FS: schemaFS}

// People is what this module needs of identity.
type People interface {
	AddPeople(ctx context.Context, tx core.Tx, people []core.NewPerson) ([]core.ID, error)
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	PersonByEmail(ctx context.Context, tx core.Tx, email string) (core.Person, bool, error)
	UpdatePerson(ctx context.Context, tx core.Tx, p core.Person) error
}

// Forgetting erases a person that an undone import had made and who never came in.
type Forgetting interface {
	ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error)
}

// Rights is what this module needs of access.
type Rights interface {
	Assign(ctx context.Context, tx core.Tx, a core.Assignment) (core.ID, error)
	RevokeAll(ctx context.Context, tx core.Tx, org, person core.ID, reason string) error
	// Given gives the persons to whom a role is assigned in an organization now, those who are invited included.
	Given(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error)
}

// Sessions ends the sessions of a person.
type Sessions interface {
	EndAll(ctx context.Context, tx core.Tx, person, except core.ID, reason string) (int64, error)
}

// Tokens ends the access tokens of a person.
type Tokens interface {
	EndAll(ctx context.Context, tx core.Tx, person core.ID, reason string) (int64, error)
}

// Passwords hands a person who has just proved their address over to the choice of a first password.
type Passwords interface {
	// FirstPassword gives the path of a single-use page where the person chooses a password; "" when they have one.
	FirstPassword(ctx context.Context, tx core.Tx, person core.ID) (path string, err error)
}

// Browsers forgets the browsers that a person is known to use.
type Browsers interface {
	ForgetAll(ctx context.Context, tx core.Tx, person core.ID) error
}

// SignUps tells whether anyone may sign an organization up.
type SignUps interface {
	SignUpOpen(ctx context.Context, tx core.Tx) (bool, error)
}

// Needs is everything that this module can reach.
type Needs struct {
	Gate       core.Gate
	Clock      core.Clock
	Sealer     core.Sealer
	Keys       core.Keymaker
	Mail       core.Mailer
	People     People
	Forgetting Forgetting
	Rights     Rights
	Sessions   Sessions
	Tokens     Tokens
	Passwords  Passwords
	SignUps    SignUps
	Browsers   Browsers     // nil: none are known
	GiveAct    *core.ActDef // what giving a role is called in the journal: access's own
	Moves      Moves        // nil: nothing follows a change of post
	Masks      Masks        // nil: nobody's data are restricted
	// Joined begins the service that a sign-up asked for, once its organization is made; nil: none is asked for.
	Joined func(ctx context.Context, tx core.Tx, service string, org, person core.ID) error
	// Origin is the configured address of the platform, for links in mails: "https://trust.example.org".
	Origin string
}

// Module is the room of organizations.
type Module struct{ needs Needs }

// New makes the module.
func New(n Needs) *Module { return &Module{needs: n} }
