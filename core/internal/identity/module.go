package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/password"
)

// Members tells to which organizations a person belongs.
type Members interface {
	Memberships(ctx context.Context, tx core.Tx, person core.ID) ([]core.Membership, error)
	MemberOf(ctx context.Context, tx core.Tx, org, person core.ID) (core.Membership, bool, error)
}

// Sessions ends sessions.
type Sessions interface {
	EndAll(ctx context.Context, tx core.Tx, person, except core.ID, reason string) (int64, error)
}

// Tokens ends access tokens.
type Tokens interface {
	EndAll(ctx context.Context, tx core.Tx, person core.ID, reason string) (int64, error)
}

// Needs is everything that this module can reach.
type Needs struct {
	Gate     core.Gate
	Reader   core.Reader
	Clock    core.Clock
	Sealer   core.Sealer
	Keys     core.Keymaker
	Index    core.Indexer
	Settings core.Settings
	Mail     core.Mailer
	Members  Members
	Sessions Sessions
	Tokens   Tokens
	// Masks tells whose data an act must not show; nil: everybody's may be shown.
	Masks Masks
	// Told hears of a profile that was written, as it was and as it is, in the same transaction: lists of members show names. nil tells
	// nobody.
	Told func(ctx context.Context, tx core.Tx, before, p core.Person) error
	// Reported opens an incident for a "this wasn't me" in the same transaction, and gives the act that tells of it (ACC-10.1).
	Reported func(ctx context.Context, tx core.Tx, report core.ID, by core.Person) (*core.Act, error)
	// Hasher bounds the work of hashing; the standard cost and limits when nil.
	Hasher *password.Hasher
	// Breached are the lists of stolen passwords: the one that ships when none is given.
	Breached []*password.List
	// Origin is the configured address of the platform, for links in mails: "https://trust.example.org".
	Origin string
}

// Module is the room of persons and of their proofs.
type Module struct{ needs Needs }

// New makes the module.
func New(n Needs) *Module {
	if n.Hasher == nil {
		n.Hasher = password.NewHasher(password.Standard, password.Limits{})
	}
	if len(n.Breached) == 0 {
		n.Breached = []*password.List{password.Common()}
	}
	return &Module{needs: n}
}

// breached tells whether a password is in one of the lists; a list that cannot be read counts as holding it, so that
// the promise is kept and the operator hears of it.
func (m *Module) breached(plain string) bool {
	for _, l := range m.needs.Breached {
		if has, err := l.Has(plain); has || err != nil {
			return true
		}
	}
	return false
}

