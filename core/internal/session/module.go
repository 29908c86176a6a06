package session

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema gives the tables of the module.
func Schema() db.Schema {
	sub, err := fs.Sub(schema, "schema")
	if err != nil {
		panic(err) // embedded
	}
	return db.Schema{Module: "session", FS: sub}
}

// Organizations tells who belongs where: the module of organizations.
type Organizations interface {
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
	MemberOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.Membership, bool, error)
	// PersonsOf lists the persons who are active members of an organization, by id, after one, at most limit.
	PersonsOf(ctx context.Context, tx core.Tx, org, after core.ID, limit int) ([]core.ID, error)
}

// Access tells who is kept out: the module of access.
type Access interface {
	// Stands gives the error of an address that none of orgs allows, and tells whether a person is suspended everywhere or in all of them.
	Stands(ctx context.Context, tx core.Tx, person core.ID, addr netip.Addr, orgs ...core.ID) (suspended bool, err error)
}

// People tells who is who: the module of identity.
type People interface {
	Person(ctx context.Context, tx core.Tx, id core.ID) (core.Person, error)
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
}

// Needs is everything that this module can reach.
type Needs struct {
	Gate          core.Gate
	Store         core.Reader
	Settings      core.Settings
	Sealer        core.Sealer
	Mailer        core.Mailer
	Clock         core.Clock
	Log           *slog.Logger
	Organizations Organizations
	Access        Access
	People        People
}

// Module keeps sessions.
type Module struct {
	needs   Needs
	touches touches
}

// New makes the module.
func New(n Needs) *Module {
	if n.Clock == nil {
		n.Clock = clock.Real{}
	}
	if n.Log == nil {
		n.Log = slog.Default()
	}
	return &Module{needs: n}
}

// The acts of this module.
var (
	ListOwn = core.ActDef{
		Permission: "session.list_own", Resource: "session", Verb: core.Reads, Reach: core.BySelf, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Voir ses propres sessions", EN: "See one's own sessions"},
	}
	EndOwn = core.ActDef{
		Permission: "session.end_own", Resource: "session", Verb: core.Deletes, Reach: core.BySelf, Purpose: core.PurposeSecurity,
		Fresh: 15 * time.Minute,
		Title: core.Text{FR: "Mettre fin à ses propres sessions", EN: "End one's own sessions"},
	}
	SignOut = core.ActDef{
		Permission: "session.sign_out", Resource: "session", Verb: core.Deletes, Reach: core.BySelf, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Se déconnecter", EN: "Sign out"},
	}
	LockOwn = core.ActDef{
		Permission: "session.lock", Resource: "session", Verb: core.Updates, Reach: core.BySelf, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Verrouiller sa session", EN: "Lock one's session"},
	}
	List = core.ActDef{
		Permission: "session.list", Resource: "session", Verb: core.Reads, Purpose: core.PurposeSecurity,
		Holders: []string{"admin", "security", "auditor", "provider.admin", "provider.operator", "provider.auditor"},
		Title:   core.Text{FR: "Voir les sessions des membres", EN: "See members' sessions"},
	}
	End = core.ActDef{
		Permission: "session.end", Resource: "session", Verb: core.Deletes, Purpose: core.PurposeSecurity, Fresh: 15 * time.Minute,
		Holders: []string{"admin", "security", "provider.admin", "provider.operator"},
		Title:   core.Text{FR: "Mettre fin aux sessions des membres", EN: "End members' sessions"},
	}
	EndStolen = core.ActDef{
		Permission: "session.end_stolen", Resource: "session", Verb: core.Deletes, Reach: core.BySystem, Purpose: core.PurposeSecurity,
		Title: core.Text{FR: "Mettre fin à une session volée", EN: "End a stolen session"},
	}
)

var (
	touchDuty = core.Duty{Name: "session.touch", Why: "marks of last use and generations: written by every use, they say nothing that the journal of acts does not"}
	sweepDuty = core.Duty{Name: "session.sweep", Why: "sessions past every limit are marked ended: no one acts"}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	connection := core.Column{Category: "connection", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "session"}
	sealed, secret := connection, connection
	sealed.Sealed = true
	secret.Secret = true
	return core.Manifest{
		Activities: activities, Rules: rules,
		Module: "session",
		Title:  core.Text{FR: "Sessions", EN: "Sessions"},
		Tables: []core.Table{{
			Name: "session_session", Title: core.Text{FR: "Sessions", EN: "Sessions"},
			Columns: core.Columns(
				core.Plain("id", "generation", "moved_at", "staff", "aal", "reason"),
				core.Personal(secret, "secret", "pace"),
				core.Personal(connection, "person", "account", "device", "browser", "system",
					"began_at", "used_at", "proved_at", "locked_at", "ended_at"),
				core.Personal(sealed, "address"),
			),
		}},
		Acts:   []*core.ActDef{&ListOwn, &EndOwn, &SignOut, &LockOwn, &List, &End, &EndStolen},
		Duties: []*core.Duty{&touchDuty, &sweepDuty, &ageDuty},
	}
}

// Sweep marks what no policy can still allow as ended: a job runs it each hour. What ended long ago goes by its retention rule.
func (m *Module) Sweep(ctx context.Context) error {
	now := m.needs.Clock.Now()
	return m.needs.Gate.Keep(ctx, &sweepDuty, func(tx core.Tx) error {
		if _, err := tx.Exec(ctx, qExpire, clock.Micros(now.Add(-longest)), clock.Micros(now)); err != nil {
			return fmt.Errorf("session: sweep: %w", err)
		}
		return nil
	})
}

// ExportPerson gives the person's sessions, without their secrets.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	all, err := db.All(ctx, tx, qOfPerson, scanKept, person)
	if err != nil {
		return fmt.Errorf("session: export: %w", err)
	}
	for _, k := range all {
		v := m.view(ctx, k, core.SessionPolicy{}, "")
		err := emit(core.Record{Table: "session_session", Values: map[string]any{
			"id": string(k.id), "device": string(k.device), "browser": k.browser, "system": k.system, "address": v.Address, "aal": k.aal,
			"began_at": clock.Stamp(k.began), "used_at": clock.Stamp(k.used), "proved_at": clock.Stamp(k.proved), "ended_at": clock.Stamp(k.ended), "reason": k.reason,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson removes the person's sessions, which ends them.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	n, err := tx.Exec(ctx, qErase, person)
	if err != nil {
		return nil, fmt.Errorf("session: erase: %w", err)
	}
	return []core.Receipt{{Table: "session_session", Deleted: n}}, nil
}
