package access

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/edge"
)

// Members tells who belongs to an organization: the module of organizations.
type Members interface {
	// MemberOf gives the membership of a person in org, in any state; false when there never was one.
	MemberOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.Membership, bool, error)
	// Memberships gives every membership of a person.
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
}

// Roster lists organizations and their members, for the tables of this module's pages.
type Roster interface {
	// MembersAt gives the persons who were active members of org at a date, by person after one, at most limit.
	MembersAt(ctx context.Context, tx core.Tx, org core.ID, at time.Time, after core.ID, limit int) ([]core.Membership, error)
	// AllOrgs gives the client organizations by id, after one, at most limit.
	AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error)
	// Org gives one organization.
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
}

// People names persons: the module of identities.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	PersonByEmail(ctx context.Context, tx core.Tx, email string) (core.Person, bool, error)
}

// Services tells the service accounts of an organization: the module of tokens.
type Services interface {
	// ServiceName gives the name of an open service account of org; false when it is not one.
	ServiceName(ctx context.Context, tx core.Tx, org, service core.ID) (string, bool, error)
}

// Duties closes clients' data to provider staff who owe something: the module of attestations.
type Duties interface {
	// Blocked refuses, with an Error, an act of a member of staff who is not up to date.
	Blocked(ctx context.Context, tx core.Tx, person core.ID, act *core.Act) error
}

// Needs is everything that the module can reach. Members and Clock are required to decide; the rest serves its verbs
// and pages. What is made after this module (the gate is made of it) is set before the first request.
type Needs struct {
	Gate     core.Gate
	Members  Members
	Roster   Roster
	People   People
	Services Services // nil: there are no service accounts
	Duties   Duties   // nil: staff owe nothing
	Mail     core.Mailer
	Sealer   core.Sealer
	Settings core.Settings
	Clock    core.Clock
	// Manifests of every module; Learn adds those that are made later.
	Manifests []core.Manifest
	// Routes lists every route, for the probes that walk them.
	Routes func() []edge.Route
	// Policies replaces the embedded ones, in tests.
	Policies []Policy
}

// Module implements core.Decider and holds the verbs on rights.
type Module struct {
	Needs    *Needs
	policies []Policy
	cat      atomic.Pointer[catalogue]
	usage    usage
}

var _ core.Decider = (*Module)(nil)

// New makes the module. A mistake in the policies or in the manifests (a permission that is not noun.verb, a role that
// nobody declares) is an error.
func New(n Needs) (*Module, error) {
	m := &Module{Needs: &n}
	var err error
	if m.policies = n.Policies; m.policies == nil {
		if m.policies, err = Policies(); err != nil {
			return nil, err
		}
	}
	n.Manifests = append([]core.Manifest{m.Manifest()}, n.Manifests...)
	if err := m.learn(n.Manifests); err != nil {
		return nil, err
	}
	return m, nil
}

// Learn adds the manifests of modules that were made after this one; its own may be among them. Call it before serving.
func (m *Module) Learn(manifests ...core.Manifest) error {
	return m.learn(append(m.Needs.Manifests[:len(m.Needs.Manifests):len(m.Needs.Manifests)], manifests...))
}

func (m *Module) learn(manifests []core.Manifest) error {
	var all []core.Manifest
	seen := map[string]bool{}
	for _, mf := range manifests {
		if mf.Module == "" {
			return fmt.Errorf("access: a manifest has no module name")
		}
		if !seen[mf.Module] {
			seen[mf.Module] = true
			all = append(all, mf)
		}
	}
	cat, err := newCatalogue(all, m.policies)
	if err != nil {
		return err
	}
	m.Needs.Manifests = all
	m.cat.Store(cat)
	return nil
}
