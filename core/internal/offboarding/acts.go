package offboarding

import (
	"context"
	"fmt"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
)

const fresh = 15 * time.Minute

func act(p core.Permission, verb core.Verb, fr, en string, holders ...string) *core.ActDef {
	return &core.ActDef{Permission: p, Resource: "offboarding", Verb: verb, Purpose: core.PurposeLegal, Holders: holders, Title: core.Text{FR: fr, EN: en}}
}

func grave(d *core.ActDef) *core.ActDef { d.Fresh = fresh; return d }
func staff(d *core.ActDef) *core.ActDef { d.Staff = true; return d }
func quiet(d *core.ActDef) *core.ActDef { d.Quiet = true; return d }

// The acts of this module.
var (
	Read = quiet(act("offboarding.read", core.Reads, "Voir la fin de contrat et son compte à rebours", "See the end of the contract and its countdown",
		"member", "admin", "auditor"))
	Ask     = grave(act("offboarding.ask", core.Creates, "Demander la fin du contrat de son organisation", "Ask for the end of the contract of one's organization", "admin"))
	CallOff = grave(act("offboarding.call_off", core.Updates, "Renoncer à la fin du contrat avant son terme", "Call off the end of the contract before its date", "admin"))
	Extend  = act("offboarding.extend", core.Updates, "Demander plus de temps pour tout emporter", "Ask for more time to take everything away", "admin")
	Take    = grave(act("offboarding.take", core.Exports, "Emporter tout ce que l'organisation détient", "Take away everything that the organization holds", "admin"))

	List    = staff(quiet(act("offboarding.list", core.Reads, "Voir les fins de contrat", "See ends of contracts", "provider.admin", "provider.operator", "provider.dpo", "provider.auditor")))
	Set     = staff(grave(act("offboarding.set", core.Creates, "Fixer la fin du contrat d'une organisation", "Set the end of the contract of an organization", "provider.admin")))
	Stop    = staff(grave(act("offboarding.stop", core.Updates, "Annuler une fin de contrat", "Cancel an end of contract", "provider.admin")))
	Judge   = staff(act("offboarding.judge", core.Updates, "Accorder ou refuser plus de temps", "Grant or refuse more time", "provider.admin", "provider.dpo"))
	Certify = staff(act("offboarding.certify", core.Exports, "Télécharger le certificat d'une fin de contrat", "Download the certificate of an end of contract", "provider.admin", "provider.dpo", "provider.auditor"))

	Close  = system("offboarding.close", core.Updates, "Fermer une organisation au terme de son contrat", "Close an organization at the end of its contract")
	Erase  = system("offboarding.erase", core.Deletes, "Effacer une organisation au terme de son contrat", "Erase an organization at the end of its contract")
	Remind = system("offboarding.remind", core.Creates, "Rappeler la fin du contrat aux administrateurs", "Recall the end of the contract to administrators")
)

func system(p core.Permission, verb core.Verb, fr, en string) *core.ActDef {
	d := act(p, verb, fr, en)
	d.Reach = core.BySystem
	return d
}

var (
	who  = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "contract", OnErase: core.EraseNull}
	text = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegalObligation, Retention: "contract", Sealed: true, OnErase: core.Keep}
)

var rules = []core.RetentionRule{{
	Name: "contract", Title: core.Text{FR: "sept ans après la fin du contrat", EN: "seven years after the contract ends"},
	From: core.Text{FR: "fin du contrat", EN: "end of the contract"}, Days: 2557, Ground: core.LegalObligation,
}}

var activities = []core.Activity{{
	ID: "offboarding.contracts", Title: core.Text{FR: "Fins de contrat", EN: "Ends of contracts"},
	About: core.Text{FR: "Laisser une organisation partir avec toutes ses données, puis les effacer et le prouver", EN: "Let an organization leave with all its data, then erase them and prove it"},
	Part:  core.Controller, Purposes: []core.Purpose{core.PurposeLegal},
	Persons: []core.Text{{FR: "administrateurs des organisations clientes", EN: "administrators of client organizations"}},
	Tables:  []string{"offboarding_leaving", "offboarding_extension"},
}}

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Module: "offboarding", Title: core.Text{FR: "Fins de contrat", EN: "Ends of contracts"}, Activities: activities, Rules: rules,
		Tables: []core.Table{
			{Name: "offboarding_leaving", Title: core.Text{FR: "Fins de contrat", EN: "Ends of contracts"}, Columns: core.Columns(
				core.Plain("id", "org", "state", "asked_in", "ends_at", "told", "held", "ended_at", "entry"),
				core.Personal(who, "asked_by", "asked_at"), core.Personal(text, "reason", "name", "certificate"))},
			{Name: "offboarding_extension", Title: core.Text{FR: "Demandes de délai", EN: "Requests for more time"}, Columns: core.Columns(
				core.Plain("id", "org", "leaving", "until_at", "state", "judged_at"),
				core.Personal(who, "asked_by", "asked_at", "judged_by"), core.Personal(text, "reason", "word"))},
		},
		Acts: []*core.ActDef{Read, Ask, CallOff, Extend, Take, List, Set, Stop, Judge, Certify, Close, Erase, Remind},
	}
}