var (
	profile = core.Column{Category: "identity", Purpose: core.PurposeService, Basis: core.Contract, Retention: "account", OnErase: core.EraseRow}
	// Names, gender, addresses and phone are one sealed value; the sign-in address has a blind index, which is shown to nobody.
	named   = core.Column{Category: "contact", Purpose: core.PurposeService, Basis: core.Contract, Retention: "account", Sealed: true, OnErase: core.EraseRow}
	indexed = core.Column{Category: "contact", Purpose: core.PurposeService, Basis: core.Contract, Retention: "account", Secret: true, OnErase: core.EraseRow}
	towards = core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "account", Sealed: true, OnErase: core.EraseRow}
	// A photo is there because the person put it there, and goes when they say so.
	chosen   = core.Column{Category: "identity", Purpose: core.PurposeService, Basis: core.ConsentBasis, Retention: "account", OnErase: core.EraseRow}
	pictured = core.Column{Category: "identity", Purpose: core.PurposeService, Basis: core.ConsentBasis, Retention: "account", Sealed: true, OnErase: core.EraseRow}

	secret = core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.Contract, Retention: "account", Secret: true, OnErase: core.EraseRow}
	trace  = core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "account", OnErase: core.EraseRow}
	sealed = core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.Contract, Retention: "account", Secret: true, Sealed: true, OnErase: core.EraseRow}
	noted  = core.Column{Category: "security", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "12m", Sealed: true, OnErase: core.EraseRow}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities, Rules: rules,
		Module: "identity",
		Title:  core.Text{FR: "Personnes et comptes", EN: "Persons and accounts"},
		Tables: []core.Table{
			{Name: "identity_person", Title: core.Text{FR: "Personnes", EN: "Persons"}, Columns: core.Columns(
				core.Personal(profile, "id", "language", "functional", "responsible", "state", "created_at", "updated_at"),
				core.Personal(named, "profile"), core.Personal(indexed, "mark"))},
			{Name: "identity_photo", Title: core.Text{FR: "Photos", EN: "Photos"}, Columns: core.Columns(
				core.Personal(chosen, "person", "id", "set_at"), core.Personal(pictured, "picture"))},
			{Name: "identity_account", Title: core.Text{FR: "Comptes", EN: "Accounts"}, Columns: core.Columns(
				core.Personal(profile, "id", "person", "created_at"), core.Personal(indexed, "mark"), core.Personal(trace, "signed_in_at"))},
			{Name: "identity_password", Title: core.Text{FR: "Mots de passe (empreintes)", EN: "Passwords (hashes)"}, Columns: core.Columns(
				core.Personal(trace, "person", "set_at", "compromised_at"), core.Personal(secret, "hash"))},
			{Name: "identity_password_old", Title: core.Text{FR: "Anciens mots de passe (empreintes)", EN: "Former passwords (hashes)"}, Columns: core.Columns(
				core.Personal(trace, "person", "set_at"), core.Personal(secret, "hash"))},
			{Name: "identity_factor", Title: core.Text{FR: "Seconds facteurs", EN: "Second factors"}, Columns: core.Columns(
				core.Personal(trace, "id", "person", "kind", "last_step", "created_at", "confirmed_at", "used_at"), core.Personal(sealed, "secret"))},
			{Name: "identity_recovery", Title: core.Text{FR: "Codes de secours (empreintes)", EN: "Recovery codes (hashes)"}, Columns: core.Columns(
				core.Personal(trace, "person", "created_at", "used_at"), core.Personal(secret, "mark", "salt"))},
			{Name: "identity_link", Title: core.Text{FR: "Liens à usage unique (empreintes)", EN: "Single-use links (hashes)"}, Columns: core.Columns(
				core.Personal(trace, "kind", "person", "created_at", "expires_at", "used_at"), core.Personal(towards, "details"), core.Personal(secret, "mark"))},
			{Name: "identity_report", Title: core.Text{FR: "Signalements « ce n'est pas moi »", EN: "\"This wasn't me\" reports"}, Columns: core.Columns(
				core.Personal(trace, "id", "person", "source", "about", "state", "created_at", "handled_at", "handled_by"), core.Personal(noted, "conclusion"))},
		},
		Acts: []*core.ActDef{
			&readSecurity, &ReadProfile, &changeProfile, &changePhoto, &removePhoto, &readOwnPhoto, &ReadPhoto, &changePassword, &enrolFactor, &removeFactor, &renewCodes,
			&AskAddress, &changeAddress, &undoAddress, &openReport, &openOwnReport, &ListReports, &HandleReports, &SeeAccount, &FlagAccount, &ResetAccount, &UnbindFactor,
		},
		Duties: []*core.Duty{&indexing, &guessing, &ageing},
	}
}

// ExportPerson gives every datum held about a person, without secrets.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	if err := m.exportProfile(ctx, tx, person, emit); err != nil {
		return err
	}
	if err := m.exportLinks(ctx, tx, person, emit); err != nil {
		return err
	}
	for _, e := range []struct {
		table, query string
		columns      []string
	}{
		{"identity_account", qExportAccount, []string{"id", "created_at", "signed_in_at"}},
		{"identity_password", qExportPassword, []string{"set_at", "compromised_at"}},
		{"identity_password_old", qExportOld, []string{"set_at"}},
		{"identity_factor", qExportFactors, []string{"id", "created_at", "confirmed_at", "used_at"}},
		{"identity_recovery", qExportCodes, []string{"created_at", "used_at"}},
		{"identity_report", qReportsOf, []string{"id", "person", "source", "about", "state", "created_at", "handled_at", "", ""}},
	} {
		if err := export(ctx, tx, e.table, e.query, e.columns, person, emit); err != nil {
			return fmt.Errorf("identity: export %s: %w", e.table, err)
		}
	}
	return m.exportPhoto(ctx, tx, person, emit)
}

