package token

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
	return db.Schema{Module: "token", FS: sub}
}

// Organizations tells who belongs where: the module of organizations.
type Organizations interface {
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
	MemberOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.Membership, bool, error)
	PersonsOf(ctx context.Context, tx core.Tx, org, after core.ID, limit int) ([]core.ID, error)
}

// Access tells who is kept out: the module of access.
type Access interface {
	// Stands gives the error of an address that none of orgs allows, and tells whether a person is suspended everywhere or in all of them.
	Stands(ctx context.Context, tx core.Tx, person core.ID, addr netip.Addr, orgs ...core.ID) (suspended bool, err error)
}

// People tells who is who: the module of identity.
type People interface {
	People(ctx context.Context, tx core.Tx, ids ...core.ID) (map[core.ID]core.Person, error)
}

// Needs is everything that this module can reach.
type Needs struct {
	Gate          core.Gate
	Store         core.Reader
	Sealer        core.Sealer
	Clock         core.Clock
	Log           *slog.Logger
	Organizations Organizations
	Access        Access
	People        People
	// Catalogue lists the acts of every module: the scopes that a token can have.
	Catalogue func() []*core.ActDef
}

// Module keeps tokens and service accounts.
type Module struct{ needs Needs }

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

const fresh = 15 * time.Minute

func own(permission core.Permission, verb core.Verb, fresh time.Duration, fr, en string) core.ActDef {
	return core.ActDef{
		Permission: permission, Resource: "token", Verb: verb, Reach: core.BySelf, Purpose: core.PurposeSecurity, Fresh: fresh,
		Title: core.Text{FR: fr, EN: en},
	}
}

func ofOrg(permission core.Permission, verb core.Verb, fresh time.Duration, fr, en string, holders ...string) core.ActDef {
	return core.ActDef{
		Permission: permission, Resource: "service_account", Verb: verb, Purpose: core.PurposeSecurity, Fresh: fresh,
		Holders: holders, Title: core.Text{FR: fr, EN: en},
	}
}

// The acts of this module.
var (
	ListOwn   = own("token.list_own", core.Reads, 0, "Voir ses propres jetons", "See one's own tokens")
	CreateOwn = own("token.create_own", core.Creates, fresh, "Créer un jeton personnel", "Create a personal token")
	RotateOwn = own("token.rotate_own", core.Updates, fresh, "Renouveler un jeton personnel", "Renew a personal token")
	EndOwn    = own("token.end_own", core.Deletes, 0, "Mettre fin à un jeton personnel", "End a personal token")

	ListServiceAccounts = ofOrg("service_account.list", core.Reads, 0,
		"Voir les comptes de service et leurs jetons", "See service accounts and their tokens", "admin", "security", "auditor")
	CreateServiceAccount = ofOrg("service_account.create", core.Creates, fresh,
		"Créer un compte de service", "Create a service account", "admin")
	EditServiceAccount = ofOrg("service_account.edit", core.Updates, fresh,
		"Modifier un compte de service", "Change a service account", "admin")
	CloseServiceAccount = ofOrg("service_account.close", core.Deletes, fresh,
		"Fermer un compte de service", "Close a service account", "admin", "security")
	CreateServiceToken = ofOrg("service_account.create_token", core.Creates, fresh,
		"Créer ou renouveler un jeton de compte de service", "Create or renew a token of a service account", "admin")
	EndServiceToken = ofOrg("service_account.end_token", core.Deletes, 0,
		"Mettre fin à un jeton de compte de service", "End a token of a service account", "admin", "security")
)

