package boot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/core/internal/archive"
	"github.com/rempart/rempart/core/internal/attestation"
	"github.com/rempart/rempart/core/internal/consent"
	"github.com/rempart/rempart/core/internal/control"
	"github.com/rempart/rempart/core/internal/control/trust"
	"github.com/rempart/rempart/core/internal/erasure"
	"github.com/rempart/rempart/core/internal/gate"
	"github.com/rempart/rempart/core/internal/home"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/core/internal/incident"
	"github.com/rempart/rempart/core/internal/inventory"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/core/internal/offboarding"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/register"
	"github.com/rempart/rempart/core/internal/restraint"
	"github.com/rempart/rempart/core/internal/retention"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/core/internal/rights"
	"github.com/rempart/rempart/core/internal/session"
	"github.com/rempart/rempart/core/internal/settings"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/core/internal/statistics"
	"github.com/rempart/rempart/core/internal/terms"
	"github.com/rempart/rempart/core/internal/token"
	"github.com/rempart/rempart/core/internal/vault"
	"github.com/rempart/rempart/core/service"
	"github.com/rempart/rempart/kit/abuse"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/disk"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/kit/egress"
	"github.com/rempart/rempart/kit/jobs"
	"github.com/rempart/rempart/kit/mail"
	"github.com/rempart/rempart/kit/password"
)

// House is the core, built: its doors, its pages, its work.
type House struct {
	cfg  Config
	db   *db.DB
	keys *db.DB

	vault         *vault.Vault
	journal       *journal.Module
	gate          *gate.Gate
	settings      *settings.Module
	identity      *identity.Module
	organizations *organization.Module
	terms         *terms.Module
	sessions      *session.Module
	tokens        *token.Module
	access        *access.Module
	signin        *signin.Module
	home          *home.Module
	control       *control.Module
	trust         *trust.Module
	blind         *vault.Blind
	review        *review.Module
	attestation   *attestation.Module
	inventory     *inventory.Module
	retention     *retention.Module
	offboarding   *offboarding.Module
	restraint     *restraint.Module
	archive       *archive.Module
	erasure       *erasure.Module
	register      *register.Module
	consent       *consent.Module
	statistics    *statistics.Module
	incident      *incident.Module
	rights        *rights.Module
	mail          *mail.Outbox
	egress        *egress.Door
	jobs          *jobs.Jobs
	modules       []core.Module
	guests        []service.Service
	api           *rest.API
	server        *edge.Server

	settling sync.Mutex // of the organizations of canaries
	swept    atomic.Pointer[time.Time]
	lookout
	// fronts stand before the pages of a throw-away instance, pretended are facts that it is told: what a saboteur did.
	fronts    []func(http.Handler) http.Handler
	pretended map[string]string
}

// Schemas lists the tables of every room and service that keeps its rows beside the others; the keys live apart (KeySchemas).
func Schemas(kinds ...service.Kind) []db.Schema {
	return append([]db.Schema{
		jobs.Schema(), abuse.Schema, mail.Schema(), journal.Schema(), settings.Schema, identity.Schema(),
		organization.Schema, terms.Schema, access.Schema, review.Schema, session.Schema(), token.Schema(), signin.Schema(), control.Schema(), trust.Schema(), attestation.Schema, inventory.Schema, vault.BlindSchema(), rights.Schema, retention.Schema, offboarding.Schema, restraint.Schema, archive.Schema,
		erasure.Schema, statistics.Schema, consent.Schema, register.Schema, incident.Schema,
	}, service.Schemas(kinds)...)
}

// KeySchemas lists the tables of the keys' own database.
func KeySchemas() []db.Schema { return []db.Schema{vault.Schema(), erasure.KeySchema()} }

