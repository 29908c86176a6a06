package review

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
var Schema = db.Schema{Module: "review", FS: schemaFS}

// Rights is what this room asks of access.
type Rights interface {
	// Assign gives a role that the approver may give.
	Assign(ctx context.Context, tx core.Tx, a core.Assignment) (core.ID, error)
	// AssignJudged gives a role that is not grave on the word of a line manager.
	AssignJudged(ctx context.Context, tx core.Tx, a core.Assignment) (core.ID, error)
	Revoke(ctx context.Context, tx core.Tx, assignment core.ID, reason string) error
	// MayGive refuses a person who could not assign this role.
	MayGive(ctx context.Context, tx core.Tx, person, org core.ID, role string) error
	// Holders gives the persons to whom a role is assigned in an organization now.
	Holders(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error)
}

// Lines is what this room reads of assignments.
type Lines interface {
	LiveIn(ctx context.Context, tx core.Tx, org core.ID) ([]core.Assignment, error)
	AssignmentsOf(ctx context.Context, tx core.Tx, person core.ID) ([]core.Assignment, error)
	// RoleUse gives the last day on which a person used anything that a role holds; zero when never.
	RoleUse(ctx context.Context, tx core.Tx, org, person core.ID, role string) (time.Time, error)
	// LastAct gives the last day on which a person did anything anywhere.
	LastAct(ctx context.Context, tx core.Tx, person core.ID) (time.Time, error)
	IsStaff(ctx context.Context, tx core.Tx, person core.ID) (bool, error)
}

// Members is what this room asks of organizations.
type Members interface {
	MemberOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.Membership, bool, error)
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
	// ManagerOf gives the person who manages another; ManagedBy the other way round.
	ManagerOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.ID, bool, error)
	ManagedBy(ctx context.Context, tx core.Tx, org, person core.ID) ([]core.ID, error)
	// MembersAt gives the active members of a date, by person after one, at most limit.
	MembersAt(ctx context.Context, tx core.Tx, org core.ID, at time.Time, after core.ID, limit int) ([]core.Membership, error)
}

// Orgs lists organizations.
type Orgs interface {
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
	AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error)
}

// People names persons and writes to them.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	SignedInAt(ctx context.Context, tx core.Tx, persons ...core.ID) (map[core.ID]time.Time, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
	// Alert is Send with a "this wasn't me" link.
	Alert(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text, about string) error
}

// Departures ends memberships: assignments, sessions and tokens end with them, in one transaction (ACC-6.2).
type Departures interface {
	Remove(ctx context.Context, org core.ID, members []core.ID, reason string) error
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate       core.Gate
	Reader     core.Reader
	Clock      core.Clock
	Sealer     core.Sealer
	Rights     Rights
	Lines      Lines
	Members    Members
	Orgs       Orgs
	People     People
	Departures Departures
	// Roles lists the roles that an organization can assign.
	Roles func(ctx context.Context, tx core.Tx, org core.ID) ([]Role, error)
	// Charts tells whether a person can change who manages whom in an organization.
	Charts func(ctx context.Context, tx core.Tx, org, person core.ID) (bool, error)
	// Addresses reads the e-mail addresses of a sheet (CSV or workbook).
	Addresses func(sheet []byte) ([]string, error)
	// Seats gives the sessions used since a moment by whoever used more than one.
	Seats func(ctx context.Context, tx core.Tx, since time.Time) ([]Seat, error)
	// Place knows where an address is, when the operator gave a GeoIP file; nil otherwise.
	Place func(address string) (Spot, bool)
	// ReviewDays and UnusedDays are settings in force.
	ReviewDays func(ctx context.Context, tx core.Tx, org core.ID) (int, error)
	UnusedDays func(ctx context.Context, tx core.Tx, org core.ID) (int, error)
	Origin     string
}

// Role is a role that can be asked for.
type Role struct {
	ID                 string
	Title, Description core.Text
	Service            string // a role of one service
	Grave              bool   // an administrator confirms what a line manager granted
}

// Module is the room of requests and reviews.
type Module struct{ needs Needs }

// New makes the module.
func New(n Needs) *Module { return &Module{needs: n} }

func (m *Module) now() time.Time { return m.needs.Clock.Now() }

// Now is the time by the module's clock, for its pages.
func (m *Module) Now() time.Time { return m.now() }