var lapses = lapse.Of(
	lapse.Line{Table: "offboarding_leaving", Rule: "contract", Key: []string{"id"}, Since: "ended_at"},
	lapse.Line{Table: "offboarding_extension", Rule: "contract", Key: []string{"id"}, Since: "judged_at"},
)

// Due tells which organizations have rows whose period began before a date.
func (*Module) Due(ctx context.Context, tx core.Tx, rule string, before time.Time) ([]core.ID, error) {
	return lapses.Due(ctx, tx, rule, before)
}

// Expire ends rows of a retention rule.
func (*Module) Expire(ctx context.Context, tx core.Tx, e core.Expiry) ([]core.Receipt, error) {
	return lapses.Expire(ctx, tx, e)
}

// Expires lists the tables that end by time.
func (*Module) Expires() []core.Receipt { return lapses.Expires() }

var tStays = core.Text{FR: "la preuve de la fin du contrat est gardée sept ans", EN: "the proof of the end of the contract is kept for seven years"}

var estates = lapse.Owned(
	lapse.Estate{Table: "offboarding_leaving", Stays: tStays, Ground: core.LegalObligation},
	lapse.Estate{Table: "offboarding_extension", Stays: tStays, Ground: core.LegalObligation},
)

// EraseOrg tells what stays of an organization whose contract has ended.
func (*Module) EraseOrg(ctx context.Context, tx core.Tx, org core.ID, _ func(context.Context, core.Archived) error) ([]core.Receipt, error) {
	return estates.Erase(ctx, tx, org)
}

// Estates lists the tables of organizations.
func (*Module) Estates() []core.Receipt { return estates.List() }

// ExportOrg gives what it keeps of an organization, for the organization to take away.
func (m *Module) ExportOrg(ctx context.Context, tx core.Tx, org core.ID, emit func(core.Record) error) error {
	return estates.Export(ctx, tx, org, m.Manifest(), emit)
}

var (
	qAsked   = db.SQL(`SELECT id, org, asked_at FROM offboarding_leaving WHERE asked_by = $1 ORDER BY id`)
	qWanted  = db.SQL(`SELECT id, org, asked_at FROM offboarding_extension WHERE asked_by = $1 OR judged_by = $1 ORDER BY id`)
	qForget1 = db.SQL(`UPDATE offboarding_leaving SET asked_by = '' WHERE asked_by = $1`)
	qForget2 = db.SQL(`UPDATE offboarding_extension SET asked_by = CASE WHEN asked_by = $1 THEN '' ELSE asked_by END,
		judged_by = CASE WHEN judged_by = $1 THEN '' ELSE judged_by END WHERE asked_by = $1 OR judged_by = $1`)
)

// ExportPerson gives what a person asked for or judged.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	for _, q := range []struct{ table, query string }{{"offboarding_leaving", qAsked}, {"offboarding_extension", qWanted}} {
		list, err := db.All(ctx, tx, q.query, func(scan db.Scan) (core.Record, error) {
			var id, org string
			var at int64
			err := scan(&id, &org, &at)
			return core.Record{Table: q.table, Values: map[string]any{"id": id, "org": org, "asked_at": at, "asked_by": string(person)}}, err
		}, person)
		if err != nil {
			return fmt.Errorf("offboarding: export: %w", err)
		}
		for _, r := range list {
			if err := emit(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// ErasePerson forgets who asked; the end of the contract stays.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	var all []core.Receipt
	for _, q := range []struct{ table, query string }{{"offboarding_leaving", qForget1}, {"offboarding_extension", qForget2}} {
		n, err := tx.Exec(ctx, q.query, person)
		if err != nil {
			return nil, fmt.Errorf("offboarding: erase: %w", err)
		}
		all = append(all, core.Receipt{Table: q.table, Kept: n, Ground: core.LegalObligation, Why: tStays, Rule: "contract"})
	}
	return all, nil
}
