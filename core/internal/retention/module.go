package retention

import (
	"context"
	"embed"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "retention", FS: schemaFS}

// Days gives the number of days that a setting says.
type Days interface {
	Days(ctx context.Context, tx core.Tx, org core.ID, key string) (days int, found bool, err error)
}

// Places tells which organizations there are and who belongs to them.
type Places interface {
	AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error)
	// Ever lists the persons who are or were members of an organization.
	Ever(ctx context.Context, tx core.Tx, org, after core.ID, limit int) ([]core.ID, error)
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
	// Gone lists persons all of whose memberships have ended.
	Gone(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.ID, error)
}

// People names persons, finds them and writes to them.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
	PersonByEmail(ctx context.Context, tx core.Tx, email string) (core.Person, bool, error)
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Find gives the person of an address, for forms that name one, to whoever may see legal holds in org: to others it would tell
// who has an account.
func (m *Module) Find(ctx context.Context, org core.ID, email string) (id core.ID, err error) {
	email = strings.TrimSpace(email)
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadHolds, Org: org}, func(tx core.Tx) error {
		if email == "" {
			return nil
		}
		p, found, err := m.needs.People.PersonByEmail(ctx, tx, email)
		if err == nil && !found {
			return errNobody
		}
		id = p.ID
		return err
	})
	return id, err
}

// Clients lists the client organizations, for forms of the provider that name one.
func (m *Module) Clients(ctx context.Context) (list []core.Organization, err error) {
	err = m.needs.Gate.Read(ctx, &core.Act{Def: ReadHolds, Org: core.Platform}, func(tx core.Tx) error {
		list = nil
		for after := core.ID(""); ; {
			page, err := m.needs.Places.AllOrgs(ctx, tx, after, 500)
			if err != nil || len(page) == 0 {
				return err
			}
			list = append(list, page...)
			after = page[len(page)-1].ID
		}
	})
	return list, err
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate   core.Gate
	Reader core.Reader
	Clock  core.Clock
	Sealer core.Sealer
	Keys   core.Keymaker
	Index  core.Indexer
	Days   Days
	Places Places
	People People
	// Prove gives entries of a journal with their proofs to a head signed now, as JSON.
	Prove func(ctx context.Context, org core.ID, entries ...core.ID) ([]byte, error)
	// Modules gives every room; Manifests what each keeps.
	Modules   func() []core.Module
	Manifests func() []core.Manifest
	// Eraser erases persons; nil until that room exists.
	Eraser func() personal.Eraser
	// Others are ends by time that a room does by its own means, by name: the journal's pruning.
	Others map[string]func(context.Context) error
	Origin string
}

// Module is the room of retention.
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
