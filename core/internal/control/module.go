package control

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/policies"
	"github.com/rempart/rempart/verify"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of the module.
func Schema() db.Schema { return db.Schema{Module: "control", FS: files} }

// Values gives live settings.
type Values interface {
	// Values gives every setting in force for an organization, or for Platform, as text by key.
	Values(ctx context.Context, tx core.Tx, org core.ID) (map[string]string, error)
}

// Guard keeps settings above what clauses demand (law 3).
type Guard interface {
	// Gaps tells which promises the provider's settings do not keep, each beside those already in force of other packs.
	Gaps(ctx context.Context, tx core.Tx, promises []core.Promise) ([]core.Gap, error)
	// Tighten sets the provider's settings to what the gaps want, noted in act.
	Tighten(ctx context.Context, tx core.Tx, act *core.Act, gaps []core.Gap) error
	// Promise replaces what a pack demands; no setting can be saved below it from then on.
	Promise(ctx context.Context, tx core.Tx, pack string, promises []core.Promise) error
}

// Journal signs observations and proves their entries.
type Journal interface {
	Sign(text []byte) ([]byte, error)
	Key() verify.Key
	// Size is the number of entries that a log holds.
	Size(ctx context.Context, tx core.Tx, org core.ID) (uint64, error)
	// Prove gives entries of a log, what they say of no person in clear, with their proofs to a signed checkpoint.
	Prove(ctx context.Context, org core.ID, entries ...core.ID) (checkpoint string, lines []*verify.EntryLine, err error)
}

// Organizations lists the clients by id, after one.
type Organizations interface {
	AllOrgs(ctx context.Context, tx core.Tx, after core.ID, limit int) ([]core.Organization, error)
}

// Holders gives the persons who hold a role.
type Holders interface {
	Holders(ctx context.Context, tx core.Tx, org core.ID, role string) ([]core.ID, error)
}

// Notices writes to a person in their language.
type Notices interface {
	Send(ctx context.Context, tx core.Tx, person core.ID, kind string, subject, body core.Text) error
}

// Queue does work later.
type Queue interface {
	Enqueue(ctx context.Context, tx core.Tx, j jobs.Job) (core.ID, error)
}

// Needs is everything that this module can reach.
type Needs struct {
	Gate    core.Gate
	Reader  core.Reader
	Clock   core.Clock
	Sealer  core.Sealer
	Mail    core.Mailer
	Values  Values
	Guard   Guard
	Journal Journal
	Orgs    Organizations
	Roles   Holders
	Notices Notices
	Jobs    Queue
	// Probes lists the probes of every module.
	Probes func() []*core.Probe
	// Play runs one on the live system and cleans up after it.
	Play func(ctx context.Context, p *core.Probe) (core.Sight, error)
	// Shipped are the packs of the binary, and Parse reads any other.
	Shipped func() []*policies.Pack
	Parse   func(name string, source []byte) (*policies.Pack, error)
	// Catalogue is what a pack can name.
	Catalogue func() policies.Catalogue
	// Attested gives the newest attestation of each kind; nil when there is none yet.
	Attested func(ctx context.Context, tx core.Tx) ([]Standing, error)
	// Places lists what the configuration lets the platform call.
	Places func() []egress.Place
	// Calls gives a client to what people of an organization typed.
	Calls func(org core.ID) *http.Client
	// Origin starts the links of mails; Version and Node stand in observations.
	Origin, Version, Node string
	Log                   *slog.Logger
}

// Module is the room of clauses.
type Module struct {
	needs  Needs
	stage  sync.RWMutex // held whole by a probe that runs alone
	mu     sync.Mutex
	parsed map[string]*policies.Pack // by hash
	asked  map[string]time.Time      // when each probe was last run on demand here
}

var (
	decider = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.LegitimateInterest, Retention: "account", OnErase: core.EraseNull}
	told    = core.Column{Category: "professional", Purpose: core.PurposeLegal, Basis: core.Contract, Retention: "account", OnErase: core.EraseRow}
)

