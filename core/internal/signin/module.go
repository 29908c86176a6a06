package signin

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/password"
)

// People tells who is who: the module of identity.
type People interface {
	Person(ctx context.Context, tx core.Tx, id core.ID) (core.Person, error)
	PersonByEmail(ctx context.Context, tx core.Tx, email string) (core.Person, bool, error)
	AddPerson(ctx context.Context, tx core.Tx, p core.NewPerson) (core.ID, error)
	SignedIn(ctx context.Context, tx core.Tx, person core.ID) error
	Anyone(ctx context.Context, tx core.Tx) (bool, error)
}

// Passwords checks and keeps passwords: the module of identity.
type Passwords interface {
	Credential(ctx context.Context, tx core.Tx, person core.ID) (core.Credential, error)
	CheckPassword(ctx context.Context, c core.Credential, plain string) (ok bool, rehash string, err error)
	UpgradePassword(ctx context.Context, tx core.Tx, c core.Credential, rehash string) error
	NewPassword(ctx context.Context, person core.ID, plain string) (hash string, err error)
	KeepPassword(ctx context.Context, tx core.Tx, person core.ID, hash string) error
}

// Factors checks and keeps second factors: the module of identity.
type Factors interface {
	Factors(ctx context.Context, tx core.Tx, person core.ID) (core.Factors, error)
	CheckTOTP(ctx context.Context, tx core.Tx, person core.ID, code string) (bool, error)
	StartTOTP(ctx context.Context, tx core.Tx, person core.ID, by string) (secret string, err error)
	PendingTOTP(ctx context.Context, tx core.Tx, person core.ID, by string) (secret string, err error)
	ConfirmTOTP(ctx context.Context, tx core.Tx, person core.ID, by, code string) (bool, error)
}

// Codes checks and keeps recovery codes: the module of identity.
type Codes interface {
	MakeCodes(ctx context.Context) (core.RecoveryCodes, error)
	KeepCodes(ctx context.Context, tx core.Tx, person core.ID, batch core.RecoveryCodes) error
	MatchCode(ctx context.Context, person core.ID, code string) (mark string, err error)
	UseCode(ctx context.Context, tx core.Tx, person core.ID, mark string) (bool, error)
}

// Mails tells persons what happens to their account: the module of identity.
type Mails interface {
	Alert(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text, about string) error
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
	MailReset(ctx context.Context, tx core.Tx, person core.ID) error
}

// Links makes and spends single-use links: the module of identity.
type Links interface {
	MakeLink(ctx context.Context, tx core.Tx, kind string, person core.ID, about string, life time.Duration) (token string, err error)
	Link(ctx context.Context, tx core.Tx, kind, token string) (person core.ID, about string, err error)
	UseLink(ctx context.Context, tx core.Tx, kind, token string) (person core.ID, about string, err error)
	CancelLinks(ctx context.Context, tx core.Tx, kind string, person core.ID) error
}

// Organizations tells who belongs where, and makes the provider's: the module of organizations.
type Organizations interface {
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
	AddOrg(ctx context.Context, tx core.Tx, o core.Organization) (core.ID, error)
	AddMember(ctx context.Context, tx core.Tx, x core.Membership) (core.ID, error)
}

// Access tells who is kept out and who holds which role: the module of access.
type Access interface {
	Blocked(ctx context.Context, tx core.Tx, person core.ID, orgs ...core.ID) (core.Block, bool, error)
	AllowedFrom(ctx context.Context, tx core.Tx, person core.ID, addr netip.Addr, orgs ...core.ID) error
	// RolesOf gives the ids of the roles that a person holds now in any organization.
	RolesOf(ctx context.Context, tx core.Tx, person core.ID) ([]string, error)
	// IsStaff tells whether a person holds a role of the provider.
	IsStaff(ctx context.Context, tx core.Tx, person core.ID) (bool, error)
	Assign(ctx context.Context, tx core.Tx, a core.Assignment) (core.ID, error)
}

// Sessions begins and ends sessions: the module of sessions.
type Sessions interface {
	Begin(ctx context.Context, tx core.Tx, n core.NewSession) (secret string, id core.ID, err error)
	Raise(ctx context.Context, tx core.Tx, session core.ID, aal int) (newSecret string, err error)
	Reopen(ctx context.Context, tx core.Tx, session core.ID) (newSecret string, err error)
	EndAll(ctx context.Context, tx core.Tx, person, except core.ID, reason string) (int64, error)
}

// Terms tells what a person has yet to accept: the module of terms.
type Terms interface {
	Due(ctx context.Context, tx core.Tx, person core.ID, orgs ...core.ID) ([]core.Terms, error)
	Accept(ctx context.Context, tx core.Tx, person core.ID, terms ...core.Terms) error
}

