package statistics

import (
	"context"
	"embed"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/lapse"
	"github.com/rempart/rempart/kit/probe"
)

//go:embed schema/*.sql
var schemaFS embed.FS

// Schema is the tables of the module.
var Schema = db.Schema{Module: "statistics", FS: schemaFS}

// Places tells who belongs where, now and before.
type Places interface {
	Members(ctx context.Context, tx core.Tx, org core.ID) ([]core.Membership, error)
	// AllOrgs lists the client organizations by id, after one.
	AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error)
}

// People tells when persons last came in.
type People interface {
	SignedInAt(ctx context.Context, tx core.Tx, persons ...core.ID) (map[core.ID]time.Time, error)
}

// Consents tells whether a person has a consent in force, to an organization, "" to anybody.
type Consents interface {
	AnyGiven(ctx context.Context, tx core.Tx, org, person core.ID) (bool, error)
}

// Needs is everything that the module can reach.
type Needs struct {
	Gate     core.Gate
	Reader   core.Reader
	Clock    core.Clock
	Places   Places
	People   People
	Consents Consents
}

// Module is the room of statistics.
type Module struct {
	needs  Needs
	random source
}

// New makes the module.
func New(n Needs) *Module { return &Module{needs: n, random: system} }

var holders = []string{"admin", "people", "auditor", "provider.admin", "provider.dpo", "provider.auditor"}

// The acts of this module. Neither shows a personal datum: what is given is a figure with noise.
var (
	See = &core.ActDef{Permission: "statistic.read", Resource: "statistic", Verb: core.Reads, Purpose: core.PurposeService, Quiet: true, Holders: holders, Title: core.Text{FR: "Voir les statistiques", EN: "See the statistics"}}
	Ask = &core.ActDef{Permission: "statistic.ask", Resource: "statistic", Verb: core.Creates, Purpose: core.PurposeService, Holders: []string{"admin", "provider.admin", "provider.dpo"}, Title: core.Text{FR: "Demander une statistique, sur le budget de confidentialité", EN: "Ask for a statistic, from the privacy budget"}}
)

// Trial is the duty of a probe.
var Trial = &core.Duty{Name: "statistic.trial", Why: "removes the figures that a probe asked for about the organization of canaries, and what they cost it"}

var (
	tRoom       = i18n.T("Statistiques", "Statistics")
	tGivenTable = i18n.T("Statistiques données", "Statistics given")
	tFigures    = i18n.T("Leurs chiffres, bruit compris", "Their figures, noise included")
	tBudget     = i18n.T("Budget de confidentialité dépensé", "Privacy budget spent")
	tAct        = i18n.T("Statistiques qui ne désignent personne", "Statistics that single out nobody")
	tAbout      = i18n.T("Compter des groupes de personnes avec un bruit calibré, pour conduire le service", "Count groups of persons with calibrated noise, to run the service")
	tWho        = i18n.T("membres des organisations", "members of organizations")
)

// Manifest declares what the module keeps and does: nothing of a person.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Module: "statistics",
		Title:  probe.Text(tRoom),
		Tables: []core.Table{
			{Name: "statistics_release", Title: probe.Text(tGivenTable), Columns: core.Plain("org", "measure", "period", "milli", "month", "asked_at")},
			{Name: "statistics_figure", Title: probe.Text(tFigures), Columns: core.Plain("org", "measure", "period", "milli", "part", "value")},
			{Name: "statistics_budget", Title: probe.Text(tBudget), Columns: core.Plain("org", "month", "spent")},
		},
		Acts:   []*core.ActDef{See, Ask},
		Duties: []*core.Duty{Trial},
		Activities: []core.Activity{{
			ID: "statistics.figures", Title: probe.Text(tAct), About: probe.Text(tAbout), Part: core.Processor, Purposes: []core.Purpose{core.PurposeService},
			Persons: []core.Text{probe.Text(tWho)}, Tables: []string{"statistics_release", "statistics_figure", "statistics_budget"},
		}},
	}
}

// ExportPerson gives nothing: no figure is about one person.
func (m *Module) ExportPerson(context.Context, core.Tx, core.ID, func(core.Record) error) error {
	return nil
}

// ErasePerson erases nothing: a figure with noise tells nothing of who was counted.
func (m *Module) ErasePerson(context.Context, core.Tx, core.ID) ([]core.Receipt, error) {
	return nil, nil
}

var estates = lapse.Owned(lapse.Estate{Table: "statistics_figure"}, lapse.Estate{Table: "statistics_release"}, lapse.Estate{Table: "statistics_budget"})

// EraseOrg ends what it keeps of an organization whose contract has ended.
func (m *Module) EraseOrg(ctx context.Context, tx core.Tx, org core.ID, _ func(context.Context, core.Archived) error) ([]core.Receipt, error) {
	return estates.Erase(ctx, tx, org)
}

// Estates lists the tables of organizations.
func (*Module) Estates() []core.Receipt { return estates.List() }

// ExportOrg gives what it keeps of an organization, for the organization to take away.
func (m *Module) ExportOrg(ctx context.Context, tx core.Tx, org core.ID, emit func(core.Record) error) error {
	return estates.Export(ctx, tx, org, m.Manifest(), emit)
}