// Manifest declares what the module keeps and does.
func (m *Module) Manifest() core.Manifest {
	return core.Manifest{
		Activities: activities,
		Module:     "control",
		Title:      core.Text{FR: "Clauses et preuves", EN: "Clauses and proofs"},
		Tables: []core.Table{
			{Name: "control_publication", Title: core.Text{FR: "Versions publiées des politiques", EN: "Published versions of policies"}, Columns: core.Columns(
				core.Plain("pack", "number", "version", "hash", "source", "state", "published_at", "ended_at"), core.Personal(decider, "published_by"))},
			{Name: "control_clause", Title: core.Text{FR: "Clauses des versions publiées", EN: "Clauses of published versions"}, Columns: core.Plain("pack", "number", "clause", "state")},
			{Name: "control_pin", Title: core.Text{FR: "Version promise à chaque organisation", EN: "Version promised to each organization"}, Columns: core.Columns(
				core.Plain("org", "pack", "number", "hash", "pinned_at", "signed_at"), core.Personal(decider, "signed_by"))},
			{Name: "control_told", Title: core.Text{FR: "Personnes prévenues d'une version", EN: "Persons told of a version"}, Columns: core.Columns(
				core.Plain("org", "pack", "number"), core.Personal(told, "person", "told_at"))},
			{Name: "control_observation", Title: core.Text{FR: "Constats des sondes", EN: "Observations of probes"}, Columns: core.Plain("id", "probe", "outcome", "why_fr", "why_en", "population", "sample",
				"settings", "entries", "began_at", "ended_at", "expires_at", "version", "node", "log", "entry", "position", "signature")},
			{Name: "control_probe", Title: core.Text{FR: "État des sondes", EN: "State of probes"}, Columns: core.Plain("probe", "last", "due_at", "runner", "lease", "alert")},
			{Name: "control_status", Title: core.Text{FR: "État des clauses", EN: "State of clauses"}, Columns: core.Plain("pack", "clause", "status", "since")},
			{Name: "control_day", Title: core.Text{FR: "État des clauses par jour", EN: "State of clauses per day"}, Columns: core.Plain("pack", "clause", "day", "held", "broken", "other")},
			{Name: "control_alert", Title: core.Text{FR: "Ruptures de clauses", EN: "Breaks of clauses"}, Columns: core.Plain("id", "probe", "observation", "clauses", "orgs", "began_at", "mended_at", "mended_by")},
			{Name: "control_webhook", Title: core.Text{FR: "Destinations d'alertes", EN: "Where alerts are sent"}, Columns: core.Columns(
				core.Plain("id", "url", "made_at", "last_at", "last_reply"), []core.Column{{Name: "secret", Sealed: true, Secret: true}}, core.Personal(decider, "made_by"))},
		},
		Acts:   []*core.ActDef{ReadClauses, ReadPromises, SignPromises, RunProbe, ObserveProbe, ExportProof, PublishPolicy, TellPolicy, ManageWebhooks},
		Duties: []*core.Duty{dutyLease, dutySweep, dutyStatus, dutyHook, dutyTrial},
	}
}

var (
	qToldOf = db.SQL(`SELECT org, pack, number, told_at FROM control_told WHERE person = $1 ORDER BY told_at, org, pack`)
	qSigned = db.SQL(`SELECT org, pack, number, signed_at FROM control_pin WHERE signed_by = $1 ORDER BY signed_at, org, pack`)
	qMadeBy = db.SQL(`SELECT '', pack, number, published_at FROM control_publication WHERE published_by = $1 ORDER BY published_at, pack`)
	qHookBy = db.SQL(`SELECT id, '', 0, made_at FROM control_webhook WHERE made_by = $1 ORDER BY made_at, id`)

	qForgetTold = db.SQL(`DELETE FROM control_told WHERE person = $1`)
	qForgetSign = db.SQL(`UPDATE control_pin SET signed_by = '' WHERE signed_by = $1`)
	qForgetPub  = db.SQL(`UPDATE control_publication SET published_by = '' WHERE published_by = $1`)
	qForgetHook = db.SQL(`UPDATE control_webhook SET made_by = '' WHERE made_by = $1`)
)

// ExportPerson gives what the person was told, signed, published and set up.
func (m *Module) ExportPerson(ctx context.Context, tx core.Tx, person core.ID, emit func(core.Record) error) error {
	for _, one := range []struct{ query, table, who, at string }{
		{qToldOf, "control_told", "person", "told_at"},
		{qSigned, "control_pin", "signed_by", "signed_at"},
		{qMadeBy, "control_publication", "published_by", "published_at"},
		{qHookBy, "control_webhook", "made_by", "made_at"},
	} {
		list, err := db.All(ctx, tx, one.query, func(scan db.Scan) (core.Record, error) {
			var org, pack string
			var number, at int64
			err := scan(&org, &pack, &number, &at)
			v := map[string]any{one.who: string(person), one.at: clock.FromMicros(at).Format(time.RFC3339)}
			switch one.table {
			case "control_webhook":
				v["id"] = org
			case "control_publication":
				v["pack"], v["number"] = pack, number
			default:
				v["org"], v["pack"], v["number"] = org, pack, number
			}
			return core.Record{Table: one.table, Values: v}, err
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

// ErasePerson forgets who was told, who signed and who published; the versions stay.
func (m *Module) ErasePerson(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	var all []core.Receipt
	for _, one := range []struct{ query, table string }{
		{qForgetTold, "control_told"}, {qForgetSign, "control_pin"}, {qForgetPub, "control_publication"}, {qForgetHook, "control_webhook"},
	} {
		n, err := tx.Exec(ctx, one.query, person)
		if err != nil {
			return nil, err
		}
		all = append(all, core.Receipt{Table: one.table, Deleted: n})
	}
	return all, nil
}

// New makes the module.
func New(n Needs) *Module {
	if n.Log == nil {
		n.Log = slog.New(slog.DiscardHandler)
	}
	return &Module{needs: n, parsed: map[string]*policies.Pack{}, asked: map[string]time.Time{}}
}
