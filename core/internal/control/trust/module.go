package trust

import (
	"context"
	"embed"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/annex"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
func Schema() db.Schema { return db.Schema{Module: "trust", FS: schemaFS} }

// Controls gives the clauses as the live system keeps them.
type Controls interface {
	Clauses(ctx context.Context, f control.Filter) ([]control.Clause, control.Summary, error)
	Promised(ctx context.Context, org core.ID, f control.Filter) ([]control.Clause, control.Summary, error)
	Packs(ctx context.Context) ([]control.PackView, error)
	PinsOf(ctx context.Context, org core.ID) ([]control.Pin, error)
	History(ctx context.Context, pack, clause string, days int) (control.Days, error)
}

// Journal signs heads.
type Journal interface {
	// Head gives the signed head of a log, "" when it holds nothing, and the key to check it with.
	Head(ctx context.Context, org core.ID) (checkpoint, key string, err error)
}

// Organizations names an organization.
type Organizations interface {
	Org(ctx context.Context, tx core.Tx, id core.ID) (core.Organization, error)
}

// Rule is a setting as an organization lives with it.
type Rule struct {
	Key     string
	Title   core.Text
	Floor   string // what the provider imposes, "" for nothing
	Value   string // in force
	Tighter bool   // the organization chose a stricter value of its own
	Clauses []Asked
}

// Asked is what a clause in force asks of a setting.
type Asked struct{ Pack, Clause, Least, Exact string }

// Needs is everything that this module can reach.
type Needs struct {
	Gate     core.Gate
	Reader   core.Reader
	Sealer   core.Sealer
	Clock    core.Clock
	Controls Controls
	Journal  Journal
	Orgs     Organizations
	// Rules gives the settings of an organization, or of the provider; Contacts whom to write to there.
	Rules    func(ctx context.Context, org core.ID) ([]Rule, error)
	Contacts func(ctx context.Context, org core.ID) ([]annex.Contact, error)
	// Attestation says a kind of attestation in words; nil leaves its id.
	Attestation func(kind string) core.Text
	// Origin starts the addresses of links; Version is of the program.
	Origin, Version string
}

// Module is the room of what outsiders see.
type Module struct {
	needs Needs
	mu    sync.Mutex
	shown Facts // what the public page showed last
}

// New makes the module.
func New(n Needs) *Module { return &Module{needs: n} }

var (
	hand  = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "account", OnErase: core.EraseNull}
	label = core.Column{Category: "professional", Purpose: core.PurposeSecurity, Basis: core.LegitimateInterest, Retention: "account", Sealed: true, OnErase: core.Keep}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities,
		Module:     "trust",
		Title:      core.Text{FR: "Annexes et auditeurs", EN: "Annexes and auditors"},
		Tables: []core.Table{
			{Name: "trust_annex", Title: core.Text{FR: "Annexes remises", EN: "Annexes given"}, Columns: core.Columns(
				core.Plain("org", "number", "at", "hash", "document"), core.Personal(hand, "made_by"))},
			{Name: "trust_link", Title: core.Text{FR: "Liens d'auditeurs", EN: "Auditors' links"}, Columns: core.Columns(
				core.Plain("org", "id", "made_at", "ends_at", "ended_at", "visits", "last_at"),
				[]core.Column{{Name: "hash", Secret: true}}, core.Personal(label, "label"), core.Personal(hand, "made_by", "ended_by"))},
			{Name: "trust_page", Title: core.Text{FR: "Page publique de confiance", EN: "Public trust page"}, Columns: core.Columns(
				core.Plain("id", "state", "changed_at"), core.Personal(hand, "changed_by"))},
		},
		Acts: []*core.ActDef{ReadAnnexes, MakeAnnex, ExportControls, ReadLinks, MakeLink, EndLink, VisitLink, ReadTrust, OpenTrust},
	}
}

var (
	qMineAnnex = db.SQL(`SELECT org, number, at FROM trust_annex WHERE made_by = $1 ORDER BY at, org, number`)
	qMineLink  = db.SQL(`SELECT org, 0, made_at FROM trust_link WHERE made_by = $1 OR ended_by = $1 ORDER BY made_at, org, id`)
	qMinePage  = db.SQL(`SELECT id, 0, changed_at FROM trust_page WHERE changed_by = $1 ORDER BY id`)

	qForgetAnnex = db.SQL(`UPDATE trust_annex SET made_by = '' WHERE made_by = $1`)
	qForgetLink  = db.SQL(`UPDATE trust_link SET made_by = CASE WHEN made_by = $1 THEN '' ELSE made_by END, ended_by = CASE WHEN ended_by = $1 THEN '' ELSE ended_by END WHERE made_by = $1 OR ended_by = $1`)
	qForgetPage  = db.SQL(`UPDATE trust_page SET changed_by = '' WHERE changed_by = $1`)
)

// ExportPerson gives what the person made here.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	for _, one := range []struct{ table, query, who, at string }{
		{"trust_annex", qMineAnnex, "made_by", "at"}, {"trust_link", qMineLink, "made_by", "made_at"}, {"trust_page", qMinePage, "changed_by", "changed_at"},
	} {
		list, err := db.All(ctx, tx, one.query, func(scan db.Scan) (core.Record, error) {
			var org string
			var number, at int64
			err := scan(&org, &number, &at)
			return core.Record{Table: one.table, Values: map[string]any{
				"org": org, "number": number, one.at: clock.FromMicros(at).Format(time.RFC3339), one.who: string(person),
			}}, err
		}, person)
		if err != nil {
			return err
		}
		for _, r := range list {
			if err := emit(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// ErasePerson forgets who made and ended what; annexes name nobody and stay.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	var list []core.Receipt
	for _, one := range []struct{ table, query string }{{"trust_annex", qForgetAnnex}, {"trust_link", qForgetLink}, {"trust_page", qForgetPage}} {
		n, err := tx.Exec(ctx, one.query, person)
		if err != nil {
			return nil, err
		}
		list = append(list, core.Receipt{Table: one.table, Deleted: n})
	}
	return list, nil
}