// exportProfile gives what is kept of who they are.
func (m *Module) exportProfile(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	p, ok, err := m.one(ctx, tx, qPerson, person)
	if err != nil || !ok {
		return err
	}
	return emit(core.Record{Table: "identity_person", Values: map[string]any{
		"id": string(p.ID), "given_name": p.GivenName, "family_name": p.FamilyName, "gender": p.Gender, "email": p.Email, "email2": p.Email2,
		"phone": p.Phone, "language": p.Language, "functional": p.Functional, "responsible": string(p.Responsible), "state": p.State,
		"created_at": p.CreatedAt.Format(exported),
	}})
}

// exportLinks gives the links that were sent to them, and what each was about.
func (m *Module) exportLinks(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	type link struct {
		mark, kind             string
		details                []byte
		created, expires, used int64
	}
	list, err := db.All(ctx, tx, qExportLinks, func(scan db.Scan) (l link, err error) {
		return l, scan(&l.mark, &l.kind, &l.details, &l.created, &l.expires, &l.used)
	}, person)
	if err != nil {
		return fmt.Errorf("identity: export links: %w", err)
	}
	for _, l := range list {
		about, err := m.openAbout(ctx, person, l.mark, l.details)
		if err != nil && core.KindOf(err) != core.Gone {
			return err
		}
		err = emit(core.Record{Table: "identity_link", Values: map[string]any{
			"kind": l.kind, "about": about, "created_at": moment(l.created), "expires_at": moment(l.expires), "used_at": moment(l.used),
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// exported is how a moment is written for the person.
const exported = time.RFC3339

func moment(us int64) string {
	if us == 0 {
		return ""
	}
	return clock.FromMicros(us).Format(exported)
}

// export reads rows as they are; an unnamed column is left out, and a moment is written in words of RFC 3339.
func export(ctx context.Context, tx core.Tx, table, query string, columns []string, person core.ID, emit func(core.Record) error) error {
	rows, err := db.All(ctx, tx, query, func(scan db.Scan) (map[string]any, error) {
		cells, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			dest[i] = &cells[i]
		}
		if err := scan(dest...); err != nil {
			return nil, err
		}
		values := map[string]any{}
		for i, name := range columns {
			if us, number := cells[i].(int64); number && len(name) > 3 && name[len(name)-3:] == "_at" {
				cells[i] = moment(us)
			}
			if name != "" {
				values[name] = cells[i]
			}
		}
		return values, nil
	}, person)
	if err != nil {
		return err
	}
	for _, v := range rows {
		if err := emit(core.Record{Table: table, Values: v}); err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson erases a person with everything that proves who they are. Nothing stays here: what the law asks to keep
// is in the journal.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	var receipts []core.Receipt
	for _, e := range []struct{ table, query string }{
		{"identity_photo", qPhotoDrop},
		{"identity_report", qEraseReports},
		{"identity_link", qEraseLinks},
		{"identity_recovery", qCodesDrop},
		{"identity_factor", qEraseFactors},
		{"identity_password_old", qEraseOld},
		{"identity_password", qErasePassword},
		{"identity_account", qEraseAccount},
		{"identity_person", qErasePerson},
	} {
		n, err := tx.Exec(ctx, e.query, person)
		if err != nil {
			return nil, fmt.Errorf("identity: erase %s: %w", e.table, err)
		}
		receipts = append(receipts, core.Receipt{Table: e.table, Deleted: n})
	}
	if _, err := tx.Exec(ctx, qReportForget, person); err != nil {
		return nil, fmt.Errorf("identity: erase: %w", err)
	}
	return receipts, nil
}