var (
	usedDuty  = core.Duty{Name: "token.used", Why: "the day of last use of a token: one mark a day, the acts done with it are journaled"}
	replyDuty = core.Duty{Name: "token.reply", Why: "replies kept a day so that a repeated API request acts once: the act itself is journaled"}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	connection := core.Column{Category: "connection", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "session"}
	called := core.Column{Category: "connection", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "session", Sealed: true}
	secret, answered, maker, responsible := connection, connection, connection, connection
	secret.Secret = true
	answered.Retention = "reply"
	answer := answered
	answer.Sealed = true
	maker.OnErase = core.EraseNull
	responsible.OnErase, responsible.Category, responsible.Retention = core.EraseNull, "professional", "membership"
	return core.Manifest{
		Activities: activities, Rules: rules,
		Module: "token",
		Title:  core.Text{FR: "Jetons et comptes de service", EN: "Tokens and service accounts"},
		Tables: []core.Table{
			{
				Name: "token_token", Title: core.Text{FR: "Jetons d'accès", EN: "Access tokens"},
				Columns: core.Columns(
					core.Plain("id", "org", "kind", "scopes", "ends_at", "ended_at", "reason", "made_at"),
					core.Personal(secret, "secret"),
					core.Personal(connection, "owner", "hint", "last_day"), core.Personal(called, "name"),
					core.Personal(maker, "made_by"),
				),
			},
			{
				Name: "token_service", Title: core.Text{FR: "Comptes de service", EN: "Service accounts"},
				Columns: core.Columns(
					core.Plain("org", "id", "made_at", "closed_at", "version"), []core.Column{{Name: "name", Sealed: true}, {Name: "description", Sealed: true}},
					core.Personal(responsible, "responsible", "made_by"),
				),
			},
			{
				Name: "token_reply", Title: core.Text{FR: "Réponses gardées un jour", EN: "Replies kept a day"},
				Columns: core.Columns(
					core.Plain("key", "request", "made_at", "done_at", "status"),
					core.Personal(answered, "actor"),
					core.Personal(answer, "body"),
				),
			},
		},
		Acts: []*core.ActDef{
			&ListOwn, &CreateOwn, &RotateOwn, &EndOwn, &ListServiceAccounts, &CreateServiceAccount, &EditServiceAccount,
			&CloseServiceAccount, &CreateServiceToken, &EndServiceToken,
		},
		Duties: []*core.Duty{&usedDuty, &replyDuty},
	}
}

// ExportPerson gives the person's tokens, without their secrets, and the service accounts they answer for.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	tokens, err := m.ofOwner(ctx, tx, person)
	if err != nil {
		return fmt.Errorf("token: export: %w", err)
	}
	for _, t := range tokens {
		err := emit(core.Record{Table: "token_token", Values: map[string]any{
			"id": string(t.ID), "name": t.Name, "hint": t.Hint, "scopes": t.Scopes, "made_at": clock.Stamp(t.Made), "ends_at": clock.Stamp(t.Ends),
			"last_day": clock.Stamp(t.LastDay), "ended_at": clock.Stamp(t.Ended), "reason": t.Reason,
		}})
		if err != nil {
			return err
		}
	}
	services, err := db.All(ctx, tx, qResponsible, scanService, person)
	if err != nil {
		return fmt.Errorf("token: export: %w", err)
	}
	for _, s := range services {
		if err := m.openText(ctx, &s); err != nil {
			return err
		}
		err := emit(core.Record{Table: "token_service", Values: map[string]any{
			"id": string(s.ID), "org": string(s.Org), "name": s.Name, "responsible": s.Responsible == person, "made": s.MadeBy == person,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson ends and removes the person's tokens; service accounts stay, without a person responsible until their
// organization names another.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	var receipts []core.Receipt
	for _, step := range []struct{ table, query string }{
		{"token_token", qErase}, {"token_token", qEraseMade}, {"token_service", qOrphan}, {"token_service", qEraseMaker}, {"token_reply", qEraseReply},
	} {
		n, err := tx.Exec(ctx, step.query, person)
		if err != nil {
			return nil, fmt.Errorf("token: erase from %s: %w", step.table, err)
		}
		receipts = append(receipts, core.Receipt{Table: step.table, Deleted: n})
	}
	return receipts, nil
}