// Needs is everything that this module can reach.
type Needs struct {
	Gate     core.Gate
	Reader   core.Reader
	Clock    core.Clock
	Settings core.Settings
	Keys     core.Keymaker
	Sealer   core.Sealer

	People        People
	Passwords     Passwords
	Factors       Factors
	Codes         Codes
	Mails         Mails
	Links         Links
	Organizations Organizations
	Access        Access
	Guards        Holders
	Sessions      Sessions
	Terms         Terms

	// Judge gives the state of every rule for a person ("" for the floors) and a candidate.
	Judge func(ctx context.Context, person core.ID, plain string, own ...string) (password.Verdict, core.PasswordPolicy, error)
	// FirstHash judges and hashes a password for a person who does not exist yet, whose words are given.
	FirstHash func(ctx context.Context, plain string, own ...string) (hash string, err error)
	// Key is a secret of the installation, the same on every node: it signs device cookies and puzzles.
	Key []byte
	// PuzzleBits is how hard the proof of work is: 16 when zero, about a quarter of a second of a browser.
	PuzzleBits int
	// Beat is the beat on which an answer that must not tell accounts apart is given: 50 ms; negative for none.
	Beat time.Duration
}

// Module is the way in.
type Module struct {
	needs    Needs
	browsers *abuse.Browsers
	puzzles  *abuse.Puzzles
	key      []byte

	mu    sync.RWMutex
	steps []Step
}

// New makes the module with the steps that it knows.
func New(n Needs) *Module {
	if n.Beat == 0 {
		n.Beat = 50 * time.Millisecond
	}
	if n.PuzzleBits == 0 {
		n.PuzzleBits = puzzleBits
	}
	m := &Module{needs: n, browsers: abuse.NewBrowsers(n.Key), puzzles: abuse.NewPuzzles(n.Key), key: abuse.Derive(n.Key, "signin")}
	m.Register(mailboxStep, passwordStep, factorStep, changeStep, termsStep, enrolStep)
	return m
}

// Browsers signs and reads the device cookies of this installation.
func (m *Module) Browsers() *abuse.Browsers { return m.browsers }

var (
	passing  = core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "flow", OnErase: core.EraseRow}
	passed   = core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "flow", Secret: true, OnErase: core.EraseRow}
	typed    = core.Column{Category: "contact", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "flow", Sealed: true, OnErase: core.EraseRow}
	device   = core.Column{Category: "connection", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "device", OnErase: core.EraseRow}
	labelled = core.Column{Category: "connection", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "device", Sealed: true, OnErase: core.EraseRow}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities, Rules: rules,
		Module: "signin",
		Title:  core.Text{FR: "Connexion", EN: "Sign-in"},
		Tables: []core.Table{
			{Name: "signin_flow", Title: core.Text{FR: "Connexions en cours", EN: "Sign-ins under way"}, Columns: core.Columns(
				core.Personal(passing, "kind", "person", "browser", "next", "password_at", "factor_at", "mailbox_at", "mailbox_due", "code_at", "tries", "created_at", "expires_at"),
				core.Personal(typed, "typed"), core.Personal(passed, "id", "code"))},
			{Name: "signin_device", Title: core.Text{FR: "Navigateurs connus", EN: "Known browsers"}, Columns: core.Columns(
				core.Personal(labelled, "label"), core.Personal(device, "id", "person", "browser", "created_at", "seen_at", "failures", "wait_until"))},
		},
		Acts: []*core.ActDef{
			&beginFlow, &givePassword, &giveFactor, &sendCode, &giveCode, &chooseFirst, &acceptTerms, &enrol, &comeIn, &checkAddress,
			&checkBlock, &noteAttack, &askReset, &useReset, &proveAgain, &unlock, &listDevices, &forgetDevice, &offerSetup, &foundHouse,
		},
		Duties: []*core.Duty{&beginning, &counting},
	}
}

// ExportPerson gives every datum held about a person, without secrets.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	flows, err := db.All(ctx, tx, qFlowOf, scanFlow, person)
	if err != nil {
		return fmt.Errorf("signin: export: %w", err)
	}
	for _, f := range flows {
		if f.Login, err = m.openLogin(ctx, f); err != nil && core.KindOf(err) != core.Gone {
			return err
		}
		err := emit(core.Record{Table: "signin_flow", Values: map[string]any{
			"kind": f.Kind, "login": f.Login, "created_at": clock.Stamp(f.CreatedAt), "expires_at": clock.Stamp(f.ExpiresAt), "password_at": clock.Stamp(f.PasswordAt), "factor_at": clock.Stamp(f.FactorAt), "mailbox_at": clock.Stamp(f.MailboxAt),
		}})
		if err != nil {
			return err
		}
	}
	devices, err := m.devices(ctx, tx, person)
	if err != nil {
		return fmt.Errorf("signin: export: %w", err)
	}
	for _, d := range devices {
		err := emit(core.Record{Table: "signin_device", Values: map[string]any{
			"id": string(d.ID), "label": d.Label, "created_at": clock.Stamp(d.CreatedAt), "seen_at": clock.Stamp(d.SeenAt), "failures": d.failures,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson erases the sign-ins under way and the known browsers of a person.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	var receipts []core.Receipt
	for _, e := range []struct{ table, query string }{{"signin_flow", qFlowErase}, {"signin_device", qDeviceErase}} {
		n, err := tx.Exec(ctx, e.query, person)
		if err != nil {
			return nil, fmt.Errorf("signin: erase: %w", err)
		}
		receipts = append(receipts, core.Receipt{Table: e.table, Deleted: n})
	}
	return receipts, nil
}