// New opens the databases, brings their tables up to date and makes every room. Close what it gives.
func New(ctx context.Context, cfg Config) (h *House, err error) {
	if cfg.Data == "" || cfg.Origin == "" {
		return nil, errors.New("boot: Data and Origin are required")
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Node == "" {
		cfg.Node, _ = os.Hostname()
	}
	made := &House{cfg: cfg}
	made.cfg.Log = slog.New(made.heard.Handler(cfg.Log.Handler()))
	h = made
	defer func() {
		if err != nil { // h is nil by then
			err = errors.Join(err, made.Close())
		}
	}()
	h.egress = h.openWay()
	if err := h.open(ctx); err != nil {
		return nil, err
	}
	root, err := h.openVault(ctx)
	if err != nil {
		return nil, err
	}
	// Once the keys can seal: what an older release kept in clear is sealed on the way.
	if err := h.db.Migrate(ctx, h.schemas()...); err != nil {
		return nil, err
	}
	var doors late
	if err := h.ground(&doors); err != nil {
		return nil, err
	}
	if err := h.people(&doors, root); err != nil {
		return nil, err
	}
	if err := h.build(&doors); err != nil {
		return nil, err
	}
	if err := h.access.SyncCatalogue(core.WithActor(ctx, core.System("start"))); err != nil {
		return nil, err
	}
	if err := h.retention.Start(core.WithActor(ctx, core.System("start"))); err != nil {
		return nil, err
	}
	if err := h.settings.Start(core.WithActor(ctx, core.System("start")), cfg.Settings); err != nil {
		return nil, err
	}
	if err := h.register.Load(ctx); err != nil {
		return nil, err
	}
	if err := h.register.Open(ctx); err != nil {
		return nil, err
	}
	// Data restored from before an erasure must not serve a request before it was done again.
	if _, err := h.erasure.Replay(ctx); err != nil {
		return nil, err
	}
	return h, h.openDoor()
}

// open opens both databases and brings the tables of the keys up to date: those of the data follow once the keys can seal.
func (h *House) open(ctx context.Context) (err error) {
	data := cmp.Or(h.cfg.URL, filepath.Join(h.cfg.Data, "rempart.db"))
	keys := h.cfg.KeysURL
	folder := h.cfg.Data
	if h.cfg.URL != "" {
		folder = filepath.Dir(h.cfg.URL)
	}
	if !strings.HasPrefix(h.cfg.URL, "postgres") { // a file has one writer, and keys are made while the data are written
		keys = cmp.Or(keys, filepath.Join(folder, "keys.db"))
	}
	if h.db, err = db.Open(ctx, db.Config{URL: data, Pool: h.cfg.Connections, Log: h.cfg.Log}); err != nil {
		return err
	}
	// The keys have a pool of their own even beside the data: a key is read inside transactions, which hold a
	// connection each; from one pool, as many transactions as connections would wait for one another for ever.
	if h.keys, err = db.Open(ctx, db.Config{URL: cmp.Or(keys, data), Pool: h.cfg.Connections, Log: h.cfg.Log}); err != nil {
		return err
	}
	if err = h.keys.Migrate(ctx, KeySchemas()...); err != nil {
		return fmt.Errorf("boot: keys: %w", err)
	}
	return nil
}

// ground makes what every act stands on: the journal, mail, jobs.
func (h *House) ground(doors *late) error {
	key, err := journal.LoadKey(filepath.Join(h.cfg.Data, "journal.key"))
	if err != nil {
		return err
	}
	name, err := journalName(h.cfg)
	if err != nil {
		return err
	}
	carrier, err := mail.NewCarrier(h.cfg.Mail, h.egress.Dial)
	if err != nil {
		return err
	}
	h.mail = mail.New(mail.Needs{Gate: &doors.gate, Reader: h.db, Sealer: h.vault, Clock: h.cfg.Clock, Carrier: carrier, Log: h.cfg.Log, Foot: h.foot})
	doors.mail.Mailer = h.mail
	h.journal = journal.New(journal.Needs{
		DB: h.db, Sealer: h.vault, Clock: h.cfg.Clock, Name: name, Key: key,
		HeadFile: filepath.Join(h.cfg.Data, "journal.head"), Outlets: h.outlets(), Log: h.cfg.Log,
	})
	h.jobs = jobs.New(h.db, jobs.Options{Log: h.cfg.Log})
	return nil
}

// journalName is the name that the journal signs under (C2SP tlog-checkpoint): that of the first origin, kept beside the
// key for ever, since a platform that moves to another address keeps its journal.
func journalName(cfg Config) (string, error) {
	path := filepath.Join(cfg.Data, "journal.name")
	kept, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(kept)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("boot: the journal's name: %w", err)
	}
	name := "rempart/journal"
	if u, err := url.Parse(cfg.Origin); err == nil && u.Host != "" {
		name = u.Host + "/journal"
	}
	return name, disk.Replace(path, []byte(name+"\n"), 0o600)
}

func (h *House) outlets() []journal.Outlet {
	var all []journal.Outlet
	for _, path := range h.cfg.CheckpointFolders {
		all = append(all, journal.Folder{Path: path})
	}
	for _, to := range h.cfg.CheckpointMails {
		all = append(all, journal.Mailbox{DB: h.db, Mailer: h.mail, To: to})
	}
	for _, u := range h.cfg.Witnesses {
		all = append(all, journal.Witness{URL: u, Client: h.egress.Client(10*time.Second, nil)})
	}
	return all
}

// people makes the rooms of people and entry.
func (h *House) people(doors *late, root []byte) (err error) {
	h.restraint, h.register = h.restraints(doors), h.recorded(doors)
	h.settings = settings.New(settings.Needs{Gate: &doors.gate, Clock: h.cfg.Clock})
	breached, err := h.breached()
	if err != nil {
		return err
	}
	h.identity = identity.New(identity.Needs{
		Breached: breached, Masks: h.restraint,
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Sealer: h.vault, Keys: h.vault, Index: h.vault, Settings: h.settings, Mail: h.mail,
		Members: &doors.organizations, Sessions: &doors.sessions, Tokens: &doors.tokens, Origin: h.cfg.Origin,
		Reported: func(ctx context.Context, tx core.Tx, report core.ID, by core.Person) (*core.Act, error) {
			return h.incident.ReportCame(ctx, tx, report, by)
		},
		Told: func(ctx context.Context, tx core.Tx, before, p core.Person) error {
			return h.personChanged(ctx, tx, before, p)
		},
	})
	h.organizations = organization.New(organization.Needs{
		Gate: &doors.gate, Clock: h.cfg.Clock, Sealer: h.vault, Keys: h.vault, Mail: h.mail, People: h.identity, Forgetting: h.identity,
		Rights: &doors.access, Sessions: &doors.sessions, Tokens: &doors.tokens, Passwords: &doors.signin, Browsers: &doors.signin, SignUps: h.settings,
		Moves: &doors.review, Masks: h.restraint, GiveAct: &access.GiveAssignment, Origin: h.cfg.Origin, Joined: h.joined,
	})
	h.sessions = session.New(session.Needs{
		Gate: &doors.gate, Store: h.db, Settings: h.settings, Sealer: h.vault, Mailer: h.mail, Clock: h.cfg.Clock, Log: h.cfg.Log,
		Organizations: h.organizations, Access: &doors.access, People: h.identity,
	})
	h.tokens = token.New(token.Needs{
		Gate: &doors.gate, Store: h.db, Sealer: h.vault, Clock: h.cfg.Clock, Log: h.cfg.Log,
		Organizations: h.organizations, Access: &doors.access, People: h.identity, Catalogue: h.scopes,
	})
	h.access, err = access.New(access.Needs{
		Gate: &doors.gate, Members: h.organizations, Roster: h.organizations, People: h.identity, Services: h.tokens,
		Mail: h.mail, Sealer: h.vault, Settings: h.settings, Clock: h.cfg.Clock,
	})
	h.review, h.attestation, h.inventory = h.reviews(doors), h.attestations(doors), h.registers(doors)
	h.consent = h.consents(doors)
	h.statistics = h.figures(doors)
	h.rights = h.rightsDesk(doors, root)
	h.terms = terms.New(terms.Needs{Gate: &doors.gate, Clock: h.cfg.Clock, People: h.identity})
	h.signin = signin.New(signin.Needs{
		Gate: &doors.gate, Reader: h.db, Clock: h.cfg.Clock, Settings: h.settings, Keys: h.vault, Sealer: h.vault,
		People: h.identity, Passwords: h.identity, Factors: h.identity, Codes: h.identity, Mails: h.identity, Links: h.identity,
		Organizations: h.organizations, Access: h.access, Guards: h.access, Sessions: h.sessions, Terms: h.terms,
		Judge: h.identity.JudgePassword, FirstHash: h.identity.FirstHash, Key: abuse.Derive(root, "signin"),
	})
	return err
}

// breached gives the lists of stolen passwords: the one that ships, and the one that was imported into the data folder.
func (h *House) breached() ([]*password.List, error) {
	lists := []*password.List{password.Common()}
	path := filepath.Join(h.cfg.Data, BreachedFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return lists, nil
	}
	imported, err := password.OpenList(path)
	if err != nil {
		return nil, fmt.Errorf("boot: %w", err)
	}
	return append(lists, imported), nil
}

// build fills the late doors, teaches access what can be permitted, and makes the gate.
func (h *House) build(doors *late) error {
	doors.access.Module, doors.identity.Module, doors.organizations.Module = h.access, h.identity, h.organizations
	doors.sessions.Module, doors.tokens.Module, doors.signin.Module = h.sessions, h.tokens, h.signin
	doors.review.Module = h.review
	h.home = home.New(home.Needs{Gate: &doors.gate, Places: h.organizations, Rights: h.access, RoleTitle: h.roleTitle, State: h.state})
	h.control = h.controls(doors)
	h.trust = h.trusted(doors)
	h.blind = h.blindness(doors)
	h.modules = []core.Module{h.settings, h.identity, h.organizations, h.terms, h.sessions, h.tokens, h.signin, h.access, h.review, h.home, h.mail, h.journal, h.control, h.trust, h.attestation, h.inventory, h.blind, h.rights, h.restraint, canaryTroops{h}}
	h.erasure = h.erasures(doors)
	h.modules = append(h.modules, h.erasure, h.consent, h.statistics)
	h.incident = h.incidents(doors)
	h.modules = append(h.modules, h.register, h.incident)
	h.retention = h.retentions(doors)
	h.offboarding = h.offboardings(doors)
	h.archive = h.archives(doors, h.spool)
	h.modules = append(h.modules, h.retention, h.offboarding, h.archive)
	h.modules = append(append(h.modules, h.lookouts()...), wayOut{h})
	if err := h.receive(doors); err != nil {
		return err
	}
	manifests := h.Manifests()
	if err := h.access.Learn(manifests...); err != nil {
		return err
	}
	h.register.Learn(manifests...)
	h.serveRights(manifests)
	var duties []*core.Duty
	for _, m := range manifests {
		duties = append(duties, m.Duties...)
	}
	h.gate = gate.New(gate.Needs{Store: h.db, Decider: h.access, Recorder: h.journal, Clock: h.cfg.Clock, Duties: duties, Wardens: []core.Warden{h.register, h.restraint, h.offboarding}})
	doors.gate.Gate = h.gate
	h.egress.Report(h.noteRefusal)
	return nil
}

// Manifests gives what every room keeps and can do.
func (h *House) Manifests() []core.Manifest {
	all := []core.Manifest{jobs.Manifest(), abuse.Manifest(), h.vault.Manifest()}
	for _, m := range h.modules {
		all = append(all, m.Manifest())
	}
	return all
}

// Close ends what New opened.
func (h *House) Close() error {
	var errs []error
	for _, g := range h.guests {
		if g.Close != nil {
			errs = append(errs, g.Close())
		}
	}
	if h.egress != nil {
		h.egress.Settle()
	}
	if h.register != nil {
		h.register.Close()
	}
	if h.keys != nil && h.keys != h.db {
		errs = append(errs, h.keys.Close())
	}
	if h.db != nil {
		errs = append(errs, h.db.Close())
	}
	return errors.Join(errs...)
}
